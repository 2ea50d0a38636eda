//! Ids and owners: what tags of the cloud, file names and client tokens are made of.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// The id of a deployment: `tp-` and 26 letters and digits, 130 random bits. It is the client token of the launch, a tag
/// of everything that the deployment has in the cloud, and the name of its record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentId(String);

const PREFIX: &str = "tp-";
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const LENGTH: usize = 26;

impl DeploymentId {
    /// A new one.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut random = [0_u8; LENGTH];
        getrandom::fill(&mut random)?;
        let letters = random.iter().filter_map(|byte| LETTERS.get(usize::from(byte & 31)));
        Ok(Self(PREFIX.chars().chain(letters.map(|letter| char::from(*letter))).collect()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DeploymentId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let letters = text.strip_prefix(PREFIX).filter(|rest| rest.len() == LENGTH);
        if letters.is_some_and(|rest| rest.bytes().all(|byte| LETTERS.contains(&byte))) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidValue::new("deployment id", text, "expected tp- and 26 letters a to z or digits 2 to 7"))
    }
}

impl TryFrom<String> for DeploymentId {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<DeploymentId> for String {
    fn from(id: DeploymentId) -> Self {
        id.0
    }
}

/// Who deploys: 1 to 64 letters, digits, `.`, `_`, `@` and `-`. Every machine has it as a tag, and no operation touches a
/// machine of another owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Owner(String);

impl Owner {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Owner {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidValue::new("owner", text, "expected 1 to 64 letters, digits, '.', '_', '@' or '-'"))
    }
}

impl TryFrom<String> for Owner {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends")]

    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = DeploymentId::generate().unwrap();
        assert_eq!(id.as_str().parse::<DeploymentId>().unwrap(), id);
        assert_ne!(DeploymentId::generate().unwrap(), id);
        for wrong in ["", "tp-", "tp-a", "../../etc/passwd", "tp-abcdefghijklmnopqrstuvwxy1"] {
            assert!(wrong.parse::<DeploymentId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn owners_are_plain_text() {
        assert_eq!("ci@team-1".parse::<Owner>().unwrap().as_str(), "ci@team-1");
        for wrong in ["", "a b", "a\nb", "ä", &"x".repeat(65)] {
            assert!(wrong.parse::<Owner>().is_err(), "{wrong}");
        }
    }
}
