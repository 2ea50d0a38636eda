//! Secret bytes: wiped from memory when dropped, and never formatted.

use core::fmt;

use zeroize::Zeroizing;

/// Bytes that KMS released: a plaintext, a data key, random bytes, a private key or a shared secret.
///
/// They are wiped when this value is dropped. There is no `Display`, and `Debug` shows none of them.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    pub(crate) const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(…)")
    }
}
