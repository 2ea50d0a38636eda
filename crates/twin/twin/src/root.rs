//! The mark of a twin's trust anchor.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// Serial number of a twin's root, which no CA uses: the text in bytes.
pub(crate) const ROOT_SERIAL: &[u8; 13] = b"teeproof-twin";
/// Bound on the serial number's offset: outer lengths and version.
const MOST_BEFORE_SERIAL: usize = 16;

/// Whether this certificate, in DER or PEM, is a twin's root, of this or another process.
#[must_use]
pub fn is_twin_root(certificate: &[u8]) -> bool {
    if !certificate.starts_with(b"-----BEGIN") {
        return has_serial(certificate);
    }
    CertificateDer::from_pem_slice(certificate).is_ok_and(|der| has_serial(&der))
}

fn has_serial(der: &[u8]) -> bool {
    // An INTEGER of 13 bytes.
    let serial = [&[0x02, 0x0d][..], ROOT_SERIAL].concat();
    let head = der.get(..MOST_BEFORE_SERIAL.saturating_add(serial.len())).unwrap_or(der);
    head.windows(serial.len()).any(|window| window == serial)
}
