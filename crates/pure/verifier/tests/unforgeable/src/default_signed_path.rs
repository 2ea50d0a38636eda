//! expect: E0277 — there is no default

use teeproof::x509::SignedPath;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<SignedPath<'static>>();
}
