//! The parts put together as one piece of evidence.

use teeproof_core::Technology;
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::hcl::ReportType;

use super::{InputError, Inputs, Kind, Part, pcrs};
use crate::Evidence;
use crate::bundle::Redacted;

/// What only a vTPM behind Azure's report makes sense of.
const OF_THE_TPM: [Kind; 6] = [
    Kind::TdQuote,
    Kind::TpmQuote,
    Kind::TpmSignature,
    Kind::PcrValues,
    Kind::PcrConcatenation,
    Kind::EventLog,
];

/// What is read and not verified by this version.
const UNVERIFIED: [Kind; 2] = [Kind::NitroTpmDocument, Kind::TdReport];
/// What says nothing about a machine.
const NOT_EVIDENCE: [Kind; 3] = [Kind::PublicKey, Kind::TpmPublic, Kind::SealedFile];

impl Inputs {
    /// The piece of evidence.
    ///
    /// # Errors
    /// There is none among the files, something that belongs to it is missing, or something came
    /// along that does not belong to it.
    pub fn evidence(&self) -> Result<Evidence<'_>, InputError> {
        if let Some(kind) =
            [Kind::CcEventLog, Kind::CcelTable].into_iter().find(|kind| self.one(*kind).is_some())
        {
            return Err(InputError::OfRtmrs(kind));
        }
        if let Some(values) = self.one(Kind::OtherPcrValues) {
            return Err(InputError::OtherBank(pcrs::first_bank(values)));
        }
        let whole = self.parts.iter().find_map(|part| technology(part).map(|of| (of, part)));
        let alone = self.parts.iter().map(|part| part.kind).find(|kind| OF_THE_TPM.contains(kind));
        let kinds = || self.parts.iter().map(|part| part.kind);
        if let Some(kind) = kinds().find(|kind| NOT_EVIDENCE.contains(kind)) {
            return Err(InputError::NotEvidence(kind));
        }
        // A TD quote belongs to a report of Azure's paravisor, or else stands for itself.
        let quote = |kind: &Kind| *kind == Kind::TdQuote && whole.is_none();
        if let Some(kind) = kinds().find(|kind| UNVERIFIED.contains(kind) || quote(kind)) {
            return Err(InputError::Unverified(kind));
        }
        let (technology, report) = match (whole, alone) {
            (Some(whole), _) => whole,
            (None, Some(kind)) => return Err(InputError::WithoutReport(kind)),
            (None, None) => return Err(InputError::NoEvidence),
        };
        let evidence = match (technology, alone) {
            (Technology::Nitro, None) if self.parts.iter().all(goes_with_nitro) => {
                Evidence::Nitro(&report.bytes)
            }
            (Technology::Nitro, _) => return Err(InputError::NotTogether),
            (Technology::Snp, None) => Evidence::Snp(&report.bytes),
            (Technology::Snp, Some(kind)) => return Err(InputError::WithoutReport(kind)),
            (Technology::AzureTdx, _) => Evidence::AzureTdx(self.azure(&report.bytes)?),
            _ if self.one(Kind::TdQuote).is_some() => return Err(InputError::TdQuoteOfSnp),
            _ => Evidence::AzureSnp(self.azure(&report.bytes)?),
        };
        if self.redactions.is_empty() {
            Ok(evidence)
        } else {
            Ok(Evidence::Redacted(Redacted { technology, redactions: &self.redactions }))
        }
    }

    /// The paravisor's report with everything that came beside it.
    fn azure<'a>(&'a self, report: &'a [u8]) -> Result<teeproof_hcl::Evidence<'a>, InputError> {
        let quote = match (self.one(Kind::TpmQuote), self.one(Kind::TpmSignature)) {
            (Some(message), Some(signature)) => Some(Quote { message, signature }),
            (Some(_), None) => return Err(InputError::QuoteWithoutSignature),
            (None, Some(_)) => return Err(InputError::WithoutQuote(Kind::TpmSignature)),
            (None, None) => None,
        };
        let concatenation = self.one(Kind::PcrConcatenation).map(PcrValues::InSelectionOrder);
        let pcrs = self.registers.as_deref().map(PcrValues::Indexed).or(concatenation);
        let log = self.one(Kind::EventLog);
        if quote.is_none() && pcrs.is_some() {
            return Err(InputError::WithoutQuote(match concatenation {
                Some(_) => Kind::PcrConcatenation,
                None => Kind::PcrValues,
            }));
        }
        if log.is_some() && pcrs.is_none() {
            return Err(InputError::LogWithoutPcrs);
        }
        let td_quote = self.one(Kind::TdQuote);
        let nonce_in_user_data = self.nonce_in_user_data;
        Ok(teeproof_hcl::Evidence { report, td_quote, quote, pcrs, log, nonce_in_user_data })
    }
}

/// Tells eight PCR values from a signature, both 256 bytes, where a TPMT_SIGNATURE came beside them: that is
/// the signature. Whichever was told, the quote's signature decides.
pub(super) fn tell_values_from_signature(others: &mut [Part], part: Part) -> Part {
    let is_bare = |part: &Part| part.kind == Kind::TpmSignature && part.bytes.len() == 256;
    let other = others.iter_mut().find(|other| other.kind == Kind::TpmSignature);
    match other {
        Some(other) if is_bare(&part) && !is_bare(other) => Part { kind: Kind::PcrConcatenation, ..part },
        Some(other) if part.kind == Kind::TpmSignature && !is_bare(&part) && is_bare(other) => {
            other.kind = Kind::PcrConcatenation;
            part
        }
        _ => part,
    }
}

/// Whether a part may come beside the others: certificates and lists in any number, everything
/// else once, and one report or document.
pub(super) fn check_beside(others: &[Part], part: &Part) -> Result<(), InputError> {
    if let Some(second) = technology(part)
        && let Some(first) = others.iter().find_map(technology)
    {
        return Err(InputError::TwoEvidences { first, second });
    }
    let many = matches!(part.kind, Kind::Certificate | Kind::RevocationList);
    let same = |other: &Part| other.kind == part.kind || (is_registers(other) && is_registers(part));
    if !many && others.iter().any(same) {
        return Err(InputError::TwoOfAKind(part.kind));
    }
    Ok(())
}

/// A Nitro document brings its certificates along; revocation lists can be given for its chain.
fn goes_with_nitro(part: &Part) -> bool {
    matches!(part.kind, Kind::NitroDocument | Kind::RevocationList)
}

fn is_registers(part: &Part) -> bool {
    matches!(part.kind, Kind::PcrValues | Kind::PcrConcatenation)
}

/// What a part is evidence of by itself.
fn technology(part: &Part) -> Option<Technology> {
    match part.kind {
        Kind::SnpReport => Some(Technology::Snp),
        Kind::NitroDocument => Some(Technology::Nitro),
        Kind::HclReport if ReportType::peek(&part.bytes) == Some(ReportType::TDX) => {
            Some(Technology::AzureTdx)
        }
        // Reports of other types too: their verifier says what they are.
        Kind::HclReport => Some(Technology::AzureSnp),
        _ => None,
    }
}
