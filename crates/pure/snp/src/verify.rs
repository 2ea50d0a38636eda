//! Verification of reports: the only code that makes a [`VerifiedReport`].
//!
//! Source: AMD document 56860, ATTESTATION_REPORT; AMD document 57230, section 3.

use teeproof_core::{Check, Crypto, Freshness, Nonce, Record, Time, equal};
use teeproof_wire::snp::{Product, Report, Tcb};
use teeproof_x509::{
    AnchorKind, NameText, PathOptions, RevocationStatus, SignatureBudget, SignatureChecks, VerifiedPath,
    VerifiedSignature,
};

use crate::anchors::AMD;
use crate::attempt::{Trial, chain_error, check_revocation, record_revocation, record_validity};
use crate::unusual::Unusual;
use crate::{Endorsements, Error, VekKind, checks};

/// The relying party's parameters of a verification.
#[derive(Clone, Copy, Debug)]
pub struct SnpVerification<'a> {
    pub(crate) path: PathOptions<'a>,
    pub(crate) report_data: ReportData<'a>,
    pub(crate) at: Time,
}

impl<'a> SnpVerification<'a> {
    /// A verification with this requirement on REPORT_DATA, and certificates that must be valid at this time.
    /// By default only AMD's roots are anchors, no signature is cached, and revocation is waived.
    pub fn new(report_data: impl Into<ReportData<'a>>, at: Time, crypto: &'a Crypto<'a>) -> Self {
        Self { path: PathOptions::new(crypto), report_data: report_data.into(), at }
    }

    teeproof_x509::path_option_setters!('a, path, and_all);

    /// With another crypto table.
    #[must_use]
    pub const fn crypto(mut self, crypto: &'a Crypto<'a>) -> Self {
        self.path.crypto = crypto;
        self
    }
}

/// The requirement on REPORT_DATA, 64 bytes chosen by the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportData<'a> {
    /// The nonce, zero-extended to 64 bytes; or why no nonce is checked.
    Nonce(Freshness<'a>),
    /// A value that the caller compares, described by the text. Without that comparison the report can be a
    /// replayed one.
    ForCaller(&'a str),
}

impl<'a> From<Nonce<'a>> for ReportData<'a> {
    fn from(nonce: Nonce<'a>) -> Self {
        Self::Nonce(nonce.into())
    }
}

impl<'a> From<Freshness<'a>> for ReportData<'a> {
    fn from(freshness: Freshness<'a>) -> Self {
        Self::Nonce(freshness)
    }
}

/// A report signed by the firmware of a genuine AMD processor.
///
/// Only [`verify`] and [`verify_again`] make it; it borrows the bytes whose signature was verified.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedReport<'a> {
    report: Report<'a>,
    path: VerifiedPath<'a>,
    statement: VerifiedSignature<'a>,
    vek: VekKind,
    product: Product,
    tcbs: [Tcb; 4],
    chip: Chip,
    provider: Option<&'a str>,
}

/// How a report is bound to its chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chip {
    /// The signing key belongs to the chip with this CHIP_ID.
    Bound,
    /// The host masks CHIP_ID, so that it could not be compared with the signing key's chip.
    Masked,
    /// The signing key is a VLEK, which belongs to a provider, not to one chip.
    Shared,
}

/// Verifies a report under its endorsements.
///
/// `report` is 1184 bytes (AMD 56860, ATTESTATION_REPORT).
///
/// Proves: firmware of a genuine AMD processor, at the reported TCB, signed the report; where the
/// requirement on REPORT_DATA is a nonce, for this nonce.
/// Does not prove: which software runs, or in which cloud; see the crate's documentation.
///
/// Work before the first signature is bounded by the number of certificates. A genuine report costs two
/// signatures, the VEK's and its own: the signature of a pinned intermediate under its pinned root is not
/// verified. Another intermediate costs one more, and so does each revocation list of an issuer in the
/// chain. A cached signature is not verified, but counted. Certificates of other chips and TCBs are
/// recognised by their extensions. Where several certificates fit, each costs the report's signature, and
/// one that made it also the signatures of its chain. The total is at most [`MAX_SIGNATURES`], and one for each
/// revocation list.
///
/// # Errors
/// The first failed check, of the certificate with the most passed checks; each passed check was recorded
/// before.
pub fn verify<'a>(
    report: &'a [u8],
    endorsements: &Endorsements<'a, '_>,
    verification: &SnpVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let report = Report::parse(report).map_err(Error::Report)?;
    report.check_reserved().map_err(Error::Report)?;
    record.pass(checks::FORMAT, &format_args!("version {}, reserved bytes as specified", report.version()));

    let budget = verification.path.budget(MAX_SIGNATURES);
    let checks = verification.signature_checks(&budget);
    let attempt = Trial { report, endorsements, verification, checks }.best()?;
    attempt.record(report, verification, record);
    if let Some(error) = attempt.error {
        return Err(error);
    }
    let values = (attempt.verified_path(), attempt.statement, attempt.product, attempt.tcbs, attempt.chip);
    let (Some(path), Some(statement), Some(product), Some(tcbs), Some(chip)) = values else {
        return Err(Error::Signature);
    };
    check_report_data(report, &verification.report_data, record)?;
    let (path, vek, provider) = (*path, attempt.vek(), attempt.provider());
    Ok(VerifiedReport { report, path, statement, vek, product, tcbs, chip, provider })
}

