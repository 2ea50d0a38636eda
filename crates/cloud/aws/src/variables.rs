//! The variables of the configuration: one table for the reader, its errors, and the documentation.

/// A variable of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// The value if it is not set: `None` is no value.
    pub default: Option<&'static str>,
    /// The values that it takes, after `expected`.
    pub form: &'static str,
    /// What it is for.
    pub meaning: &'static str,
}

/// Every variable, in the order of the documentation.
pub const VARIABLES: &[Variable] = &[
    AMI_ID,
    INSTANCE_TYPE,
    SUBNET_ID,
    SECURITY_GROUP_ID,
    KEY_NAME,
    ENCLAVE_CPU_COUNT,
    ENCLAVE_MEMORY_MB,
    INSTANCE_PROFILE,
    ROLE_ARN,
    EIF_URL,
    EIF_SHA256,
    PROGRAM_URL,
    PROGRAM_SHA256,
];

pub(crate) const AMI_ID: Variable = Variable {
    name: "AWS_NITRO_AMI_ID",
    default: None,
    form: "ami- and 8 or 17 hexadecimal digits",
    meaning: "The machine image of the parent: Amazon Linux 2023 or 2. Required.",
};
pub(crate) const INSTANCE_TYPE: Variable = Variable {
    name: "AWS_NITRO_INSTANCE_TYPE",
    default: Some("m5.xlarge"),
    form: "an instance type, such as m5.xlarge",
    meaning: "The instance type, which must support enclaves.",
};
pub(crate) const SUBNET_ID: Variable = Variable {
    name: "AWS_NITRO_SUBNET_ID",
    default: None,
    form: "subnet- and 8 or 17 hexadecimal digits",
    meaning: "The subnet; without it, one of the default VPC.",
};
pub(crate) const SECURITY_GROUP_ID: Variable = Variable {
    name: "AWS_NITRO_SECURITY_GROUP_ID",
    default: None,
    form: "sg- and 8 or 17 hexadecimal digits",
    meaning: "The security group; without it, the default one of the VPC.",
};
pub(crate) const KEY_NAME: Variable = Variable {
    name: "AWS_NITRO_KEY_NAME",
    default: None,
    form: "1 to 255 printable ASCII characters",
    meaning: "A key pair for SSH to the parent; without it, nobody can log in.",
};
pub(crate) const ENCLAVE_CPU_COUNT: Variable = Variable {
    name: "AWS_NITRO_ENCLAVE_CPU_COUNT",
    default: Some("2"),
    form: "a number of vCPUs from 1 to 4096",
    meaning: "vCPUs of the enclave: whole cores, and one core stays with the parent.",
};
pub(crate) const ENCLAVE_MEMORY_MB: Variable = Variable {
    name: "AWS_NITRO_ENCLAVE_MEMORY_MB",
    default: Some("512"),
    form: "a number of MiB from 64 to 33554432",
    meaning: "Memory of the enclave in MiB.",
};
pub(crate) const INSTANCE_PROFILE: Variable = Variable {
    name: "AWS_NITRO_INSTANCE_PROFILE",
    default: None,
    form: "the name or the ARN of an instance profile",
    meaning: "The instance profile of the parent, for KMS. PCR3 is then that of its role.",
};
pub(crate) const ROLE_ARN: Variable = Variable {
    name: "AWS_NITRO_ROLE_ARN",
    default: None,
    form: "the ARN of an IAM role",
    meaning: "The role in the instance profile, of which EC2 says nothing: required with a profile.",
};
pub(crate) const EIF_URL: Variable = Variable {
    name: "AWS_NITRO_EIF_URL",
    default: None,
    form: "an http or https URL without user information",
    meaning: "The enclave image file that the parent downloads.",
};
pub(crate) const EIF_SHA256: Variable = Variable {
    name: "AWS_NITRO_EIF_SHA256",
    default: None,
    form: "64 hexadecimal digits",
    meaning: "SHA-256 of that file: required with the URL.",
};
pub(crate) const PROGRAM_URL: Variable = Variable {
    name: "AWS_NITRO_TEEPROOF_URL",
    default: None,
    form: "an http or https URL without user information",
    meaning: "A static `teeproof` for the parent, which requests a document before it reports that it is ready.",
};
pub(crate) const PROGRAM_SHA256: Variable = Variable {
    name: "AWS_NITRO_TEEPROOF_SHA256",
    default: None,
    form: "64 hexadecimal digits",
    meaning: "SHA-256 of that file: required with the URL.",
};
