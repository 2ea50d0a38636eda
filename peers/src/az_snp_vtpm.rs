//! The crate `az-snp-vtpm`: the SNP report inside the HCL report of an Azure VM, under certificates
//! that its caller trusts, at the time that the system's clock says.

use ::az_snp_vtpm::certs::{AmdChain, Vcek, build_cert_chain};
use ::az_snp_vtpm::hcl::HclReport;
use ::az_snp_vtpm::report::{AttestationReport, Validateable as _};
use openssl::x509::X509;

use crate::{Outcome, sentence};

/// What it is called.
pub const NAME: &str = "az-snp-vtpm 0.8.2";

/// The certificates as Azure hands them out: PEM.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// VCEK.
    pub vcek: String,
    /// ASK, then ARK.
    pub chain: String,
}

/// What is done with the hash of the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// It must be in the report, as the crate's documentation shows.
    Compared,
    /// It is computed and dropped: for evidence that was put together from two machines.
    Computed,
}

/// Parsed certificates.
pub struct Prepared {
    vcek: Vcek,
    chain: AmdChain,
}

/// Parses and verifies everything: three certificates, the HCL report, the SNP report.
///
/// # Errors
/// The peer's own words.
pub fn cold(hcl: &[u8], certificates: &Certificates, binding: Binding) -> Outcome {
    let prepared = Prepared::new(certificates)?;
    prepared.certificates()?;
    prepared.warm(hcl, binding)
}

impl Certificates {
    /// The PEM that the peer asks for, made of DER.
    ///
    /// # Errors
    /// What OpenSSL says of the certificates.
    pub fn of_der(vcek: &[u8], ask: &[u8], ark: &[u8]) -> Outcome<Self> {
        Ok(Self { vcek: pem(vcek)?, chain: pem(ask)? + &pem(ark)? })
    }
}

impl Prepared {
    /// Parses the certificates, verifies nothing.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn new(certificates: &Certificates) -> Outcome<Self> {
        let vcek = Vcek::from_pem(&certificates.vcek).map_err(sentence)?;
        let chain = build_cert_chain(&certificates.chain).map_err(sentence)?;
        Ok(Self { vcek, chain })
    }

    /// Verifies the certificates: three signatures.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn certificates(&self) -> Outcome {
        self.chain.validate().map_err(sentence)?;
        self.vcek.validate(&self.chain).map_err(sentence)
    }

    /// Parses an HCL report, hashes its claims and verifies the SNP report: one signature.
    ///
    /// # Errors
    /// The peer's own words.
    pub fn warm(&self, hcl: &[u8], binding: Binding) -> Outcome {
        let hcl = HclReport::new(hcl.to_vec()).map_err(sentence)?;
        let hash = hcl.var_data_sha256();
        let report = AttestationReport::try_from(&hcl).map_err(sentence)?;
        report.validate(&self.vcek).map_err(sentence)?;
        let bound = report.report_data.starts_with(&std::hint::black_box(hash));
        if bound || binding == Binding::Computed { Ok(()) } else { Err(UNBOUND.into()) }
    }
}

/// The words of the comparison that the crate leaves to its caller.
pub const UNBOUND: &str = "var_data_hash mismatch";

fn pem(der: &[u8]) -> Outcome<String> {
    let bytes = X509::from_der(der).and_then(|cert| cert.to_pem()).map_err(sentence)?;
    String::from_utf8(bytes).map_err(sentence)
}
