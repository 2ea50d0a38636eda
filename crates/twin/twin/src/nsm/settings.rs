//! Settings of a security module: enclave, PCR values, address, fault.

use core::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::{Fault, Identity};

/// Settings of a security module: enclave, PCR values, address, fault.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub listen: Address,
    /// Instance, enclave and region: the module id, the names of the chain, and PCR4.
    pub identity: Identity,
    /// The ARN of the parent instance's IAM role, for PCR3. Without a role PCR3 is zero, as on AWS.
    pub role: Option<String>,
    /// Whether the enclave runs in debug mode: PCR0, PCR1, PCR2 and PCR8 are zero. PCR3 and PCR4 are not.
    pub debug: bool,
    /// Values of PCRs at launch by index, 0 to 15. PCR0, PCR1 and PCR2 of an image that is not given are those of an
    /// image that there is not; the others are zero.
    pub pcrs: Vec<(u8, [u8; 48])>,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// How late answers are under [`Fault::Slow`].
    pub delay: Duration,
}

impl Default for Settings {
    /// A healthy module of an enclave in production, on any free port of the loopback interface.
    fn default() -> Self {
        Self {
            listen: Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            identity: Identity::default(),
            role: None,
            debug: false,
            pcrs: Vec::new(),
            fault: None,
            delay: Duration::from_secs(5),
        }
    }
}

/// Where a module listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP port; 0 means any.
    Tcp(SocketAddr),
}

/// As clients write it: `unix:PATH`, `tcp:HOST:PORT`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}
