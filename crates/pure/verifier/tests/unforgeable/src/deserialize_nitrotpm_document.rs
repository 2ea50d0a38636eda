//! expect: E0277 — nothing but its verifier makes it, no text or byte string

use teeproof_nitro::nitrotpm::VerifiedNitroTpm;

fn main() {
    let _ = serde_json::from_str::<VerifiedNitroTpm<'static>>("{}");
}
