//! The twin of Azure's paravisor: a TPM with the paravisor's keys and indexes, whose report is
//! renewed as the paravisor renews it, and the host's certificate service (THIM).

mod capabilities;
pub(crate) mod channels;
mod clients;
mod codes;
pub(crate) mod encryption;
mod engine;
mod filtered;
pub(crate) mod frame;
mod handles;
mod index;
mod multiplexer;
mod orphans;
mod owner;
mod parameters;
mod profile;
pub(crate) mod provision;
mod read;
mod report;
mod resign;
mod sessions;
mod settings;
mod space;
#[cfg(test)]
mod tests;
mod thim;
mod unmarshal;
pub(crate) mod upstream;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clients::{ManagedClient, RawClient, Shared};
use multiplexer::Multiplexer;
pub use profile::TpmProfile;
use provision::{Provisioned, provision, remove_banks};
pub use settings::{Fault, Hash, Model, Settings};
use thim::Documents;
use upstream::Socket;

use crate::Error;
use crate::http::Service;
use crate::listen::{Listener, bind_one, bind_pair, reachable};
use crate::swtpm::Swtpm;

/// The twin of a paravisor.
#[derive(Debug)]
pub struct Paravisor;

/// A running paravisor. Dropping it closes all connections and ends swtpm.
#[derive(Debug)]
pub struct Running {
    // Dropped first, so that no new client connects.
    data: Listener,
    managed: Listener,
    _control: Listener,
    thim: Service,
    swtpm: Swtpm,
    root: Vec<u8>,
    event_log: PathBuf,
}

impl Paravisor {
    /// Starts swtpm, provisions it, and serves it.
    ///
    /// # Errors
    /// swtpm is not installed, an address is in use, or the settings contradict one another.
    pub fn start(settings: &Settings) -> Result<Running, Error> {
        let (data, control) = bind_pair(settings.listen)?;
        let managed = bind_one(settings.managed)?;
        let thim =
            TcpListener::bind(settings.thim).map_err(Error::io(format!("listening on {}", settings.thim)))?;
        let swtpm = Swtpm::start()?;
        let mut tpm = Socket::connect(&swtpm.socket().unwrap_or_default())?;
        if settings.tpm == TpmProfile::Paravisor {
            remove_banks(&mut tpm, || swtpm.reset())?;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let Provisioned { engine, certificates, event_log, reported_tcb } =
            provision(settings, now, &mut tpm)?;
        let log = swtpm.folder().join("event_log");
        fs::write(&log, event_log).map_err(Error::io(format!("writing {}", log.display())))?;

        let thim = thim::start(thim, Documents::new(&certificates, reported_tcb)?)?;
        let shared = Arc::new(Shared::new(Multiplexer::new(engine, tpm, settings.orphan_age)));
        let raw = shared.clone();
        let serve = move |stream: TcpStream| {
            let mut client = RawClient::new(&raw, &stream);
            channels::data(stream, &mut client);
        };
        let data = Listener::start(data, serve)?;
        let managed =
            Listener::start(managed, move |stream| channels::data(stream, &mut ManagedClient::new(&shared)))?;
        let control = Listener::start(control, channels::control)?;
        let root = certificates.ak_root;
        Ok(Running { data, managed, _control: control, thim, swtpm, root, event_log: log })
    }
}

impl Running {
    /// The TPM's address for `teeproof_vtpm::Address`, over the port with a resource manager: the
    /// client keeps its connection, and its objects and sessions are flushed when it closes.
    #[must_use]
    pub fn managed_address(&self) -> String {
        let address = reachable(*self.managed.address());
        format!("tpmrm:host={},port={}", address.ip(), address.port())
    }

    /// The TPM's address for `teeproof_vtpm::Address`, over the port without a resource manager.
    #[must_use]
    pub fn address(&self) -> String {
        let address = reachable(*self.data.address());
        format!("swtpm:host={},port={}", address.ip(), address.port())
    }

    /// The TPM's address for the TPM software stack (libtss2), which opens a connection for each
    /// command and so needs the port without a resource manager.
    #[must_use]
    pub fn tcti(&self) -> String {
        self.address()
    }

    /// URL of the certificate service: `http://` and an address.
    #[must_use]
    pub fn thim(&self) -> String {
        format!("http://{}", reachable(self.thim.address()))
    }

    /// The only trust anchor that its evidence needs, in DER.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        &self.root
    }

    /// The file with the event log.
    #[must_use]
    pub fn event_log(&self) -> &Path {
        &self.event_log
    }

    /// Environment variables for its clients, as names and values.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TEEPROOF_TPM", self.managed_address()),
            ("TPM2TOOLS_TCTI", self.tcti()),
            ("TEEPROOF_IMDS", self.thim()),
            ("TEEPROOF_EVENT_LOG", self.event_log.display().to_string()),
        ]
    }

    /// Address of the raw TPM port; its control channel is on the next port.
    #[must_use]
    pub const fn listens_on(&self) -> SocketAddr {
        *self.data.address()
    }

    /// Address of the managed TPM port, for clients that keep their connection.
    #[must_use]
    pub const fn manages_on(&self) -> SocketAddr {
        *self.managed.address()
    }

    /// Whether swtpm still runs.
    pub fn is_alive(&mut self) -> bool {
        self.swtpm.is_alive()
    }
}
