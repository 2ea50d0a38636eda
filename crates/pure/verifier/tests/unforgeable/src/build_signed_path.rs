//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof::x509::SignedPath;

fn forge<'a>(real: SignedPath<'a>, other: SignedPath<'a>) -> SignedPath<'a> {
    SignedPath { root: *real.root(), ..other }
}

fn main() {
    let _ = forge;
}
