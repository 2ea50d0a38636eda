//! The collection record of a bundle: when, how and by which program its parts were collected. Nothing proves it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use teeproof_core::Time;
use teeproof_wire::der::{Element, tag};

use super::redaction::Identifier;
use super::{BundleError, PartName, Redaction};

/// When and how the parts of a bundle were collected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collection {
    /// The collector's clock when it was done.
    pub at: Time,
    /// Whether the report was made for this collection, where the collector knows.
    pub report: Option<ReportAge>,
    /// The program that collected: at most 64 printable ASCII characters.
    pub tool: String,
    /// The relying party's nonce also stands at the start of the report's user-data.
    pub nonce_in_user_data: bool,
}

impl Collection {
    /// A collection at this time, of which nothing else is known.
    #[must_use]
    pub fn at(at: Time) -> Self {
        let tool = concat!("teeproof ", env!("CARGO_PKG_VERSION")).to_string();
        Self { at, report: None, tool, nonce_in_user_data: false }
    }

    pub(super) fn check(&self) -> Result<(), BundleError> {
        let printable = self.tool.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !printable || self.tool.len() > MAX_TOOL {
            return Err(BundleError::Tool);
        }
        if read_time(&self.at.to_string()) == Some(self.at) { Ok(()) } else { Err(BundleError::Time) }
    }

    pub(super) fn write(&self, redactions: &[Redaction]) -> Result<Vec<u8>, BundleError> {
        let written = Written {
            version: VERSION,
            collected: self.at.to_string(),
            report: self.report.map(|age| age.as_str().to_string()),
            tool: self.tool.clone(),
            nonce_in_user_data: self.nonce_in_user_data,
            redactions: redactions.iter().map(Replaced::of).collect(),
        };
        serde_json::to_vec(&written).map_err(|_| BundleError::Collection)
    }

    /// Reads what [`Collection::write`] writes, and no other way to write it.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, Vec<Redaction>), BundleError> {
        let wrong = BundleError::Collection;
        let written: Written = serde_json::from_slice(bytes).map_err(|_| wrong)?;
        if written.version != VERSION {
            return Err(BundleError::Version);
        }
        if written.redactions.len() > MAX_REDACTIONS {
            return Err(BundleError::TooManyRedactions);
        }
        let redactions: Option<Vec<_>> = written.redactions.iter().map(Replaced::redaction).collect();
        let collection = Self {
            at: read_time(&written.collected).ok_or(BundleError::Time)?,
            report: written.report.map(|age| ReportAge::parse(&age).ok_or(wrong)).transpose()?,
            tool: written.tool,
            nonce_in_user_data: written.nonce_in_user_data,
        };
        let redactions = redactions.ok_or(wrong)?;
        if collection.write(&redactions)? == bytes { Ok((collection, redactions)) } else { Err(wrong) }
    }
}

/// Whether a report is of the moment of its collection. Azure's paravisor makes one at boot, and
/// another on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportAge {
    /// The collector saw its own user-data in the report.
    Fresh,
    /// The report may be as old as the machine's start.
    Boot,
}

impl ReportAge {
    /// Every age.
    pub const ALL: &'static [Self] = &[Self::Fresh, Self::Boot];

    /// The word in a bundle: `fresh`, `boot`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Boot => "boot",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|age| age.as_str() == text)
    }
}

const VERSION: u64 = 1;
const MAX_TOOL: usize = 64;
/// More than any redaction of ours makes; a log repeats an id at each event at the most.
pub(super) const MAX_REDACTIONS: usize = 4096;

/// The record's JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u64,
    collected: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    tool: String,
    #[serde(default, skip_serializing_if = "is_false")]
    nonce_in_user_data: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    redactions: Vec<Replaced>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replaced {
    what: String,
    part: String,
    offset: usize,
    length: usize,
}

impl Replaced {
    fn of(redaction: &Redaction) -> Self {
        Self {
            what: redaction.what.as_str().to_string(),
            part: redaction.part.to_string(),
            offset: redaction.offset,
            length: redaction.length,
        }
    }

    fn redaction(&self) -> Option<Redaction> {
        Some(Redaction {
            what: Identifier::ALL.iter().copied().find(|what| what.as_str() == self.what)?,
            part: PartName::parse(&self.part)?,
            offset: self.offset,
            length: self.length,
        })
    }
}

/// A time as [`Time`] shows it: `2025-01-06T16:07:02Z` and no other way to write it.
fn read_time(text: &str) -> Option<Time> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | ':' | 'T')).collect();
    let contents = digits.as_bytes();
    let element = Element { tag: tag::GENERALIZED_TIME, contents, whole: contents, offset: 0 };
    let time = Time(element.time("bundle: collected").ok()?);
    (format!("{time}") == text).then_some(time)
}
