//! Objects and sessions of one managed connection, with virtual handles, as the kernel keeps them for each open
//! `/dev/tpmrm0`.
//!
//! Source: Linux, drivers/char/tpm/tpm2-space.c.

use super::codes::{OBJECT_MEMORY, SESSION_MEMORY};
use super::handles::{self, LOADED_SESSIONS, Shortage, TRANSIENT, is_session, is_transient, key};
use super::upstream::{Refused, Upstream};

/// Most objects, and most sessions, of a connection: the kernel's limit.
const SLOTS: usize = 3;
/// The virtual handle of the first object; the following ones count down.
const FIRST_VIRTUAL: u32 = 0x80ff_ffff;

/// The objects and sessions of one connection.
#[derive(Debug, Default)]
pub(super) struct Space {
    objects: [Option<Place>; SLOTS],
    sessions: [Option<Session>; SLOTS],
}

/// An object: loaded at this handle, or its saved context.
#[derive(Debug)]
enum Place {
    Loaded(u32),
    Saved(Vec<u8>),
}

/// A session, whose handle stays the same; with its context unless it is loaded.
#[derive(Debug)]
struct Session {
    handle: u32,
    saved: Option<Vec<u8>>,
}

impl Space {
    /// The TPM's handle for a virtual one.
    pub(super) fn physical(&self, handle: u32) -> Option<u32> {
        let index = usize::try_from(FIRST_VIRTUAL.checked_sub(handle)?).ok()?;
        match self.objects.get(index)? {
            Some(Place::Loaded(physical)) => Some(*physical),
            _ => None,
        }
    }

    /// The virtual handle for one of the TPM's.
    pub(super) fn virtual_handle(&self, physical: u32) -> Option<u32> {
        let is_it =
            |place: &Option<Place>| matches!(place, Some(Place::Loaded(loaded)) if *loaded == physical);
        let index = self.objects.iter().position(is_it)?;
        FIRST_VIRTUAL.checked_sub(u32::try_from(index).ok()?)
    }

    /// Adds a new handle of the TPM: the virtual handle for the client, or a response code if all slots are
    /// taken.
    pub(super) fn add(&mut self, handle: u32) -> Result<u32, u32> {
        if is_transient(handle) {
            let slot = self.objects.iter_mut().find(|slot| slot.is_none()).ok_or(OBJECT_MEMORY)?;
            *slot = Some(Place::Loaded(handle));
            return self.virtual_handle(handle).ok_or(OBJECT_MEMORY);
        }
        if is_session(handle) {
            let slot = self.sessions.iter_mut().find(|slot| slot.is_none()).ok_or(SESSION_MEMORY)?;
            *slot = Some(Session { handle, saved: None });
        }
        Ok(handle)
    }

    /// Whether the space has this session.
    pub(super) fn has_session(&self, handle: u32) -> bool {
        self.sessions.iter().flatten().any(|session| key(session.handle) == key(handle))
    }

    /// Removes what is no longer loaded because a command flushed, completed or saved it. Returns the sessions
    /// among them.
    pub(super) fn reconcile(&mut self, tpm: &mut dyn Upstream) -> Result<Vec<u32>, Refused> {
        if self.objects.iter().any(Option::is_some) {
            let there = handles::list(tpm, TRANSIENT)?;
            for slot in &mut self.objects {
                slot.take_if(|place| matches!(place, Place::Loaded(handle) if !there.contains(handle)));
            }
        }
        let mut gone = Vec::new();
        if self.sessions.iter().any(Option::is_some) {
            let there = handles::list(tpm, LOADED_SESSIONS)?;
            for slot in &mut self.sessions {
                let is_gone =
                    |session: &mut Session| session.saved.is_none() && !there.contains(&session.handle);
                gone.extend(slot.take_if(is_gone).map(|session| session.handle));
            }
        }
        Ok(gone)
    }

    /// Loads everything into the TPM. A context that cannot be loaded any more is dropped, as the kernel does;
    /// without a slot it stays saved.
    pub(super) fn load(&mut self, tpm: &mut dyn Upstream) -> Result<(), Refused> {
        for slot in &mut self.objects {
            let Some(Place::Saved(context)) = slot else { continue };
            *slot = or_gone(handles::load(tpm, context))?.map(Place::Loaded);
        }
        for slot in &mut self.sessions {
            let Some(Session { handle, saved: Some(context) }) = slot else { continue };
            let handle = *handle;
            let loaded = or_gone(handles::load(tpm, context))?;
            *slot = loaded.map(|_| Session { handle, saved: None });
        }
        Ok(())
    }

    /// Saves everything. Appends the handles of saved objects, which the caller has to flush, and returns the
    /// number of saved sessions. What is not saved after an error stays loaded.
    pub(super) fn save(&mut self, tpm: &mut dyn Upstream, to_flush: &mut Vec<u32>) -> Result<u32, Refused> {
        for slot in &mut self.objects {
            let Some(Place::Loaded(handle)) = slot else { continue };
            to_flush.push(*handle);
            *slot = or_gone(handles::save(tpm, *handle))?.map(Place::Saved);
        }
        let mut sessions = 0_u32;
        for slot in &mut self.sessions {
            let Some(Session { handle, saved: None }) = slot else { continue };
            let handle = *handle;
            let saved = or_gone(handles::save(tpm, handle))?;
            sessions = sessions.saturating_add(u32::from(saved.is_some()));
            *slot = saved.map(|context| Session { handle, saved: Some(context) });
        }
        Ok(sessions)
    }

    /// Removes the loaded sessions.
    pub(super) fn give_up_sessions(&mut self) -> Vec<u32> {
        let loaded = |slot: &mut Option<Session>| slot.take_if(|session| session.saved.is_none());
        self.sessions.iter_mut().filter_map(loaded).map(|session| session.handle).collect()
    }

    /// Whether sessions of it are saved.
    pub(super) fn has_saved_sessions(&self) -> bool {
        self.sessions.iter().flatten().any(|session| session.saved.is_some())
    }

    /// Everything that the TPM still has of it: loaded objects, and sessions loaded or saved.
    pub(super) fn leftovers(self) -> impl Iterator<Item = u32> {
        let loaded = |place| if let Place::Loaded(handle) = place { Some(handle) } else { None };
        let objects = self.objects.into_iter().flatten().filter_map(loaded);
        objects.chain(self.sessions.into_iter().flatten().map(|session| session.handle))
    }
}

/// `None` if the handle or context is gone; a shortage stays an error.
fn or_gone<T>(done: Result<T, Refused>) -> Result<Option<T>, Refused> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Refused::Code(command, code)) if Shortage::of_code(code).is_some() => {
            Err(Refused::Code(command, code))
        }
        Err(Refused::Code(..)) => Ok(None),
        Err(gone) => Err(gone),
    }
}
