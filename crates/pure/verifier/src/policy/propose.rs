//! A policy proposed from evidence that was verified: what all of it has in common is pinned, what
//! differs is listed and marked, what belongs to one machine alone is waived.
//!
//! A proposal is a beginning for a person to read. It accepts the very evidence it came from.

mod azure;
mod line;
mod nitro;
mod snp;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use teeproof_core::Technology;

use crate::{AttestationResult, Verified};
use line::Lines;

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
            let Some(lines) = section(*technology, &verified) else { continue };
            let _ = write!(toml, "\n[{technology}]\n{}", lines.text);
            differing.extend(lines.differing.iter().map(|field| alloc::format!("{technology}.{field}")));
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
        line::text(name)
    )
}

fn section(technology: Technology, verified: &[&Verified<'_>]) -> Option<Lines> {
    let all = || verified.iter().copied();
    match technology {
        Technology::Snp => some(all().filter_map(|one| match one {
            Verified::Snp(report) => Some(&**report),
            _ => None,
        }))
        .map(|reports| snp::lines(&reports)),
        Technology::AzureSnp => some(all().filter_map(|one| match one {
            Verified::AzureSnp(vm) => Some(&**vm),
            _ => None,
        }))
        .map(|vms| azure::lines(&vms)),
        Technology::Nitro => some(all().filter_map(|one| match one {
            Verified::Nitro(document) => Some(&**document),
            _ => None,
        }))
        .map(|documents| nitro::lines(&documents)),
        _ => None,
    }
}

/// All of them, if there is any.
fn some<T>(found: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let all: Vec<T> = found.collect();
    (!all.is_empty()).then_some(all)
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
