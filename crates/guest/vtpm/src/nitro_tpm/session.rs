//! HMAC sessions of SHA-512 that are salted to a key, with encryption of the first parameter by AES-128 in CFB mode.
//!
//! Source: TCG TPM 2.0 Library, Part 1, sections 11.4.10.2 (KDFa), 18.7 (cpHash), 18.8 (rpHash), 19.6 (HMACs and salted
//! session keys) and 21 (parameter encryption).

use aws_lc_rs::cipher::{
    AES_128, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{digest, hmac, rand};
use zeroize::{Zeroize as _, Zeroizing};

use super::NitroTpmError;
use super::command::{self, Authorized, sized};
use super::endorsement_key::EndorsementKey;
use crate::{Error, Tpm, handles};

/// TPM2_StartAuthSession.
const START_AUTH_SESSION: u32 = 0x0000_0176;
const START: &str = "TPM2_StartAuthSession";
/// TPM_SE_HMAC.
const HMAC_SESSION: u8 = 0;
/// TPM_ALG_SHA512.
const SHA512: [u8; 2] = [0x00, 0x0d];
/// The size of a SHA-512 digest, of a session key and of a nonce, in bytes.
const DIGEST_BYTES: usize = 64;
/// TPMT_SYM_DEF: AES of 128 bits in CFB mode.
const AES_128_CFB: [u8; 6] = [0x00, 0x06, 0x00, 0x80, 0x00, 0x43];
/// TPMT_SYM_DEF: TPM_ALG_NULL.
const NO_CIPHER: [u8; 2] = [0x00, 0x10];
/// Size of an AES-128 key and of an AES block, in bytes.
const AES_BYTES: usize = 16;
/// The kind of handles of HMAC sessions: TPM_HT_HMAC_SESSION.
const HMAC_HANDLES: u32 = 0x02;

/// TPMA_SESSION: the session stays after the command. It is flushed on purpose, so that it is flushed after an error too.
const CONTINUE: u8 = 1;
/// TPMA_SESSION: the first parameter of the command is encrypted.
const DECRYPT: u8 = 1 << 5;
/// TPMA_SESSION: the first parameter of the response is encrypted.
const ENCRYPT: u8 = 1 << 6;

/// Which first parameter is encrypted, a TPM2B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterEncryption {
    /// That of the command.
    Command,
    /// That of the response.
    Response,
    /// Neither.
    None,
}

/// A session of the TPM. It is flushed by its handle.
pub(super) struct Session {
    handle: u32,
    key: Zeroizing<Vec<u8>>,
    nonce_tpm: Vec<u8>,
}

impl Session {
    /// Starts a session salted to this key; with a cipher for parameters or without.
    pub(super) fn start(
        tpm: &mut dyn Tpm,
        key: &EndorsementKey,
        encrypts: bool,
    ) -> Result<Self, NitroTpmError> {
        let nonce_caller = random::<DIGEST_BYTES>()?;
        let (salt, encrypted_salt) = key.salt()?;
        let cipher: &[u8] = if encrypts { &AES_128_CFB } else { &NO_CIPHER };
        let command = command::plain(
            START_AUTH_SESSION,
            &[key.handle(), handles::NULL],
            &[&sized(&*nonce_caller), &sized(&encrypted_salt), &[HMAC_SESSION], cipher, &SHA512],
        );
        let response = command::send(tpm, START, &command)?;
        let (handle, nonce_tpm) = command::handle_and_sized(START, &response)?;
        let malformed = |what| NitroTpmError::Tpm(Error::Malformed { command: START, what });
        if handle >> 24 != HMAC_HANDLES {
            return Err(malformed(format!("{handle:#010x} is not the handle of an HMAC session")));
        }
        if nonce_tpm.len() != DIGEST_BYTES {
            // That it cannot be used is what matters.
            let _ = tpm.flush(handle);
            return Err(malformed(format!(
                "nonceTPM: expected {DIGEST_BYTES} bytes, got {}",
                nonce_tpm.len()
            )));
        }
        let key = kdfa(
            &hmac::Key::new(hmac::HMAC_SHA512, &*salt),
            b"ATH\0",
            [&nonce_tpm, &*nonce_caller],
            DIGEST_BYTES,
        );
        Ok(Self { handle, key, nonce_tpm })
    }

    /// The handle, for TPM2_FlushContext.
    pub(super) const fn handle(&self) -> u32 {
        self.handle
    }

