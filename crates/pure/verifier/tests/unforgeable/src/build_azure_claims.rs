//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_hcl::{Claims, Key};

fn forge(ak: Key, other: Claims) -> Claims {
    Claims { ak, ..other }
}

fn main() {
    let _ = forge;
}
