//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_snp::VerifiedReport;

fn forge<'a>(real: VerifiedReport<'a>, other: VerifiedReport<'a>) -> VerifiedReport<'a> {
    VerifiedReport { report: real.report(), ..other }
}

fn main() {
    let _ = forge;
}
