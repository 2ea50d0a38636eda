//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tdx::{TcbEvaluation, VerifiedQuote};

fn forge<'a>(tcb: TcbEvaluation, other: VerifiedQuote<'a>) -> VerifiedQuote<'a> {
    VerifiedQuote { tcb, ..other }
}

fn main() {
    let _ = forge;
}
