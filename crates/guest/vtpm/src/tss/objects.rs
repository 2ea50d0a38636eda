//! Handles: those of the TPM, which the stack opens before it uses them, and those of keys that
//! were made here, which it knows by names of its own.

use std::collections::BTreeMap;

use tss_esapi::handles::{KeyHandle, ObjectHandle, TpmHandle};

use super::{NOBODY, PASSWORD, Stack, convert, failure};
use crate::{Created, Error, ResponseCode};

/// The stack does not tell where in the TPM a key is. Ours get handles from here on, and each only
/// once: transient ones, that neither a TPM gives out (it begins at 0x80000000) nor the kernel's
/// resource manager (it begins at 0x80ffffff and goes down).
const FIRST_MADE: u32 = 0x8080_0000;

/// The keys that were made here and not flushed yet.
#[derive(Debug)]
pub(super) struct Made {
    keys: BTreeMap<u32, KeyHandle>,
    next: u32,
}

impl Default for Made {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), next: FIRST_MADE }
    }
}

impl Made {
    fn add(&mut self, key: KeyHandle) -> u32 {
        let handle = self.next;
        self.next = self.next.saturating_add(1);
        self.keys.insert(handle, key);
        handle
    }

    pub(super) fn find(&self, handle: u32) -> Option<ObjectHandle> {
        self.keys.get(&handle).map(|key| (*key).into())
    }

    /// Whether there was a key at this handle that has been flushed.
    fn is_gone(&self, handle: u32) -> bool {
        (FIRST_MADE..self.next).contains(&handle) && !self.keys.contains_key(&handle)
    }
}

impl Stack {
    /// Opens the object at a handle, uses it, and closes it; a key that was made here is open until
    /// it is flushed.
    pub(super) fn with_object<T>(
        &mut self,
        command: &'static str,
        handle: u32,
        run: impl FnOnce(&mut Self, ObjectHandle) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(key) = self.made.find(handle) {
            return run(self, key);
        }
        let object = self.open_object(command, handle)?;
        let done = run(self, object);
        self.close(object);
        done
    }

    /// Opens the object at a handle of the TPM.
    ///
    /// Never under a session: version 3.2.1 of the stack takes the session of this command to be
    /// one with a key, and ends the program.
    pub(super) fn open_object(&mut self, command: &'static str, handle: u32) -> Result<ObjectHandle, Error> {
        if self.made.is_gone(handle) {
            // A layer with its own handles must answer as a TPM.
            let code = ResponseCode(ResponseCode::REFERENCE_HANDLE);
            return Err(Error::Refused { command, code });
        }
        let unfit = |_| failure::unfit(command, format!("{handle:#010x} is no handle"));
        let handle = TpmHandle::try_from(handle).map_err(unfit)?;
        self.run(command, NOBODY, |context| context.tr_from_tpm_public(handle))
    }

    /// Forgets an object that was opened; in the TPM nothing happens.
    pub(super) fn close(&mut self, mut object: ObjectHandle) {
        // tss-esapi forgets it in any case. It complains about a transient object, which it would
        // have flushed at the end, and which is somebody else's.
        let _ = self.context.execute_without_session(|context| context.tr_close(&mut object));
    }

    /// Makes a primary key and gives it a handle.
    pub(super) fn make(&mut self, hierarchy: u32, template: &[u8]) -> Result<Created, Error> {
        const COMMAND: &str = "TPM2_CreatePrimary";
        let hierarchy = convert::hierarchy(COMMAND, hierarchy)?;
        let template = convert::template(COMMAND, template)?;
        let made = self.run(COMMAND, PASSWORD, |context| {
            context.create_primary(hierarchy, template, None, None, None, None)
        })?;
        let key = made.key_handle;
        let name = self.run(COMMAND, NOBODY, |context| context.tr_get_name(key.into()));
        let public = convert::bytes(&made.out_public).map_err(|error| failure::of(COMMAND, error));
        let (name, public) = name.and_then(|name| Ok((name, public?))).inspect_err(|_| {
            // That it cannot be used is what matters.
            let _ = self.context.flush_context(key.into());
        })?;
        Ok(Created { handle: self.made.add(key), public, name: name.value().to_vec() })
    }

    /// Takes a transient object out of the TPM, one of ours or another's.
    pub(super) fn flush_object(&mut self, handle: u32) -> Result<(), Error> {
        const COMMAND: &str = "TPM2_FlushContext";
        let object = match self.made.find(handle) {
            Some(key) => key,
            None => self.open_object(COMMAND, handle)?,
        };
        self.run(COMMAND, NOBODY, |context| context.flush_context(object))?;
        self.made.keys.remove(&handle);
        Ok(())
    }
}
