//! The attestation document of a NitroTPM (EC2 instance attestation): the same structure as an enclave's,
//! under the same root, about an instance's TPM.
//!
//! It is read so that it can be shown; no verification of it is built on this.

use super::{Document, Fields, Limits, MAX_KEYS, Module, WHAT};
use crate::{Describe, Error, Reader, Visitor, cbor};

/// The payload of a NitroTPM document, unverified. It borrows the bytes it was read from.
#[derive(Clone, Copy, Debug)]
pub struct NitroTpmDocument<'a>(Document<'a>);

impl<'a> NitroTpmDocument<'a> {
    /// Reads a payload that begins at `base` of the document and fills `payload`.
    ///
    /// # Errors
    /// As for [`Document::parse`], with `nitrotpm_pcrs` in place of `pcrs` and a module id with `-tpm`.
    pub fn parse(payload: &'a [u8], base: usize, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields { module: Module::Tpm, ..Fields::default() };
        fields.read(payload, base, limits, &mut |_, error| Err(error))?;
        fields.finish(base).map(Self)
    }

    /// Whether a payload says that it is of a NitroTPM: to choose who reads it, and nothing more.
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

    /// The instance's TPM: `i-<17 hex>-tpm<16 hex>`.
    #[must_use]
    pub const fn module_id(&self) -> &'a str {
        self.0.module_id
    }

    /// The certificates of the document, root first, its own last, DER.
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
