//! The twin of Azure's paravisor: a TPM with the paravisor's keys and indexes, whose report is
//! renewed as the paravisor renews it, and the host's service for certificates beside it.

mod channels;
mod codes;
mod engine;
mod frame;
mod index;
mod input;
mod listen;
mod provision;
mod read;
mod report;
mod sessions;
mod settings;
#[cfg(test)]
mod tests;
mod thim;
mod upstream;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use engine::Engine;
use listen::{Listener, bind_pair, reachable};
use provision::{Provisioned, provision};
pub use settings::{Fault, Hash, Model, Settings};
use thim::{Documents, Thim};
use upstream::Socket;

use crate::swtpm::Swtpm;
use crate::{Error, say};

/// The twin of a paravisor.
#[derive(Debug)]
pub struct Paravisor;

/// A paravisor at work. Dropping it ends everything: clients are cut off, swtpm is ended.
#[derive(Debug)]
pub struct Running {
    // Dropped first, so that nobody new comes in.
    data: Listener,
    _control: Listener,
    thim: Thim,
    swtpm: Swtpm,
    root: Vec<u8>,
    event_log: PathBuf,
}

impl Paravisor {
    /// Starts swtpm, fits it out, and serves it.
    ///
    /// # Errors
    /// swtpm is not installed, an address is in use, or the settings cannot be met.
    pub fn start(settings: &Settings) -> Result<Running, Error> {
        let (data, control) = bind_pair(settings.listen)?;
        let thim =
            TcpListener::bind(settings.thim).map_err(Error::io(format!("listening on {}", settings.thim)))?;
        let swtpm = Swtpm::start()?;
        let mut tpm = Socket::connect(&swtpm.socket().unwrap_or_default())?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let Provisioned { engine, certificates, event_log, reported_tcb } =
            provision(settings, now, &mut tpm)?;
        let log = swtpm.folder().join("event_log");
        fs::write(&log, event_log).map_err(Error::io(format!("writing {}", log.display())))?;

        let thim = Thim::start(thim, Documents::new(&certificates, reported_tcb)?)?;
        let shared = Arc::new(Mutex::new((engine, tpm)));
        let answer = move |command: &[u8]| answer(&shared, command);
        let data = Listener::start(data, move |stream| channels::data(stream, &answer))?;
        let control = Listener::start(control, channels::control)?;
        Ok(Running { data, _control: control, thim, swtpm, root: certificates.ak_root, event_log: log })
    }
}

/// One command at a time, whoever sends it.
fn answer(shared: &Mutex<(Engine, Socket)>, command: &[u8]) -> Vec<u8> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let (engine, tpm) = &mut *shared;
    engine.answer(command, Instant::now(), tpm).unwrap_or_else(|error| {
        say(&format!("swtpm is gone: {error}"));
        frame::refusal(codes::FAILURE)
    })
}

impl Running {
    /// The TPM's address for `teeproof_vtpm::Address`.
    #[must_use]
    pub fn address(&self) -> String {
        let address = reachable(self.data.address());
        format!("swtpm:host={},port={}", address.ip(), address.port())
    }

    /// The TPM's address for the TPM software stack (libtss2).
    #[must_use]
    pub fn tcti(&self) -> String {
        self.address()
    }

    /// Where the service for certificates is: `http://` and an address.
    #[must_use]
    pub fn thim(&self) -> String {
        format!("http://{}", reachable(self.thim.address()))
    }

    /// The only trust anchor that its evidence needs, in DER.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        &self.root
    }

    /// The file with the boot log.
    #[must_use]
    pub fn event_log(&self) -> &Path {
        &self.event_log
    }

    /// The environment in which programs use it, as names and values.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TEEPROOF_TPM", self.address()),
            ("TPM2TOOLS_TCTI", self.tcti()),
            ("TEEPROOF_IMDS", self.thim()),
            ("TEEPROOF_EVENT_LOG", self.event_log.display().to_string()),
        ]
    }

    /// Where the TPM listens for commands; its control channel is on the next port.
    #[must_use]
    pub const fn listens_on(&self) -> SocketAddr {
        self.data.address()
    }

    /// Whether swtpm still runs.
    pub fn is_alive(&mut self) -> bool {
        self.swtpm.is_alive()
    }
}
