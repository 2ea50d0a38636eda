//! Configuration: environment variables to checked values, all mistakes at once.
//!
//! A variable that is set to nothing, or to a value that is not of its kind, is a mistake and never the default.

use std::ffi::OsString;

use teeproof_core::RoleArn;
use teeproof_runtime::{Image, Problem, Resources, Sha256};

use crate::user_data::Download;
use crate::variables::{
    AMI_ID, EIF_SHA256, EIF_URL, ENCLAVE_CPU_COUNT, ENCLAVE_MEMORY_MB, INSTANCE_PROFILE, INSTANCE_TYPE,
    KEY_NAME, PROGRAM_SHA256, PROGRAM_URL, ROLE_ARN, SECURITY_GROUP_ID, SUBNET_ID, Variable,
};

/// An instance profile, as RunInstances takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceProfile {
    /// By its name.
    Name(String),
    /// By its ARN.
    Arn(String),
}

/// Where and as what machines are launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ec2Config {
    pub(crate) ami: String,
    pub(crate) instance_type: String,
    pub(crate) subnet: Option<String>,
    pub(crate) security_group: Option<String>,
    pub(crate) key_name: Option<String>,
    pub(crate) processors: u32,
    pub(crate) memory_mib: u32,
    pub(crate) profile: Option<InstanceProfile>,
    /// There is one if there is a profile.
    pub(crate) role: Option<String>,
    pub(crate) image: Option<Image>,
    pub(crate) program: Option<Download>,
}

impl Ec2Config {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// Every mistake, with the name of the variable and its value.
    pub fn from_environment() -> Result<Self, Vec<Problem>> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Reads variables of any source.
    ///
    /// # Errors
    /// As [`Ec2Config::from_environment`].
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { variable, problems: Vec::new() };
        let ami = reader.read(&AMI_ID, |text| resource_id(text, "ami-"));
        let instance_type = reader.read(&INSTANCE_TYPE, instance_type);
        let subnet = reader.read(&SUBNET_ID, |text| resource_id(text, "subnet-"));
        let security_group = reader.read(&SECURITY_GROUP_ID, |text| resource_id(text, "sg-"));
        let key_name = reader.read(&KEY_NAME, key_name);
        let processors = reader.read(&ENCLAVE_CPU_COUNT, |text| number(text, 1, 4096));
        let memory_mib = reader.read(&ENCLAVE_MEMORY_MB, |text| number(text, 64, 32 * 1024 * 1024));
        let profile = reader.read(&INSTANCE_PROFILE, instance_profile);
        let role = reader.role();
        let url = reader.read(&EIF_URL, url);
        let sha256 = reader.read(&EIF_SHA256, |text| text.parse::<Sha256>().ok());
        let program_url = reader.read(&PROGRAM_URL, self::url);
        let program_sha256 = reader.read(&PROGRAM_SHA256, |text| text.parse::<Sha256>().ok());
        if !reader.is_set(&AMI_ID) {
            reader.missing(&AMI_ID, "it is required");
        }
        reader.both(&INSTANCE_PROFILE, &ROLE_ARN);
        reader.both(&EIF_URL, &EIF_SHA256);
        reader.both(&PROGRAM_URL, &PROGRAM_SHA256);
        let (Some(ami), Some(instance_type), Some(processors), Some(memory_mib), true) =
            (ami, instance_type, processors, memory_mib, reader.problems.is_empty())
        else {
            return Err(reader.problems);
        };
        let image = url.zip(sha256).map(|(url, sha256)| Image::Url { url, sha256 });
        let program = program_url.zip(program_sha256).map(|(url, sha256)| Download { url, sha256: sha256.0 });
        Ok(Self {
            ami,
            instance_type,
            subnet,
            security_group,
            key_name,
            processors,
            memory_mib,
            profile,
            role,
            image,
            program,
        })
    }

    /// The image of `AWS_NITRO_EIF_URL`, for requests that name none.
    #[must_use]
    pub const fn image(&self) -> Option<&Image> {
        self.image.as_ref()
    }

    /// The processors and the memory of an enclave: those of the request, or else those of the configuration.
    #[must_use]
    pub fn allocation(&self, resources: &Resources) -> Allocation {
        Allocation {
            processors: resources.processors.unwrap_or(self.processors),
            memory_mib: resources.memory_mib.unwrap_or(self.memory_mib),
        }
    }
}

