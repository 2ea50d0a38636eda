//! expect: E0271 — a digest has no order, so at-least cannot be said of one

use teeproof_core::Rule;

fn main() {
    let _: Rule<'static, [u8; 48]> = Rule::at_least([0; 48]);
}
