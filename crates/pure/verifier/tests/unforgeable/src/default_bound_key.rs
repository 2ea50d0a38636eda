//! expect: E0277 — there is no default

use teeproof_hcl::BoundKey;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<BoundKey<'static>>();
}
