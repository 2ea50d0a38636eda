//! Envelopes, sealed anywhere and opened in the TPM.

use teeproof_vtpm::seal::{SealError, SealedHead, SealingKey, open_envelope, read_head, seal_envelope};
use teeproof_vtpm::{Padding, Tpm};
use teeproof_wire::tpm::Selection;

use crate::machine::{Machine, Transport};
use crate::sealing::{PADDINGS, REGISTERS, is_tidy, key};

const OAEP: Padding = Padding::Oaep(0x000b);

fn sealed(key: &SealingKey, padding: Padding, data: &[u8]) -> Vec<u8> {
    let mut envelope = Vec::new();
    seal_envelope(&key.public, key.registers, padding, &mut &data[..], &mut envelope).unwrap();
    envelope
}

/// Opens an envelope; looks whether something stays, and whether anything was written if it fails.
fn opened(tpm: &mut dyn Tpm, envelope: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut data = Vec::new();
    let opened = open_envelope(tpm, &mut &envelope[..], &mut data);
    is_tidy(tpm);
    opened.map(|()| data)
}

fn bytes(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

pub(crate) fn data_of_every_size(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    for length in [0, 1, 65_535, 65_536, 65_537, 2 * 65_536, 1 << 20] {
        let envelope = sealed(&key, OAEP, &bytes(length));
        // Head, pieces of 64 KiB, and a tag for each.
        let pieces = length.div_ceil(65_536).max(1);
        assert_eq!(envelope.len(), 23 + key.public.len() + 256 + length + 16 * pieces);
        assert!(opened(tpm.as_mut(), &envelope).unwrap() == bytes(length), "{length}");
    }
    // The same data twice are two envelopes.
    assert_ne!(sealed(&key, OAEP, b"a secret"), sealed(&key, OAEP, b"a secret"));
}

pub(crate) fn every_padding(transport: Transport) {
    let machine = Machine::with_every_hash(transport);
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    for (padding, _) in PADDINGS {
        let envelope = sealed(&key, padding, b"a secret");
        let bytes = read_head(&mut &envelope[..]).unwrap();
        let head = SealedHead::parse(&bytes).unwrap();
        assert_eq!((Padding::of(head.oaep), head.pcrs, head.public), (padding, REGISTERS, &key.public[..]));
        assert!(envelope.starts_with(&bytes));
        assert_eq!(opened(tpm.as_mut(), &envelope).unwrap(), b"a secret");
    }
    let mut nothing = Vec::new();
    let sha384 = Selection { bank: 0x000c, ..REGISTERS };
    let error = seal_envelope(&key.public, sha384, OAEP, &mut &b""[..], &mut nothing).unwrap_err();
    assert!(matches!(error, SealError::Key(_)), "{error:?}");
    let error = seal_envelope(&key.public[1..], REGISTERS, OAEP, &mut &b""[..], &mut nothing).unwrap_err();
    assert!(matches!(error, SealError::Key(_)), "{error:?}");
    assert_eq!(nothing, b"");
}

/// A bit of each field, and of each part of the content.
pub(crate) fn not_a_bit_can_be_changed(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    let envelope = sealed(&key, OAEP, b"a secret");
    let (public, wrapped) = (21, 23 + key.public.len());
    let mut refused = |at: usize, bit: u8, is_it: fn(&SealError) -> bool| {
        let mut changed = envelope.clone();
        changed[at] ^= bit;
        let error = opened(tpm.as_mut(), &changed).unwrap_err();
        assert!(is_it(&error), "byte {at}: {error:?}");
    };
    for at in [0, 7, 8, 9, 10, 11, 12, 14, 15] {
        refused(at, 0x80, |error| matches!(error, SealError::Envelope(_)));
    }
    // OAEP with another hash; other registers, with and without the right ones among them.
    refused(13, 0x07, |error| matches!(error, SealError::Altered));
    refused(16, 0x01, |error| matches!(error, SealError::RegistersChanged));
    refused(18, 0x80, |error| matches!(error, SealError::RegistersChanged));
    // A size, the attributes, the policy, the modulus.
    refused(19, 0x80, |error| matches!(error, SealError::Envelope(_)));
    refused(public + 7, 0x40, |error| matches!(error, SealError::Key(_)));
    refused(public + 10, 0x01, |error| matches!(error, SealError::OtherMachine));
    refused(wrapped - 3, 0x01, |error| matches!(error, SealError::OtherMachine));
    refused(wrapped - 1, 0x01, |error| matches!(error, SealError::Envelope(_)));
    for at in [wrapped + 1, wrapped + 255, wrapped + 256, envelope.len() - 16, envelope.len() - 1] {
        refused(at, 0x01, |error| matches!(error, SealError::Altered));
    }
    for wrong in
        [&envelope[..envelope.len() - 1], &envelope[..wrapped + 256], &[&envelope[..], b"x"].concat()]
    {
        let error = opened(tpm.as_mut(), wrong).unwrap_err();
        assert!(matches!(error, SealError::Altered), "{error:?}");
    }
    assert_eq!(opened(tpm.as_mut(), &envelope).unwrap(), b"a secret");
}

pub(crate) fn after_an_extension(transport: Transport) {
    let (machine, other) = (Machine::healthy(transport), Machine::healthy(transport));
    let mut tpm = machine.tpm();
    let key = key(tpm.as_mut());
    let envelope = sealed(&key, OAEP, b"a secret");
    let error = opened(other.tpm().as_mut(), &envelope).unwrap_err();
    assert!(matches!(error, SealError::OtherMachine), "{error:?}");
    tpm.pcr_extend(14, 0x000b, &[1; 32]).unwrap();
    let error = opened(tpm.as_mut(), &envelope).unwrap_err();
    assert!(matches!(error, SealError::RegistersChanged), "{error:?}");
}
