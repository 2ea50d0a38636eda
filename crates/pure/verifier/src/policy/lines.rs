//! The lines of a proposed section.
//!
//! A fact that some of the evidence has and the rest lacks is never given up in silence: no rule accepts both, so
//! that a waiver accepts what was not seen. Where the fact says what runs or who signed it, nothing is proposed;
//! elsewhere the waiver is a warning of the proposal.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use core::mem;

use teeproof_core::{Absence, Technology};
use teeproof_hcl::OriginGrounds;

use super::kinds::{Fixed, text};
use super::propose::ProposalChoices;
use super::rule::Kind;

/// The lines of one section, and which of its fields differ.
#[derive(Debug)]
pub(super) struct Lines<'c> {
    section: Technology,
    choices: ProposalChoices<'c>,
    text: String,
    /// The tables of PCRs: a key that stood behind them would be one of theirs.
    tables: String,
    differing: Vec<String>,
    /// Which of the results are of this section, counted from 0.
    results: Vec<usize>,
    /// Why the AK certificate of each piece of evidence could not be verified, where it could not.
    ak_failures: Vec<Option<AkFailure>>,
    /// The grounds that each piece of evidence of an Azure VM has without a policy.
    origins: Vec<OriginGrounds>,
    /// Waivers that the evidence is the reason of.
    lacking: Vec<Lacking>,
    /// Facts for whose sake nothing is proposed.
    mixed: Vec<MixedFact>,
    /// Fields that are waived whatever was found, and why.
    withheld: (&'static [&'static str], &'static str),
}

/// A field that is waived because some or all of the evidence lacks it, where others may have it.
#[derive(Debug)]
pub(super) struct Lacking {
    /// The key in its section.
    pub(super) field: String,
    /// What the policy accepts.
    pub(super) message: String,
    /// What a person can do.
    pub(super) hint: &'static str,
}

/// A claim about the running software or its signer that only some of the results have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MixedFact {
    /// The field: `azure-snp.pcrs.4`.
    pub field: String,
    /// The numbers of the results that lack it, counted from 0.
    pub lacking: Vec<usize>,
    /// The reason why the first of them lacks it.
    pub because: String,
    /// The number of the PCR if each of the results has a value of it, so that it can be pinned all the same
    /// ([`ProposalChoices::pin`](super::ProposalChoices::pin)).
    pub pinnable_pcr: Option<u8>,
}

/// Why there is no verified AK certificate.
#[derive(Clone, Debug)]
pub(super) struct AkFailure {
    /// Whether there is a certificate.
    pub(super) given: bool,
    /// The reason of the check.
    pub(super) because: String,
}

/// A finished section.
pub(super) struct SectionLines {
    /// The section as TOML.
    pub(super) toml: String,
    /// The fields that differ, as `section.field`.
    pub(super) differing: Vec<String>,
    /// Waivers that the evidence is the reason of.
    pub(super) lacking: Vec<Lacking>,
    /// Facts for whose sake nothing is proposed.
    pub(super) mixed: Vec<MixedFact>,
}

impl<'c> Lines<'c> {
    /// No lines yet, for these results.
    pub(super) fn of(section: Technology, choices: ProposalChoices<'c>, results: Vec<usize>) -> Self {
        Self {
            section,
            choices,
            text: String::new(),
            tables: String::new(),
            differing: Vec::new(),
            results,
            ak_failures: Vec::new(),
            origins: Vec::new(),
            lacking: Vec::new(),
            mixed: Vec::new(),
            withheld: (&[], ""),
        }
    }

    /// Tells why AK certificates could not be verified.
    pub(super) fn set_ak_failures(&mut self, failures: Vec<Option<AkFailure>>) {
        self.ak_failures = failures;
    }

    /// Why the AK certificate of each piece of evidence could not be verified, where it could not.
    pub(super) fn ak_failures(&self) -> Vec<Option<AkFailure>> {
        self.ak_failures.clone()
    }

    /// Sets the grounds that each piece of evidence has without a policy.
    pub(super) fn set_origins(&mut self, origins: Vec<OriginGrounds>) {
        self.origins = origins;
    }

    /// The grounds that each piece of evidence has without a policy.
    pub(super) fn origins(&self) -> Vec<OriginGrounds> {
        self.origins.clone()
    }

