//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof::{OwnedAttestationResult, Verdict};

fn forge(real: OwnedAttestationResult) -> OwnedAttestationResult {
    OwnedAttestationResult { verdict: Verdict::Accepted, ..real }
}

fn main() {
    let _ = forge;
}
