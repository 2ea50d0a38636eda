//! The paravisor's own NV indexes, larger than swtpm's. Each has a shadow in swtpm, an index at the same
//! handle, which decides whether a read is authorized.

use teeproof_mint::azure::ak;

use super::frame::{Cursor, sized};

/// The largest index of swtpm's TPM.
pub(super) const MAX_SHADOW_BYTES: u16 = 2048;
/// Most bytes of one NV read.
const MAX_READ_BYTES: u16 = 1024;

/// An NV index that the paravisor answers for.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) handle: u32,
    /// Size in its public area.
    pub(super) size: u16,
    /// Contents, padded with zeros up to its size.
    pub(super) contents: Vec<u8>,
    pub(super) shadow: Shadow,
}

/// The index at the same handle in swtpm.
#[derive(Debug)]
pub(super) struct Shadow {
    attributes: u32,
    pub(super) name: Vec<u8>,
    size: u16,
}

/// Size and offset of a read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) size: u16,
    pub(super) offset: u16,
}

impl Shadow {
    /// From the parameters of the TPM's response to TPM2_NV_ReadPublic.
    pub(super) fn parse(parameters: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(parameters);
        let (public, name) = (cursor.sized()?, cursor.sized()?);
        let mut cursor = Cursor(public);
        let (_index, _name_algorithm) = (cursor.u32()?, cursor.u16()?);
        let attributes = cursor.u32()?;
        let _policy = cursor.sized()?;
        Some(Self { attributes, name: name.to_vec(), size: cursor.u16()? })
    }
}

impl Index {
    /// The parameters of the response to TPM2_NV_ReadPublic.
    pub(super) fn public_parameters(&self) -> Vec<u8> {
        [sized(&self.public()), sized(&self.name())].concat()
    }

    /// The Name of the index as clients see it, used in their HMACs.
    pub(super) fn name(&self) -> Vec<u8> {
        ak::name(&self.public())
    }

    /// TPMS_NV_PUBLIC.
    fn public(&self) -> Vec<u8> {
        nv_public(self.handle, self.shadow.attributes, self.size)
    }

    /// The read of the shadow with the same result as a read of this index: zero bytes if it is valid, the same
    /// error otherwise.
    pub(super) fn shadow_read(&self, wanted: Wanted) -> Wanted {
        let Wanted { size, offset } = wanted;
        match self.size.checked_sub(offset) {
            _ if size > MAX_READ_BYTES => Wanted { size, offset: 0 },
            None => Wanted { size: 0, offset: self.shadow.size.saturating_add(1) },
            Some(left) if size > left => Wanted { size: 1, offset: self.shadow.size },
            Some(_) => Wanted { size: 0, offset: 0 },
        }
    }
}

impl Wanted {
    /// From the parameters of TPM2_NV_Read.
    pub(super) fn parse(parameters: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(parameters);
        let (size, offset) = (cursor.u16()?, cursor.u16()?);
        cursor.0.is_empty().then_some(Self { size, offset })
    }

    /// The parameters of TPM2_NV_Read.
    pub(super) fn write(self) -> Vec<u8> {
        [self.size.to_be_bytes(), self.offset.to_be_bytes()].concat()
    }

    /// These bytes of the contents, padded with zeros.
    pub(super) fn of(self, contents: &[u8]) -> Vec<u8> {
        let there = contents.iter().copied().chain(core::iter::repeat(0));
        there.skip(self.offset.into()).take(self.size.into()).collect()
    }
}

/// TPMS_NV_PUBLIC without a policy.
pub(super) fn nv_public(handle: u32, attributes: u32, size: u16) -> Vec<u8> {
    let fields: [&[u8]; 5] = [
        &handle.to_be_bytes(),
        &ak::SHA256.to_be_bytes(),
        &attributes.to_be_bytes(),
        &0_u16.to_be_bytes(),
        &size.to_be_bytes(),
    ];
    fields.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let shadow = Shadow { attributes: 0, name: Vec::new(), size: 2048 };
        Index { handle: 0x0140_0001, size: 2600, contents: (0..=255).cycle().take(2500).collect(), shadow }
    }

    #[test]
    fn a_read_asks_the_shadow_for_nothing() {
        for (size, offset) in [(1024, 0), (552, 2048), (0, 2600), (1, 2599)] {
            let read = index().shadow_read(Wanted { size, offset });
            assert_eq!((read.size, read.offset), (0, 0));
        }
    }

    #[test]
    fn a_mistake_is_made_again_at_the_shadow() {
        let read = |size, offset| {
            let read = index().shadow_read(Wanted { size, offset });
            (read.size, read.offset)
        };
        assert_eq!(read(1025, 0), (1025, 0), "more than the limit of one read");
        assert_eq!(read(0, 2601), (0, 2049), "an offset past the end");
        assert_eq!(read(553, 2048), (1, 2048), "over the end");
        assert_eq!(read(u16::MAX, u16::MAX), (u16::MAX, 0));
    }

    #[test]
    fn zeros_follow_the_contents() {
        let index = index();
        let read = Wanted { size: 200, offset: 2400 }.of(&index.contents);
        assert_eq!(read[..100], index.contents[2400..]);
        assert_eq!(read[100..], [0; 100]);
    }
}
