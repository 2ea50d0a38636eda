//! Verification of a report under each candidate VEK certificate, and the record of the best attempt.
//!
//! Every candidate is attempted without a record; then the attempt that succeeded, or the one with the most
//! passed checks, is recorded. So the result does not depend on the order of the files.

use core::fmt;

use teeproof_core::{Record, Time};
use teeproof_wire::certificate::{Certificate, PublicKey, SignatureAlgorithm};
use teeproof_wire::snp::{Product, Report, SIGNED_BYTES, Tcb};
use teeproof_x509::{
    AnchoredPath, Candidates, PathError, PathOptions, PathSearch, Problem, Revocation, RevocationError,
    RevocationStatus, SignatureChecks, VerifiedPath, VerifiedSignature, build_path, verify_statement,
};

use crate::anchors::AMD;
use crate::binding::{vek_chip, vek_product, vek_tcb, vek_type};
use crate::endorsement::{Candidate, Fit};
use crate::unusual::Unusual;
use crate::vek::VekClaims;
use crate::{Chip, Endorsements, Error, SnpVerification, VekChainCertificate, VekKind, checks};

/// The inputs of every attempt: the report, its endorsements and the relying party's decisions.
#[derive(Clone, Copy)]
pub(crate) struct Trial<'a, 'c> {
    pub(crate) report: Report<'a>,
    pub(crate) endorsements: &'c Endorsements<'a, 'c>,
    pub(crate) verification: &'c SnpVerification<'a>,
    pub(crate) checks: SignatureChecks<'c>,
}

/// The verification under one candidate certificate: which checks passed, and their values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    vek: VekKind,
    path: Path<'a>,
    pub(crate) product: Option<Product>,
    pub(crate) chip: Option<Chip>,
    provider: Option<&'a str>,
    name: &'a str,
    product_holds: bool,
    pub(crate) tcbs: Option<[Tcb; 4]>,
    pub(crate) statement: Option<VerifiedSignature<'a>>,
    pub(crate) error: Option<Error>,
}

/// The state of a certificate's path.
#[derive(Clone, Copy, Debug)]
enum Path<'a> {
    /// No path to an anchor, or one whose certificates do not have AMD's profile.
    Absent,
    /// It leads to an anchor.
    Anchored(AnchoredPath<'a>),
    /// Every certificate is valid.
    Valid(VerifiedPath<'a>),
    /// None is revoked.
    NotRevoked(VerifiedPath<'a>),
}

impl<'a> Trial<'a, '_> {
    /// Attempts every candidate certificate; returns the first attempt that succeeds, or the one with the
    /// most passed checks.
    pub(crate) fn best(&self) -> Result<Attempt<'a>, Error> {
        let wanted = VekKind::signing(self.report)?;
        let candidates = self.endorsements.candidates(wanted, self.report, self.verification.at);
        let first = candidates.next(None);
        let fits = |one: &Candidate<'a, '_>| one.fit == Fit::Fits;
        let any_fits = first.as_ref().is_some_and(fits);
        let several = candidates.next(first.as_ref()).as_ref().is_some_and(fits);
        let mut best: Option<Attempt<'a>> = None;
        let mut next = first;
        while let Some(candidate) = next {
            next = candidates.next(Some(&candidate));
            // A certificate that does not fit is attempted only to report why.
            let has_path = best.as_ref().is_some_and(|best| best.path().is_some());
            if candidate.fit != Fit::Fits && (has_path || any_fits) {
                break;
            }
            // Where several fit, the report's signature decides between the keys.
            let statement = if several { Some(self.statement(candidate.certificate)) } else { None };
            match statement {
                Some(Err(error)) if error.is_limit() => return Err(error),
                Some(Err(_)) => continue,
                _ => {}
            }
            let attempt = self.attempt(&candidate, statement.and_then(Result::ok));
            match attempt.error {
                None => return Ok(attempt),
                Some(error) if error.is_limit() => return Err(error),
                Some(_) => {}
            }
            if attempt.passed_more_than(best.as_ref()) {
                best = Some(attempt);
            }
        }
        match (best, first) {
            (Some(best), _) => Ok(best),
            // None of the fitting keys made the signature.
            (None, Some(first)) => Ok(self.attempt(&first, None)),
            (None, None) => Err(Error::missing_vek(wanted, self.report)),
        }
    }

    /// Attempts one certificate under every path.
    fn attempt(
        &self,
        candidate: &Candidate<'a, '_>,
        statement: Option<VerifiedSignature<'a>>,
    ) -> Attempt<'a> {
        let SnpVerification { path: PathOptions { anchors, .. }, at, .. } = *self.verification;
        let given = self.endorsements.certificates;
        let search = PathSearch {
            candidates: Candidates::AnyOrder { given, pinned: &AMD },
            anchors,
            profile: &[],
            at: Some(at),
            checks: self.checks,
        };
        let mut best: Option<Attempt<'a>> = None;
        let found = build_path(*candidate.certificate, &search, &mut |path| {
            let mut attempt = Attempt::begin(candidate.kind);
            attempt.error = attempt.run(path, candidate.certificate, statement, self).err();
            let accepted = attempt.error.is_none();
            if accepted || attempt.passed_more_than(best.as_ref()) {
                best = Some(attempt);
            }
            accepted.then_some(())
        });
        let failed = |error| {
            let error = Error::of_path(error, candidate.certificate);
            Attempt { error: Some(error), ..Attempt::begin(candidate.kind) }
        };
        match (found, best) {
            // The limit of signatures is the reason, not the failure of the best attempt.
            (Err(error), _) if error.is_limit() => failed(error),
            (_, Some(best)) => best,
            (found, None) => failed(found.err().unwrap_or(PathError::NotAccepted)),
        }
    }

    /// The report's signature under a VEK.
    fn statement(&self, vek: &Certificate<'a>) -> Result<VerifiedSignature<'a>, Error> {
        let (signed, signature) = (self.report.signed(), self.report.signature());
        verify_statement(vek, signed, signature, &self.checks).map_err(|problem| match problem {
            Problem::TooManySignatures => Error::Chain { link: VekChainCertificate::Vek, problem },
            _ => Error::Signature,
        })
    }
}

