//! Adapters of the published verifiers, one file each, with one interface: bytes in, success or an error text out.
//! The tests compare their results with ours, the bench their times.

pub mod attestation_doc_validation;
#[cfg(feature = "azure")]
pub mod az_cvm_vtpm;
#[cfg(feature = "azure")]
pub mod az_snp_vtpm;
pub mod clock;
pub mod dcap_qvl;
pub mod nitro_attest;
#[cfg(any(feature = "nossl", feature = "openssl"))]
pub mod sev;

/// What a peer says: yes, or why not, in its own words.
pub type Outcome<T = ()> = Result<T, String>;

/// Turns an error of a peer, with what caused it, into one sentence.
fn sentence(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
