//! The key that secrets are sealed to: an RSA key of the TPM's, made anew from the same seed each
//! time until the machine is restarted, usable only while registers have the values that they had.

use sha2::{Digest, Sha256};
use teeproof_wire::tpm::{ObjectAttributes, RsaPublic, SHA256, Selection, policy_pcr};
use zeroize::Zeroizing;

use super::SealError;
use crate::{Error, Padding, Registers, ResponseCode, Signed, Tpm, handles, read_registers};

/// fixedTPM, fixedParent, sensitiveDataOrigin, noDA, decrypt: no password opens it, and no other
/// machine can ever hold it.
const ATTRIBUTES: u32 = ObjectAttributes::FIXED_TPM
    .union(ObjectAttributes::FIXED_PARENT)
    .union(ObjectAttributes::SENSITIVE_DATA_ORIGIN)
    .union(ObjectAttributes::NO_DA)
    .union(ObjectAttributes::DECRYPT)
    .bits();
const RSA: u16 = 0x0001;
const NULL: u16 = 0x0010;
const KEY_BITS: u16 = 2048;
/// The command that decrypts, as the transports name it.
const DECRYPT: &str = "TPM2_RSA_Decrypt";

/// A key for sealing, and the attestation key's word that it is in the same TPM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKey {
    /// The PCRs that guard it, of the SHA-256 bank.
    pub registers: Selection,
    /// TPMT_PUBLIC, in bytes; its policy is that the registers have the values of now.
    pub public: Vec<u8>,
    /// TPM2_Certify under the attestation key.
    pub certification: Signed,
}

impl SealingKey {
    /// Makes the key for the present values of these registers, and has it certified for a nonce.
    ///
    /// Nothing of it stays in the TPM; it is made anew, the same, when it is needed.
    ///
    /// # Errors
    /// Those of the commands; no registers, or those of another bank than SHA-256; a nonce of more than
    /// 50 bytes.
    pub fn make(tpm: &mut dyn Tpm, registers: Selection, nonce: &[u8]) -> Result<Self, SealError> {
        if nonce.len() > crate::MAX_NONCE {
            return Err(SealError::Tpm(Error::NonceLength(nonce.len())));
        }
        let policy = policy(tpm, registers)?;
        let key = tpm.create_primary(handles::NULL, &template(&policy)).map_err(SealError::Tpm)?;
        let certification = tpm.certify(key.handle, handles::AK, nonce);
        let flushed = tpm.flush(key.handle);
        // Why it is not certified says more than why it stays.
        let certification = certification.and_then(|signed| flushed.map(|()| signed));
        Ok(Self { registers, public: key.public, certification: certification.map_err(SealError::Tpm)? })
    }
}

/// Decrypts what was encrypted to the key of this public area, inside of the TPM.
///
/// # Errors
/// Those of the commands; the PCRs have changed; this TPM does not make such a key (any more).
pub fn decrypt(
    tpm: &mut dyn Tpm,
    public: &[u8],
    registers: Selection,
    padding: Padding,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (policy, _) = parts(public)?;
    let key = tpm.create_primary(handles::NULL, &template(policy)).map_err(SealError::Tpm)?;
    let opened = if key.public == public {
        tpm.rsa_decrypt(key.handle, registers, padding, ciphertext).map_err(refused)
    } else {
        Err(SealError::OtherMachine)
    };
    let flushed = tpm.flush(key.handle).map_err(SealError::Tpm);
    opened.and_then(|plaintext| flushed.map(|()| plaintext))
}

/// What it means that a TPM does not decrypt. Before that command there are those of the session,
/// whose refusals say nothing of the block.
fn refused(error: Error) -> SealError {
    match (&error, error.code()) {
        (Error::Refused { command: DECRYPT, .. }, Some(ResponseCode::POLICY_FAIL)) => {
            SealError::RegistersChanged
        }
        // What a TPM says of a block whose padding does not come out; libtpms says FAILURE.
        (
            Error::Refused { command: DECRYPT, .. },
            Some(ResponseCode::VALUE | ResponseCode::SIZE | ResponseCode::FAILURE),
        ) => SealError::Altered,
        _ => SealError::Tpm(error),
    }
}

