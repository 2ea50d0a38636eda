//! The two channels of swtpm, as its clients know them: commands on one, control on the other.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use super::codes::COMMAND_SIZE;
use super::frame::{self, refusal};

/// Answers commands one after the other, until the client leaves.
pub(super) fn data(mut stream: TcpStream, answer: impl Fn(&[u8]) -> Vec<u8>) {
    // Answers are small, and clients wait for them.
    let _ = stream.set_nodelay(true);
    while let Ok(Some(command)) = command(&mut stream) {
        if stream.write_all(&answer(&command)).is_err() {
            return;
        }
    }
}

/// The next command; `None` if it has an impossible size, after which nothing can follow.
fn command(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let command = frame::read(stream)?;
    if command.is_none() {
        stream.write_all(&refusal(COMMAND_SIZE))?;
    }
    Ok(command)
}

/// CMD_SET_LOCALITY, with one byte.
const SET_LOCALITY: u32 = 5;
/// CMD_CANCEL_TPM_CMD.
const CANCEL: u32 = 9;
/// TPM_FAIL.
const FAIL: u32 = 9;

/// Answers the control commands that a guest's software sends; whatever would stop or reset the TPM
/// is not the guest's to do.
pub(super) fn control(mut stream: TcpStream) {
    while let Ok(goes_on) = control_command(&mut stream) {
        if !goes_on {
            return;
        }
    }
}

fn control_command(stream: &mut TcpStream) -> io::Result<bool> {
    let mut code = [0; 4];
    stream.read_exact(&mut code)?;
    let result = match u32::from_be_bytes(code) {
        SET_LOCALITY => {
            let mut locality = [0];
            stream.read_exact(&mut locality)?;
            if locality == [0] { 0 } else { FAIL }
        }
        // No command waits for another.
        CANCEL => 0,
        _ => {
            // How long it is, nobody here knows.
            stream.write_all(&FAIL.to_be_bytes())?;
            return Ok(false);
        }
    };
    stream.write_all(&result.to_be_bytes())?;
    Ok(true)
}
