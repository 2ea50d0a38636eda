//! Output of `seal`, of any length: a file that appears whole or not at all, or standard output; and the errors of
//! sealing.

use std::io::{self, ErrorKind, Stdout, Write};

use teeproof_vtpm::seal::SealError;

use crate::input::tpm;
use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::streams::{bare_stdout, write_result};
use crate::settings::context::Context;

/// Where data go, and what went wrong on the way.
pub(super) struct Sink {
    place: Place,
    /// The library that writes knows neither the file's name nor who reads.
    failed: Option<io::Error>,
}

enum Place {
    File(OutputFile),
    Stdout(Stdout),
}

impl Sink {
    /// The file of --output, or standard output.
    pub(super) fn open(context: &Context) -> Result<Self, Fault> {
        let place = match context.take_output() {
            Some(file) => Place::File(file),
            None => Place::Stdout(bare_stdout()?),
        };
        Ok(Self { place, failed: None })
    }

    /// All of it was written, or nothing is to stay of it.
    pub(super) fn close(mut self, outcome: Result<(), Fault>) -> Result<(), Fault> {
        let outcome = outcome.and_then(|()| self.flush().map_err(|error| seal_fault(&error.into())));
        match (self.failed.take(), self.place) {
            (Some(error), Place::File(file)) => file.failed(&error),
            (Some(error), Place::Stdout(_)) => write_result(Err(error)),
            (None, Place::File(file)) => outcome.and_then(|()| file.commit()),
            (None, Place::Stdout(_)) => outcome,
        }
    }

    fn keep<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        written.map_err(|error| {
            let kind = error.kind();
            // Whoever was interrupted tries again.
            if kind != ErrorKind::Interrupted {
                self.failed.get_or_insert(error);
            }
            kind.into()
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.place.stream().write(bytes);
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.place.stream().flush();
        self.keep(flushed)
    }
}

impl Place {
    fn stream(&mut self) -> &mut dyn Write {
        match self {
            Self::File(file) => file,
            Self::Stdout(stdout) => stdout,
        }
    }
}

/// A secret was not sealed or not opened.
pub(super) fn seal_fault(error: &SealError) -> Fault {
    let (message, hint) = (error.to_string(), error.hint());
    match error {
        SealError::Tpm(error) => tpm::tpm_fault(error),
        SealError::RegistersChanged | SealError::OtherMachine => Fault::not_bound(message, hint),
        SealError::Altered => Fault::altered(message, hint),
        SealError::Io(_) => Fault::usage(message, hint),
        SealError::Crypto => Fault::internal(message),
        _ => Fault::malformed(message, hint),
    }
}