/// Processors and memory of an enclave, as its allocator gets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// vCPUs.
    pub processors: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
}

struct Reader<F> {
    variable: F,
    problems: Vec<Problem>,
}

impl<F: Fn(&str) -> Option<OsString>> Reader<F> {
    /// The value, or the default; a mistake is noted.
    fn read<T>(&mut self, variable: &Variable, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let Some(text) = (self.variable)(variable.name) else {
            return variable.default.and_then(parse);
        };
        let value = text.to_str().and_then(parse);
        if value.is_none() {
            self.problems.push(Problem {
                what: variable.name.to_owned(),
                why: format!("expected {}, got {:?}", variable.form, text.to_string_lossy()),
                hint: correction(variable),
            });
        }
        value
    }

    /// The role, with the hint for whatever was written instead.
    fn role(&mut self) -> Option<String> {
        let text = (self.variable)(ROLE_ARN.name)?;
        let text = text.to_string_lossy();
        let wrong =
            |why: String, hint: &str| Problem { what: ROLE_ARN.name.to_owned(), why, hint: hint.to_owned() };
        match RoleArn::parse(&text) {
            Ok(role) if role.as_str().len() <= MAX_TAG_VALUE => return Some(role.as_str().to_owned()),
            Ok(role) => self.problems.push(wrong(
                format!(
                    "expected at most {MAX_TAG_VALUE} characters, which a tag can have, got {:?}",
                    role.as_str()
                ),
                "use a role with a shorter path",
            )),
            Err(error) => self.problems.push(wrong(format!("{error}: {text:?}"), error.hint())),
        }
        None
    }

    fn is_set(&self, variable: &Variable) -> bool {
        (self.variable)(variable.name).is_some()
    }

    fn missing(&mut self, variable: &Variable, because: &str) {
        self.problems.push(Problem {
            what: variable.name.to_owned(),
            why: format!("missing: {because}"),
            hint: format!("set it to {}", variable.form),
        });
    }

    /// Two variables of which there is none without the other.
    fn both(&mut self, one: &Variable, other: &Variable) {
        for (set, unset) in [(one, other), (other, one)] {
            if self.is_set(set) && !self.is_set(unset) {
                self.missing(unset, &format!("{} is set", set.name));
            }
        }
    }
}

/// The most characters of the value of a tag.
pub(crate) const MAX_TAG_VALUE: usize = 256;

fn correction(variable: &Variable) -> String {
    match variable.default {
        Some(default) => format!("correct it, or unset it for {default}"),
        None => format!("set it to {}", variable.form),
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn resource_id(text: &str, prefix: &str) -> Option<String> {
    let digits = text.strip_prefix(prefix)?;
    (matches!(digits.len(), 8 | 17) && is_hex(digits)).then(|| text.to_owned())
}

fn instance_type(text: &str) -> Option<String> {
    let (family, size) = text.split_once('.')?;
    let is_part = |part: &str| {
        let is_of_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=32).contains(&part.len()) && part.bytes().all(is_of_part)
    };
    (is_part(family) && is_part(size)).then(|| text.to_owned())
}

fn key_name(text: &str) -> Option<String> {
    let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    ((1..=255).contains(&text.len()) && is_printable && text.trim() == text).then(|| text.to_owned())
}

/// Decimal digits alone: no sign, no space, no leading zero.
fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = is_decimal.then(|| text.parse().ok()).flatten()?;
    (least..=most).contains(&number).then_some(number)
}

fn instance_profile(text: &str) -> Option<InstanceProfile> {
    let is_name = |name: &str| {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        (1..=128).contains(&name.len()) && name.bytes().all(is_of_name)
    };
    let Some(arn) = text.strip_prefix("arn:") else {
        return is_name(text).then(|| InstanceProfile::Name(text.to_owned()));
    };
    let parts: Vec<_> = arn.splitn(5, ':').collect();
    let [partition, "iam", "", account, resource] = parts.as_slice() else { return None };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_partition = *partition == "aws" || partition.starts_with("aws-");
    let path = resource.strip_prefix("instance-profile/")?;
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let is_arn = is_account && is_partition && is_name(name) && path.bytes().all(|b| b.is_ascii_graphic());
    is_arn.then(|| InstanceProfile::Arn(text.to_owned()))
}

