//! The request of a deployment: image, policy, resources, and how the machine is reached.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;
use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{InvalidValue, Owner};

/// What to deploy, and for whom.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeployRequest {
    /// The name of the provider, of those that the runtime has.
    pub provider: String,
    /// Whose deployment it is.
    pub owner: Owner,
    /// The image.
    pub image: Image,
    /// The appraisal policy of its evidence, as the text of a policy file. The machine's identity is added to it.
    pub policy: PolicyText,
    /// Variables of the workload. They are never part of the launch; until they are delivered sealed to the attested key, a
    /// request with some is refused.
    pub environment: BTreeMap<String, SecretText>,
    /// Processors and memory of the confidential part.
    pub resources: Resources,
    /// Ports of the workload that the machine's address forwards.
    pub ports: Vec<u16>,
    /// How the machine is reached.
    pub reach: Reach,
    /// How long the launch may take until it is terminated.
    pub launch_within: Duration,
}

impl DeployRequest {
    /// A request with the provider's resources, no ports, reached by the private address, within 15 minutes.
    #[must_use]
    pub fn new(provider: &str, owner: Owner, image: Image, policy: PolicyText) -> Self {
        Self {
            provider: provider.to_owned(),
            owner,
            image,
            policy,
            environment: BTreeMap::new(),
            resources: Resources::default(),
            ports: Vec::new(),
            reach: Reach::Private,
            launch_within: Duration::from_secs(15 * 60),
        }
    }
}

/// An image of the confidential part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Image {
    /// A file that the machine downloads, and compares with its hash before it starts it.
    Url {
        /// An https URL; plain HTTP too, because the hash is compared.
        url: String,
        /// SHA-256 of the file.
        sha256: Sha256,
    },
    /// A file that the machine image has, by its absolute path.
    InMachineImage {
        /// The path.
        path: String,
    },
}

/// A SHA-256 digest, as 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Sha256 {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("SHA-256", text, "expected 64 hex digits");
        let mut digest = [0_u8; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(wrong());
        }
        for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
            let pair = core::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.to_string()
    }
}

/// A policy file: its name, for results, and its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyText {
    /// The name that results have.
    pub name: String,
    /// TOML, as of `teeproof policy check`.
    pub text: String,
}

/// A text that is erased when it is dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// Processors and memory of the confidential part; what is missing is the provider's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Resources {
    /// Virtual processors.
    pub processors: Option<u32>,
    /// Memory in MiB.
    pub memory_mib: Option<u32>,
}

/// How the caller reaches the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// By its private address: the caller is in the network, or has a way into it.
    #[default]
    Private,
    /// By a public address, whose ports are open to this network alone.
    Public {
        /// Where callers come from.
        source: Network,
    },
}

/// A network in CIDR notation: `203.0.113.0/24`. The bits behind the prefix are zero; `0.0.0.0/0` and `::/0` are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Its address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The length of its prefix.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = |why| InvalidValue::new("network", text, why);
        let form = || wrong("expected CIDR notation, such as 203.0.113.0/24");
        let (address, prefix) = text.split_once('/').ok_or_else(form)?;
        let address: IpAddr = address.parse().map_err(|_| form())?;
        if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form());
        }
        let prefix: u8 = prefix.parse().map_err(|_| form())?;
        let (bits, length) = match address {
            IpAddr::V4(four) => (u128::from(four.to_bits()), 32),
            IpAddr::V6(six) => (six.to_bits(), 128),
        };
        if prefix > length {
            return Err(wrong("the prefix is longer than the address"));
        }
        if prefix == 0 {
            return Err(wrong("that is everybody: name the network that callers come from"));
        }
        let host = length.saturating_sub(prefix);
        let mask = 1_u128.checked_shl(host.into()).map_or(u128::MAX, |bit| bit.saturating_sub(1));
        if bits & mask != 0 {
            return Err(wrong("bits behind the prefix are set"));
        }
        Ok(Self { address, prefix })
    }
}

impl TryFrom<String> for Network {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends")]

    use super::*;

    #[test]
    fn networks() {
        for right in ["203.0.113.0/24", "192.0.2.7/32", "2001:db8::/32", "2001:db8::1/128", "128.0.0.0/1"] {
            assert_eq!(right.parse::<Network>().unwrap().to_string(), right);
        }
        let wrong =
            ["", "203.0.113.0", "203.0.113.1/24", "0.0.0.0/0", "::/0", "1.2.3.4/33", "1.2.3.4/+8", "a/8"];
        for text in wrong {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn digests() {
        let text = "00ff".repeat(16);
        assert_eq!(text.parse::<Sha256>().unwrap().to_string(), text);
        assert!(text[1..].parse::<Sha256>().is_err());
        assert!("+f".repeat(32).parse::<Sha256>().is_err());
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", SecretText::new("hunter2".to_owned())), "SecretText(..)");
    }
}
