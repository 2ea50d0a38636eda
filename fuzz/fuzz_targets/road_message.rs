#![no_main]
//! Hands libFuzzer's input to `teeproof_fuzz::nsm::road_message`.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    teeproof_fuzz::nsm::road_message(input);
});
