//! A policy proposed from evidence that was verified: what all of it has in common is pinned, what
//! differs is listed and marked, what belongs to one machine alone is waived.
//!
//! A proposal is a beginning for a person to read. It accepts the evidence it came from, and nothing that
//! differs from all of it in a pinned fact.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::{Escaped, Technology};

use super::kinds::text;
use super::lines::Lines;
use super::unsuitable::Unsuitable;
use super::{Policy, PolicyError, PolicyWarning, azure, nitro, snp};
use crate::{AttestationResult, Caution, Verified};

/// A policy file, proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The file, TOML with comments. Its head holds the cautions of the evidence and the warnings.
    pub toml: String,
    /// The fields whose values differ, as `section.field`.
    pub differing: Vec<String>,
    /// What makes the evidence less than it looks, as the head of the file says it: anchors that are not pinned, an
    /// origin that is not shown, and the warnings of the results.
    pub cautions: Vec<String>,
    /// What makes the policy less than it looks, at the lines of the file.
    pub warnings: Vec<PolicyWarning>,
}

/// What the relying party chooses of a proposal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProposalChoices<'c> {
    /// What results call the policy.
    pub name: &'c str,
    /// PCRs that are pinned although they vary, or no event log explains them.
    pub pin: &'c [u8],
    /// Why claims of Azure VMs are accepted although nothing but an AK certificate shows whose they are.
    pub origin_accepted: Option<&'c str>,
}

/// Why there is no proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoProposal {
    /// There is no evidence.
    NoEvidence,
    /// A piece of evidence is not fit to be learnt from.
    Unsuitable {
        /// Which of the results, counted from 0.
        index: usize,
        /// Why.
        reason: Unsuitable,
    },
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
            Self::PinMissing(index) => {
                write!(f, "PCR {index} cannot be pinned: not all of the evidence has it")
            }
            Self::NotAPolicy(error) => write!(f, "the proposal is not a valid policy: {error}"),
        }
    }
}

impl core::error::Error for NoProposal {}

impl Proposal {
    /// Proposes a policy that accepts all of this evidence.
    ///
    /// # Errors
    /// The first piece of evidence that is not fit to be learnt from; a PCR to pin that is not in all of it; values
    /// that are too many for a policy file.
    pub fn from_results(
        results: &[AttestationResult<'_>],
        choices: &ProposalChoices<'_>,
    ) -> Result<Self, NoProposal> {
        let verified = suitable(results, choices)?;
        let mut body = preamble(choices.name, verified.len());
        let mut differing = Vec::new();
        let mut cautions = cautions(results, choices);
        for technology in Technology::ALL {
            let mut lines = Lines::of(*technology, *choices);
            if propose(*technology, &verified, &mut lines) {
                let section = lines.finish();
                body.push_str(&section.toml);
                differing.extend(section.differing);
                cautions.extend(section.cautions);
            }
        }
        // Read as everybody will read it: the warnings are those of `policy check`.
        let policy = Policy::from_toml(choices.name, &body).map_err(NoProposal::NotAPolicy)?;
        let mut warnings = policy.warnings();
        let mut toml: String = cautions.iter().map(|caution| format!("# {caution}\n")).collect();
        warnings.iter().for_each(|warning| toml.push_str(&in_the_head(warning)));
        let above =
            toml.bytes().filter(|byte| *byte == b'\n').fold(0_u32, |lines, _| lines.saturating_add(1));
        for line in warnings.iter_mut().filter_map(|warning| warning.line.as_mut()) {
            *line = line.saturating_add(above);
        }
        toml.push_str(&body);
        Ok(Self { toml, differing, cautions, warnings })
    }
}

/// The evidence, if a policy can be proposed from all of it.
fn suitable<'r, 'a>(
    results: &'r [AttestationResult<'a>],
    choices: &ProposalChoices<'_>,
) -> Result<Vec<&'r Verified<'a>>, NoProposal> {
    let mut verified = Vec::new();
    for (result, index) in results.iter().zip(0..=usize::MAX) {
        if let Some(reason) = Unsuitable::of(result, choices.origin_accepted.is_some()) {
            return Err(NoProposal::Unsuitable { index, reason });
        }
        verified.extend(result.authentic());
    }
    if verified.is_empty() {
        return Err(NoProposal::NoEvidence);
    }
    match choices.pin.iter().find(|index| !all_have(&verified, **index)) {
        Some(missing) => Err(NoProposal::PinMissing(*missing)),
        None => Ok(verified),
    }
}

/// A warning as a comment.
fn in_the_head(warning: &PolicyWarning) -> String {
    format!("# WARNING {}: {}\n", warning.path, warning.message)
}

/// What makes the evidence less than it looks: each caution with how many pieces it holds of, the anchors that are
/// not pinned, why an origin was accepted that is not shown, and the warnings of the results.
fn cautions(results: &[AttestationResult<'_>], choices: &ProposalChoices<'_>) -> Vec<String> {
    let total = results.len();
    let mut counts = Vec::new();
    for caution in Caution::ALL.iter().filter(|caution| **caution != Caution::Archived) {
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
    let anchors = added_anchors(results).into_iter();
    cautions.extend(anchors.map(|anchor| format!("{}: {anchor}", Caution::NonProductionAnchor)));
    let weak = |result: &AttestationResult<'_>| result.origin().is_some_and(|origin| !origin.is_strong());
    if let Some(why) = choices.origin_accepted.filter(|_| results.iter().any(weak)) {
        cautions.push(format!("THE ORIGIN OF THE CLAIMS IS NOT SHOWN, accepted because: {}", Escaped(why)));
    }
    cautions.extend(warnings(results));
    cautions
}

/// The warnings of the results, each once.
fn warnings(results: &[AttestationResult<'_>]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for finding in results.iter().flat_map(AttestationResult::warnings) {
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
         # pinned here is what was found, whether or not it is what it should be.\n\
         version = 1\nname = {}\n",
        text(name)
    )
}

/// Whether all of the evidence that has PCRs has this one, and there is such evidence.
fn all_have(verified: &[&Verified<'_>], index: u8) -> bool {
    let has = |one: &&Verified<'_>| match one {
        Verified::Snp(_) => None,
        Verified::AzureSnp(vm) => Some(vm.pcrs().is_some_and(|pcrs| pcrs.get(index).is_some())),
        Verified::Nitro(document) => Some(document.document().pcrs.get(index).is_some()),
    };
    let known: Vec<bool> = verified.iter().filter_map(has).collect();
    !known.is_empty() && known.iter().all(|has| *has)
}

/// The section of a technology; says whether there is evidence of it.
fn propose(technology: Technology, verified: &[&Verified<'_>], lines: &mut Lines<'_>) -> bool {
    let all = verified.iter();
    match technology {
        Technology::Snp => {
            let reports =
                all.filter_map(|one| if let Verified::Snp(report) = one { Some(&**report) } else { None });
            let reports: Vec<_> = reports.collect();
            snp::propose(lines, &reports);
            !reports.is_empty()
        }
        Technology::AzureSnp => {
            let vms = all.filter_map(|one| if let Verified::AzureSnp(vm) = one { Some(&**vm) } else { None });
            let vms: Vec<_> = vms.collect();
            azure::propose_all(lines, &vms);
            !vms.is_empty()
        }
        Technology::Nitro => {
            let documents =
                all.filter_map(|one| if let Verified::Nitro(one) = one { Some(&**one) } else { None });
            let documents: Vec<_> = documents.collect();
            nitro::propose(lines, &documents);
            !documents.is_empty()
        }
        _ => false,
    }
}
