//! Keys that registers guard, and what is encrypted to them.

use sha2::{Digest, Sha256};
use teeproof_vtpm::seal::{SealError, SealingKey, decrypt, encrypt};
use teeproof_vtpm::{Class, Error, Padding, ResponseCode, Tpm, handles};
use teeproof_wire::tpm::{Certification, Selection};

use crate::machine::{Machine, Transport};
use crate::tpm::{Bent, with};

pub(crate) const REGISTERS: Selection = Selection { bank: 0x000b, bitmap: 0x0000_4081 };
/// Each padding, and how much fits one block.
pub(crate) const PADDINGS: [(Padding, usize); 5] = [
    (Padding::Rsaes, 245),
    (Padding::Oaep(0x0004), 214),
    (Padding::Oaep(0x000b), 190),
    (Padding::Oaep(0x000c), 158),
    (Padding::Oaep(0x000d), 126),
];
const OAEP: Padding = Padding::Oaep(0x000b);
/// The kinds of handles that are gone with the next reset: objects, and both kinds of sessions.
const PASSING: [u32; 3] = [0x8000_0000, 0x0200_0000, 0x0300_0000];

/// A key as anybody gets one.
pub(crate) fn key(tpm: &mut dyn Tpm) -> SealingKey {
    SealingKey::make(tpm, REGISTERS, b"a nonce").unwrap()
}

/// That nothing was left in the TPM.
#[track_caller]
pub(crate) fn is_tidy(tpm: &mut dyn Tpm) {
    for first in PASSING {
        assert_eq!(tpm.handles(first).unwrap(), [0_u32; 0], "{first:#010x}");
    }
}

/// What a TPM refuses.
fn refusal<T>(code: u32) -> Result<T, Error> {
    Err(Error::Refused { command: "a test", code: ResponseCode(code) })
}

/// Decrypts, and looks whether something stays.
#[track_caller]
fn opened(tpm: &mut dyn Tpm, public: &[u8], padding: Padding, block: &[u8]) -> Result<Vec<u8>, SealError> {
    let opened = decrypt(tpm, public, REGISTERS, padding, block);
    is_tidy(tpm);
    opened.map(|plaintext| plaintext.to_vec())
}

pub(crate) fn a_key_is_the_same_each_time_and_certified(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let longest = [7; 50];
    let first = SealingKey::make(tpm.as_mut(), REGISTERS, &longest).unwrap();
    let second = SealingKey::make(tpm.as_mut(), REGISTERS, b"").unwrap();
    is_tidy(tpm.as_mut());
    assert_eq!((first.registers, &first.public), (REGISTERS, &second.public));
    for (key, nonce) in [(&first, &longest[..]), (&second, b"")] {
        let certification = Certification::parse(&key.certification.message).unwrap();
        assert_eq!(certification.head.extra_data, nonce);
        assert_eq!(certification.name, [&[0, 0x0b], Sha256::digest(&key.public).as_slice()].concat());
    }
    // Other registers, another key.
    let others = Selection { bitmap: 1, ..REGISTERS };
    assert_ne!(SealingKey::make(tpm.as_mut(), others, b"").unwrap().public, first.public);
    // After an extension too.
    tpm.pcr_extend(7, 0x000b, &[1; 32]).unwrap();
    assert_ne!(key(tpm.as_mut()).public, first.public);
    is_tidy(tpm.as_mut());
}

pub(crate) fn every_padding_and_length(transport: Transport) {
    let machine = Machine::with_every_hash(transport);
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    for (padding, most) in PADDINGS {
        for length in [0, 1, 32, most] {
            let secret: Vec<u8> = (1..=255).cycle().take(length).collect();
            let block = encrypt(&key.public, padding, &secret).unwrap();
            let found = opened(tpm.as_mut(), &key.public, padding, &block).unwrap();
            assert_eq!(found, secret, "{padding:?}, {length} bytes");
        }
        let error = encrypt(&key.public, padding, &vec![1; most + 1]).unwrap_err();
        assert!(
            matches!(error, SealError::TooLong { bytes, limit } if (bytes, limit) == (most + 1, most)),
            "{padding:?}: {error:?}"
        );
    }
    let error = encrypt(&key.public, Padding::Oaep(0x0012), b"").unwrap_err();
    assert!(matches!(error, SealError::Key(_)), "{error:?}");
}

