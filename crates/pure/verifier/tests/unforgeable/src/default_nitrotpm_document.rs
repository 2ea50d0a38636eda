//! expect: E0277 — there is no default

use teeproof_nitro::nitrotpm::VerifiedNitroTpm;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<VerifiedNitroTpm<'static>>();
}
