//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof::hcl::BoundKey;
use teeproof::tpm::CertifiedKey;

fn forge<'a>(key: CertifiedKey<'a>, other: BoundKey<'a>) -> BoundKey<'a> {
    BoundKey { key, ..other }
}

fn main() {
    let _ = forge;
}
