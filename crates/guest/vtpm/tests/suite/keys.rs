//! Keys, and what they sign.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sha2::{Digest, Sha256};
use teeproof_vtpm::{Created, Error, Signed, Tpm, handles};
use teeproof_wire::tpm::{Attest, Selection};

use crate::support::{SHA256, SHA384, attestation_key, attestation_template, guarded_template, modulus};

/// TPMT_SIGNATURE of RSASSA with SHA-256 begins with the scheme, the hash and the size.
const RSASSA_SHA256: [u8; 6] = [0x00, 0x14, 0x00, 0x0b, 0x01, 0x00];

/// Algorithm and digest of a public area.
fn name_of(public: &[u8]) -> Vec<u8> {
    [&[0x00, 0x0b][..], &Sha256::digest(public)].concat()
}

/// What another library says about the bytes that were signed.
fn assert_signed(signed: &Signed, public: &[u8]) {
    let (head, signature) = signed.signature.split_at(6);
    assert_eq!(head, RSASSA_SHA256);
    let key = RsaPublicKeyComponents { n: modulus(public), e: &[1, 0, 1][..] };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, &signed.message, signature).unwrap();
}

pub(crate) fn a_key_is_made_read_and_flushed(tpm: &mut dyn Tpm) {
    let Created { handle, public, name } = attestation_key(tpm);
    assert_eq!(handle >> 24, 0x80);
    assert_eq!(public.len(), 280);
    let template = attestation_template();
    // All but the size of the modulus, which is zero in a template.
    assert_eq!(public[..22], template[..22]);
    assert_eq!(name, name_of(&public));
    let read = tpm.read_public(handle).unwrap();
    assert_eq!((&read.public, &read.name), (&public, &name));
    let above = [&handles::ENDORSEMENT.to_be_bytes()[..], &name].concat();
    assert_eq!(read.qualified_name, name_of(&above));
    tpm.flush(handle).unwrap();
    assert!(tpm.read_public(handle).unwrap_err().is_absent());
    assert!(tpm.read_public(handles::AK).unwrap_err().is_absent());
    assert!(tpm.flush(handle).unwrap_err().code().is_some());
}

pub(crate) fn a_quote_is_over_what_was_asked_for(tpm: &mut dyn Tpm) {
    let key = attestation_key(tpm);
    let selection = Selection { bank: SHA256, bitmap: 0x0080_4005 };
    for nonce in [&b""[..], b"nonce", &[0xab; 50]] {
        let signed = tpm.quote(key.handle, nonce, &[selection]).unwrap();
        assert_eq!(signed.message.len(), 113 + nonce.len());
        let attest = Attest::parse(&signed.message).unwrap();
        assert_eq!(attest.head.extra_data, nonce);
        assert!(attest.selections.iter().eq([selection]));
        assert_eq!(attest.pcr_digest, &Sha256::digest([0; 32 * 4])[..]);
        assert_signed(&signed, &key.public);
    }
}

pub(crate) fn a_quote_is_over_several_banks(tpm: &mut dyn Tpm) {
    let key = attestation_key(tpm);
    let banks = [Selection { bank: SHA384, bitmap: 2 }, Selection { bank: SHA256, bitmap: 1 }];
    let signed = tpm.quote(key.handle, b"n", &banks).unwrap();
    let attest = Attest::parse(&signed.message).unwrap();
    assert!(attest.selections.iter().eq(banks));
    assert_eq!(attest.pcr_digest, &Sha256::digest([0; 48 + 32])[..]);
    assert_signed(&signed, &key.public);
}

pub(crate) fn a_quote_is_refused(tpm: &mut dyn Tpm) {
    let selection = [Selection { bank: SHA256, bitmap: 1 }];
    let absent = tpm.quote(handles::AK, b"n", &selection).unwrap_err();
    assert!(absent.is_absent(), "{absent:?}");
    let key = attestation_key(tpm);
    for (nonce, bitmap) in [(67, 1), (0, 1 << 24)] {
        let selections = [Selection { bank: SHA256, bitmap }];
        let error = tpm.quote(key.handle, &vec![1; nonce], &selections).unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    }
    // TPM_RC_SCHEME or TPM_RC_KEY: a key that does not sign.
    let other = tpm.create_primary(handles::NULL, &guarded_template(&[0; 32])).unwrap();
    assert!(tpm.quote(other.handle, b"n", &selection).unwrap_err().code().is_some());
}

pub(crate) fn a_template_is_refused(tpm: &mut dyn Tpm) {
    let template = attestation_template();
    let longer = [&template[..], &[0]].concat();
    for wrong in [&[][..], &template[..template.len() - 1], &longer, &[0xff; 30]] {
        let error = tpm.create_primary(handles::OWNER, wrong).unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    }
    // TPM_RC_ATTRIBUTES: restricted, and both for signing and for decryption.
    let mut contradiction = template;
    contradiction[5] |= 0x02;
    assert_eq!(tpm.create_primary(handles::OWNER, &contradiction).unwrap_err().code(), Some(0x082));
    assert_eq!(tpm.handles(0x8000_0000).unwrap(), [0_u32; 0]);
}

pub(crate) fn a_key_is_certified(tpm: &mut dyn Tpm) {
    let key = attestation_key(tpm);
    let guarded = tpm.create_primary(handles::NULL, &guarded_template(&[0x5a; 32])).unwrap();
    let signed = tpm.certify(guarded.handle, key.handle, b"nonce").unwrap();
    // TPM_GENERATED_VALUE, TPM_ST_ATTEST_CERTIFY.
    assert_eq!(signed.message[..6], [0xff, 0x54, 0x43, 0x47, 0x80, 0x17]);
    let holds = |bytes: &[u8]| signed.message.windows(bytes.len()).any(|window| window == bytes);
    assert!(holds(&guarded.name));
    assert!(holds(&tpm.read_public(guarded.handle).unwrap().qualified_name));
    assert!(holds(b"\0\x05nonce"));
    assert_signed(&signed, &key.public);
    let absent = tpm.certify(handles::EK, key.handle, b"").unwrap_err();
    assert!(absent.is_absent(), "{absent:?}");
}