/// Anybody can encrypt under it, and no TPM of Azure's decrypts it.
pub(crate) fn a_hash_that_the_paravisors_tpm_does_not_have(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    let block = encrypt(&key.public, Padding::Oaep(0x000d), b"a secret").unwrap();
    let error = opened(tpm.as_mut(), &key.public, Padding::Oaep(0x000d), &block).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("0x2c3") || text.contains("TPM_RC_HASH"), "{text}");
}

pub(crate) fn what_does_not_come_out(transport: Transport) {
    let machine = Machine::with_every_hash(transport);
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    let mut altered = |padding, block: &[u8], what: &str| {
        let opened = opened(tpm.as_mut(), &key.public, padding, block);
        assert!(matches!(opened, Err(SealError::Altered)), "{padding:?}: {what}: {opened:?}");
    };
    for (padding, _) in PADDINGS.into_iter().skip(1) {
        let block = encrypt(&key.public, padding, b"a secret").unwrap();
        for (other, _) in PADDINGS.iter().skip(1).filter(|(other, _)| *other != padding) {
            altered(*other, &block, "another hash");
        }
        let mut changed = block.clone();
        changed[100] ^= 1;
        altered(padding, &changed, "a changed bit");
        altered(padding, &block[..255], "a byte less");
        altered(padding, &[0xff; 256], "more than the modulus");
        altered(padding, &[0; 256], "nothing but zeros");
    }
    // Under the older padding, some blocks in a million come out by chance; these do not.
    let block = encrypt(&key.public, Padding::Rsaes, b"a secret").unwrap();
    altered(OAEP, &block, "the older padding as the newer one");
    altered(Padding::Rsaes, &[0xff; 256], "more than the modulus");
    altered(Padding::Rsaes, &[0; 256], "nothing but zeros");
    // And what no command has room for is not the block's fault.
    let error = opened(tpm.as_mut(), &key.public, OAEP, &[1; 600]).unwrap_err();
    assert!(matches!(error, SealError::Tpm(Error::Unfit { .. })), "{error:?}");
}

pub(crate) fn registers_that_changed(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    let block = encrypt(&key.public, OAEP, b"a secret").unwrap();
    let others = [
        Selection { bitmap: 0x81, ..REGISTERS },
        Selection { bitmap: 0x4083, ..REGISTERS },
        Selection { bitmap: 0, ..REGISTERS },
        Selection { bank: 0x000c, ..REGISTERS },
    ];
    for registers in others {
        let opened = decrypt(tpm.as_mut(), &key.public, registers, OAEP, &block);
        is_tidy(tpm.as_mut());
        assert!(matches!(opened, Err(SealError::RegistersChanged)), "{registers:?}: {opened:?}");
    }
    // One that does not guard the key changes nothing, one that does ends it.
    tpm.pcr_extend(1, 0x000b, &[1; 32]).unwrap();
    tpm.pcr_extend(7, 0x000c, &[1; 48]).unwrap();
    assert_eq!(opened(tpm.as_mut(), &key.public, OAEP, &block).unwrap(), b"a secret");
    tpm.pcr_extend(7, 0x000b, &[1; 32]).unwrap();
    let error = opened(tpm.as_mut(), &key.public, OAEP, &block).unwrap_err();
    assert!(matches!(error, SealError::RegistersChanged), "{error:?}");
    assert!(error.to_string().contains("PCRs have changed"), "{error}");
    assert!(!error.hint().is_empty());
}

pub(crate) fn another_machine(transport: Transport) {
    let (machine, other) = (Machine::healthy(transport), Machine::healthy(transport));
    let key = key(machine.tpm().as_mut());
    let block = encrypt(&key.public, OAEP, b"a secret").unwrap();
    let error = opened(other.tpm().as_mut(), &key.public, OAEP, &block).unwrap_err();
    assert!(matches!(error, SealError::OtherMachine), "{error:?}");
}

