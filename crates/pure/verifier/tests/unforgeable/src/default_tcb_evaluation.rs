//! expect: E0277 — there is no default

use teeproof_tdx::TcbEvaluation;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<TcbEvaluation>();
}
