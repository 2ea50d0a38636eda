//! R, the unit of all figures, which makes different machines and hours comparable: one P-384 verification by aws-lc over a report of 672 bytes,
//! under a key that was parsed before.

use std::hint::black_box;

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::snp::Report;

use crate::Snp;

/// R, ready to be done.
#[derive(Debug)]
pub(crate) struct Yardstick {
    key: ParsedPublicKey,
    message: &'static [u8],
    signature: [u8; 96],
}

impl Yardstick {
    pub(crate) fn new() -> Self {
        let certificate = Certificate::parse(Snp::MILAN.vcek).expect("a certificate");
        let PublicKey::P384(point) = certificate.public_key() else {
            unreachable!("AMD's chips sign with P-384");
        };
        let report = Report::parse(Snp::MILAN.report).expect("a report");
        let key = ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).expect("a key");
        Self { key, message: report.signed(), signature: report.signature() }
    }

    pub(crate) fn run(&self) {
        let verified = black_box(self).key.verify_sig(self.message, &self.signature);
        assert!(verified.is_ok());
    }
}
