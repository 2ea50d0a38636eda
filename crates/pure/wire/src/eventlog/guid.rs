//! GUIDs as UEFI stores them: the first three groups little-endian.

use core::fmt;

/// A GUID, the 16 bytes in the order of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// EFI_GLOBAL_VARIABLE: `8be4df61-93ca-11d2-aa0d-00e098032b8c`.
    pub const GLOBAL_VARIABLE: Self = Self([
        0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
    ]);
    /// EFI_IMAGE_SECURITY_DATABASE_GUID: `d719b2cb-3d3a-4596-a3bc-dad00e67656f`.
    pub const IMAGE_SECURITY_DATABASE: Self = Self([
        0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f,
    ]);
    /// EFI_CERT_X509_GUID: a list of certificates.
    pub const CERT_X509: Self = Self([
        0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72,
    ]);
    /// EFI_CERT_SHA256_GUID: a list of SHA-256 digests.
    pub const CERT_SHA256: Self = Self([
        0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28,
    ]);
}

/// `8be4df61-93ca-11d2-aa0d-00e098032b8c`.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, tail @ ..] = self.0;
        write!(f, "{:08x}-", u32::from_le_bytes([a0, a1, a2, a3]))?;
        write!(f, "{:04x}-{:04x}-", u16::from_le_bytes([b0, b1]), u16::from_le_bytes([c0, c1]))?;
        write!(f, "{d0:02x}{d1:02x}-")?;
        tail.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
