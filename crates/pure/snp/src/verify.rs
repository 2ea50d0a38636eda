//! The one place that makes a [`VerifiedReport`].

mod again;

pub use again::verify_again;

use teeproof_core::{Crypto, Freshness, Record, Time, equal};
use teeproof_wire::snp::{Product, Report, Tcb};
use teeproof_x509::{
    AnchorKind, PathOptions, RevocationStatus, SignatureBudget, SignatureChecks, VerifiedPath,
    VerifiedSignature,
};

use crate::anchors::AMD;
use crate::attempt::Trial;
use crate::{Endorsements, Error, VekKind, checks};

/// What a relying party decides before it looks at a report.
#[derive(Clone, Copy, Debug)]
pub struct SnpVerification<'a> {
    pub(crate) path: PathOptions<'a>,
    pub(crate) report_data: ReportData<'a>,
    pub(crate) at: Time,
}

impl<'a> SnpVerification<'a> {
    /// A verification of a report whose REPORT_DATA must hold this, with certificates that must be valid at
    /// this time. Only AMD's roots are anchors, no signature is cached, and revocation is waived.
    pub fn new(report_data: impl Into<ReportData<'a>>, at: Time, crypto: &'a Crypto<'a>) -> Self {
        Self { path: PathOptions::new(crypto), report_data: report_data.into(), at }
    }

    teeproof_x509::path_option_setters!('a, path);

    /// With another crypto table.
    #[must_use]
    pub const fn crypto(mut self, crypto: &'a Crypto<'a>) -> Self {
        self.path.crypto = crypto;
        self
    }
}

/// What REPORT_DATA, the 64 bytes that the guest chose, must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportData<'a> {
    /// The nonce, zero-extended to 64 bytes; or why there is none.
    Nonce(Freshness<'a>),
    /// Something that the caller compares, as the text says. A caller that does not leaves the
    /// report open to be an old one.
    ForCaller(&'a str),
}

impl<'a> From<Freshness<'a>> for ReportData<'a> {
    fn from(freshness: Freshness<'a>) -> Self {
        Self::Nonce(freshness)
    }
}

/// A report that a genuine AMD processor made and signed.
///
/// It can only be made by [`verify`] and borrows the very bytes whose signature was checked.
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

/// What is known of the chip that made a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chip {
    /// The signing key belongs to the chip that CHIP_ID names.
    Bound,
    /// The host hides CHIP_ID, so the signing key could not be held against it.
    Masked,
    /// The signing key (a VLEK) belongs to a provider and not to one chip.
    Shared,
}

/// Verifies a report under its endorsements.
///
/// Proves: firmware of a genuine AMD processor, at the reported TCB, signed these bytes; where
/// `report_data` is a nonce, for this question.
/// Does not prove: what software runs, in whose cloud; see the crate's documentation.
///
/// Work before the first signature is bounded by the number of certificates given. A genuine
/// report costs two signatures, the VEK's and its own: that of an intermediate that is pinned together
/// with its root is not verified. One that is not costs one more, and so does each revocation list of
/// an issuer in the chain. A cached signature is not verified, and counts all the same. Certificates of other chips and TCBs are told
/// by their extensions. Where several fit all the same, each costs the report's signature, and those
/// that made it their chain. All of it together costs at most [`MAX_SIGNATURES`] and one signature for
/// each revocation list.
///
/// # Errors
/// The first check that does not hold, of the certificate that came furthest; every check that does
/// was recorded before.
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
    let found = (attempt.verified_path(), attempt.statement, attempt.product, attempt.tcbs, attempt.chip);
    let (Some(path), Some(statement), Some(product), Some(tcbs), Some(chip)) = found else {
        return Err(Error::Signature);
    };
    report_data(report, &verification.report_data, record)?;
    let (path, vek, provider) = (*path, attempt.vek(), attempt.provider());
    Ok(VerifiedReport { report, path, statement, vek, product, tcbs, chip, provider })
}

/// The most signatures of one verification, without those of revocation lists. Genuine evidence costs two
/// or three; a provider's VLEKs of all its regions, or the VCEKs of a few racks whose hosts mask their chip
/// ids, cost one each, as does each certificate that a sender makes up in AMD's names.
pub const MAX_SIGNATURES: usize = 256;

impl SnpVerification<'_> {
    /// The verification of signatures within a budget, without those of AMD's pinned pairs.
    fn signature_checks<'s>(&'s self, budget: &'s SignatureBudget) -> SignatureChecks<'s> {
        let SignatureChecks { crypto, cache, budget } = self.path.signature_checks(budget);
        SignatureChecks { crypto, cache: cache.with_pinned(AMD.pairs), budget }
    }
}

fn report_data(report: Report<'_>, demand: &ReportData<'_>, record: &mut dyn Record) -> Result<(), Error> {
    let nonce = match demand {
        ReportData::Nonce(Freshness::Nonce(nonce)) => nonce.as_bytes(),
        ReportData::Nonce(Freshness::Waived(reason)) => {
            record.waive(checks::NONCE, reason);
            return Ok(());
        }
        ReportData::ForCaller(what) => {
            record.skip(checks::NONCE, what);
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
    /// The report: its signed fields are what the processor said.
    #[must_use]
    pub const fn report(&self) -> Report<'a> {
        self.report
    }

    /// The chain from the root key to the VEK.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        &self.path
    }

    /// The report's own signature. It is worth remembering where the same report is verified again
    /// and again, as that of an Azure VM is: the paravisor's stays the same until the next boot.
    #[must_use]
    pub const fn statement(&self) -> VerifiedSignature<'a> {
        self.statement
    }

    /// Which kind of key signed.
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

    /// The TCB that the platform cannot go back behind.
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

    /// What is known of the chip.
    #[must_use]
    pub const fn chip(&self) -> Chip {
        self.chip
    }

    /// The provider that a VLEK belongs to, as its certificate names it.
    #[must_use]
    pub const fn provider(&self) -> Option<&'a str> {
        self.provider
    }

    /// Whether the chain ends at one of AMD's pinned root keys or at an added anchor.
    #[must_use]
    pub const fn anchor(&self) -> AnchorKind {
        self.path.path().anchor()
    }

    /// Whether the chain ends at one of AMD's pinned root keys and not at an added anchor.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        self.anchor().is_pinned()
    }

    /// Which certificates of the chain were looked up in a current list of their issuer: 1 is the ASK
    /// or ASVK, and what a list of AMD's can name.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.path.revocation()
    }
}
