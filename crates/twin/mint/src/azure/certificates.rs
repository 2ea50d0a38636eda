//! The certificates of a machine on Azure.

/// The certificates of a machine, each in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificates {
    /// That of the attestation key.
    pub ak: Vec<u8>,
    /// The authorities between it and its root, from the leaf upward.
    pub ak_intermediates: Vec<Vec<u8>>,
    /// The root of virtual TPMs, or the ARK where there is but one root: a trust anchor.
    pub ak_root: Vec<u8>,
    /// The VCEK or VLEK; empty on TDX.
    pub vek: Vec<u8>,
    /// The ASK or ASVK; empty on TDX.
    pub intermediate: Vec<u8>,
    /// The ARK, a trust anchor; empty on TDX.
    pub ark: Vec<u8>,
}
