//! expect: E0451 — its fields are private, so a cache learns nothing but what was verified

use teeproof::x509::Learned;

fn forge(real: Learned, signed: Box<[u8]>) -> Learned {
    Learned { signed, ..real }
}

fn main() {
    let _ = forge;
}
