//! Proposal of a policy from the measurements of images: those of an EIF, and those that `nitro-cli`,
//! `teeproof eif measure` and `nitro-tpm-pcr-compute` print.
//!
//! No evidence is needed: the policy says what an image will measure wherever it is started.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use teeproof_core::{Class, Technology};
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
    /// The image's checksum does not match, by the file.
    InvalidChecksum,
    /// The image's signature is invalid, by the file.
    InvalidSignature,
    /// The image's signature was not verified, by the file.
    UnverifiedSignature,
}

impl NotMeasurements {
    /// The class of the error.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::InvalidSignature => Class::NotAuthentic,
            Self::UnverifiedSignature => Class::Unsupported,
            _ => Class::Malformed,
        }
    }

    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::InvalidChecksum => {
                "the image was damaged or changed after it was built: copy or build it again"
            }
            Self::InvalidSignature => {
                "AWS starts no enclave of this image: sign it again and measure the signed image"
            }
            Self::UnverifiedSignature => {
                "sign the image with a key on P-256 or P-384, whose signatures are verified, and measure it again"
            }
            _ => {
                "give what nitro-cli build-enclave, nitro-cli describe-eif, teeproof eif measure or \
                 nitro-tpm-pcr-compute print, without changes"
            }
        }
    }
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
            Self::InvalidChecksum => f.write_str("the checksum of the measured image does not match"),
            Self::InvalidSignature => f.write_str("the signature of the measured image is invalid"),
            Self::UnverifiedSignature => f.write_str("the signature of the measured image was not verified"),
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
    /// members of the outer object are ignored, but for those of `describe-eif` and of `teeproof eif measure` that say that
    /// the image is damaged or its signature not valid; unknown ones of the inner one are errors.
    ///
    /// # Errors
    /// Bytes of another form, another algorithm, PCRs of no kind of image, and zero PCRs of an enclave; an image whose
    /// checksum or signature is not valid.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotMeasurements> {
        if bytes.len() > MAX_BYTES {
            return Err(NotMeasurements::Form(format!("{} bytes, {MAX_BYTES} are the limit", bytes.len())));
        }
        let File { measurements, enclave, checksum, signature_check, signature } =
            serde_json::from_slice(bytes).map_err(|error| NotMeasurements::Form(error.to_string()))?;
        if enclave.is_some() {
            return Err(NotMeasurements::Form(RUNNING.into()));
        }
        if checksum == Some(false) {
            return Err(NotMeasurements::InvalidChecksum);
        }
        match signature.as_ref().map_or("valid", |signature| &signature.status) {
            "valid" if signature_check != Some(false) => {}
            "valid" | "invalid" => return Err(NotMeasurements::InvalidSignature),
            _ => return Err(NotMeasurements::UnverifiedSignature),
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
    /// Of `describe-eif`.
    #[serde(rename = "CheckCRC")]
    checksum: Option<bool>,
    /// Of `describe-eif`, for a signed image.
    #[serde(rename = "SignatureCheck")]
    signature_check: Option<bool>,
    /// Of `teeproof eif measure`.
    signature: Option<SignatureStatus>,
}

