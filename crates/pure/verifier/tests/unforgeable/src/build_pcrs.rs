//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tpm::VerifiedPcrs;

fn forge(values: [[u8; 32]; 24], other: VerifiedPcrs) -> VerifiedPcrs {
    VerifiedPcrs { values, ..other }
}

fn main() {
    let _ = forge;
}
