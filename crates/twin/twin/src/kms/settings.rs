//! Settings of a KMS: anchors, key policy, caller, fault.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Credentials, Fault, KeyPolicy};
use crate::Error;

/// Settings of a KMS: anchors, key policy, caller, fault.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens. Port 0 means any port.
    pub listen: SocketAddr,
    /// The trust anchors of attestation documents in DER, besides the roots of AWS.
    pub anchors: Vec<Vec<u8>>,
    /// The policy of the key that is made at the start, and of keys that are created without one.
    pub key_policy: KeyPolicy,
    /// The only credentials that it takes.
    pub credentials: Credentials,
    /// The ARN of the caller, whom policies may name. Its account is that of the keys.
    pub caller: String,
    /// The region of its ARNs and of the signatures that it takes.
    pub region: String,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// How many requests are refused under [`Fault::Throttling`] before the first is served.
    pub throttled: u32,
}

impl Settings {
    /// A healthy KMS on any free port of the loopback interface, with random credentials.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn new(key_policy: KeyPolicy) -> Result<Self, Error> {
        Ok(Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            anchors: Vec::new(),
            key_policy,
            credentials: Credentials::random()?,
            caller: "arn:aws:iam::123456789012:role/teeproof-twin".to_owned(),
            region: "eu-central-1".to_owned(),
            fault: None,
            throttled: 20,
        })
    }

    /// With this trust anchor for attestation documents as well, in DER.
    #[must_use]
    pub fn anchor(mut self, der: &[u8]) -> Self {
        self.anchors.push(der.to_vec());
        self
    }

    /// The caller's principal: the role of a session (`assumed-role`), which is what an instance has, or the caller.
    pub(super) fn principal(&self) -> String {
        let session = self.caller.split_once(":sts::").and_then(|(partition, rest)| {
            let (account, session) = rest.split_once(":assumed-role/")?;
            let (role, _) = session.split_once('/')?;
            Some(format!("{partition}:iam::{account}:role/{role}"))
        });
        session.unwrap_or_else(|| self.caller.clone())
    }

    /// The account of the caller's ARN; empty if it has none.
    pub(super) fn account(&self) -> &str {
        self.caller.split(':').nth(4).unwrap_or_default()
    }
}
