#![no_main]
//! Hands libFuzzer's input to `teeproof_fuzz::verify::signed_json`.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    teeproof_fuzz::verify::signed_json(input);
});
