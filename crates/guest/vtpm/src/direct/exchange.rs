//! One command: made, sent, sent again while the TPM asks for patience, and its answer opened.

use std::thread;
use std::time::Duration;

use tpm2_protocol::TpmWriter;
use tpm2_protocol::basic::TpmHandle;
use tpm2_protocol::data::{TpmSt, TpmaSession, TpmsAuthCommand};
use tpm2_protocol::frame::{TpmFrame, tpm_marshal_command};

use super::Direct;
use super::answer::Answer;
use super::convert::unfit;
use super::transport::MAX_BYTES;
use crate::Error;

/// TPM_RS_PW.
const PASSWORD: u32 = 0x4000_0009;
/// How often a command is sent at most.
const TRIES: u32 = 9;
/// The first pause between two tries. Each is twice as long as the one before it, which makes two and
/// a half seconds of them all.
const PAUSE: Duration = Duration::from_millis(10);

/// Who authorizes a command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sessions {
    /// Nobody has to.
    None,
    /// So many handles, each with an empty password.
    Passwords(usize),
    /// This policy session.
    Policy(u32),
}

impl Direct {
    /// Sends a command, and again if the TPM asks for that.
    pub(super) fn run<C: TpmFrame>(
        &mut self,
        name: &'static str,
        command: &C,
        sessions: Sessions,
    ) -> Result<Answer, Error> {
        let sessions = sessions.authorizations();
        let tag = if sessions.is_empty() { TpmSt::NoSessions } else { TpmSt::Sessions };
        let mut buffer = vec![0; MAX_BYTES];
        let mut writer = TpmWriter::new(&mut buffer);
        tpm_marshal_command(command, tag, &sessions, &mut writer).map_err(unfit(name))?;
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.once(name, writer.as_bytes(), sessions.len()) {
                Err(Error::Refused { code, .. }) if code.asks_for_patience() => thread::sleep(pause),
                answer => return answer,
            }
            pause = pause.saturating_mul(2);
        }
        self.once(name, writer.as_bytes(), sessions.len())
    }

    fn once(&mut self, name: &'static str, command: &[u8], sessions: usize) -> Result<Answer, Error> {
        self.send(name, command).and_then(|bytes| Answer::open(name, bytes, sessions))
    }
}

impl Sessions {
    fn authorizations(self) -> Vec<TpmsAuthCommand> {
        let of = |handle, session_attributes| TpmsAuthCommand {
            session_handle: TpmHandle::new(handle),
            session_attributes,
            ..TpmsAuthCommand::default()
        };
        match self {
            Self::None => Vec::new(),
            Self::Passwords(count) => vec![of(PASSWORD, TpmaSession::empty()); count],
            // It is flushed on purpose, whatever comes out.
            Self::Policy(session) => vec![of(session, TpmaSession::CONTINUE_SESSION)],
        }
    }
}
