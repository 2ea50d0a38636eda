//! The twin of a NitroTPM: a software TPM (swtpm) behind a proxy that has the NitroTPM's vendor command, its message
//! buffers of 8 KiB, and its endorsement key.
//!
//! swtpm has the PCRs and every other command. The proxy has what swtpm cannot have: indexes larger than 2048 bytes, and
//! so all indexes of the owner's range; the private endorsement key, since the key of a session's salt checks the HMACs of
//! commands on those indexes; and AWS' vendor command, which signs a document with the PCRs of swtpm's SHA-384 bank under
//! a minted chain. PCRs 0 to 7 are extended at the start, as by firmware that measured no more than separators.

mod capabilities;
mod codes;
mod endorsement_key;
mod engine;
mod fault;
mod indexes;
mod module;
mod sessions;

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

pub use fault::Fault;
pub use teeproof_mint::nitro::Identity;
use teeproof_mint::x509::pem;

use crate::listen::{Listener, bind_pair, reachable};
use crate::paravisor::channels::{self, Client};
use crate::paravisor::frame::refusal;
use crate::paravisor::upstream::Socket;
use crate::swtpm::Swtpm;
use crate::{Error, say};
use codes::FAILURE;
use engine::Engine;

/// Settings of a NitroTPM.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens as swtpm does; its control channel is on the next port. Port 0 means any two.
    pub listen: SocketAddr,
    /// The instance and its region, for the module id and the names of the chain.
    pub identity: Identity,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Default for Settings {
    /// A healthy NitroTPM on any free ports of the loopback interface.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            identity: Identity { enclave: 0, tpm: true, ..Identity::default() },
            fault: None,
        }
    }
}

/// The twin of a NitroTPM.
#[derive(Debug)]
pub struct NitroTpm;

/// A running NitroTPM. Dropping it closes all connections and ends swtpm.
#[derive(Debug)]
pub struct Running {
    // Dropped first, so that no new client connects.
    data: Listener,
    _control: Listener,
    swtpm: Swtpm,
    root: Vec<u8>,
    module_id: String,
}

/// The TPM that all clients share.
struct Shared {
    engine: Engine,
    tpm: Socket,
}

impl NitroTpm {
    /// Starts swtpm, mints the chain, and serves both.
    ///
    /// # Errors
    /// swtpm is not installed, the address is in use, or the chain cannot be made.
    pub fn start(settings: &Settings) -> Result<Running, Error> {
        let identity = Identity { enclave: 0, tpm: true, ..settings.identity.clone() };
        let (data, control) = bind_pair(settings.listen)?;
        let swtpm = Swtpm::start()?;
        let mut tpm = Socket::connect(&swtpm.socket().unwrap_or_default())?;
        engine::measure_boot(&mut tpm)?;
        let engine = Engine::new(&identity, settings.fault)?;
        let root = engine.root().to_vec();
        let shared = Arc::new(Mutex::new(Shared { engine, tpm }));
        let serve = move |stream: TcpStream| channels::data(stream, &mut Connection(&shared));
        let data = Listener::start(data, serve)?;
        let control = Listener::start(control, channels::control)?;
        Ok(Running { data, _control: control, swtpm, root, module_id: identity.module_id() })
    }
}

/// One connection. Nothing is flushed when it ends, as behind /dev/tpm0.
struct Connection<'a>(&'a Mutex<Shared>);

impl Client for Connection<'_> {
    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Shared { engine, tpm } = &mut *shared;
        engine.answer(command, tpm).unwrap_or_else(|error| {
            say(&format!("swtpm is gone: {error}"));
            refusal(FAILURE)
        })
    }

    fn did_not_read(&mut self) {}
}

impl Running {
    /// The TPM's address for `teeproof_vtpm::Address`.
    #[must_use]
    pub fn address(&self) -> String {
        let address = reachable(*self.data.address());
        format!("swtpm:host={},port={}", address.ip(), address.port())
    }

    /// The only trust anchor that its documents need, in DER.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        &self.root
    }

    /// The same in PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        pem(self.root_der())
    }

    /// The module id: `i-<17 hex>-tpm0000000000000000`.
    #[must_use]
    pub fn module_id(&self) -> &str {
        &self.module_id
    }

    /// Environment variables for its clients, as names and values.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("TEEPROOF_TPM", self.address()), ("TPM2TOOLS_TCTI", self.address())]
    }

    /// Whether swtpm still runs.
    pub fn is_alive(&mut self) -> bool {
        self.swtpm.is_alive()
    }
}
