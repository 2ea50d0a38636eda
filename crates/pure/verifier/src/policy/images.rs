//! Proposal of a policy from the measurements of images: those of an EIF, and those that `nitro-cli`,
//! `teeproof eif measure` and `nitro-tpm-pcr-compute` print.
//!
//! No evidence is needed: the policy says what an image will measure wherever it is started.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use teeproof_core::Technology;
use teeproof_nitro::nitrotpm::PCR7_WITHOUT_SECURE_BOOT;

use super::Policy;
use super::kinds::text;
use super::lines::{Lines, SectionLines};
use super::pcrs::{PcrText, pcr_value};
use super::propose::{NoProposal, Proposal, ProposalChoices};
use super::suggest::quoted;

/// The PCRs of an enclave image, SHA-384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnclaveImage {
    /// The whole image.
    pub pcr0: [u8; 48],
    /// The kernel, its command line, the first ramdisk.
    pub pcr1: [u8; 48],
    /// The other ramdisks.
    pub pcr2: [u8; 48],
    /// The IAM role of the parent instance; `None` where the tool was not given it.
    pub pcr3: Option<[u8; 48]>,
    /// The parent instance; `None` where the tool was not given it.
    pub pcr4: Option<[u8; 48]>,
    /// The signing certificate; `None` if the image is not signed.
    pub pcr8: Option<[u8; 48]>,
}

/// The PCRs of an instance with NitroTPM that is started from an attestable AMI, SHA-384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceImage {
    /// The boot loaders and the unified kernel image.
    pub pcr4: [u8; 48],
    /// The keys of secure boot.
    pub pcr7: [u8; 48],
    /// What was added to the command line; `None` from `nitro-tpm-pcr-compute` before version 1.1.
    pub pcr12: Option<[u8; 48]>,
}

/// The measurements of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageMeasurements {
    /// Of an enclave image.
    Enclave(EnclaveImage),
    /// Of the image of an instance with NitroTPM.
    Instance(InstanceImage),
}

/// Why bytes are not the measurements of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotMeasurements {
    /// Not JSON of this form; the reason in words.
    Form(String),
    /// Another hash algorithm than SHA-384.
    Algorithm(String),
    /// A PCR that is not a digest of 48 bytes.
    Pcr {
        /// The number of the PCR.
        pcr: u8,
        /// The reason in words.
        because: String,
    },
    /// PCRs of neither kind of image, or of both.
    NoImage,
    /// A PCR of zeros: such an enclave runs in debug mode, and the PCRs name no image.
    Zero(u8),
}

impl fmt::Display for NotMeasurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(because) => write!(f, "not the measurements of an image: {because}"),
            Self::Algorithm(found) => write!(f, "HashAlgorithm: expected SHA384, found {found}"),
            Self::Pcr { pcr, because } => write!(f, "PCR{pcr}: {because}"),
            Self::NoImage => f.write_str(
                "expected PCR0, PCR1 and PCR2 of an enclave image, or PCR4 and PCR7 of the image of an instance",
            ),
            Self::Zero(pcr) => write!(f, "PCR{pcr} is zero, as in debug mode: it names no image"),
        }
    }
}

impl core::error::Error for NotMeasurements {}

impl ImageMeasurements {
    /// Whether a file seems to hold measurements: a JSON object with the member `Measurements`.
    #[must_use]
    pub fn looks_like(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Any {
            #[serde(rename = "Measurements")]
            _measurements: serde::de::IgnoredAny,
        }
        bytes.len() <= MAX_BYTES && serde_json::from_slice::<Any>(bytes).is_ok()
    }

