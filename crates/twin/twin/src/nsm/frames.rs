//! Frames of the socket: a length of 32 bits, big-endian, and that many bytes.

use std::io::{self, ErrorKind, Read, Write};

use super::messages::MAX_REQUEST;
use super::module::{Answer, Module};

/// Of a request above the device's limit, so many bytes are read and ignored before it is refused. A longer one ends the
/// connection with the refusal.
const MAX_IGNORED: u64 = 1 << 20;

/// Answers requests in sequence until the client disconnects.
pub(super) fn serve(mut stream: impl Read + Write, module: &Module) {
    while let Ok(Some(request)) = read(&mut stream) {
        let goes_on = request.is_whole;
        if write(&mut stream, &module.answer(&request.bytes)).is_err() || !goes_on {
            return;
        }
    }
}

/// A request as far as it was read.
struct Received {
    bytes: Vec<u8>,
    is_whole: bool,
}

/// The next request; `None` at the end of the connection.
fn read(stream: &mut impl Read) -> io::Result<Option<Received>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_be_bytes(length);
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if size <= MAX_REQUEST {
        let mut bytes = vec![0; size];
        stream.read_exact(&mut bytes)?;
        return Ok(Some(Received { bytes, is_whole: true }));
    }
    let ignored = io::copy(&mut stream.take(u64::from(length).min(MAX_IGNORED)), &mut io::sink())?;
    // Its size alone decides.
    let bytes = vec![0; MAX_REQUEST.saturating_add(1)];
    Ok(Some(Received { bytes, is_whole: ignored == u64::from(length) }))
}

fn write(stream: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let (bytes, sent) = match answer {
        Answer::Whole(bytes) => (bytes, bytes.len()),
        Answer::Half(bytes) => (bytes, bytes.len() / 2),
    };
    let length = u32::try_from(bytes.len()).or(Err(ErrorKind::InvalidData))?;
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend_from_slice(bytes.get(..sent).unwrap_or_default());
    stream.write_all(&frame)?;
    if sent < bytes.len() { Err(ErrorKind::BrokenPipe.into()) } else { Ok(()) }
}
