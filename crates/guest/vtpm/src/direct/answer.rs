//! The answer to a command, opened: response code, handles and parameters, with nothing left over.
//!
//! tpm2-protocol has a view of a whole response too. It is not used, for it refuses response codes
//! that it does not know instead of telling them, and hands out parsed structures where the bytes
//! count that a key has signed. So the frame is taken apart here, and its reading of single values
//! serves within it: each of them is bounded by the bytes that are there.

use tpm2_protocol::TpmUnmarshal;
use tpm2_protocol::basic::{Tpm2b, TpmUint8, TpmUint16, TpmUint32};
use tpm2_protocol::data::TpmSt;
use zeroize::Zeroizing;

use super::transport::{HEADER_BYTES, MAX_BYTES};
use crate::{Error, ResponseCode};

/// TPM_ST_RSP_COMMAND, which goes with TPM_RC_BAD_TAG alone.
const RSP_COMMAND: u16 = 0x00c4;

/// What a TPM answered to a command that it carried out.
pub(super) struct Answer {
    name: &'static str,
    bytes: Zeroizing<Vec<u8>>,
    sessions: usize,
}

impl Answer {
    /// Looks at the header of an answer whose size is right, to a command with so many sessions.
    pub(super) fn open(
        name: &'static str,
        bytes: Zeroizing<Vec<u8>>,
        sessions: usize,
    ) -> Result<Self, Error> {
        let mut fields = Fields { name, rest: &bytes };
        let found = fields.u16("the tag")?;
        fields.u32("the size")?;
        let code = fields.u32("the response code")?;
        let expected = if code == 0 && sessions != 0 { TpmSt::Sessions } else { TpmSt::NoSessions };
        if found != expected.value() && !(code != 0 && found == RSP_COMMAND) {
            return Err(fields.malformed(format!("the tag {found:#06x}, not {:#06x}", expected.value())));
        }
        if code != 0 {
            fields.end()?;
            return Err(Error::Refused { command: name, code: ResponseCode(code) });
        }
        Ok(Self { name, bytes, sessions })
    }

    /// Reads an answer that says no more than that it was done.
    pub(super) fn done(&self) -> Result<(), Error> {
        self.read(|_| Ok(()))
    }

    /// Reads the parameters, all of them.
    pub(super) fn read<'a, T>(
        &'a self,
        read: impl FnOnce(&mut Fields<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read_from(self.body(), read)
    }

    /// Reads the parameters after the handle that the answer begins with.
    pub(super) fn read_after_handle<'a, T>(
        &'a self,
        read: impl FnOnce(&mut Fields<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut body = self.body();
        body.u32("the handle")?;
        self.read_from(body, read)
    }

    /// The handle that the answer begins with.
    pub(super) fn handle(&self) -> Result<u32, Error> {
        self.body().u32("the handle")
    }

    fn body(&self) -> Fields<'_> {
        Fields { name: self.name, rest: self.bytes.get(HEADER_BYTES..).unwrap_or_default() }
    }

    fn read_from<'a, T>(
        &self,
        body: Fields<'a>,
        read: impl FnOnce(&mut Fields<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut parameters = match self.sessions {
            0 => body,
            sessions => body.before_sessions(sessions)?,
        };
        let value = read(&mut parameters)?;
        parameters.end()?;
        Ok(value)
    }
}

/// Fields of an answer, read from first to last.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    name: &'static str,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn u8(&mut self, what: &str) -> Result<u8, Error> {
        self.value::<TpmUint8>(what).map(|value| value.value())
    }

    pub(super) fn u16(&mut self, what: &str) -> Result<u16, Error> {
        self.value::<TpmUint16>(what).map(|value| value.value())
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, Error> {
        self.value::<TpmUint32>(what).map(|value| value.value())
    }

    /// A structure of the specification.
    pub(super) fn value<T: TpmUnmarshal>(&mut self, what: &str) -> Result<T, Error> {
        match T::unmarshal(self.rest) {
            Ok((value, rest)) => {
                self.rest = rest;
                Ok(value)
            }
            Err(error) => Err(self.malformed(format!("{what}: {error}"))),
        }
    }

    /// A TPM2B: the bytes in it, as received.
    pub(super) fn sized(&mut self, what: &str) -> Result<&'a [u8], Error> {
        match Tpm2b::<MAX_BYTES>::cast_prefix(self.rest) {
            Ok((value, rest)) => {
                self.rest = rest;
                Ok(value.data())
            }
            Err(error) => Err(self.malformed(format!("{what}: {error}"))),
        }
    }

    /// So many bytes, as received.
    pub(super) fn take(&mut self, size: usize, what: &str) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(size)
            .ok_or_else(|| self.malformed(format!("{what}: unexpected end")))?;
        self.rest = rest;
        Ok(taken)
    }

    /// A structure of the specification that fills the rest, as received.
    pub(super) fn last<T: TpmUnmarshal>(&mut self, what: &str) -> Result<&'a [u8], Error> {
        let bytes = self.rest;
        self.value::<T>(what)?;
        self.end()?;
        Ok(bytes)
    }

    /// A TPM2B with a structure of the specification, and its bytes as received.
    pub(super) fn structure<T: TpmUnmarshal>(&mut self, what: &str) -> Result<(T, &'a [u8]), Error> {
        let bytes = self.sized(what)?;
        let mut fields = Self { name: self.name, rest: bytes };
        let value = fields.value(what)?;
        fields.end()?;
        Ok((value, bytes))
    }

    /// That nothing is left.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(self.malformed(format!("{left} bytes after the end"))),
        }
    }

    pub(super) fn malformed(&self, what: String) -> Error {
        Error::Malformed { command: self.name, what }
    }

    /// The parameters of an answer at whose end each session has its say. With empty passwords and
    /// without keys there is nothing in it to check.
    fn before_sessions(mut self, sessions: usize) -> Result<Self, Error> {
        let size = self.u32("the size of the parameters")?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let parameters = Self { name: self.name, rest: self.take(size, "the parameters")? };
        for _ in 0..sessions {
            self.sized("the nonce of a session")?;
            self.u8("the attributes of a session")?;
            self.sized("the acknowledgment of a session")?;
        }
        self.end()?;
        Ok(parameters)
    }
}
