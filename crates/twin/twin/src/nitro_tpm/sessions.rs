//! Sessions salted to the twin's endorsement key: HMACs are checked and made here, since swtpm does not have the key.
//!
//! Source: TCG TPM 2.0 Library, Part 1, sections 18.7, 18.8, 19.6 and 21.

use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac, rand};

use super::codes::{
    AUTH_FAIL, AUTH_MISSING, AUTH_UNAVAILABLE, COMMAND_SIZE, NO_SESSION, SESSION_ATTRIBUTES, SESSION_HANDLES,
    VALUE_1,
};
use super::endorsement_key::EndorsementKey;
use crate::paravisor::encryption::{Direction, ParameterCipher, kdfa};
use crate::paravisor::frame::{Authorization, Command, Cursor, Response, sized};

/// The handles of the twin's sessions, from here on: swtpm numbers its own from 0x02000000.
const FIRST: u32 = 0x0200_8000;
/// The most sessions at a time, as TPM_PT_ACTIVE_SESSIONS_MAX of swtpm.
const MOST: usize = 64;
/// TPM_SE_HMAC.
const HMAC: u8 = 0;

/// The sessions by handle.
#[derive(Default)]
pub(super) struct Sessions {
    alive: BTreeMap<u32, Session>,
    next: u32,
}

struct Session {
    hash: Hash,
    key: Vec<u8>,
    cipher: ParameterCipher,
    nonce: Vec<u8>,
}

