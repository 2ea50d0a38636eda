//! What a program that has no Rust in it calls.
#![allow(unsafe_code)] // Names that C and a WebAssembly host can find, and memory that they fill.

use crate::vectors::{DEBUG, PRODUCTION, REPORT, TAMPERED};
use crate::verifier::{CAN_VERIFY, nitro, snp};

/// Verifies the embedded evidence; 0 when everything came out as it must, or else one bit for each
/// answer that is wrong.
#[unsafe(no_mangle)]
pub extern "C" fn teeproof_nostd_check() -> i32 {
    let mut forged = *REPORT;
    // One bit of the guest's measurement.
    forged[0x90] ^= 1;
    let (accepted, refused) = if CAN_VERIFY { (0, 6) } else { (NOT_AUTHENTIC, NOT_AUTHENTIC) };
    let answers = [
        (snp(REPORT), accepted),
        (snp(&forged), NOT_AUTHENTIC),
        (snp(&REPORT[1..]), MALFORMED),
        (nitro(PRODUCTION), accepted),
        (nitro(DEBUG), refused),
        (nitro(TAMPERED), NOT_AUTHENTIC),
        (nitro(&PRODUCTION[..100]), MALFORMED),
    ];
    let wrong = answers.iter().enumerate().filter(|(_, (answer, expected))| answer != expected);
    wrong.fold(0, |bits, (at, _)| bits | (1 << at))
}

/// Room for evidence that the host writes.
#[cfg(feature = "front-door")]
#[unsafe(no_mangle)]
pub extern "C" fn teeproof_nostd_alloc(length: usize) -> *mut u8 {
    extern crate alloc;
    alloc::boxed::Box::leak(alloc::vec![0; length].into_boxed_slice()).as_mut_ptr()
}

/// Verifies a report under the embedded VCEK; gives the exit code of the command.
///
/// # Safety
/// `report` is readable for `length` bytes.
#[cfg(feature = "front-door")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn teeproof_nostd_verify_snp(report: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's promise.
    i32::from(snp(unsafe { core::slice::from_raw_parts(report, length) }))
}

/// Verifies a document at its own time; gives the exit code of the command.
///
/// # Safety
/// `document` is readable for `length` bytes.
#[cfg(feature = "front-door")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn teeproof_nostd_verify_nitro(document: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's promise.
    i32::from(nitro(unsafe { core::slice::from_raw_parts(document, length) }))
}

// Exit codes of the command.
const MALFORMED: u8 = 3;
const NOT_AUTHENTIC: u8 = 4;
