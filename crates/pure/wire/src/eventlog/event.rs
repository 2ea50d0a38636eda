//! One record of the log: TCG_PCR_EVENT2, or TCG_PCClientPCREvent of TCG 1.2.

use super::format::NO_REGISTER;
use super::{Algorithms, kind};
use crate::tpm::{REGISTERS, SHA1, SHA256};
use crate::{Error, ErrorKind, Reader};

/// An event, unverified. It borrows its input.
///
/// Only the digest is measured. The data are authentic where the digest is their hash; the PCR index and
/// the type are never authentic.
///
/// Shape: TCG_PCR_EVENT2: index and type (4 bytes each), the number of digests (4 bytes), each digest
/// after its algorithm (2 bytes), the size of the data (4 bytes), the data. TCG 1.2: index and type, a
/// SHA-1 digest (20 bytes), the size of the data (4 bytes), the data.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `pcrIndex`, 4 bytes: 0 to 23, or any number in an event that extends nothing. In a CCEL, the index of
    /// the measurement register.
    pub index: u32,
    /// `eventType`, 4 bytes, not measured: see [`kind_name`](super::kind_name).
    pub kind: u32,
    /// The offset of the record in the log.
    pub offset: usize,
    /// `event`: the data of the event, whose format depends on its type.
    pub data: &'a [u8],
    /// `{algorithm, digest}`, at most one of each algorithm; or the SHA-1 digest alone (TCG 1.2).
    digests: &'a [u8],
    algorithms: Algorithms,
}

impl<'a> Event<'a> {
    /// Whether the event extends its PCR, in each bank that it has a digest for. EV_NO_ACTION does not, nor
    /// do events with the index 0xFFFFFFFF, which Windows writes.
    #[must_use]
    pub const fn extends(&self) -> bool {
        self.kind != kind::NO_ACTION && self.index != NO_REGISTER
    }

    /// The digest of an algorithm (TPM_ALG_ID); `None` if the event has none, so that it did not extend that
    /// bank.
    #[must_use]
    pub fn digest(&self, algorithm: u16) -> Option<&'a [u8]> {
        if self.algorithms.bare {
            return (algorithm == SHA1).then_some(self.digests);
        }
        self.tagged_digests().find(|(id, _)| *id == algorithm).map(|(_, digest)| digest)
    }

    /// The SHA-256 digest; `None` if the event has none.
    #[must_use]
    pub fn sha256(&self) -> Option<&'a [u8; 32]> {
        self.digest(SHA256).and_then(|digest| digest.try_into().ok())
    }

    /// The digests, each with its algorithm (TPM_ALG_ID).
    pub fn digests(&self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let bare = self.algorithms.bare.then_some((SHA1, self.digests));
        let tagged = (!self.algorithms.bare).then(|| self.tagged_digests());
        bare.into_iter().chain(tagged.into_iter().flatten())
    }

    /// The digests of a crypto-agile record, each behind its algorithm.
    fn tagged_digests(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let (mut rest, algorithms) = (self.digests, self.algorithms);
        core::iter::from_fn(move || {
            let (id, tail) = rest.split_first_chunk()?;
            let id = u16::from_le_bytes(*id);
            let (digest, tail) = tail.split_at_checked(algorithms.size(id)?)?;
            rest = tail;
            Some((id, digest))
        })
    }

    pub(super) fn read(reader: &mut Reader<'a>, algorithms: &Algorithms) -> Result<Self, Error> {
        match Self::usual(reader.rest(), reader.offset(), algorithms) {
            Some((event, size)) => reader.take(size, "event").map(|_| event),
            None => Self::step_by_step(reader, *algorithms),
        }
    }

    /// The first event of `rest` and its length, if nothing is wrong with it and it has one digest
    /// of each algorithm in the order of the header, as firmware writes them.
    #[inline]
    pub(super) fn usual(rest: &'a [u8], offset: usize, algorithms: &Algorithms) -> Option<(Self, usize)> {
        let ([index, kind, count], tail) = words(rest)?;
        if !is_register(index, kind)
            || algorithms.bare
            || usize::try_from(count).ok()? != algorithms.iter().len()
        {
            return None;
        }
        let mut after = tail;
        for (known, size) in algorithms.iter() {
            let (id, digest) = after.split_first_chunk()?;
            if u16::from_le_bytes(*id) != known {
                return None;
            }
            after = digest.get(usize::from(size)..)?;
        }
        let digests = tail.get(..tail.len().checked_sub(after.len())?)?;
        let ([size], after) = words(after)?;
        let (data, after) = after.split_at_checked(usize::try_from(size).ok()?)?;
        let event = Self { index, kind, offset, data, digests, algorithms: *algorithms };
        Some((event, rest.len().checked_sub(after.len())?))
    }

    /// Reads an event value by value: digests in any order and number; its error is the precise one.
    fn step_by_step(reader: &mut Reader<'a>, algorithms: Algorithms) -> Result<Self, Error> {
        let (at, offset) = (reader.at(), reader.offset());
        let index = u32_le(reader, "event: pcrIndex")?;
        let kind = u32_le(reader, "event: eventType")?;
        if !is_register(index, kind) {
            return Err(at.error(ErrorKind::Value, "event: pcrIndex", "0 to 23, or 0xffffffff for none"));
        }
        let digests = match algorithms.bare {
            true => reader.array::<20>("event: digest")?,
            false => digests(reader, &algorithms)?,
        };
        let size = usize::try_from(u32_le(reader, "event: eventSize")?).unwrap_or(usize::MAX);
        let data = reader.take(size, "event: event")?;
        Ok(Self { index, kind, offset, data, digests, algorithms })
    }
}

