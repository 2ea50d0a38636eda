//! The attestation document of a NitroTPM (EC2 instance attestation): the structure of an enclave's
//! document, under the same root, for the TPM of an instance.
//!
//! Source: Amazon EC2, "Validate a NitroTPM Attestation Document", the structure and its CDDL. Where real
//! documents are narrower than that text (indexes up to 31, PCRs of 32 or 64 bytes, any number of PCRs), the
//! parser expects what they have: the 24 PCRs of a TPM, SHA-384.

use super::{Document, DocumentPcrs, Fields, Limits, MAX_KEYS, Module, WHAT};
use crate::{Describe, Error, Reader, Visitor, cbor};

/// The number of PCRs of a TPM: 0 to 23 (TCG PC Client Platform TPM Profile, section 4.6).
pub const NITROTPM_PCRS: usize = 24;

/// The payload of a NitroTPM document, unverified. It borrows its input.
///
/// Shape: the CBOR map of a [`Document`], with `nitrotpm_pcrs` in place of `pcrs`: all 24 PCRs of the SHA-384
/// bank.
#[derive(Clone, Copy, Debug)]
pub struct NitroTpmDocument<'a>(Document<'a>);

impl<'a> NitroTpmDocument<'a> {
    /// Parses a payload, which must fill `payload`; `base` is its offset in the document, for the offsets
    /// in errors.
    ///
    /// # Errors
    /// Those of [`Document::parse`], with `nitrotpm_pcrs` in place of `pcrs` and a `module_id` with `-tpm`; a
    /// PCR index above 23; fewer than 24 PCRs. The document of an enclave is
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported): it has the same root, but is not evidence of
    /// an instance.
    pub fn parse(payload: &'a [u8], base: usize, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields { module: Module::Tpm, ..Fields::default() };
        fields.read(payload, base, limits, &mut |_, error| Err(error))?;
        fields.finish(base).map(Self)
    }

    /// Parses a payload that may have unknown keys: for display, never for verification. Each unknown key is
    /// passed to `unknown` with the error that [`NitroTpmDocument::parse`] would return for it.
    ///
    /// # Errors
    /// Those of [`NitroTpmDocument::parse`], except for unknown keys.
    pub fn parse_with_unknown_keys(
        payload: &'a [u8],
        base: usize,
        limits: &Limits,
        unknown: &mut dyn FnMut(&'a str, Error),
    ) -> Result<Self, Error> {
        let mut fields = Fields { module: Module::Tpm, ..Fields::default() };
        fields.read(payload, base, limits, &mut |key, error| {
            unknown(key, error);
            Ok(())
        })?;
        fields.finish(base).map(Self)
    }

    /// Whether a payload is a CBOR map with the key `nitrotpm_pcrs` or a `module_id` with `-tpm`, to choose
    /// a parser by. Nothing else is checked.
    #[must_use]
    pub fn looks_like(payload: &[u8]) -> bool {
        let mut found = false;
        let read = Reader::all(payload, 0, WHAT, |reader| {
            cbor::map(reader, MAX_KEYS, WHAT, |reader| {
                match cbor::text(reader, WHAT)? {
                    "nitrotpm_pcrs" => found = true,
                    "module_id" => {
                        found |= super::has(cbor::text(reader, WHAT)?, b"-tpm");
                        return Ok(());
                    }
                    _ => {}
                }
                cbor::skip(reader, WHAT)
            })
        });
        read.is_ok() && found
    }

    /// `module_id`, text: the TPM of an instance, `i-<17 hex>-tpm<16 hex>`.
    #[must_use]
    pub const fn module_id(&self) -> &'a str {
        self.0.module_id
    }

    /// `timestamp`, unsigned integer: the time of the document, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn timestamp(&self) -> u64 {
        self.0.timestamp
    }

    /// `nitrotpm_pcrs`, a map of index to 48 bytes: the PCR values, 0 to 23.
    #[must_use]
    pub const fn pcrs(&self) -> &DocumentPcrs<'a> {
        &self.0.pcrs
    }

    /// `public_key`, bytes or null: chosen by whoever requested the document, by convention a public key.
    #[must_use]
    pub const fn public_key(&self) -> Option<&'a [u8]> {
        self.0.public_key
    }

    /// `user_data`, bytes or null: chosen by whoever requested the document.
    #[must_use]
    pub const fn user_data(&self) -> Option<&'a [u8]> {
        self.0.user_data
    }

    /// `nonce`, bytes or null: chosen by whoever requested the document, by convention the relying party's
    /// nonce.
    #[must_use]
    pub const fn nonce(&self) -> Option<&'a [u8]> {
        self.0.nonce
    }

    /// The certificates of the document, DER, root first: `cabundle`, then `certificate`.
    pub fn certificates(&self) -> impl Iterator<Item = &'a [u8]> {
        let leaf = self.0.certificate;
        (0..self.0.cabundle.as_slice().len())
            .filter_map(|index| self.0.cabundle.as_slice().get(index).copied())
            .chain(core::iter::once(leaf))
    }
}

impl Describe for NitroTpmDocument<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        self.0.describe_as(Module::Tpm, visitor);
    }
}
