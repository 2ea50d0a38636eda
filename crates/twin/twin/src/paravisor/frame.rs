//! TPM commands and responses: bounded parsing and encoding.
//!
//! Source: TCG TPM 2.0 Library, Part 1, section 18.

use std::io::{self, Read};

/// TPM_ST_NO_SESSIONS.
const NO_SESSIONS: u16 = 0x8001;
/// TPM_ST_SESSIONS.
const SESSIONS: u16 = 0x8002;
/// The first fields of both: tag, size, code.
const HEADER_BYTES: usize = 10;
/// The longest command or response of swtpm's TPM.
const MAX_BYTES: usize = 4096;
/// Most sessions of a command.
const MAX_SESSIONS: usize = 3;

/// Reads one whole command or response from a stream; `None` if it states an impossible size.
pub(crate) fn read(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER_BYTES];
    stream.read_exact(&mut header)?;
    let size = stated_size(&header);
    if !(HEADER_BYTES..=MAX_BYTES).contains(&size) {
        return Ok(None);
    }
    let mut bytes = header.to_vec();
    bytes.resize(size, 0);
    stream.read_exact(bytes.get_mut(HEADER_BYTES..).unwrap_or_default())?;
    Ok(Some(bytes))
}

/// A parsed command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command<'a> {
    pub(crate) code: u32,
    pub(crate) handles: Vec<u32>,
    pub(crate) sessions: Vec<Authorization<'a>>,
    pub(crate) parameters: &'a [u8],
}

/// TPMS_AUTH_COMMAND, the authorization of a command. Encoded without the session's handle it is the
/// response's TPMS_AUTH_RESPONSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authorization<'a> {
    pub(crate) handle: u32,
    pub(crate) nonce: &'a [u8],
    pub(crate) attributes: u8,
    pub(crate) hmac: &'a [u8],
}

/// A parsed response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response<'a> {
    pub(crate) handle: Option<u32>,
    pub(crate) parameters: &'a [u8],
    /// With the handles of the command's sessions.
    pub(crate) sessions: Vec<Authorization<'a>>,
}

impl<'a> Command<'a> {
    /// A command with this many handles; `None` if it is malformed.
    pub(crate) fn parse(bytes: &'a [u8], handles: usize) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let (tag, size, code) = (cursor.u16()?, cursor.u32()?, cursor.u32()?);
        if usize::try_from(size) != Ok(bytes.len()) {
            return None;
        }
        let handles = (0..handles).map(|_| cursor.u32()).collect::<Option<_>>()?;
        let sessions = match tag {
            NO_SESSIONS => Vec::new(),
            SESSIONS => {
                let size = usize::try_from(cursor.u32()?).ok()?;
                authorizations(Cursor(cursor.take(size)?))?
            }
            _ => return None,
        };
        Some(Self { code, handles, sessions, parameters: cursor.0 })
    }

    /// Whether it has an HMAC.
    pub(crate) fn is_signed(&self) -> bool {
        let is_signed = |session: &Authorization<'_>| !session.hmac.is_empty();
        self.sessions.iter().any(|session| session.handle != Authorization::PASSWORD && is_signed(session))
    }

    /// Encodes the command.
    pub(crate) fn write(&self) -> Vec<u8> {
        let handles: Vec<u8> = self.handles.iter().flat_map(|handle| handle.to_be_bytes()).collect();
        let sessions: Vec<u8> = self.sessions.iter().flat_map(Authorization::write).collect();
        if sessions.is_empty() {
            return framed(NO_SESSIONS, self.code, &[&handles, self.parameters]);
        }
        framed(SESSIONS, self.code, &[&handles, &len32(&sessions), &sessions, self.parameters])
    }
}

