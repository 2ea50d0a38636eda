//! Configurations and requests of the unit tests.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends")]

use teeproof_runtime::{DeployRequest, DeploymentId, Image, PolicyText, Reach, Sha256};

use crate::Ec2Config;
use crate::facts::Volume;

/// The seed's least environment.
pub(crate) fn least() -> Ec2Config {
    config(&[("AWS_NITRO_AMI_ID", "ami-12c6146b")])
}

/// Every variable.
pub(crate) fn full() -> Ec2Config {
    config(&[
        ("AWS_NITRO_AMI_ID", "ami-0123456789abcdef0"),
        ("AWS_NITRO_INSTANCE_TYPE", "m5.2xlarge"),
        ("AWS_NITRO_SUBNET_ID", "subnet-0123456789abcdef0"),
        ("AWS_NITRO_SECURITY_GROUP_ID", "sg-0123456789abcdef0"),
        ("AWS_NITRO_KEY_NAME", "ops"),
        ("AWS_NITRO_ENCLAVE_CPU_COUNT", "4"),
        ("AWS_NITRO_ENCLAVE_MEMORY_MB", "4096"),
        ("AWS_NITRO_INSTANCE_PROFILE", "parent"),
        ("AWS_NITRO_ROLE_ARN", "arn:aws:iam::123456789012:role/parent"),
        ("AWS_NITRO_EIF_URL", "https://images.example/a.eif"),
        ("AWS_NITRO_EIF_SHA256", &"0f".repeat(32)),
        ("AWS_NITRO_TEEPROOF_URL", "https://images.example/teeproof"),
        ("AWS_NITRO_TEEPROOF_SHA256", &"0e".repeat(32)),
    ])
}

pub(crate) fn config(variables: &[(&str, &str)]) -> Ec2Config {
    let value = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| value.into());
    Ec2Config::from_variables(value).expect("a valid configuration")
}

/// A request by the private address.
pub(crate) fn private() -> DeployRequest {
    let image = Image::Url { url: "https://images.example/a.eif".to_owned(), sha256: Sha256([15; 32]) };
    let policy = PolicyText { name: "policy".to_owned(), text: String::new() };
    DeployRequest::new("aws", "ci@team".parse().unwrap(), image, policy)
}

/// A request by a public address, with a port of the workload.
pub(crate) fn public() -> DeployRequest {
    let mut request = private();
    request.reach = Reach::Public { source: "203.0.113.0/24".parse().unwrap() };
    request.ports = vec![8443];
    request
}

/// The volumes of a machine image.
pub(crate) fn volumes() -> Vec<Volume> {
    let volume = |device: &str, size_gib| Volume { device: device.to_owned(), size_gib };
    vec![volume("/dev/xvda", Some(8)), volume("/dev/sdf", None)]
}

pub(crate) fn id() -> DeploymentId {
    "tp-abcdefghijklmnopqrstuvwxyz".parse().unwrap()
}
