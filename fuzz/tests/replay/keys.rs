//! Seeds of encryption keys: those of a software TPM, and variations of their public areas.

use teeproof_fuzz::{Part, join};
use teeproof_rustcrypto::TABLE;
use teeproof_vtpm::Padding;
use teeproof_vtpm::seal::{SealedHead, head_bytes};
use teeproof_wire::tpm::{SHA256, Selection};

use crate::seeds::{file, modulus};

fn recorded(name: &str) -> Vec<u8> {
    file(&format!("testdata/tpm/certified-{name}"))
}

pub(crate) fn tpm_certification() -> Vec<Vec<u8>> {
    ["key.msg", "oaep.msg", "password.msg"].map(recorded).to_vec()
}

pub(crate) fn tpm_public() -> Vec<Vec<u8>> {
    ["key.pub", "oaep.pub", "password.pub"].map(recorded).to_vec()
}

/// The PCR values quoted together with the keys, each after its index.
fn registers() -> Vec<u8> {
    let values = recorded("pcrs.bin");
    let (values, _) = values.as_chunks::<32>();
    [0, 7, 16, 23].iter().zip(values).flat_map(|(index, value)| [&[*index], &value[..]].concat()).collect()
}

fn with_registers(name: &str, registers: &[u8]) -> Vec<u8> {
    let part = |part: &str| recorded(&format!("{name}.{part}"));
    let key = recorded("ak.der");
    let parts = [
        Part::Key(modulus(&key)),
        Part::Message(&part("msg")),
        Part::Signature(&part("sig")),
        Part::Evidence(&part("pub")),
        Part::Nonce(&[0x00, 0xff, 0x55, 0xaa]),
        Part::Registers(registers),
    ];
    join(0, &parts)
}

/// With the registers of the policy alone, which are then found to be what it is about; and others.
pub(crate) fn verify_certification() -> Vec<Vec<u8>> {
    let bound = registers()[33..99].to_vec();
    vec![
        with_registers("key", &bound),
        with_registers("key", &registers()),
        with_registers("oaep", &bound),
        with_registers("oaep", &[]),
    ]
}

/// A key, and as many registers as there are.
pub(crate) fn all_registers() -> Vec<u8> {
    let registers: Vec<u8> = (0..24_u8).flat_map(|index| [index; 33]).collect();
    with_registers("key", &registers)
}

/// Public areas, of which the last is bound to the registers that `minted::key` quotes.
pub(crate) fn minted_key() -> Vec<Vec<u8>> {
    let bound = {
        let digest = TABLE.sha256.digest(&[&[7; 32], &[16; 32]]);
        let list = [0, 0, 0, 1, 0, 0x0b, 3, 0x80, 0, 1];
        let policy = TABLE.sha256.digest(&[&[0; 32], &[0, 0, 0x01, 0x7f], &list, &digest]);
        let mut public = recorded("key.pub");
        public[10..42].copy_from_slice(&policy);
        public
    };
    [recorded("key.pub"), recorded("oaep.pub"), bound].iter().map(|area| [&[0], &area[..]].concat()).collect()
}

/// The head of an envelope.
pub(crate) fn envelope_head(padding: Padding, public: &[u8], wrapped: &[u8]) -> Vec<u8> {
    let pcrs = Selection { bank: SHA256, bitmap: 0x0081_4081 };
    head_bytes(&SealedHead { oaep: padding.oaep(), pcrs, public, wrapped, content_bytes: 0 })
}

/// Envelopes to a key under each padding, with a content and without; to what is no key; and to
/// nothing.
pub(crate) fn envelope() -> Vec<Vec<u8>> {
    let (key, other) = (recorded("key.pub"), recorded("oaep.pub"));
    let paddings = [Padding::Rsaes].into_iter().chain([4, 0xb, 0xc, 0xd].map(Padding::Oaep));
    let mut seeds: Vec<_> = paddings.map(|padding| envelope_head(padding, &key, &[0x5a; 256])).collect();
    seeds.extend([
        [&seeds[0][..], &[7; 100]].concat(),
        envelope_head(Padding::Rsaes, &other, &[0x5a; 256]),
        envelope_head(Padding::Rsaes, &[], &[]),
    ]);
    seeds
}
