//! The owner's NV indexes, which the twin has in place of swtpm.
//!
//! Source: TCG TPM 2.0 Library, Part 2, section 13, Part 3, section 31.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

use super::codes::{
    ATTRIBUTES_2, HASH_2, NV_AUTHORIZATION, NV_DEFINED, NV_RANGE, NV_SPACE, OWNER, SIZE_1, SIZE_2, UNWRITTEN,
    VALUE_1,
};
use crate::paravisor::frame::{Cursor, sized};

/// The owner's indexes (TCG Registry of Reserved TPM 2.0 Handles).
pub(super) const RANGE: std::ops::RangeInclusive<u32> = 0x0180_0000..=0x01bf_ffff;
/// The most bytes of an index: room for a message buffer.
const MAX_BYTES: usize = 8192;
/// The most bytes of all indexes.
const MAX_ALL_BYTES: usize = 4 * MAX_BYTES;
/// The most bytes of one read or write: TPM_PT_NV_BUFFER_MAX of swtpm.
const MAX_PIECE: usize = 1024;

/// TPMA_NV: the owner may write, and read.
const OWNER_WRITE: u32 = 1 << 1;
const OWNER_READ: u32 = 1 << 17;
/// TPMA_NV: the index's own password may write, and read.
const AUTH_WRITE: u32 = 1 << 2;
const AUTH_READ: u32 = 1 << 18;
/// TPMA_NV: it has been written.
const WRITTEN: u32 = 1 << 29;
/// TPMA_NV that this twin supports; the others are locks, policies, counters and such.
const SUPPORTED: u32 = OWNER_WRITE | OWNER_READ | AUTH_WRITE | AUTH_READ | 1 << 25;

/// The indexes by handle.
#[derive(Default)]
pub(super) struct Indexes(BTreeMap<u32, Index>);

/// One index.
pub(super) struct Index {
    handle: u32,
    algorithm: u16,
    attributes: u32,
    /// authValue.
    pub(super) auth: Vec<u8>,
    /// The content; 0xff where nothing was written.
    pub(super) data: Vec<u8>,
}

/// The index of TPM2_NV_DefineSpace, if it is in the owner's range.
pub(super) fn defined_handle(parameters: &[u8]) -> Option<u32> {
    // The size of a TPM2B_AUTH is never encrypted.
    let mut cursor = Cursor(parameters);
    let _auth = cursor.sized()?;
    Cursor(cursor.sized()?).u32().filter(|handle| RANGE.contains(handle))
}

impl Indexes {
    /// The index at this handle.
    pub(super) fn get(&self, handle: u32) -> Option<&Index> {
        self.0.get(&handle)
    }

    /// The index at this handle, to change it.
    pub(super) fn get_mut(&mut self, handle: u32) -> Option<&mut Index> {
        self.0.get_mut(&handle)
    }

    /// The handles, ascending.
    pub(super) fn handles(&self) -> impl Iterator<Item = u32> {
        self.0.keys().copied()
    }

    /// TPM2_NV_DefineSpace with these parameters, decrypted.
    pub(super) fn define(&mut self, parameters: &[u8]) -> Result<(), u32> {
        let index = Index::parse(parameters).ok_or(SIZE_2)?;
        if index.data.len() > MAX_BYTES {
            return Err(SIZE_2);
        }
        if index.attributes & !SUPPORTED != 0 {
            return Err(ATTRIBUTES_2);
        }
        if index.hash().is_none() {
            return Err(HASH_2);
        }
        if self.0.contains_key(&index.handle) {
            return Err(NV_DEFINED);
        }
        let all: usize = self.0.values().map(|index| index.data.len()).sum();
        if all.saturating_add(index.data.len()) > MAX_ALL_BYTES {
            return Err(NV_SPACE);
        }
        self.0.insert(index.handle, index);
        Ok(())
    }

    /// Defines an index as another program would: with another password.
    pub(super) fn take(&mut self, handle: u32) {
        let (algorithm, attributes) = (0x000b, AUTH_READ | AUTH_WRITE);
        let index = Index { handle, algorithm, attributes, auth: vec![7; 8], data: vec![0xff; 8] };
        self.0.insert(handle, index);
    }

