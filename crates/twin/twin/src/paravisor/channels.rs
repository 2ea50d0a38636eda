//! The two channels of swtpm, as its clients know them: commands on one, control on the other.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use super::codes::COMMAND_SIZE;
use super::frame::{self, refusal};

/// Whoever answers the commands of one connection.
pub(super) trait Client {
    /// The answer to a command.
    fn answer(&mut self, command: &[u8]) -> Vec<u8>;

    /// The connection ended before the last answer was read.
    fn did_not_read(&mut self);
}

/// Answers commands one after the other, until the client leaves.
pub(super) fn data(mut stream: TcpStream, client: &mut impl Client) {
    // Answers are small, and clients wait for them.
    let _ = stream.set_nodelay(true);
    // Whoever ends before it has read an answer resets the connection; whoever has read it does not.
    let was_reset = match serve(&mut stream, client) {
        Ok(()) => false,
        // Of a client that ended while its command ran, only the socket's pending error tells.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => matches!(stream.take_error(), Ok(Some(_))),
        Err(_) => true,
    };
    if was_reset {
        client.did_not_read();
    }
}

/// Ends without an error after a command of an impossible size, after which nothing can follow.
fn serve(stream: &mut TcpStream, client: &mut impl Client) -> io::Result<()> {
    while let Some(command) = frame::read(stream)? {
        stream.write_all(&client.answer(&command))?;
    }
    stream.write_all(&refusal(COMMAND_SIZE))
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
