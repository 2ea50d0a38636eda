//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_wire::crl::RevocationList;
use teeproof_x509::VerifiedRevocationList;

fn forge<'a>(list: RevocationList<'a>, other: VerifiedRevocationList<'a>) -> VerifiedRevocationList<'a> {
    VerifiedRevocationList { list, ..other }
}

fn main() {
    let _ = forge;
}
