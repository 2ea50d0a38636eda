//! Real reports under both crypto tables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use teeproof_core::{Class, Crypto, Freshness, Time};
use teeproof_snp::{
    Chip, Endorsements, Error, Product, SnpPolicy, SnpVerification, Tcb, VekKind, VerifiedReport, appraise,
    verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Revocation;

const REPORT: &[u8] = include_bytes!("../../../../testdata/snp/milan-report.bin");
const VCEK: &[u8] = include_bytes!("../../../../testdata/snp/milan-vcek.der");
const OTHER_VCEK: &[u8] = include_bytes!("../../../../testdata/snp/turin-vcek.der");
const AT: Time = Time(1_790_000_000);

fn tables() -> [Crypto<'static>; 2] {
    [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE]
}

fn at<'a>(crypto: &'a Crypto<'a>, at: Time) -> SnpVerification<'a> {
    SnpVerification::new(Freshness::Waived("a recorded vector"), at, crypto)
        .revocation(Revocation::Unchecked("no list is published with the vector"))
}

fn check<'a>(
    report: &'a [u8],
    veks: &[&'a [u8]],
    verification: &SnpVerification<'a>,
) -> Result<VerifiedReport<'a>, Error> {
    let certificates: Vec<_> = veks.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    verify(report, &Endorsements::new(&certificates), verification, &mut ())
}

#[test]
fn a_milan_report_is_genuine() {
    for crypto in &tables() {
        let verified = check(REPORT, &[VCEK], &at(crypto, AT)).unwrap();
        assert_eq!(verified.product(), Product::Milan);
        assert_eq!(verified.vek(), VekKind::Vcek);
        assert_eq!(verified.chip(), Chip::Bound);
        assert_eq!(verified.reported_tcb(), Tcb { fmc: None, bootloader: 3, tee: 0, snp: 8, microcode: 115 });
        assert!(verified.is_production());
        assert!(appraise(&verified, &SnpPolicy::genuine(), &mut ()));
    }
}

#[test]
fn another_chips_certificate_is_refused() {
    for crypto in &tables() {
        let error = check(REPORT, &[OTHER_VCEK], &at(crypto, AT)).unwrap_err();
        // Nothing is forged: the right certificate is missing.
        assert!(matches!(error, Error::VekChip { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Incomplete, "{error}");
        // Among several, the right one is found.
        check(REPORT, &[OTHER_VCEK, VCEK], &at(crypto, AT)).unwrap();
    }
}

#[test]
fn without_its_certificate_it_is_incomplete() {
    let crypto = &teeproof_aws_lc::TABLE;
    assert_eq!(check(REPORT, &[], &at(crypto, AT)).unwrap_err().class(), Class::Incomplete);
}

#[test]
fn outside_of_the_certificates_validity_it_is_stale() {
    let crypto = &teeproof_aws_lc::TABLE;
    // The VCEK is valid from 2023-04-03T19:23:43Z to 2030-04-03T19:23:43Z, both included.
    for (time, valid) in
        [(1_680_549_822, false), (1_680_549_823, true), (1_901_474_623, true), (1_901_474_624, false)]
    {
        let result = check(REPORT, &[VCEK], &at(crypto, Time(time)));
        assert_eq!(
            result.map(|_| ()).map_err(|error| error.class()),
            if valid { Ok(()) } else { Err(Class::Incomplete) }
        );
    }
}
