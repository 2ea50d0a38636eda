//! What the guest wants to have in the next report, read as the paravisor reads it.

use std::io;

use super::codes::{ABSENT, INPUT, NV_READ, NV_READ_PUBLIC, OWNER, UNWRITTEN};
use super::frame::{Authorization, Command, Cursor};
use super::index::Wanted;
use super::report::INPUT_BYTES;
use super::upstream::{Refused, Upstream, ask};

/// What the guest put in: nothing if there is no such index or nobody wrote to it, `None` if the
/// owner may not read it.
pub(super) fn read(tpm: &mut dyn Upstream) -> io::Result<Option<Vec<u8>>> {
    match size(tpm).and_then(|size| contents(tpm, size.min(INPUT_BYTES))) {
        Ok(input) => Ok(Some(input)),
        Err(Refused::Code(_, ABSENT | UNWRITTEN)) => Ok(Some(Vec::new())),
        Err(Refused::Code(..)) => Ok(None),
        Err(Refused::Gone(error)) => Err(error),
    }
}

fn size(tpm: &mut dyn Upstream) -> Result<u16, Refused> {
    let command =
        Command { code: NV_READ_PUBLIC, handles: vec![INPUT], sessions: Vec::new(), parameters: &[] };
    let (_, parameters) = ask(tpm, false, &command)?;
    let public = Cursor(&parameters).sized().unwrap_or_default();
    let size = public.last_chunk().map(|size| u16::from_be_bytes(*size));
    size.ok_or(Refused::Code(NV_READ_PUBLIC, 0))
}

fn contents(tpm: &mut dyn Upstream, size: u16) -> Result<Vec<u8>, Refused> {
    let command = Command {
        code: NV_READ,
        handles: vec![OWNER, INPUT],
        sessions: vec![Authorization::password(&[])],
        parameters: &Wanted { size, offset: 0 }.write(),
    };
    let (_, parameters) = ask(tpm, false, &command)?;
    Cursor(&parameters).sized().map(<[u8]>::to_vec).ok_or(Refused::Code(NV_READ, 0))
}