fn url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let is_url = !authority.is_empty() && !authority.contains('@') && !authority.starts_with(':');
    let is_plain = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_url && is_plain).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends")]

    use std::collections::BTreeMap;

    use super::*;
    use crate::VARIABLES;

    /// A value of each variable that is right.
    const RIGHT: &[(&str, &str)] = &[
        ("AWS_NITRO_AMI_ID", "ami-0123456789abcdef0"),
        ("AWS_NITRO_INSTANCE_TYPE", "c6g.large"),
        ("AWS_NITRO_SUBNET_ID", "subnet-01234567"),
        ("AWS_NITRO_SECURITY_GROUP_ID", "sg-0123456789abcdef0"),
        ("AWS_NITRO_KEY_NAME", "ops key"),
        ("AWS_NITRO_ENCLAVE_CPU_COUNT", "4"),
        ("AWS_NITRO_ENCLAVE_MEMORY_MB", "4096"),
        ("AWS_NITRO_INSTANCE_PROFILE", "parent"),
        ("AWS_NITRO_ROLE_ARN", "arn:aws:iam::123456789012:role/parent"),
        ("AWS_NITRO_EIF_URL", "https://images.example/a.eif"),
        ("AWS_NITRO_EIF_SHA256", "00ffaa55aa55aa5500ffaa55aa55aa5500ffaa55aa55aa5500ffaa55aa55aa55"),
        ("AWS_NITRO_TEEPROOF_URL", "http://10.0.0.1:8080/teeproof"),
        ("AWS_NITRO_TEEPROOF_SHA256", "11ffaa55aa55aa5500ffaa55aa55aa5500ffaa55aa55aa5500ffaa55aa55aa55"),
    ];

    fn read(variables: &BTreeMap<&str, &str>) -> Result<Ec2Config, Vec<Problem>> {
        Ec2Config::from_variables(|name| variables.get(name).map(Into::into))
    }

    #[test]
    fn the_environment_of_the_seed_is_enough() {
        let config = read(&BTreeMap::from([("AWS_NITRO_AMI_ID", "ami-12c6146b")])).unwrap();
        assert_eq!(
            (config.instance_type.as_str(), config.processors, config.memory_mib),
            ("m5.xlarge", 2, 512)
        );
        assert!(config.subnet.is_none() && config.image().is_none() && config.profile.is_none());
    }

    #[test]
    fn every_variable_is_read() {
        let names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(names, RIGHT.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        let config = read(&RIGHT.iter().copied().collect()).unwrap();
        assert_eq!(config.processors, 4);
        assert_eq!(config.profile, Some(InstanceProfile::Name("parent".to_owned())));
        assert!(matches!(config.image(), Some(Image::Url { .. })));
    }

    /// Wrong values of each variable.
    const WRONG: &[(&str, &[&str])] = &[
        ("AWS_NITRO_AMI_ID", &["", "ami-", "ami-0123456789ABCDEF0", "ami-01234567 ", "i-01234567"]),
        ("AWS_NITRO_INSTANCE_TYPE", &["", "m5", "m5.", "M5.xlarge", "m5.xlarge\n", "m5.x/large"]),
        ("AWS_NITRO_SUBNET_ID", &["", "sg-01234567", "subnet-0123456"]),
        ("AWS_NITRO_SECURITY_GROUP_ID", &["", "default", "subnet-01234567", "sg-01234567,sg-01234567"]),
        ("AWS_NITRO_KEY_NAME", &["", " key", "k\u{e9}y", "a\nb"]),
        (
            "AWS_NITRO_ENCLAVE_CPU_COUNT",
            &["", "two", "0", "-2", "+2", "2.0", " 2", "02", "4294967298", "5000"],
        ),
        ("AWS_NITRO_ENCLAVE_MEMORY_MB", &["", "512M", "0", "63", "99999999999", "1e3", "0x200"]),
        (
            "AWS_NITRO_INSTANCE_PROFILE",
            &["", "a b", "arn:aws:iam::123456789012:role/a", "arn:aws:iam::1:instance-profile/a"],
        ),
        ("AWS_NITRO_ROLE_ARN", &["", "parent", "arn:aws:iam::123456789012:instance-profile/a"]),
        (
            "AWS_NITRO_EIF_URL",
            &["", "ftp://a/b", "https://", "https://user:secret@a/b", "https://a/b c", "s3://a/b"],
        ),
        ("AWS_NITRO_EIF_SHA256", &["", "00ff", "sha256:00", "zz"]),
        ("AWS_NITRO_TEEPROOF_URL", &["", "teeproof", "file:///teeproof", "https://a@b/c"]),
        ("AWS_NITRO_TEEPROOF_SHA256", &["", "00ff"]),
    ];

    #[test]
    fn a_wrong_value_is_named_and_never_the_default() {
        assert_eq!(WRONG.len(), VARIABLES.len());
        for (name, values) in WRONG {
            for value in *values {
                let mut variables: BTreeMap<_, _> = RIGHT.iter().copied().collect();
                variables.insert(name, value);
                let problems = read(&variables).unwrap_err();
                assert_eq!(problems.len(), 1, "{name}={value:?}: {problems:?}");
                assert_eq!(problems[0].what, *name);
                assert!(problems[0].why.contains(&format!("{value:?}")), "{}", problems[0]);
                assert!(!problems[0].hint.is_empty());
            }
        }
    }

    #[test]
    fn all_mistakes_at_once() {
        let variables: BTreeMap<_, _> = WRONG.iter().map(|(name, values)| (*name, values[1])).collect();
        let problems = read(&variables).unwrap_err();
        let names: Vec<_> = problems.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(names, VARIABLES.iter().map(|variable| variable.name).collect::<Vec<_>>());
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf_8_is_a_mistake() {
        use std::os::unix::ffi::OsStringExt as _;
        for variable in VARIABLES {
            let problems = Ec2Config::from_variables(|name| match name {
                _ if name == variable.name => Some(OsString::from_vec(vec![b'a', 0xff])),
                _ => RIGHT.iter().find(|(right, _)| *right == name).map(|(_, value)| value.into()),
            });
            assert_eq!(problems.unwrap_err().len(), 1, "{}", variable.name);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, missing) in [
            ("AWS_NITRO_EIF_URL", "AWS_NITRO_EIF_SHA256"),
            ("AWS_NITRO_EIF_SHA256", "AWS_NITRO_EIF_URL"),
            ("AWS_NITRO_TEEPROOF_URL", "AWS_NITRO_TEEPROOF_SHA256"),
            ("AWS_NITRO_TEEPROOF_SHA256", "AWS_NITRO_TEEPROOF_URL"),
            ("AWS_NITRO_INSTANCE_PROFILE", "AWS_NITRO_ROLE_ARN"),
            ("AWS_NITRO_ROLE_ARN", "AWS_NITRO_INSTANCE_PROFILE"),
        ] {
            let mut variables: BTreeMap<_, _> = RIGHT.iter().copied().collect();
            variables.remove(missing);
            let problems = read(&variables).unwrap_err();
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].what, missing);
            assert!(problems[0].why.contains(name));
        }
        let problems = read(&BTreeMap::new()).unwrap_err();
        assert_eq!((problems.len(), problems[0].what.as_str()), (1, "AWS_NITRO_AMI_ID"));
    }

    #[test]
    fn the_defaults_are_values() {
        for variable in VARIABLES.iter().filter(|variable| variable.default.is_some()) {
            let name = variable.name;
            let variables =
                BTreeMap::from([("AWS_NITRO_AMI_ID", "ami-12c6146b"), (name, variable.default.unwrap())]);
            assert_eq!(
                read(&variables),
                read(&BTreeMap::from([("AWS_NITRO_AMI_ID", "ami-12c6146b")])),
                "{name}"
            );
        }
    }

    #[test]
    fn the_readme_has_every_variable() {
        let readme = include_str!("../README.md");
        for Variable { name, default, meaning, .. } in VARIABLES {
            let default = default.map_or(String::new(), |default| format!("`{default}` "));
            let row = format!("| `{name}` | {default}| {meaning} |");
            assert!(readme.contains(&row), "{row}");
        }
    }

    #[test]
    fn arns_of_instance_profiles() {
        let arn = "arn:aws-us-gov:iam::123456789012:instance-profile/team/parent";
        assert_eq!(instance_profile(arn), Some(InstanceProfile::Arn(arn.to_owned())));
    }
}
