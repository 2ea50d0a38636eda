//! The signature over what a TPM attests, in the two forms in which it is handed around.

use crate::{Error, Kind, Reader};

/// TPM_ALG_RSASSA.
const RSASSA: [u8; 2] = [0x00, 0x14];
/// TPM_ALG_SHA256.
const SHA256: [u8; 2] = [0x00, 0x0b];

/// The 256 bytes of an RSASSA-PKCS1-v1_5 signature of a 2048-bit key with SHA-256: as they are, or
/// inside a TPMT_SIGNATURE (`0014 000b 0100`, then the value), told apart by their length.
///
/// # Errors
/// Another length; a TPMT_SIGNATURE of another scheme, hash or size.
pub fn rsassa_sha256(bytes: &[u8]) -> Result<&[u8; 256], Error> {
    const WHAT: &str = "TPMT_SIGNATURE: sigAlg";
    if let Ok(raw) = bytes.try_into() {
        return Ok(raw);
    }
    Reader::all(bytes, 0, "TPMT_SIGNATURE", |reader| {
        let at = reader.at();
        let scheme = *reader.array(WHAT)?;
        if scheme != RSASSA {
            // HMAC, RSAPSS and the schemes on curves are signatures as well; the rest is none.
            let kind = match u16::from_be_bytes(scheme) {
                0x0005 | 0x0016 | 0x0018 | 0x001a..=0x001c => Kind::Unsupported,
                _ => Kind::Value,
            };
            return Err(at.error(kind, WHAT, "RSASSA (0014), or 256 bytes without a head"));
        }
        let hash = reader.at();
        if *reader.array("TPMT_SIGNATURE: hash")? != SHA256 {
            return Err(hash.error(Kind::Unsupported, "TPMT_SIGNATURE: hash", "SHA-256 (000b)"));
        }
        let size = reader.at();
        if *reader.array("TPMT_SIGNATURE: size")? != [0x01, 0x00] {
            return Err(size.error(Kind::Unsupported, "TPMT_SIGNATURE: size", "256 bytes (0100)"));
        }
        reader.array("TPMT_SIGNATURE: sig")
    })
}
