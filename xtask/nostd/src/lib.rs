//! The proof that the pure crates need no std: a library with its own panic handler, and an
//! allocator only where one is declared to be needed, that verifies real evidence.
//!
//! `cargo xtask nostd` builds it with `--cfg teeproof_freestanding`, links it without any library,
//! runs it, and builds it for targets that have no std. Without that flag it is an ordinary
//! library, so that the workspace's lints and builds see it.
#![no_std]

#[cfg(not(feature = "front-door"))]
mod direct;
mod exports;
#[cfg(teeproof_freestanding)]
mod freestanding;
#[cfg(feature = "front-door")]
mod front_door;
#[cfg(not(feature = "front-door"))]
mod reach;
mod vectors;

#[cfg(not(feature = "front-door"))]
use direct as verifier;
#[cfg(feature = "front-door")]
use front_door as verifier;

/// The number that a class has in the exported functions: the exit code of the `teeproof` command.
const fn exit_code(class: teeproof_core::Class) -> u8 {
    use teeproof_core::Class;
    match class {
        Class::Malformed | Class::Unsupported => 3,
        Class::NotAuthentic => 4,
        Class::NotBound => 5,
        Class::Refused => 6,
        Class::Incomplete => 7,
        Class::Unappraised => 10,
        Class::NotShownFresh => 11,
        _ => 1,
    }
}

// With this, and std in the tree, there are two panic handlers: the build has to fail.
#[cfg(teeproof_links_std)]
extern crate std;
