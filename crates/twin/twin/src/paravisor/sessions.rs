//! Tracking of the clients' sessions and the hierarchies' passwords, with which the paravisor checks and makes
//! HMACs in place of swtpm.
//!
//! Source: TCG TPM 2.0 Library, Part 1, sections 19.5 and 19.6.

use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac};

use super::codes::{
    CLEAR, ENDORSEMENT, FLUSH_CONTEXT, HIERARCHY_CHANGE_AUTH, LOCKOUT, NULL, OWNER, PLATFORM,
    START_AUTH_SESSION,
};
use super::encryption::{Direction, ParameterCipher, kdfa};
use super::frame::{Authorization, Command, Cursor, Response};

/// TPM_SE_HMAC.
const HMAC: u8 = 0;
/// Most sessions of a TPM; further ones are not tracked.
const MAX_SESSIONS: usize = 256;

/// Active sessions by handle, and passwords by hierarchy.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    alive: BTreeMap<u32, Session>,
    passwords: BTreeMap<u32, AuthValue>,
}

/// The authValue of a hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AuthValue {
    /// Set in the clear, or under a session whose key is available.
    Plain(Vec<u8>),
    /// Set under a salted session, or the platform's random one.
    Unavailable,
}

const EMPTY: &AuthValue = &AuthValue::Plain(Vec::new());

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    hash: Hash,
    key: SessionKey,
    pub(super) cipher: ParameterCipher,
    /// nonceTPM.
    pub(super) nonce: Vec<u8>,
    /// Whether swtpm's audit digest of the session differs from the client's, because a response was changed
    /// here.
    pub(super) audit_digest_differs: bool,
    /// Whether an HMAC of the client has verified under the key.
    is_key_proven: bool,
}

/// sessionKey.
#[derive(Debug)]
enum SessionKey {
    /// Empty, or derived from the password of the bind entity; with that entity.
    Derived { key: Vec<u8>, bound: Option<(u32, Vec<u8>)> },
    /// Derived from a secret that only the TPM has; with the reason.
    Unavailable(&'static str),
}

/// The hash algorithm of a session.
#[derive(Clone, Copy, Debug)]
struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
}

impl Sessions {
    pub(super) fn get(&self, handle: u32) -> Option<&Session> {
        self.alive.get(&handle)
    }

    /// The authValue of an entity: for a hierarchy the one that was set, otherwise empty. Where that is wrong,
    /// HMACs do not verify and are forwarded unchanged to the TPM, which refuses them.
    pub(super) fn password(&self, handle: u32) -> &AuthValue {
        match handle {
            PLATFORM => &AuthValue::Unavailable,
            _ => self.passwords.get(&handle).unwrap_or(EMPTY),
        }
    }

    /// Updates sessions and passwords after a command that succeeded.
    pub(super) fn watch(&mut self, command: &Command<'_>, answer: &Response<'_>) {
        if command.code == HIERARCHY_CHANGE_AUTH {
            self.change_password(command);
        }
        for (command_auth, response_auth) in command.sessions.iter().zip(&answer.sessions) {
            if command_auth.attributes & Authorization::CONTINUE == 0 {
                self.alive.remove(&command_auth.handle);
            } else if let Some(session) = self.alive.get_mut(&command_auth.handle) {
                session.nonce = response_auth.nonce.to_vec();
                // The audit digest starts again with this command.
                session.audit_digest_differs &= command_auth.attributes & Authorization::AUDIT_RESET == 0;
            }
        }
        match command.code {
            START_AUTH_SESSION => {
                if let (Some(handle), Some(session)) = (answer.handle, self.started(command, answer)) {
                    self.insert(handle, session);
                }
            }
            FLUSH_CONTEXT => {
                if let Some(handle) = Cursor(command.parameters).u32() {
                    self.alive.remove(&handle);
                }
            }
            CLEAR => self.passwords.retain(|handle, _| ![OWNER, ENDORSEMENT, LOCKOUT].contains(handle)),
            _ => {}
        }
    }