/// The hash algorithm of a session.
#[derive(Clone, Copy)]
struct Hash(&'static digest::Algorithm, hmac::Algorithm);

/// An authorization that was checked, for the response.
pub(super) struct Granted {
    /// The parameters of the command, decrypted.
    pub(super) parameters: Vec<u8>,
    /// The session with the key for this entity; `None` under a password.
    session: Option<(u32, hmac::Key)>,
    caller_nonce: Vec<u8>,
    attributes: u8,
}

impl Sessions {
    /// Whether a handle is that of one of these sessions.
    pub(super) fn has(&self, handle: u32) -> bool {
        self.alive.contains_key(&handle)
    }

    /// The handles.
    pub(super) fn handles(&self) -> impl Iterator<Item = u32> {
        self.alive.keys().copied()
    }

    /// Ends a session.
    pub(super) fn flush(&mut self, handle: u32) {
        self.alive.remove(&handle);
    }

    /// TPM2_StartAuthSession with the endorsement key.
    pub(super) fn start(&mut self, command: &Command<'_>, key: &EndorsementKey) -> Result<Vec<u8>, u32> {
        let mut cursor = Cursor(command.parameters);
        let mut parse = || {
            let (nonce, salt) = (cursor.sized()?, cursor.sized()?);
            let (kind, cipher) = (cursor.u8()?, ParameterCipher::parse(&mut cursor)?);
            Some((nonce, salt, kind, cipher, cursor.u16()?))
        };
        let (nonce_caller, salt, kind, cipher, hash) = parse().ok_or(COMMAND_SIZE)?;
        let hash = Hash::of(hash).filter(|_| kind == HMAC).ok_or(AUTH_UNAVAILABLE)?;
        let salt = key.salt(salt).ok_or(VALUE_1)?;
        if self.alive.len() >= MOST {
            return Err(SESSION_HANDLES);
        }
        let size = hash.0.output_len();
        let nonce = random(size);
        let key = kdfa(&hmac::Key::new(hash.1, &salt), b"ATH\0", [&nonce, nonce_caller], size);
        let handle = FIRST | (self.next & 0x0fff);
        self.next = self.next.wrapping_add(1);
        let parameters = sized(&nonce);
        self.alive.insert(handle, Session { hash, key, cipher, nonce });
        Ok(Response { handle: Some(handle), parameters: &parameters, sessions: Vec::new() }.write())
    }

    /// Checks the one authorization of a command against the password of the entity that it authorizes; `names` are those
    /// of the command's handles.
    pub(super) fn authorize(
        &self,
        command: &Command<'_>,
        names: &[Vec<u8>],
        password: &[u8],
    ) -> Result<Granted, u32> {
        let [auth] = command.sessions.as_slice() else { return Err(AUTH_MISSING) };
        if auth.handle == Authorization::PASSWORD {
            let granted = Granted {
                parameters: command.parameters.to_vec(),
                session: None,
                caller_nonce: Vec::new(),
                attributes: Authorization::CONTINUE,
            };
            return if auth.hmac == password { Ok(granted) } else { Err(AUTH_FAIL) };
        }
        let session = self.alive.get(&auth.handle).ok_or(NO_SESSION)?;
        let key = hmac::Key::new(session.hash.1, &[&session.key, password].concat());
        let hash = session.hash.digest(&[&command.code.to_be_bytes(), &names.concat(), command.parameters]);
        let signed = [&hash, auth.nonce, &session.nonce, &[auth.attributes]].concat();
        hmac::verify(&key, &signed, auth.hmac).or(Err(AUTH_FAIL))?;
        let mut parameters = command.parameters.to_vec();
        if auth.decrypts() {
            let mut cursor = Cursor(command.parameters);
            let first = cursor.sized().ok_or(SESSION_ATTRIBUTES)?;
            let nonces = [auth.nonce, session.nonce.as_slice()];
            let first = session.cipher.apply(Direction::Decrypt, &key, nonces, first);
            parameters = [sized(&first.ok_or(SESSION_ATTRIBUTES)?), cursor.0.to_vec()].concat();
        }
        Ok(Granted {
            parameters,
            session: Some((auth.handle, key)),
            caller_nonce: auth.nonce.to_vec(),
            attributes: auth.attributes,
        })
    }

    /// The response to a command that was authorized. With `wrong_hmac`, its HMAC is not right.
    pub(super) fn respond(
        &mut self,
        code: u32,
        granted: &Granted,
        parameters: &[u8],
        wrong_hmac: bool,
    ) -> Vec<u8> {
        let write = |parameters: &[u8], nonce: &[u8], hmac: &[u8]| {
            let attributes = granted.attributes;
            let sessions = vec![Authorization { handle: 0, nonce, attributes, hmac }];
            Response { handle: None, parameters, sessions }.write()
        };
        let found = granted.session.as_ref();
        let found = found.and_then(|(handle, key)| Some((*handle, key, self.alive.get_mut(handle)?)));
        let Some((handle, key, session)) = found else { return write(parameters, &[], &[]) };
        let nonce = random(session.hash.0.output_len());
        let nonces = [nonce.as_slice(), granted.caller_nonce.as_slice()];
        let encrypts = granted.attributes & Authorization::ENCRYPT != 0;
        let encrypted = encrypts.then(|| session.cipher.encrypt_first(key, nonces, parameters)).flatten();
        let parameters = encrypted.as_deref().unwrap_or(parameters);
        let hash = session.hash.digest(&[&[0; 4], &code.to_be_bytes(), parameters]);
        let signed = [&hash, nonce.as_slice(), &granted.caller_nonce, &[granted.attributes]].concat();
        let mut mac = hmac::sign(key, &signed).as_ref().to_vec();
        if let Some(first) = mac.first_mut().filter(|_| wrong_hmac) {
            *first ^= 1;
        }
        let response = write(parameters, &nonce, &mac);
        session.nonce = nonce;
        if granted.attributes & Authorization::CONTINUE == 0 {
            self.flush(handle);
        }
        response
    }
}

impl Hash {
    fn of(algorithm: u16) -> Option<Self> {
        match algorithm {
            0x000b => Some(Self(&digest::SHA256, hmac::HMAC_SHA256)),
            0x000c => Some(Self(&digest::SHA384, hmac::HMAC_SHA384)),
            0x000d => Some(Self(&digest::SHA512, hmac::HMAC_SHA512)),
            _ => None,
        }
    }

    fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        digest::digest(self.0, &parts.concat()).as_ref().to_vec()
    }
}

/// Random bytes; zeros if the operating system has none, which a twin survives.
fn random(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let _ = rand::fill(&mut bytes);
    bytes
}
