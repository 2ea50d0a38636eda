//! expect: E0451 — its fields are private, so no signature is said to hold that nobody verified

use teeproof_x509::VerifiedSignature;

fn forge<'a>(real: VerifiedSignature<'a>, signed: &'a [u8]) -> VerifiedSignature<'a> {
    VerifiedSignature { signed, ..real }
}

fn main() {
    let _ = forge;
}