impl<'a> Attempt<'a> {
    const fn begin(vek: VekKind) -> Self {
        Self {
            vek,
            path: Path::Absent,
            product: None,
            chip: None,
            provider: None,
            name: "",
            product_holds: false,
            tcbs: None,
            statement: None,
            error: None,
        }
    }

    /// Makes every check of a certificate under a path, in order, up to the first failure.
    fn run(
        &mut self,
        path: &AnchoredPath<'a>,
        certificate: &Certificate<'a>,
        statement: Option<VerifiedSignature<'a>>,
        trial: &Trial<'a, '_>,
    ) -> Result<(), Error> {
        profile(path)?;
        let claims = VekClaims::read(certificate)?;
        signing_key(certificate)?;
        self.path = Path::Anchored(*path);
        (self.name, self.provider) = (claims.product_name, claims.csp);
        let (report, vek) = (trial.report, self.vek);
        let product = vek_type(path, vek, &claims, report)?;
        self.product = Some(product);
        self.chip = Some(vek_chip(&claims, vek, product, report)?);
        let tcbs = vek_product(&claims, product, report)?;
        self.product_holds = true;
        vek_tcb(&claims, vek, product, report, &tcbs)?;
        self.tcbs = Some(tcbs);
        self.statement = Some(match statement {
            Some(statement) => statement,
            None => trial.statement(certificate)?,
        });
        let mut path = path.valid_at(trial.verification.at, 0).map_err(chain_error)?;
        let checked = check_revocation(&mut path, trial.verification, &trial.checks);
        self.path = if checked.is_ok() { Path::NotRevoked(path) } else { Path::Valid(path) };
        checked
    }

    const fn path(&self) -> Option<&AnchoredPath<'a>> {
        match &self.path {
            Path::Absent => None,
            Path::Anchored(path) => Some(path),
            Path::Valid(path) | Path::NotRevoked(path) => Some(path.path()),
        }
    }

    /// The path, where every check of it passed.
    pub(crate) const fn verified_path(&self) -> Option<&VerifiedPath<'a>> {
        match &self.path {
            Path::NotRevoked(path) => Some(path),
            _ => None,
        }
    }

    /// Whether it passed more checks than the best attempt so far, if there is one: of equal attempts the
    /// first is kept.
    fn passed_more_than(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| self.passed() > other.passed())
    }

    /// The number of passed checks.
    fn passed(&self) -> usize {
        let passed = [
            self.path().is_some(),
            self.product.is_some(),
            self.chip.is_some(),
            self.product_holds,
            self.tcbs.is_some(),
            self.statement.is_some(),
            matches!(self.path, Path::Valid(_) | Path::NotRevoked(_)),
            matches!(self.path, Path::NotRevoked(_)),
        ];
        passed.into_iter().filter(|passed| *passed).count()
    }

    pub(crate) const fn vek(&self) -> VekKind {
        self.vek
    }

    pub(crate) const fn provider(&self) -> Option<&'a str> {
        self.provider
    }

    /// Records every passed check, in order.
    pub(crate) fn record(
        &self,
        report: Report<'_>,
        verification: &SnpVerification<'_>,
        record: &mut dyn Record,
    ) {
        let vek = self.vek;
        if let Some(path) = self.path() {
            record.pass(checks::CHAIN, &Shown { path, vek });
        }
        if self.product.is_some() {
            record.pass(checks::VEK_TYPE, &format_args!("SIGNING_KEY is {vek}"));
        }
        match self.chip {
            None => {}
            Some(Chip::Bound) => record.pass(checks::VEK_CHIP, &"hwID is CHIP_ID, all bytes"),
            Some(Chip::Shared) => {
                record.skip(checks::VEK_CHIP, &"a VLEK belongs to a provider, not to one chip");
            }
            Some(Chip::Masked) => {
                record.warn(checks::VEK_CHIP, &"the host masks CHIP_ID: the VCEK cannot be compared with it");
            }
        }
        if let Some(product) = self.product.filter(|_| self.product_holds) {
            let name = self.name;
            let processor = match report.cpuid() {
                None => "reports before version 3 have no CPUID",
                Some(_) => "CPUID agrees",
            };
            record.pass(
                checks::VEK_PRODUCT,
                &format_args!("{product}: root and certificate ({name}); {processor}"),
            );
        }
        if let Some([reported, ..]) = &self.tcbs {
            record.pass(checks::VEK_TCB, reported);
        }
        if self.statement.is_some() {
            Unusual::of(report, vek)
                .record(&format_args!("ECDSA P-384 over bytes 0x000..{SIGNED_BYTES:#05x}"), record);
        }
        if let Path::Valid(_) | Path::NotRevoked(_) = self.path {
            record_validity(verification.at, record);
        }
        if let Some(path) = self.verified_path() {
            record_revocation(path.revocation(), &verification.path.revocation, record);
        }
    }
}

