//! Handles of transient objects and sessions, and the commands that list, save, load and flush them.

use super::codes::{
    CONTEXT_GAP, CONTEXT_LOAD, CONTEXT_SAVE, FLUSH_CONTEXT, GET_CAPABILITY, OBJECT_MEMORY, SESSION_HANDLES,
    SESSION_MEMORY,
};
use super::frame::{Command, Cursor};
use super::upstream::{Refused, Upstream, ask};

/// The first handle of transient objects.
pub(super) const TRANSIENT: u32 = 0x8000_0000;
/// The first handle of HMAC sessions. As a property of TPM_CAP_HANDLES: of all loaded sessions.
pub(super) const LOADED_SESSIONS: u32 = 0x0200_0000;
/// The first handle of policy sessions. As a property of TPM_CAP_HANDLES: of all saved sessions.
pub(super) const SAVED_SESSIONS: u32 = 0x0300_0000;
/// TPM_CAP_HANDLES.
pub(super) const CAP_HANDLES: u32 = 1;
/// More than a TPM has slots for objects and sessions together.
const MOST: u32 = 254;

/// Whether this is the handle of a transient object.
pub(super) fn is_transient(handle: u32) -> bool {
    matches!(handle.to_be_bytes(), [0x80, ..])
}

/// Whether this is the handle of a session, HMAC or policy.
pub(super) fn is_session(handle: u32) -> bool {
    matches!(handle.to_be_bytes(), [0x02 | 0x03, ..])
}

/// The same key for all handles of one object or session. A loaded session has the handle type of HMAC or
/// policy sessions, a saved one does not show its kind; its number stays the same.
pub(super) fn key(handle: u32) -> u32 {
    if is_session(handle) { (handle & 0x00ff_ffff) | LOADED_SESSIONS } else { handle }
}

/// The resource that the TPM has run out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    /// Slots for transient objects.
    Objects,
    /// Slots for loaded sessions.
    LoadedSessions,
    /// Handles of sessions, loaded or saved.
    Sessions,
    /// Numbers of saved sessions: the oldest one is too old.
    SavedSessions,
}

impl Shortage {
    /// The shortage behind a response code.
    pub(super) fn of_code(code: u32) -> Option<Self> {
        match code {
            OBJECT_MEMORY => Some(Self::Objects),
            SESSION_MEMORY => Some(Self::LoadedSessions),
            SESSION_HANDLES => Some(Self::Sessions),
            CONTEXT_GAP => Some(Self::SavedSessions),
            _ => None,
        }
    }

    /// The kinds of handles to flush against the shortage, as properties of TPM_CAP_HANDLES.
    pub(super) fn kinds(self) -> &'static [u32] {
        match self {
            Self::Objects => &[TRANSIENT],
            Self::LoadedSessions => &[LOADED_SESSIONS],
            Self::Sessions => &[LOADED_SESSIONS, SAVED_SESSIONS],
            Self::SavedSessions => &[SAVED_SESSIONS],
        }
    }
}

/// All handles of a kind, which is a property of TPM_CAP_HANDLES.
pub(super) fn list(tpm: &mut dyn Upstream, kind: u32) -> Result<Vec<u32>, Refused> {
    let parameters = [CAP_HANDLES, kind, MOST].map(u32::to_be_bytes).concat();
    let (_, parameters) = ask(tpm, false, &bare(GET_CAPABILITY, &[], &parameters))?;
    let mut cursor = Cursor(&parameters);
    let _more_and_capability = (cursor.u8(), cursor.u32());
    let count = cursor.u32().unwrap_or_default().min(MOST);
    Ok((0..count).map_while(|_| cursor.u32()).collect())
}

/// TPM2_ContextSave: the context. A session is saved and no longer loaded; an object stays.
pub(super) fn save(tpm: &mut dyn Upstream, handle: u32) -> Result<Vec<u8>, Refused> {
    ask(tpm, false, &bare(CONTEXT_SAVE, &[handle], &[])).map(|(_, context)| context)
}

/// TPM2_ContextLoad: the handle.
pub(super) fn load(tpm: &mut dyn Upstream, context: &[u8]) -> Result<u32, Refused> {
    let (handle, _) = ask(tpm, true, &bare(CONTEXT_LOAD, &[], context))?;
    handle.ok_or(Refused::Code(CONTEXT_LOAD, 0))
}

/// The bytes of TPM2_FlushContext.
pub(super) fn flush_command(handle: u32) -> Vec<u8> {
    bare(FLUSH_CONTEXT, &[], &handle.to_be_bytes()).write()
}

fn bare<'a>(code: u32, handles: &[u32], parameters: &'a [u8]) -> Command<'a> {
    Command { code, handles: handles.to_vec(), sessions: Vec::new(), parameters }
}
