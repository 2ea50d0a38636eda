//! Several files in one input: a fuzzer has one string of bytes, a verification has many.

/// One file of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Evidence.
    Evidence(&'a [u8]),
    /// A certificate of the evidence.
    Certificate(&'a [u8]),
    /// A revocation list.
    List(&'a [u8]),
    /// A trust anchor that the relying party adds.
    Anchor(&'a [u8]),
    /// The expected nonce.
    Nonce(&'a [u8]),
    /// What a TPM's quote says.
    Message(&'a [u8]),
    /// The signature over it.
    Signature(&'a [u8]),
    /// Registers: 33 bytes each, the index and the value, by index.
    Registers(&'a [u8]),
    /// Registers: 32 bytes each, in the order of the quote's selection.
    Values(&'a [u8]),
    /// An event log.
    Log(&'a [u8]),
    /// A quote of a trust domain.
    TdQuote(&'a [u8]),
    /// What user-data has to hold.
    UserData(&'a [u8]),
    /// The modulus of an attestation key whose origin was established before.
    Key(&'a [u8]),
    /// A response of Intel's service: TCB info or QE identity.
    Document(&'a [u8]),
}

impl<'a> Part<'a> {
    /// A part of the kind that this byte says: [`Part::split`] backwards.
    const fn of(kind: u8, bytes: &'a [u8]) -> Self {
        match kind % 14 {
            0 => Self::Evidence(bytes),
            1 => Self::Certificate(bytes),
            2 => Self::List(bytes),
            3 => Self::Anchor(bytes),
            4 => Self::Nonce(bytes),
            5 => Self::Message(bytes),
            6 => Self::Signature(bytes),
            7 => Self::Registers(bytes),
            8 => Self::Values(bytes),
            9 => Self::Log(bytes),
            10 => Self::TdQuote(bytes),
            11 => Self::UserData(bytes),
            12 => Self::Key(bytes),
            _ => Self::Document(bytes),
        }
    }

    const fn split(self) -> (u8, &'a [u8]) {
        match self {
            Self::Evidence(bytes) => (0, bytes),
            Self::Certificate(bytes) => (1, bytes),
            Self::List(bytes) => (2, bytes),
            Self::Anchor(bytes) => (3, bytes),
            Self::Nonce(bytes) => (4, bytes),
            Self::Message(bytes) => (5, bytes),
            Self::Signature(bytes) => (6, bytes),
            Self::Registers(bytes) => (7, bytes),
            Self::Values(bytes) => (8, bytes),
            Self::Log(bytes) => (9, bytes),
            Self::TdQuote(bytes) => (10, bytes),
            Self::UserData(bytes) => (11, bytes),
            Self::Key(bytes) => (12, bytes),
            Self::Document(bytes) => (13, bytes),
        }
    }

    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.split().1
    }
}

/// The most files in one input.
const MAX_PARTS: usize = 128;

/// Puts files into one input: each has a byte for its kind and three for its length.
#[must_use]
pub fn join(switches: u8, parts: &[Part<'_>]) -> Vec<u8> {
    let mut input = vec![switches];
    for part in parts {
        let (kind, bytes) = part.split();
        input.push(kind);
        let [_, length @ ..] = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        input.extend(length);
        input.extend(bytes);
    }
    input
}

/// Takes an input apart; a file whose length is too long has what is there.
pub(crate) fn split(mut input: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while let Some(([kind, length @ ..], rest)) = input.split_first_chunk::<4>() {
        let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        parts.push(Part::of(*kind, bytes));
        input = rest;
        if parts.len() == MAX_PARTS {
            break;
        }
    }
    parts
}

/// Takes two inputs apart, of which the first stands behind its length in three bytes.
pub(crate) fn two(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk::<3>()?;
    let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    Some(rest.split_at(length.min(rest.len())))
}
