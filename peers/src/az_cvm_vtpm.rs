//! The crate `az-cvm-vtpm`: the quote of an Azure VM's vTPM under its attestation key, and that key
//! out of the HCL report.

use ::az_cvm_vtpm::hcl::HclReport;
use ::az_cvm_vtpm::vtpm::Quote;
use openssl::pkey::{PKey, Public};

use crate::{Outcome, sentence};

/// What it is called.
pub const NAME: &str = "az-cvm-vtpm 0.8.2";

/// The attestation key, ready for use.
pub struct AttestationKey(PKey<Public>);

/// A quote as the peer holds it.
#[derive(Clone, Debug)]
pub struct Prepared(Quote);

/// Reads the HCL report.
///
/// # Errors
/// The peer's own words.
pub fn parse(hcl: &[u8]) -> Outcome {
    HclReport::new(hcl.to_vec()).map(drop).map_err(sentence)
}

impl AttestationKey {
    /// Out of the claims of an HCL report.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn of_hcl(hcl: &[u8]) -> Outcome<Self> {
        let hcl = HclReport::new(hcl.to_vec()).map_err(sentence)?;
        let key = hcl.ak_pub().map_err(sentence)?.key;
        let pem = key.try_to_pem().map_err(sentence)?;
        Self::of_pem(pem.as_bytes())
    }

    /// Out of a PEM.
    ///
    /// # Errors
    /// What OpenSSL says of it.
    pub fn of_pem(pem: &[u8]) -> Outcome<Self> {
        PKey::public_key_from_pem(pem).map(Self).map_err(sentence)
    }

    /// Out of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// What OpenSSL says of it.
    pub fn of_der(der: &[u8]) -> Outcome<Self> {
        PKey::public_key_from_der(der).map(Self).map_err(sentence)
    }
}

impl Prepared {
    /// Holds a quote: the bare signature, the TPMS_ATTEST, the values of the registers.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn new(signature: &[u8], message: &[u8], pcrs: &[[u8; 32]]) -> Outcome<Self> {
        // Its fields are private, but it can be read back from what it was written to.
        let written = serde_json::json!({
            "signature": signature,
            "message": message,
            "pcrs": pcrs,
        });
        serde_json::from_value(written).map(Self).map_err(sentence)
    }

    /// Verifies signature, nonce and registers.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn verify(&self, key: &AttestationKey, nonce: &[u8]) -> Outcome {
        self.0.verify(&key.0, nonce).map_err(sentence)
    }
}
