//! The attestation document of a NitroTPM (EC2 instance attestation): the structure of an enclave's
//! document, under the same root, for the TPM of an instance.
//!
//! It is parsed for display only and cannot be verified with these crates.

use super::{Document, Fields, Limits, MAX_KEYS, Module, WHAT};
use crate::{Describe, Error, Reader, Visitor, cbor};

/// The payload of a NitroTPM document, unverified. It borrows its input.
///
/// Shape: the CBOR map of a [`Document`], with `nitrotpm_pcrs` in place of `pcrs`.
#[derive(Clone, Copy, Debug)]
pub struct NitroTpmDocument<'a>(Document<'a>);

impl<'a> NitroTpmDocument<'a> {
    /// Parses a payload, which must fill `payload`; `base` is its offset in the document, for the offsets
    /// in errors.
    ///
    /// # Errors
    /// Those of [`Document::parse`], with `nitrotpm_pcrs` in place of `pcrs` and a `module_id` with `-tpm`.
    pub fn parse(payload: &'a [u8], base: usize, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields { module: Module::Tpm, ..Fields::default() };
        fields.read(payload, base, limits, &mut |_, error| Err(error))?;
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
