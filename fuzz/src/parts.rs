//! Several files in one input: a fuzzer has one string of bytes, a verification has many.

/// One file of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Evidence.
    Evidence(&'a [u8]),
    /// A certificate that came along.
    Certificate(&'a [u8]),
    /// A revocation list.
    List(&'a [u8]),
    /// A trust anchor that the relying party adds.
    Anchor(&'a [u8]),
    /// The nonce that is demanded.
    Nonce(&'a [u8]),
}

impl<'a> Part<'a> {
    const fn split(self) -> (u8, &'a [u8]) {
        match self {
            Self::Evidence(bytes) => (0, bytes),
            Self::Certificate(bytes) => (1, bytes),
            Self::List(bytes) => (2, bytes),
            Self::Anchor(bytes) => (3, bytes),
            Self::Nonce(bytes) => (4, bytes),
        }
    }

    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.split().1
    }
}

/// The most files in one input.
const MAX_PARTS: usize = 12;

/// Puts files into one input: each has a byte for its kind and two for its length.
#[must_use]
pub fn join(switches: u8, parts: &[Part<'_>]) -> Vec<u8> {
    let mut input = vec![switches];
    for part in parts {
        let (kind, bytes) = part.split();
        input.push(kind);
        input.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        input.extend(bytes);
    }
    input
}

/// Takes an input apart; a file whose length is too long has what is there.
pub(crate) fn split(mut input: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while let Some(([kind, high, low], rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        parts.push(match kind % 5 {
            0 => Part::Evidence(bytes),
            1 => Part::Certificate(bytes),
            2 => Part::List(bytes),
            3 => Part::Anchor(bytes),
            _ => Part::Nonce(bytes),
        });
        input = rest;
        if parts.len() == MAX_PARTS {
            break;
        }
    }
    parts
}
