//! TPMT_RSA_SCHEME: the signature or encryption scheme of an RSA key.

use core::fmt;

use super::{NULL, digest_bytes};
use crate::tpm::{bank_name, u16_be};
use crate::{Error, ErrorKind, Reader};

/// A scheme of an RSA key with its hash, a TPM_ALG_ID.
///
/// Shape, big-endian: the scheme (2 bytes), and the hash (2 bytes) in schemes that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RsaScheme {
    /// TPM_ALG_RSASSA: signatures of RSASSA-PKCS1-v1_5.
    Rsassa(u16),
    /// TPM_ALG_RSAES: encryption by RSAES-PKCS1-v1_5, without a hash.
    Rsaes,
    /// TPM_ALG_RSAPSS: signatures of RSASSA-PSS.
    Rsapss(u16),
    /// TPM_ALG_OAEP: encryption by RSAES-OAEP.
    Oaep(u16),
}

impl RsaScheme {
    /// Reads a scheme; TPM_ALG_NULL gives `None`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        const WHAT: &str = "TPMT_PUBLIC: scheme";
        let at = reader.at();
        let scheme: fn(u16) -> Self = match u16_be(reader, WHAT)? {
            NULL => return Ok(None),
            0x0015 => return Ok(Some(Self::Rsaes)),
            0x0014 => Self::Rsassa,
            0x0016 => Self::Rsapss,
            0x0017 => Self::Oaep,
            _ => {
                let expected = "NULL (0010), RSASSA (0014), RSAES (0015), RSAPSS (0016) or OAEP (0017)";
                return Err(at.error(ErrorKind::Value, WHAT, expected));
            }
        };
        let at = reader.at();
        let hash = u16_be(reader, "TPMT_PUBLIC: scheme's hash")?;
        if digest_bytes(hash).is_none() {
            let expected = "a hash that is known: of SHA-1, SHA-2, SHA-3 or SM3";
            return Err(at.error(ErrorKind::Unsupported, "TPMT_PUBLIC: scheme's hash", expected));
        }
        Ok(Some(scheme(hash)))
    }

    /// Whether the scheme is a signature scheme.
    #[must_use]
    pub const fn signs(self) -> bool {
        matches!(self, Self::Rsassa(_) | Self::Rsapss(_))
    }
}

impl crate::FieldValue for RsaScheme {}

impl fmt::Display for RsaScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsassa(hash) => write!(f, "RSASSA with {}", bank_name(*hash)),
            Self::Rsaes => f.write_str("RSAES"),
            Self::Rsapss(hash) => write!(f, "RSAPSS with {}", bank_name(*hash)),
            Self::Oaep(hash) => write!(f, "OAEP with {}", bank_name(*hash)),
        }
    }
}
