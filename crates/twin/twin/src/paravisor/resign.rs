//! HMACs of commands and responses that the twin changes on their way: the client's are verified,
//! others are made for swtpm, and again others for the client.

use super::frame::{Answer, Authorization, Command};
use super::sessions::{AuthValue, Key, Sessions};
use crate::say;

/// A client's command, and the one that goes to swtpm in its place.
pub(super) struct Exchange<'a> {
    pub(super) command: &'a Command<'a>,
    /// The names of its handles, as the client knows them.
    pub(super) names: Vec<Vec<u8>>,
    /// The names of the same handles in swtpm.
    pub(super) tpm_names: Vec<Vec<u8>>,
    /// The parameters for swtpm.
    pub(super) tpm_parameters: &'a [u8],
    /// The handles that the first sessions authorize.
    pub(super) authorizes: &'a [u32],
}

/// How a session is carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handling {
    /// Unchanged: a password, an empty HMAC, or an HMAC that is wrong, which swtpm refuses.
    Unchanged,
    /// With HMACs made here, since the client's is right.
    Resigned,
}

impl Exchange<'_> {
    /// How each session is carried over, or why one cannot be.
    pub(super) fn handling(&self, sessions: &Sessions) -> Result<Vec<Handling>, &'static str> {
        let sessions_of = self.command.sessions.iter().zip(0..);
        sessions_of.map(|(asked, at)| self.handling_of(asked, at, sessions)).collect()
    }

    /// How each session of a response is carried over. swtpm's HMAC is verified first, which shows
    /// that the key is the right one.
    pub(super) fn response_handling(
        &self,
        sessions: &Sessions,
        told: &Answer<'_>,
    ) -> Result<Vec<Handling>, &'static str> {
        let manner = |((asked, told_session), at): ((&Authorization<'_>, &Authorization<'_>), usize)| {
            if told_session.hmac.is_empty() {
                return Ok(Handling::Unchanged);
            }
            let key = self.key(asked, at, sessions)?;
            let hash = key.answer_hash(self.command.code, told.parameters);
            let agrees = key.of_answer(&hash, asked, told_session) == told_session.hmac;
            if agrees { Ok(Handling::Resigned) } else { Err("a session for something with a password") }
        };
        self.command.sessions.iter().zip(&told.sessions).zip(0..).map(manner).collect()
    }

    fn handling_of(
        &self,
        asked: &Authorization<'_>,
        at: usize,
        sessions: &Sessions,
    ) -> Result<Handling, &'static str> {
        if asked.handle == Authorization::PASSWORD {
            return Ok(Handling::Unchanged);
        }
        if asked.is_policy() {
            return Err("a policy session");
        }
        // swtpm refuses sessions that do not exist. It takes an empty HMAC, or not, whatever the
        // parameters are.
        if sessions.get(asked.handle).is_none() || asked.hmac.is_empty() {
            return Ok(Handling::Unchanged);
        }
        let key = self.key(asked, at, sessions)?;
        let hash = self.command_hash(&key, &self.names, self.command.parameters);
        if key.holds(&hash, asked, &self.other_nonces(at, sessions)) {
            return Ok(Handling::Resigned);
        }
        // If that has a password, the HMAC may be right. swtpm would take it for a guess, since the
        // names and the parameters that it sees are not those of the HMAC.
        if key.is_assumed() {
            return Err("a wrong HMAC, or a session bound to something with a password,");
        }
        say("an HMAC does not verify: a wrong password");
        Ok(Handling::Unchanged)
    }

    /// The sessions that are signed here.
    pub(super) fn resigned(&self, handling: &[Handling]) -> impl Iterator<Item = u32> {
        let carried = self.command.sessions.iter().zip(handling);
        carried.filter(|(_, manner)| **manner == Handling::Resigned).map(|(asked, _)| asked.handle)
    }

    /// The command for swtpm.
    pub(super) fn to_tpm(&self, handling: &[Handling], sessions: &Sessions) -> Vec<u8> {
        let hmacs = self.each(handling, sessions, |key, asked, at| {
            let hash = self.command_hash(key, &self.tpm_names, self.tpm_parameters);
            key.of_command(&hash, asked, &self.other_nonces(at, sessions))
        });
        let asked = self.command.sessions.iter().zip(&hmacs);
        let sessions = asked
            .map(|(asked, hmac)| Authorization { hmac: hmac.as_deref().unwrap_or(asked.hmac), ..*asked })
            .collect();
        Command { sessions, parameters: self.tpm_parameters, ..self.command.clone() }.write()
    }

    /// The response for the client, with these parameters in place of swtpm's.
    pub(super) fn to_client(
        &self,
        handling: &[Handling],
        sessions: &Sessions,
        told: &Answer<'_>,
        parameters: &[u8],
    ) -> Vec<u8> {
        let encrypted = self.encrypted(sessions, told, parameters);
        let parameters = encrypted.as_deref().unwrap_or(parameters);
        let hmacs = self.each(handling, sessions, |key, asked, _| {
            let told = told.sessions.iter().find(|told| told.handle == asked.handle);
            let hash = key.answer_hash(self.command.code, parameters);
            told.map_or_else(Vec::new, |told| key.of_answer(&hash, asked, told))
        });
        let told_sessions = told.sessions.iter().zip(&hmacs);
        let sessions = told_sessions
            .map(|(told, hmac)| Authorization { hmac: hmac.as_deref().unwrap_or(told.hmac), ..*told })
            .collect();
        Answer { handle: told.handle, parameters, sessions }.write()
    }

    /// Makes an HMAC for each session that is signed here.
    fn each(
        &self,
        handling: &[Handling],
        sessions: &Sessions,
        make: impl Fn(&Key<'_>, &Authorization<'_>, usize) -> Vec<u8>,
    ) -> Vec<Option<Vec<u8>>> {
        let asked = self.command.sessions.iter().zip(handling).zip(0..);
        asked
            .map(|((asked, manner), at)| match manner {
                Handling::Unchanged => None,
                Handling::Resigned => self.key(asked, at, sessions).ok().map(|key| make(&key, asked, at)),
            })
            .collect()
    }

    /// The key of this session, the number `at` of the command's.
    fn key<'s>(
        &self,
        asked: &Authorization<'_>,
        at: usize,
        sessions: &'s Sessions,
    ) -> Result<Key<'s>, &'static str> {
        let session = sessions.get(asked.handle).ok_or("a session that does not exist")?;
        match self.authorizes.get(at).map(|handle| (*handle, sessions.password(*handle))) {
            None => session.key(None),
            Some((handle, AuthValue::Plain(password))) => session.key(Some((handle, password))),
            Some((_, AuthValue::Unavailable)) => {
                Err("an HMAC with a password that was set under a salted session")
            }
        }
    }

    /// Nonces of sessions after the first that encrypt the command's parameter or the answer's: the
    /// first session's HMAC covers them.
    fn other_nonces(&self, at: usize, sessions: &Sessions) -> Vec<u8> {
        let handle = |attribute| {
            let mut others = self.command.sessions.iter().skip(1);
            let other = others.find(|other| other.attributes & attribute != 0);
            other.filter(|_| at == 0).map(|other| other.handle)
        };
        let [decrypts, encrypts] = [Authorization::DECRYPT, Authorization::ENCRYPT].map(handle);
        let once = [decrypts, encrypts.filter(|_| encrypts != decrypts)];
        let found = once.into_iter().flatten().filter_map(|handle| sessions.get(handle));
        found.flat_map(|session| session.nonce.clone()).collect()
    }

    /// The parameters of the answer with the first one encrypted, if a session asks for that.
    fn encrypted(&self, sessions: &Sessions, told: &Answer<'_>, parameters: &[u8]) -> Option<Vec<u8>> {
        let mut asked = self.command.sessions.iter().zip(&told.sessions).zip(0..);
        let ((asked, told), at) =
            asked.find(|((asked, _), _)| asked.attributes & Authorization::ENCRYPT != 0)?;
        let password = match self.authorizes.get(at).map(|handle| sessions.password(*handle)) {
            Some(AuthValue::Plain(password)) => password.as_slice(),
            _ => &[],
        };
        let session = sessions.get(asked.handle)?;
        let key = session.encryption_key(password)?;
        session.cipher.encrypt_first(&key, [told.nonce, asked.nonce], parameters)
    }

    fn command_hash(&self, key: &Key<'_>, names: &[Vec<u8>], parameters: &[u8]) -> Vec<u8> {
        key.command_hash(self.command.code, names, parameters)
    }
}
