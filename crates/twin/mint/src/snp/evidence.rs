//! Evidence of a machine: the report and its endorsements.

/// A report and the certificates it stands on, all minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The attestation report, 1184 bytes.
    pub report: Vec<u8>,
    /// The VCEK or VLEK certificate, in DER.
    pub vek: Vec<u8>,
    /// The ASK or ASVK certificate, in DER.
    pub intermediate: Vec<u8>,
    /// The ARK certificate, in DER: the trust anchor that a verifier must be given, since it
    /// rightly trusts no other of this name.
    pub ark: Vec<u8>,
}
