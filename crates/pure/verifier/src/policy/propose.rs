//! Proposal of a policy from verified evidence: values in common are pinned, differing values are listed and marked,
//! values of one machine alone are waived.
//!
//! A proposal is a draft for a person to review. It accepts the evidence it was made from, and nothing that differs from
//! all of it in a pinned value.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::{Escaped, Outcome, Technology};
use teeproof_hcl::checks::{AK_CHAIN, AK_KEY};

use super::kinds::text;
use super::lines::{AkFailure, Lacking, Lines, MixedFact, SectionLines};
use super::unsuitable::Unsuitable;
use super::{Policy, PolicyError, PolicyWarning, azure, nitro, nitro_tpm, snp, tdx};
use crate::{AttestationResult, Caution, Finding, Verified};

/// A proposed policy file, with its weaknesses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proposal {
    /// The file: TOML with comments; cautions and warnings are comments at its head.
    pub toml: String,
    /// The fields whose values differ, as `section.field`.
    pub differing: Vec<String>,
    /// The limits of the evidence, as at the head of the file: added anchors, an origin that is not shown, and the
    /// warnings of the results.
    pub cautions: Vec<String>,
    /// The subjects of the added anchors, each once.
    pub anchors: Vec<String>,
    /// The warnings of the results, as `check: reason`, each once.
    pub evidence_warnings: Vec<String>,
    /// The weaknesses of the policy with the lines of the file: [`Policy::warnings`], and each field that is waived
    /// because some of the results lack it.
    pub warnings: Vec<PolicyWarning>,
}

/// The relying party's choices for a proposal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProposalChoices<'c> {
    /// The policy's name in results.
    pub name: &'c str,
    /// Numbers of PCRs to pin even if they vary or no event log explains them.
    pub pin: &'c [u8],
    /// The reason for accepting claims of Azure VMs that nothing, or only an AK certificate, ties to Azure.
    pub origin_accepted: Option<&'c str>,
}

impl<'c> ProposalChoices<'c> {
    /// The default choices for a policy of this name: no additional PCR, no origin accepted.
    #[must_use]
    pub fn new(name: &'c str) -> Self {
        Self { name, ..Self::default() }
    }

    /// With numbers of PCRs to pin even if they vary or no event log explains them.
    #[must_use]
    pub const fn pin(self, pin: &'c [u8]) -> Self {
        Self { pin, ..self }
    }

    /// With a reason for accepting claims of Azure VMs that nothing, or only an AK certificate, ties to Azure.
    #[must_use]
    pub fn origin_accepted(self, reason: impl Into<Option<&'c str>>) -> Self {
        Self { origin_accepted: reason.into(), ..self }
    }
}

/// The reason why there is no proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoProposal {
    /// There is no evidence.
    NoEvidence,
    /// A result is unsuitable as a source of reference values.
    Unsuitable {
        /// The number of the result, counted from 0.
        index: usize,
        /// Why.
        reason: Unsuitable,
    },
    /// Facts that say what runs or who signed it, which some of the evidence has and the rest lacks: no rule accepts
    /// both, and a waiver would accept what was not seen.
    Mixed(Vec<MixedFact>),
    /// A PCR is to be pinned that some of the evidence does not have.
    PinMissing(u8),
    /// The file would not be a policy: it is too large.
    NotAPolicy(PolicyError),
}

impl fmt::Display for NoProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvidence => f.write_str("no evidence to propose a policy from"),
            Self::Unsuitable { reason, .. } => reason.fmt(f),
            Self::Mixed(mixed) => {
                f.write_str("no policy is proposed from this evidence together")?;
                mixed.iter().try_for_each(|one| {
                    write!(f, "; {}: pinned for some of it, and not for the rest: {}", one.field, one.because)
                })
            }
            Self::PinMissing(index) => {
                write!(f, "PCR {index} cannot be pinned: not all of the sources have a value of it")
            }
            Self::NotAPolicy(error) => write!(f, "the proposal is not a valid policy: {error}"),
        }
    }
}

impl core::error::Error for NoProposal {}

