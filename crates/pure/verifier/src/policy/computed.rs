//! PCRs that AWS computes from one value: the names, ARNs and certificates that a policy file may write in their
//! place.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Hex, List, Text};
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
        named(node, text, problems, |text| match Arn::parse(text) {
            Some(Arn { service: "iam", resource, .. }) if is_named(resource, "role/") => Ok(()),
            Some(Arn { service: "sts", account, resource, partition })
                if resource.starts_with("assumed-role/") =>
            {
                let role = resource.split('/').nth(1).unwrap_or_default();
                let message = "the ARN of a session: PCR3 is computed from the role's ARN".to_string();
                let role = quoted(&format!("arn:{partition}:iam::{account}:role/{role}"));
                Err((message, format!("write {role}, with the role's path before its name if it has one")))
            }
            Some(Arn { service: "iam", resource, .. }) if resource.starts_with("instance-profile/") => {
                let message =
                    "the ARN of an instance profile: PCR3 is computed from the role in it".to_string();
                let hint = "write the Arn below Roles that aws iam get-instance-profile prints";
                Err((message, hint.to_string()))
            }
            _ => {
                let message = format!("expected the ARN of a role, found {}", quoted(text));
                Err((
                    message,
                    "write arn:aws:iam::<12 digits>:role/<name>, or pcr:<96 hex digits>".to_string(),
                ))
            }
        })
    }
}

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
        named(
            node,
            text,
            problems,
            |text| if is_instance_id(text) { Ok(()) } else { Err(not_an_instance(text)) },
        )
    }
}

/// An EC2 instance: its id.
pub(super) struct InstanceId;

impl Kind for InstanceId {
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
        if !is_instance_id(text) {
            let (message, hint) = not_an_instance(text);
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

/// The parts of an Amazon Resource Name: `arn:partition:service::account:resource`.
struct Arn<'t> {
    partition: &'t str,
    service: &'t str,
    account: &'t str,
    resource: &'t str,
}

impl<'t> Arn<'t> {
    /// An ARN without a region, as those of IAM and STS are.
    fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
        let is_partition = partition == "aws" || partition.starts_with("aws-");
        (arn == "arn" && region.is_empty() && is_account && is_partition).then_some(Self {
            partition,
            service,
            account,
            resource,
        })
    }
}

/// Whether a resource is of this kind, with a name of the characters that IAM allows, and a path at most.
fn is_named(resource: &str, kind: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
    resource.strip_prefix(kind).is_some_and(|name| {
        !name.is_empty() && !name.starts_with('/') && !name.ends_with('/') && name.bytes().all(allowed)
    })
}

/// Whether a text is an instance id: `i-` and 17 hex digits, or 8 of an old one.
fn is_instance_id(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("i-").is_some_and(|id| matches!(id.len(), 8 | 17) && id.bytes().all(digit))
}

fn not_an_instance(text: &str) -> (String, String) {
    let hint = match text.split_once("-enc").or_else(|| text.split_once("-tpm")) {
        Some((instance, _)) if is_instance_id(instance) => {
            format!("this is a module id: write {}, or use module-id", quoted(instance))
        }
        _ => "write i- and 17 hex digits in lower case, as EC2 does".to_string(),
    };
    (format!("expected the id of an instance, found {}", quoted(text)), hint)
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
