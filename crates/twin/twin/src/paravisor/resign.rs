//! HMACs of commands and responses that the twin changes in transit: the client's is verified, one is made for
//! swtpm, and one for the client.

use super::frame::{Authorization, Command, Response};
use super::sessions::{AuthValue, Key, Sessions};
use crate::say;

/// A client's command, and the one sent to swtpm instead.
pub(super) struct Exchange<'a> {
    pub(super) command: &'a Command<'a>,
    /// Names of its handles for the client.
    pub(super) names: Vec<Vec<u8>>,
    /// Names of the same handles in swtpm.
    pub(super) tpm_names: Vec<Vec<u8>>,
    /// The parameters for swtpm.
    pub(super) tpm_parameters: &'a [u8],
    /// The handles that the first sessions authorize.
    pub(super) authorizes: &'a [u32],
}

/// How the authorization of a session is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handling {
    /// Unchanged: a password, an empty HMAC, or an HMAC that is wrong, which swtpm refuses.
    Unchanged,
    /// With an HMAC made here, since the client's is right.
    Resigned,
}

impl Exchange<'_> {
    /// How each session is forwarded, or why one cannot be.
    pub(super) fn handling(&self, sessions: &Sessions) -> Result<Vec<Handling>, &'static str> {
        let sessions_of = self.command.sessions.iter().zip(0..);
        sessions_of.map(|(command_auth, at)| self.handling_of(command_auth, at, sessions)).collect()
    }

    /// How each session of a response is forwarded. swtpm's HMAC is verified first, which shows that the key
    /// is right.
    pub(super) fn response_handling(
        &self,
        sessions: &Sessions,
        response: &Response<'_>,
    ) -> Result<Vec<Handling>, &'static str> {
        let manner =
            |((command_auth, response_auth), at): ((&Authorization<'_>, &Authorization<'_>), usize)| {
                if response_auth.hmac.is_empty() {
                    return Ok(Handling::Unchanged);
                }
                let key = self.key(command_auth, at, sessions)?;
                let hash = key.response_hash(self.command.code, response.parameters);
                let agrees = key.response_hmac(&hash, command_auth, response_auth) == response_auth.hmac;
                if agrees { Ok(Handling::Resigned) } else { Err("a session for something with a password") }
            };
        self.command.sessions.iter().zip(&response.sessions).zip(0..).map(manner).collect()
    }

    fn handling_of(
        &self,
        command_auth: &Authorization<'_>,
        at: usize,
        sessions: &Sessions,
    ) -> Result<Handling, &'static str> {
        if command_auth.handle == Authorization::PASSWORD {
            return Ok(Handling::Unchanged);
        }
        if command_auth.is_policy() {
            return Err("a policy session");
        }
        // swtpm refuses unknown sessions, and decides on an empty HMAC independently of the
        // parameters.
        if sessions.get(command_auth.handle).is_none() || command_auth.hmac.is_empty() {
            return Ok(Handling::Unchanged);
        }
        let key = self.key(command_auth, at, sessions)?;
        let hash = self.command_hash(&key, &self.names, self.command.parameters);
        if key.holds(&hash, command_auth, &self.other_nonces(at, sessions)) {
            return Ok(Handling::Resigned);
        }
        // If the bind entity has a password, the HMAC may be right. swtpm would count it as a guess, since
        // the Names and parameters that it sees are not those of the HMAC.
        if key.is_assumed() {
            return Err("a wrong HMAC, or a session bound to something with a password,");
        }
        say("an HMAC does not verify: a wrong password");
        Ok(Handling::Unchanged)
    }

    /// The sessions whose HMAC is made here.
    pub(super) fn resigned(&self, handling: &[Handling]) -> impl Iterator<Item = u32> {
        let carried = self.command.sessions.iter().zip(handling);
        carried
            .filter(|(_, manner)| **manner == Handling::Resigned)
            .map(|(command_auth, _)| command_auth.handle)
    }

    /// The command for swtpm.
    pub(super) fn to_tpm(&self, handling: &[Handling], sessions: &Sessions) -> Vec<u8> {
        let hmacs = self.each(handling, sessions, |key, command_auth, at| {
            let hash = self.command_hash(key, &self.tpm_names, self.tpm_parameters);
            key.command_hmac(&hash, command_auth, &self.other_nonces(at, sessions))
        });
        let command_auths = self.command.sessions.iter().zip(&hmacs);
        let sessions = command_auths
            .map(|(auth, hmac)| Authorization { hmac: hmac.as_deref().unwrap_or(auth.hmac), ..*auth })
            .collect();
        Command { sessions, parameters: self.tpm_parameters, ..self.command.clone() }.write()
    }

    /// The response for the client, with these parameters in place of swtpm's.
    pub(super) fn to_client(
        &self,
        handling: &[Handling],
        sessions: &Sessions,
        response: &Response<'_>,
        parameters: &[u8],
    ) -> Vec<u8> {
        let encrypted = self.encrypted(sessions, response, parameters);
        let parameters = encrypted.as_deref().unwrap_or(parameters);
        let hmacs = self.each(handling, sessions, |key, command_auth, _| {
            let response_auth = response.sessions.iter().find(|auth| auth.handle == command_auth.handle);
            let hash = key.response_hash(self.command.code, parameters);
            response_auth.map_or_else(Vec::new, |auth| key.response_hmac(&hash, command_auth, auth))
        });
        let response_auths = response.sessions.iter().zip(&hmacs);
        let sessions = response_auths
            .map(|(auth, hmac)| Authorization { hmac: hmac.as_deref().unwrap_or(auth.hmac), ..*auth })
            .collect();
        Response { handle: response.handle, parameters, sessions }.write()
    }

    /// Makes an HMAC for each session with [`Handling::Resigned`].
    fn each(
        &self,
        handling: &[Handling],
        sessions: &Sessions,
        make: impl Fn(&Key<'_>, &Authorization<'_>, usize) -> Vec<u8>,
    ) -> Vec<Option<Vec<u8>>> {
        let command_auths = self.command.sessions.iter().zip(handling).zip(0..);
        command_auths
            .map(|((command_auth, manner), at)| match manner {
                Handling::Unchanged => None,
                Handling::Resigned => {
                    self.key(command_auth, at, sessions).ok().map(|key| make(&key, command_auth, at))
                }
            })
            .collect()
    }

    /// The key of this session, the number `at` of the command's.
    fn key<'s>(
        &self,
        command_auth: &Authorization<'_>,
        at: usize,
        sessions: &'s Sessions,
    ) -> Result<Key<'s>, &'static str> {
        let session = sessions.get(command_auth.handle).ok_or("a session that does not exist")?;
        match self.authorizes.get(at).map(|handle| (*handle, sessions.password(*handle))) {
            None => session.key(None),
            Some((handle, AuthValue::Plain(password))) => session.key(Some((handle, password))),
            Some((_, AuthValue::Unavailable)) => {
                Err("an HMAC with a password that was set under a salted session")
            }
        }
    }

    /// Nonces of sessions after the first that encrypt the command's parameter or the response's: the
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

    /// The parameters of the response with the first one encrypted, if a session requests that.
    fn encrypted(&self, sessions: &Sessions, response: &Response<'_>, parameters: &[u8]) -> Option<Vec<u8>> {
        let mut auths = self.command.sessions.iter().zip(&response.sessions).zip(0..);
        let ((command_auth, response_auth), at) =
            auths.find(|((command_auth, _), _)| command_auth.attributes & Authorization::ENCRYPT != 0)?;
        let password = match self.authorizes.get(at).map(|handle| sessions.password(*handle)) {
            Some(AuthValue::Plain(password)) => password.as_slice(),
            _ => &[],
        };
        let session = sessions.get(command_auth.handle)?;
        let key = session.encryption_key(password)?;
        session.cipher.encrypt_first(&key, [response_auth.nonce, command_auth.nonce], parameters)
    }

    fn command_hash(&self, key: &Key<'_>, names: &[Vec<u8>], parameters: &[u8]) -> Vec<u8> {
        key.command_hash(self.command.code, names, parameters)
    }
}