impl Proposal {
    /// Proposes a policy that accepts the evidence of all these results.
    ///
    /// # Errors
    /// The first unsuitable result, a PCR to pin that a result lacks, or more values than a policy file may have.
    pub fn from_results(
        results: &[AttestationResult<'_>],
        choices: &ProposalChoices<'_>,
    ) -> Result<Self, NoProposal> {
        let verified = suitable(results, choices)?;
        let mut body = preamble(choices.name, verified.len());
        let (mut differing, mut lacking, mut mixed) = (Vec::new(), Vec::new(), Vec::new());
        for technology in Technology::ALL {
            let Some(section) = propose(*technology, &verified, choices) else { continue };
            body.push_str(&section.toml);
            differing.extend(section.differing);
            lacking.extend(section.lacking.into_iter().map(|field| (*technology, field)));
            mixed.extend(section.mixed);
        }
        if !mixed.is_empty() {
            return Err(NoProposal::Mixed(mixed));
        }
        // Read as everybody will read it: the warnings are those of `policy check`, and what the evidence lacks.
        let policy = Policy::from_toml(choices.name, &body).map_err(NoProposal::NotAPolicy)?;
        let mut warnings = policy.warnings();
        for (technology, field) in lacking {
            lacking_warning(&policy, technology, field, &mut warnings);
        }
        let (anchors, evidence_warnings) = (added_anchors(results), evidence_warnings(results));
        let cautions = cautions(results, choices, &anchors, &evidence_warnings);
        let assembled = Self::assembled(&body, cautions, warnings, differing);
        Ok(Self { anchors, evidence_warnings, ..assembled })
    }

    /// The file of this body, with cautions and warnings at its head.
    pub(super) fn assembled(
        body: &str,
        cautions: Vec<String>,
        mut warnings: Vec<PolicyWarning>,
        differing: Vec<String>,
    ) -> Self {
        let mut toml: String = cautions.iter().map(|caution| format!("# {caution}\n")).collect();
        warnings.iter().for_each(|warning| toml.push_str(&in_the_head(warning)));
        let above =
            toml.bytes().filter(|byte| *byte == b'\n').fold(0_u32, |lines, _| lines.saturating_add(1));
        for line in warnings.iter_mut().filter_map(|warning| warning.line.as_mut()) {
            *line = line.saturating_add(above);
        }
        toml.push_str(body);
        Self { toml, differing, cautions, anchors: Vec::new(), evidence_warnings: Vec::new(), warnings }
    }
}

/// Evidence, and which of the results it is.
#[derive(Clone, Copy)]
struct Source<'r, 'a> {
    index: usize,
    result: &'r AttestationResult<'a>,
    verified: &'r Verified<'a>,
}

/// The warning of a field that is waived because some of the evidence lacks it, unless the policy's own warnings
/// tell of the field.
fn lacking_warning(
    policy: &Policy,
    technology: Technology,
    lacking: Lacking,
    warnings: &mut Vec<PolicyWarning>,
) {
    let Lacking { field, message, hint } = lacking;
    let path = format!("{technology}.{field}");
    if warnings.iter().any(|warning| warning.path == path) {
        return;
    }
    let mut line = None;
    policy.field_rules(&mut |of, demand| {
        let is_pcr = field
            .strip_prefix("pcrs.")
            .is_some_and(|index| demand.check.id.ends_with(&format!("pcr{index}")));
        if of == technology && (demand.key == field || is_pcr) {
            line = line.or(demand.line);
        }
    });
    warnings.push(PolicyWarning { path, line, message, hint });
}

/// The evidence, if a policy can be proposed from all of it. The same evidence twice is one piece.
fn suitable<'r, 'a>(
    results: &'r [AttestationResult<'a>],
    choices: &ProposalChoices<'_>,
) -> Result<Vec<Source<'r, 'a>>, NoProposal> {
    let mut sources = Vec::new();
    for (result, index) in results.iter().zip(0..=usize::MAX) {
        if let Some(reason) = Unsuitable::of(result, choices.origin_accepted.is_some()) {
            return Err(NoProposal::Unsuitable { index, reason });
        }
        sources.extend(result.authentic().map(|verified| Source { index, result, verified }));
    }
    if sources.is_empty() {
        return Err(NoProposal::NoEvidence);
    }
    match choices.pin.iter().find(|index| !all_have(&sources, **index)) {
        Some(missing) => Err(NoProposal::PinMissing(*missing)),
        None => Ok(sources),
    }
}

/// A warning as a comment.
fn in_the_head(warning: &PolicyWarning) -> String {
    format!("# WARNING {}: {}\n", warning.path, warning.message)
}

