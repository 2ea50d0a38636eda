//! expect: E0308 — a quote whose TCB is not evaluated is not appraised

use teeproof_core::Record;
use teeproof_tdx::{SignedQuote, TdxPolicy, appraise};

fn accept(signed: &SignedQuote<'_>, record: &mut dyn Record) -> bool {
    appraise(signed, &TdxPolicy::genuine(), record)
}

fn main() {
    let _ = accept;
}
