//! expect: E0277 — there is no default

use teeproof_tpm::VerifiedLog;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<VerifiedLog<'static>>();
}
