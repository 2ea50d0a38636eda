//! Azure's instance metadata: the VCEK chain of this machine (THIM), and the TD quote service.
//!
//! Source: Microsoft's documentation of Trusted Hardware Identity Management;
//! `GET /metadata/THIM/amd/certification` with the header `Metadata: true`.

use base64ct::{Base64, Base64Unpadded, Base64UrlUnpadded, Encoding};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use crate::{Error, HttpUrl, Method, Request, Transport};

/// Where the instance metadata is, in every machine of Azure.
pub const AZURE_METADATA: &str = "http://169.254.169.254";

const CERTIFICATION: &str = "/metadata/THIM/amd/certification";
const VERSIONS: &str = "/metadata/versions";
const TD_QUOTE: &str = "/acc/tdquote";
/// VCEK, ASK and ARK, and room for one more.
const MAX_CERTIFICATES: usize = 4;
/// The most bytes of a response: three certificates have about 6 KiB.
const MAX_BYTES: usize = 64 * 1024;
/// The most bytes of a response with a quote, of which real ones have 5 to 8 KiB.
const MAX_QUOTE_BYTES: usize = 256 * 1024;

/// The URL of the VCEK chain; `base` is [`AZURE_METADATA`], or a twin's address. The service requires the header
/// `Metadata: true`.
#[must_use]
pub fn certification_url(base: &str) -> String {
    [base.trim_end_matches('/'), CERTIFICATION].concat()
}

/// A request to the metadata service. The service refuses requests without this header, and so those that a redirect
/// causes.
fn request(base: &str, path: &str, max_bytes: usize) -> Result<Request, Error> {
    Ok(Request::get(HttpUrl::parse(base)?.join(path)?, max_bytes).header("metadata", "true"))
}

/// Fetches the certificates of the chip that this machine runs on: the VCEK's, then those above it, DER. `base` is
/// [`AZURE_METADATA`], or a twin's address.
///
/// # Errors
/// No response, or one without a chain.
pub fn vcek_chain(transport: &dyn Transport, base: &str) -> Result<Vec<Vec<u8>>, Error> {
    let request = request(base, CERTIFICATION, MAX_BYTES)?;
    let body = transport.send(&request)?.into_body(&request.url)?;
    let malformed = |what: String| Error::Malformed { url: request.url.to_string(), what };
    let answer: Certification =
        serde_json::from_slice(&body).map_err(|error| malformed(error.to_string()))?;
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
pub fn azure_metadata_answers(transport: &dyn Transport, base: &str) -> Result<(), Error> {
    let request = request(base, VERSIONS, MAX_BYTES)?;
    transport.send(&request)?.into_body(&request.url).map(drop)
}

/// Fetches the TD quote for a TDREPORT (TDREPORT_STRUCT, 1024 bytes) of this machine: the bytes of the quote,
/// unparsed. The report is sent in URL-safe base64, which is the documented form, and in standard base64 if that is
/// refused with status 400.
///
/// # Errors
/// No response, or one without a quote.
pub fn td_quote(transport: &dyn Transport, base: &str, report: &[u8; 1024]) -> Result<Vec<u8>, Error> {
    let send = |report: String| {
        let mut request = request(base, TD_QUOTE, MAX_QUOTE_BYTES)?;
        let body = serde_json::to_vec(&QuoteRequest { report })
            .map_err(|error| Error::Question { what: error.to_string() })?;
        // With a charset, the service answers with status 415.
        request.method = Method::Post { content_type: "application/json", body };
        transport.send(&request)?.into_body(&request.url).map(|body| (body, request.url))
    };
    let sent = match send(Base64UrlUnpadded::encode_string(report)) {
        Err(Error::Status { status: 400, .. }) => send(Base64::encode_string(report)),
        sent => sent,
    };
    let (body, url) = sent?;
    let malformed = |what: String| Error::Malformed { url: url.to_string(), what };
    let answer: QuoteAnswer = serde_json::from_slice(&body).map_err(|error| malformed(error.to_string()))?;
    let text = answer.quote.trim_end_matches('=');
    let quote = Base64UrlUnpadded::decode_vec(text).or_else(|_| Base64Unpadded::decode_vec(text));
    match quote {
        Ok(quote) if !quote.is_empty() => Ok(quote),
        Ok(_) => Err(malformed("quote: empty".to_owned())),
        Err(error) => Err(malformed(format!("quote: {error}"))),
    }
}

/// The members that are read; others are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certification {
    vcek_cert: String,
    certificate_chain: String,
}

#[derive(Serialize)]
struct QuoteRequest {
    report: String,
}

#[derive(Deserialize)]
struct QuoteAnswer {
    quote: String,
}
