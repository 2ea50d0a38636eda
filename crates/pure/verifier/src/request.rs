//! What a relying party hands in: evidence, endorsements, and everything it has decided.

use core::fmt;

use teeproof_core::{Crypto, Freshness, Technology};
use teeproof_nitro::{Limits, Moment};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, CachedSignatures, Revocation};

use teeproof_evidence::InputWarning;

use crate::Policy;

/// One verification: nothing in it has a default.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The technologies that the relying party accepts.
    pub accept: &'a [Technology],
    /// Certificates that came with the evidence or were fetched for it.
    pub endorsements: &'a [Certificate<'a>],
    /// Revocation lists, which are used for every chain that their issuers sign in; or why revocation
    /// is not checked.
    pub revocation: Revocation<'a>,
    /// Trust anchors besides the pinned ones.
    pub anchors: Anchors<'a>,
    /// Signatures that were verified before.
    pub cache: CachedSignatures<'a>,
    /// The nonce that the evidence must carry, or why there is none.
    pub freshness: Freshness<'a>,
    /// What `user-data` of an Azure VM must hold, zero-extended to 64 bytes, where the relying
    /// party knows it; a policy can demand it as well.
    pub user_data: Option<&'a [u8]>,
    /// The time at which everything must be valid.
    pub at: Moment,
    /// By how many seconds the verifier's clock may be behind (Nitro).
    pub skew_secs: u32,
    /// Bounds on what an enclave may put into its document (Nitro).
    pub limits: Limits,
    /// The appraisal policy; without one, evidence is verified and not accepted.
    pub policy: Option<&'a Policy>,
    /// What was left out when the evidence was read ([`Inputs::warnings`](teeproof_evidence::Inputs::warnings)):
    /// each becomes a warning of the result.
    pub input_warnings: &'a [InputWarning],
    /// The cryptography.
    pub crypto: &'a Crypto<'a>,
}

/// A request that makes no sense, whatever the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The time of the evidence was asked for, and evidence of this technology carries none.
    NoTimeInEvidence(Technology),
    /// User-data was asked for, and evidence of this technology has none that could be compared.
    NoUserData(Technology),
    /// The nonce has no bytes, so that evidence without one would carry it.
    EmptyNonce,
}

impl RequestError {
    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoTimeInEvidence(_) => "verify it at the present time, or at a time that you give",
            Self::NoUserData(_) => {
                "leave the user data out of the request; a policy compares what SNP reports (report-data) and Nitro documents (user-data) hold"
            }
            Self::EmptyNonce => "send 16 or more random bytes with each question",
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTimeInEvidence(technology) => {
                write!(f, "evidence of {technology} carries no time: give one, or take the present")
            }
            Self::NoUserData(technology) => {
                write!(f, "evidence of {technology} has no user-data of Azure's: nothing could be compared")
            }
            Self::EmptyNonce => f.write_str("the nonce is empty"),
        }
    }
}

impl core::error::Error for RequestError {}
