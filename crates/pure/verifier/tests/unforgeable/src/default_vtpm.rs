//! expect: E0277 — there is no default

use teeproof_hcl::VerifiedVtpm;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<VerifiedVtpm<'static>>();
}