#[derive(Deserialize)]
struct SignatureStatus {
    status: String,
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
        let numbered = || (0..=usize::MAX).zip(images);
        let (of_enclave, enclaves): (Vec<_>, Vec<_>) =
            numbered().filter_map(|(number, image)| Some((number, enclave_pcrs(image)?))).unzip();
        let (of_instance, instances): (Vec<_>, Vec<_>) =
            numbered().filter_map(|(number, image)| Some((number, instance_pcrs(image)?))).unzip();
        if images.is_empty() {
            return Err(NoProposal::NoEvidence);
        }
        let has = |bank: &Vec<(u8, [u8; 48])>, index: u8| bank.iter().any(|(one, _)| *one == index);
        let missing = |index: &&u8| !enclaves.iter().chain(&instances).all(|bank| has(bank, **index));
        if let Some(missing) = choices.pin.iter().find(missing) {
            return Err(NoProposal::PinMissing(*missing));
        }
        let one_parent = enclaves.iter().any(|bank| has(bank, 3) || has(bank, 4));
        let (mut body, mut differing, mut mixed) =
            (preamble(choices.name, images.len(), one_parent), Vec::new(), Vec::new());
        let sections = [
            (!enclaves.is_empty()).then(|| of_enclaves(&enclaves, of_enclave, *choices)),
            (!instances.is_empty()).then(|| of_instances(&instances, of_instance, *choices)),
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

/// `one_parent`: whether PCR3 or PCR4 of an enclave is pinned.
fn preamble(name: &str, count: usize, one_parent: bool) -> String {
    let (images, them) = match count {
        1 => ("one image".to_string(), "it"),
        count => (format!("{count} images"), "them"),
    };
    let accepted = match one_parent {
        true => format!("what is started from {them} on\n# parent instances with the PCR3 or PCR4 below."),
        false => format!("every instance or enclave that is started\n# from {them}."),
    };
    format!(
        "# Proposed from the measurements of {images}. It accepts {accepted} Read every line before you \
         rely on it.\nversion = 1\nname = {}\n",
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

/// `numbers`: which of the images these are.
fn of_enclaves(
    banks: &[Vec<(u8, [u8; 48])>],
    numbers: Vec<usize>,
    choices: ProposalChoices<'_>,
) -> SectionLines {
    let mut lines = Lines::of(Technology::Nitro, choices, numbers);
    lines.line("debug = { exactly = false }");
    lines.pcrs_or("pcrs", banks, |_| None, |_, _, _| None, missing_pcr);
    let has = |wanted: u8| banks.iter().any(|bank| bank.iter().any(|(index, _)| *index == wanted));
    let signer = if has(8) { "PCR8 is pinned below" } else { "the image is not signed" };
    let role = if has(3) { "PCR3 is pinned below" } else { "any role: PCR3 is not pinned" };
    let instance = if has(4) { "PCR4 is pinned below" } else { "any instance: PCR4 is not pinned" };
    lines.waived("role", role);
    lines.waived("signer", signer);
    lines.waived("module-id", "a new one at each start");
    lines.waived("instance", instance);
    lines.waived("user-data", "the enclave's own data");
    lines.waived("public-key", "the enclave's own data");
    lines.waived("max-age", "the nonce shows freshness");
    lines.finish()
}

/// Why the measurements of an image have no value of a PCR that those of another have.
const fn missing_pcr(index: u8) -> &'static str {
    match index {
        3 => "the image was measured without the role of the parent instance",
        4 => "the image was measured without the parent instance",
        8 => "the image is not signed",
        12 => "nitro-tpm-pcr-compute before version 1.1 computes no PCR12",
        _ => "the measurements have no such PCR",
    }
}

/// `numbers`: which of the images these are.
fn of_instances(
    banks: &[Vec<(u8, [u8; 48])>],
    numbers: Vec<usize>,
    choices: ProposalChoices<'_>,
) -> SectionLines {
    let mut lines = Lines::of(Technology::NitroTpm, choices, numbers);
    lines.line("measured-boot = { exactly = true }");
    lines.pcrs_or(
        "pcrs",
        banks,
        |_| None,
        |index, _, value| {
            let off = index == 7 && *value == PCR7_WITHOUT_SECURE_BOOT;
            off.then(|| "secure boot is off, and has no keys: every such instance has this value".to_string())
        },
        missing_pcr,
    );
    lines.waived("module-id", "specific to one instance");
    lines.waived("instance", "specific to one instance");
    lines.waived("user-data", "the requesting program's own data");
    lines.waived("public-key", "the requesting program's own data");
    lines.waived("max-age", "the nonce shows freshness");
    lines.finish()
}