pub(crate) fn record_validity(at: Time, record: &mut dyn Record) {
    record.pass(checks::VALIDITY, &format_args!("every certificate, at {at}"));
}

/// Records the revocation status of the intermediate: every VEK has serial number 0, so that a list of its
/// issuer can only revoke all of them.
pub(crate) fn record_revocation(
    status: RevocationStatus,
    revocation: &Revocation<'_>,
    record: &mut dyn Record,
) {
    match (status.covers(INTERMEDIATE), revocation.waiver()) {
        (false, Some(reason)) => record.waive(checks::REVOCATION, &reason),
        // The root signs no lists.
        (false, None) => record.pass(checks::REVOCATION, &status),
        _ if status.covers(INTERMEDIATE.saturating_add(1)) => {
            record.pass(
                checks::REVOCATION,
                &"the intermediate is not on the root's current list, nor the VEK on the intermediate's",
            );
        }
        _ => record.pass(checks::REVOCATION, &"the intermediate is not on the root's current list"),
    }
}

/// The index of the intermediate in the path; the root has 0.
pub(crate) const INTERMEDIATE: usize = 1;

/// Checks the chain against every list of its issuers. Where lists are required, the root's must be present.
///
/// An entry of serial number 0 in a list of the intermediate revokes every VEK that it issued: all of them
/// have that serial number.
pub(crate) fn check_revocation(
    path: &mut VerifiedPath<'_>,
    verification: &SnpVerification<'_>,
    checks: &SignatureChecks<'_>,
) -> Result<(), Error> {
    path.check_revocation(&verification.path.revocation, checks).map_err(|error| match error {
        RevocationError::Revoked { link } => {
            Error::Chain { link: VekChainCertificate::at(link), problem: Problem::Revoked }
        }
        RevocationError::List { issuer, problem } => {
            Error::RevocationList { issuer: VekChainCertificate::at(issuer), problem }
        }
    })?;
    if path.revocation().first_unchecked() == Some(INTERMEDIATE)
        && verification.path.revocation.waiver().is_none()
    {
        return Err(Error::Chain {
            link: VekChainCertificate::Intermediate,
            problem: Problem::NoRevocationList,
        });
    }
    Ok(())
}

/// Every certificate below the root is signed with RSASSA-PSS and SHA-384 (AMD 57230, section 3).
fn profile(path: &AnchoredPath<'_>) -> Result<(), Error> {
    let other = |one: &Certificate<'_>| one.algorithm() != SignatureAlgorithm::RsaPssSha384;
    match path.below().iter().position(other) {
        None => Ok(()),
        Some(at) => Err(Error::Chain {
            link: VekChainCertificate::at(at.saturating_add(1)),
            problem: Problem::Algorithm,
        }),
    }
}

/// The VEK is a P-384 key.
fn signing_key(vek: &Certificate<'_>) -> Result<(), Error> {
    match vek.public_key() {
        PublicKey::P384(_) => Ok(()),
        _ => Err(Error::Chain { link: VekChainCertificate::Vek, problem: Problem::Algorithm }),
    }
}

pub(crate) const fn chain_error(error: teeproof_x509::Error) -> Error {
    Error::Chain { link: VekChainCertificate::at(error.link), problem: error.problem }
}

impl Error {
    /// The error for a VEK without a path to an anchor.
    fn of_path(error: PathError<'_>, vek: &Certificate<'_>) -> Self {
        match error {
            PathError::MissingIssuer { issuer, .. } if issuer == vek.issuer() => {
                Self::Missing(VekChainCertificate::Intermediate)
            }
            PathError::MissingIssuer { issuer, .. } => Self::Untrusted { root: issuer.into() },
            PathError::UntrustedRoot(name) => Self::Untrusted { root: name.into() },
            PathError::Chain(error) => chain_error(error),
            _ => Self::Untrusted { root: vek.issuer().into() },
        }
    }
}

/// `VCEK ← SEV-Milan ← ARK-Milan (pinned)`.
struct Shown<'a> {
    path: &'a AnchoredPath<'a>,
    vek: VekKind,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.vek)?;
        let above = self.path.below().iter().take(1).chain(core::iter::once(self.path.root()));
        for certificate in above {
            write!(f, " ← {}", certificate.subject().common_name().unwrap_or("?"))?;
        }
        write!(f, " ({})", self.path.anchor())
    }
}
