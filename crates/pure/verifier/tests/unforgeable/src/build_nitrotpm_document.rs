//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_nitro::nitrotpm::VerifiedNitroTpm;

fn forge<'a>(real: VerifiedNitroTpm<'a>, other: VerifiedNitroTpm<'a>) -> VerifiedNitroTpm<'a> {
    VerifiedNitroTpm { document: *real.document(), ..other }
}

fn main() {
    let _ = forge;
}
