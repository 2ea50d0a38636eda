//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_nitro::VerifiedDocument;

fn forge<'a>(real: VerifiedDocument<'a>, other: VerifiedDocument<'a>) -> VerifiedDocument<'a> {
    VerifiedDocument { document: *real.document(), ..other }
}

fn main() {
    let _ = forge;
}
