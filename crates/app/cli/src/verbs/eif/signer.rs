//! The signature of an image, as JSON and on pages: what was verified, and that its certificate has no anchor.

use serde::Serialize;
use teeproof_core::{Hex, Time};
use teeproof_eif::{MeasuredImage, SignatureError};

use crate::input::time::now;
use crate::output::exits;
use crate::output::page::{BAD, GOOD, HINT, LOUD, Page, WIDTH, labelled};

/// The signature of an image.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "ImageSignature"))]
pub(super) struct SignatureJson {
    /// `valid`, `invalid`, or `unsupported`, which is not verified.
    status: &'static str,
    /// What is verified of a valid signature; null of others.
    verified: Option<&'static str>,
    /// `none`: nothing vouches for the certificate, whose issuer, validity and revocation are not checked. PCR8 of an
    /// expected signer says whose it is.
    anchor: &'static str,
    /// `ES256`, `ES384` or `ES512`; null of a signature that is not valid.
    algorithm: Option<&'static str>,
    /// The subject of the signing certificate; null where it cannot be parsed.
    subject: Option<String>,
    /// The first second of its validity, RFC 3339; null where it cannot be parsed.
    not_before: Option<String>,
    /// The last second of its validity, RFC 3339; null where it cannot be parsed. After it, AWS starts no enclave of the
    /// image.
    not_after: Option<String>,
    /// Whether it is valid at present, by the clock of this machine; null where it cannot be parsed.
    is_current: Option<bool>,
    /// SHA-384 of the certificate, which PCR8 is made from.
    certificate_sha384: String,
    /// The number of entries of the section, of which the first is in use.
    entries: usize,
    /// The number of certificates in its PEM, of which the first is the signing certificate.
    certificates: usize,
    /// Why the signature is not valid; null of a valid one.
    error: Option<String>,
    #[serde(skip)]
    hint: Option<&'static str>,
    #[serde(skip)]
    exit: u8,
}

/// The line of an image that is not signed.
pub(super) const UNSIGNED: &str = "signature  none: PCR8 of an enclave is zero";

const VERIFIED: &str = "PCR0 of this image, under the key of the certificate in the image";

impl SignatureJson {
    /// The signature of an image, verified; `None` of an image that is not signed.
    pub(super) fn of(image: &MeasuredImage) -> Option<Self> {
        let crypto = &teeproof_aws_lc::TABLE;
        let (section, outcome) = (image.signature()?, image.verify_signature(crypto)?);
        let parsed = section.certificate().ok();
        let not_before = parsed.as_ref().map(|certificate| Time(certificate.not_before()));
        let not_after = parsed.as_ref().map(|certificate| Time(certificate.not_after()));
        let error = outcome.as_ref().err();
        let now = now();
        Some(Self {
            status: match error {
                None => "valid",
                Some(SignatureError::Algorithm(_)) => "unsupported",
                Some(_) => "invalid",
            },
            verified: error.is_none().then_some(VERIFIED),
            anchor: "none",
            algorithm: outcome.as_ref().ok().map(|verified| verified.algorithm().as_str()),
            subject: parsed.as_ref().map(|certificate| certificate.subject().to_string()),
            not_before: not_before.map(|time| time.to_string()),
            not_after: not_after.map(|time| time.to_string()),
            is_current: not_before.zip(not_after).map(|(from, to)| from <= now && now <= to),
            certificate_sha384: Hex(&crypto.sha384.digest(&[section.certificate_der()])).to_string(),
            entries: section.entries(),
            certificates: section.certificates(),
            error: error.map(ToString::to_string),
            hint: error.map(SignatureError::hint),
            exit: error.map_or(0, |error| exits::of_class(error.class())),
        })
    }

    /// The exit code of a run with an image with this signature: 0 if it is valid.
    pub(super) const fn exit(&self) -> u8 {
        self.exit
    }

    /// The lines of a page.
    pub(super) fn print(&self, page: &mut Page) {
        match (&self.error, self.algorithm) {
            (Some(error), _) => {
                let (style, words) =
                    if self.status == "invalid" { (BAD, "INVALID") } else { (LOUD, "not verified") };
                page.add("signature  ").paint(style, words).line(format_args!(": {error}"));
                if let Some(hint) = self.hint {
                    labelled(page, (HINT, "hint:"), hint, WIDTH, 11);
                }
            }
            (None, algorithm) => {
                page.add("signature  ")
                    .paint(GOOD, "valid")
                    .line(format_args!(", {}: {VERIFIED}", algorithm.unwrap_or_default()));
            }
        }
        let subject = self.subject.as_deref().unwrap_or("not a certificate that can be parsed");
        page.line(format_args!("signer     {subject}"));
        page.line(format_args!("           SHA-384 {}", self.certificate_sha384));
        page.add("           ")
            .paint(LOUD, "no anchor")
            .line(": anybody can make a certificate of this name; only PCR8 says whose it is");
        if let (Some(from), Some(to), Some(is_current)) = (&self.not_before, &self.not_after, self.is_current)
        {
            page.add(format_args!("           valid from {from} to {to}"));
            if !is_current {
                page.add(", ").paint(BAD, "NOT NOW").add(": AWS starts no enclave of the image");
            }
            page.end();
        }
        if self.entries > 1 || self.certificates > 1 {
            page.line(format_args!(
                "           {} entries, {} certificates in the first: only the first of each is in use",
                self.entries, self.certificates
            ));
        }
    }
}
