//! An instance for tests: the twin, its TPM, and requests.

use teeproof_twin::nitro_tpm::{Fault, NitroTpm, Running, Settings};
use teeproof_vtpm::direct::Direct;
use teeproof_vtpm::nitro_tpm::{NitroTpmError, nsm_exchange};
use teeproof_vtpm::{Tpm, open};

pub(crate) const NONCE: [u8; 32] = [0x5a; 32];

pub(crate) fn start(fault: Option<Fault>) -> Running {
    NitroTpm::start(&Settings { fault, ..Settings::default() }).unwrap()
}

pub(crate) fn direct(twin: &Running) -> Direct {
    Direct::open(&twin.address().parse().unwrap()).unwrap()
}

/// A request for a document with these fields, as the specification has it.
pub(crate) fn request(user_data: Option<&[u8]>, nonce: Option<&[u8]>, public_key: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = b"\xa1\x6bAttestation\xa3".to_vec();
    for (key, value) in [("user_data", user_data), ("nonce", nonce), ("public_key", public_key)] {
        bytes.push(0x60 | u8::try_from(key.len()).unwrap());
        bytes.extend(key.as_bytes());
        match value {
            None => bytes.push(0xf6),
            Some(value) => {
                bytes.push(0x59);
                bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
                bytes.extend(value);
            }
        }
    }
    bytes
}

/// The document of an answer.
pub(crate) fn document(answer: &[u8]) -> &[u8] {
    let rest = answer.strip_prefix(b"\xa1\x6bAttestation\xa1\x68document\x59").expect("a document");
    let (size, document) = rest.split_first_chunk().unwrap();
    assert_eq!(usize::from(u16::from_be_bytes(*size)), document.len());
    document
}

/// Whether these bytes are in the others.
pub(crate) fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The answer for [`NONCE`] at an address.
pub(crate) fn ask(address: &str) -> Result<Vec<u8>, NitroTpmError> {
    let mut tpm = open(&address.parse().unwrap()).unwrap();
    nsm_exchange(tpm.as_mut(), &request(None, Some(&NONCE), None)).map(|answer| answer.to_vec())
}

/// No index of the owner and no session of this library is left.
#[track_caller]
pub(crate) fn nothing_is_left(tpm: &mut dyn Tpm) {
    assert_eq!(tpm.handles(0x0180_0000).unwrap(), [0_u32; 0], "indexes");
    assert_eq!(tpm.handles(0x0200_0000).unwrap(), [0_u32; 0], "sessions");
}
