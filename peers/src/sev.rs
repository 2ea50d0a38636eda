//! The crate `sev`: AMD's report under a chain that its caller trusts. It takes no time, checks no
//! validity, no revocation and no extension of the VCEK.

use ::sev::certs::snp::{Certificate, Chain, Verifiable};
use ::sev::firmware::guest::AttestationReport;
use ::sev::parser::ByteParser as _;

use crate::{Outcome, sentence};

/// What it is called, with the cryptography it was built on.
#[cfg(feature = "openssl")]
pub const NAME: &str = "sev 8.0.0 (openssl)";
/// What it is called, with the cryptography it was built on.
#[cfg(not(feature = "openssl"))]
pub const NAME: &str = "sev 8.0.0 (crypto_nossl)";

/// The certificates above a report, DER.
#[derive(Clone, Copy, Debug)]
pub struct Certificates<'a> {
    /// ARK, trusted because the caller says so.
    pub ark: &'a [u8],
    /// ASK.
    pub ask: &'a [u8],
    /// VCEK or VLEK.
    pub vek: &'a [u8],
}

/// Everything parsed.
#[derive(Clone, Debug)]
pub struct Prepared {
    chain: Chain,
    report: AttestationReport,
}

/// Parses everything and verifies it: three certificates and the report.
///
/// # Errors
/// The peer's own words.
pub fn cold(report: &[u8], certificates: Certificates<'_>) -> Outcome {
    Prepared::new(report, certificates)?.whole()
}

/// Parses the report alone.
///
/// # Errors
/// The peer's own words.
pub fn parse(report: &[u8]) -> Outcome {
    AttestationReport::from_bytes(report).map(drop).map_err(sentence)
}

impl Prepared {
    /// Parses, verifies nothing.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn new(report: &[u8], certificates: Certificates<'_>) -> Outcome<Self> {
        let Certificates { ark, ask, vek } = certificates;
        let chain = Chain::from_der(ark, ask, vek).map_err(sentence)?;
        let report = AttestationReport::from_bytes(report).map_err(sentence)?;
        Ok(Self { chain, report })
    }

    /// Takes another report under the same certificates.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn replace(&mut self, report: &[u8]) -> Outcome {
        self.report = AttestationReport::from_bytes(report).map_err(sentence)?;
        Ok(())
    }

    /// Verifies the chain and the report: four signatures.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn whole(&self) -> Outcome {
        (&self.chain, &self.report).verify().map_err(sentence)
    }

    /// Verifies the report under its VCEK: one signature.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn warm(&self) -> Outcome {
        (self.vek(), &self.report).verify().map_err(sentence)
    }

    fn vek(&self) -> &Certificate {
        &self.chain.vek
    }
}
