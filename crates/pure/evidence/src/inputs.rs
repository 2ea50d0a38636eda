//! The files of one verification or one bundle: the parts of evidence of one machine, and its endorsements.

use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;

use crate::bundle::{Bundle, BundleError, Collection, Redaction};
use crate::sniff::{FileSummary, Sniffed, sniff};
use crate::{InputError, InputKind, InputWarning, Part, TdQuotePart};

/// Files that are verified together: one report or document with its parts, and its endorsements.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    parts: Vec<Part>,
    nonce_in_user_data: bool,
    collection: Option<Collection>,
    redactions: Vec<Redaction>,
    /// How many of the parts are from redacted bundles.
    redacted_parts: usize,
    warnings: Vec<InputWarning>,
}

impl Inputs {
    /// Inputs without a file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the content of one file; `kind` overrides the recognised kind.
    ///
    /// # Errors
    /// Those of [`sniff`] and [`Inputs::add_sniffed`].
    pub fn add(&mut self, bytes: &[u8], kind: Option<InputKind>) -> Result<FileSummary, InputError> {
        self.add_sniffed(sniff(bytes, kind)?)
    }

    /// Adds the parts of a file, with its warnings.
    ///
    /// # Errors
    /// Those of [`Inputs::add_part`].
    pub fn add_sniffed(&mut self, sniffed: Sniffed) -> Result<FileSummary, InputError> {
        let summary = sniffed.summary();
        let Sniffed { parts, nonce_in_user_data, collection, redactions, warnings, .. } = sniffed;
        for redaction in &redactions {
            let before = self.parts.iter().filter(|part| part.kind() == redaction.part.kind).count();
            self.redactions.push(redaction.moved(before));
        }
        if !redactions.is_empty() {
            self.redacted_parts = self.redacted_parts.saturating_add(parts.len());
        }
        parts.into_iter().try_for_each(|part| self.add_part(part))?;
        self.warnings.extend(warnings);
        self.nonce_in_user_data |= nonce_in_user_data;
        if self.collection.is_none() {
            self.collection = collection;
        }
        Ok(summary)
    }

    /// Adds one part.
    ///
    /// # Errors
    /// A part that is not of its kind, a second one of a kind of which evidence has one, or more than 16 responses
    /// of Intel's PCS of a kind.
    pub fn add_part(&mut self, part: Part) -> Result<(), InputError> {
        if let Some(error) = part.error() {
            return Err(error.into());
        }
        let part = tell_values_from_signature(&mut self.parts, part);
        check_together(&self.parts, &part)?;
        self.parts.push(part);
        Ok(())
    }

    /// Adds the parts of other inputs, with their warnings: endorsements that the evidence of several
    /// machines has in common. Certificates and revocation lists are shared, not copied.
    ///
    /// # Errors
    /// Those of [`Inputs::add_part`].
    pub fn add_shared(&mut self, shared: &Self) -> Result<(), InputError> {
        shared.parts.iter().try_for_each(|part| self.add_part(part.clone()))?;
        self.warnings.extend_from_slice(&shared.warnings);
        Ok(())
    }

    /// A bundle of everything that was added.
    ///
    /// # Errors
    /// Nothing is evidence, or something is of a kind that bundles do not contain; other files with a
    /// redacted bundle; more certificates or lists than a bundle has; too many bytes;
    /// a time or a tool that cannot be written.
    pub fn into_bundle(self, mut collection: Collection) -> Result<Bundle, BundleError> {
        if self.adds_to_redacted() {
            return Err(BundleError::AddedToRedacted);
        }
        collection.nonce_in_user_data |= self.nonce_in_user_data;
        Bundle::new(self.parts, collection, self.redactions)
    }

    /// Everything that was added, in the order in which it was added.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the evidence says that the nonce is at the start of its user-data as well.
    #[must_use]
    pub const fn nonce_in_user_data(&self) -> bool {
        self.nonce_in_user_data
    }

    /// When and how the parts were collected, if they are from a bundle.
    #[must_use]
    pub const fn collection(&self) -> Option<&Collection> {
        self.collection.as_ref()
    }

    /// The identifiers that were replaced in a redacted bundle.
    #[must_use]
    pub fn redactions(&self) -> &[Redaction] {
        &self.redactions
    }

    /// The report, document or TD quote that is verified, with its technology, in whatever order the parts were
    /// added; `None` if no part is evidence by itself. A TD quote is [`Technology::Tdx`] without an HCL report, and a
    /// part of [`Technology::AzureTdx`] with one, which is returned then.
    #[must_use]
    pub fn evidence(&self) -> Option<(Technology, &Part)> {
        let report = self.parts.iter().find_map(|part| Some((part.technology()?, part)));
        report.or_else(|| self.parts.iter().find_map(|part| Some((of_itself(part)?, part))))
    }

    /// The SHA-256 values of PCRs by number; `None` without such a part.
    #[must_use]
    pub fn pcrs(&self) -> Option<&[Option<[u8; 32]>; 24]> {
        self.parts.iter().find_map(|part| match part {
            Part::Pcrs(values) => Some(values.values()),
            _ => None,
        })
    }

    /// The TD quote, with the certificates in it; `None` without such a part.
    #[must_use]
    pub fn td_quote(&self) -> Option<&TdQuotePart> {
        self.parts.iter().find_map(|part| match part {
            Part::TdQuote(quote) => Some(&**quote),
            _ => None,
        })
    }

    /// Whether there are parts of a redacted bundle and others that were not redacted with them.
    const fn adds_to_redacted(&self) -> bool {
        self.redacted_parts > 0 && self.parts.len() > self.redacted_parts
    }

