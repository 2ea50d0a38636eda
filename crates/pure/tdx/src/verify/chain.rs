//! Certificate paths from Intel's root: to the PCK certificate of the platform, and to the TCB signing certificate.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::tdx::TdQuote;
use teeproof_x509::{
    AnchoredPath, Candidates, PathError, PathSearch, PinnedCertificate, PinnedCertificates, Problem,
    RevocationError, SignatureBudget, SignatureChecks, VerifiedPath, VerifiedRevocationList,
    VerifiedSignature, build_path, verify_p256_statement,
};

use super::TdxVerification;
use crate::{Chain, Error, PckCa, pck};

/// Intel SGX Root CA, DER. Origin and hash: `anchors/README.md`.
pub const INTEL_ROOT: &[u8] = include_bytes!("../../anchors/intel-sgx-root-ca.der");

pub(super) const INTEL: PinnedCertificates<'static> = PinnedCertificates {
    roots: &[PinnedCertificate::new("Intel SGX Root CA", INTEL_ROOT).ending_with("US")],
    intermediates: &[],
    pairs: &[],
};

/// The limit of certificates that can be the leaf; real evidence has one.
pub(super) const MAX_LEAVES: usize = 32;

/// The certificates that can be the leaf of a chain: in the order of their bytes, each once.
pub(super) fn leaves<'e>(
    chain: Chain,
    given: &[Certificate<'e>],
    is_leaf: impl Fn(&Certificate<'e>) -> bool,
) -> Result<Vec<Certificate<'e>>, Error> {
    // Authorities cannot be the leaf: they are candidates only if nothing else is, for the error that says so.
    let is_authority =
        |one: &&Certificate<'e>| one.extensions().basic_constraints().is_some_and(|basic| basic.ca);
    let mut leaves: Vec<Certificate<'e>> =
        given.iter().filter(|one| !is_authority(one) && is_leaf(one)).copied().collect();
    if leaves.is_empty() {
        leaves.extend(given.iter().filter(|one| is_authority(one) && is_leaf(one)));
    }
    leaves.sort_unstable_by(|one, other| one.der().cmp(other.der()));
    leaves.dedup_by(|one, other| one.der() == other.der());
    match leaves.len() {
        0 => Err(Error::MissingLeaf(chain)),
        1..=MAX_LEAVES => Ok(leaves),
        _ => Err(Error::Chain { chain, link: usize::MAX, problem: Problem::TooManySignatures }),
    }
}

/// The path of the platform's PCK certificate, and its authority. Those certificates go first whose key signed
/// the quoting enclave's report.
pub(super) fn pck<'e>(
    quote: &TdQuote<'e>,
    given: &[Certificate<'e>],
    verification: &TdxVerification<'e>,
    signatures: &SignatureChecks<'_>,
) -> Result<(Box<AnchoredPath<'e>>, PckCa), Error> {
    let leaves = leaves(Chain::Pck, given, pck::is_pck)?;
    let several = leaves.len() > 1;
    let (fitting, others): (Vec<_>, Vec<_>) =
        leaves.into_iter().partition(|leaf| !several || qe_statement(leaf, quote, verification).is_some());
    let mut failure = None;
    // If no key made the signature, the first certificate says what else is wrong.
    let others = others.into_iter().take(if fitting.is_empty() { 1 } else { 0 });
    for leaf in fitting.iter().copied().chain(others) {
        let accept = |path: &AnchoredPath<'e>| match path.below() {
            // Boxed, because paths are large and returned through several functions.
            [authority, _] => PckCa::of(authority).map(|ca| (Box::new(*path), ca)),
            _ => None,
        };
        match anchored(Chain::Pck, leaf, given, verification, signatures, accept) {
            Ok(found) => return Ok(found),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.unwrap_or(Error::MissingLeaf(Chain::Pck)))
}

