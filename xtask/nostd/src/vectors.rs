//! Evidence of the proof: all of it real, from `testdata`.

use teeproof_core::Time;

/// A report of a Milan processor, and the certificate of the key that signed it.
pub(crate) const REPORT: &[u8; 1184] = include_bytes!("../../../testdata/snp/milan-report.bin");
pub(crate) const VCEK: &[u8] = include_bytes!("../../../testdata/snp/milan-vcek.der");
/// A time in the validity of the Milan certificates.
pub(crate) const AT: Time = Time(1_717_200_000);

/// Documents of a production enclave, of a debug enclave, and one that was altered.
pub(crate) const PRODUCTION: &[u8] =
    include_bytes!("../../../testdata/nitro/production-eu-central-1-2025-01.cose");
pub(crate) const DEBUG: &[u8] = include_bytes!("../../../testdata/nitro/debug-us-east-1-2024-11.cose");
pub(crate) const TAMPERED: &[u8] = include_bytes!("../../../testdata/nitro/tampered-us-east-1-2024-07.cose");

/// Reports of Azure's paravisor: of a Milan machine whose VCEK is not known, and of a TDX machine
/// without a quote of its trust domain.
#[cfg(feature = "front-door")]
pub(crate) const HCL_SNP: &[u8] = include_bytes!("../../../testdata/azure/hcl-report-snp.bin");
#[cfg(feature = "front-door")]
pub(crate) const HCL_TDX: &[u8] = include_bytes!("../../../testdata/azure/hcl-report-tdx.bin");
#[cfg(feature = "front-door")]
pub(crate) const TD_QUOTE: &[u8] = include_bytes!("../../../testdata/tdx/quote-v4.bin");

/// A quote of a vTPM with its PCR values, the modulus of the key that signed it, and its nonce.
pub(crate) const QUOTE: &[u8; 1170] = include_bytes!("../../../testdata/azure/quote.bin");
pub(crate) const AK: [u8; 256] = modulus(include_bytes!("../../../testdata/azure/akpub.pem"));
pub(crate) const CHALLENGE: &[u8] = b"challenge";

/// The parts of [`QUOTE`]: signature, message and PCR values, each after its length in 8 bytes.
pub(crate) struct QuoteFile<'a> {
    pub(crate) signature: &'a [u8],
    pub(crate) message: &'a [u8],
    pub(crate) registers: &'a [u8],
    /// The rest as an event log: empty.
    pub(crate) log: &'a [u8],
}

impl<'a> QuoteFile<'a> {
    pub(crate) fn split(bytes: &'a [u8]) -> Option<Self> {
        let (signature, rest) = counted(bytes, 1)?;
        let (message, rest) = counted(rest, 1)?;
        let (registers, log) = counted(rest, 32)?;
        Some(Self { signature, message, registers, log })
    }
}

fn counted(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (count, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*count)).ok()?.checked_mul(size)?;
    rest.split_at_checked(length)
}

/// The modulus of an RSA-2048 key in a PEM: the last 256 bytes before the exponent, which takes 5.
const fn modulus(pem: &[u8]) -> [u8; 256] {
    const DER: usize = 294;
    let (mut der, mut written) = ([0; DER], 0);
    let (mut word, mut bits, mut at) = (0_u32, 0, 0);
    // The label's line is stepped over.
    while pem[at] != b'\n' {
        at += 1;
    }
    while written < DER {
        let digit = match pem[at] {
            letter @ b'A'..=b'Z' => letter - b'A',
            letter @ b'a'..=b'z' => letter - b'a' + 26,
            digit @ b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => 64,
        };
        at += 1;
        if digit == 64 {
            continue;
        }
        word = (word << 6) | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            der[written] = (word >> bits) as u8;
            written += 1;
        }
    }
    let mut modulus = [0; 256];
    let mut byte = 0;
    while byte < modulus.len() {
        modulus[byte] = der[DER - 5 - 256 + byte];
        byte += 1;
    }
    modulus
}