    /// Content of the files that was ignored, for the `input_warnings` of a verification.
    #[must_use]
    pub fn warnings(&self) -> &[InputWarning] {
        &self.warnings
    }

    /// The certificates, in the order in which they were added. They are not parsed again.
    #[must_use]
    pub fn certificates(&self) -> Vec<Certificate<'_>> {
        let certificates = self.parts.iter().filter_map(|part| match part {
            Part::Certificate(certificate) => Some(certificate.view()),
            _ => None,
        });
        certificates.collect()
    }

    /// The revocation lists, in the order in which they were added. They are not parsed again.
    #[must_use]
    pub fn revocation_lists(&self) -> Vec<RevocationList<'_>> {
        let lists = self.parts.iter().filter_map(|part| match part {
            Part::RevocationList(list) => Some(list.view()),
            _ => None,
        });
        lists.collect()
    }

    /// The responses of Intel's PCS: TCB info and QE identities in the order in which they were added, as received
    /// and unverified. Each is a JSON object with one signed member and a signature of 64 bytes, in at most 128 KiB.
    #[must_use]
    pub fn collateral(&self) -> Vec<&str> {
        let responses = self.parts.iter().filter_map(|part| match part {
            Part::Collateral(response) => Some(response.text()),
            _ => None,
        });
        responses.collect()
    }

    /// Everything in the files besides the evidence that a verification takes into account.
    #[must_use]
    pub fn endorsements(&self) -> InputEndorsements<'_> {
        InputEndorsements {
            certificates: self.certificates(),
            revocation_lists: self.revocation_lists(),
            collateral: self.collateral(),
            warnings: self.warnings(),
        }
    }

    /// The bytes of the first part of a kind, which is the only one but for endorsements.
    #[must_use]
    pub fn bytes_of(&self, kind: InputKind) -> Option<&[u8]> {
        self.parts.iter().find(|part| part.kind() == kind).map(Part::bytes)
    }
}

/// The endorsements among the parts of files, and the warnings of reading them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InputEndorsements<'a> {
    /// The certificates, in the order in which they were added; none of them is trusted.
    pub certificates: Vec<Certificate<'a>>,
    /// The revocation lists, in the order in which they were added; not verified.
    pub revocation_lists: Vec<RevocationList<'a>>,
    /// The responses of Intel's PCS, in the order in which they were added; as received, not verified.
    pub collateral: Vec<&'a str>,
    /// Content of the files that was ignored.
    pub warnings: &'a [InputWarning],
}

/// Distinguishes eight PCR values from a signature, both 256 bytes: where there is a TPMT_SIGNATURE too, that is the
/// signature. A wrong choice is found when the quote's signature is verified.
fn tell_values_from_signature(others: &mut [Part], part: Part) -> Part {
    let is_bare = |part: &Part| part.kind() == InputKind::TpmSignature && part.bytes().len() == 256;
    let other = others.iter_mut().find(|other| other.kind() == InputKind::TpmSignature);
    match other {
        Some(other) if is_bare(&part) && !is_bare(other) => part.into_concatenation(),
        Some(other) if part.kind() == InputKind::TpmSignature && !is_bare(&part) && is_bare(other) => {
            // The two trade places, so that the values come first, as they did.
            let values = core::mem::replace(other, part).into_concatenation();
            core::mem::replace(other, values)
        }
        _ => part,
    }
}

/// The most responses of Intel's PCS of a kind that are verified with one piece of evidence: the limit of
/// `teeproof_tdx::verify`.
const MAX_COLLATERAL: usize = 16;

/// Whether a part may be added to the others: endorsements in any number, of Intel's PCS up to [`MAX_COLLATERAL`] of
/// each kind, everything else once, and one report, document or TD quote.
fn check_together(others: &[Part], part: &Part) -> Result<(), InputError> {
    if let Some(second) = of_itself(part) {
        others.iter().filter_map(of_itself).try_for_each(|first| check_technologies(first, second))?;
    }
    let kind = part.kind();
    let same = |other: &&Part| other.kind() == kind || (is_pcrs(other) && is_pcrs(part));
    if !kind.is_endorsement() {
        return if others.iter().any(|other| same(&other)) {
            Err(InputError::TwoOfAKind(kind))
        } else {
            Ok(())
        };
    }
    let is_bounded = matches!(part, Part::Collateral(_));
    if is_bounded && others.iter().filter(same).nth(MAX_COLLATERAL.saturating_sub(1)).is_some() {
        return Err(InputError::TooMany { kind, limit: MAX_COLLATERAL });
    }
    Ok(())
}

/// The technology of a part that is evidence by itself, a TD quote among them.
fn of_itself(part: &Part) -> Option<Technology> {
    part.technology().or_else(|| (part.kind() == InputKind::TdQuote).then_some(Technology::Tdx))
}

/// Whether evidence of both technologies can be of one machine: a TD quote and the HCL report of the VM that it is of.
const fn check_technologies(first: Technology, second: Technology) -> Result<(), InputError> {
    match (first, second) {
        (Technology::AzureTdx, Technology::Tdx) | (Technology::Tdx, Technology::AzureTdx) => Ok(()),
        (Technology::AzureSnp, Technology::Tdx) | (Technology::Tdx, Technology::AzureSnp) => {
            Err(InputError::TdQuoteOfSnp)
        }
        (Technology::Tdx, Technology::Tdx) => Err(InputError::TwoOfAKind(InputKind::TdQuote)),
        (first, second) => Err(InputError::TwoEvidences { first, second }),
    }
}

fn is_pcrs(part: &Part) -> bool {
    matches!(part.kind(), InputKind::PcrValues | InputKind::PcrConcatenation)
}
