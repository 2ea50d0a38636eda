//! expect: E0451 — its fields are private, so a cache learns nothing but what was verified

use teeproof_x509::OwnedSignature;

fn forge(real: OwnedSignature, signed: Box<[u8]>) -> OwnedSignature {
    OwnedSignature { signed, ..real }
}

fn main() {
    let _ = forge;
}
