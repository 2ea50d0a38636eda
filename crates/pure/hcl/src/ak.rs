//! The attestation key's certificate, and the way from it up to Azure's vTPM root: found by name,
//! verified by signature.
//!
//! Source: RFC 5280, section 6; the chains that real Azure VMs carry.

mod climb;

use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use teeproof_core::{Class, Record, RsaKey};
use teeproof_wire::Reader;
use teeproof_wire::certificate::{Certificate, Name, PublicKey};
use teeproof_wire::der::{self, tag};
use teeproof_x509::{Anchor, Problem, SignedPath, VerifiedPath};

use crate::{Error, Verification, checks};
use climb::Failure;

/// Azure Virtual TPM Root Certificate Authority 2023, by the SHA-256 of its whole certificate,
/// which has to come among the endorsements.
pub const AK_ROOT: Anchor<'static> = Anchor::Sha256([
    0xe6, 0xc5, 0x96, 0xb1, 0x7f, 0x8f, 0xfe, 0xfb, 0xa5, 0xc3, 0x00, 0xf7, 0x14, 0xcf, 0xb1, 0x26, 0x0c,
    0x60, 0x28, 0x70, 0x4e, 0xcf, 0x7b, 0xec, 0xc4, 0xab, 0x50, 0x18, 0xef, 0xb0, 0x0e, 0x95,
]);

/// What every AK certificate of a confidential VM has in its subject's common name. Those of
/// trusted-launch VMs, whose owners can forge claims, have the same root and say `TrustedVM`.
const CONFIDENTIAL: &str = ".ConfidentialVM.Azure.";
/// extKeyUsage, 2.5.29.37.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// tcg-kp-AIKCertificate, 2.23.133.8.3.
const AIK_CERTIFICATE: &[u8] = &[0x67, 0x81, 0x05, 0x08, 0x03];

/// The path of an attestation key's certificate, from the vTPM root down.
#[derive(Clone, Copy, Debug)]
pub struct AkPath<'a> {
    path: VerifiedPath<'a>,
    production: bool,
}

impl<'a> AkPath<'a> {
    /// The certificates.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        &self.path
    }

    /// Whether the path ends at Azure's pinned root and not at an added anchor.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        self.production
    }

    /// The same path at the time of another verification, under its anchors.
    pub(crate) fn again(&self, verification: &Verification<'a>) -> Result<Self, Error> {
        let path = *self.path.path();
        if !self.production && !verification.anchors.has_added(path.root()) {
            return Err(Error::AkUntrusted);
        }
        Ok(Self { path: path.valid_at(verification.at, 0).map_err(at_link)?, ..*self })
    }

    /// Whether the certificate is for this key.
    pub(crate) fn is_for(&self, key: RsaKey<'_>) -> bool {
        match self.path.leaf().public_key() {
            PublicKey::Rsa { modulus, exponent } => modulus == key.modulus && exponent == key.exponent,
            _ => false,
        }
    }
}

/// Verifies the AK certificate among the endorsements, where there is one. What is missing or
/// out of date is recorded as a warning, for then nothing rests on it; what does not hold is an
/// error.
pub(crate) fn establish<'a>(
    claims: &[u8],
    endorsements: &[Certificate<'a>],
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<Option<AkPath<'a>>, Error> {
    let Some(leaf) = pick(claims, endorsements) else {
        record.skip(checks::AK_CHAIN, &"no AK certificate came along");
        return Ok(None);
    };
    if !leaf.subject().common_name().is_some_and(|name| name.contains(CONFIDENTIAL)) {
        return Err(Error::AkSubject);
    }
    let signed = climb::climb(&leaf, endorsements, &verification.anchors, verification.crypto);
    let dated = signed.and_then(|(path, production)| {
        let failed = |error: teeproof_x509::Error| Failure::Chain(error);
        Ok((path.valid_at(verification.at, 0).map_err(failed)?, production))
    });
    match dated {
        Ok((path, production)) => {
            record.pass(checks::AK_CHAIN, &Shown { path: path.path(), production });
            Ok(Some(AkPath { path, production }))
        }
        Err(Failure::Missing(issuer)) => {
            record.warn(checks::AK_CHAIN, &Missing(issuer));
            Ok(None)
        }
        Err(Failure::Chain(error)) if error.class() == Class::Incomplete => {
            record.warn(checks::AK_CHAIN, &format_args!("not established: {}", at_link(error)));
            Ok(None)
        }
        Err(Failure::Chain(error)) => Err(at_link(error)),
        Err(Failure::Untrusted) => Err(Error::AkUntrusted),
    }
}

