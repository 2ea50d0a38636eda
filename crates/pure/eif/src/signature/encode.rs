//! The signature section as nitro-cli writes it, and the bytes that its signature is over.

use alloc::vec::Vec;

use super::CoseAlgorithm;

const UNSIGNED: u8 = 0x00;
const BYTES: u8 = 0x40;
const TEXT: u8 = 0x60;
const ARRAY: u8 = 0x80;
const MAP: u8 = 0xa0;

/// The bytes that are signed for an image with this PCR0: the `Sig_structure` of RFC 9052, section 4.4.
#[must_use]
pub fn to_be_signed(pcr0: &[u8; 48], algorithm: CoseAlgorithm) -> Vec<u8> {
    let mut out = sig_structure_start(algorithm);
    let payload = register_payload(pcr0);
    bytes(&mut out, &payload);
    out
}

/// The content of a signature section: the certificate in PEM, and the signature (`r ‖ s`) over [`to_be_signed`].
#[must_use]
pub fn signature_section(
    certificate_pem: &[u8],
    pcr0: &[u8; 48],
    algorithm: CoseAlgorithm,
    signature: &[u8],
) -> Vec<u8> {
    let mut cose = Vec::new();
    head(&mut cose, ARRAY, 4);
    bytes(&mut cose, algorithm.protected());
    head(&mut cose, MAP, 0);
    bytes(&mut cose, &register_payload(pcr0));
    bytes(&mut cose, signature);
    let mut out = Vec::new();
    head(&mut out, ARRAY, 1);
    head(&mut out, MAP, 2);
    text(&mut out, "signing_certificate");
    small_numbers(&mut out, certificate_pem);
    text(&mut out, "signature");
    small_numbers(&mut out, &cose);
    out
}

/// The payload of a signature: PCR0 and its number.
pub(super) fn register_payload(pcr0: &[u8; 48]) -> Vec<u8> {
    let mut out = Vec::new();
    head(&mut out, MAP, 2);
    text(&mut out, "register_index");
    head(&mut out, UNSIGNED, 0);
    text(&mut out, "register_value");
    small_numbers(&mut out, pcr0);
    out
}

/// The `Sig_structure` up to its payload: an array of four, the context, the protected header, no external data.
pub(super) fn sig_structure_start(algorithm: CoseAlgorithm) -> Vec<u8> {
    let mut out = Vec::new();
    head(&mut out, ARRAY, 4);
    text(&mut out, "Signature1");
    bytes(&mut out, algorithm.protected());
    bytes(&mut out, &[]);
    out
}

pub(super) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, BYTES, bytes.len());
    out.extend_from_slice(bytes);
}

fn text(out: &mut Vec<u8>, text: &str) {
    head(out, TEXT, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn small_numbers(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, ARRAY, bytes.len());
    for byte in bytes {
        head(out, UNSIGNED, usize::from(*byte));
    }
}

/// A head in its shortest form.
fn head(out: &mut Vec<u8>, major: u8, argument: usize) {
    match u32::try_from(argument).unwrap_or(u32::MAX).to_be_bytes() {
        [0, 0, 0, value @ 0..=23] => out.push(major | value),
        [0, 0, 0, value] => out.extend_from_slice(&[major | 24, value]),
        [0, 0, high, low] => out.extend_from_slice(&[major | 25, high, low]),
        [a, b, c, d] => out.extend_from_slice(&[major | 26, a, b, c, d]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of aws-nitro-enclaves-image-format 0.8.1, `src/utils/cbor.rs`: the encoder of that version and of
    /// all before it writes these bytes.
    #[test]
    fn the_payload_is_the_one_that_nitro_cli_signs() {
        let pcr0 = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let mut expected = b"\xa2\x6eregister_index\x00\x6eregister_value\x98\x30".to_vec();
        expected.extend(0..24_u8);
        expected.extend((24..48_u8).flat_map(|byte| [0x18, byte]));
        assert_eq!(register_payload(&pcr0), expected);
    }

    #[test]
    fn bytes_are_numbers() {
        let mut out = Vec::new();
        small_numbers(&mut out, b"\x0a-\xd2");
        assert_eq!(out, [0x83, 0x0a, 0x18, 0x2d, 0x18, 0xd2]);
    }
}