pub(crate) fn what_is_no_key(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let public = key(&mut tpm).public;
    let attestation = tpm.read_public(handles::AK).unwrap().public;
    let with_exponent = {
        let mut public = public.clone();
        public[51] = 3;
        public
    };
    let with_password = {
        let mut public = public.clone();
        // userWithAuth.
        public[7] |= 0x40;
        public
    };
    let (shorter, longer) = (&public[..public.len() - 1], [&public[..], &[0]].concat());
    tpm.commands.clear();
    for wrong in [&[][..], &public[..20], &attestation, &with_exponent, &with_password, shorter, &longer] {
        for answer in [
            encrypt(wrong, OAEP, b"").map(drop),
            decrypt(&mut tpm, wrong, REGISTERS, OAEP, &[1; 256]).map(drop),
        ] {
            assert!(matches!(answer, Err(SealError::Key(_))), "{answer:?}");
        }
    }
    // And what no key is made for.
    let answer = SealingKey::make(&mut tpm, REGISTERS, &[1; 51]);
    assert!(matches!(answer, Err(SealError::Tpm(Error::NonceLength(51)))), "{answer:?}");
    for (registers, says) in [
        (Selection { bank: 0x000c, ..REGISTERS }, "not by sha384:0,7,14"),
        (Selection { bitmap: 0, ..REGISTERS }, "guarded by nothing"),
    ] {
        let answer = SealingKey::make(&mut tpm, registers, b"");
        let Err(SealError::Tpm(error)) = answer else { panic!("{answer:?}") };
        assert!(error.class() == Class::Usage && error.to_string().contains(says), "{error}");
    }
    assert_eq!(tpm.commands, [""; 0], "nothing was sent");
}

/// What the TPM said first counts, and the key goes in any case.
pub(crate) fn failures_leave_nothing_behind(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let public = key(&mut tpm).public;
    let block = encrypt(&public, OAEP, b"a secret").unwrap();
    let tpm_said = |error: &SealError, code: u32| matches!(error, SealError::Tpm(Error::Refused { code: found, .. }) if found.0 == code);

    tpm.certify = Box::new(|_| refusal(0x101));
    let error = SealingKey::make(&mut tpm, REGISTERS, b"").unwrap_err();
    assert!(tpm_said(&error, 0x101), "{error:?}");
    is_tidy(&mut tpm);
    // The key does go; that this is denied does not hide why it was not certified.
    tpm.flush = Box::new(|_| refusal(0x102));
    let error = SealingKey::make(&mut tpm, REGISTERS, b"").unwrap_err();
    assert!(tpm_said(&error, 0x101), "{error:?}");
    tpm.certify = Box::new(|answer| answer);
    let error = SealingKey::make(&mut tpm, REGISTERS, b"").unwrap_err();
    assert!(tpm_said(&error, 0x102), "{error:?}");

    let error = decrypt(&mut tpm, &public, REGISTERS, OAEP, &block).unwrap_err();
    assert!(tpm_said(&error, 0x102), "{error:?}");
    let others = Selection { bitmap: 1, ..REGISTERS };
    let error = decrypt(&mut tpm, &public, others, OAEP, &block).unwrap_err();
    assert!(matches!(error, SealError::RegistersChanged), "{error:?}");
    tpm.flush = Box::new(|answer| answer);

    // A failure before the decryption says nothing of the block.
    for code in [0x101, 0x084, 0x095, 0x09d] {
        tpm.rsa_decrypt = Box::new(move |_| refusal(code));
        let error = opened(&mut tpm, &public, OAEP, &block).unwrap_err();
        assert!(tpm_said(&error, code), "{error:?}");
    }
    tpm.rsa_decrypt = Box::new(|answer| answer);

    // A key that is not the one that was sealed to.
    tpm.create_primary = with(|created: &mut teeproof_vtpm::Created| created.public[100] ^= 1);
    let error = opened(&mut tpm, &public, OAEP, &block).unwrap_err();
    assert!(matches!(error, SealError::OtherMachine), "{error:?}");
}
