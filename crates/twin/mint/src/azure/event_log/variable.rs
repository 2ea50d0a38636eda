//! EFI variables in events (UEFI_VARIABLE_DATA), and EFI signature lists.

use crate::azure::sizes::{len32, len64};

/// A GUID as UEFI stores it: the first three parts little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// 8BE4DF61-93CA-11D2-AA0D-00E098032B8C: SecureBoot, PK, KEK, BootOrder.
    pub const GLOBAL_VARIABLE: Self =
        Self::new(0x8be4_df61, 0x93ca, 0x11d2, [0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c]);
    /// D719B2CB-3D3A-4596-A3BC-DAD00E67656F: db and dbx.
    pub const IMAGE_SECURITY: Self =
        Self::new(0xd719_b2cb, 0x3d3a, 0x4596, [0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f]);
    /// 605DAB50-E046-4300-ABB6-3DD810DD8B23: shim's own variables.
    pub const SHIM: Self =
        Self::new(0x605d_ab50, 0xe046, 0x4300, [0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23]);
    /// C1C41626-504C-4092-ACA9-41F936934328: a list of SHA-256 hashes.
    pub const SHA256_LIST: Self =
        Self::new(0xc1c4_1626, 0x504c, 0x4092, [0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28]);
    /// 3C5766E8-269C-4E34-AA14-ED776E85B3B6: a list of RSA-2048 moduli.
    pub const RSA2048_LIST: Self =
        Self::new(0x3c57_66e8, 0x269c, 0x4e34, [0xaa, 0x14, 0xed, 0x77, 0x6e, 0x85, 0xb3, 0xb6]);
    /// 7EE79200-0000-4000-8000-000000000000: the owner of all that is minted here.
    pub const TWIN: Self = Self::new(0x7ee7_9200, 0, 0x4000, [0x80, 0, 0, 0, 0, 0, 0, 0]);

    /// A GUID from its parts as they are written.
    #[must_use]
    pub const fn new(first: u32, second: u16, third: u16, rest: [u8; 8]) -> Self {
        let [a, b, c, d] = first.to_le_bytes();
        let ([e, f], [g, h]) = (second.to_le_bytes(), third.to_le_bytes());
        let [i, j, k, l, m, n, o, p] = rest;
        Self([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }
}

/// The data of an event about a variable (UEFI_VARIABLE_DATA).
pub(crate) fn variable(owner: Guid, name: &str, data: &[u8]) -> Vec<u8> {
    let name = utf16(name);
    let units = len64(&name) / 2;
    let fields: [&[u8]; 5] = [&owner.0, &units.to_le_bytes(), &len64(data).to_le_bytes(), &name, data];
    fields.concat()
}

/// The name in such data, if it is any.
pub(super) fn name_of(event: &[u8]) -> Option<String> {
    let (_, rest) = event.split_at_checked(16)?;
    let (units, rest) = rest.split_first_chunk()?;
    let (_, rest) = rest.split_first_chunk::<8>()?;
    let bytes = usize::try_from(u64::from_le_bytes(*units)).ok()?.checked_mul(2)?;
    let (name, _) = rest.split_at_checked(bytes)?;
    let units: Vec<u16> =
        name.chunks_exact(2).filter_map(|unit| unit.try_into().ok().map(u16::from_le_bytes)).collect();
    String::from_utf16(&units).ok()
}

/// An EFI_SIGNATURE_LIST of this type with entries of equal length, all of this owner.
#[must_use]
pub fn signature_list(kind: Guid, owner: Guid, entries: &[&[u8]]) -> Vec<u8> {
    let signatures: Vec<Vec<u8>> = entries.iter().map(|entry| [&owner.0, *entry].concat()).collect();
    let size = signatures.first().map_or(0, |signature| len32(signature));
    let signatures = signatures.concat();
    let total = len32(&signatures).saturating_add(28);
    let fields: [&[u8]; 5] =
        [&kind.0, &total.to_le_bytes(), &0_u32.to_le_bytes(), &size.to_le_bytes(), &signatures];
    fields.concat()
}

/// Text in UTF-16, little-endian, without an end mark.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
