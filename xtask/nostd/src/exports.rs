//! C interface of the proof.
#![allow(unsafe_code)] // Names that C and a WebAssembly host can find, and memory that they fill.

use crate::vectors::{DEBUG, PRODUCTION, QUOTE, REPORT, TAMPERED};
#[cfg(feature = "front-door")]
use crate::vectors::{HCL_SNP, HCL_TDX, TD_QUOTE};
use crate::verifier::{CAN_VERIFY, nitro, quote, snp};
#[cfg(feature = "front-door")]
use crate::verifier::{azure_snp, azure_tdx, image, tdx};

/// Verifies the embedded evidence; 0 if every result is as expected, or else one bit for each wrong result.
#[unsafe(no_mangle)]
pub extern "C" fn teeproof_nostd_check() -> i32 {
    let mut forged = *REPORT;
    // One bit of the guest's measurement.
    forged[0x90] ^= 1;
    // One bit of the message, of the signature, and of a PCR.
    let [mut message, mut signature, mut register] = [*QUOTE; 3];
    message[300] ^= 1;
    signature[100] ^= 1;
    register[700] ^= 1;
    let (accepted, refused) = if CAN_VERIFY { (0, 6) } else { (NOT_AUTHENTIC, NOT_AUTHENTIC) };
    let answers = [
        (snp(REPORT), accepted),
        (snp(&forged), NOT_AUTHENTIC),
        (snp(&REPORT[1..]), MALFORMED),
        (nitro(PRODUCTION), accepted),
        (nitro(DEBUG), refused),
        (nitro(TAMPERED), NOT_AUTHENTIC),
        (nitro(&PRODUCTION[..100]), MALFORMED),
        (quote(QUOTE), accepted),
        (quote(&message), NOT_AUTHENTIC),
        (quote(&signature), NOT_AUTHENTIC),
        (quote(&register), if CAN_VERIFY { NOT_BOUND } else { NOT_AUTHENTIC }),
        (quote(&QUOTE[..400]), MALFORMED),
        // Everything up to the endorsements that are not known.
        #[cfg(feature = "front-door")]
        (azure_snp(HCL_SNP), INCOMPLETE),
        #[cfg(feature = "front-door")]
        (azure_snp(&HCL_SNP[..1500]), MALFORMED),
        #[cfg(feature = "front-door")]
        (azure_tdx(HCL_TDX), INCOMPLETE),
        // Another vendor's report is no TD quote.
        #[cfg(feature = "front-door")]
        (tdx(REPORT), MALFORMED),
        // Everything up to the collateral.
        #[cfg(feature = "front-door")]
        (tdx(TD_QUOTE), if CAN_VERIFY { INCOMPLETE } else { NOT_AUTHENTIC }),
        #[cfg(feature = "front-door")]
        (image(), 0),
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
const NOT_BOUND: u8 = 5;
#[cfg(feature = "front-door")]
const INCOMPLETE: u8 = 7;