/// All sessions of a command: at least one.
fn authorizations(mut cursor: Cursor<'_>) -> Option<Vec<Authorization<'_>>> {
    let mut sessions = Vec::new();
    while !cursor.0.is_empty() {
        let handle = cursor.u32()?;
        sessions.push(Authorization::parse(handle, &mut cursor)?);
    }
    (1..=MAX_SESSIONS).contains(&sessions.len()).then_some(sessions)
}

impl<'a> Authorization<'a> {
    /// TPM_RS_PW: a password in place of a session.
    pub(crate) const PASSWORD: u32 = 0x4000_0009;
    /// The session stays after the command.
    pub(crate) const CONTINUE: u8 = 1;
    /// The audit digest starts again.
    pub(crate) const AUDIT_RESET: u8 = 1 << 2;
    /// The first parameter of the command is encrypted.
    pub(crate) const DECRYPT: u8 = 1 << 5;
    /// The first parameter of the response is to be encrypted.
    pub(crate) const ENCRYPT: u8 = 1 << 6;
    /// The command counts for the session's audit digest.
    pub(crate) const AUDIT: u8 = 1 << 7;

    /// Authorization by password.
    pub(crate) const fn password(password: &'a [u8]) -> Self {
        Self { handle: Self::PASSWORD, nonce: &[], attributes: Self::CONTINUE, hmac: password }
    }

    /// Whether the first parameter of the command is encrypted under it.
    pub(crate) const fn decrypts(&self) -> bool {
        self.handle != Self::PASSWORD && self.attributes & Self::DECRYPT != 0
    }

    /// Whether the TPM can check it without the command's parameters: a password or a policy. Only policies with
    /// TPM2_PolicyCpHash depend on them.
    pub(crate) const fn is_independent_of_parameters(&self) -> bool {
        self.handle == Self::PASSWORD || self.is_policy() && self.hmac.is_empty()
    }

    /// Whether it is a session of TPM_SE_POLICY or TPM_SE_TRIAL.
    pub(crate) const fn is_policy(&self) -> bool {
        matches!(self.handle.to_be_bytes(), [0x03, ..])
    }

    /// The same where there is no parameter to decrypt.
    pub(crate) const fn without_decryption(&self) -> Self {
        Self { attributes: self.attributes & !Self::DECRYPT, ..*self }
    }

    fn parse(handle: u32, cursor: &mut Cursor<'a>) -> Option<Self> {
        let (nonce, attributes, hmac) = (cursor.sized()?, cursor.u8()?, cursor.sized()?);
        Some(Self { handle, nonce, attributes, hmac })
    }

    fn write(&self) -> Vec<u8> {
        [&self.handle.to_be_bytes()[..], &self.write_response()].concat()
    }

    fn write_response(&self) -> Vec<u8> {
        [sized(self.nonce), vec![self.attributes], sized(self.hmac)].concat()
    }
}

impl<'a> Response<'a> {
    /// Parses the response to a command that succeeded; `None` on failure, or if it is malformed.
    pub(crate) fn parse(bytes: &'a [u8], has_handle: bool, command: &Command<'_>) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let (tag, size, code) = (cursor.u16()?, cursor.u32()?, cursor.u32()?);
        if code != 0 || usize::try_from(size) != Ok(bytes.len()) {
            return None;
        }
        let handle = if has_handle { Some(cursor.u32()?) } else { None };
        if tag != SESSIONS {
            return Some(Self { handle, parameters: cursor.0, sessions: Vec::new() });
        }
        let size = usize::try_from(cursor.u32()?).ok()?;
        let parameters = cursor.take(size)?;
        let authorizations =
            command.sessions.iter().map(|session| Authorization::parse(session.handle, &mut cursor));
        let sessions = authorizations.collect::<Option<_>>()?;
        cursor.0.is_empty().then_some(Self { handle, parameters, sessions })
    }

    /// Encodes the response.
    pub(crate) fn write(&self) -> Vec<u8> {
        let handle: Vec<u8> = self.handle.into_iter().flat_map(u32::to_be_bytes).collect();
        let sessions: Vec<u8> = self.sessions.iter().flat_map(Authorization::write_response).collect();
        if sessions.is_empty() {
            return framed(NO_SESSIONS, 0, &[&handle, self.parameters]);
        }
        framed(SESSIONS, 0, &[&handle, &len32(self.parameters), self.parameters, &sessions])
    }
}

/// Encodes a response with an error code.
pub(crate) fn refusal(code: u32) -> Vec<u8> {
    framed(NO_SESSIONS, code, &[])
}

/// The code of a response.
pub(crate) fn response_code(bytes: &[u8]) -> Option<u32> {
    bytes.get(6..).and_then(<[u8]>::first_chunk).map(|code| u32::from_be_bytes(*code))
}

