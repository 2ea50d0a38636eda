//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof::VerifiedTd;
use teeproof_tdx::VerifiedQuote;

fn forge<'a>(quote: VerifiedQuote<'a>, other: VerifiedTd<'a>) -> VerifiedTd<'a> {
    VerifiedTd { quote, ..other }
}

fn main() {
    let _ = forge;
}
