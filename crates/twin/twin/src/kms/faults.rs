//! Faults of a KMS, or of the parent instance between it and the enclave.

use clap::ValueEnum;

/// What goes wrong, for requests that have a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// The answer has the secret in plain text and no envelope, as of emulators that ignore Recipient
    Plaintext,
    /// The answer has an envelope, and the secret in plain text as well
    Both,
    /// The answer has neither
    Missing,
    /// The KeyId of the answer is that of another key
    OtherKey,
    /// The parent replaced the envelope by its own, which it made for the enclave's public key: the content is 32 bytes of
    /// 0x66
    Forged,
    /// The parent replaced the ciphertext by one under its own key: that of a Decrypt request, that of the answer of a
    /// GenerateDataKey
    Substituted,
    /// Documents of any age are taken, at the time that they were made
    Replay,
    /// The first requests are refused with ThrottlingException, as in a storm (`--throttled`)
    Throttling,
}
