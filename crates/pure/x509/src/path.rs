//! The one file that makes verified paths.

use teeproof_core::{Time, Validity};
use teeproof_wire::certificate::Certificate;

use crate::verified_signature::{Issued, verify_issued};
use crate::{
    AnchorKind, Error, Problem, Revocation, RevocationError, RevocationStatus, SignatureChecks,
    VerifiedSignature, check_revocation,
};

/// The most certificates below an anchor; real chains have two to four.
pub const MAX_CHAIN: usize = 8;

/// A path whose signatures, names and constraints hold, from an anchor to a leaf. Whether its
/// certificates are valid at a time that matters is still open: see [`AnchoredPath::valid_at`].
#[derive(Clone, Copy, Debug)]
pub struct AnchoredPath<'a> {
    root: Certificate<'a>,
    anchor: AnchorKind,
    below: [Certificate<'a>; MAX_CHAIN],
    count: usize,
    /// Whether the first certificate below the root was pinned together with it, and its signature
    /// not verified.
    pinned_pair: bool,
}

/// An [`AnchoredPath`] whose certificates are all valid at a given time, and which of them were
/// looked up in a revocation list.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedPath<'a> {
    path: AnchoredPath<'a>,
    at: Time,
    revocation: RevocationStatus,
}

/// Verifies the path from `root` down to the last certificate of `below`, as it is given;
/// [`crate::build_path`] looks for one.
///
/// The caller has established that `root` is a trust anchor of this kind; its own signature is not
/// checked. `profile` holds the object identifiers of critical extensions that the caller looks
/// after; signatures that are cached are not verified again.
///
/// Proves: each certificate was signed by the one above it, which was allowed to.
/// Does not prove: that any of them is valid now, or not revoked.
///
/// # Errors
/// The first certificate that does not hold, from the root downwards.
pub fn verify_path<'a>(
    root: Certificate<'a>,
    anchor: AnchorKind,
    below: &[Certificate<'a>],
    profile: &[&[u8]],
    checks: &SignatureChecks<'_>,
) -> Result<AnchoredPath<'a>, Error> {
    let (Some(leaf), count) = (below.last(), below.len()) else {
        return Err(Error::new(0, Problem::Empty));
    };
    if count > MAX_CHAIN {
        return Err(Error::new(count, Problem::TooLong));
    }
    if root.extensions().unknown_critical(profile) {
        return Err(Error::new(0, Problem::CriticalExtension));
    }
    let pinned_pair = below.first().is_some_and(|first| checks.cache.is_pinned(root.der(), first.der()));
    let mut issuer = &root;
    for (above, certificate) in below.iter().enumerate() {
        let link = above.saturating_add(1);
        let authorities_below = count.saturating_sub(link);
        authority(issuer, authorities_below).map_err(|problem| Error::new(above, problem))?;
        let signature = if pinned_pair && above == 0 { None } else { Some(checks) };
        issued(issuer, certificate, profile, signature).map_err(|problem| Error::new(link, problem))?;
        issuer = certificate;
    }
    end_entity(leaf).map_err(|problem| Error::new(count, problem))?;
    let mut path = AnchoredPath { root, anchor, below: [*leaf; MAX_CHAIN], count, pinned_pair };
    path.below.iter_mut().zip(below).for_each(|(slot, certificate)| *slot = *certificate);
    Ok(path)
}

/// Whether a certificate may issue others with so many authorities between it and the leaf.
fn authority(issuer: &Certificate<'_>, authorities_below: usize) -> Result<(), Problem> {
    let extensions = issuer.extensions();
    let basic = extensions
        .basic_constraints()
        .filter(|basic| basic.ca && basic.critical)
        .ok_or(Problem::NotAnAuthority)?;
    if basic.path_len.is_some_and(|allowed| usize::from(allowed) < authorities_below) {
        return Err(Problem::PathLength);
    }
    if extensions.key_usage().is_some_and(|usage| usage.critical && usage.cert_sign()) {
        Ok(())
    } else {
        Err(Problem::KeyUsage)
    }
}

/// Whether a certificate was issued by this authority. The signature is not verified where issuer and
/// certificate are pinned together.
fn issued(
    issuer: &Certificate<'_>,
    certificate: &Certificate<'_>,
    profile: &[&[u8]],
    signature: Option<&SignatureChecks<'_>>,
) -> Result<(), Problem> {
    if certificate.issuer() != issuer.subject() {
        return Err(Problem::Issuer);
    }
    // The signature first: what is not authentic is not told to be unsupported.
    if let Some(checks) = signature {
        verify_issued(issuer, Issued::from(certificate), checks)?;
    }
    if certificate.extensions().unknown_critical(profile) {
        return Err(Problem::CriticalExtension);
    }
    Ok(())
}

