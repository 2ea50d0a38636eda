//! The frame of a quote: header, sizes, and certification data.

use super::QuoteBody;

/// The header of a quote, 48 bytes; in version 5 type and size of the body follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuoteHeader {
    /// 0: 4 or 5.
    pub version: u16,
    /// 2: 2 is ECDSA on P-256.
    pub key_type: u16,
    /// 4: 0x81 is TDX.
    pub tee_type: u32,
    /// 8: zero.
    pub reserved: [u8; 4],
    /// 12: Intel's quoting enclaves.
    pub vendor: [u8; 16],
    /// 28: data of the quoting enclave, whose first 16 bytes identify it.
    pub user_data: [u8; 20],
    /// 48: 2 is TDX 1.0, 3 is TDX 1.5. `None` writes neither type nor size, as in version 4.
    pub body_type: Option<u16>,
    /// 50: the size of the body. `None` is the true one.
    pub body_size: Option<u32>,
}

impl Default for QuoteHeader {
    /// Version 4.
    fn default() -> Self {
        let mut user_data = [0; 20];
        user_data.iter_mut().take(16).for_each(|byte| *byte = 0x1d);
        Self {
            version: 4,
            key_type: 2,
            tee_type: 0x81,
            reserved: [0; 4],
            vendor: *b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07",
            user_data,
            body_type: None,
            body_size: None,
        }
    }
}

impl QuoteHeader {
    /// Header and body: what the attestation key signs.
    pub(super) fn signed(&self, body: &QuoteBody) -> Vec<u8> {
        let body = body.bytes();
        let fields: [&[u8]; 6] = [
            &self.version.to_le_bytes(),
            &self.key_type.to_le_bytes(),
            &self.tee_type.to_le_bytes(),
            &self.reserved,
            &self.vendor,
            &self.user_data,
        ];
        let mut out = fields.concat();
        if let Some(body_type) = self.body_type {
            out.extend(body_type.to_le_bytes());
            out.extend(self.body_size.map_or_else(|| size(&body), u32::to_le_bytes));
        }
        out.extend(body);
        out
    }
}

/// The certification data of a quote. Sizes that are `None` are the true ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certification {
    /// The size of the signature data.
    pub signature_data_size: Option<u32>,
    /// The outer type: 6 is the report of the quoting enclave.
    pub kind: u16,
    /// The size of the outer data.
    pub size: Option<u32>,
    /// The authentication data of the quoting enclave.
    pub authentication: Vec<u8>,
    /// The size of the authentication data.
    pub authentication_size: Option<u16>,
    /// The inner type: 5 is a PCK chain in PEM.
    pub inner_kind: u16,
    /// The size of the inner data.
    pub inner_size: Option<u32>,
    /// These bytes in place of the PCK chain.
    pub inner: Option<Vec<u8>>,
    /// Whether the PCK chain leaves the root out.
    pub omit_root: bool,
    /// Whether a NUL ends the PCK chain.
    pub nul: bool,
    /// The bytes after the quote.
    pub trailing: Vec<u8>,
}

impl Default for Certification {
    /// As in quotes from Azure: a closing NUL, and 70 zero bytes after the quote.
    fn default() -> Self {
        Self {
            signature_data_size: None,
            kind: 6,
            size: None,
            authentication: vec![0xa5; 32],
            authentication_size: None,
            inner_kind: 5,
            inner_size: None,
            inner: None,
            omit_root: false,
            nul: true,
            trailing: vec![0; 70],
        }
    }
}

/// The signed parts of a quote, each finished.
pub(super) struct Parts<'a> {
    /// Header and body.
    pub(super) signed: &'a [u8],
    /// The attestation key's signature over them.
    pub(super) signature: &'a [u8],
    /// The attestation key, `x ‖ y`.
    pub(super) attestation_key: &'a [u8],
    /// The report of the quoting enclave.
    pub(super) report: &'a [u8],
    /// The PCK's signature over it.
    pub(super) report_signature: &'a [u8],
    /// The PCK chain in PEM.
    pub(super) pem: &'a str,
}

impl Certification {
    /// The whole quote.
    pub(super) fn close(&self, parts: &Parts<'_>) -> Vec<u8> {
        let inner = self.inner.clone().unwrap_or_else(|| {
            let mut pem = parts.pem.as_bytes().to_vec();
            pem.extend(self.nul.then_some(0));
            pem
        });
        let authentication_size = self
            .authentication_size
            .unwrap_or_else(|| u16::try_from(self.authentication.len()).unwrap_or(u16::MAX));
        let outer = [
            parts.report,
            parts.report_signature,
            &authentication_size.to_le_bytes(),
            &self.authentication,
            &self.inner_kind.to_le_bytes(),
            &self.inner_size.map_or_else(|| size(&inner), u32::to_le_bytes),
            &inner,
        ]
        .concat();
        let data = [
            parts.signature,
            parts.attestation_key,
            &self.kind.to_le_bytes(),
            &self.size.map_or_else(|| size(&outer), u32::to_le_bytes),
            &outer,
        ]
        .concat();
        let data_size = self.signature_data_size.map_or_else(|| size(&data), u32::to_le_bytes);
        [parts.signed, &data_size, &data, &self.trailing].concat()
    }
}

fn size(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}
