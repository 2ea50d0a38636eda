//! The two channels of swtpm's protocol: commands and control.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use super::codes::COMMAND_SIZE;
use super::frame::{self, refusal};

/// Server side of one connection.
pub(crate) trait Client {
    /// The response to a command.
    fn answer(&mut self, command: &[u8]) -> Vec<u8>;

    /// The client closed its connection without reading the last response.
    fn did_not_read(&mut self);
}

/// Answers commands in sequence until the client disconnects.
pub(crate) fn data(mut stream: TcpStream, client: &mut impl Client) {
    // Responses are small, and clients wait for them.
    let _ = stream.set_nodelay(true);
    // Closing a socket with unread data resets the connection; closing it after the response was read does not.
    let was_reset = match serve(&mut stream, client) {
        Ok(()) => false,
        // If a client ended while its command ran, only the socket's pending error shows it.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => matches!(stream.take_error(), Ok(Some(_))),
        Err(_) => true,
    };
    if was_reset {
        client.did_not_read();
    }
}

/// Ends without an error after a command of an impossible size, since the stream is out of step then.
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

/// Answers the control commands that a guest's software sends; commands that stop or reset the TPM are
/// refused.
pub(crate) fn control(mut stream: TcpStream) {
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
            // Its length is unknown.
            stream.write_all(&FAIL.to_be_bytes())?;
            return Ok(false);
        }
    };
    stream.write_all(&result.to_be_bytes())?;
    Ok(true)
}
