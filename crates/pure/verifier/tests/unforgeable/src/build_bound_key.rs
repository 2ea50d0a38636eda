//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_hcl::BoundKey;
use teeproof_tpm::CertifiedKey;

fn forge<'a>(key: CertifiedKey<'a>, other: BoundKey<'a>) -> BoundKey<'a> {
    BoundKey { key, ..other }
}

fn main() {
    let _ = forge;
}
