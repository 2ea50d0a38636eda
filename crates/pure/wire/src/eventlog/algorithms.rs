//! The first record of a log, which names the hash algorithms of all others: Spec ID Event03.

use super::event::{u16_le, u32_le};
use crate::tpm::digest_bytes;
use crate::{Error, Kind, Reader};

/// A TPM has fewer banks than this.
pub const MAX_ALGORITHMS: usize = 8;

/// How the first event of a crypto-agile log begins.
const SPEC_ID: &[u8; 16] = b"Spec ID Event03\0";
/// No hash that a TPM knows is longer.
const MAX_DIGEST: u16 = 64;

/// The hash algorithms of a log, in the order of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithms {
    /// TPM_ALG_ID and the digest's size in bytes.
    list: [(u16, u16); MAX_ALGORITHMS],
    count: usize,
}

impl Algorithms {
    /// Each algorithm (TPM_ALG_ID) with the size of its digests in bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u16, u16)> + '_ {
        self.list.iter().take(self.count).copied()
    }

    /// The size of an algorithm's digests in bytes, where the log has it.
    #[must_use]
    pub fn size(&self, algorithm: u16) -> Option<usize> {
        self.iter().find(|(id, _)| *id == algorithm).map(|(_, size)| usize::from(size))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let at = reader.at();
        let count = usize::try_from(u32_le(reader, "Spec ID: numberOfAlgorithms")?)
            .ok()
            .filter(|count| (1..=MAX_ALGORITHMS).contains(count))
            .ok_or(at.error(Kind::Value, "Spec ID: numberOfAlgorithms", "1 to 8"))?;
        let mut algorithms = Self { list: [(0, 0); MAX_ALGORITHMS], count: 0 };
        for slot in 0..count {
            let at = reader.at();
            let one = algorithm(reader)?;
            if algorithms.size(one.0).is_some() {
                return Err(at.error(Kind::Duplicate, "Spec ID: algorithmId", "each algorithm once"));
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
        Err(at.error(Kind::Value, "Spec ID: digestSize", "the algorithm's size"))
    }
}

/// The first record, in the old form: register 0, EV_NO_ACTION, 20 zero bytes, and the Spec ID.
pub(super) fn header(reader: &mut Reader<'_>) -> Result<(Algorithms, u32), Error> {
    const WHAT: &str = "event log: first record";
    const AGILE: &str = "a crypto-agile log: register 0, EV_NO_ACTION, a digest of zeros, Spec ID Event03";
    let at = reader.at();
    let old = |_| at.error(Kind::Unsupported, WHAT, AGILE);
    let head: &[u8; 28] = reader.array(WHAT)?;
    if *head != [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] {
        return Err(old(()));
    }
    let size = usize::try_from(u32_le(reader, "Spec ID: eventSize")?).unwrap_or(usize::MAX);
    let base = reader.offset();
    let event = reader.take(size, "Spec ID")?;
    if !event.starts_with(SPEC_ID) {
        return Err(old(()));
    }
    Reader::all(event, base, "Spec ID", spec_id)
}

fn spec_id(reader: &mut Reader<'_>) -> Result<(Algorithms, u32), Error> {
    reader.array::<16>("Spec ID: signature")?;
    let platform_class = u32_le(reader, "Spec ID: platformClass")?;
    let at = reader.at();
    // The erratum may be any: errata change no layout.
    let [minor, major, _, uintn_size] = reader.array("Spec ID: specVersion")?;
    if (*major, *minor) != (2, 0) {
        return Err(at.error(Kind::Unsupported, "Spec ID: specVersion", "2.0"));
    }
    if !(1..=2).contains(uintn_size) {
        return Err(at.error(Kind::Value, "Spec ID: uintnSize", "1 (32 bits) or 2 (64 bits)"));
    }
    let algorithms = Algorithms::read(reader)?;
    let vendor = reader.byte("Spec ID: vendorInfoSize")?;
    reader.take(usize::from(vendor), "Spec ID: vendorInfo")?;
    Ok((algorithms, platform_class))
}
