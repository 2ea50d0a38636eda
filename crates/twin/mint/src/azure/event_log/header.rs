//! The first record (Spec ID event): in the TCG 1.2 form, with the list of banks of all later records.

use crate::azure::sizes::len32;
use crate::digest::{sha1, sha256, sha384, sha512};

/// A bank: its algorithm and how long its digests are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithm {
    /// TPM_ALG_ID.
    pub id: u16,
    /// The length of a digest.
    pub digest_size: u16,
}

/// The first record, field by field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Header {
    /// The register: 0.
    pub register: u32,
    /// The type: 3, EV_NO_ACTION.
    pub kind: u32,
    /// The old digest: zero.
    pub digest: [u8; 20],
    /// `Spec ID Event03` and a zero.
    pub signature: [u8; 16],
    /// 0 is a client.
    pub platform_class: u32,
    /// The minor version: 0.
    pub minor: u8,
    /// The major version: 2.
    pub major: u8,
    /// The errata level.
    pub errata: u8,
    /// How many 32-bit words a UINTN has: 2.
    pub uintn_size: u8,
    /// How many banks there are. `None` is the truth.
    pub count: Option<u32>,
    /// The banks.
    pub algorithms: Vec<Algorithm>,
    /// Whatever the maker of the firmware adds.
    pub vendor: Vec<u8>,
    /// These bytes in place of the event, from the signature on.
    pub event: Option<Vec<u8>>,
}

impl Algorithm {
    /// SHA-1.
    pub const SHA1: Self = Self { id: 0x0004, digest_size: 20 };
    /// SHA-256.
    pub const SHA256: Self = Self { id: 0x000b, digest_size: 32 };
    /// SHA-384.
    pub const SHA384: Self = Self { id: 0x000c, digest_size: 48 };
    /// SHA-512.
    pub const SHA512: Self = Self { id: 0x000d, digest_size: 64 };

    /// SM3-256, which is not computed here.
    pub const SM3: Self = Self { id: 0x0012, digest_size: 32 };

    /// The digest of these bytes; zeros of the stated length for unknown algorithms.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self.id {
            0x0004 => sha1(&[bytes]).to_vec(),
            0x000b => sha256(&[bytes]).to_vec(),
            0x000c => sha384(&[bytes]).to_vec(),
            0x000d => sha512(&[bytes]).to_vec(),
            _ => self.zeros(),
        }
    }

    pub(super) fn zeros(self) -> Vec<u8> {
        vec![0; self.digest_size.into()]
    }
}

impl Default for Header {
    /// The header of a log with three banks.
    fn default() -> Self {
        Self {
            register: 0,
            kind: 3,
            digest: [0; 20],
            signature: *b"Spec ID Event03\0",
            platform_class: 0,
            minor: 0,
            major: 2,
            errata: 0,
            uintn_size: 2,
            count: None,
            algorithms: vec![Algorithm::SHA1, Algorithm::SHA256, Algorithm::SHA384],
            vendor: Vec::new(),
            event: None,
        }
    }
}

impl Header {
    /// The header of the attestation agent: no Spec ID, and three banks, whichever the events use.
    pub(super) fn of_attestation_agent() -> Self {
        let header = Self {
            algorithms: vec![Algorithm::SHA256, Algorithm::SHA384, Algorithm::SM3],
            ..Self::default()
        };
        let mut event = header.spec_id();
        event.splice(..24, [0; 24]);
        Self { event: Some(event), ..header }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let event = self.event.clone().unwrap_or_else(|| self.spec_id());
        let fields: [&[u8]; 5] = [
            &self.register.to_le_bytes(),
            &self.kind.to_le_bytes(),
            &self.digest,
            &len32(&event).to_le_bytes(),
            &event,
        ];
        fields.concat()
    }

    fn spec_id(&self) -> Vec<u8> {
        let true_count = || u32::try_from(self.algorithms.len()).unwrap_or(u32::MAX);
        let banks: Vec<u8> = self
            .algorithms
            .iter()
            .flat_map(|bank| [bank.id, bank.digest_size].map(u16::to_le_bytes).concat())
            .collect();
        let fields: [&[u8]; 7] = [
            &self.signature,
            &self.platform_class.to_le_bytes(),
            &[self.minor, self.major, self.errata, self.uintn_size],
            &self.count.unwrap_or_else(true_count).to_le_bytes(),
            &banks,
            &[len32(&self.vendor).to_le_bytes()[0]],
            &self.vendor,
        ];
        fields.concat()
    }
}
