//! One TPM for many clients: clients of the raw port share its handles, and clients of the managed port have
//! virtual handles as behind `/dev/tpmrm0`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::codes::{AUTH_CONTEXT, CONTEXT_SAVE, FLUSH_CONTEXT, GET_CAPABILITY, NO_SUCH_HANDLE, REFERENCE_H0};
use super::engine::{Engine, Shape};
use super::frame::{Command, Cursor, Response, refusal, response_code};
use super::handles::{self, CAP_HANDLES, Shortage, flush_command, is_session, is_transient, key};
use super::orphans::Orphans;
use super::owner::Owner;
use super::space::Space;
use super::upstream::{Refused, Upstream};
use crate::say;

/// Tag, size and code of a command or a response.
const HEADER_BYTES: usize = 10;

/// A TPM numbers the sessions that it saves, and its oldest number must not be more than 65535 behind:
/// after so many, those of connections that do nothing are saved anew.
const MAX_SAVES: u32 = 16_384;

/// The paravisor and swtpm, one command at a time.
#[derive(Debug)]
pub(super) struct Multiplexer<T> {
    engine: Engine,
    tpm: T,
    orphans: Orphans,
    spaces: BTreeMap<SpaceId, Space>,
    /// The space that is loaded in the TPM. It stays until another client needs the slots.
    resident: Option<SpaceId>,
    opened: u64,
    /// Sessions saved since those of all spaces were saved last.
    saves: u32,
}

/// The number of a managed connection's space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SpaceId(u64);

/// Facts about a command before it is run.
struct Known {
    code: u32,
    shape: Shape,
    /// All handles that it names: in its handle area, of its sessions, and the one to flush.
    named: Vec<u32>,
    /// Offset and number of its handles.
    handles: usize,
}

impl<T: Upstream> Multiplexer<T> {
    pub(super) const fn new(engine: Engine, tpm: T, orphan_age: Duration) -> Self {
        let orphans = Orphans::new(orphan_age);
        Self { engine, tpm, orphans, spaces: BTreeMap::new(), resident: None, opened: 0, saves: 0 }
    }

    /// Answers a command of the raw port: the response, and the handle in it if there is one.
    pub(super) fn raw(&mut self, command: &[u8], now: Instant) -> Result<(Vec<u8>, Option<u32>), Refused> {
        self.unload(now)?;
        let Some(known) = self.known(command) else {
            return Ok((self.engine.answer(command, now, &mut self.tpm)?, None));
        };
        let answer = self.answer_with_room(command, &known.named, now)?;
        let mut given = None;
        if response_code(&answer) == Some(0) {
            given = known.given(&answer);
            self.saves = self.saves.saturating_add(u32::from(known.code == CONTEXT_SAVE));
            known.named.iter().for_each(|handle| self.orphans.note_use(*handle, now));
            // Until its owner is known.
            given.into_iter().for_each(|handle| self.orphans.note_owner(handle, None, now));
            if let (FLUSH_CONTEXT, [handle, ..]) = (known.code, known.named.as_slice()) {
                self.orphans.forget(*handle);
            }
        }
        Ok((answer, given))
    }

    /// Records the process that made an object or a session over the raw port.
    pub(super) fn note_owner(&mut self, handle: u32, owner: Arc<Owner>, now: Instant) {
        self.orphans.note_owner(handle, Some(owner), now);
    }

    /// Flushes an object or a session that no client knows: the response with its handle was not read.
    pub(super) fn discard(&mut self, handle: u32, now: Instant) -> Result<(), Refused> {
        self.unload(now)?;
        self.flush(handle, now)
    }

    /// Opens a space for a managed connection.
    pub(super) fn open(&mut self) -> SpaceId {
        let id = SpaceId(self.opened);
        self.opened = self.opened.saturating_add(1);
        self.spaces.insert(id, Space::default());
        id
    }

    /// Closes the space of a connection that ended, and flushes its objects and sessions.
    pub(super) fn close(&mut self, id: SpaceId, now: Instant) -> Result<(), Refused> {
        self.resident.take_if(|resident| *resident == id);
        let space = self.spaces.remove(&id).unwrap_or_default();
        space.leftovers().try_for_each(|handle| self.flush(handle, now))
    }

