//! Clients of the two ports, and the cleanup of their objects and sessions.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::channels::Client;
use super::codes::FAILURE;
use super::frame::refusal;
use super::multiplexer::{Multiplexer, SpaceId};
use super::owner::Owner;
use super::upstream::{Refused, Socket};
use crate::say;

/// The TPM that all clients share.
pub(super) type Shared = Mutex<Multiplexer<Socket>>;

/// A client of the raw port. Its objects and sessions stay, because its next command may use another
/// connection.
pub(super) struct RawClient<'a> {
    shared: &'a Shared,
    /// Its address and ours, until its owner has been looked up.
    ends: Option<(SocketAddr, SocketAddr)>,
    owner: Option<Arc<Owner>>,
    /// The handle in the last response.
    given: Option<u32>,
}

/// A client of the managed port. Its objects and sessions are flushed when its connection ends.
pub(super) struct ManagedClient<'a> {
    shared: &'a Shared,
    space: SpaceId,
}

impl<'a> RawClient<'a> {
    pub(super) fn new(shared: &'a Shared, stream: &TcpStream) -> Self {
        let ends = stream.peer_addr().and_then(|client| Ok((client, stream.local_addr()?)));
        Self { shared, ends: ends.ok(), owner: None, given: None }
    }
}

impl<'a> ManagedClient<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, space: lock(shared).open() }
    }
}

impl Client for RawClient<'_> {
    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let done = lock(self.shared).raw(command, Instant::now());
        let (answer, given) = match done {
            Ok(done) => done,
            Err(refused) => (refuse(refused), None),
        };
        self.given = given;
        if let Some(handle) = given {
            // The client waits for its response now; later its process may be gone.
            if let Some((client, twin)) = self.ends.take() {
                self.owner = Owner::of(client, twin).map(Arc::new);
            }
            if let Some(owner) = &self.owner {
                lock(self.shared).note_owner(handle, owner.clone(), Instant::now());
            }
        }
        answer
    }

    fn did_not_read(&mut self) {
        if let Some(handle) = self.given.take() {
            // It fails only if the TPM is gone, and the object with it.
            let _ = lock(self.shared).discard(handle, Instant::now());
        }
    }
}

impl Client for ManagedClient<'_> {
    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        lock(self.shared).managed(self.space, command, Instant::now()).unwrap_or_else(refuse)
    }

    fn did_not_read(&mut self) {}
}

impl Drop for ManagedClient<'_> {
    fn drop(&mut self) {
        // It fails only if the TPM is gone, and everything in it.
        let _ = lock(self.shared).close(self.space, Instant::now());
    }
}

/// Serializes the commands of all clients.
fn lock(shared: &Shared) -> MutexGuard<'_, Multiplexer<Socket>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The response to send when the TPM gave none.
fn refuse(refused: Refused) -> Vec<u8> {
    match refused {
        Refused::Code(_, code) => refusal(code),
        Refused::Gone(error) => {
            say(&format!("swtpm is gone: {error}"));
            refusal(FAILURE)
        }
    }
}
