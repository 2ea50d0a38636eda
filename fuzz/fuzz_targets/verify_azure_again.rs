#![no_main]
//! Hands libFuzzer's input to `teeproof_fuzz::verify::azure_again`.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    teeproof_fuzz::verify::azure_again(input);
});