/// Whether an event of this type can have this PCR index.
#[inline]
const fn is_register(index: u32, kind: u32) -> bool {
    index < 24 || kind == kind::NO_ACTION || index == NO_REGISTER
}

const _: () = assert!(REGISTERS == 24);

/// The first `N` words of bytes, little-endian, and what follows them.
#[inline]
fn words<const N: usize>(bytes: &[u8]) -> Option<([u32; N], &[u8])> {
    let mut words = [0; N];
    let mut rest = bytes;
    for word in &mut words {
        let (first, tail) = rest.split_first_chunk()?;
        (*word, rest) = (u32::from_le_bytes(*first), tail);
    }
    Some((words, rest))
}

/// The digests of one event: at most one of each algorithm, in any order.
fn digests<'a>(reader: &mut Reader<'a>, algorithms: &Algorithms) -> Result<&'a [u8], Error> {
    const EACH: &str = "at most one digest of each algorithm of the header";
    let at = reader.at();
    let count = u32_le(reader, "event: digests.count")?;
    if usize::try_from(count).map_or(true, |count| count > algorithms.iter().len()) {
        return Err(at.error(ErrorKind::Value, "event: digests.count", EACH));
    }
    let (start, mut seen) = (reader.rest(), 0_u32);
    for _ in 0..count {
        let at = reader.at();
        let id = u16_le(reader, "event: digests.algorithmId")?;
        let place = algorithms.iter().position(|(known, _)| known == id);
        let bit =
            place.and_then(|place| u32::try_from(place).ok()).and_then(|place| 1_u32.checked_shl(place));
        let (Some(bit), Some(size)) = (bit, algorithms.size(id)) else {
            return Err(at.error(ErrorKind::Value, "event: digests.algorithmId", EACH));
        };
        if seen & bit != 0 {
            return Err(at.error(ErrorKind::Duplicate, "event: digests.algorithmId", EACH));
        }
        seen |= bit;
        reader.take(size, "event: digests.digest")?;
    }
    let read = start.len().saturating_sub(reader.remaining());
    Ok(start.get(..read).unwrap_or_default())
}

pub(super) fn u16_le(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, Error> {
    reader.array(what).map(|bytes| u16::from_le_bytes(*bytes))
}

pub(super) fn u32_le(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Error> {
    reader.array(what).map(|bytes| u32::from_le_bytes(*bytes))
}

pub(super) fn u64_le(reader: &mut Reader<'_>, what: &'static str) -> Result<u64, Error> {
    reader.array(what).map(|bytes| u64::from_le_bytes(*bytes))
}
