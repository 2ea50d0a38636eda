//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tdx::{SignedQuote, TdQuote};

fn forge<'a>(quote: TdQuote<'a>, other: SignedQuote<'a>) -> SignedQuote<'a> {
    SignedQuote { quote, ..other }
}

fn main() {
    let _ = forge;
}
