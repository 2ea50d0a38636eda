//! expect: E0451 — its fields are private, so no signature is said to hold that nobody verified

use teeproof::x509::Held;

fn forge<'a>(real: Held<'a>, signed: &'a [u8]) -> Held<'a> {
    Held { signed, ..real }
}

fn main() {
    let _ = forge;
}
