#![no_main]
//! Hands libFuzzer's input to `teeproof_fuzz::wire::td_quote`.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    teeproof_fuzz::wire::td_quote(input);
});
