//! Collateral of a platform, unverified: TCB info and QE identity as signed JSON, certificates.
//!
//! Source: Intel PCS API version 4, TCB info and enclave identity.

use core::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use teeproof_wire::certificate::Certificate;

use crate::json::HexText;
use crate::{DocumentProblem, Error};

/// The size limit of one document of collateral in bytes; real ones have up to 30,000.
pub const MAX_COLLATERAL_BYTES: usize = 128 * 1024;

/// The kind of a signed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollateralKind {
    /// TCB info of a platform, member `tcbInfo`.
    TcbInfo,
    /// The identity of the quoting enclave, member `enclaveIdentity`.
    QeIdentity,
}

impl fmt::Display for CollateralKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TcbInfo => "TCB info",
            Self::QeIdentity => "QE identity",
        })
    }
}

/// A document of Intel's provisioning certification service: the signed JSON as received, and its signature.
/// Unverified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedJson<'a> {
    kind: CollateralKind,
    body: &'a str,
    signature: [u8; 64],
}

/// The response of the service. The bodies are kept as received, because the signature is over their bytes.
#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow, rename = "tcbInfo")]
    tcb_info: Option<&'a RawValue>,
    #[serde(borrow, rename = "enclaveIdentity")]
    enclave_identity: Option<&'a RawValue>,
    signature: HexText<64>,
}

impl<'a> SignedJson<'a> {
    /// Parses a response of the service: an object with `tcbInfo` or `enclaveIdentity`, and `signature`. The
    /// signed member is not interpreted.
    ///
    /// # Errors
    /// [`Error::Collateral`] for more than [`MAX_COLLATERAL_BYTES`], or JSON of another shape.
    pub fn parse(response: &'a str) -> Result<Self, Error> {
        if response.len() > MAX_COLLATERAL_BYTES {
            return Err(Error::Collateral(DocumentProblem::TooLarge));
        }
        let parsed: Response<'a> = serde_json::from_str(response)
            .map_err(|error| Error::Collateral(DocumentProblem::json(&error, response)))?;
        let (kind, body) = match (parsed.tcb_info, parsed.enclave_identity) {
            (Some(body), None) => (CollateralKind::TcbInfo, body),
            (None, Some(body)) => (CollateralKind::QeIdentity, body),
            _ => return Err(Error::Collateral(DocumentProblem::Members)),
        };
        let HexText(signature) = parsed.signature;
        Ok(Self { kind, body: body.get(), signature })
    }

    /// A document whose signed JSON and signature (128 hexadecimal digits, `r ‖ s`) are apart, as Intel's
    /// libraries pass them.
    ///
    /// # Errors
    /// [`Error::Collateral`] for more than [`MAX_COLLATERAL_BYTES`], or another signature.
    pub fn from_parts(kind: CollateralKind, body: &'a str, signature: &str) -> Result<Self, Error> {
        if body.len() > MAX_COLLATERAL_BYTES {
            return Err(Error::Collateral(DocumentProblem::TooLarge));
        }
        let signature =
            crate::json::hex(signature).ok_or(Error::Collateral(DocumentProblem::SignatureForm))?;
        Ok(Self { kind, body, signature })
    }

    /// The kind of the document.
    #[must_use]
    pub const fn kind(&self) -> CollateralKind {
        self.kind
    }

    /// The signed JSON as received.
    #[must_use]
    pub const fn body(&self) -> &'a str {
        self.body
    }

    /// The signature over the body: `r ‖ s`, 32 bytes each, big-endian.
    #[must_use]
    pub const fn signature(&self) -> &[u8; 64] {
        &self.signature
    }
}

/// The collateral of a verification, in any order, possibly with documents of other platforms. Revocation lists
/// are part of the path options: see [`crate::TdxVerification`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Collateral<'a, 's> {
    /// TCB info and QE identity documents.
    pub documents: &'s [SignedJson<'a>],
    /// Certificates: the TCB signing chain, and those of the PCK chain that the quote omits.
    pub certificates: &'s [Certificate<'a>],
}

impl Collateral<'_, '_> {
    /// No collateral: a quote is verified up to its signature, and the error names what to fetch.
    pub const NONE: Self = Self { documents: &[], certificates: &[] };
}