/// The digest of the policy that these registers have the values that they have now.
fn policy(tpm: &mut dyn Tpm, registers: Selection) -> Result<[u8; 32], SealError> {
    if registers.bank != SHA256 {
        let what = format!("keys for sealing are guarded by sha256, not by {}", Registers(registers));
        return Err(SealError::Tpm(Error::Unfit { command: "TPM2_PolicyPCR", what }));
    }
    if registers.bitmap == 0 {
        let what = "a key that no register guards is guarded by nothing".to_owned();
        return Err(SealError::Tpm(Error::Unfit { command: "TPM2_PolicyPCR", what }));
    }
    let values = read_registers(tpm, registers).map_err(SealError::Tpm)?;
    let digest = Sha256::digest(values.values.concat());
    Ok(Sha256::digest(policy_pcr(registers, &digest.into())).into())
}

/// TPMT_PUBLIC of a key that does not exist yet: its modulus is empty.
fn template(policy: &[u8; 32]) -> Vec<u8> {
    let mut template = head(policy);
    template.extend(0_u16.to_be_bytes());
    template
}

/// Everything of TPMT_PUBLIC before the modulus.
fn head(policy: &[u8; 32]) -> Vec<u8> {
    let fields: [&[u8]; 9] = [
        &RSA.to_be_bytes(),
        &SHA256.to_be_bytes(),
        &ATTRIBUTES.to_be_bytes(),
        &32_u16.to_be_bytes(),
        policy,
        &NULL.to_be_bytes(),
        &NULL.to_be_bytes(),
        &KEY_BITS.to_be_bytes(),
        // Zero means the usual exponent, 65537.
        &0_u32.to_be_bytes(),
    ];
    fields.concat()
}

/// The policy and the modulus in the public area of a key that [`SealingKey::make`] made, and of no
/// other.
pub(super) fn parts(public: &[u8]) -> Result<(&[u8; 32], &[u8; 256]), SealError> {
    let read = RsaPublic::parse(public).or(Err(SealError::Key("its public area is that of no RSA key")))?;
    match (read.auth_policy.try_into(), read.modulus.try_into()) {
        (Ok(policy), Ok(modulus)) if public.starts_with(&head(policy)) => Ok((policy, modulus)),
        _ => Err(SealError::Key("its public area is another's")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: [u8; 32] = [0xa5; 32];

    /// A public area as a TPM answers it.
    fn public() -> Vec<u8> {
        [&head(&POLICY)[..], &256_u16.to_be_bytes(), &[0xc1; 256]].concat()
    }

    #[test]
    fn the_public_area_of_a_key_is_known() {
        assert_eq!(parts(&public()).ok(), Some((&POLICY, &[0xc1; 256])));
        // What makes one is not one yet: it has no modulus.
        assert!(matches!(parts(&template(&POLICY)), Err(SealError::Key(_))));
    }

    #[test]
    fn what_a_key_is_cannot_be_changed() {
        let public = public();
        for bit in 0..head(&POLICY).len() * 8 {
            let mut changed = public.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let found = parts(&changed);
            // Another policy is another key; everything else is not a valid key.
            let is_policy = (10..42).contains(&(bit / 8));
            assert_eq!(found.is_ok_and(|(policy, _)| *policy != POLICY), is_policy, "{bit}");
        }
        for end in 0..public.len() {
            assert!(matches!(parts(&public[..end]), Err(SealError::Key(_))), "{end}");
        }
        assert!(parts(&[&public[..], &[0]].concat()).is_err());
    }

    #[test]
    fn only_the_decryption_itself_says_something_of_the_block() {
        let said = |command, code| refused(Error::Refused { command, code: ResponseCode(code) });
        for code in [0x101, 0x084, 0x2c4, 0x095] {
            assert!(matches!(said(DECRYPT, code), SealError::Altered), "{code:#x}");
            assert!(matches!(said("TPM2_StartAuthSession", code), SealError::Tpm(_)), "{code:#x}");
        }
        assert!(matches!(said(DECRYPT, 0x99d), SealError::RegistersChanged));
        assert!(matches!(said("TPM2_PolicyPCR", 0x99d), SealError::Tpm(_)));
        // Something was extended at that very moment: trying again tells.
        assert!(matches!(said(DECRYPT, ResponseCode::PCR_CHANGED), SealError::Tpm(_)));
        assert!(matches!(refused(Error::Silent { command: DECRYPT }), SealError::Tpm(_)));
    }
}
