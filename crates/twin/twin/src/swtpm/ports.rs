//! Two ports in a row that nobody uses.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use super::TRIES;
use crate::Error;

/// The first of two consecutive ports of the loopback interface that were free a moment ago.
pub(super) fn free_pair() -> Result<u16, Error> {
    for _ in 0..TRIES {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::io("looking for a port"))?;
        let port = first.local_addr().map_err(Error::io("looking for a port"))?.port();
        let Some(next) = port.checked_add(1) else { continue };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, next)).is_ok() {
            return Ok(port);
        }
    }
    Err(none())
}

/// There are none.
pub(super) fn none() -> Error {
    Error::Io {
        what: "looking for two free ports in a row".into(),
        source: io::Error::from(io::ErrorKind::AddrInUse),
    }
}
