//! Sessions of the clients, watched from their start on, so that the paravisor can check and make
//! HMACs in the place of the TPM behind it.
//!
//! Source: TCG TPM 2.0 Library, Part 1, sections 19.5 and 19.6.

use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac};

use super::codes::{FLUSH_CONTEXT, NULL, START_AUTH_SESSION};
use super::frame::{Answer, Authorization, Command, Cursor};

/// TPM_SE_HMAC.
const HMAC: u8 = 0;
/// A TPM keeps 64 at most; what is more is not watched.
const MAX_SESSIONS: usize = 256;

/// The sessions that are alive, by their handle.
#[derive(Debug, Default)]
pub(super) struct Sessions(BTreeMap<u32, Session>);

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    hash: Hash,
    /// `None` if it is derived from a salt that only the TPM can decrypt, or the session is no HMAC
    /// session at all.
    key: Option<Vec<u8>>,
    /// The nonce that the TPM chose last.
    nonce: Vec<u8>,
}

/// The hash algorithm of a session.
#[derive(Clone, Copy, Debug)]
struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
}

impl Sessions {
    pub(super) fn get(&self, handle: u32) -> Option<&Session> {
        self.0.get(&handle)
    }

    /// Takes in what a command that succeeded did to the sessions.
    pub(super) fn watch(&mut self, command: &Command<'_>, answer: &Answer<'_>) {
        for (asked, told) in command.sessions.iter().zip(&answer.sessions) {
            if asked.attributes & Authorization::CONTINUE == 0 {
                self.0.remove(&asked.handle);
            } else if let Some(session) = self.0.get_mut(&asked.handle) {
                session.nonce = told.nonce.to_vec();
            }
        }
        match command.code {
            START_AUTH_SESSION => {
                if let (Some(handle), Some(session)) = (answer.handle, Session::started(command, answer)) {
                    self.insert(handle, session);
                }
            }
            FLUSH_CONTEXT => {
                if let Some(handle) = Cursor(command.parameters).u32() {
                    self.0.remove(&handle);
                }
            }
            _ => {}
        }
    }

    fn insert(&mut self, handle: u32, session: Session) {
        if self.0.len() < MAX_SESSIONS || self.0.contains_key(&handle) {
            self.0.insert(handle, session);
        }
    }
}

impl Session {
    fn started(command: &Command<'_>, answer: &Answer<'_>) -> Option<Self> {
        let [salted, bound] = command.handles.as_slice() else { return None };
        let mut cursor = Cursor(command.parameters);
        let nonce_caller = cursor.sized()?;
        let _encrypted_salt = cursor.sized()?;
        let kind = cursor.u8()?;
        skip_symmetric(&mut cursor)?;
        let hash = Hash::of(cursor.u16()?)?;
        let nonce = Cursor(answer.parameters).sized()?.to_vec();
        let key = match (kind == HMAC && *salted == NULL, *bound == NULL) {
            (false, _) => None,
            (true, true) => Some(Vec::new()),
            // Bound to something with an empty password, as everything here is; if it is not, the
            // HMACs will not agree.
            (true, false) => Some(hash.derive(&[], &nonce, nonce_caller)),
        };
        Some(Self { hash, key, nonce })
    }

    /// The key for things with an empty password, if it can be known.
    pub(super) fn key(&self) -> Option<Key<'_>> {
        let key = self.key.as_ref()?;
        Some(Key { session: self, key: hmac::Key::new(self.hash.hmac, key) })
    }
}

/// A session whose HMACs can be checked and made.
pub(super) struct Key<'a> {
    session: &'a Session,
    key: hmac::Key,
}

impl Key<'_> {
    /// cpHash: what a command's HMAC is about. `names` are those of its handles.
    pub(super) fn command_hash(&self, code: u32, names: &[&[u8]], parameters: &[u8]) -> Vec<u8> {
        self.digest(&[&code.to_be_bytes(), &names.concat(), parameters])
    }

    /// rpHash: what the HMAC of an answer is about, which is a success.
    pub(super) fn answer_hash(&self, code: u32, parameters: &[u8]) -> Vec<u8> {
        self.digest(&[&[0; 4], &code.to_be_bytes(), parameters])
    }

    /// Whether the client's HMAC is right.
    pub(super) fn holds(&self, hash: &[u8], asked: &Authorization<'_>) -> bool {
        let message = [hash, asked.nonce, &self.session.nonce, &[asked.attributes]].concat();
        hmac::verify(&self.key, &message, asked.hmac).is_ok()
    }

    /// The HMAC of another command with the client's nonce.
    pub(super) fn of_command(&self, hash: &[u8], asked: &Authorization<'_>) -> Vec<u8> {
        self.sign(&[hash, asked.nonce, &self.session.nonce, &[asked.attributes]])
    }

    /// The HMAC of another answer with the TPM's new nonce.
    pub(super) fn of_answer(
        &self,
        hash: &[u8],
        asked: &Authorization<'_>,
        told: &Authorization<'_>,
    ) -> Vec<u8> {
        self.sign(&[hash, told.nonce, asked.nonce, &[told.attributes]])
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

    /// KDFa of as many bits as the hash has, which takes one round.
    fn derive(self, key: &[u8], nonce_tpm: &[u8], nonce_caller: &[u8]) -> Vec<u8> {
        let bits = u32::try_from(self.digest.output_len().saturating_mul(8)).unwrap_or(u32::MAX);
        let (round, label) = (1_u32.to_be_bytes(), b"ATH\0");
        let message = [&round[..], label, nonce_tpm, nonce_caller, &bits.to_be_bytes()].concat();
        hmac::sign(&hmac::Key::new(self.hmac, key), &message).as_ref().to_vec()
    }
}

/// TPMT_SYM_DEF: nothing, a cipher with key length and mode, or XOR with a hash.
fn skip_symmetric(cursor: &mut Cursor<'_>) -> Option<()> {
    const NOTHING: u16 = 0x0010;
    const XOR: u16 = 0x000a;
    let fields = match cursor.u16()? {
        NOTHING => 0,
        XOR => 2,
        _ => 4,
    };
    cursor.take(fields).map(|_| ())
}
