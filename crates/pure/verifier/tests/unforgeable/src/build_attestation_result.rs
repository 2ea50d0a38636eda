//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof::AttestationResult;

fn forge<'a>(real: AttestationResult<'a>, other: AttestationResult<'a>) -> AttestationResult<'a> {
    AttestationResult { owned: real.into_owned(), ..other }
}

fn main() {
    let _ = forge;
}