    /// TPM2_NV_UndefineSpace.
    pub(super) fn undefine(&mut self, handle: u32) {
        self.0.remove(&handle);
    }
}

impl Index {
    fn parse(parameters: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(parameters);
        let auth = cursor.sized()?;
        // Zeros at the end of a password do not count.
        let end = auth.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        let mut public = Cursor(cursor.sized()?);
        let (handle, algorithm, attributes) = (public.u32()?, public.u16()?, public.u32()?);
        let policy = public.sized()?;
        let size = usize::from(public.u16()?);
        let is_whole = cursor.0.is_empty() && public.0.is_empty() && policy.is_empty();
        let auth = auth.get(..end)?.to_vec();
        is_whole.then(|| Self { handle, algorithm, attributes, auth, data: vec![0xff; size] })
    }

    /// The password of this handle, which authorizes the use of the index, if its attributes allow it.
    pub(super) fn password(&self, by: u32, writes: bool) -> Result<&[u8], u32> {
        let (owner, own) = if writes { (OWNER_WRITE, AUTH_WRITE) } else { (OWNER_READ, AUTH_READ) };
        match by {
            OWNER if self.attributes & owner != 0 => Ok(&[]),
            by if by == self.handle && self.attributes & own != 0 => Ok(&self.auth),
            _ => Err(NV_AUTHORIZATION),
        }
    }

    /// TPM2_NV_Write with these parameters, decrypted.
    pub(super) fn write(&mut self, parameters: &[u8]) -> Result<(), u32> {
        let mut cursor = Cursor(parameters);
        let (data, offset) = (cursor.sized().ok_or(SIZE_1)?, cursor.u16().ok_or(SIZE_2)?);
        if data.len() > MAX_PIECE {
            return Err(SIZE_1);
        }
        let start = usize::from(offset);
        let place = self.data.get_mut(start..start.saturating_add(data.len())).ok_or(NV_RANGE)?;
        place.copy_from_slice(data);
        self.attributes |= WRITTEN;
        Ok(())
    }

    /// TPM2_NV_Read with these parameters: those of the response.
    pub(super) fn read(&self, parameters: &[u8]) -> Result<Vec<u8>, u32> {
        let mut cursor = Cursor(parameters);
        let (size, offset) = (cursor.u16().ok_or(SIZE_1)?, cursor.u16().ok_or(SIZE_2)?);
        if self.attributes & WRITTEN == 0 {
            return Err(UNWRITTEN);
        }
        let (start, size) = (usize::from(offset), usize::from(size));
        if size > MAX_PIECE {
            return Err(VALUE_1);
        }
        self.data.get(start..start.saturating_add(size)).map(sized).ok_or(NV_RANGE)
    }

    /// TPMS_NV_PUBLIC.
    fn public(&self) -> Vec<u8> {
        let size = u16::try_from(self.data.len()).unwrap_or(u16::MAX);
        [
            &self.handle.to_be_bytes()[..],
            &self.algorithm.to_be_bytes(),
            &self.attributes.to_be_bytes(),
            &[0, 0],
            &size.to_be_bytes(),
        ]
        .concat()
    }

    /// The parameters of the response to TPM2_NV_ReadPublic.
    pub(super) fn public_parameters(&self) -> Vec<u8> {
        [sized(&self.public()), sized(&self.name())].concat()
    }

    /// The Name.
    pub(super) fn name(&self) -> Vec<u8> {
        let digest = self.hash().map(|hash| digest::digest(hash, &self.public()));
        let digest = digest.as_ref().map_or(&[][..], AsRef::as_ref);
        [&self.algorithm.to_be_bytes()[..], digest].concat()
    }

    fn hash(&self) -> Option<&'static digest::Algorithm> {
        match self.algorithm {
            0x000b => Some(&digest::SHA256),
            0x000c => Some(&digest::SHA384),
            0x000d => Some(&digest::SHA512),
            _ => None,
        }
    }
}
