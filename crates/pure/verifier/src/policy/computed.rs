//! PCRs that AWS computes from one value: the names, ARNs and certificates that a policy file may write in their
//! place.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Hex, InstanceId, InstanceIdError, List, RoleArn, RoleArnError, Text};
use teeproof_evidence::{bytes, pem_chain};
use teeproof_nitro::{ComputedPcr, ImageSigner};

use super::kinds::{Fixed, text};
use super::node::Node;
use super::pcrs::{PcrText, pcr_value};
use super::problems::{Problems, Reported};
use super::rule::Kind;
use super::suggest::quoted;

/// The IAM role of the parent instance: an ARN, or PCR3.
pub(super) struct Role;

impl Kind for Role {
    type Value = ComputedPcr<Text<'static>>;
    const WHAT: &'static str = "a role ARN, or PCR 3";

    fn label() -> String {
        "role ARN, or PCR".into()
    }

    fn toml(seen: &Self::Value) -> String {
        named_toml(seen)
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Self::Value, Reported> {
        let text = node.text(problems, "the ARN of a role as a text")?;
        named(node, text, problems, |text| match RoleArn::parse(text) {
            Ok(_) => Ok(()),
            Err(error) => Err((format!("{error}: {}", quoted(text)), role_hint(text, error))),
        })
    }
}

/// What to write in the place of a text that is not the ARN of a role.
fn role_hint(text: &str, error: RoleArnError) -> String {
    let hint = error.hint().to_string();
    if error != RoleArnError::Session {
        return hint;
    }
    // arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [_, partition, _, _, account, resource] => {
            let name = resource.split('/').nth(1).unwrap_or_default();
            let arn = format!("arn:{partition}:iam::{account}:role/{name}");
            // Whole, so that it can be copied: a name has at most 64 characters.
            let arn: String = arn.chars().take(MAX_ARN).flat_map(char::escape_debug).collect();
            format!("{hint}; of a role without a path it is {arn}")
        }
        _ => hint,
    }
}

/// The characters of the longest ARN of a role without a path, with room for the partition.
const MAX_ARN: usize = 128;

/// The parent instance: an id, or PCR4.
pub(super) struct ParentInstance;

impl Kind for ParentInstance {
    type Value = ComputedPcr<Text<'static>>;
    const WHAT: &'static str = "an instance id, or PCR 4";

    fn label() -> String {
        "instance id, or PCR".into()
    }

    fn toml(seen: &Self::Value) -> String {
        named_toml(seen)
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Self::Value, Reported> {
        let text = node.text(problems, "the id of an instance as a text")?;
        named(node, text, problems, |text| match InstanceId::parse(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(not_an_instance(text, error)),
        })
    }
}

/// An EC2 instance: its id.
pub(super) struct Instance;

impl Kind for Instance {
    type Value = Text<'static>;
    const WHAT: &'static str = "an instance id";

    fn label() -> String {
        "instance id".into()
    }

    fn toml(seen: &str) -> String {
        text(seen)
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Text<'static>, Reported> {
        let text = node.text(problems, "the id of an instance as a text")?;
        if let Err(error) = InstanceId::parse(text) {
            let (message, hint) = not_an_instance(text, error);
            return Err(node.problem(problems, message, Some(hint)));
        }
        Ok(text.to_string().into())
    }
}

/// The signing certificate of an image: PEM, DER, its digest, or PCR8.
pub(super) struct Signer;

impl Kind for Signer {
    type Value = ComputedPcr<ImageSigner<'static>>;
    const WHAT: &'static str = "a signing certificate, or PCR 8";

    fn label() -> String {
        "certificate or its SHA-384, or PCR".into()
    }

