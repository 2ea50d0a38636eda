//! Evidence of an Azure VM, as bytes and in the formats of other attesters.

mod shapes;
mod text;

use super::Platform;
use crate::tdx::MintedQuote;

/// Evidence and the certificates it stands on, all minted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// What kind of hardware it is of.
    pub platform: Platform,
    /// The envelope as the NV index 0x01400001 holds it.
    pub hcl_report: Vec<u8>,
    /// The attestation of the quote, TPMS_ATTEST.
    pub quote_message: Vec<u8>,
    /// The signature of the quote.
    pub quote_signature: Vec<u8>,
    /// The values of the SHA-256 registers.
    pub pcrs: [[u8; 32]; 24],
    /// The event log.
    pub event_log: Option<Vec<u8>>,
    /// The certificate of the attestation key, in DER.
    pub ak_certificate: Vec<u8>,
    /// The authorities between it and the root, from the leaf upward, in DER.
    pub ak_intermediates: Vec<Vec<u8>>,
    /// The root of virtual TPMs, in DER: a trust anchor that a verifier must be given, since it
    /// rightly trusts no other of this name.
    pub ak_root: Vec<u8>,
    /// The VCEK or VLEK certificate, in DER; empty on TDX.
    pub vek: Vec<u8>,
    /// The ASK or ASVK certificate, in DER; empty on TDX.
    pub intermediate: Vec<u8>,
    /// The ARK certificate, in DER: a trust anchor that a verifier must be given. Empty on TDX.
    pub ark: Vec<u8>,
    /// The TD quote.
    pub td_quote: Option<Vec<u8>>,
    /// The minted TD quote with its root and collateral.
    pub td: Option<MintedQuote>,
}

impl Evidence {
    /// The values of all registers, one after the other.
    #[must_use]
    pub fn pcr_concatenation(&self) -> Vec<u8> {
        self.pcrs.concat()
    }

    /// The values of these registers, one after the other.
    #[must_use]
    pub fn pcr_concatenation_of(&self, registers: &[usize]) -> Vec<u8> {
        registers.iter().filter_map(|&register| self.pcrs.get(register)).flatten().copied().collect()
    }

    /// The claims, cut by the sizes that the envelope states. Empty when these lead out of it.
    #[must_use]
    pub fn claims(&self) -> Vec<u8> {
        let number = |at: usize| {
            let bytes = self.hcl_report.get(at..)?.first_chunk()?;
            usize::try_from(u32::from_le_bytes(*bytes)).ok()
        };
        let cut = || {
            let end = number(0x4c0)?.checked_add(0x4c0)?;
            self.hcl_report.get(end.checked_sub(number(0x4d0)?)?..end)
        };
        cut().unwrap_or_default().to_vec()
    }

    /// The certificate of the attestation key as the NV index 0x01C101D0 holds it: 4096 bytes,
    /// zeros at the end.
    #[must_use]
    pub fn ak_certificate_nv(&self) -> Vec<u8> {
        let mut out = self.ak_certificate.clone();
        out.resize(out.len().max(4096), 0);
        out
    }
}