    /// Marks the audit sessions of a command whose cpHash or rpHash differs between swtpm and client.
    pub(super) fn mark_audit_digests(&mut self, command: &Command<'_>) {
        for command_auth in
            command.sessions.iter().filter(|command_auth| command_auth.attributes & Authorization::AUDIT != 0)
        {
            if let Some(session) = self.alive.get_mut(&command_auth.handle) {
                session.audit_digest_differs = true;
            }
        }
    }

    /// Records that the client's HMAC under this session verified.
    pub(super) fn prove_key(&mut self, handle: u32) {
        if let Some(session) = self.alive.get_mut(&handle) {
            session.is_key_proven = true;
        }
    }

    fn change_password(&mut self, command: &Command<'_>) {
        let [hierarchy] = command.handles.as_slice() else { return };
        let password = Cursor(command.parameters)
            .sized()
            .and_then(|new| self.decrypted(command, *hierarchy, new))
            .map_or(AuthValue::Unavailable, |new| AuthValue::Plain(without_zeros(&new)));
        self.passwords.insert(*hierarchy, password);
    }

    /// The first parameter of a command that this hierarchy authorizes, decrypted; `None` where the
    /// key is not available.
    fn decrypted(&self, command: &Command<'_>, hierarchy: u32, parameter: &[u8]) -> Option<Vec<u8>> {
        let mut sessions = command.sessions.iter().zip(0..);
        let Some((command_auth, at)) = sessions.find(|(command_auth, _)| command_auth.decrypts()) else {
            return Some(parameter.to_vec());
        };
        let password = match self.password(hierarchy) {
            _ if at != 0 => &[],
            AuthValue::Plain(password) => password.as_slice(),
            AuthValue::Unavailable => return None,
        };
        let session = self.get(command_auth.handle).filter(|session| !session.is_key_assumed())?;
        let key = session.encryption_key(password)?;
        session.cipher.apply(Direction::Decrypt, &key, [command_auth.nonce, &session.nonce], parameter)
    }

    fn insert(&mut self, handle: u32, session: Session) {
        if self.alive.len() < MAX_SESSIONS || self.alive.contains_key(&handle) {
            self.alive.insert(handle, session);
        }
    }

    fn started(&self, command: &Command<'_>, answer: &Response<'_>) -> Option<Session> {
        let [salted, bound] = command.handles.as_slice() else { return None };
        let mut cursor = Cursor(command.parameters);
        let nonce_caller = cursor.sized()?;
        let _encrypted_salt = cursor.sized()?;
        let kind = cursor.u8()?;
        let cipher = ParameterCipher::parse(&mut cursor)?;
        let hash = Hash::of(cursor.u16()?)?;
        let nonce = Cursor(answer.parameters).sized()?.to_vec();
        let key = if kind != HMAC {
            SessionKey::Unavailable("a policy session")
        } else if *salted != NULL {
            SessionKey::Unavailable("a salted session")
        } else if *bound == NULL {
            SessionKey::Derived { key: Vec::new(), bound: None }
        } else {
            match self.password(*bound) {
                AuthValue::Plain(password) => SessionKey::Derived {
                    key: hash.derive(password, &nonce, nonce_caller),
                    bound: Some((*bound, password.clone())),
                },
                AuthValue::Unavailable => SessionKey::Unavailable(
                    "a session bound to a password that was set under a salted session",
                ),
            }
        };
        Some(Session { hash, key, cipher, nonce, audit_digest_differs: false, is_key_proven: false })
    }
}

/// A password without trailing zeros, which do not count.
fn without_zeros(password: &[u8]) -> Vec<u8> {
    let len = password.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    password.iter().take(len).copied().collect()
}

impl Session {
    /// The HMAC key if the session authorizes this handle with this password, or nothing; or why it is not
    /// available.
    pub(super) fn key(&self, authorized: Option<(u32, &Vec<u8>)>) -> Result<Key<'_>, &'static str> {
        match &self.key {
            SessionKey::Unavailable(why) => Err(why),
            SessionKey::Derived { key, bound } => {
                // The session key already contains the password of the bind entity.
                let bound = bound.as_ref().map(|(handle, password)| (*handle, password));
                let password =
                    authorized.filter(|_| authorized != bound).map(|(_, password)| password.as_slice());
                let key = [key, password.unwrap_or_default()].concat();
                Ok(Key { session: self, key: hmac::Key::new(self.hash.hmac, &key) })
            }
        }
    }
}

