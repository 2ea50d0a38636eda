//! The credentials of the only client of a twin of AWS.

use core::fmt;

use aws_lc_rs::rand;
use base64ct::{Base64Unpadded, Encoding as _};

use crate::Error;

/// An access key. It opens nothing but this twin, and lives as long as its process.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The id, which requests have in clear text.
    pub access_key_id: String,
    /// The secret, which signs requests.
    pub secret_access_key: String,
}

impl Credentials {
    /// Random credentials.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 38];
        rand::fill(&mut bytes).or(Err(Error::NoRandomness))?;
        let (id, secret) = bytes.split_at(8);
        let id: String = id.iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(Self {
            access_key_id: format!("AKIA{id}"),
            secret_access_key: Base64Unpadded::encode_string(secret),
        })
    }
}

/// Without the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