/// The maximum number of signatures of one verification, without those of revocation lists. Genuine evidence
/// costs two or three. Each fitting certificate costs one: a provider's VLEKs of all regions, the VCEKs of
/// hosts that mask CHIP_ID, or forged certificates with AMD's names.
pub const MAX_SIGNATURES: usize = 256;

/// Verifies an already verified report again, at another time or for another nonce: checks anchor, validity,
/// revocation and nonce. No signature but those of revocation lists is verified.
///
/// Use it where the same report is part of further evidence, as with each further quote of an Azure VM.
///
/// Proves and does not prove: the same as [`verify`].
///
/// # Errors
/// The anchor is not trusted any more; a certificate is not valid at this time, or revoked; REPORT_DATA is
/// not the nonce. Unless the nonce failed, nothing was recorded.
pub fn verify_again<'a>(
    verified: &VerifiedReport<'a>,
    verification: &SnpVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let path = verified.path.path();
    if !verification.path.anchors.still_trusts(path.root(), path.anchor()) {
        return Err(Error::Untrusted { root: NameText::from(path.root().subject()) });
    }
    let budget = verification.path.budget(0);
    let mut path = path.valid_at(verification.at, 0).map_err(chain_error)?;
    check_revocation(&mut path, verification, &verification.signature_checks(&budget))?;
    for check in UNCHANGED {
        record.pass(check, &ALREADY_VERIFIED);
    }
    Unusual::of(verified.report, verified.vek).record(&ALREADY_VERIFIED, record);
    record_validity(verification.at, record);
    record_revocation(path.revocation(), &verification.path.revocation, record);
    check_report_data(verified.report, &verification.report_data, record)?;
    Ok(VerifiedReport { path, ..*verified })
}

/// The checks that do not depend on time or nonce, besides the signature.
const UNCHANGED: [&Check; 6] =
    [checks::FORMAT, checks::CHAIN, checks::VEK_TYPE, checks::VEK_CHIP, checks::VEK_PRODUCT, checks::VEK_TCB];

const ALREADY_VERIFIED: &str = "already verified: the same report";

impl SnpVerification<'_> {
    /// The verification of signatures within a budget, without those of AMD's pinned pairs.
    fn signature_checks<'s>(&'s self, budget: &'s SignatureBudget) -> SignatureChecks<'s> {
        let SignatureChecks { crypto, cache, budget } = self.path.signature_checks(budget);
        SignatureChecks { crypto, cache: cache.with_pinned(AMD.pairs), budget }
    }
}

fn check_report_data(
    report: Report<'_>,
    required: &ReportData<'_>,
    record: &mut dyn Record,
) -> Result<(), Error> {
    let nonce = match required {
        ReportData::Nonce(Freshness::Nonce(nonce)) => nonce.as_bytes(),
        ReportData::Nonce(Freshness::Waived(reason)) => {
            record.waive(checks::NONCE, reason);
            return Ok(());
        }
        ReportData::ForCaller(comparison) => {
            record.skip(checks::NONCE, comparison);
            return Ok(());
        }
    };
    let mut expected = [0; 64];
    expected.get_mut(..nonce.len()).ok_or(Error::NonceLength)?.copy_from_slice(nonce);
    if !equal(&expected, report.report_data()) {
        return Err(Error::Nonce);
    }
    record.nonce_matches(checks::NONCE, nonce, &"REPORT_DATA is the nonce followed by zeros");
    Ok(())
}

impl<'a> VerifiedReport<'a> {
    /// The report: its signed fields are authentic.
    #[must_use]
    pub const fn report(&self) -> Report<'a> {
        self.report
    }

    /// The chain from the root key to the VEK.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        &self.path
    }

    /// The report's own signature. Cache it where the same report is verified repeatedly, such as that of an
    /// Azure VM, which stays the same until the next boot.
    #[must_use]
    pub const fn statement(&self) -> VerifiedSignature<'a> {
        self.statement
    }

    /// The kind of the signing key.
    #[must_use]
    pub const fn vek(&self) -> VekKind {
        self.vek
    }

    /// The product line.
    #[must_use]
    pub const fn product(&self) -> Product {
        self.product
    }

    /// The TCB that the signing key was derived for.
    #[must_use]
    pub const fn reported_tcb(&self) -> Tcb {
        let [reported, ..] = self.tcbs;
        reported
    }

    /// The TCB below which the platform cannot roll back.
    #[must_use]
    pub const fn committed_tcb(&self) -> Tcb {
        let [_, committed, ..] = self.tcbs;
        committed
    }

    /// The TCB that the platform runs.
    #[must_use]
    pub const fn current_tcb(&self) -> Tcb {
        let [_, _, current, _] = self.tcbs;
        current
    }

    /// The TCB at which the guest was launched or imported.
    #[must_use]
    pub const fn launch_tcb(&self) -> Tcb {
        let [.., launch] = self.tcbs;
        launch
    }

    /// How the report is bound to its chip.
    #[must_use]
    pub const fn chip(&self) -> Chip {
        self.chip
    }

    /// The provider of a VLEK, by its certificate's cspID.
    #[must_use]
    pub const fn provider(&self) -> Option<&'a str> {
        self.provider
    }

    /// The kind of the anchor: one of AMD's pinned root keys, or an added anchor.
    #[must_use]
    pub const fn anchor(&self) -> AnchorKind {
        self.path.path().anchor()
    }

    /// Whether the chain ends at one of AMD's pinned root keys, not at an added anchor.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        self.anchor().is_pinned()
    }

    /// Which certificates of the chain were checked against a current CRL of their issuer: index 1 is the ASK
    /// or ASVK.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.path.revocation()
    }
}
