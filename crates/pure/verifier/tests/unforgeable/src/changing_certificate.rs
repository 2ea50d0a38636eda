//! expect: E0277 — its bytes cannot change after they were parsed

use teeproof_wire::OwnedCertificate;

struct Changing;

impl AsRef<[u8]> for Changing {
    fn as_ref(&self) -> &[u8] {
        &[]
    }
}

fn forge(changing: Changing) {
    let _ = OwnedCertificate::parse(changing);
}

fn main() {
    let _ = forge;
}
