//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tdx::{MatchedLevel, TcbEvaluation};

fn forge(platform: MatchedLevel, other: TcbEvaluation) -> TcbEvaluation {
    TcbEvaluation { platform, ..other }
}

fn main() {
    let _ = forge;
}
