//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tpm::{Attest, VerifiedQuote};

fn forge<'a>(attest: Attest<'a>, other: VerifiedQuote<'a>) -> VerifiedQuote<'a> {
    VerifiedQuote { attest, ..other }
}

fn main() {
    let _ = forge;
}
