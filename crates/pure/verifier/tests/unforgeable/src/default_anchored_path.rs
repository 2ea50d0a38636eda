//! expect: E0277 — there is no default

use teeproof_x509::AnchoredPath;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<AnchoredPath<'static>>();
}
