//! expect: E0277 — there is no default

use teeproof_tdx::RtmrLog;

fn make<T: Default>() -> T {
    T::default()
}

fn main() {
    let _ = make::<RtmrLog<'static>>();
}
