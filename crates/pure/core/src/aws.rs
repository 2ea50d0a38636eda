//! Names that AWS hashes into PCRs: the ARN of an IAM role (PCR3) and the id of an instance (PCR4).
//!
//! A PCR of another text is as well formed as that of the right one, so that a wrong name shows only as a mismatch.
//! Source: AWS IAM user guide, "IAM identifiers"; AWS Nitro Enclaves user guide, "Cryptographic attestation".

use core::fmt;

/// The ARN of an IAM role: `arn:aws:iam::123456789012:role/Webserver`, with the role's path if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoleArn<'a>(&'a str);

/// Why a text is not the ARN of an IAM role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoleArnError {
    /// The text has spaces or control characters.
    Spaces,
    /// The text is not an ARN: a role's name, for example.
    NotAnArn,
    /// The ARN of a session of a role: `arn:aws:sts::…:assumed-role/…`.
    Session,
    /// The ARN of an instance profile.
    InstanceProfile,
    /// The ARN of another resource than an IAM role.
    OtherResource,
    /// The partition is not `aws`, nor `aws-` and a suffix.
    Partition,
    /// The ARN has a region; that of a role has none.
    Region,
    /// The account id is not 12 digits.
    Account,
    /// The name is empty, longer than 64 characters, or has other characters than a role's name can have.
    Name,
    /// The path is longer than 512 characters, or has an empty segment or other characters than printable ASCII.
    Path,
}

impl<'a> RoleArn<'a> {
    /// Checks that a text is the ARN of an IAM role.
    ///
    /// # Errors
    /// What it is instead, if that can be seen, or the first part that is wrong.
    pub fn parse(text: &'a str) -> Result<Self, RoleArnError> {
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(RoleArnError::Spaces);
        }
        // Patterns are lists of one character: the search for a single one can panic as far as a compiler sees.
        let mut parts = text.splitn(6, [':']);
        let (arn, partition, service) = (parts.next(), parts.next(), parts.next());
        let (region, account, resource) = (parts.next(), parts.next(), parts.next());
        let (Some("arn"), Some(partition), Some(service), Some(region), Some(account), Some(resource)) =
            (arn, partition, service, region, account, resource)
        else {
            return Err(RoleArnError::NotAnArn);
        };
        let role = match (service, resource.strip_prefix("role/")) {
            ("iam", Some(role)) => role,
            ("sts", _) if resource.starts_with("assumed-role/") => return Err(RoleArnError::Session),
            ("iam", _) if resource.starts_with("instance-profile/") => {
                return Err(RoleArnError::InstanceProfile);
            }
            _ => return Err(RoleArnError::OtherResource),
        };
        let suffix = |suffix: &str| suffix.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if partition != "aws" && !partition.strip_prefix("aws-").is_some_and(suffix) {
            return Err(RoleArnError::Partition);
        }
        if !region.is_empty() {
            return Err(RoleArnError::Region);
        }
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RoleArnError::Account);
        }
        // `role//name` has a path too, which is empty.
        let (path, name) = role.rsplit_once(['/']).map_or((None, role), |(path, name)| (Some(path), name));
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if !(1..=64).contains(&name.len()) || !name.bytes().all(is_of_name) {
            return Err(RoleArnError::Name);
        }
        // The limit counts the slashes at both ends, which are not in `path`.
        let is_of_path = |segment: &str| !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_graphic());
        if path.is_some_and(|path| path.len() > 510 || !path.split(['/']).all(is_of_path)) {
            return Err(RoleArnError::Path);
        }
        Ok(Self(text))
    }

    /// The ARN as written, which PCR3 is the hash of.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for RoleArn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl RoleArnError {
    /// What to write instead.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Spaces => "write the ARN without spaces and line ends, which would be hashed with it",
            Self::NotAnArn => {
                "write the whole ARN, as in arn:aws:iam::123456789012:role/Webserver; aws iam get-role prints it"
            }
            Self::Session => {
                "PCR3 is the hash of the role's ARN, not of a session's: write arn:aws:iam::ACCOUNT:role/NAME, with the \
                 path of the role if it has one; aws iam get-role prints it"
            }
            Self::InstanceProfile => {
                "PCR3 is the hash of the ARN of the role in the instance profile: aws iam get-instance-profile prints it"
            }
            Self::OtherResource => "write the ARN of the IAM role that the parent instance has",
            Self::Partition => {
                "the partition is aws, aws-cn, aws-us-gov or another one that begins with aws-"
            }
            Self::Region => "an IAM role has no region: arn:aws:iam::ACCOUNT:role/NAME, with two colons",
            Self::Account => "the account id is 12 digits, with leading zeros",
            Self::Name => "a role's name is 1 to 64 letters, digits and _+=,.@-, in the case that IAM shows",
            Self::Path => {
                "a path is at most 512 printable ASCII characters between slashes, none of them doubled"
            }
        }
    }
}

