//! The certificates that came with a report, unbelieved.

use teeproof_wire::certificate::Certificate;
use teeproof_wire::snp::{Product, Report, Tcb};

use crate::vek::VekClaims;
use crate::{Error, Link, VekKind};

/// Certificates in any order: the VCEK or VLEK, and what is above it where that is not known.
///
/// Certificates of other chips and products may be among them; they are passed over.
#[derive(Clone, Copy, Debug)]
pub struct Endorsements<'a, 'c> {
    /// The certificates.
    pub certificates: &'c [Certificate<'a>],
}

impl<'a> Endorsements<'a, '_> {
    /// The certificate that a report asks for: of the right kind and, where several are, of the
    /// right chip and TCB. What is picked is verified afterwards like any other.
    pub(crate) fn pick(&self, report: &Report) -> Result<(Certificate<'a>, VekKind), Error> {
        let wanted = VekKind::signing(report)?;
        let veks = || {
            self.certificates.iter().filter_map(|certificate| Some((*certificate, VekKind::of(certificate)?)))
        };
        let of_kind = || veks().filter(|(_, kind)| *kind == wanted);
        // One alone is taken as it is: whether it fits is verified afterwards.
        let only = of_kind().nth(1).is_none();
        of_kind()
            .find(|(certificate, _)| only || fits(certificate, report))
            .or_else(|| of_kind().next())
            .or_else(|| veks().next())
            .ok_or(Error::Missing(Link::Vek))
    }

    /// The certificates that could stand above this one, by name.
    pub(crate) fn issuers_of(&self, certificate: &Certificate<'a>) -> impl Iterator<Item = &Certificate<'a>> {
        let issuer = certificate.issuer();
        self.certificates.iter().filter(move |candidate| candidate.subject() == issuer)
    }
}

/// Whether a certificate's chip and TCB are the report's, as far as can be told without a chain.
fn fits(certificate: &Certificate<'_>, report: &Report) -> bool {
    VekClaims::read(certificate).is_ok_and(|claims| {
        let tcb = Product::ALL
            .iter()
            .find(|product| claims.is_of(**product))
            .and_then(|product| Tcb::read(report.reported_tcb, product.tcb_layout()));
        let same_tcb = tcb.is_some_and(|tcb| claims.differs_from(&tcb).is_none());
        same_tcb && (claims.hwid.is_none() || claims.is_on(&report.chip_id))
    })
}
