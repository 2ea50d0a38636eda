//! The protocol of Microsoft's TPM simulator, which others speak too: commands and answers in
//! frames.
//!
//! Source: `TPMCmd/Simulator` of microsoft/ms-tpm-20-ref. The simulator has to be powered up and
//! started by whoever runs it.

use std::io::{self, Read, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use super::socket::{Connection, Endpoint};
use super::transport::{Transport, bounded, malformed};

/// TPM_SEND_COMMAND.
const SEND_COMMAND: u32 = 8;
/// TPM_SESSION_END.
const SESSION_END: u32 = 20;
/// Where the command comes from: locality 0, as an operating system's.
const LOCALITY: u8 = 0;

/// The command port of a simulator.
#[derive(Debug)]
pub(super) struct Mssim {
    pub(super) endpoint: Endpoint,
    pub(super) patience: Duration,
}

impl Transport for Mssim {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let mut connection = self.endpoint.connect(self.patience)?;
        connection.write_all(&frame(command)?)?;
        let mut answer = Zeroizing::new(vec![0; bounded(number(&mut connection)?)?]);
        connection.read_exact(&mut answer)?;
        match number(&mut connection)? {
            0 => {
                // A courtesy: the answer is there, whatever becomes of it.
                let _ = connection.write_all(&SESSION_END.to_be_bytes());
                Ok(core::mem::take(&mut *answer))
            }
            other => Err(malformed(format!("the simulator ends its answer with {other:#x}, not with 0"))),
        }
    }
}

fn frame(command: &[u8]) -> io::Result<Vec<u8>> {
    let size = u32::try_from(command.len()).map_err(io::Error::other)?;
    Ok([&SEND_COMMAND.to_be_bytes()[..], &[LOCALITY], &size.to_be_bytes(), command].concat())
}

fn number(connection: &mut Connection) -> io::Result<u32> {
    let mut bytes = [0; 4];
    connection.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}
