//! Codes of EC2: one table from the code to the kind of failure and what to do about it.

use teeproof_runtime::{FailureClass, ProviderFailure};

use crate::call::Ec2Call;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeRow {
    /// The code; with `*` at the end, every code that begins so.
    pub code: &'static str,
    /// The kind of failure.
    pub class: FailureClass,
    /// What to do.
    pub hint: &'static str,
}

const fn row(code: &'static str, class: FailureClass, hint: &'static str) -> CodeRow {
    CodeRow { code, class, hint }
}

const LATER: &str = "EC2 is busy or has a problem of its own: the call is repeated until the deadline; else wait, and repeat it";
const ZONE: &str =
    "use another availability zone (AWS_NITRO_SUBNET_ID) or another type (AWS_NITRO_INSTANCE_TYPE), or wait";
const CLOCK: &str = "check the clock of this machine, the secret access key and the region";
const NEW_CREDENTIALS: &str =
    "get new credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or a profile";
const REQUEST: &str = "see the message for the value; plan checks a request without a launch";

/// The table. Exact codes stand before the patterns that they fit.
pub const CODES: &[CodeRow] = &[
    row("RequestLimitExceeded", FailureClass::Transient, LATER),
    row("Throttling", FailureClass::Transient, LATER),
    row("ThrottlingException", FailureClass::Transient, LATER),
    row("EC2ThrottledException", FailureClass::Transient, LATER),
    row("InternalError", FailureClass::Transient, LATER),
    row("InternalFailure", FailureClass::Transient, LATER),
    row("ServerInternal", FailureClass::Transient, LATER),
    row("Unavailable", FailureClass::Transient, LATER),
    row("ServiceUnavailable", FailureClass::Transient, LATER),
    row("RequestTimeout", FailureClass::Transient, LATER),
    row("ConcurrentTagAccess", FailureClass::Transient, LATER),
    // Another call of this deployment has added the rule meanwhile, or another deployment: the repetition looks.
    row(
        "InvalidPermission.Duplicate",
        FailureClass::Transient,
        "the rule exists: the launch looks whose it is",
    ),
    row("InsufficientInstanceCapacity", FailureClass::Capacity, ZONE),
    row("InsufficientHostCapacity", FailureClass::Capacity, ZONE),
    row("InsufficientReservedInstanceCapacity", FailureClass::Capacity, ZONE),
    row("InsufficientCapacity", FailureClass::Capacity, ZONE),
    row("InsufficientVolumeCapacity", FailureClass::Capacity, ZONE),
    row(
        "InsufficientFreeAddressesInSubnet",
        FailureClass::Capacity,
        "use another subnet (AWS_NITRO_SUBNET_ID), or free addresses in this one",
    ),
    row(
        "VcpuLimitExceeded",
        FailureClass::Quota,
        "request more of the quota for vCPUs of running On-Demand instances of this family (Service Quotas, Amazon EC2; \
         L-1216C47A for A, C, D, H, I, M, R, T and Z), or use a smaller type",
    ),
    row(
        "InstanceLimitExceeded",
        FailureClass::Quota,
        "request more of the quota for running On-Demand instances of this type (Service Quotas, Amazon EC2), or terminate \
         instances",
    ),
    row(
        "VolumeLimitExceeded",
        FailureClass::Quota,
        "request more of the quota for EBS volume storage (Service Quotas, Amazon EBS), or delete volumes",
    ),
    row(
        "NetworkInterfaceLimitExceeded",
        FailureClass::Quota,
        "request more of the quota for network interfaces of the region (Service Quotas, Amazon VPC)",
    ),
    row(
        "RulesPerSecurityGroupLimitExceeded",
        FailureClass::Quota,
        "request more of the quota for rules of a security group (Service Quotas, Amazon VPC, L-0EA8095F), or use another \
         group (AWS_NITRO_SECURITY_GROUP_ID)",
    ),
    row(
        "TagLimitExceeded",
        FailureClass::Quota,
        "an instance has at most 50 tags: remove some of this instance",
    ),
    row(
        "UnauthorizedOperation",
        FailureClass::Permission,
        "plan prints the IAM policy with every permission",
    ),
    row("AccessDenied", FailureClass::Permission, "plan prints the IAM policy with every permission"),
    row(
        "Client.UnauthorizedOperation",
        FailureClass::Permission,
        "plan prints the IAM policy with every permission",
    ),
    row(
        "OptInRequired",
        FailureClass::Permission,
        "accept the terms of the machine image in AWS Marketplace, or enable the region for the account",
    ),
    row("Blocked", FailureClass::Verification, "the account is blocked: contact AWS Support"),
    row(
        "PendingVerification",
        FailureClass::Verification,
        "AWS verifies the account for this region: wait, some minutes to hours, or contact AWS Support",
    ),
    row("AuthFailure", FailureClass::Credentials, NEW_CREDENTIALS),
    row("UnrecognizedClientException", FailureClass::Credentials, NEW_CREDENTIALS),
    row("InvalidClientTokenId", FailureClass::Credentials, NEW_CREDENTIALS),
    row("MissingAuthenticationToken", FailureClass::Credentials, NEW_CREDENTIALS),
    row("ExpiredToken", FailureClass::Credentials, NEW_CREDENTIALS),
    row("ExpiredTokenException", FailureClass::Credentials, NEW_CREDENTIALS),
    row("RequestExpired", FailureClass::Credentials, CLOCK),
    row("SignatureDoesNotMatch", FailureClass::Credentials, CLOCK),
    row(
        "InvalidInstanceID.NotFound",
        FailureClass::NotFound,
        "the instance is gone, or in another region or account",
    ),
    row(
        "InvalidAMIID.NotFound",
        FailureClass::NotFound,
        "AWS_NITRO_AMI_ID: use a machine image of this region",
    ),
    row(
        "InvalidAMIID.Unavailable",
        FailureClass::NotFound,
        "AWS_NITRO_AMI_ID: use a machine image that is available",
    ),
    row(
        "InvalidSubnetID.NotFound",
        FailureClass::NotFound,
        "AWS_NITRO_SUBNET_ID: use a subnet of this region",
    ),
    row("InvalidSubnet", FailureClass::NotFound, "AWS_NITRO_SUBNET_ID: use a subnet of this region"),
    row(
        "InvalidGroup.NotFound",
        FailureClass::NotFound,
        "AWS_NITRO_SECURITY_GROUP_ID: use a group of this VPC",
    ),
    row(
        "InvalidGroupId.Malformed",
        FailureClass::Invalid,
        "AWS_NITRO_SECURITY_GROUP_ID: use a group of this VPC",
    ),
    row(
        "InvalidKeyPair.NotFound",
        FailureClass::NotFound,
        "AWS_NITRO_KEY_NAME: use a key pair of this region",
    ),
    row("InvalidSecurityGroupRuleId.NotFound", FailureClass::NotFound, "the rule is removed already"),
    row("InvalidPermission.NotFound", FailureClass::NotFound, "the rule is removed already"),
    row("InvalidInstanceType", FailureClass::NotFound, "AWS_NITRO_INSTANCE_TYPE: use a type of this region"),
    row(
        "IdempotentParameterMismatch",
        FailureClass::Invalid,
        "the configuration changed while this deployment was launched: run sweep, then deploy anew",
    ),
    row(
        "IncorrectInstanceState",
        FailureClass::Invalid,
        "status shows the state: wait until the instance is running or stopped",
    ),
    row("IncorrectState", FailureClass::Invalid, "status shows the state: wait until it has changed"),
    row(
        "OperationNotPermitted",
        FailureClass::Invalid,
        "switch termination or stop protection of the instance off",
    ),
    row(
        "VPCIdNotSpecified",
        FailureClass::Invalid,
        "the account has no default VPC: set AWS_NITRO_SUBNET_ID",
    ),
    row(
        "DefaultVpcDoesNotExist",
        FailureClass::Invalid,
        "the account has no default VPC: set AWS_NITRO_SUBNET_ID",
    ),
    row("MissingInput", FailureClass::Invalid, "the account has no default VPC: set AWS_NITRO_SUBNET_ID"),
    row("UnsupportedOperation", FailureClass::Invalid, REQUEST),
    row(
        "Unsupported",
        FailureClass::Invalid,
        "use another type (AWS_NITRO_INSTANCE_TYPE) or availability zone (AWS_NITRO_SUBNET_ID): this zone lacks the type, \
         or the type lacks enclaves",
    ),
    row("InvalidParameter*", FailureClass::Invalid, REQUEST),
    row("InvalidUserData*", FailureClass::Invalid, REQUEST),
    row("InvalidBlockDeviceMapping", FailureClass::Invalid, REQUEST),
    row("MissingParameter", FailureClass::Invalid, REQUEST),
    row("UnknownParameter", FailureClass::Invalid, REQUEST),
    row("InvalidRequest", FailureClass::Invalid, REQUEST),
    row(
        "EncryptedVolumesNotSupported",
        FailureClass::Invalid,
        "use a type (AWS_NITRO_INSTANCE_TYPE) with EBS encryption",
    ),
    row("InvalidAction", FailureClass::Other, "something else than EC2 may answer at the endpoint"),
];

