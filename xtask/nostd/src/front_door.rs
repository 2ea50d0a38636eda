//! The front door with the pure-Rust table: real signatures, without std.

use teeproof::core::{Freshness, Technology};
use teeproof::nitro::{Limits, Moment};
use teeproof::wire::certificate::Certificate;
use teeproof::x509::{Anchors, Revocation};
use teeproof::{Evidence, Policy, Request, verify};
use teeproof_rustcrypto::TABLE;

use crate::vectors::{AT, VCEK};

/// Whether this variant can tell genuine signatures from others.
pub(crate) const CAN_VERIFY: bool = true;

/// The exit code of the command for a report.
pub(crate) fn snp(report: &[u8]) -> u8 {
    exit(&Evidence::Snp(report), Moment::At(AT))
}

/// The exit code of the command for a document.
pub(crate) fn nitro(document: &[u8]) -> u8 {
    exit(&Evidence::Nitro(document), Moment::OfDocument)
}

fn exit(evidence: &Evidence<'_>, at: Moment) -> u8 {
    let Ok(vcek) = Certificate::parse(VCEK) else {
        return 1;
    };
    let request = Request {
        accept: &[Technology::Snp, Technology::Nitro],
        endorsements: &[vcek],
        revocation: Revocation::Unchecked(WHY),
        anchors: Anchors::PINNED,
        freshness: Freshness::Waived(WHY),
        at,
        skew_secs: 0,
        limits: Limits::USUAL,
        policy: Some(&Policy::genuine()),
        crypto: &TABLE,
    };
    verify(evidence, &request).map_or(2, |result| result.exit())
}

const WHY: &str = "a recorded vector";
