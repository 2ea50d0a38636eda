//! A TPM spoken to without a C library: commands are made and answers are read here, and whatever
//! carries bytes to a TPM carries them.

mod answer;
mod commands;
mod convert;
mod decrypt;
mod device;
mod exchange;
mod mssim;
mod socket;
mod transport;

use std::time::Duration;

use zeroize::Zeroizing;

pub use transport::{MAX_BYTES, Transport};

use crate::{Address, Error};
use device::Device;
use mssim::Mssim;
use socket::{Endpoint, Swtpm, Tpmrm};

/// How long an answer over a socket may take. Making a key takes seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A TPM behind a device of the kernel or the socket of a software TPM.
///
/// A software TPM serves one connection at a time, so that whoever keeps a connection keeps everybody
/// else out: a connection is opened for each command. A resource manager (`tpmrm:`) serves many, and
/// flushes what a connection made when it ends: there the connection is kept.
#[derive(Debug)]
pub struct Direct {
    transport: Box<dyn Transport>,
}

impl Direct {
    /// Opens the TPM at an address. It waits half a minute for an answer over a socket; the kernel
    /// times the commands of its devices itself.
    ///
    /// # Errors
    /// The device is missing or may not be used, nobody listens, or only the TPM software stack
    /// knows such an address.
    pub fn open(address: &Address) -> Result<Self, Error> {
        Self::open_patient(address, PATIENCE)
    }

    /// Opens the TPM at an address, and waits so long for an answer over a socket.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_patient(address: &Address, patience: Duration) -> Result<Self, Error> {
        let failed = |source| Error::Open { address: address.to_string(), source };
        let endpoint = match address {
            Address::Device(path) => return Device::open(path).map(Self::over).map_err(failed),
            Address::Swtpm(host, port) | Address::Mssim(host, port) | Address::Tpmrm(host, port) => {
                Endpoint::Tcp(host.clone(), *port)
            }
            Address::SwtpmPath(path) => Endpoint::Unix(path.clone()),
            Address::Tss(_) => return Err(Error::NotBuilt { address: address.to_string(), feature: "tss" }),
        };
        // Whether anybody listens is said now, and not by the first command.
        let connection = endpoint.connect(patience).map_err(failed)?;
        Ok(match address {
            Address::Tpmrm(..) => Self::over(Tpmrm { endpoint, connection: Some(connection), patience }),
            Address::Mssim(..) => Self::over(Mssim { endpoint, patience }),
            _ => Self::over(Swtpm { endpoint, patience }),
        })
    }

    /// A TPM behind a transport of one's own.
    #[must_use]
    pub fn over(transport: impl Transport + 'static) -> Self {
        Self { transport: Box::new(transport) }
    }

    /// Sends a command as it is and returns the answer as it is, a refusal too. Nothing but the size
    /// of the answer is looked at, and nothing is sent a second time.
    ///
    /// # Errors
    /// The device or socket fails, the TPM does not answer in time, or the answer has another size
    /// than it says.
    pub fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, Error> {
        self.send("a command", command).map(|mut answer| core::mem::take(&mut *answer))
    }

    /// One command and one answer, whose size is what it says.
    fn send(&mut self, name: &'static str, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let answer = self.transport.exchange(command).map(Zeroizing::new);
        answer.and_then(|answer| transport::check_size(&answer).map(|()| answer)).map_err(|source| {
            if transport::is_silence(&source) {
                Error::Silent { command: name }
            } else if source.kind() == std::io::ErrorKind::InvalidData {
                Error::Malformed { command: name, what: source.to_string() }
            } else {
                Error::Io { command: name, source }
            }
        })
    }
}
