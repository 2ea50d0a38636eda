//! The AK certificate and its path from one of Azure's vTPM roots.
//!
//! Source: RFC 5280, section 6; the chains of real Azure VMs.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use teeproof_core::{Class, Record, RsaKey};
use teeproof_wire::Reader;
use teeproof_wire::certificate::{Certificate, Name, PublicKey};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::der::{self, tag};
use teeproof_x509::{
    AnchorKind, AnchoredPath, Candidates, PathError, PathSearch, PinnedCertificate, PinnedCertificates,
    Problem, RevocationError, RevocationStatus, SignatureChecks, VerifiedPath, build_path,
};

use crate::{Error, HclVerification, checks};

/// The roots of Azure's AK certificates, DER: Azure Virtual TPM Root Certificate Authority 2023, and
/// Microsoft RSA Devices Root CA 2021 of older VMs. Origin and hashes: `anchors/README.md`.
pub const AK_ROOTS: [&[u8]; 2] = [VTPM_ROOT_2023, DEVICES_ROOT_2021];

const VTPM_ROOT_2023: &[u8] = include_bytes!("../anchors/azure-vtpm-root-2023.der");
const DEVICES_ROOT_2021: &[u8] = include_bytes!("../anchors/microsoft-rsa-devices-root-ca-2021.der");

const AZURE: PinnedCertificates<'static> = PinnedCertificates {
    roots: &[
        PinnedCertificate::new("Azure Virtual TPM Root Certificate Authority 2023", VTPM_ROOT_2023),
        PinnedCertificate::new("Microsoft RSA Devices Root CA 2021", DEVICES_ROOT_2021),
    ],
    intermediates: &[],
    pairs: &[],
};

/// Part of the subject's common name in every AK certificate of a confidential VM. Those of trusted-launch
/// VMs, whose owners can forge claims, have the same root and contain `TrustedVM`.
const CONFIDENTIAL: &str = ".ConfidentialVM.Azure.";
/// extKeyUsage, 2.5.29.37.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// tcg-kp-AIKCertificate, 2.23.133.8.3.
const AIK_CERTIFICATE: &[u8] = &[0x67, 0x81, 0x05, 0x08, 0x03];

/// The signature budget of AK chains, without revocation lists. Real evidence costs two or three; the limit
/// covers eighty forged certificates of one key, or an authority with as many certificates of one name.
pub const MAX_AK_SIGNATURES: usize = 256;

/// The verified path of an AK certificate, from a vTPM root down.
#[derive(Clone, Copy, Debug)]
pub struct AkPath<'a> {
    path: VerifiedPath<'a>,
}

impl<'a> AkPath<'a> {
    /// The path's certificates.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        &self.path
    }

    /// The kind of the path's anchor: one of Azure's pinned roots, or an added one.
    #[must_use]
    pub const fn anchor(&self) -> AnchorKind {
        self.path.path().anchor()
    }

    /// Whether the path ends at one of Azure's pinned roots.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        self.anchor().is_pinned()
    }

    /// Which certificates of the path were checked against a current list of their issuer.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.path.revocation()
    }

    /// The same path under another verification's time, anchors and lists; `None` if it is no longer valid:
    /// [`establish`] then reports why.
    pub(crate) fn again(&self, verification: &HclVerification<'a>) -> Option<Self> {
        let path = self.path.path();
        if !verification.path.anchors.still_trusts(path.root(), path.anchor()) {
            return None;
        }
        let budget = verification.path.budget(0);
        let mut path = path.valid_at(verification.at, 0).ok()?;
        check_revocation(&mut path, verification, &verification.path.signature_checks(&budget)).ok()?;
        Some(Self { path })
    }

    /// Records the checks of the path.
    pub(crate) fn record(&self, verification: &HclVerification<'_>, record: &mut dyn Record) {
        record.pass(checks::AK_CHAIN, &Shown(self.path.path()));
        let status = self.revocation();
        match verification.path.revocation.waiver() {
            Some(reason) if !status.is_checked() => record.waive(checks::AK_REVOCATION, &reason),
            _ if status.is_complete() => record.pass(checks::AK_REVOCATION, &status),
            _ => record.warn(checks::AK_REVOCATION, &status),
        }
    }
}