    /// Answers a command of a managed connection.
    pub(super) fn managed(&mut self, id: SpaceId, command: &[u8], now: Instant) -> Result<Vec<u8>, Refused> {
        let Some(known) = self.known(command) else {
            // Malformed or unknown: the TPM refuses it, and it names no handle of another client.
            self.unload(now)?;
            return Ok(self.engine.answer(command, now, &mut self.tpm)?);
        };
        self.make_resident(id, &known.named, now)?;
        let mut command = command.to_vec();
        if let Err(code) = self.translate_command(id, &known, &mut command) {
            return Ok(refusal(code));
        }
        let answer = self.answer_with_room(&command, &known.named, now)?;
        if response_code(&answer) != Some(0) {
            return Ok(answer);
        }
        let answer = self.translate_response(id, &known, answer, now)?;
        let space = self.spaces.entry(id).or_default();
        // A saved session may be loaded over another connection: from here on it is treated like
        // those of the raw port.
        for session in space.reconcile(&mut self.tpm)? {
            self.orphans.note_owner(session, None, now);
        }
        Ok(answer)
    }

    /// Replaces virtual handles in a command; the response code if one is not loaded.
    fn translate_command(&self, id: SpaceId, known: &Known, command: &mut [u8]) -> Result<(), u32> {
        let space = self.spaces.get(&id);
        let fields = command.get_mut(HEADER_BYTES..).unwrap_or_default().chunks_exact_mut(4);
        for (number, field) in (0..).zip(fields.take(known.handles)) {
            let handle = Cursor(field).u32().unwrap_or_default();
            if !is_transient(handle) {
                continue;
            }
            let unknown = if known.code == FLUSH_CONTEXT { NO_SUCH_HANDLE } else { REFERENCE_H0 | number };
            let physical = space.and_then(|space| space.physical(handle)).ok_or(unknown)?;
            field.copy_from_slice(&physical.to_be_bytes());
        }
        Ok(())
    }

    /// Replaces the TPM's handles in the response to a command that succeeded, and adds new ones to the space.
    fn translate_response(
        &mut self,
        id: SpaceId,
        known: &Known,
        mut answer: Vec<u8>,
        now: Instant,
    ) -> Result<Vec<u8>, Refused> {
        let space = self.spaces.entry(id).or_default();
        if known.code == GET_CAPABILITY {
            return Ok(listed(space, answer));
        }
        let Some(handle) = known.given(&answer) else { return Ok(answer) };
        match space.add(handle) {
            Ok(given) => {
                // A session that another client saved belongs to this connection now.
                self.orphans.forget(handle);
                if let Some(field) = answer.get_mut(HEADER_BYTES..).and_then(<[u8]>::first_chunk_mut) {
                    *field = given.to_be_bytes();
                }
                Ok(answer)
            }
            Err(code) => {
                self.flush(handle, now)?;
                Ok(refusal(code))
            }
        }
    }

    /// Runs a command; if the TPM has no slot for it, orphans are flushed first.
    fn answer_with_room(&mut self, command: &[u8], named: &[u32], now: Instant) -> Result<Vec<u8>, Refused> {
        loop {
            let answer = self.engine.answer(command, now, &mut self.tpm)?;
            if !self.makes_room(response_code(&answer).unwrap_or_default(), named, now)? {
                return Ok(answer);
            }
        }
    }

    /// Flushes one orphan that is not named, if there is one.
    fn make_room(&mut self, shortage: Shortage, named: &[u32], now: Instant) -> Result<bool, Refused> {
        let mut there = Vec::new();
        for kind in shortage.kinds() {
            there.extend(handles::list(&mut self.tpm, *kind)?);
        }
        let is_named = |handle: u32| named.iter().any(|named| key(*named) == key(handle));
        let is_owned = |handle: u32| {
            let mut spaces = self.spaces.values();
            spaces.any(|space| space.has_session(handle) || space.virtual_handle(handle).is_some())
        };
        let free = there.into_iter().filter(|handle| !is_named(*handle) && !is_owned(*handle));
        match self.orphans.oldest(free, now) {
            Some(orphan) => self.flush(orphan, now).map(|()| true),
            None => Ok(false),
        }
    }

    /// Loads a space into the TPM and unloads all others.
    fn make_resident(&mut self, id: SpaceId, named: &[u32], now: Instant) -> Result<(), Refused> {
        if self.resident != Some(id) {
            self.unload(now)?;
            self.resident = Some(id);
        }
        self.load(id, named, now)
    }

    /// Unloads the resident space.
    fn unload(&mut self, now: Instant) -> Result<(), Refused> {
        if let Some(id) = self.resident.take() {
            self.save(id, now)?;
        }
        if self.saves < MAX_SAVES {
            return Ok(());
        }
        self.saves = 0;
        let idle = self.spaces.iter().filter(|(_, space)| space.has_saved_sessions());
        let idle: Vec<_> = idle.map(|(id, _)| *id).collect();
        idle.into_iter().try_for_each(|id| {
            // What does not fit the TPM's slots stays saved until the next time.
            if let Err(Refused::Gone(error)) = self.load(id, &[], now) {
                return Err(Refused::Gone(error));
            }
            self.save(id, now)
        })
    }

