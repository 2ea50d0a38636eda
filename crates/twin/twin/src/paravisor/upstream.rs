//! The TPM behind the paravisor: swtpm's data socket, one command at a time.

use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::frame::{self, Command, Response, response_code};
use crate::Error;

/// A TPM, or a closure in a test.
pub(crate) trait Upstream {
    /// The response to a command.
    fn answer(&mut self, command: &[u8]) -> io::Result<Vec<u8>>;
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Upstream for F {
    fn answer(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        Ok(self(command))
    }
}

/// Time limit of a command, above any on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to swtpm.
#[derive(Debug)]
pub(crate) struct Socket(
    // `None` after a failure, because the next response may belong to an earlier command.
    Option<UnixStream>,
);

impl Socket {
    pub(crate) fn connect(path: &Path) -> Result<Self, Error> {
        let open = || {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        };
        open().map(|stream| Self(Some(stream))).map_err(Error::io("connecting to swtpm"))
    }
}

impl Upstream for Socket {
    fn answer(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = self.0.take().ok_or(io::ErrorKind::NotConnected)?;
        stream.write_all(command)?;
        let answer = frame::read(&mut stream)?.ok_or(io::ErrorKind::InvalidData)?;
        self.0 = Some(stream);
        Ok(answer)
    }
}

/// Runs a command of the paravisor's own: handle, if there is one, and parameters of the response.
pub(crate) fn ask(
    tpm: &mut dyn Upstream,
    has_handle: bool,
    command: &Command<'_>,
) -> Result<(Option<u32>, Vec<u8>), Refused> {
    let bytes = tpm.answer(&command.write()).map_err(Refused::Gone)?;
    match Response::parse(&bytes, has_handle, command) {
        Some(answer) => Ok((answer.handle, answer.parameters.to_vec())),
        None => Err(Refused::Code(command.code, response_code(&bytes).unwrap_or_default())),
    }
}

/// Error of a command.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The TPM is gone.
    Gone(io::Error),
    /// Command code and response code of the TPM's refusal.
    Code(u32, u32),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Gone(source) => Self::Io { what: "asking swtpm".into(), source },
            Refused::Code(command, code) => Self::Tpm { command, code },
        }
    }
}
