//! The quote of the vTPM: TPMS_ATTEST and signature.

use super::ak::{self, RSASSA, SHA256};
use super::sizes::len16;
use crate::digest::sha256;
use crate::error::patch;
use crate::{Error, Key, Scheme};

/// TPM_GENERATED_VALUE: made inside of a TPM.
const GENERATED: u32 = 0xff54_4347;
/// TPM_ST_ATTEST_QUOTE.
const ATTEST_QUOTE: u16 = 0x8018;

/// A quote before it is signed. What is `None` is the true value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quote {
    /// FF544347.
    pub magic: u32,
    /// 8018 is a quote.
    pub kind: u16,
    /// The qualified name of the key.
    pub qualified_signer: Option<Vec<u8>>,
    /// The nonce.
    pub extra_data: Vec<u8>,
    /// Milliseconds since the TPM was last cleared.
    pub clock: u64,
    /// How often the TPM was reset.
    pub reset_count: u32,
    /// How often it was restarted or resumed.
    pub restart_count: u32,
    /// Whether the clock never ran ahead: 0 or 1.
    pub safe: u8,
    /// The version of the TPM's firmware.
    pub firmware_version: u64,
    /// Which registers of which banks.
    pub selections: Vec<Selection>,
    /// The digest over the values of the selected registers.
    pub pcr_digest: Option<Vec<u8>>,
    /// These bytes after the last field, signed.
    pub trailing: Vec<u8>,
    /// These bytes in place of the whole attestation. They are signed as they are.
    pub message: Option<Vec<u8>>,
    /// Puts the size before the attestation, as TPM2B_ATTEST. It is not signed.
    pub sized: bool,
    /// A key that signs in place of the attestation key.
    pub signer: Option<Key>,
    /// How it is really signed.
    pub scheme: Scheme,
    /// How the signature is written.
    pub form: SignatureForm,
    /// These bytes in place of the signature.
    pub signature: Option<Vec<u8>>,
    patches: Vec<(usize, Vec<u8>)>,
    tampers: Vec<(usize, Vec<u8>)>,
}

/// A choice of registers of one bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The bank's algorithm: 000B is SHA-256.
    pub bank: u16,
    /// How long the bitmap says to be. `None` is the truth.
    pub size: Option<u8>,
    /// Register i is bit i mod 8 of byte i div 8.
    pub bitmap: Vec<u8>,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// The signature alone, 256 bytes.
    Raw,
    /// TPMT_SIGNATURE: two algorithms and a size before it.
    Tpmt {
        /// The signature's algorithm: 0014 is RSASSA.
        scheme: u16,
        /// The hash: 000B is SHA-256.
        hash: u16,
    },
}

impl SignatureForm {
    /// TPMT_SIGNATURE of RSASSA with SHA-256.
    pub const TPMT: Self = Self::Tpmt { scheme: RSASSA, hash: SHA256 };

    fn write(self, signature: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Raw => signature,
            Self::Tpmt { scheme, hash } => {
                let fields = [scheme, hash, len16(&signature)].map(u16::to_be_bytes).concat();
                [fields, signature].concat()
            }
        }
    }
}

impl Selection {
    /// These registers of the SHA-256 bank, in three bytes of bitmap.
    #[must_use]
    pub fn sha256(registers: &[u8]) -> Self {
        Self::of(SHA256, registers)
    }

    /// These registers of a bank, in three bytes of bitmap. Registers above 23 do not fit.
    #[must_use]
    pub fn of(bank: u16, registers: &[u8]) -> Self {
        let mut bitmap = vec![0; 3];
        for register in registers {
            if let Some(byte) = bitmap.get_mut(usize::from(register / 8)) {
                *byte |= 1 << (register % 8);
            }
        }
        Self { bank, size: None, bitmap }
    }

    /// Which registers are selected, in ascending order.
    pub fn registers(&self) -> impl Iterator<Item = usize> {
        let bits = self.bitmap.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        bits.enumerate().filter_map(|(register, selected)| selected.then_some(register))
    }