/// Finds the AK certificate of the claims' attestation key among the endorsements and verifies it. A missing or outdated
/// certificate is recorded as a warning and gives `None`; an invalid one is an error. Certificates of other
/// VMs are ignored.
pub(crate) fn establish<'a>(
    key: RsaKey<'_>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<Option<AkPath<'a>>, Error> {
    let leaves = Leaves::of(key, endorsements, verification);
    let mut next = leaves.next(None);
    if next.is_none() {
        absent(endorsements, record);
        return Ok(None);
    }
    let budget = verification.path.budget(MAX_AK_SIGNATURES);
    let signatures = verification.path.signature_checks(&budget);
    let mut best: Option<Failure<'a>> = None;
    while let Some(leaf) = next {
        match verify(leaf.certificate, endorsements, verification, &signatures) {
            Ok(ak) => {
                record.pass(checks::AK_KEY, &"the certificate's key is HCLAkPub");
                ak.record(verification, record);
                return Ok(Some(ak));
            }
            Err(failure) => {
                // Certificates that are not for confidential VMs are last; and a spent budget, not the
                // earlier certificates, is the reason to report.
                let last = matches!(failure, Failure::Subject) || failure.is_limit();
                best = Some(further(best, failure));
                if last {
                    break;
                }
            }
        }
        next = leaves.next(Some(leaf));
    }
    let mut not_established = |because: &dyn fmt::Display| {
        record.skip(checks::AK_KEY, &NO_CHAIN);
        record.warn(checks::AK_CHAIN, because);
        record.skip(checks::AK_REVOCATION, &NO_CHAIN);
    };
    match best.unwrap_or(Failure::Subject) {
        Failure::Subject => Err(Error::AkSubject),
        Failure::Path(PathError::MissingIssuer { issuer, url }) => {
            not_established(&Missing { issuer, url });
            Ok(None)
        }
        Failure::Path(PathError::UntrustedRoot(name)) => Err(Error::AkUntrusted { root: name.into() }),
        Failure::Path(PathError::Chain(error)) | Failure::Dates(error) => {
            let reported = Error::AkChain { link: error.link, problem: error.problem };
            if error.class() != Class::Incomplete {
                return Err(reported);
            }
            not_established(&format_args!("not verified: {reported}"));
            Ok(None)
        }
        Failure::Path(_) => Err(Error::AkSubject),
        Failure::Revocation(error) => Err(error),
    }
}

const NO_CHAIN: &str = "no AK certificate was verified: see ak.chain";

