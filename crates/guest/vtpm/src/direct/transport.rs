//! The seam to whatever carries bytes to a TPM, and what holds for the size of every answer.

use core::fmt;
use std::io::{self, ErrorKind};

/// No command and no answer is larger: TPM_PT_MAX_RESPONSE_SIZE of a PC client's TPM.
pub const MAX_BYTES: usize = 4096;
/// Tag, size, and command or response code.
pub(super) const HEADER_BYTES: usize = 10;
/// How the kernel says that the TPM did not finish in time: ETIME of Linux, which has no
/// [`ErrorKind`].
const ETIME: i32 = 62;

/// Carries commands to a TPM, and its answers back.
pub trait Transport: fmt::Debug + Send {
    /// Sends one command and returns the answer to it.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] or [`ErrorKind::WouldBlock`] if there is no response in time,
    /// [`ErrorKind::InvalidData`] if the bytes are not a response, and any other I/O error.
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>>;
}

/// The size that an answer says it has, if an answer can have it.
pub(super) fn announced(answer: &[u8]) -> io::Result<usize> {
    let size = match answer {
        [_, _, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
        _ => return Err(malformed(format!("{} bytes, too few for a header", answer.len()))),
    };
    bounded(size)
}

/// A size, if an answer can have it.
pub(super) fn bounded(size: u32) -> io::Result<usize> {
    let fits = usize::try_from(size).ok().filter(|size| (HEADER_BYTES..=MAX_BYTES).contains(size));
    fits.ok_or_else(|| malformed(format!("it says that it has {size} bytes")))
}

/// That an answer has the size that it says.
pub(super) fn check_size(answer: &[u8]) -> io::Result<()> {
    if answer.len() < HEADER_BYTES {
        return Err(malformed(format!("{} bytes, too few for a header", answer.len())));
    }
    let size = announced(answer)?;
    if answer.len() == size {
        return Ok(());
    }
    Err(malformed(format!("{} bytes, and it says that it has {size}", answer.len())))
}

/// Whether an error means that there was no response in time.
pub(super) fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) || error.raw_os_error() == Some(ETIME)
}

/// Repeats a call that a signal interrupted before anything happened.
pub(super) fn uninterrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

pub(super) fn malformed(what: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_size_that_it_says() {
        let answer = |size: u32, bytes: usize| {
            let mut answer = vec![0; bytes];
            answer[2..6].copy_from_slice(&size.to_be_bytes());
            check_size(&answer).is_ok()
        };
        assert!(answer(10, 10));
        assert!(answer(4096, 4096));
        for (size, bytes) in [(9, 9), (10, 9), (10, 11), (11, 10), (4097, 4097), (u32::MAX, 10), (0, 6)] {
            assert!(!answer(size, bytes), "{size} {bytes}");
        }
        assert!(check_size(&[]).is_err());
    }
}
