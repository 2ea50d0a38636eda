//! Quotes and the registers that they are over.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sha2::{Digest, Sha256};
use teeproof_mint::azure::EventLog;
use teeproof_vtpm::{Class, Error, MAX_NONCE, Quoted, Tpm, handles, hash_bytes, quote, read_registers};
use teeproof_wire::tpm::{Attest, RsaPublic, Selection, rsassa_sha256};

use crate::machine::{Machine, Transport};
use crate::tpm::Bent;

const SHA256: u16 = 0x000b;
const ALL: u32 = 0x00ff_ffff;
/// Banks that software TPMs do not have: SM3, SHA3-256.
const NOT_THERE: [u16; 2] = [0x0012, 0x0027];

/// That the attestation key signed a quote for this nonce over these registers and their values.
#[track_caller]
fn check(tpm: &mut dyn Tpm, quoted: &Quoted, nonce: &[u8], selections: &[Selection]) {
    let Quoted { signed, registers } = quoted;
    let attest = Attest::parse(&signed.message).unwrap();
    assert_eq!(attest.head.extra_data, nonce);
    assert!(attest.selections.iter().eq(selections.iter().copied()));
    assert!(registers.iter().map(|read| read.selection).eq(selections.iter().copied()));
    let values: Vec<u8> = registers.iter().flat_map(|read| read.values.concat()).collect();
    assert_eq!(Sha256::digest(values).as_slice(), attest.pcr_digest);
    let public = tpm.read_public(handles::AK).unwrap().public;
    let n = RsaPublic::parse(&public).unwrap().modulus;
    let signature = rsassa_sha256(&signed.signature).unwrap();
    let key = RsaPublicKeyComponents { n, e: &[1, 0, 1][..] };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, &signed.message, signature).unwrap();
}

pub(crate) fn nonces_of_every_length(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let selections = [Selection { bank: SHA256, bitmap: 0x81 }];
    let nonce: Vec<u8> = (0x80..).take(MAX_NONCE).collect();
    for length in 0..=MAX_NONCE {
        let quoted = quote(&mut tpm, handles::AK, &nonce[..length], &selections).unwrap();
        check(&mut tpm, &quoted, &nonce[..length], &selections);
    }
    tpm.commands.clear();
    for length in [51, 64, 70_000] {
        let error = quote(&mut tpm, handles::AK, &vec![1; length], &selections).unwrap_err();
        assert!(matches!(error, Error::NonceLength(found) if found == length), "{error:?}");
        assert_eq!(error.class(), Class::Usage);
        assert!(error.hint().contains("hash it with SHA-256"), "{}", error.hint());
    }
    assert_eq!(tpm.commands, [""; 0]);
}

pub(crate) fn several_banks_in_one_quote(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let all = tpm.banks().unwrap();
    assert!(all.len() > 2, "{all:?}");
    let mut reversed = all.clone();
    reversed.reverse();
    // Some registers of one bank, others of another, none of a third, and one bank twice.
    let some = [(SHA256, 0x0081_0001), (all[0].bank, 0x00ff_0000), (SHA256, 0x0000_0010)]
        .map(|(bank, bitmap)| Selection { bank, bitmap });
    for selections in [&all[..], &reversed, &some, &[Selection { bank: SHA256, bitmap: 0 }]] {
        let quoted = quote(tpm.as_mut(), handles::AK, b"a nonce", selections).unwrap();
        check(tpm.as_mut(), &quoted, b"a nonce", selections);
    }
}

pub(crate) fn registers_of_every_bank(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    for bank in tpm.banks().unwrap() {
        assert_eq!(bank.bitmap, ALL);
        let read = read_registers(tpm.as_mut(), bank).unwrap();
        assert_eq!((read.selection, read.values.len()), (bank, 24));
        let length = hash_bytes(bank.bank).unwrap();
        assert!(read.values.iter().all(|value| value.len() == length));
    }
    let booted = Selection { bank: SHA256, bitmap: ALL };
    let read = read_registers(tpm.as_mut(), booted).unwrap();
    let expected: Vec<Vec<u8>> = EventLog::booted_securely().pcrs().iter().map(|pcr| pcr.to_vec()).collect();
    assert_eq!(read.values, expected);
    // Some of them are those.
    let some = read_registers(tpm.as_mut(), Selection { bitmap: 0x0080_0091, ..booted }).unwrap();
    assert_eq!(some.values, [0, 4, 7, 23].map(|index| expected[index].clone()));
    let none = read_registers(tpm.as_mut(), Selection { bitmap: 0, ..booted }).unwrap();
    assert_eq!(none.values.len(), 0);
}

pub(crate) fn a_bank_that_is_not_there(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let there = Selection { bank: SHA256, bitmap: 1 };
    for bank in NOT_THERE {
        let missing = Selection { bank, bitmap: 1 };
        let read = read_registers(tpm.as_mut(), missing).unwrap_err();
        let alone = quote(tpm.as_mut(), handles::AK, b"", &[missing]).unwrap_err();
        let together = quote(tpm.as_mut(), handles::AK, b"", &[there, missing]).unwrap_err();
        for error in [read, alone, together] {
            assert!(matches!(error, Error::NoBank(found) if found == bank), "{error:?}");
        }
    }
    // Banks that no TPM can have: they are in no specification.
    let unknown = Selection { bank: 0x7777, bitmap: 1 };
    let beyond = Selection { bank: SHA256, bitmap: 1 << 24 };
    for selection in [unknown, beyond] {
        let read = read_registers(tpm.as_mut(), selection).unwrap_err();
        let quoted = quote(tpm.as_mut(), handles::AK, b"", &[selection]).unwrap_err();
        for error in [read, quoted] {
            assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
            assert_eq!(error.class(), Class::Usage);
        }
    }
}

pub(crate) fn a_key_that_is_not_there(transport: Transport) {
    let machine = Machine::healthy(transport);
    let selections = [Selection { bank: SHA256, bitmap: 1 }];
    let error = quote(machine.tpm().as_mut(), 0x8100_0009, b"", &selections).unwrap_err();
    assert!(error.is_absent(), "{error:?}");
}
