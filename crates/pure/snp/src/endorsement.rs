//! The certificates that came with a report, unbelieved, and which of them are tried for it.

use core::cmp::Ordering;

use teeproof_core::Time;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::snp::{Product, Report, Tcb};
use teeproof_x509::Shortlist;

use crate::VekKind;
use crate::binding::ReportTcb;
use crate::vek::VekClaims;

/// Certificates in any order: the VCEK or VLEK, and what is above it where that is not pinned.
///
/// Certificates of other chips, regions and products may be among them; they are passed over.
#[derive(Clone, Copy, Debug)]
pub struct Endorsements<'a, 'c> {
    /// The certificates.
    pub certificates: &'c [Certificate<'a>],
}

/// How many VEK certificates are tried: those of a rack whose hosts mask their chip ids, so that the
/// report's signature alone tells which chip made it.
pub(crate) const MAX_VEKS: usize = 64;

/// A VEK certificate that may be the report's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a, 'c> {
    pub(crate) certificate: &'c Certificate<'a>,
    pub(crate) kind: VekKind,
    pub(crate) fit: Fit,
    not_valid: bool,
}

/// How well a certificate fits a report, as far as can be told without its chain: the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Chip and reported TCB are the report's, or there is only this certificate of its kind.
    Fits,
    /// The chip is, and the TCB is another one of the report's.
    OtherTcbOfReport,
    /// The chip is.
    OtherTcb,
    /// The certificate is another chip's.
    OtherChip,
    /// The certificate's extensions are not AMD's.
    Unreadable,
    /// The certificate is for another kind of key.
    OtherKind,
}

pub(crate) type Candidates<'a, 'c> = Shortlist<Candidate<'a, 'c>, MAX_VEKS>;

impl<'a, 'c> Endorsements<'a, 'c> {
    /// The VEK certificates to try for a report that a key of this kind signed, the best first, in an
    /// order that does not depend on the one in which they came. All are verified like any other.
    pub(crate) fn candidates(&self, wanted: VekKind, report: &Report, at: Time) -> Candidates<'a, 'c> {
        let veks = || self.certificates.iter().filter_map(|one| Some((one, VekKind::of(one)?)));
        let mut of_kind = veks().filter(|(_, kind)| *kind == wanted);
        let (first, second) = (of_kind.next(), of_kind.next());
        let mut candidates = Shortlist::new();
        let mut insert = |certificate: &'c Certificate<'a>, kind, fit| {
            let not_valid = at.0 < certificate.not_before() || at.0 > certificate.not_after();
            candidates.insert(Candidate { certificate, kind, fit, not_valid }, Candidate::order);
        };
        match (first, second) {
            // One alone is taken as it is: whether it fits is verified afterwards.
            (Some((only, kind)), None) => insert(only, kind, Fit::Fits),
            (None, _) => veks().for_each(|(one, kind)| insert(one, kind, Fit::OtherKind)),
            _ => veks().filter(|(_, kind)| *kind == wanted).for_each(|(one, kind)| {
                insert(one, kind, Fit::of(one, report));
            }),
        }
        candidates
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
    fn of(certificate: &Certificate<'_>, report: &Report) -> Self {
        let Ok(claims) = VekClaims::read(certificate) else { return Self::Unreadable };
        let masked = report.chip_id == [0; 64];
        if claims.hwid.is_some() && !masked && !claims.is_on(&report.chip_id) {
            return Self::OtherChip;
        }
        let Some(product) = Product::ALL.iter().find(|product| claims.is_of(**product)) else {
            return Self::Unreadable;
        };
        let read = |bytes| Tcb::read(bytes, product.tcb_layout());
        let Some(reported) = read(report.reported_tcb) else { return Self::OtherTcb };
        if claims.differs_from(&reported).is_none() {
            return Self::Fits;
        }
        let others = (read(report.committed_tcb), read(report.current_tcb), read(report.launch_tcb));
        let (Some(committed), Some(current), Some(launch)) = others else { return Self::OtherTcb };
        match ReportTcb::of(&claims, &[reported, committed, current, launch]) {
            Some(_) => Self::OtherTcbOfReport,
            None => Self::OtherTcb,
        }
    }
}
