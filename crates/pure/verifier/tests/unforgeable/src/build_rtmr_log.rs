//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tdx::{RtmrExplanation, RtmrLog};

fn forge<'a>(other: RtmrLog<'a>) -> RtmrLog<'a> {
    RtmrLog { rtmrs: [RtmrExplanation::Explained; 4], ..other }
}

fn main() {
    let _ = forge;
}