/// The command code, if tag and size are those of a command.
pub(crate) fn stated_code(bytes: &[u8]) -> Option<u32> {
    let mut cursor = Cursor(bytes);
    let (tag, size, code) = (cursor.u16()?, cursor.u32()?, cursor.u32()?);
    let is_command = matches!(tag, NO_SESSIONS | SESSIONS) && usize::try_from(size) == Ok(bytes.len());
    is_command.then_some(code)
}

/// The size field of a header.
fn stated_size(header: &[u8; HEADER_BYTES]) -> usize {
    let [_, _, a, b, c, d, ..] = *header;
    usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX)
}

/// Bytes with a 16-bit length prefix: a TPM2B.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    // Always in range: a whole command has at most 4096 bytes.
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&len.to_be_bytes()[..], bytes].concat()
}

fn len32(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

fn framed(tag: u16, code: u32, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len().saturating_add(HEADER_BYTES)).unwrap_or(u32::MAX);
    [&tag.to_be_bytes()[..], &size.to_be_bytes(), &code.to_be_bytes(), &body].concat()
}

/// The unread rest of a buffer.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*chunk)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.chunk().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    /// A TPM2B.
    pub(crate) fn sized(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(len.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_command_comes_back_as_it_was() {
        let sessions =
            [Authorization { handle: 0x0200_0001, nonce: &[1; 16], attributes: 1, hmac: &[2; 32] }];
        for sessions in [&sessions[..], &[]] {
            let handles = vec![0x4000_0001, 0x0140_0001];
            let command = Command { code: 0x14e, handles, sessions: sessions.to_vec(), parameters: &[4, 0] };
            let bytes = command.write();
            assert_eq!(Command::parse(&bytes, 2).as_ref(), Some(&command));
            for end in 0..bytes.len() {
                assert_eq!(Command::parse(&bytes[..end], 2), None);
            }
        }
    }

    #[test]
    fn an_answer_comes_back_as_it_was() {
        let session = Authorization { handle: 0x0200_0001, nonce: &[1; 16], attributes: 1, hmac: &[2; 32] };
        let command = Command { code: 1, handles: vec![], sessions: vec![session], parameters: &[] };
        let answer = Response { handle: Some(7), parameters: &[9; 5], sessions: vec![session] };
        let bytes = answer.write();
        assert_eq!(Response::parse(&bytes, true, &command), Some(answer));
        assert_eq!(Response::parse(&bytes[..bytes.len() - 1], true, &command), None);
        assert_eq!(Response::parse(&refusal(0x101), false, &command), None);
        assert_eq!(response_code(&refusal(0x101)), Some(0x101));
    }

    #[test]
    fn only_possible_sizes_are_read() {
        let stated = |size: u32| [&[0x80, 1][..], &size.to_be_bytes(), &[0; 5000]].concat();
        for size in [10, 11, 4096] {
            let (bytes, len) = (stated(size), usize::try_from(size).unwrap());
            let mut stream = bytes.as_slice();
            assert_eq!(read(&mut stream).unwrap().as_deref(), Some(&bytes[..len]));
            assert_eq!(stream.len(), bytes.len() - len, "nothing of what follows is taken");
            for end in [0, 9, len - 1] {
                assert!(read(&mut &bytes[..end]).is_err(), "{end} of {size} bytes");
            }
        }
        for size in [0, 9, 4097, u32::MAX] {
            assert_eq!(read(&mut stated(size).as_slice()).unwrap(), None, "{size}");
        }
    }

    #[test]
    fn sizes_that_lie_are_refused() {
        let plain = Command { code: 1, handles: vec![], sessions: vec![], parameters: &[1, 2] }.write();
        let mut longer = plain.clone();
        longer.push(0);
        assert_eq!(Command::parse(&longer, 0), None);
        let mut sessions = plain;
        sessions[1] = 2;
        assert_eq!(Command::parse(&sessions, 0), None, "no room for the sessions");
        let nothing = framed(SESSIONS, 1, &[&[0; 4]]);
        assert_eq!(Command::parse(&nothing, 0), None, "sessions without a session");
        let many = framed(SESSIONS, 1, &[&36_u32.to_be_bytes(), &[0; 36]]);
        assert_eq!(Command::parse(&many, 0), None, "four sessions");
    }
}
