//! The header of an event log, which lists the hash algorithms of its records: Spec ID Event03
//! (TCG_EfiSpecIDEvent).

use super::Format;
use super::event::{u16_le, u32_le};
use super::format::{Head, NO_SPEC_ID, SPEC_ID, is_old_spec_id};
use crate::tpm::{SHA1, digest_bytes};
use crate::{Error, ErrorKind, Reader};

/// The limit of hash algorithms in a header; a TPM has fewer banks.
pub const MAX_ALGORITHMS: usize = 8;

/// The size limit of a digest in bytes: SHA-512.
const MAX_DIGEST: u16 = 64;

/// The hash algorithms of a log, in the order of its header: `algorithmId` and `digestSize`, 2 bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithms {
    /// TPM_ALG_ID and the digest's size in bytes.
    list: [(u16, u16); MAX_ALGORITHMS],
    count: usize,
    /// Whether events carry their digest as it is, without a count and an algorithm (TCG 1.2).
    pub(super) bare: bool,
}

impl Algorithms {
    /// The algorithm of a log of TCG 1.2.
    const SHA1_ALONE: Self = {
        let none = (0, 0);
        Self { list: [(SHA1, 20), none, none, none, none, none, none, none], count: 1, bare: true }
    };

    /// Each algorithm (TPM_ALG_ID) and the size of its digests in bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u16, u16)> + '_ {
        self.list.iter().take(self.count).copied()
    }

    /// The size in bytes of the digests of an algorithm (TPM_ALG_ID); `None` if it is not in the header.
    #[must_use]
    pub fn size(&self, algorithm: u16) -> Option<usize> {
        self.iter().find(|(id, _)| *id == algorithm).map(|(_, size)| usize::from(size))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let at = reader.at();
        let count = usize::try_from(u32_le(reader, "Spec ID: numberOfAlgorithms")?)
            .ok()
            .filter(|count| (1..=MAX_ALGORITHMS).contains(count))
            .ok_or(at.error(ErrorKind::Value, "Spec ID: numberOfAlgorithms", "1 to 8"))?;
        let mut algorithms = Self { list: [(0, 0); MAX_ALGORITHMS], count: 0, bare: false };
        for slot in 0..count {
            let at = reader.at();
            let one = algorithm(reader)?;
            if algorithms.size(one.0).is_some() {
                return Err(at.error(ErrorKind::Duplicate, "Spec ID: algorithmId", "each algorithm once"));
            }
            if let Some(place) = algorithms.list.get_mut(slot) {
                *place = one;
            }
            algorithms.count = slot.saturating_add(1);
        }
        Ok(algorithms)
    }
}

/// An algorithm and its size. Those that are known have the size that they have; others are
/// stepped over by the size that the header gives.
fn algorithm(reader: &mut Reader<'_>) -> Result<(u16, u16), Error> {
    let id = u16_le(reader, "Spec ID: algorithmId")?;
    let at = reader.at();
    let size = u16_le(reader, "Spec ID: digestSize")?;
    let fits = match digest_bytes(id) {
        Some(bytes) => usize::from(size) == bytes,
        None => (1..=MAX_DIGEST).contains(&size),
    };
    if fits {
        Ok((id, size))
    } else {
        Err(at.error(ErrorKind::Value, "Spec ID: digestSize", "the algorithm's size"))
    }
}

/// What the first record says, and how many bytes it has. A log of TCG 1.2 has no header: its first
/// record is an event.
pub(super) struct Header {
    pub(super) format: Format,
    pub(super) algorithms: Algorithms,
    pub(super) platform_class: u32,
    pub(super) bytes: usize,
}

/// Reads the first record (TCG_PCClientPCREvent): PCR index, EV_NO_ACTION, 20 zero bytes, the Spec ID.
pub(super) fn header(log: &[u8]) -> Result<Header, Error> {
    const WHAT: &str = "event log: first record";
    const KNOWN: &str = "a header (EV_NO_ACTION, a digest of zeros, Spec ID Event03) or an event of TCG 1.2";
    Reader::all(log, 0, WHAT, |reader| {
        let at = reader.at();
        let head = Head::of(reader.array(WHAT)?);
        if !head.is_header() && !head.is_event() {
            return Err(at.error(ErrorKind::Unsupported, WHAT, KNOWN));
        }
        let size =
            usize::try_from(u32_le(reader, "event log: first record: eventSize")?).unwrap_or(usize::MAX);
        let base = reader.offset();
        let data = reader.take(size, "event log: first record: event")?;
        let bytes = reader.offset();
        reader.take(reader.remaining(), WHAT)?;
        let read = |format, read: fn(&mut Reader<'_>) -> Result<(Algorithms, u32), Error>| {
            let (algorithms, platform_class) = Reader::all(data, base, "Spec ID", read)?;
            Ok(Header { format, algorithms, platform_class, bytes })
        };
        match head.is_header() {
            true if data.starts_with(SPEC_ID) => read(head.agile(), spec_id),
            true if data.starts_with(NO_SPEC_ID) => read(Format::AttestationAgent, without_spec_id),
            true if !is_old_spec_id(data) => Err(at.error(ErrorKind::Unsupported, WHAT, KNOWN)),
            _ if !data.starts_with(SPEC_ID) => Ok(Header {
                format: Format::Sha1,
                algorithms: Algorithms::SHA1_ALONE,
                platform_class: 0,
                bytes: 0,
            }),
            _ => Err(at.error(ErrorKind::Unsupported, WHAT, KNOWN)),
        }
    })
}

/// The header of the attestation agent: its fields up to the algorithms are zero.
fn without_spec_id(reader: &mut Reader<'_>) -> Result<(Algorithms, u32), Error> {
    reader.array::<24>("event log: header without a Spec ID")?;
    algorithms_and_vendor(reader).map(|algorithms| (algorithms, 0))
}

fn spec_id(reader: &mut Reader<'_>) -> Result<(Algorithms, u32), Error> {
    reader.array::<16>("Spec ID: signature")?;
    let platform_class = u32_le(reader, "Spec ID: platformClass")?;
    let at = reader.at();
    // The erratum may be any: errata change no layout.
    let [minor, major, _, uintn_size] = reader.array("Spec ID: specVersion")?;
    if (*major, *minor) != (2, 0) {
        return Err(at.error(ErrorKind::Unsupported, "Spec ID: specVersion", "2.0"));
    }
    if !(1..=2).contains(uintn_size) {
        return Err(at.error(ErrorKind::Value, "Spec ID: uintnSize", "1 (32 bits) or 2 (64 bits)"));
    }
    algorithms_and_vendor(reader).map(|algorithms| (algorithms, platform_class))
}

fn algorithms_and_vendor(reader: &mut Reader<'_>) -> Result<Algorithms, Error> {
    let algorithms = Algorithms::read(reader)?;
    let vendor = reader.byte("Spec ID: vendorInfoSize")?;
    reader.take(usize::from(vendor), "Spec ID: vendorInfo")?;
    Ok(algorithms)
}
