//! Untrusted certificates given with a report, and the order in which they are attempted.

use core::cmp::Ordering;

use teeproof_core::Time;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::snp::{Report, Tcb};

use crate::VekKind;
use crate::binding::ReportTcb;
use crate::vek::VekClaims;

/// Certificates in any order: the VCEK or VLEK, and its issuers where they are not pinned.
///
/// Certificates of other chips, regions and product lines may be among them; they are not used.
#[derive(Clone, Copy, Debug)]
pub struct Endorsements<'a, 'c> {
    pub(crate) certificates: &'c [Certificate<'a>],
}

impl<'a, 'c> Endorsements<'a, 'c> {
    /// Endorsements of these certificates.
    #[must_use]
    pub const fn new(certificates: &'c [Certificate<'a>]) -> Self {
        Self { certificates }
    }
}

/// A VEK certificate that may be the report's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a, 'c> {
    pub(crate) certificate: &'c Certificate<'a>,
    pub(crate) kind: VekKind,
    pub(crate) fit: Fit,
    not_valid: bool,
}

/// How well a certificate fits a report by its own extensions, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Chip and reported TCB are the report's, or there is only this certificate of its kind.
    Fits,
    /// The chip is the report's, and the TCB is the committed, current or launch TCB.
    OtherTcbOfReport,
    /// The chip is the report's, and the TCB is not.
    OtherTcb,
    /// The certificate is another chip's.
    OtherChip,
    /// The certificate's extensions are not AMD's.
    Unreadable,
    /// The certificate is for another kind of key.
    OtherKind,
}

/// The candidate VEK certificates for a report, best first, in an order that does not depend on that of the
/// input. Only the budget of signatures limits their number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidates<'a, 'c> {
    certificates: &'c [Certificate<'a>],
    wanted: VekKind,
    report: Report<'c>,
    at: Time,
    among: Among,
}

/// The number of certificates of the kind that signed the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Among {
    /// None: the candidates are those of the other kind.
    OtherKind,
    /// One: whether it fits is checked by the verification.
    One,
    /// Several, ranked by [`Fit`].
    Several,
}

impl<'a, 'c> Endorsements<'a, 'c> {
    /// The candidates for a report that a key of this kind signed.
    pub(crate) fn candidates(&self, wanted: VekKind, report: Report<'c>, at: Time) -> Candidates<'a, 'c> {
        let mut of_kind = self.certificates.iter().filter(|one| VekKind::of(one) == Some(wanted));
        let (among, certificates) = match (of_kind.next(), of_kind.next()) {
            (None, _) => (Among::OtherKind, self.certificates),
            (Some(only), None) => (Among::One, core::slice::from_ref(only)),
            (Some(_), Some(_)) => (Among::Several, self.certificates),
        };
        Candidates { certificates, wanted, report, at, among }
    }
}

impl<'a, 'c> Candidates<'a, 'c> {
    /// The candidate after this one, or the first.
    pub(crate) fn next(&self, after: Option<&Candidate<'a, 'c>>) -> Option<Candidate<'a, 'c>> {
        if self.among == Among::One && after.is_some() {
            return None;
        }
        let candidates = self.certificates.iter().filter_map(|one| self.candidate(one));
        let later = |one: &Candidate<'a, 'c>| after.is_none_or(|after| one.order(after) == Ordering::Greater);
        candidates.filter(later).min_by(Candidate::order)
    }

    fn candidate(&self, certificate: &'c Certificate<'a>) -> Option<Candidate<'a, 'c>> {
        let kind = VekKind::of(certificate)?;
        let fit = match self.among {
            Among::OtherKind => Fit::OtherKind,
            _ if kind != self.wanted => return None,
            Among::One => Fit::Fits,
            Among::Several => Fit::of(certificate, self.report),
        };
        let not_valid = self.at.0 < certificate.not_before() || self.at.0 > certificate.not_after();
        Some(Candidate { certificate, kind, fit, not_valid })
    }
}

impl Candidate<'_, '_> {
    /// The best fit, valid certificates before others, then by the bytes.
    fn order(&self, other: &Self) -> Ordering {
        let key = |one: &Self| (one.fit, one.not_valid);
        key(self).cmp(&key(other)).then_with(|| self.certificate.der().cmp(other.certificate.der()))
    }
}

impl Fit {
    fn of(certificate: &Certificate<'_>, report: Report<'_>) -> Self {
        let Ok(claims) = VekClaims::read(certificate) else { return Self::Unreadable };
        let masked = *report.chip_id() == [0; 64];
        if claims.hwid.is_some() && !masked && !claims.is_on(report.chip_id()) {
            return Self::OtherChip;
        }
        let Some(product) = claims.product() else { return Self::Unreadable };
        let read = |bytes| Tcb::parse(bytes, product.tcb_layout());
        let Some(reported) = read(*report.reported_tcb()) else { return Self::OtherTcb };
        if claims.differs_from(&reported).is_none() {
            return Self::Fits;
        }
        let others = (read(*report.committed_tcb()), read(*report.current_tcb()), read(*report.launch_tcb()));
        let (Some(committed), Some(current), Some(launch)) = others else { return Self::OtherTcb };
        match ReportTcb::of(&claims, &[reported, committed, current, launch]) {
            Some(_) => Self::OtherTcbOfReport,
            None => Self::OtherTcb,
        }
    }
}
