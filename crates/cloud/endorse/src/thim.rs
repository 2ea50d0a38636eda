//! The VCEK chain of this machine, from Azure's instance metadata (THIM).
//!
//! Source: Microsoft's documentation of Trusted Hardware Identity Management;
//! `GET /metadata/THIM/amd/certification` with the header `Metadata: true`.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;

use crate::{Error, Get};

/// Where the instance metadata is, in every machine of Azure.
pub const AZURE_METADATA: &str = "http://169.254.169.254";

const CERTIFICATION: &str = "/metadata/THIM/amd/certification";
const VERSIONS: &str = "/metadata/versions";
/// The service refuses requests without this header, and so those that a redirect causes.
const HEADERS: &[(&str, &str)] = &[("Metadata", "true")];
/// VCEK, ASK and ARK, and room for one more.
const MAX_CERTIFICATES: usize = 4;

/// The URL of the VCEK chain; `base` is [`AZURE_METADATA`], or a twin's address. The service requires the header
/// `Metadata: true`.
#[must_use]
pub fn certification_url(base: &str) -> String {
    [base.trim_end_matches('/'), CERTIFICATION].concat()
}

/// Fetches the certificates of the chip that this machine runs on: the VCEK's, then those above it, DER. `base` is [`AZURE_METADATA`], or a twin's address.
///
/// # Errors
/// No response, or one without a chain.
pub fn vcek_chain(get: &dyn Get, base: &str) -> Result<Vec<Vec<u8>>, Error> {
    let url = certification_url(base);
    let body = get.get(&url, HEADERS)?;
    let malformed = |what: String| Error::Malformed { url: url.clone(), what };
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| malformed(error.to_string()))?;
    let mut certificates = Vec::new();
    for (name, text) in [("vcekCert", &answer.vcek_cert), ("certificateChain", &answer.certificate_chain)] {
        let before = certificates.len();
        for found in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let certificate = found.map_err(|error| malformed(format!("{name}: {error}")))?;
            if certificates.len() == MAX_CERTIFICATES {
                return Err(malformed(format!("{name}: more than {MAX_CERTIFICATES} certificates")));
            }
            certificates.push(certificate.to_vec());
        }
        if certificates.len() == before {
            return Err(malformed(format!("{name}: there is no certificate in it")));
        }
    }
    Ok(certificates)
}

/// Whether the instance metadata answers at all.
///
/// # Errors
/// It does not answer, or with another status than 200.
pub fn azure_metadata_answers(get: &dyn Get, base: &str) -> Result<(), Error> {
    get.get(&[base.trim_end_matches('/'), VERSIONS].concat(), HEADERS).map(drop)
}

/// The members that are read; others are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    vcek_cert: String,
    certificate_chain: String,
}