/// Records that the AK certificate of the key is missing, with the name of one for another key.
fn absent(endorsements: &[Certificate<'_>], record: &mut dyn Record) {
    const NONE: &str = "the AK certificate is missing";
    let others = || endorsements.iter().filter(|one| is_ak(one));
    let Some(first) = others().min_by(|one, other| one.der().cmp(other.der())) else {
        record.skip(checks::AK_KEY, &NO_CHAIN);
        record.skip(checks::AK_CHAIN, &NONE);
        record.skip(checks::AK_REVOCATION, &NONE);
        return;
    };
    let more = others().skip(1).fold(0_usize, |more, _| more.saturating_add(1));
    record.warn(checks::AK_KEY, &OtherKeys { subject: first.subject(), more });
    record.skip(checks::AK_CHAIN, &NONE_OF_THIS_KEY);
    record.skip(checks::AK_REVOCATION, &NONE_OF_THIS_KEY);
}

const NONE_OF_THIS_KEY: &str = "the AK certificate of this VM is missing";

/// The candidates for the AK certificate of a key, in the order of their verification: certificates of
/// confidential VMs first, then those that no list names, then valid ones, then the order of their bytes;
/// never the order of the input. The lists are not verified for this.
struct Leaves<'a, 'c>(Vec<Leaf<'a, 'c>>);

/// A candidate and its rank, computed once: lists may be long, and certificates many.
struct Leaf<'a, 'c> {
    rank: (bool, bool, bool),
    certificate: &'c Certificate<'a>,
}

impl<'a, 'c> Leaves<'a, 'c> {
    fn of(key: RsaKey<'_>, endorsements: &'c [Certificate<'a>], verification: &HclVerification<'a>) -> Self {
        let (at, lists) = (verification.at.0, verification.path.revocation.lists());
        let leaf = |certificate: &'c Certificate<'a>| {
            let names = |list: &RevocationList<'_>| {
                list.issuer().der() == certificate.issuer().der() && list.revokes(certificate.serial())
            };
            let not_valid = at < certificate.not_before() || at > certificate.not_after();
            Leaf { rank: (!is_confidential(certificate), lists.iter().any(names), not_valid), certificate }
        };
        Self(endorsements.iter().filter(|one| is_ak(one) && is_for(one, key)).map(leaf).collect())
    }

    /// The candidate after `after`, or the first.
    fn next(&self, after: Option<&Leaf<'a, 'c>>) -> Option<&Leaf<'a, 'c>> {
        let later = |one: &&Leaf<'a, 'c>| after.is_none_or(|after| one.order(after) == Ordering::Greater);
        self.0.iter().filter(later).min_by(|one, other| one.order(other))
    }
}

impl Leaf<'_, '_> {
    fn order(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| self.certificate.der().cmp(other.certificate.der()))
    }
}

/// The failure of a candidate.
enum Failure<'a> {
    /// Not for a confidential VM.
    Subject,
    /// No valid path.
    Path(PathError<'a>),
    /// A certificate of the path is not valid at the time of verification.
    Dates(teeproof_x509::Error),
    /// A certificate of the path is revoked, or a list of an issuer is invalid.
    Revocation(Error),
}

impl Failure<'_> {
    /// Whether the signature budget was spent.
    const fn is_limit(&self) -> bool {
        match self {
            Self::Path(error) => error.is_limit(),
            Self::Revocation(Error::AkRevocationList { problem, .. }) => {
                matches!(problem, Problem::TooManySignatures)
            }
            _ => false,
        }
    }
}

/// The failure at the later stage of two; the first of two at the same stage.
fn further<'a>(best: Option<Failure<'a>>, next: Failure<'a>) -> Failure<'a> {
    let progress = |failure: &Failure<'_>| match failure {
        limit if limit.is_limit() => (6, 0),
        Failure::Subject => (0, 0),
        Failure::Path(PathError::MissingIssuer { .. }) => (1, 0),
        Failure::Path(PathError::UntrustedRoot(_)) => (2, 0),
        Failure::Path(PathError::Chain(error)) => (3, error.link),
        Failure::Path(_) => (3, 0),
        Failure::Dates(error) => (4, error.link),
        Failure::Revocation(_) => (5, 0),
    };
    match best {
        Some(best) if progress(&best) >= progress(&next) => best,
        _ => next,
    }
}

/// Verifies one AK certificate over its paths, until one is accepted.
fn verify<'a>(
    leaf: &Certificate<'a>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    signatures: &SignatureChecks<'_>,
) -> Result<AkPath<'a>, Failure<'a>> {
    if !is_confidential(leaf) {
        return Err(Failure::Subject);
    }
    let search = PathSearch {
        candidates: Candidates::AnyOrder { given: endorsements, pinned: &AZURE },
        anchors: verification.path.anchors,
        profile: &[EXTENDED_KEY_USAGE],
        at: Some(verification.at),
        checks: *signatures,
    };
    let mut best = None;
    let found = build_path(*leaf, &search, &mut |path| {
        let verified = path.valid_at(verification.at, 0).map_err(Failure::Dates).and_then(|mut path| {
            check_revocation(&mut path, verification, signatures).map_err(Failure::Revocation)?;
            Ok(AkPath { path })
        });
        verified.map_err(|failure| best = Some(further(best.take(), failure))).ok()
    });
    found.map_err(|error| match best {
        Some(best) if !error.is_limit() => best,
        _ => Failure::Path(error),
    })
}

