//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_hcl::VerifiedVm;
use teeproof_snp::VerifiedReport;

fn forge<'a>(report: VerifiedReport<'a>, other: VerifiedVm<'a>) -> VerifiedVm<'a> {
    VerifiedVm { report, ..other }
}

fn main() {
    let _ = forge;
}