impl fmt::Display for RoleArnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected the ARN of an IAM role, ")?;
        f.write_str(match self {
            Self::Spaces => "got spaces or control characters",
            Self::NotAnArn => "got a text that is not an ARN of six parts",
            Self::Session => "got the ARN of a session (assumed-role)",
            Self::InstanceProfile => "got the ARN of an instance profile",
            Self::OtherResource => "got the ARN of another resource",
            Self::Partition => "got an unknown partition",
            Self::Region => "got an ARN with a region",
            Self::Account => "got an account id that is not 12 digits",
            Self::Name => "got a name that no role can have",
            Self::Path => "got a path that no role can have",
        })
    }
}

impl core::error::Error for RoleArnError {}

/// The id of an EC2 instance: `i-` and 17 lower-case hexadecimal digits, or 8 of instances made before 2016.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InstanceId<'a>(&'a str);

/// The text is not the id of an EC2 instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InstanceIdError;

impl<'a> InstanceId<'a> {
    /// Checks that a text is the id of an EC2 instance.
    ///
    /// # Errors
    /// Any other text: an enclave's id (`i-…-enc…`) too.
    pub fn parse(text: &'a str) -> Result<Self, InstanceIdError> {
        let digits = text.strip_prefix("i-").ok_or(InstanceIdError)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_id = matches!(digits.len(), 8 | 17) && digits.bytes().all(is_digit);
        if is_id { Ok(Self(text)) } else { Err(InstanceIdError) }
    }

    /// The id as written, which PCR4 is the hash of.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for InstanceId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl InstanceIdError {
    /// What to write instead.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        "write the parent instance's id, as in i-0123456789abcdef0; of an enclave's id it is the part before -enc"
    }
}

impl fmt::Display for InstanceIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected the id of an EC2 instance (i- and 17 or 8 lower-case hexadecimal digits)")
    }
}

impl core::error::Error for InstanceIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_roles() {
        for arn in [
            "arn:aws:iam::123456789012:role/Webserver",
            "arn:aws-us-gov:iam::000000000012:role/service-role/a_b+c=d,e.f@g-h",
            "arn:aws-cn:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_x",
        ] {
            assert_eq!(RoleArn::parse(arn).map(RoleArn::as_str), Ok(arn));
        }
    }

    #[test]
    fn what_is_no_arn_of_a_role() {
        use RoleArnError as E;
        for (text, error) in [
            ("", E::NotAnArn),
            ("Webserver", E::NotAnArn),
            ("role/Webserver", E::NotAnArn),
            ("ARN:aws:iam::123456789012:role/Webserver", E::NotAnArn),
            ("arn:aws:iam::123456789012:role/Webserver\n", E::Spaces),
            (" arn:aws:iam::123456789012:role/Webserver", E::Spaces),
            ("arn:aws:sts::123456789012:assumed-role/Webserver/i-0123456789abcdef0", E::Session),
            ("arn:aws:iam::123456789012:instance-profile/Webserver", E::InstanceProfile),
            ("arn:aws:iam::123456789012:user/Webserver", E::OtherResource),
            ("arn:aws:iam::123456789012:root", E::OtherResource),
            ("arn:aws:kms:eu-west-1:123456789012:key/role/x", E::OtherResource),
            ("arn:azure:iam::123456789012:role/Webserver", E::Partition),
            ("arn:aws:iam:eu-west-1:123456789012:role/Webserver", E::Region),
            ("arn:aws:iam::12345678901:role/Webserver", E::Account),
            ("arn:aws:iam::12345678901a:role/Webserver", E::Account),
            ("arn:aws:iam::123456789012:role/", E::Name),
            ("arn:aws:iam::123456789012:role/Web:server", E::Name),
            ("arn:aws:iam::123456789012:role/Wébserver", E::Name),
            ("arn:aws:iam::123456789012:role/a//Webserver", E::Path),
            ("arn:aws:iam::123456789012:role//Webserver", E::Path),
            ("arn:aws:iam::123456789012:role//a/Webserver", E::Path),
            ("arn:aws:iam::123456789012:role///Webserver", E::Path),
        ] {
            assert_eq!(RoleArn::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn ids_of_instances() {
        for id in ["i-0123456789abcdef0", "i-89abcdef"] {
            assert_eq!(InstanceId::parse(id).map(InstanceId::as_str), Ok(id));
        }
        for text in
            ["", "i-", "i-0123456789ABCDEF0", "i-0123456789abcdef", "i-0123456789abcdef0-enc0123456789abcdef"]
        {
            assert_eq!(InstanceId::parse(text), Err(InstanceIdError), "{text}");
        }
    }
}
