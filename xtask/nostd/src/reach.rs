//! All public functions of the crates without an allocator, on bytes unknown at compile time: `cargo xtask panics`
//! searches this program for panics.
//!
//! It is linked, never run. What comes from outside goes through `black_box`, so that the compiler
//! cannot tell one way through a function from another, and leaves none of them out.
#![allow(unsafe_code)] // A name that the linker can keep, and memory of a caller.

mod opaque;
mod technologies;
mod wire;

use opaque::Sink;

/// Runs the function of this number on the bytes; returns the length of all its texts.
///
/// # Safety
/// `bytes` is readable for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn teeproof_nostd_reach(what: u32, bytes: *const u8, length: usize) -> usize {
    // SAFETY: the caller's promise.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, length) };
    let mut sink = Sink::default();
    match what {
        0 => technologies::snp(bytes, &mut sink),
        1 => technologies::nitro(bytes, &mut sink),
        2 => technologies::tpm(bytes, &mut sink),
        3 => technologies::x509(bytes, &mut sink),
        4 => wire::structures(bytes, &mut sink),
        5 => wire::certificates(bytes, &mut sink),
        6 => wire::logs(bytes, &mut sink),
        7 => wire::der(bytes, &mut sink),
        8 => wire::cbor(bytes, &mut sink),
        _ => wire::words(bytes, &mut sink),
    }
    sink.written()
}
