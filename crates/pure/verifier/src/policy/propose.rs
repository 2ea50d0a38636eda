//! A policy proposed from evidence that was verified: what all of it has in common is pinned, what
//! differs is listed and marked, what belongs to one machine alone is waived.
//!
//! A proposal is a beginning for a person to read. It accepts the very evidence it came from.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::Technology;

use super::kinds::text;
use super::lines::Lines;
use super::{azure, nitro, snp};
use crate::{AttestationResult, Verified};

/// A policy file, proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The file, TOML with comments.
    pub toml: String,
    /// The fields whose values differ, as `section.field`.
    pub differing: Vec<String>,
}

/// Some of the results are of evidence that is not authentic: nothing is learnt from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAuthentic {
    /// Which of the results, counted from 0.
    pub index: usize,
}

impl fmt::Display for NotAuthentic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the evidence is not authentic, so nothing can be learnt from it")
    }
}

impl core::error::Error for NotAuthentic {}

impl Proposal {
    /// Proposes a policy that accepts all of this evidence.
    ///
    /// # Errors
    /// The first result whose evidence is not authentic.
    pub fn from_results(name: &str, results: &[AttestationResult<'_>]) -> Result<Self, NotAuthentic> {
        let mut verified = Vec::new();
        for (index, result) in results.iter().enumerate() {
            verified.push(result.authentic().ok_or(NotAuthentic { index })?);
        }
        let mut toml = heading(name, verified.len());
        let mut differing = Vec::new();
        for technology in Technology::ALL {
            let mut lines = Lines::of(*technology);
            if propose(*technology, &verified, &mut lines) {
                let (section, fields) = lines.finish();
                toml.push_str(&section);
                differing.extend(fields);
            }
        }
        Ok(Self { toml, differing })
    }
}

fn heading(name: &str, count: usize) -> String {
    let pieces = if count == 1 { "one piece" } else { "pieces" };
    let count = if count == 1 { String::new() } else { alloc::format!("{count} ") };
    alloc::format!(
        "# Proposed from {count}{pieces} of evidence. Read every line before you rely on it: what is\n\
         # pinned here is what was found, whether or not it is what it should be.\n\
         version = 1\nname = {}\n",
        text(name)
    )
}

/// The section of a technology; says whether there is evidence of it.
fn propose(technology: Technology, verified: &[&Verified<'_>], lines: &mut Lines) -> bool {
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