    /// Parses the JSON that `nitro-cli build-enclave` and `describe-eif`, or `nitro-tpm-pcr-compute`, print: an object
    /// with the member `Measurements`, in which stand `HashAlgorithm` (`SHA384`, `Sha384 { ... }`) and PCRs in hex. Other
    /// members of the outer object are ignored, unknown ones of the inner one are errors.
    ///
    /// # Errors
    /// Bytes of another form, another algorithm, PCRs of no kind of image, and zero PCRs of an enclave.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotMeasurements> {
        if bytes.len() > MAX_BYTES {
            return Err(NotMeasurements::Form(format!("{} bytes, {MAX_BYTES} are the limit", bytes.len())));
        }
        let File { measurements, enclave } =
            serde_json::from_slice(bytes).map_err(|error| NotMeasurements::Form(error.to_string()))?;
        if enclave.is_some() {
            return Err(NotMeasurements::Form(RUNNING.into()));
        }
        let algorithm: String =
            measurements.hash_algorithm.chars().take_while(char::is_ascii_alphanumeric).collect();
        if !algorithm.eq_ignore_ascii_case("sha384") {
            return Err(NotMeasurements::Algorithm(quoted(&measurements.hash_algorithm)));
        }
        let Measurements { pcr0, pcr1, pcr2, pcr3, pcr4, pcr7, pcr8, pcr12, .. } = measurements;
        let optional = |pcr: u8, digits: Option<String>| digits.map(|digits| value(pcr, &digits)).transpose();
        match (pcr0, pcr1, pcr2, pcr4, pcr7) {
            (Some(pcr0), Some(pcr1), Some(pcr2), pcr4, None) if pcr12.is_none() => {
                let [pcr0, pcr1, pcr2] = [measured(0, &pcr0)?, measured(1, &pcr1)?, measured(2, &pcr2)?];
                let (pcr3, pcr4) = (optional(3, pcr3)?, optional(4, pcr4)?);
                // Zero of an image that is not signed.
                let pcr8 = optional(8, pcr8)?.filter(|pcr8| *pcr8 != [0; 48]);
                Ok(Self::Enclave(EnclaveImage { pcr0, pcr1, pcr2, pcr3, pcr4, pcr8 }))
            }
            (None, None, None, Some(pcr4), Some(pcr7)) if pcr8.is_none() && pcr3.is_none() => {
                let pcr12 = optional(12, pcr12)?;
                Ok(Self::Instance(InstanceImage {
                    pcr4: measured(4, &pcr4)?,
                    pcr7: measured(7, &pcr7)?,
                    pcr12,
                }))
            }
            _ => Err(NotMeasurements::NoImage),
        }
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "Measurements")]
    measurements: Measurements,
    #[serde(rename = "EnclaveID")]
    enclave: Option<serde::de::IgnoredAny>,
}

const RUNNING: &str = "nitro-cli describe-enclaves prints an image's PCRs for an enclave in debug mode as well; use build-enclave or describe-eif";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Measurements {
    #[serde(rename = "HashAlgorithm")]
    hash_algorithm: String,
    #[serde(rename = "PCR0")]
    pcr0: Option<String>,
    #[serde(rename = "PCR1")]
    pcr1: Option<String>,
    #[serde(rename = "PCR2")]
    pcr2: Option<String>,
    #[serde(rename = "PCR3")]
    pcr3: Option<String>,
    #[serde(rename = "PCR4")]
    pcr4: Option<String>,
    #[serde(rename = "PCR7")]
    pcr7: Option<String>,
    #[serde(rename = "PCR8")]
    pcr8: Option<String>,
    #[serde(rename = "PCR12")]
    pcr12: Option<String>,
}

/// The longest file that is read; `describe-eif` prints the metadata of an image as well.
const MAX_BYTES: usize = 256 * 1024;

fn value(pcr: u8, digits: &str) -> Result<[u8; 48], NotMeasurements> {
    let because = match pcr_value::<48>(digits) {
        PcrText::Hex(value) => return Ok(value),
        PcrText::Wrong(message) => message,
        _ => format!("expected 96 hex digits, found {}", quoted(digits)),
    };
    Err(NotMeasurements::Pcr { pcr, because })
}

/// A value that is not zero.
fn measured(pcr: u8, digits: &str) -> Result<[u8; 48], NotMeasurements> {
    value(pcr, digits)
        .and_then(|value| if value == [0; 48] { Err(NotMeasurements::Zero(pcr)) } else { Ok(value) })
}