/// The row of a code.
#[must_use]
pub fn code_row(code: &str) -> Option<&'static CodeRow> {
    CODES.iter().find(|row| match row.code.strip_suffix('*') {
        Some(prefix) => code.starts_with(prefix),
        None => code == row.code,
    })
}

/// What EC2 answered to a call that it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

/// The failure of a refused call.
pub(crate) fn refused(call: Ec2Call, refusal: Refusal) -> Box<ProviderFailure> {
    let row = code_row(&refusal.code);
    let class = row.map_or(FailureClass::Other, |row| row.class);
    let hint = match (class, row) {
        (FailureClass::Permission, Some(row)) if row.code != "OptInRequired" => {
            format!("allow {} to these credentials: {}", actions(call), row.hint)
        }
        (_, Some(row)) => row.hint.to_owned(),
        (_, None) => "see the code in the EC2 API reference, and the request in CloudTrail".to_owned(),
    };
    Box::new(ProviderFailure {
        call: call.name().to_owned(),
        class,
        code: Some(refusal.code),
        request_id: refusal.request_id,
        message: refusal.message,
        hint,
    })
}

/// The permissions that a call can lack.
fn actions(call: Ec2Call) -> String {
    match call {
        Ec2Call::RunInstances => {
            "ec2:RunInstances, ec2:CreateTags and, with an instance profile, iam:PassRole".to_owned()
        }
        Ec2Call::AuthorizeSecurityGroupIngress => format!("{} and ec2:CreateTags", call.action()),
        _ => call.action(),
    }
}