    /// Waives these fields for this reason, whatever is found.
    pub(super) const fn withhold(&mut self, fields: &'static [&'static str], why: &'static str) {
        self.withheld = (fields, why);
    }

    /// Why a field is waived whatever is found.
    fn withheld(&self, field: &str) -> Option<&'static str> {
        self.withheld.0.contains(&field).then_some(self.withheld.1)
    }

    /// Why the relying party accepts claims whose origin is not shown, if it does.
    pub(super) const fn origin_accepted(&self) -> Option<&'c str> {
        self.choices.origin_accepted
    }

    /// The section.
    pub(super) fn finish(self) -> SectionLines {
        let Self { section, text, tables, differing, lacking, mixed, .. } = self;
        let differing = differing.iter().map(|field| format!("{section}.{field}")).collect();
        SectionLines { toml: format!("\n[{section}]\n{text}{tables}"), differing, lacking, mixed }
    }

    /// A comment above what follows.
    pub(super) fn comment(&mut self, comment: &str) {
        let _ = writeln!(self.text, "# {comment}");
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// A field with the values that were found, as TOML. One that none of the evidence has must be
    /// absent, where its absence is signed.
    pub(super) fn found(
        &mut self,
        field: &str,
        absence: Absence,
        values: impl Iterator<Item = Option<String>>,
    ) {
        let values: Vec<Option<String>> = values.collect();
        let none = values.iter().all(Option::is_none);
        if none && absence == Absence::Attested && self.withheld(field).is_none() {
            return self.line(&format!("{field} = {{ absent = true }}"));
        }
        let missing = || match absence {
            Absence::Attested => NAMED_BY_NONE.to_string(),
            Absence::NotAttested => NOT_HANDED_IN.to_string(),
        };
        self.known(field, values.into_iter().map(|value| value.ok_or_else(missing)), HAND_IN);
    }

    /// A field with the values that were found, or why it has no value. It is waived where one is missing, because
    /// no expectation accepts both; `hint` says what a person can do.
    pub(super) fn known(
        &mut self,
        field: &str,
        values: impl Iterator<Item = Result<String, String>>,
        hint: &'static str,
    ) {
        if let Some(why) = self.withheld(field) {
            return self.waived(field, why);
        }
        let values: Vec<Result<String, String>> = values.collect();
        let reasons = distinct(values.iter().filter_map(|value| value.as_ref().err().cloned())).join("; ");
        let has = values.iter().any(Result::is_ok);
        if !reasons.is_empty() && has && NAMES_A_SIGNER.contains(&field) {
            let found: Vec<Option<String>> = values.into_iter().map(Result::err).collect();
            return self.mixed(field, &found, None);
        }
        if !reasons.is_empty() {
            return self.lacking(field, has, &reasons, hint);
        }
        self.values(field, distinct(values.into_iter().flatten()).as_slice());
    }

    fn values(&mut self, field: &str, values: &[String]) {
        match values {
            [one] => self.line(&format!("{field} = {{ exactly = {one} }}")),
            several => {
                self.differing.push(field.to_string());
                self.line(&format!("# differs: {} values", several.len()));
                self.line(&format!("{field} = {{ one-of = [{}] }}", several.join(", ")));
            }
        }
    }

    /// Waives a field that all or some of the evidence lacks, and warns of it.
    pub(super) fn lacking(&mut self, field: &str, others_have_it: bool, reasons: &str, hint: &'static str) {
        let (why, message) = match others_have_it {
            true => {
                let why = format!("not in all of the evidence: {reasons}");
                (why, format!("waived, although some of the evidence has it: {reasons}"))
            }
            false => (reasons.to_string(), format!("waived: {reasons}")),
        };
        if others_have_it {
            self.differing.push(field.to_string());
        }
        self.waived(field, &why);
        self.lacking.push(Lacking { field: field.to_string(), message, hint });
    }

    /// Notes a fact that some of the evidence has: for each piece, why it lacks the fact, or `None`.
    fn mixed(&mut self, field: &str, reasons: &[Option<String>], pinnable_pcr: Option<u8>) {
        let lacking = self.results.iter().zip(reasons).filter(|(_, why)| why.is_some());
        let lacking: Vec<usize> = lacking.map(|(result, _)| *result).collect();
        let because = reasons.iter().flatten().next().cloned().unwrap_or_default();
        let field = format!("{}.{field}", self.section);
        self.mixed.push(MixedFact { field, lacking, because, pinnable_pcr });
    }

    /// A field with the values of each piece of evidence, where each has a reason not to be pinned, or `None`. One that
    /// would be pinned for some of the evidence alone ends the proposal; with a hint a waiver is a warning.
    pub(super) fn found_unless(
        &mut self,
        field: &str,
        values: &[String],
        why: &[Option<String>],
        hint: Option<&'static str>,
    ) {
        if why.iter().all(Option::is_none) {
            return self.values(field, &distinct(values.iter().cloned()));
        }
        if why.iter().any(Option::is_none) {
            return self.mixed(field, why, None);
        }
        let reasons = distinct(why.iter().flatten().cloned()).join("; ");
        match hint {
            Some(hint) => self.lacking(field, false, &reasons, hint),
            None => self.waived(field, &reasons),
        }
    }

    /// Whether the section is one of Azure's VMs.
    pub(super) const fn is_azure(&self) -> bool {
        matches!(self.section, Technology::AzureSnp | Technology::AzureTdx)
    }

    /// Lists a field among those whose values differ.
    pub(super) fn differs(&mut self, field: &str) {
        self.differing.push(field.to_string());
    }

    /// A field that must reach the lowest of the values that were found.
    pub(super) fn floor<K: Kind>(&mut self, field: &str, values: impl Iterator<Item = Option<K::Value>>) {
        if let Some(why) = self.withheld(field) {
            return self.waived(field, why);
        }
        let Some(floor) = values.collect::<Option<Vec<_>>>().and_then(K::lowest) else {
            return self.waived(field, NOT_HANDED_IN);
        };
        let _ = writeln!(self.text, "{field} = {{ at-least = {floor} }}");
    }

    /// A field that says nothing about what runs.
    pub(super) fn waived(&mut self, field: &str, why: &str) {
        let _ = writeln!(self.text, "{field} = {{ waived = {} }}", text(why));
    }

    /// A table of PCRs: a rule for each one that is in any of the evidence. `volatile` says why no value of it is
    /// ever pinned, and `unpinned` why the value of one piece of evidence is not; the relying party can choose to
    /// pin it all the same. One that would be pinned for some of the evidence alone ends the proposal.
    pub(super) fn pcrs<const N: usize>(
        &mut self,
        field: &str,
        banks: &[Vec<(u8, [u8; N])>],
        volatile: impl Fn(u8) -> Option<&'static str>,
        unpinned: impl Fn(u8, usize, &[u8; N]) -> Option<String>,
    ) {
        self.pcrs_or(field, banks, volatile, unpinned, |_| NO_VALUE);
    }

    /// The same, where `missing` says why some evidence has no value of a PCR.
    pub(super) fn pcrs_or<const N: usize>(
        &mut self,
        field: &str,
        banks: &[Vec<(u8, [u8; N])>],
        volatile: impl Fn(u8) -> Option<&'static str>,
        unpinned: impl Fn(u8, usize, &[u8; N]) -> Option<String>,
        missing: impl Fn(u8) -> &'static str,
    ) {
        let before = mem::take(&mut self.text);
        for index in 0..=u8::MAX {
            let values: Vec<Option<[u8; N]>> = banks.iter().map(|bank| value(bank, index)).collect();
            let name = format!("{field}.{index}");
            let chosen = self.choices.pin.contains(&index);
            match volatile(index).filter(|_| !chosen) {
                _ if values.iter().all(Option::is_none) => (),
                Some(why) => self.waived(&index.to_string(), why),
                None if chosen => self.pcr(&name, index, &values),
                None => {
                    let why = |(value, piece): (&Option<[u8; N]>, usize)| match value {
                        Some(value) => unpinned(index, piece, value),
                        None => Some(missing(index).to_string()),
                    };
                    let why: Vec<Option<String>> = values.iter().zip(0..=usize::MAX).map(why).collect();
                    self.pcr_unless(&name, index, &values, &why);
                }
            }
        }
        let rules = mem::replace(&mut self.text, before);
        if rules.is_empty() {
            self.waived(field, "the evidence has no quoted PCR values");
            return;
        }
        let _ = write!(self.tables, "\n[{}.{field}]\n{rules}", self.section);
    }

    /// The rule of a PCR, where each piece of evidence says why it is not pinned, or `None`.
    fn pcr_unless<const N: usize>(
        &mut self,
        name: &str,
        index: u8,
        values: &[Option<[u8; N]>],
        why: &[Option<String>],
    ) {
        if why.iter().all(Option::is_none) {
            return self.pcr(name, index, values);
        }
        if why.iter().any(Option::is_none) {
            let pinnable = values.iter().all(Option::is_some).then_some(index);
            return self.mixed(name, why, pinnable);
        }
        let reasons = distinct(why.iter().flatten().cloned()).join("; ");
        self.waived(&index.to_string(), &reasons);
        if values.iter().any(Option::is_none) {
            self.differing.push(name.to_string());
            let message = format!("waived: {reasons}");
            self.lacking.push(Lacking { field: name.to_string(), message, hint: SAME_PCRS });
        }
    }

    /// Pins a PCR to the values that were found.
    fn pcr<const N: usize>(&mut self, name: &str, index: u8, values: &[Option<[u8; N]>]) {
        let before = self.differing.len();
        let values = distinct(values.iter().flatten().map(Fixed::<N>::toml));
        self.values(&index.to_string(), &values);
        if let Some(field) = self.differing.get_mut(before) {
            *field = name.to_string();
        }
    }
}

/// Fields that say who signed what runs, or for whom: a waiver would accept signers that were not seen.
const NAMES_A_SIGNER: &[&str] = &["author-key-digest", "vlek-provider"];

const NAMED_BY_NONE: &str = "the signed report does not name it";
const NOT_HANDED_IN: &str = "it did not come with the evidence";
const NO_VALUE: &str = "some of the evidence has no signed value of it";
const HAND_IN: &str = "propose one policy for the evidence that has it, and one for the rest";
const SAME_PCRS: &str = "quote the same PCRs on each machine, and collect with the event log";

fn value<const N: usize>(bank: &[(u8, [u8; N])], index: u8) -> Option<[u8; N]> {
    bank.iter().find(|(one, _)| *one == index).map(|(_, value)| *value)
}

/// Values as TOML, in the order in which they were first seen, each once.
fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value.to_string());
        }
    }
    seen
}
