//! expect: E0277 — there is no default

use teeproof::VerifiedTd;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<VerifiedTd<'static>>();
}
