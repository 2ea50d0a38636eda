//! JSON of several verbs: PCRs as nitro-cli prints them, and sections.

use serde::Serialize;
use teeproof_core::Hex;
use teeproof_eif::{MeasuredImage, SectionKind};

/// PCRs, with the names and in the form of nitro-cli; a PCR that is not computed is left out, as there.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Measurements"))]
pub(super) struct MeasurementsJson {
    /// The hash function, in the words of nitro-cli: `Sha384 { ... }`.
    #[serde(rename = "HashAlgorithm")]
    hash_algorithm: &'static str,
    /// PCR0: kernel, command line and all ramdisks.
    #[serde(rename = "PCR0")]
    pcr0: String,
    /// PCR1: kernel, command line and the first ramdisk.
    #[serde(rename = "PCR1")]
    pcr1: String,
    /// PCR2: all ramdisks but the first.
    #[serde(rename = "PCR2")]
    pcr2: String,
    /// PCR3: the role of the parent instance; left out without --role.
    #[serde(rename = "PCR3", skip_serializing_if = "Option::is_none")]
    pub(super) pcr3: Option<String>,
    /// PCR4: the id of the parent instance; left out without --instance.
    #[serde(rename = "PCR4", skip_serializing_if = "Option::is_none")]
    pub(super) pcr4: Option<String>,
    /// PCR8: the signing certificate; left out of an image that is not signed, whose PCR8 is zero.
    #[serde(rename = "PCR8", skip_serializing_if = "Option::is_none")]
    pcr8: Option<String>,
}

impl MeasurementsJson {
    pub(super) fn of(image: &MeasuredImage) -> Self {
        let pcrs = image.measurements();
        let hex = |pcr: &[u8; 48]| Hex(pcr).to_string();
        Self {
            hash_algorithm: "Sha384 { ... }",
            pcr0: hex(&pcrs.pcr0),
            pcr1: hex(&pcrs.pcr1),
            pcr2: hex(&pcrs.pcr2),
            pcr3: None,
            pcr4: None,
            pcr8: pcrs.pcr8.as_ref().map(hex),
        }
    }
}

/// A section of an image.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Section"))]
pub(super) struct SectionJson {
    /// The number of the section, counted from 0 in the order of the file.
    pub(super) index: usize,
    /// `kernel`, `command line`, `ramdisk`, `signature` or `metadata`.
    pub(super) kind: &'static str,
    /// The offset of the section's header, in bytes from the start of the file.
    pub(super) offset: u64,
    /// The size of the content in bytes, without the header.
    pub(super) bytes: u64,
    /// The numbers of the PCRs that measure the content. PCR8 measures the certificate of a signature alone.
    pub(super) pcrs: Vec<u8>,
    /// SHA-384 of the content; null where it was not computed.
    pub(super) sha384: Option<String>,
}

impl SectionJson {
    /// The sections of an image in the order of the file.
    pub(super) fn all(image: &MeasuredImage) -> Vec<Self> {
        let mut ramdisks = 0_usize;
        let of = |(index, section): (usize, &teeproof_eif::MeasuredSection)| {
            let pcrs = match section.kind {
                SectionKind::Kernel | SectionKind::CommandLine => vec![0, 1],
                SectionKind::Ramdisk => {
                    ramdisks = ramdisks.saturating_add(1);
                    vec![0, if ramdisks == 1 { 1 } else { 2 }]
                }
                _ => Vec::new(),
            };
            Self {
                index,
                kind: section.kind.as_str(),
                offset: section.offset,
                bytes: section.bytes,
                pcrs,
                sha384: section.sha384.as_ref().map(|digest| Hex(digest).to_string()),
            }
        };
        image.sections().iter().enumerate().map(of).collect()
    }

    /// The PCRs in words: `PCR0 PCR1`, or `not measured`.
    pub(super) fn measured_in(&self) -> String {
        if self.pcrs.is_empty() {
            return "not measured".to_owned();
        }
        self.pcrs.iter().map(|pcr| format!("PCR{pcr}")).collect::<Vec<_>>().join(" ")
    }
}

/// Version, processors, sections and size of an image, in one line.
pub(super) fn summary(image: &MeasuredImage) -> String {
    let header = image.header();
    format!(
        "EIF version {}, {}, {} sections, {} bytes",
        header.version(),
        header.architecture(),
        image.sections().len(),
        header.image_bytes()
    )
}
