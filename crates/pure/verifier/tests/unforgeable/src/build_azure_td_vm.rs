//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_hcl::{VerifiedTdVm, VerifiedVtpm};

fn forge<'a>(vtpm: VerifiedVtpm<'a>, other: VerifiedTdVm<'a>) -> VerifiedTdVm<'a> {
    VerifiedTdVm { vtpm, ..other }
}

fn main() {
    let _ = forge;
}