    /// Saves a space. A session for which the TPM has no number left is lost, unless an orphan can be flushed.
    fn save(&mut self, id: SpaceId, now: Instant) -> Result<(), Refused> {
        loop {
            let mut to_flush = Vec::new();
            let space = self.spaces.entry(id).or_default();
            let saved = space.save(&mut self.tpm, &mut to_flush);
            to_flush.into_iter().try_for_each(|handle| self.flush(handle, now))?;
            match saved {
                Ok(sessions) => {
                    self.saves = self.saves.saturating_add(sessions);
                    return Ok(());
                }
                Err(Refused::Code(_, code)) => {
                    if self.makes_room(code, &[], now)? {
                        continue;
                    }
                    say(&format!("the sessions of a connection cannot be saved ({code:#x}) and are flushed"));
                    let lost = self.spaces.entry(id).or_default().give_up_sessions();
                    return lost.into_iter().try_for_each(|handle| self.flush(handle, now));
                }
                Err(gone) => return Err(gone),
            }
        }
    }

    /// Loads a space.
    fn load(&mut self, id: SpaceId, named: &[u32], now: Instant) -> Result<(), Refused> {
        loop {
            match self.spaces.entry(id).or_default().load(&mut self.tpm) {
                Err(Refused::Code(command, code)) => {
                    if !self.makes_room(code, named, now)? {
                        return Err(Refused::Code(command, code));
                    }
                }
                done => return done,
            }
        }
    }

    /// Whether this code is a shortage that flushing an orphan relieved.
    fn makes_room(&mut self, code: u32, named: &[u32], now: Instant) -> Result<bool, Refused> {
        Shortage::of_code(code).map_or(Ok(false), |shortage| self.make_room(shortage, named, now))
    }

    /// Flushes an object or a session; one that is gone already is not an error.
    fn flush(&mut self, handle: u32, now: Instant) -> Result<(), Refused> {
        self.engine.answer(&flush_command(handle), now, &mut self.tpm)?;
        self.orphans.forget(handle);
        Ok(())
    }

    fn known(&self, command: &[u8]) -> Option<Known> {
        let (Command { code, handles, sessions, parameters }, shape) = self.engine.parse(command)?;
        let flushed = if code == FLUSH_CONTEXT { Cursor(parameters).u32() } else { None };
        let named = flushed.into_iter().chain(handles).chain(sessions.iter().map(|session| session.handle));
        let handles = shape.handles.saturating_add(usize::from(flushed.is_some()));
        Some(Known { code, shape, named: named.collect(), handles })
    }
}

impl Known {
    /// The handle of a transient object or session in a response.
    fn given(&self, answer: &[u8]) -> Option<u32> {
        let handle = Cursor(answer.get(HEADER_BYTES..)?).u32()?;
        (self.shape.gives_handle && (is_transient(handle) || is_session(handle))).then_some(handle)
    }
}

/// The response to TPM2_GetCapability, with the virtual handles of a space in place of all transient ones.
fn listed(space: &Space, answer: Vec<u8>) -> Vec<u8> {
    const NO_SESSIONS: u16 = 0x8001;
    let mut cursor = Cursor(&answer);
    let (tag, _size, _code) = (cursor.u16(), cursor.u32(), cursor.u32());
    if tag != Some(NO_SESSIONS) {
        // An audited list of handles would need a new HMAC; other responses pass unchanged.
        let _parameter_size = cursor.u32();
        let (_more, capability) = (cursor.u8(), cursor.u32());
        return if capability == Some(CAP_HANDLES) { refusal(AUTH_CONTEXT) } else { answer };
    }
    let (more, capability, count) = (cursor.u8(), cursor.u32(), cursor.u32());
    let (Some(more), Some(CAP_HANDLES), Some(count)) = (more, capability, count) else { return answer };
    let all = (0..count).map_while(|_| cursor.u32());
    let own = |handle| if is_transient(handle) { space.virtual_handle(handle) } else { Some(handle) };
    let handles: Vec<[u8; 4]> = all.filter_map(own).map(u32::to_be_bytes).collect();
    let count = u32::try_from(handles.len()).unwrap_or(u32::MAX);
    let parameters =
        [&[more][..], &CAP_HANDLES.to_be_bytes(), &count.to_be_bytes(), &handles.concat()].concat();
    Response { handle: None, parameters: &parameters, sessions: Vec::new() }.write()
}
