//! Path validation: the only module that makes an [`AnchoredPath`] or a [`VerifiedPath`].

use teeproof_core::{Time, Validity};
use teeproof_wire::certificate::Certificate;

use crate::revocation::check_lists;
use crate::signature::{Issued, verify_issued};
use crate::{
    AnchorKind, Error, Problem, Revocation, RevocationError, RevocationStatus, SignatureChecks,
    VerifiedRevocationList, VerifiedSignature, check_revocation,
};

/// The limit of certificates below an anchor; real chains have two to four.
pub const MAX_CHAIN: usize = 8;

/// A path from an anchor to a leaf with verified signatures, names and constraints, but not validity: see
/// [`AnchoredPath::valid_at`].
#[derive(Clone, Copy, Debug)]
pub struct AnchoredPath<'a> {
    root: Certificate<'a>,
    anchor: AnchorKind,
    below: [Certificate<'a>; MAX_CHAIN],
    count: usize,
    /// Whether root and first certificate below it are a pinned pair, whose signature was not verified.
    pinned_pair: bool,
}

/// An [`AnchoredPath`] whose certificates are all valid at a given time, and its revocation status.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedPath<'a> {
    path: AnchoredPath<'a>,
    at: Time,
    revocation: RevocationStatus,
}

/// Verifies the path from `root` down to the last certificate of `below`, in the given order (RFC 5280,
/// section 6.1); [`crate::build_path`] searches for one.
///
/// The caller has established that `root` is a trust anchor of this kind; its own signature is not
/// checked. `profile` lists the object identifiers (DER contents) of critical extensions that the caller
/// checks; cached signatures are not verified again.
///
/// Proves: the certificate above each one signed it and was an authority.
/// Does not prove: that any of them is valid at a given time, or not revoked.
///
/// # Errors
/// The first invalid certificate, from the root downwards.
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

/// Checks that a certificate may issue others with `authorities_below` authorities between it and the leaf.
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

/// Checks that this authority issued a certificate. `signature` is `None` for a pinned pair, whose
/// signature is not verified.
fn issued(
    issuer: &Certificate<'_>,
    certificate: &Certificate<'_>,
    profile: &[&[u8]],
    signature: Option<&SignatureChecks<'_>>,
) -> Result<(), Problem> {
    if certificate.issuer() != issuer.subject() {
        return Err(Problem::Issuer);
    }
    // The signature first: a forged certificate is reported as forged, not as unsupported.
    if let Some(checks) = signature {
        verify_issued(issuer, Issued::from(certificate), checks)?;
    }
    if certificate.extensions().unknown_critical(profile) {
        return Err(Problem::CriticalExtension);
    }
    Ok(())
}

/// Checks that a certificate can be the leaf: no authority, and a key for digital signatures.
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

    /// Whether the anchor is pinned or added.
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

    /// The verified signatures of the path, from the anchor down; without that of a pinned pair.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        let issuers = core::iter::once(&self.root).chain(self.below());
        let links = issuers.zip(self.below()).skip(usize::from(self.pinned_pair));
        links.map(|(issuer, one)| VerifiedSignature::issued(issuer, one.tbs(), one.signature()))
    }

    /// The time span in which every certificate is valid, the anchor's included.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.below().iter().map(span).fold(span(&self.root), Validity::and)
    }

    /// Checks that every certificate is valid at a time, the anchor's included.
    ///
    /// `skew_secs` is subtracted from every `notBefore`, for verifiers whose clock is slow; `notAfter` is
    /// never moved.
    ///
    /// # Errors
    /// The first certificate, from the root downwards, that is not yet valid or expired.
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

/// Checks that a time is within a span that begins `skew_secs` earlier than stated.
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

    /// The time of verification.
    #[must_use]
    pub const fn at(&self) -> Time {
        self.at
    }

    /// Which certificates of the path were checked against a revocation list.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.revocation
    }

    /// Checks the path against the revocation lists of its issuers, and records its status.
    ///
    /// # Errors
    /// A certificate is revoked, or a list of an issuer is invalid: see [`check_revocation`].
    pub fn check_revocation(
        &mut self,
        revocation: &Revocation<'_>,
        checks: &SignatureChecks<'_>,
    ) -> Result<(), RevocationError> {
        self.revocation = check_revocation(&self.path, self.at, revocation, checks)?;
        Ok(())
    }

    /// Checks as [`VerifiedPath::check_revocation`] does, and passes on each valid list of an issuer: for a
    /// [`crate::SignatureCache`], or for another path with the same issuers.
    ///
    /// # Errors
    /// As [`VerifiedPath::check_revocation`].
    pub fn check_revocation_with(
        &mut self,
        revocation: &Revocation<'a>,
        checks: &SignatureChecks<'_>,
        valid: &mut dyn FnMut(VerifiedRevocationList<'a>),
    ) -> Result<(), RevocationError> {
        self.revocation = check_lists(&self.path, self.at, revocation, checks, valid)?;
        Ok(())
    }
}
