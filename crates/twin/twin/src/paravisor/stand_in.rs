//! Answers given in the place of the TPM behind: the HMACs of a command are checked as the client
//! made them, made again for what the TPM is asked, and again for what the client is told.

use super::frame::{Answer, Authorization, Command};
use super::sessions::{AuthValue, Key, Sessions};
use crate::say;

/// The sessions of policies have this first byte.
const POLICY: u8 = 0x03;

/// A command of a client, and what the TPM behind is asked in its place.
pub(super) struct Exchange<'a> {
    pub(super) command: &'a Command<'a>,
    /// The names of its handles, as the client knows them.
    pub(super) names: Vec<Vec<u8>>,
    /// The names that the TPM has for the same handles.
    pub(super) tpm_names: Vec<Vec<u8>>,
    /// The parameters that the TPM gets.
    pub(super) tpm_parameters: &'a [u8],
    /// The handles that the first sessions authorize.
    pub(super) authorizes: &'a [u32],
}

/// How a session goes to the TPM and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// As it is: a password, an empty HMAC, or an HMAC that the TPM is to refuse.
    AsItCame,
    /// With HMACs made here, for the client's was right.
    Resigned,
}

impl Exchange<'_> {
    /// How each session is handled, or what about one of them is not played.
    pub(super) fn manners(&self, sessions: &Sessions) -> Result<Vec<Manner>, &'static str> {
        let sessions_of = self.command.sessions.iter().zip(0..);
        sessions_of.map(|(asked, at)| self.manner(asked, at, sessions)).collect()
    }

    /// How each session is handled where the TPM has answered already: what it signed is signed again,
    /// if its HMAC shows that the key is known.
    pub(super) fn manners_of_answer(
        &self,
        sessions: &Sessions,
        told: &Answer<'_>,
    ) -> Result<Vec<Manner>, &'static str> {
        let manner = |((asked, told_session), at): ((&Authorization<'_>, &Authorization<'_>), usize)| {
            if told_session.hmac.is_empty() {
                return Ok(Manner::AsItCame);
            }
            let key = self.key(asked, at, sessions)?;
            let hash = key.answer_hash(self.command.code, told.parameters);
            let agrees = key.of_answer(&hash, asked, told_session) == told_session.hmac;
            if agrees { Ok(Manner::Resigned) } else { Err("a session for something with a password") }
        };
        self.command.sessions.iter().zip(&told.sessions).zip(0..).map(manner).collect()
    }

    fn manner(
        &self,
        asked: &Authorization<'_>,
        at: usize,
        sessions: &Sessions,
    ) -> Result<Manner, &'static str> {
        if asked.handle == Authorization::PASSWORD {
            return Ok(Manner::AsItCame);
        }
        let [kind, ..] = asked.handle.to_be_bytes();
        if kind == POLICY {
            return Err("a policy session");
        }
        // Of sessions that nobody started, the TPM says so. An empty HMAC it takes or refuses
        // whatever the parameters are.
        if sessions.get(asked.handle).is_none() || asked.hmac.is_empty() {
            return Ok(Manner::AsItCame);
        }
        let key = self.key(asked, at, sessions)?;
        let hash = self.command_hash(&key, &self.names, self.command.parameters);
        if key.holds(&hash, asked, &self.other_nonces(at, sessions)) {
            return Ok(Manner::Resigned);
        }
        say("an HMAC does not agree: a wrong password, or one of an object, which this twin does not know");
        Ok(Manner::AsItCame)
    }

    /// The command for the TPM.
    pub(super) fn to_tpm(&self, manners: &[Manner], sessions: &Sessions) -> Vec<u8> {
        let hmacs = self.each(manners, sessions, |key, asked, at| {
            let hash = self.command_hash(key, &self.tpm_names, self.tpm_parameters);
            key.of_command(&hash, asked, &self.other_nonces(at, sessions))
        });
        let asked = self.command.sessions.iter().zip(&hmacs);
        let sessions = asked
            .map(|(asked, hmac)| Authorization { hmac: hmac.as_deref().unwrap_or(asked.hmac), ..*asked })
            .collect();
        Command { sessions, parameters: self.tpm_parameters, ..self.command.clone() }.write()
    }

    /// The answer for the client: these parameters in the place of those that the TPM told.
    pub(super) fn to_client(
        &self,
        manners: &[Manner],
        sessions: &Sessions,
        told: &Answer<'_>,
        parameters: &[u8],
    ) -> Vec<u8> {
        let encrypted = self.encrypted(sessions, told, parameters);
        let parameters = encrypted.as_deref().unwrap_or(parameters);
        let hmacs = self.each(manners, sessions, |key, asked, _| {
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

    /// What is made for each session that is signed here.
    fn each(
        &self,
        manners: &[Manner],
        sessions: &Sessions,
        make: impl Fn(&Key<'_>, &Authorization<'_>, usize) -> Vec<u8>,
    ) -> Vec<Option<Vec<u8>>> {
        let asked = self.command.sessions.iter().zip(manners).zip(0..);
        asked
            .map(|((asked, manner), at)| match manner {
                Manner::AsItCame => None,
                Manner::Resigned => self.key(asked, at, sessions).ok().map(|key| make(&key, asked, at)),
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
        let session = sessions.get(asked.handle).ok_or("a session that nobody started")?;
        match self.authorizes.get(at).map(|handle| (*handle, sessions.password(*handle))) {
            None => session.key(None),
            Some((handle, AuthValue::Known(password))) => session.key(Some((handle, password))),
            Some((_, AuthValue::Unseen)) => Err("an HMAC with a password that was set under encryption"),
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
            Some(AuthValue::Known(password)) => password.as_slice(),
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