impl Session {
    /// Whether its key assumes an empty password of the bind entity, which is a key or an index and may have
    /// another.
    fn is_key_assumed(&self) -> bool {
        let SessionKey::Derived { bound: Some((handle, _)), .. } = &self.key else { return false };
        !self.is_key_proven && !matches!(handle.to_be_bytes(), [0x40, ..])
    }

    /// The key of parameter encryption if the session authorizes an entity with this password.
    pub(super) fn encryption_key(&self, password: &[u8]) -> Option<hmac::Key> {
        let SessionKey::Derived { key, .. } = &self.key else { return None };
        Some(hmac::Key::new(self.hash.hmac, &[key, password].concat()))
    }
}

/// A session whose HMACs can be checked and made.
pub(super) struct Key<'a> {
    session: &'a Session,
    key: hmac::Key,
}

impl Key<'_> {
    /// Whether the session may have another key.
    pub(super) fn is_assumed(&self) -> bool {
        self.session.is_key_assumed()
    }

    /// cpHash, the hash under a command's HMAC. `names` are those of its handles.
    pub(super) fn command_hash(&self, code: u32, names: &[Vec<u8>], parameters: &[u8]) -> Vec<u8> {
        self.digest(&[&code.to_be_bytes(), &names.concat(), parameters])
    }

    /// rpHash, the hash under the HMAC of a successful response.
    pub(super) fn response_hash(&self, code: u32, parameters: &[u8]) -> Vec<u8> {
        self.digest(&[&[0; 4], &code.to_be_bytes(), parameters])
    }

    /// Verifies the client's HMAC. `others` are the nonces of the command's other sessions that encrypt
    /// or decrypt, if this is its first.
    pub(super) fn holds(&self, hash: &[u8], command_auth: &Authorization<'_>, others: &[u8]) -> bool {
        let message =
            [hash, command_auth.nonce, &self.session.nonce, others, &[command_auth.attributes]].concat();
        hmac::verify(&self.key, &message, command_auth.hmac).is_ok()
    }

    /// HMAC of the substituted command, with the client's nonce.
    pub(super) fn command_hmac(
        &self,
        hash: &[u8],
        command_auth: &Authorization<'_>,
        others: &[u8],
    ) -> Vec<u8> {
        self.sign(&[hash, command_auth.nonce, &self.session.nonce, others, &[command_auth.attributes]])
    }

    /// HMAC of the substituted response, with the TPM's new nonce.
    pub(super) fn response_hmac(
        &self,
        hash: &[u8],
        command_auth: &Authorization<'_>,
        response_auth: &Authorization<'_>,
    ) -> Vec<u8> {
        self.sign(&[hash, response_auth.nonce, command_auth.nonce, &[response_auth.attributes]])
    }

    fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        hmac::sign(&self.key, &parts.concat()).as_ref().to_vec()
    }

    fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        digest::digest(self.session.hash.digest, &parts.concat()).as_ref().to_vec()
    }
}

impl Hash {
    fn of(algorithm: u16) -> Option<Self> {
        let (digest, hmac) = match algorithm {
            0x0004 => (&digest::SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            0x000b => (&digest::SHA256, hmac::HMAC_SHA256),
            0x000c => (&digest::SHA384, hmac::HMAC_SHA384),
            0x000d => (&digest::SHA512, hmac::HMAC_SHA512),
            _ => return None,
        };
        Some(Self { digest, hmac })
    }

    /// KDFa with the output length of the hash.
    fn derive(self, key: &[u8], nonce_tpm: &[u8], nonce_caller: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(self.hmac, key);
        kdfa(&key, b"ATH\0", [nonce_tpm, nonce_caller], self.digest.output_len())
    }
}