/// What makes the evidence less than it looks: each caution with how many pieces it holds of, the anchors that are
/// not pinned, why an origin was accepted that is not shown, and the warnings of the results.
fn cautions(
    results: &[AttestationResult<'_>],
    choices: &ProposalChoices<'_>,
    anchors: &[String],
    warnings: &[String],
) -> Vec<String> {
    let total = results.len();
    let mut counts = Vec::new();
    for caution in Caution::ALL {
        let holds = |result: &&AttestationResult<'_>| result.cautions().any(|one| one == *caution);
        let count = results.iter().filter(holds).fold(0_usize, |count, _| count.saturating_add(1));
        if count > 0 {
            counts.push(format!("{caution} ({count} of {total})"));
        }
    }
    let mut cautions = Vec::new();
    if !counts.is_empty() {
        cautions.push(counts.join(", "));
    }
    cautions.extend(anchors.iter().map(|anchor| format!("{}: {anchor}", Caution::NonProductionAnchor)));
    let weak = |result: &AttestationResult<'_>| result.origin().is_some_and(|origin| !origin.is_strong());
    if let Some(why) = choices.origin_accepted.filter(|_| results.iter().any(weak)) {
        cautions.push(format!("THE ORIGIN OF THE CLAIMS IS NOT SHOWN, accepted because: {}", Escaped(why)));
    }
    cautions.extend(warnings.iter().cloned());
    cautions
}

/// The warnings of the results, each once.
fn evidence_warnings(results: &[AttestationResult<'_>]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for finding in results.iter().flat_map(|result| result.warnings()) {
        let because = finding.because.as_deref().unwrap_or_default();
        let warning = format!("{}: {}", finding.check.id, Escaped(because));
        if !distinct.contains(&warning) {
            distinct.push(warning);
        }
    }
    distinct
}

/// The anchors that the relying party added and a chain ends at, by their subjects, each once.
fn added_anchors(results: &[AttestationResult<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for result in results.iter().filter_map(AttestationResult::authentic) {
        for path in result.paths().filter(|path| !path.anchor().is_pinned()) {
            let name = Escaped(&path.root().subject().to_string()).to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn preamble(name: &str, count: usize) -> String {
    let pieces = if count == 1 { "one piece" } else { "pieces" };
    let count = if count == 1 { String::new() } else { format!("{count} ") };
    format!(
        "# Proposed from {count}{pieces} of evidence. Read every line before you rely on it: what is\n\
         # pinned here is what was found, even where that is not what you want.\n\
         version = 1\nname = {}\n",
        text(name)
    )
}

/// Whether all of the evidence that has PCRs has this one, and there is such evidence.
fn all_have(sources: &[Source<'_, '_>], index: u8) -> bool {
    let has = |one: &Source<'_, '_>| match one.verified {
        Verified::Snp(_) | Verified::Tdx(_) => None,
        Verified::AzureSnp(vm) => Some(vm.pcrs().is_some_and(|pcrs| pcrs.get(index).is_some())),
        Verified::AzureTdx(vm) => Some(vm.pcrs().is_some_and(|pcrs| pcrs.get(index).is_some())),
        Verified::Nitro(document) => Some(document.document().pcrs.get(index).is_some()),
        Verified::NitroTpm(document) => Some(document.document().pcrs().get(index).is_some()),
    };
    let known: Vec<bool> = sources.iter().filter_map(has).collect();
    !known.is_empty() && known.iter().all(|has| *has)
}

/// The section of a technology, if there is evidence of it.
fn propose(
    technology: Technology,
    sources: &[Source<'_, '_>],
    choices: &ProposalChoices<'_>,
) -> Option<SectionLines> {
    let of: Vec<_> = sources.iter().filter(|one| one.result.technology() == technology).collect();
    if of.is_empty() {
        return None;
    }
    let mut lines = Lines::of(technology, *choices, of.iter().map(|one| one.index).collect());
    let all = of.iter().map(|one| one.verified);
    match technology {
        Technology::Snp => {
            let reports =
                all.filter_map(|one| if let Verified::Snp(report) = one { Some(&**report) } else { None });
            snp::propose(&mut lines, &reports.collect::<Vec<_>>());
        }
        Technology::Tdx => {
            let quotes = all.filter_map(|one| match one {
                Verified::Tdx(td) => Some(tdx::Source { quote: td.quote(), log: td.log() }),
                _ => None,
            });
            tdx::propose(&mut lines, &quotes.collect::<Vec<_>>());
        }
        Technology::AzureSnp => {
            let vms = all.filter_map(|one| if let Verified::AzureSnp(vm) = one { Some(&**vm) } else { None });
            lines.set_ak_failures(of.iter().map(|one| ak_failure(one.result)).collect());
            azure::propose_snp(&mut lines, &vms.collect::<Vec<_>>());
        }
        Technology::AzureTdx => {
            let vms = all.filter_map(|one| if let Verified::AzureTdx(vm) = one { Some(&**vm) } else { None });
            lines.set_ak_failures(of.iter().map(|one| ak_failure(one.result)).collect());
            azure::propose_tdx(&mut lines, &vms.collect::<Vec<_>>());
        }
        Technology::Nitro => {
            let documents =
                all.filter_map(|one| if let Verified::Nitro(one) = one { Some(&**one) } else { None });
            nitro::propose(&mut lines, &documents.collect::<Vec<_>>());
        }
        Technology::NitroTpm => {
            let documents =
                all.filter_map(|one| if let Verified::NitroTpm(one) = one { Some(&**one) } else { None });
            nitro_tpm::propose(&mut lines, &documents.collect::<Vec<_>>());
        }
        _ => return None,
    }
    Some(lines.finish())
}

/// Why an AK certificate could not be verified: the warning of its check, or that it is missing.
fn ak_failure(result: &AttestationResult<'_>) -> Option<AkFailure> {
    let of_ak = |finding: &&Finding| [AK_CHAIN.id, AK_KEY.id].contains(&finding.check.id);
    let warned = result.warnings().find(of_ak);
    let skipped = || result.findings().iter().find(|finding| finding.check.id == AK_CHAIN.id);
    let because = |finding: &Finding| finding.because.clone().unwrap_or_default();
    match warned {
        Some(finding) => Some(AkFailure { given: true, because: because(finding) }),
        None => skipped()
            .filter(|finding| finding.outcome == Outcome::Skip)
            .map(|finding| AkFailure { given: false, because: because(finding) }),
    }
}