/// For how long after the creation of a deployment its instance may be unknown to some calls.
const YOUNG_SECONDS: u64 = 300;
/// For how long after the creation of a deployment its instance profile may be unknown: up to a minute after it was made.
const PROFILE_SECONDS: u64 = 120;

/// A failure of a call on an instance that was launched at `created`: EC2 does not know a young one everywhere yet.
pub(crate) fn of_instance(mut failure: Box<ProviderFailure>, created: u64, now: u64) -> Box<ProviderFailure> {
    let is_young = now.saturating_sub(created) < YOUNG_SECONDS;
    if is_young && failure.code.as_deref() == Some("InvalidInstanceID.NotFound") {
        failure.class = FailureClass::Transient;
    }
    failure
}

/// Whether RunInstances does not know the instance profile.
pub(crate) fn is_unknown_profile(failure: &ProviderFailure) -> bool {
    failure.code.as_deref() == Some("InvalidParameterValue")
        && failure.message.to_ascii_lowercase().contains("iam instance profile")
}

/// A failure of the launch of a deployment: a new instance profile is not known at once.
pub(crate) fn of_launch(mut failure: Box<ProviderFailure>, created: u64, now: u64) -> Box<ProviderFailure> {
    if is_unknown_profile(&failure) {
        let is_young = now.saturating_sub(created) < PROFILE_SECONDS;
        failure.class = if is_young { FailureClass::Transient } else { FailureClass::NotFound };
        "AWS_NITRO_INSTANCE_PROFILE: use a profile of this account; EC2 knows a new one after about a minute"
            .clone_into(&mut failure.hint);
    }
    failure
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends")]

    use super::*;

    fn of(call: Ec2Call, code: &str, message: &str) -> Box<ProviderFailure> {
        let request_id = Some("req-1".to_owned());
        refused(call, Refusal { code: code.to_owned(), message: message.to_owned(), request_id })
    }

    #[test]
    fn every_row_is_reached_and_has_a_hint() {
        for row in CODES {
            let code = row.code.replace('*', ".Any");
            assert_eq!(code_row(&code), Some(row), "{code}");
            assert!(row.hint.len() > 20, "{code}");
        }
    }

    #[test]
    fn the_classes_of_the_specification() {
        use FailureClass::{
            Capacity, Credentials, Invalid, NotFound, Permission, Quota, Transient, Verification,
        };
        for (class, codes) in [
            (
                Transient,
                &[
                    "RequestLimitExceeded",
                    "Throttling",
                    "InternalError",
                    "InternalFailure",
                    "Unavailable",
                    "ServiceUnavailable",
                ][..],
            ),
            (Transient, &["ServerInternal"]),
            (
                Capacity,
                &[
                    "InsufficientInstanceCapacity",
                    "InsufficientHostCapacity",
                    "InsufficientFreeAddressesInSubnet",
                ],
            ),
            (Quota, &["VcpuLimitExceeded", "InstanceLimitExceeded"]),
            (Verification, &["PendingVerification"]),
            (
                Invalid,
                &[
                    "Unsupported",
                    "InvalidParameterCombination",
                    "InvalidParameterValue",
                    "InvalidParameter",
                    "IdempotentParameterMismatch",
                ],
            ),
            (
                NotFound,
                &[
                    "InvalidAMIID.NotFound",
                    "InvalidSubnetID.NotFound",
                    "InvalidGroup.NotFound",
                    "InvalidInstanceID.NotFound",
                ],
            ),
            (Permission, &["UnauthorizedOperation", "OptInRequired"]),
            (Credentials, &["AuthFailure"]),
        ] {
            for code in codes {
                assert_eq!(of(Ec2Call::RunInstances, code, "").class, class, "{code}");
            }
        }
        assert_eq!(of(Ec2Call::RunInstances, "Anything", "").class, FailureClass::Other);
    }

    #[test]
    fn a_failure_says_everything() {
        let failure = of(Ec2Call::TerminateInstances, "UnauthorizedOperation", "You are not authorized.");
        assert_eq!(
            failure.to_string(),
            "TerminateInstances: UnauthorizedOperation: You are not authorized. (request req-1)"
        );
        assert!(failure.hint.starts_with("allow ec2:TerminateInstances to these credentials"));
        let failure = of(Ec2Call::RunInstances, "UnauthorizedOperation", "");
        assert!(failure.hint.contains("iam:PassRole") && failure.hint.contains("ec2:CreateTags"));
    }

    #[test]
    fn a_young_instance_may_be_unknown() {
        let failure = || of(Ec2Call::CreateTags, "InvalidInstanceID.NotFound", "");
        assert_eq!(of_instance(failure(), 1000, 1100).class, FailureClass::Transient);
        assert_eq!(of_instance(failure(), 1000, 1000 + YOUNG_SECONDS).class, FailureClass::NotFound);
        let other = of(Ec2Call::CreateTags, "UnauthorizedOperation", "");
        assert_eq!(of_instance(other, 1000, 1000).class, FailureClass::Permission);
    }

    #[test]
    fn a_young_profile_may_be_unknown() {
        let message = "Value (parent) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
        let failure = || of(Ec2Call::RunInstances, "InvalidParameterValue", message);
        assert_eq!(of_launch(failure(), 1000, 1060).class, FailureClass::Transient);
        let late = of_launch(failure(), 1000, 1000 + PROFILE_SECONDS);
        assert_eq!(late.class, FailureClass::NotFound);
        assert!(late.hint.contains("AWS_NITRO_INSTANCE_PROFILE"));
        let other =
            of(Ec2Call::RunInstances, "InvalidParameterValue", "Value (x) for parameter groupId is invalid.");
        assert_eq!(of_launch(other, 1000, 1000).class, FailureClass::Invalid);
    }
}
