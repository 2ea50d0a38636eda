//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_x509::AnchoredPath;

fn forge<'a>(real: AnchoredPath<'a>, other: AnchoredPath<'a>) -> AnchoredPath<'a> {
    AnchoredPath { root: *real.root(), ..other }
}

fn main() {
    let _ = forge;
}
