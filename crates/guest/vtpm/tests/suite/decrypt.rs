//! Decryption under a policy of registers.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents,
};
use sha2::{Digest, Sha256};
use teeproof_vtpm::{Created, Padding, ResponseCode, Tpm, handles};
use teeproof_wire::tpm::Selection;

use crate::support::{SHA1, SHA256, SHA384, SHA512, guarded_template, modulus};

pub(crate) const REGISTERS: Selection = Selection { bank: SHA256, bitmap: 0x0000_4081 };
const SECRET: &[u8] = b"a secret of some length";
/// The kinds of sessions that are loaded: TPM_HT_LOADED_SESSION.
const LOADED_SESSIONS: u32 = 0x0200_0000;

/// A key for registers that nobody has extended yet: three times zeros.
pub(crate) fn key(tpm: &mut dyn Tpm) -> Created {
    let values = Sha256::digest([0; 32 * 3]);
    // One selection of SHA-256 in three bytes.
    let selection = [0, 0, 0, 1, 0x00, 0x0b, 3, 0x81, 0x40, 0x00];
    let policy = [&[0; 32][..], &0x17f_u32.to_be_bytes(), &selection, &values].concat();
    tpm.create_primary(handles::NULL, &guarded_template(&Sha256::digest(policy))).unwrap()
}

pub(crate) fn encrypt(key: &Created, padding: Padding) -> Vec<u8> {
    let components = PublicKeyComponents { n: modulus(&key.public), e: &[1, 0, 1][..] };
    let public: PublicEncryptingKey = components.try_into().unwrap();
    let mut bytes = vec![0; 256];
    let algorithm = match padding {
        Padding::Rsaes => {
            Pkcs1PublicEncryptingKey::new(public).unwrap().encrypt(SECRET, &mut bytes).unwrap();
            return bytes;
        }
        Padding::Oaep(SHA1) => &OAEP_SHA1_MGF1SHA1,
        Padding::Oaep(SHA256) => &OAEP_SHA256_MGF1SHA256,
        Padding::Oaep(SHA384) => &OAEP_SHA384_MGF1SHA384,
        Padding::Oaep(SHA512) => &OAEP_SHA512_MGF1SHA512,
        Padding::Oaep(other) => panic!("{other:#x}"),
    };
    OaepPublicEncryptingKey::new(public).unwrap().encrypt(algorithm, SECRET, &mut bytes, None).unwrap();
    bytes
}

pub(crate) fn every_padding_is_decrypted(tpm: &mut dyn Tpm) {
    let key = key(tpm);
    let oaep = [SHA1, SHA256, SHA384, SHA512].map(Padding::Oaep);
    for padding in [Padding::Rsaes].into_iter().chain(oaep) {
        let ciphertext = encrypt(&key, padding);
        let secret = tpm.rsa_decrypt(key.handle, REGISTERS, padding, &ciphertext).unwrap();
        assert_eq!(secret.as_slice(), SECRET, "{padding:?}");
    }
}

pub(crate) fn changed_registers_are_told(tpm: &mut dyn Tpm) {
    let key = key(tpm);
    let padding = Padding::Oaep(SHA256);
    let ciphertext = encrypt(&key, padding);
    // A register that the policy is not about.
    tpm.pcr_extend(1, SHA256, &[1; 32]).unwrap();
    tpm.rsa_decrypt(key.handle, REGISTERS, padding, &ciphertext).unwrap();
    let others = Selection { bitmap: 1, ..REGISTERS };
    let error = tpm.rsa_decrypt(key.handle, others, padding, &ciphertext).unwrap_err();
    assert_eq!(error.code(), Some(ResponseCode::POLICY_FAIL));
    tpm.pcr_extend(7, SHA256, &[1; 32]).unwrap();
    let error = tpm.rsa_decrypt(key.handle, REGISTERS, padding, &ciphertext).unwrap_err();
    assert_eq!(error.code(), Some(ResponseCode::POLICY_FAIL));
}

pub(crate) fn no_session_is_left_behind(tpm: &mut dyn Tpm) {
    let key = key(tpm);
    let padding = Padding::Oaep(SHA256);
    let ciphertext = encrypt(&key, padding);
    // More often than a TPM has room for sessions.
    for _ in 0..80 {
        tpm.rsa_decrypt(key.handle, REGISTERS, padding, &ciphertext).unwrap();
    }
    for _ in 0..80 {
        let other = Padding::Oaep(SHA384);
        let error = tpm.rsa_decrypt(key.handle, REGISTERS, other, &ciphertext).unwrap_err();
        // TPM_RC_VALUE by the specification, TPM_RC_FAILURE by swtpm.
        assert!(matches!(error.code(), Some(ResponseCode::VALUE | 0x101)), "{error:?}");
        let error = tpm.rsa_decrypt(handles::AK, REGISTERS, padding, &ciphertext).unwrap_err();
        assert!(error.is_absent(), "{error:?}");
        // More than any RSA key has.
        assert!(tpm.rsa_decrypt(key.handle, REGISTERS, padding, &[1; 600]).is_err());
    }
    assert_eq!(tpm.handles(LOADED_SESSIONS).unwrap(), [0_u32; 0]);
}
