//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tpm::{CertifiedKey, RsaPublic};

fn forge<'a>(public: RsaPublic<'a>, other: CertifiedKey<'a>) -> CertifiedKey<'a> {
    CertifiedKey { public, ..other }
}

fn main() {
    let _ = forge;
}