/// Checks a path against every list of its issuers.
fn check_revocation(
    path: &mut VerifiedPath<'_>,
    verification: &HclVerification<'_>,
    signatures: &SignatureChecks<'_>,
) -> Result<(), Error> {
    path.check_revocation(&verification.path.revocation, signatures).map_err(|error| match error {
        RevocationError::Revoked { link } => Error::AkChain { link, problem: Problem::Revoked },
        RevocationError::List { issuer, problem } => Error::AkRevocationList { issuer, problem },
    })?;
    match (verification.path.revocation.waiver(), path.revocation().first_unchecked()) {
        (None, Some(link)) => Err(Error::AkChain { link, problem: Problem::NoRevocationList }),
        _ => Ok(()),
    }
}

fn is_confidential(leaf: &Certificate<'_>) -> bool {
    leaf.subject().common_name().is_some_and(|name| name.contains(CONFIDENTIAL))
}

/// Whether a certificate is for an attestation key, and not an authority's.
fn is_ak(certificate: &Certificate<'_>) -> bool {
    let authority = certificate.extensions().basic_constraints().is_some_and(|basic| basic.ca);
    !authority && has_usage(certificate, AIK_CERTIFICATE)
}

/// Whether a certificate is for this key.
fn is_for(certificate: &Certificate<'_>, key: RsaKey<'_>) -> bool {
    let PublicKey::Rsa { modulus, exponent } = certificate.public_key() else { return false };
    modulus == key.modulus && exponent == key.exponent
}

/// Whether the extended key usage of a certificate includes this purpose (RFC 5280, section 4.2.1.12).
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

/// The text of a name: its common name, or the whole name without one.
struct Title<'a>(Name<'a>);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.common_name() {
            Some(name) => write!(f, "{}", name.escape_debug()),
            None => self.0.fmt(f),
        }
    }
}

/// The message about a missing authority, with the source of its certificate.
struct Missing<'a> {
    issuer: Name<'a>,
    url: Option<&'a str>,
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Title(self.issuer);
        write!(f, "not verified: the certificate of {name} is missing among the endorsements; ")?;
        let has_name = |root: &PinnedCertificate<'_>| self.issuer.common_name() == Some(root.common_name());
        match self.url {
            Some(url) => write!(f, "fetch it from {url}"),
            None if AZURE.roots.iter().any(has_name) => write!(
                f,
                "Microsoft publishes it by this name, see {AUTHORITIES}; the trusted root of this name is another \
                 one: add that of a test or of the twin as a trust anchor"
            ),
            None => write!(f, "Microsoft publishes it by this name, see {AUTHORITIES}"),
        }
    }
}

/// Microsoft's page about the authorities of vTPMs and their certificates.
const AUTHORITIES: &str = "https://learn.microsoft.com/azure/virtual-machines/trusted-launch-faq";

/// The message about AK certificates for other keys.
struct OtherKeys<'a> {
    subject: Name<'a>,
    more: usize,
}

impl fmt::Display for OtherKeys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the AK certificate of {}", Title(self.subject))?;
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        f.write_str(": for a key other than HCLAkPub, ignored")
    }
}

/// `1a2b….ConfidentialVM.Azure.windows.net ← Global Virtual TPM CA - 03 ← Azure Virtual TPM Root … (pinned)`.
struct Shown<'a>(&'a AnchoredPath<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = self.0.below().iter().rev();
        below.enumerate().try_for_each(|(at, certificate)| {
            write!(f, "{}{}", if at == 0 { "" } else { " ← " }, Title(certificate.subject()))
        })?;
        write!(f, " ← {} ({})", Title(self.0.root().subject()), self.0.anchor())
    }
}

#[cfg(test)]
mod tests {
    use super::AZURE;

    #[test]
    fn pinned_certificates_are_consistent() {
        for root in AZURE.roots {
            assert!(root.is_consistent(), "{}", root.common_name());
        }
    }
}
