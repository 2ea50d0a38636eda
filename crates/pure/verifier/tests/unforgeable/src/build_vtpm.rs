//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_hcl::VerifiedVtpm;
use teeproof_tpm::VerifiedPcrs;

fn forge<'a>(pcrs: Option<VerifiedPcrs>, other: VerifiedVtpm<'a>) -> VerifiedVtpm<'a> {
    VerifiedVtpm { pcrs, ..other }
}

fn main() {
    let _ = forge;
}