    fn write(&self) -> Vec<u8> {
        let size = self.size.unwrap_or_else(|| len16(&self.bitmap).to_le_bytes()[0]);
        [&self.bank.to_be_bytes()[..], &[size], &self.bitmap].concat()
    }
}

impl Default for Quote {
    /// All 24 registers of the SHA-256 bank, no nonce, firmware as on Azure.
    fn default() -> Self {
        Self {
            magic: GENERATED,
            kind: ATTEST_QUOTE,
            qualified_signer: None,
            extra_data: Vec::new(),
            clock: 3_513_262,
            reset_count: 2,
            restart_count: 0,
            safe: 1,
            firmware_version: 0x2020_0312_0012_0003,
            selections: vec![Selection::sha256(&core::array::from_fn::<u8, 24, _>(|at| at.to_le_bytes()[0]))],
            pcr_digest: None,
            trailing: Vec::new(),
            message: None,
            sized: false,
            signer: None,
            scheme: Scheme::Pkcs1Sha256,
            form: SignatureForm::Raw,
            signature: None,
            patches: Vec::new(),
            tampers: Vec::new(),
        }
    }
}

impl Quote {
    /// Overwrites bytes of the attestation before it is signed.
    pub fn patch(&mut self, offset: usize, bytes: &[u8]) {
        self.patches.push((offset, bytes.to_vec()));
    }

    /// Overwrites bytes of the attestation after it was signed.
    pub fn tamper(&mut self, offset: usize, bytes: &[u8]) {
        self.tampers.push((offset, bytes.to_vec()));
    }

    /// The digest that a TPM with these SHA-256 registers would attest: selections in order,
    /// registers ascending. Of other banks there are no values, so they add nothing.
    #[must_use]
    pub fn digest_of(&self, pcrs: &[[u8; 32]; 24]) -> [u8; 32] {
        let known = self.selections.iter().filter(|selection| selection.bank == SHA256);
        let values: Vec<&[u8]> = known
            .flat_map(Selection::registers)
            .filter_map(|register| pcrs.get(register))
            .map(<[u8; 32]>::as_slice)
            .collect();
        sha256(&values)
    }

    /// The attestation and its signature under this key.
    pub(super) fn mint(&self, key: &Key, pcrs: &[[u8; 32]; 24]) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let mut message = match &self.message {
            Some(message) => message.clone(),
            None => self.attest(key, pcrs)?,
        };
        patch(&mut message, &self.patches)?;
        let signature = match &self.signature {
            Some(signature) => signature.clone(),
            None => self.form.write(self.signer.as_ref().unwrap_or(key).sign(self.scheme, &message)?),
        };
        patch(&mut message, &self.tampers)?;
        if self.sized {
            message = sized(&message);
        }
        Ok((message, signature))
    }

    /// TPMS_ATTEST, field by field.
    fn attest(&self, key: &Key, pcrs: &[[u8; 32]; 24]) -> Result<Vec<u8>, Error> {
        let signer = match &self.qualified_signer {
            Some(signer) => signer.clone(),
            None => ak::qualified_signer(key)?,
        };
        let digest = self.pcr_digest.clone().unwrap_or_else(|| self.digest_of(pcrs).to_vec());
        let count = u32::try_from(self.selections.len()).unwrap_or(u32::MAX);
        let selections: Vec<u8> = self.selections.iter().flat_map(Selection::write).collect();
        let fields: [&[u8]; 13] = [
            &self.magic.to_be_bytes(),
            &self.kind.to_be_bytes(),
            &sized(&signer),
            &sized(&self.extra_data),
            &self.clock.to_be_bytes(),
            &self.reset_count.to_be_bytes(),
            &self.restart_count.to_be_bytes(),
            &[self.safe],
            &self.firmware_version.to_be_bytes(),
            &count.to_be_bytes(),
            &selections,
            &sized(&digest),
            &self.trailing,
        ];
        Ok(fields.concat())
    }
}

/// Bytes behind their size in 16 bits, as the TPM writes all that has no fixed length.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [&len16(bytes).to_be_bytes()[..], bytes].concat()
}
