//! Reading an index of the paravisor's own: the TPM behind decides, by letting the index's shadow be
//! read under the same authorization or not.

use std::io;
use std::time::Instant;

use super::codes::{AUTH_UNAVAILABLE, NV_READ};
use super::engine::Engine;
use super::frame::{Answer, Authorization, Command, refusal, sized};
use super::index::{Index, Wanted};
use super::input;
use super::report::Report;
use super::sessions::{Key, Session};
use super::upstream::Upstream;
use crate::say;

/// The sessions of policies have this first byte.
const POLICY: u8 = 0x03;
/// What a session may be asked besides, and an answer made here cannot honour: audit, and encryption
/// of parameters in either direction.
const AUDIT_OR_ENCRYPTION: u8 = 0x80 | 0x40 | 0x20;

/// How the shadow is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// With the very authorization of the client: a password, or one that the TPM refuses.
    AsItCame,
    /// With an HMAC made here, for the client's was right.
    Resigned,
}

impl Engine {
    /// Answers a read of an own index.
    pub(super) fn read(
        &mut self,
        command: &Command<'_>,
        handle: u32,
        wanted: Wanted,
        now: Instant,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let [asked] = command.sessions.as_slice() else {
            return Ok(unsupported(handle, "more than one session"));
        };
        let manner = match self.manner(asked, command) {
            Ok(manner) => manner,
            Err(what) => return Ok(unsupported(handle, what)),
        };
        let parameters = self.index(handle).shadow_read(wanted).write();
        let mut shadow = Command { parameters: &parameters, ..command.clone() };
        let hmac = self.resigned(manner, asked, &shadow);
        shadow.sessions = vec![Authorization { hmac: hmac.as_deref().unwrap_or(asked.hmac), ..*asked }];
        let answer = tpm.answer(&shadow.write())?;
        let Some(told) = Answer::parse(&answer, false, &shadow) else { return Ok(answer) };
        if handle == self.report.handle && wanted.offset == 0 {
            self.renew(now, tpm)?;
        }
        let answer = self.told(manner, asked, &told, &self.chunk(handle, wanted));
        self.sessions.watch(command, &told);
        Ok(answer)
    }

    /// How the shadow is to be read, or what about the authorization is not played.
    fn manner(&self, asked: &Authorization<'_>, command: &Command<'_>) -> Result<Manner, &'static str> {
        if asked.handle == Authorization::PASSWORD {
            return Ok(Manner::AsItCame);
        }
        let [kind, ..] = asked.handle.to_be_bytes();
        if kind == POLICY {
            return Err("a policy session");
        }
        if asked.attributes & AUDIT_OR_ENCRYPTION != 0 {
            return Err("a session for audit or for encryption of parameters");
        }
        // Of sessions that nobody started, the TPM says so.
        let Some(session) = self.sessions.get(asked.handle) else { return Ok(Manner::AsItCame) };
        let key = session.key().ok_or("a salted session")?;
        let [by, handle] = command.handles.as_slice() else { return Ok(Manner::AsItCame) };
        let index = self.index(*handle);
        let hash = command_hash(&key, *by, index, &index.name(), command);
        if key.holds(&hash, asked) {
            return Ok(Manner::Resigned);
        }
        say("an HMAC does not agree; it may be right if a password was set, which this twin does not know");
        Ok(Manner::AsItCame)
    }

    /// The HMAC for the read of the shadow.
    fn resigned(&self, manner: Manner, asked: &Authorization<'_>, shadow: &Command<'_>) -> Option<Vec<u8>> {
        let (Manner::Resigned, [by, handle]) = (manner, shadow.handles.as_slice()) else { return None };
        let key = self.sessions.get(asked.handle).and_then(Session::key)?;
        let index = self.index(*handle);
        Some(key.of_command(&command_hash(&key, *by, index, &index.shadow.name, shadow), asked))
    }

    /// The answer to the client: these bytes in place of the shadow's.
    fn told(&self, manner: Manner, asked: &Authorization<'_>, told: &Answer<'_>, chunk: &[u8]) -> Vec<u8> {
        let parameters = sized(chunk);
        let key = match manner {
            Manner::Resigned => self.sessions.get(asked.handle).and_then(Session::key),
            Manner::AsItCame => None,
        };
        let hmac =
            |told| key.as_ref().map(|key| key.of_answer(&key.answer_hash(NV_READ, &parameters), asked, told));
        let hmacs: Vec<Option<Vec<u8>>> = told.sessions.iter().map(hmac).collect();
        let sessions = told.sessions.iter().zip(&hmacs);
        let sessions = sessions
            .map(|(told, hmac)| Authorization { hmac: hmac.as_deref().unwrap_or(told.hmac), ..*told })
            .collect();
        Answer { handle: None, parameters: &parameters, sessions }.write()
    }

    fn chunk(&self, handle: u32, wanted: Wanted) -> Vec<u8> {
        if handle == self.report.handle && wanted.offset == 0 {
            wanted.of(&self.head)
        } else {
            wanted.of(&self.index(handle).contents)
        }
    }

    /// Makes a new report, if it is time for one.
    fn renew(&mut self, now: Instant, tpm: &mut dyn Upstream) -> io::Result<()> {
        if !self.reporter.is_due(now) {
            return Ok(());
        }
        let Some(input) = input::read(tpm)? else {
            say("the guest's input cannot be read as the owner: the old report stays");
            return Ok(());
        };
        match self.reporter.renew(&input, now) {
            Ok(Report { head, rest }) => {
                self.head = head;
                self.report.contents = rest;
            }
            Err(error) => say(&format!("the old report stays: {error}")),
        }
        Ok(())
    }
}

/// What the HMAC of a read is about, the index having this name.
fn command_hash(key: &Key<'_>, by: u32, index: &Index, name: &[u8], command: &Command<'_>) -> Vec<u8> {
    let handle = by.to_be_bytes();
    let by = if by == index.handle { name } else { &handle };
    key.command_hash(NV_READ, &[by, name], command.parameters)
}

/// Refuses what this twin does not play, and says so.
pub(super) fn unsupported(handle: u32, what: &str) -> Vec<u8> {
    say(&format!("{what} at index {handle:#010x} is not played by this twin"));
    refusal(AUTH_UNAVAILABLE)
}