impl Proposal {
    /// Proposes a policy that accepts these images and no others: PCR0, PCR1 and PCR2, and PCR8 of signed ones, of
    /// enclaves in production mode; PCR4 and PCR12, and PCR7 unless it says that secure boot is off, of instances.
    ///
    /// # Errors
    /// No image; a PCR of the choices that an image does not have; enclave images of which some are signed; more
    /// values than a policy file may have.
    pub fn from_images(
        images: &[ImageMeasurements],
        choices: &ProposalChoices<'_>,
    ) -> Result<Self, NoProposal> {
        let enclaves: Vec<_> = images.iter().filter_map(enclave_pcrs).collect();
        let instances: Vec<_> = images.iter().filter_map(instance_pcrs).collect();
        if images.is_empty() {
            return Err(NoProposal::NoEvidence);
        }
        let has = |bank: &Vec<(u8, [u8; 48])>, index: u8| bank.iter().any(|(one, _)| *one == index);
        let missing = |index: &&u8| !enclaves.iter().chain(&instances).all(|bank| has(bank, **index));
        if let Some(missing) = choices.pin.iter().find(missing) {
            return Err(NoProposal::PinMissing(*missing));
        }
        let (mut body, mut differing, mut mixed) =
            (preamble(choices.name, images.len()), Vec::new(), Vec::new());
        let sections = [
            (!enclaves.is_empty()).then(|| of_enclaves(&enclaves, *choices)),
            (!instances.is_empty()).then(|| of_instances(&instances, *choices)),
        ];
        for section in sections.into_iter().flatten() {
            body.push_str(&section.toml);
            differing.extend(section.differing);
            mixed.extend(section.mixed);
        }
        if !mixed.is_empty() {
            return Err(NoProposal::Mixed(mixed));
        }
        let warnings = Policy::from_toml(choices.name, &body).map_err(NoProposal::NotAPolicy)?.warnings();
        Ok(Self::assembled(&body, Vec::new(), warnings, differing))
    }
}

fn preamble(name: &str, count: usize) -> String {
    let images = if count == 1 { "one image".to_string() } else { format!("{count} images") };
    format!(
        "# Proposed from the measurements of {images}. It accepts every instance or enclave that is started\n\
         # from them. Read every line before you rely on it.\n\
         version = 1\nname = {}\n",
        text(name)
    )
}

fn enclave_pcrs(image: &ImageMeasurements) -> Option<Vec<(u8, [u8; 48])>> {
    let ImageMeasurements::Enclave(image) = image else { return None };
    let EnclaveImage { pcr0, pcr1, pcr2, pcr3, pcr4, pcr8 } = *image;
    let measured = [(0, pcr0), (1, pcr1), (2, pcr2)];
    let others = [(3, pcr3), (4, pcr4), (8, pcr8)];
    let others = others.into_iter().filter_map(|(index, pcr)| Some((index, pcr?)));
    Some(measured.into_iter().chain(others).collect())
}

fn instance_pcrs(image: &ImageMeasurements) -> Option<Vec<(u8, [u8; 48])>> {
    let ImageMeasurements::Instance(InstanceImage { pcr4, pcr7, pcr12 }) = image else { return None };
    let measured = [(4, *pcr4), (7, *pcr7)];
    Some(measured.into_iter().chain(pcr12.map(|pcr12| (12, pcr12))).collect())
}

fn of_enclaves(banks: &[Vec<(u8, [u8; 48])>], choices: ProposalChoices<'_>) -> SectionLines {
    let mut lines = Lines::of(Technology::Nitro, choices, (0..banks.len()).collect());
    lines.line("debug = { exactly = false }");
    lines.pcrs("pcrs", banks, |_| None, |_, _, _| None);
    let signer = match banks.iter().any(|bank| bank.iter().any(|(index, _)| *index == 8)) {
        true => "PCR8 shows it",
        false => "the image is not signed",
    };
    lines.waived("role", "PCR3 names it, if the measurements have it");
    lines.waived("signer", signer);
    lines.waived("module-id", "a new one at each start");
    lines.waived("instance", "PCR4 names it, if the measurements have it");
    lines.waived("user-data", "the enclave's own data");
    lines.waived("public-key", "the enclave's own data");
    lines.waived("max-age", "the nonce shows freshness");
    lines.finish()
}

fn of_instances(banks: &[Vec<(u8, [u8; 48])>], choices: ProposalChoices<'_>) -> SectionLines {
    let mut lines = Lines::of(Technology::NitroTpm, choices, (0..banks.len()).collect());
    lines.line("measured-boot = { exactly = true }");
    lines.pcrs(
        "pcrs",
        banks,
        |_| None,
        |index, _, value| {
            let off = index == 7 && *value == PCR7_WITHOUT_SECURE_BOOT;
            off.then(|| "secure boot is off, and has no keys: every such instance has this value".to_string())
        },
    );
    lines.waived("module-id", "specific to one instance");
    lines.waived("instance", "specific to one instance");
    lines.waived("user-data", "the requesting program's own data");
    lines.waived("public-key", "the requesting program's own data");
    lines.waived("max-age", "the nonce shows freshness");
    lines.finish()
}
