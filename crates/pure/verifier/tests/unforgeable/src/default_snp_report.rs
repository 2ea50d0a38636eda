//! expect: E0277 — there is no default

use teeproof_snp::VerifiedReport;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<VerifiedReport<'static>>();
}