/// Whether a certificate can be the last one: no authority, and a key that signs things.
fn end_entity(leaf: &Certificate<'_>) -> Result<(), Problem> {
    let extensions = leaf.extensions();
    if extensions.basic_constraints().is_some_and(|basic| basic.ca) {
        return Err(Problem::LeafIsAuthority);
    }
    match extensions.key_usage() {
        Some(usage) if usage.cert_sign() || !usage.digital_signature() => Err(Problem::KeyUsage),
        _ => Ok(()),
    }
}

impl<'a> AnchoredPath<'a> {
    /// The anchor's certificate.
    #[must_use]
    pub const fn root(&self) -> &Certificate<'a> {
        &self.root
    }

    /// Whose decision it was to trust the anchor.
    #[must_use]
    pub const fn anchor(&self) -> AnchorKind {
        self.anchor
    }

    /// The certificates below the anchor, the leaf last.
    #[must_use]
    pub fn below(&self) -> &[Certificate<'a>] {
        self.below.get(..self.count).unwrap_or_default()
    }

    /// The leaf.
    #[must_use]
    pub fn leaf(&self) -> &Certificate<'a> {
        self.below().last().unwrap_or(&self.root)
    }

    /// The signatures of the path that were verified, from the anchor down.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        let issuers = core::iter::once(&self.root).chain(self.below());
        let links = issuers.zip(self.below()).skip(usize::from(self.pinned_pair));
        links.map(|(issuer, one)| VerifiedSignature::issued(issuer, one.tbs(), one.signature()))
    }

    /// The span in which every certificate is valid, the anchor's too.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.below().iter().map(span).fold(span(&self.root), Validity::and)
    }

    /// Checks that every certificate is valid at a time.
    ///
    /// `skew_secs` is taken off every notBefore, for verifiers whose clock is a little behind;
    /// notAfter is never moved.
    ///
    /// # Errors
    /// The first certificate, from the root downwards, that is not yet or no longer valid.
    pub fn valid_at(&self, at: Time, skew_secs: u32) -> Result<VerifiedPath<'a>, Error> {
        let certificates = core::iter::once(&self.root).chain(self.below());
        for (link, certificate) in (0..=usize::MAX).zip(certificates) {
            within(span(certificate), at, skew_secs).map_err(|problem| Error::new(link, problem))?;
        }
        let revocation = RevocationStatus::unchecked(self);
        Ok(VerifiedPath { path: *self, at, revocation })
    }
}

fn span(certificate: &Certificate<'_>) -> Validity {
    Validity { not_before: Time(certificate.not_before()), not_after: Time(certificate.not_after()) }
}

/// Whether a time is in a span that may begin a little earlier than it says.
pub(crate) fn within(span: Validity, at: Time, skew_secs: u32) -> Result<(), Problem> {
    let Validity { not_before, not_after } = span;
    if at.plus(i64::from(skew_secs)) < not_before {
        return Err(Problem::NotYetValid { not_before, at });
    }
    if at > not_after {
        return Err(Problem::Expired { not_after, at });
    }
    Ok(())
}

impl<'a> VerifiedPath<'a> {
    /// The path.
    #[must_use]
    pub const fn path(&self) -> &AnchoredPath<'a> {
        &self.path
    }

    /// The leaf.
    #[must_use]
    pub fn leaf(&self) -> &Certificate<'a> {
        self.path.leaf()
    }

    /// The time at which the path is valid.
    #[must_use]
    pub const fn at(&self) -> Time {
        self.at
    }

    /// Which of the certificates were looked up in a revocation list.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.revocation
    }

    /// Looks the certificates up in those of the lists that their issuers signed, and keeps which were.
    ///
    /// # Errors
    /// A certificate is revoked, or a list of an issuer does not hold: see [`check_revocation`].
    pub fn check_revocation(
        &mut self,
        revocation: &Revocation<'_>,
        checks: &SignatureChecks<'_>,
    ) -> Result<(), RevocationError> {
        self.revocation = check_revocation(&self.path, self.at, revocation, checks)?;
        Ok(())
    }
}
