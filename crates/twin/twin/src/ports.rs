//! Two consecutive free ports, for a TPM's data and control channel.
//!
//! They are taken from below the system's ephemeral ports: an ephemeral port that a client has used stays
//! in TIME_WAIT for a minute, and tests use thousands.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::Error;

/// Below 32768, the first ephemeral port of Linux.
const FIRST: u16 = 10_000;
const COUNT: u64 = 22_000;
/// Attempts with other ports.
const TRIES: usize = 200;

/// Two listeners on consecutive free ports.
pub(crate) fn bind_any_pair(ip: IpAddr) -> Result<(TcpListener, TcpListener), Error> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        match bind_pair(SocketAddr::new(ip, any())) {
            Ok(pair) => return Ok(pair),
            Err(error) => last = error,
        }
    }
    Err(Error::Io { what: format!("looking for two free ports in a row at {ip}"), source: last })
}

/// Two listeners on this port and the next.
pub(crate) fn bind_pair(address: SocketAddr) -> io::Result<(TcpListener, TcpListener)> {
    let first = TcpListener::bind(address)?;
    let none_after = || io::Error::new(io::ErrorKind::InvalidInput, "there is no port after 65535");
    let next = first.local_addr()?.port().checked_add(1).ok_or_else(none_after)?;
    Ok((first, TcpListener::bind(SocketAddr::new(address.ip(), next))?))
}

/// A random port, so that concurrent callers seldom collide. The hasher's seed is random.
fn any() -> u16 {
    let offset = RandomState::new().build_hasher().finish() % COUNT;
    FIRST.saturating_add(u16::try_from(offset).unwrap_or_default())
}
