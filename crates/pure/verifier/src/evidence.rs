//! Evidence of one machine, and its assembly from the parts of files.

use teeproof_core::Technology;
use teeproof_evidence::bundle::Redacted;
use teeproof_evidence::{InputError, InputKind, Inputs, Part, pcrs};
use teeproof_tdx::TdxEvidenceView;
use teeproof_tpm::{PcrValues, Quote};

/// Evidence of one machine, not yet verified; made from bytes or, by [`Evidence::from_inputs`], from files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence<'a> {
    /// `ATTESTATION_REPORT` of SEV-SNP (ABI 56860), 1,184 bytes.
    Snp(&'a [u8]),
    /// A TD quote and, if there is one, the event log (CCEL) of the guest.
    Tdx {
        /// The quote with the certificates in it.
        quote: TdxEvidenceView<'a>,
        /// The CCEL, binary.
        log: Option<&'a [u8]>,
    },
    /// An Azure confidential VM on SEV-SNP: HCL report and, from the vTPM, quote, PCR values and event log.
    AzureSnp(teeproof_hcl::HclEvidence<'a>),
    /// An Azure confidential VM on TDX: HCL report, TD quote and, from the vTPM, quote, PCR values and event log.
    AzureTdx(teeproof_hcl::HclEvidence<'a>),
    /// A Nitro attestation document of an enclave: `COSE_Sign1`.
    Nitro(&'a [u8]),
    /// An attestation document of a NitroTPM: `COSE_Sign1`.
    NitroTpm(&'a [u8]),
    /// Evidence of a redacted bundle: refused, because its signatures are no longer valid.
    Redacted(Redacted<'a>),
}

impl Evidence<'_> {
    /// The technology of the evidence.
    #[must_use]
    pub const fn technology(&self) -> Technology {
        match self {
            Self::Snp(_) => Technology::Snp,
            Self::Tdx { .. } => Technology::Tdx,
            Self::AzureSnp(_) => Technology::AzureSnp,
            Self::AzureTdx(_) => Technology::AzureTdx,
            Self::Redacted(redacted) => redacted.technology,
            Self::Nitro(_) => Technology::Nitro,
            Self::NitroTpm(_) => Technology::NitroTpm,
        }
    }
}

/// Parts that belong to an Azure VM's vTPM.
const OF_THE_TPM: [InputKind; 5] = [
    InputKind::TpmQuote,
    InputKind::TpmSignature,
    InputKind::PcrValues,
    InputKind::PcrConcatenation,
    InputKind::EventLog,
];

/// Parts that this version describes and does not verify.
const UNVERIFIED: [InputKind; 1] = [InputKind::TdReport];
/// Parts that say nothing about a machine.
const NOT_EVIDENCE: [InputKind; 3] = [InputKind::PublicKey, InputKind::TpmPublic, InputKind::SealedFile];

impl<'a> Evidence<'a> {
    /// The evidence among the parts of files.
    ///
    /// # Errors
    /// The files have no evidence, lack a part of it, have evidence of two kinds, or have a part that does not belong
    /// to it.
    pub fn from_inputs(inputs: &'a Inputs) -> Result<Self, InputError> {
        if let Some(values) = inputs.bytes_of(InputKind::OtherPcrValues) {
            return Err(InputError::OtherBank(pcrs::first_bank(values)));
        }
        let whole = inputs.parts().iter().find_map(|part| part.technology().map(|of| (of, part)));
        let quote = inputs.td_quote().filter(|_| whole.is_none());
        let kinds_of_rtmrs = [InputKind::CcEventLog, InputKind::CcelTable];
        let of_rtmrs = kinds_of_rtmrs.into_iter().find(|kind| inputs.bytes_of(*kind).is_some());
        if let Some(kind) = of_rtmrs.filter(|kind| quote.is_none() || *kind == InputKind::CcelTable) {
            return Err(InputError::OfRtmrs(kind));
        }
        let alone = inputs.parts().iter().map(Part::kind).find(|kind| OF_THE_TPM.contains(kind));
        let kinds = || inputs.parts().iter().map(Part::kind);
        if let Some(kind) = kinds().find(|kind| NOT_EVIDENCE.contains(kind)) {
            return Err(InputError::NotEvidence(kind));
        }
        if let Some(kind) = kinds().find(|kind| UNVERIFIED.contains(kind)) {
            return Err(InputError::Unverified(kind));
        }
        // A TD quote belongs to a report of Azure's paravisor, or else stands for itself.
        if let Some(quote) = quote {
            return match alone {
                Some(kind) => Err(InputError::WithoutReport(kind)),
                None => {
                    let log = inputs.bytes_of(InputKind::CcEventLog);
                    let quote = TdxEvidenceView::new(quote.bytes(), quote.certificates());
                    Ok(redacted_or(inputs, Technology::Tdx, Evidence::Tdx { quote, log }))
                }
            };
        }
        let (technology, report) = match (whole, alone) {
            (Some(whole), _) => whole,
            (None, Some(kind)) => return Err(InputError::WithoutReport(kind)),
            (None, None) => return Err(InputError::NoEvidence),
        };
        let evidence = match (technology, alone) {
            (Technology::Nitro, None) if inputs.parts().iter().all(goes_with_nitro) => {
                Evidence::Nitro(report.bytes())
            }
            (Technology::NitroTpm, None) if inputs.parts().iter().all(goes_with_nitro) => {
                Evidence::NitroTpm(report.bytes())
            }
            (Technology::Nitro | Technology::NitroTpm, _) => return Err(InputError::NotTogether),
            (Technology::Snp, None) => Evidence::Snp(report.bytes()),
            (Technology::Snp, Some(kind)) => return Err(InputError::WithoutReport(kind)),
            (Technology::AzureTdx, _) => Evidence::AzureTdx(azure(inputs, report.bytes())?),
            _ if inputs.bytes_of(InputKind::TdQuote).is_some() => return Err(InputError::TdQuoteOfSnp),
            _ => Evidence::AzureSnp(azure(inputs, report.bytes())?),
        };
        Ok(redacted_or(inputs, technology, evidence))
    }
}

/// The evidence, unless identifiers in it were replaced.
fn redacted_or<'a>(inputs: &'a Inputs, technology: Technology, evidence: Evidence<'a>) -> Evidence<'a> {
    match inputs.redactions() {
        [] => evidence,
        redactions => Evidence::Redacted(Redacted::new(technology, redactions)),
    }
}

/// The paravisor's report with the quote, PCR values and event log.
fn azure<'a>(inputs: &'a Inputs, report: &'a [u8]) -> Result<teeproof_hcl::HclEvidence<'a>, InputError> {
    let quote = match (inputs.bytes_of(InputKind::TpmQuote), inputs.bytes_of(InputKind::TpmSignature)) {
        (Some(message), Some(signature)) => Some(Quote::new(message, signature)),
        (Some(_), None) => return Err(InputError::QuoteWithoutSignature),
        (None, Some(_)) => return Err(InputError::WithoutQuote(InputKind::TpmSignature)),
        (None, None) => None,
    };
    let concatenation = inputs.bytes_of(InputKind::PcrConcatenation).map(PcrValues::InSelectionOrder);
    let pcrs = inputs.pcrs().map(PcrValues::Indexed).or(concatenation);
    let log = inputs.bytes_of(InputKind::EventLog);
    if quote.is_none() && pcrs.is_some() {
        return Err(InputError::WithoutQuote(match concatenation {
            Some(_) => InputKind::PcrConcatenation,
            None => InputKind::PcrValues,
        }));
    }
    if log.is_some() && pcrs.is_none() {
        return Err(InputError::LogWithoutPcrs);
    }
    let td_quote = inputs.td_quote().map(|quote| TdxEvidenceView::new(quote.bytes(), quote.certificates()));
    let nonce_in_user_data = inputs.nonce_in_user_data();
    Ok(teeproof_hcl::HclEvidence::new(report)
        .td_quote(td_quote)
        .quote(quote)
        .pcrs(pcrs)
        .log(log)
        .nonce_in_user_data(nonce_in_user_data))
}

/// A Nitro document brings its certificates along; revocation lists can be given for its chain.
fn goes_with_nitro(part: &Part) -> bool {
    matches!(part.kind(), InputKind::NitroDocument | InputKind::NitroTpmDocument | InputKind::RevocationList)
}