    /// Runs a command under the session: the parameters of the response, decrypted. Its HMAC is verified before anything
    /// of it is used.
    pub(super) fn run(
        &mut self,
        tpm: &mut dyn Tpm,
        command: &Authorized<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, NitroTpmError> {
        let nonce_caller = random::<DIGEST_BYTES>()?;
        // sessionValue: the session's key, and the password of what the session authorizes.
        let value = Zeroizing::new([self.key.as_slice(), command.auth].concat());
        let key = hmac::Key::new(hmac::HMAC_SHA512, &value);
        let mut parameters = Zeroizing::new(command.parameters.to_vec());
        let mut attributes = CONTINUE;
        match command.encryption {
            ParameterEncryption::Command => {
                attributes |= DECRYPT;
                let content = first_content(&mut parameters)
                    .ok_or(NitroTpmError::Crypto("a first parameter that is no TPM2B"))?;
                encrypt(&key, [&*nonce_caller, &self.nonce_tpm], content)?;
            }
            ParameterEncryption::Response => attributes |= ENCRYPT,
            ParameterEncryption::None => {}
        }
        let code = command.code.to_be_bytes();
        let names: Vec<&[u8]> = command.handles.iter().map(|(_, name)| *name).collect();
        let hash = sha512(&[&code, &names.concat(), &parameters]);
        let mac = sign(&key, &[hash.as_ref(), &*nonce_caller, &self.nonce_tpm, &[attributes]]);
        let authorization =
            [&self.handle.to_be_bytes()[..], &sized(&*nonce_caller), &[attributes], &sized(mac.as_ref())]
                .concat();
        let handles: Vec<u8> = command.handles.iter().flat_map(|(handle, _)| handle.to_be_bytes()).collect();
        let bytes = command::authorized(command.code, &handles, &authorization, &parameters);
        let response = command::send(tpm, command.name, &bytes)?;

        let mut response = command::acknowledged(command.name, &response)?;
        let hash = sha512(&[&[0; 4], &code, &response.parameters]);
        let signed = [hash.as_ref(), &response.nonce, &*nonce_caller, &[response.attributes]].concat();
        hmac::verify(&key, &signed, &response.hmac)
            .or(Err(NitroTpmError::ResponseHmac { command: command.name }))?;
        if command.encryption == ParameterEncryption::Response {
            let content =
                first_content(&mut response.parameters).ok_or(NitroTpmError::Tpm(Error::Malformed {
                    command: command.name,
                    what: "a first parameter that is no TPM2B".to_owned(),
                }))?;
            decrypt(&key, [&response.nonce, &*nonce_caller], content)?;
        }
        self.nonce_tpm = response.nonce;
        Ok(response.parameters)
    }
}

/// The content of a TPM2B at the start of parameters.
fn first_content(parameters: &mut [u8]) -> Option<&mut [u8]> {
    let (size, rest) = parameters.split_first_chunk_mut()?;
    rest.get_mut(..usize::from(u16::from_be_bytes(*size)))
}

/// Random bytes of the library.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, NitroTpmError> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(&mut *bytes).or(Err(NitroTpmError::Crypto("no random bytes")))?;
    Ok(bytes)
}

/// SHA-512 over parts.
pub(super) fn sha512(parts: &[&[u8]]) -> digest::Digest {
    let mut context = digest::Context::new(&digest::SHA512);
    parts.iter().for_each(|part| context.update(part));
    context.finish()
}

fn sign(key: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    context.sign()
}

/// KDFa of SHA-512: `len` bytes. The label ends with a zero byte; the newer nonce is first.
fn kdfa(key: &hmac::Key, label: &[u8], [newer, older]: [&[u8]; 2], len: usize) -> Zeroizing<Vec<u8>> {
    let bits = u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX).to_be_bytes();
    let mut derived = Zeroizing::new(Vec::with_capacity(len.saturating_add(DIGEST_BYTES)));
    for round in 1_u32.. {
        if derived.len() >= len {
            break;
        }
        derived.extend_from_slice(sign(key, &[&round.to_be_bytes(), label, newer, older, &bits]).as_ref());
    }
    derived.truncate(len);
    derived
}

/// The cipher's key and initialization vector for one parameter; the newer nonce is first.
fn cipher(
    key: &hmac::Key,
    nonces: [&[u8]; 2],
) -> Result<(UnboundCipherKey, FixedLength<AES_BYTES>), NitroTpmError> {
    let derived = kdfa(key, b"CFB\0", nonces, 2 * AES_BYTES);
    let (key, iv) = derived.split_at_checked(AES_BYTES).unwrap_or_default();
    let mut iv: [u8; AES_BYTES] = iv.try_into().or(Err(FAILED))?;
    let cipher = (UnboundCipherKey::new(&AES_128, key).or(Err(FAILED))?, FixedLength::from(iv));
    iv.zeroize();
    Ok(cipher)
}

const FAILED: NitroTpmError = NitroTpmError::Crypto("AES-128 in CFB mode failed");

fn encrypt(key: &hmac::Key, nonces: [&[u8]; 2], content: &mut [u8]) -> Result<(), NitroTpmError> {
    let (key, iv) = cipher(key, nonces)?;
    let key = EncryptingKey::cfb128(key).or(Err(FAILED))?;
    key.less_safe_encrypt(content, EncryptionContext::Iv128(iv)).map(drop).or(Err(FAILED))
}

fn decrypt(key: &hmac::Key, nonces: [&[u8]; 2], content: &mut [u8]) -> Result<(), NitroTpmError> {
    let (key, iv) = cipher(key, nonces)?;
    let key = DecryptingKey::cfb128(key).or(Err(FAILED))?;
    key.decrypt(content, DecryptionContext::Iv128(iv)).map(drop).or(Err(FAILED))
}