/// A path from an anchor to a leaf that `accept` accepts.
pub(super) fn anchored<'e, T>(
    chain: Chain,
    leaf: Certificate<'e>,
    given: &[Certificate<'e>],
    verification: &TdxVerification<'e>,
    signatures: &SignatureChecks<'_>,
    mut accept: impl FnMut(&AnchoredPath<'e>) -> Option<T>,
) -> Result<T, Error> {
    let search = PathSearch {
        candidates: Candidates::AnyOrder { given, pinned: &INTEL },
        anchors: verification.path.anchors,
        profile: &[],
        at: Some(verification.at),
        checks: *signatures,
    };
    build_path(leaf, &search, &mut accept).map_err(|error| match error {
        PathError::MissingIssuer { issuer, .. } => Error::MissingIssuer { chain, issuer: issuer.into() },
        PathError::UntrustedRoot(name) => Error::Untrusted { chain, root: name.into() },
        PathError::Chain(error) => chain_error(chain, error),
        _ => Error::Authority(chain),
    })
}

/// Checks the validity of a path at the time of verification. Revocation is not checked: see [`unrevoked`].
pub(super) fn valid<'e>(
    chain: Chain,
    path: &AnchoredPath<'e>,
    verification: &TdxVerification<'e>,
) -> Result<VerifiedPath<'e>, Error> {
    path.valid_at(verification.at, 0).map_err(|error| chain_error(chain, error))
}

/// Checks the revocation of a valid path. Adds the signatures of the revocation lists that were used.
pub(super) fn unrevoked<'e>(
    chain: Chain,
    path: &mut VerifiedPath<'e>,
    verification: &TdxVerification<'e>,
    signatures: &SignatureChecks<'_>,
    lists: &mut Vec<VerifiedSignature<'e>>,
) -> Result<(), Error> {
    let revocation = &verification.path.revocation;
    let mut add = |list: VerifiedRevocationList<'e>| lists.push(list.signature());
    path.check_revocation_with(revocation, signatures, &mut add).map_err(|error| match error {
        RevocationError::Revoked { link } => Error::Chain { chain, link, problem: Problem::Revoked },
        RevocationError::List { issuer, problem } => Error::RevocationList { chain, issuer, problem },
    })?;
    match (revocation.waiver(), path.revocation().first_unchecked()) {
        (None, Some(link)) => Err(Error::Chain { chain, link, problem: Problem::NoRevocationList }),
        _ => Ok(()),
    }
}

fn chain_error(chain: Chain, error: teeproof_x509::Error) -> Error {
    Error::Chain { chain, link: error.link, problem: error.problem }
}

/// The signature over the quoting enclave's report, if a certificate's key made it.
pub(super) fn qe_statement<'e>(
    certificate: &Certificate<'e>,
    quote: &TdQuote<'e>,
    verification: &TdxVerification<'_>,
) -> Option<VerifiedSignature<'e>> {
    let (report, signature) = (quote.certification.qe_report, *quote.certification.qe_report_signature);
    // The number of certificates is limited by `MAX_LEAVES`.
    let budget = SignatureBudget::new(1);
    let checks = verification.path.signature_checks(&budget);
    verify_p256_statement(certificate, report, signature, &checks).ok()
}

/// `Intel SGX PCK Certificate ← Intel SGX PCK Platform CA ← Intel SGX Root CA (pinned)`.
pub(super) struct Shown<'p, 'a>(pub(super) &'p AnchoredPath<'a>);

impl fmt::Display for Shown<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |certificate: &Certificate<'_>, f: &mut fmt::Formatter<'_>| {
            f.write_str(certificate.subject().common_name().unwrap_or("?"))
        };
        for certificate in self.0.below().iter().rev() {
            name(certificate, f)?;
            f.write_str(" ← ")?;
        }
        name(self.0.root(), f)?;
        write!(f, " ({})", self.0.anchor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_root_is_consistent() {
        assert!(INTEL.roots.iter().all(PinnedCertificate::is_consistent));
        let digest = teeproof_rustcrypto::TABLE.sha256.digest(&[INTEL_ROOT]);
        assert_eq!(digest[..8], [0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89]);
    }
}