    fn toml(seen: &Self::Value) -> String {
        match seen {
            ComputedPcr::Of(ImageSigner::Sha384(fingerprint)) => Fixed::<48>::toml(fingerprint),
            ComputedPcr::Of(ImageSigner::Certificate(der)) => format!("\"b64:{}\"", bytes::to_base64url(der)),
            ComputedPcr::Value(pcr) => pcr_toml(pcr),
        }
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Self::Value, Reported> {
        let text = node.text(problems, "a certificate or its SHA-384 as a text")?;
        let certificate = |der: Vec<u8>| ComputedPcr::Of(ImageSigner::Certificate(List::from(der)));
        if let Some(encoded) = text.strip_prefix("b64:") {
            let der = bytes::base64(encoded).filter(|der| is_der_sequence(der));
            return der.map(certificate).ok_or_else(|| {
                let hint = "write the certificate's DER in base64 behind b64:, or paste its PEM";
                node.problem(problems, "what follows b64: is not a certificate", Some(hint.to_string()))
            });
        }
        if text.contains(PEM) {
            let mut chain = pem_chain(text.as_bytes());
            return match (chain.pop(), chain.is_empty()) {
                (Some(der), true) => Ok(certificate(der)),
                (Some(_), false) => {
                    let hint = "an image is signed under one certificate: keep the signer's alone";
                    Err(node.problem(problems, "several certificates", Some(hint.to_string())))
                }
                (None, _) => Err(node.problem(problems, "not a certificate in PEM", None)),
            };
        }
        // openssl x509 -fingerprint writes colons between the bytes.
        let digits: String = text.chars().filter(|character| *character != ':').collect();
        match pcr_value::<48>(text) {
            PcrText::Pcr(pcr) | PcrText::Base64(pcr) => return Ok(ComputedPcr::Value(pcr)),
            PcrText::Wrong(message) => return Err(node.problem(problems, message, None)),
            PcrText::Hex(_) | PcrText::Other => {}
        }
        match pcr_value::<48>(&digits) {
            PcrText::Hex(fingerprint) => Ok(ComputedPcr::Of(ImageSigner::Sha384(fingerprint))),
            _ => {
                let message = format!("expected a certificate or its SHA-384, found {}", quoted(text));
                Err(node.problem(problems, message, Some(SIGNER_HINT.to_string())))
            }
        }
    }
}

const PEM: &str = "-----BEGIN ";
const SIGNER_HINT: &str = "write the 96 hex digits of openssl x509 -in cert.pem -outform DER | openssl sha384, the \
                           certificate's PEM, b64: and its DER, or pcr: and PCR8";

/// A name, or a PCR in its place. `check` says what is wrong with a name, and what to write.
fn named(
    node: &Node<'_>,
    text: &str,
    problems: &mut Problems<'_>,
    check: impl Fn(&str) -> Result<(), (String, String)>,
) -> Result<ComputedPcr<Text<'static>>, Reported> {
    match pcr_value::<48>(text) {
        PcrText::Pcr(pcr) | PcrText::Base64(pcr) | PcrText::Hex(pcr) => return Ok(ComputedPcr::Value(pcr)),
        PcrText::Wrong(message) => return Err(node.problem(problems, message, None)),
        PcrText::Other => {}
    }
    match check(text) {
        Ok(()) => Ok(ComputedPcr::Of(text.to_string().into())),
        Err((message, hint)) => Err(node.problem(problems, message, Some(hint))),
    }
}

fn named_toml(seen: &ComputedPcr<Text<'static>>) -> String {
    match seen {
        ComputedPcr::Of(name) => text(name),
        ComputedPcr::Value(pcr) => pcr_toml(pcr),
    }
}

fn pcr_toml(pcr: &[u8; 48]) -> String {
    format!("\"pcr:{}\"", Hex(pcr))
}

/// The message and the hint for a text that is not the id of an instance.
fn not_an_instance(text: &str, error: InstanceIdError) -> (String, String) {
    let hint = match text.split_once("-enc").or_else(|| text.split_once("-tpm")) {
        Some((instance, _)) if InstanceId::parse(instance).is_ok() => {
            format!("this is a module id: write {}, or use module-id", quoted(instance))
        }
        _ => error.hint().to_string(),
    };
    (format!("{error}, found {}", quoted(text)), hint)
}

/// Whether bytes are one DER SEQUENCE of a definite length, as a certificate is.
fn is_der_sequence(der: &[u8]) -> bool {
    let Some((0x30, rest)) = der.split_first().map(|(tag, rest)| (*tag, rest)) else { return false };
    match rest {
        [0x81, length, contents @ ..] => usize::from(*length) == contents.len(),
        [0x82, high, low, contents @ ..] => usize::from(u16::from_be_bytes([*high, *low])) == contents.len(),
        _ => false,
    }
}
