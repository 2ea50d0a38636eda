//! expect: E0277 — there is no default

use teeproof_hcl::VerifiedVm;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<VerifiedVm<'static>>();
}
