//! The one place that makes a [`VerifiedReport`].

mod again;

pub use again::verify_again;

use teeproof_core::{Crypto, Freshness, Record, Time, equal};
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::snp::{Product, Report, SIGNED_BYTES, Tcb};
use teeproof_x509::{
    Anchors, Held, Problem, Revocation, SignedPath, VerifiedPath, verify_list, verify_statement,
};

use crate::binding::{vek_chip, vek_product, vek_tcb};
use crate::chain::{Shown, chain, chain_error};
use crate::unusual::Unusual;
use crate::vek::VekClaims;
use crate::{Endorsements, Error, Link, VekKind, checks};

/// What a relying party decides before it looks at a report.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// Root certificates that are trusted besides AMD's.
    pub anchors: Anchors<'a>,
    /// What REPORT_DATA must hold.
    pub report_data: ReportData<'a>,
    /// AMD's revocation lists, or why they are not looked at.
    pub revocation: Revocation<'a>,
    /// The time at which the certificates must be valid.
    pub at: Time,
    /// The cryptography.
    pub crypto: &'a Crypto<'a>,
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

/// A report that a genuine AMD processor made and signed.
///
/// It can only be made by [`verify`] and borrows the very bytes whose signature was checked.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedReport<'a> {
    report: &'a Report,
    path: VerifiedPath<'a>,
    statement: Held<'a>,
    vek: VekKind,
    product: Product,
    tcbs: [Tcb; 4],
    chip: Chip,
    provider: Option<&'a str>,
    production: bool,
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
/// report costs two signatures, the VEK's and its own: that of a known intermediate is pinned
/// together with its root. An intermediate that is not known costs one more, and so does each
/// revocation list of the root key; what a cache remembers costs none.
/// Endorsements that are chosen to mislead cost at most four intermediates of one name under four
/// anchors of one name, two signatures each.
///
/// # Errors
/// The first check that does not hold; every check that does was recorded before.
pub fn verify<'a>(
    report: &'a [u8],
    endorsements: &Endorsements<'a, '_>,
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let crypto = verification.crypto;
    let report = Report::parse(report).map_err(Error::Report)?;
    report.check_reserved().map_err(Error::Report)?;
    record.pass(checks::FORMAT, &format_args!("version {}, reserved bytes as specified", report.version));

    let (certificate, vek) = endorsements.pick(report)?;
    let (path, production) = chain(&certificate, endorsements, &verification.anchors, crypto)?;
    let claims = VekClaims::read(&certificate)?;
    signing_key(&certificate)?;
    record.pass(checks::CHAIN, &Shown { path: &path, vek, production });

    let product = vek_product(&path, vek, &claims, report, record)?;
    let tcbs = vek_tcb(&claims, product, report, record)?;
    let chip = vek_chip(&claims, vek, report, record)?;

    let statement = signature(&certificate, report, verification)?;
    let signed = format_args!("ECDSA P-384 over bytes 0x000..{SIGNED_BYTES:#05x}");
    Unusual::of(report, vek).record(&signed, record);

    let path = path.valid_at(verification.at, 0).map_err(chain_error)?;
    record.pass(checks::VALIDITY, &format_args!("every certificate, at {}", verification.at));
    revocation(path.path(), verification, record)?;
    report_data(report, &verification.report_data, record)?;
    let provider = claims.csp;
    Ok(VerifiedReport { report, path, statement, vek, product, tcbs, chip, provider, production })
}

/// Reports are signed with keys of one kind.
fn signing_key(vek: &Certificate<'_>) -> Result<(), Error> {
    match vek.public_key() {
        PublicKey::P384(_) => Ok(()),
        _ => Err(Error::Chain { link: Link::Vek, problem: Problem::Algorithm }),
    }
}

/// The report's signature under the VEK.
fn signature<'a>(
    vek: &Certificate<'a>,
    report: &'a Report,
    verification: &Verification<'_>,
) -> Result<Held<'a>, Error> {
    let (known, crypto) = (verification.anchors.known(), verification.crypto);
    verify_statement(vek, report.signed(), report.signature(), known, crypto).map_err(|_| Error::Signature)
}

/// Looks up the intermediate in the lists of the root key. Every VEK has serial number 0, so only
/// the intermediate can be revoked.
fn revocation(
    path: &SignedPath<'_>,
    verification: &Verification<'_>,
    record: &mut dyn Record,
) -> Result<(), Error> {
    let lists = match verification.revocation {
        Revocation::Lists(lists) => lists,
        Revocation::Unchecked(reason) => {
            record.waive(checks::REVOCATION, &reason);
            return Ok(());
        }
    };
    let failed = |problem| Error::Chain { link: Link::Intermediate, problem };
    let root = path.root();
    let mut looked_at = 0_usize;
    for list in lists.iter().filter(|list| list.issuer() == root.subject()) {
        let list =
            verify_list(list, root, verification.at, verification.anchors.known(), verification.crypto)
                .map_err(Error::RevocationList)?;
        if path.below().iter().take(1).any(|intermediate| list.revokes(intermediate)) {
            return Err(failed(Problem::Revoked));
        }
        looked_at = looked_at.saturating_add(1);
    }
    if looked_at == 0 {
        return Err(failed(Problem::NoRevocationList));
    }
    record.pass(checks::REVOCATION, &"the intermediate is not on the root's current list");
    Ok(())
}

fn report_data(report: &Report, demand: &ReportData<'_>, record: &mut dyn Record) -> Result<(), Error> {
    let nonce = match demand {
        ReportData::Nonce(Freshness::Nonce(nonce)) => *nonce,
        ReportData::Nonce(Freshness::Waived(reason)) => {
            record.waive(checks::NONCE, reason);
            return Ok(());
        }
        ReportData::ForCaller(what) => {
            record.skip(checks::NONCE, what);
            return Ok(());
        }
    };
    // No nonce at all would be matched by a report whose data is zero.
    if nonce.is_empty() {
        return Err(Error::NonceLength);
    }
    let mut expected = [0; 64];
    expected.get_mut(..nonce.len()).ok_or(Error::NonceLength)?.copy_from_slice(nonce);
    if !equal(&expected, &report.report_data) {
        return Err(Error::Nonce);
    }
    record.nonce_held(checks::NONCE, nonce, &"REPORT_DATA is the nonce followed by zeros");
    Ok(())
}

impl<'a> VerifiedReport<'a> {
    /// The report: its signed fields are what the processor said.
    #[must_use]
    pub const fn report(&self) -> &'a Report {
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
    pub const fn statement(&self) -> Held<'a> {
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

    /// Whether the chain ends at one of AMD's pinned root keys and not at an added anchor.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        self.production
    }
}
