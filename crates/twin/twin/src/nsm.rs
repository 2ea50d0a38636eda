//! The twin of a Nitro security module (NSM): the device's messages on a socket, answered as the device of an enclave
//! answers them, with documents under a minted chain.
//!
//! Each message is a length (32 bits, big-endian) and that many bytes: what `/dev/nsm` has in its buffers. A connection
//! carries any number of exchanges. [`cuse`] serves the device itself.

mod bank;
pub mod cuse;
mod fault;
mod frames;
mod image;
mod issuer;
mod messages;
mod module;
mod resign;
mod settings;

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use fault::Fault;
pub use image::image_pcrs;
use module::Module;
pub use resign::{Resigned, resign};
pub use settings::{Address, Settings};
pub use teeproof_mint::nitro::Identity;
use teeproof_mint::x509::pem;

use crate::Error;
use crate::listen::{Listener, bind_one, reachable};

/// The twin of a security module.
#[derive(Debug)]
pub struct Nsm;

/// A running security module. Dropping it closes all connections and removes the file of its socket.
#[derive(Debug)]
pub struct Running {
    socket: Socket,
    module: Arc<Module>,
}

/// The socket of a running module.
#[derive(Debug)]
enum Socket {
    // The file is removed after the listener has ended, whose thread is woken by connecting to it.
    Unix { _listener: Listener<UnixListener>, file: SocketFile },
    Tcp(Listener),
}

/// The file of a Unix socket, removed on drop.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It fails if the file is gone already.
        let _ = fs::remove_file(&self.0);
    }
}

impl Nsm {
    /// Mints the chain and serves the module.
    ///
    /// # Errors
    /// The address is in use, a setting is invalid, or the chain cannot be made.
    pub fn start(settings: &Settings) -> Result<Running, Error> {
        let module = Arc::new(Module::new(settings)?);
        let served = module.clone();
        let socket = match &settings.listen {
            Address::Unix(path) => {
                let listener = bind_unix(path)?;
                let serve = move |stream: UnixStream| frames::serve(stream, &served);
                Socket::Unix { _listener: Listener::start(listener, serve)?, file: SocketFile(path.clone()) }
            }
            Address::Tcp(address) => Socket::Tcp(serve_tcp(bind_one(*address)?, served)?),
        };
        Ok(Running { socket, module })
    }
}

fn serve_tcp(listener: TcpListener, module: Arc<Module>) -> Result<Listener, Error> {
    Listener::start(listener, move |stream| {
        // Answers are small, and clients wait for them.
        let _ = stream.set_nodelay(true);
        frames::serve(stream, &module);
    })
}

/// Binds the path, also where the socket of a process that was killed is left.
fn bind_unix(path: &Path) -> Result<UnixListener, Error> {
    let failed = |source| Error::Io { what: format!("listening on {}", path.display()), source };
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_abandoned(path) => {
            fs::remove_file(path).and_then(|()| UnixListener::bind(path)).map_err(failed)
        }
        bound => bound.map_err(failed),
    }
}

/// Whether this is a socket that no process listens on.
fn is_abandoned(path: &Path) -> bool {
    UnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        && fs::symlink_metadata(path)
            .is_ok_and(|there| std::os::unix::fs::FileTypeExt::is_socket(&there.file_type()))
}

impl Running {
    /// The address for clients, as `--nsm` and `TEEPROOF_NSM` have it: `unix:PATH` or `tcp:HOST:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.socket {
            Socket::Unix { file, .. } => Address::Unix(file.0.clone()),
            Socket::Tcp(listener) => Address::Tcp(reachable(*listener.address())),
        }
        .to_string()
    }

    /// The port of a module that listens on TCP.
    #[must_use]
    pub fn tcp(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Unix { .. } => None,
            Socket::Tcp(listener) => Some(*listener.address()),
        }
    }

    /// The only trust anchor that its documents need, in DER.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        self.module.root()
    }

    /// The same in PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        pem(self.root_der())
    }

    /// The module id: `i-<17 hex>-enc<16 hex>`.
    #[must_use]
    pub fn module_id(&self) -> String {
        self.module.id()
    }

    /// Environment variables for its clients, as names and values.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("TEEPROOF_NSM", self.address())]
    }
}
