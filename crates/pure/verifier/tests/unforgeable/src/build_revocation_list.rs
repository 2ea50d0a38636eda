//! expect: E0451 — its field is private, so it cannot be written down

use teeproof::wire::crl::RevocationList;
use teeproof::x509::VerifiedRevocationList;

fn forge(list: RevocationList<'_>) -> VerifiedRevocationList<'_> {
    VerifiedRevocationList { list }
}

fn main() {
    let _ = forge;
}
