//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_x509::VerifiedPath;

fn forge<'a>(real: VerifiedPath<'a>, other: VerifiedPath<'a>) -> VerifiedPath<'a> {
    VerifiedPath { at: real.at(), ..other }
}

fn main() {
    let _ = forge;
}
