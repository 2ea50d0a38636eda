//! Faults of a security module, or of the way to it.

use clap::ValueEnum;

/// What goes wrong. All but [`Fault::Slow`] concern attestation documents alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Every answer is the first document that was made, whatever the nonce
    Replay,
    /// The document has another nonce
    Nonce,
    /// The document is not signed: its form is that of QEMU's module
    Unsigned,
    /// The document is signed by a key that its certificate does not have
    Forged,
    /// A document of more than 16 KiB, in an answer of more than the device's 12288 bytes
    Oversize,
    /// The answer is cut in the middle, as the driver cuts it to a small buffer
    Cut,
    /// The frame is announced whole and ends in the middle, with the connection
    HalfFrame,
    /// Every answer is late (`--delay-seconds`)
    Slow,
    /// The answer is that to GetRandom
    WrongKind,
    /// The answer is not CBOR
    Garbage,
    /// The answer is the error InternalError
    InternalError,
}