fn at_link(error: teeproof_x509::Error) -> Error {
    Error::AkChain { link: error.link, problem: error.problem }
}

/// Picks the AK certificate; where several came, the one whose key stands in the claims. What is
/// picked is verified afterwards like any other, and the claims are only searched as bytes.
fn pick<'a>(claims: &[u8], endorsements: &[Certificate<'a>]) -> Option<Certificate<'a>> {
    let candidates: Vec<_> = endorsements.iter().filter(|one| is_ak(one)).take(MAX_CANDIDATES).collect();
    let named = || candidates.iter().find(|one| names(claims, one));
    match candidates.as_slice() {
        [] => None,
        [only] => Some(**only),
        [first, ..] => Some(**named().unwrap_or(first)),
    }
}

/// How many AK certificates are looked at; a VM has one.
const MAX_CANDIDATES: usize = 8;

/// Whether a certificate is one for attestation keys, and no authority.
fn is_ak(certificate: &Certificate<'_>) -> bool {
    let authority = certificate.extensions().basic_constraints().is_some_and(|basic| basic.ca);
    !authority && has_usage(certificate, AIK_CERTIFICATE)
}

/// Whether the modulus of the certificate's key stands in the claims, as JSON Web Keys write it.
fn names(claims: &[u8], certificate: &Certificate<'_>) -> bool {
    const LETTERS: usize = 342;
    let PublicKey::Rsa { modulus, .. } = certificate.public_key() else { return false };
    let mut letters = [0; LETTERS];
    match Base64UrlUnpadded::encode(modulus, &mut letters) {
        Ok(text) => claims.windows(LETTERS).any(|window| window == text.as_bytes()),
        Err(_) => false,
    }
}

/// Whether the extended key usage of a certificate names this purpose (RFC 5280, section
/// 4.2.1.12).
fn has_usage(certificate: &Certificate<'_>, purpose: &[u8]) -> bool {
    const WHAT: &str = "certificate: extKeyUsage";
    let Some(extension) = certificate.extensions().find(EXTENDED_KEY_USAGE) else { return false };
    let mut found = false;
    let read = Reader::all(extension.value, 0, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            while !reader.is_empty() {
                found |= der::tagged(reader, tag::OBJECT_IDENTIFIER, WHAT)?.contents == purpose;
            }
            Ok(())
        })
    });
    read.is_ok() && found
}

/// The common name, or the whole name where there is none.
struct Title<'a>(Name<'a>);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.common_name() {
            Some(name) => write!(f, "{}", name.escape_debug()),
            None => self.0.fmt(f),
        }
    }
}

/// Says which authority has to be given.
struct Missing<'a>(Name<'a>);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not established: the certificate of {} is missing among the endorsements", Title(self.0))
    }
}

/// `1a2b….ConfidentialVM.Azure.windows.net ← Global Virtual TPM CA - 03 ← Azure Virtual TPM Root … (pinned)`.
struct Shown<'a> {
    path: &'a SignedPath<'a>,
    production: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = self.path.below().iter().rev();
        below.enumerate().try_for_each(|(at, certificate)| {
            write!(f, "{}{}", if at == 0 { "" } else { " ← " }, Title(certificate.subject()))
        })?;
        write!(f, " ← {}", Title(self.path.root().subject()))?;
        f.write_str(if self.production { " (pinned)" } else { " (NON-PRODUCTION ANCHOR)" })
    }
}

/// Of two failures, the one that came further.
fn further<'a>(best: Failure<'a>, next: Failure<'a>) -> Failure<'a> {
    let progress = |failure: &Failure<'_>| match failure {
        Failure::Missing(_) => (0, 0, false),
        Failure::Untrusted => (1, 0, false),
        Failure::Chain(error) => (2, error.link, error.problem != Problem::Signature),
    };
    if progress(&next) > progress(&best) { next } else { best }
}
