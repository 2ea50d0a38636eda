//! The files of one verification or one bundle: the parts of one piece of evidence, and its endorsements.

use alloc::boxed::Box;
use alloc::vec::Vec;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;

use crate::bundle::{Collection, Redaction};
use crate::pcrs::{self, Registers};
use crate::sniff::{Sniffed, sniff};
use crate::{InputError, InputWarning, Kind, Part, together};

/// Files that belong together: one piece of evidence, and what endorses it.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    parts: Vec<Part>,
    registers: Option<Box<Registers>>,
    nonce_in_user_data: bool,
    collection: Option<Collection>,
    redactions: Vec<Redaction>,
    /// How many of the parts came in redacted bundles.
    redacted_parts: usize,
    warnings: Vec<InputWarning>,
}

impl Inputs {
    /// No file yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the content of one file; `kind` overrides what the content looks like.
    ///
    /// # Errors
    /// Content that is nothing known, a certificate or list that is none, or a second piece of
    /// evidence.
    pub fn add(&mut self, bytes: &[u8], kind: Option<Kind>) -> Result<Sniffed, InputError> {
        let sniffed = sniff(bytes, kind)?;
        for redaction in &sniffed.redactions {
            let before = self.parts.iter().filter(|part| part.kind == redaction.part.kind).count();
            self.redactions.push(redaction.moved(before));
        }
        for part in &sniffed.parts {
            self.add_part(part.clone())?;
        }
        if !sniffed.redactions.is_empty() {
            self.redacted_parts = self.redacted_parts.saturating_add(sniffed.parts.len());
        }
        self.warnings.extend_from_slice(&sniffed.warnings);
        self.nonce_in_user_data |= sniffed.nonce_in_user_data;
        if self.collection.is_none() {
            self.collection.clone_from(&sniffed.collection);
        }
        Ok(sniffed)
    }

    /// Takes one part.
    ///
    /// # Errors
    /// A certificate or list that is none, a part that is too large, or a second one of a kind of
    /// which evidence has one.
    pub fn add_part(&mut self, part: Part) -> Result<(), InputError> {
        let part = Part::new(part.kind, &part.bytes)?;
        part.check()?;
        let part = together::tell_values_from_signature(&mut self.parts, part);
        together::check_beside(&self.parts, &part)?;
        if part.kind == Kind::PcrValues {
            self.registers = pcrs::indexed(&part.bytes).map(Box::new);
        }
        self.parts.push(part);
        Ok(())
    }

    /// Takes the parts of other inputs, with the warnings of what was left out of them: what is shared by several
    /// machines' evidence.
    ///
    /// # Errors
    /// Those of [`Inputs::add_part`].
    pub fn add_shared(&mut self, shared: &Self) -> Result<(), InputError> {
        shared.parts.iter().try_for_each(|part| self.add_part(part.clone()))?;
        self.warnings.extend_from_slice(&shared.warnings);
        Ok(())
    }

    /// Everything that was taken, in the order in which it came.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the evidence says that the nonce stands at the start of its user-data as well.
    #[must_use]
    pub const fn nonce_in_user_data(&self) -> bool {
        self.nonce_in_user_data
    }

    /// When and how the parts were collected, if they came in a bundle.
    #[must_use]
    pub const fn collection(&self) -> Option<&Collection> {
        self.collection.as_ref()
    }

    /// What was replaced before the parts were passed on.
    #[must_use]
    pub fn redactions(&self) -> &[Redaction] {
        &self.redactions
    }

    /// The SHA-256 values of PCRs by number, where there are some.
    #[must_use]
    pub fn pcrs(&self) -> Option<&Registers> {
        self.registers.as_deref()
    }

    /// Whether something stands beside the parts of a redacted bundle that was not redacted with them.
    pub const fn adds_to_redacted(&self) -> bool {
        self.redacted_parts > 0 && self.parts.len() > self.redacted_parts
    }

    /// What was left out when the files were read, for the `input_warnings` of a verification.
    #[must_use]
    pub fn warnings(&self) -> &[InputWarning] {
        &self.warnings
    }

    /// The certificates, in the order in which they came.
    ///
    /// # Errors
    /// One of them is not a certificate.
    pub fn certificates(&self) -> Result<Vec<Certificate<'_>>, InputError> {
        self.of(Kind::Certificate)
            .map(|der| Certificate::parse(der).map_err(|error| InputError::Wire(Kind::Certificate, error)))
            .collect()
    }

    /// The revocation lists, in the order in which they came.
    ///
    /// # Errors
    /// One of them is not a revocation list.
    pub fn revocation_lists(&self) -> Result<Vec<RevocationList<'_>>, InputError> {
        self.of(Kind::RevocationList)
            .map(|der| {
                RevocationList::parse(der).map_err(|error| InputError::Wire(Kind::RevocationList, error))
            })
            .collect()
    }

    /// The bytes of every part of a kind, in the order in which they came.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().filter(move |part| part.kind == kind).map(|part| part.bytes.as_slice())
    }

    /// The bytes of the part of a kind of which there is at most one.
    #[must_use]
    pub fn one(&self, kind: Kind) -> Option<&[u8]> {
        self.of(kind).next()
    }
}
