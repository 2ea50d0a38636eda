//! TPMT_SIGNATURE: the signature over a TPMS_ATTEST. Signatures of RSASSA with SHA-256 can be verified,
//! those of other schemes displayed.

use super::{digest_bytes, sized, u16_be};
use crate::{Error, ErrorKind, Reader};

/// TPM_ALG_RSASSA.
const RSASSA: u16 = 0x0014;
/// TPM_ALG_SHA256.
const SHA256: u16 = 0x000b;
/// TPM_ALG_NULL: some clients write it in place of the hash.
const NULL: u16 = 0x0010;
/// The size limit of a number of a signature in bytes: RSA of 4096 bits.
const MAX_NUMBER: usize = 512;

const SCHEME: &str = "TPMT_SIGNATURE: sigAlg";
const HASH: &str = "TPMT_SIGNATURE: hash";

/// The 256 bytes of an RSASSA-PKCS1-v1_5 signature by a 2048-bit key with SHA-256. `bytes` are the value
/// itself, or a TPMT_SIGNATURE (`0014 000b 0100`, then the value); the length distinguishes them.
///
/// # Errors
/// Another length; a TPMT_SIGNATURE of another scheme, hash or size.
pub fn rsassa_sha256(bytes: &[u8]) -> Result<&[u8; 256], Error> {
    if let Ok(raw) = bytes.try_into() {
        return Ok(raw);
    }
    Reader::all(bytes, 0, "TPMT_SIGNATURE", |reader| {
        let at = reader.at();
        let scheme = u16_be(reader, SCHEME)?;
        if scheme != RSASSA {
            let (kind, expected) = not_rsassa(scheme);
            return Err(at.error(kind, SCHEME, expected));
        }
        let at = reader.at();
        let hash = u16_be(reader, HASH)?;
        if hash != SHA256 {
            return Err(at.error(ErrorKind::Unsupported, HASH, not_sha256(hash)));
        }
        let size = reader.at();
        if *reader.array("TPMT_SIGNATURE: size")? != [0x01, 0x00] {
            return Err(size.error(ErrorKind::Unsupported, "TPMT_SIGNATURE: size", "256 bytes (0100)"));
        }
        reader.array("TPMT_SIGNATURE: sig")
    })
}

/// The expectation for a scheme that cannot be verified: HMAC, RSAPSS and the schemes on curves
/// are signatures too, and all other bytes are not.
const fn not_rsassa(scheme: u16) -> (ErrorKind, &'static str) {
    let expected = match scheme {
        0x0005 => "RSASSA (0014); this is an HMAC (0005)",
        0x0016 => "RSASSA (0014); this is an RSAPSS signature (0016)",
        0x0018 => "RSASSA (0014); this is an ECDSA signature (0018)",
        0x001a => "RSASSA (0014); this is an ECDAA signature (001a)",
        0x001b => "RSASSA (0014); this is an SM2 signature (001b)",
        0x001c => "RSASSA (0014); this is an EC-Schnorr signature (001c)",
        _ => return (ErrorKind::Value, "RSASSA (0014), or 256 bytes without a head"),
    };
    (ErrorKind::Unsupported, expected)
}

const fn not_sha256(hash: u16) -> &'static str {
    match hash {
        0x0004 => "SHA-256 (000b); this is SHA-1 (0004)",
        0x000c => "SHA-256 (000b); this is SHA-384 (000c)",
        0x000d => "SHA-256 (000b); this is SHA-512 (000d)",
        _ => "SHA-256 (000b)",
    }
}

/// A signature of any scheme, unverified. It borrows its input.
///
/// Shape: TPMT_SIGNATURE, big-endian: scheme (2 bytes), hash (2 bytes), value.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 11.3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TpmSignature<'a> {
    /// `sigAlg`, 2 bytes: the scheme, a TPM_ALG_ID.
    pub scheme: u16,
    /// `hash`, 2 bytes: a TPM_ALG_ID.
    pub hash: u16,
    /// The value, by the scheme.
    pub value: SignatureValue<'a>,
}

/// The value of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureValue<'a> {
    /// RSASSA and RSAPSS: a TPM2B as long as the modulus, big-endian, up to 512 bytes.
    Rsa(&'a [u8]),
    /// ECDSA and other schemes on elliptic curves: `r` and `s`, each a TPM2B, big-endian.
    Curve(&'a [u8], &'a [u8]),
    /// HMAC: a digest of the hash algorithm.
    Hmac(&'a [u8]),
}

impl<'a> TpmSignature<'a> {
    /// Parses a TPMT_SIGNATURE, which must fill `bytes`.
    ///
    /// # Errors
    /// An unknown scheme or hash; an empty number, or one of more than 512 bytes; bytes after the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, 0, "TPMT_SIGNATURE", |reader| {
            let at = reader.at();
            let scheme = u16_be(reader, SCHEME)?;
            let unknown =
                at.error(ErrorKind::Value, SCHEME, "a signature scheme of the TCG Algorithm Registry");
            let at = reader.at();
            let hash = u16_be(reader, HASH)?;
            let digest = digest_bytes(hash).ok_or(at.error(
                ErrorKind::Value,
                HASH,
                "a hash of the TCG Algorithm Registry",
            ));
            let value = match scheme {
                RSASSA | 0x0016 => SignatureValue::Rsa(number(reader, "TPMT_SIGNATURE: sig")?),
                0x0018 | 0x001a..=0x001c => SignatureValue::Curve(
                    number(reader, "TPMT_SIGNATURE: signatureR")?,
                    number(reader, "TPMT_SIGNATURE: signatureS")?,
                ),
                0x0005 => SignatureValue::Hmac(reader.take(digest?, "TPMT_SIGNATURE: digest")?),
                _ => return Err(unknown),
            };
            if hash != NULL {
                digest?;
            }
            Ok(Self { scheme, hash, value })
        })
    }

    /// The name of the scheme, with the curve if the length of `r` and `s` determines it: `ECDSA P-384`.
    #[must_use]
    pub const fn scheme_name(&self) -> &'static str {
        match (self.scheme, self.value) {
            (RSASSA, _) => "RSASSA",
            (0x0016, _) => "RSAPSS",
            (0x0018, SignatureValue::Curve(r, s)) => {
                match if r.len() > s.len() { r.len() } else { s.len() } {
                    32 => "ECDSA P-256",
                    48 => "ECDSA P-384",
                    66 => "ECDSA P-521",
                    _ => "ECDSA",
                }
            }
            (0x001a, _) => "ECDAA",
            (0x001b, _) => "SM2",
            (0x001c, _) => "EC-Schnorr",
            _ => "HMAC",
        }
    }

    /// Whether quotes with this signature can be verified: RSASSA with SHA-256, 2048 bits.
    #[must_use]
    pub const fn is_supported(&self) -> bool {
        let long = matches!(self.value, SignatureValue::Rsa(number) if number.len() == 256);
        self.scheme == RSASSA && self.hash == SHA256 && long
    }
}

fn number<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], Error> {
    let at = reader.at();
    let number = sized(reader, what, MAX_NUMBER)?;
    if number.is_empty() { Err(at.error(ErrorKind::Missing, what, "1 to 512 bytes")) } else { Ok(number) }
}
