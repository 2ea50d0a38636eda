//! Output of `seal`, of any length: a file that is complete or absent, or standard output; and the faults of
//! sealing.

use std::io::{self, ErrorKind, Stdout, Write};

use teeproof_vtpm::seal::SealError;

use crate::input::tpm;
use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::hints;
use crate::output::streams::{bare_stdout, write_result};
use crate::settings::context::Context;

/// The output, and the first error of writing it.
pub(super) struct Sink {
    place: Place,
    /// Kept here, because the library that writes knows neither the name of the file nor its reader.
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

    /// Puts the file in its place, or removes it after a failure.
    pub(super) fn close(mut self, outcome: Result<(), Fault>) -> Result<(), Fault> {
        let outcome = outcome.and_then(|()| self.flush().map_err(|error| seal_fault(&error.into())));
        match (self.failed.take(), self.place) {
            (Some(error), Place::File(file)) => file.failed(&error),
            (Some(error), Place::Stdout(_)) => write_result(Err(error)),
            (None, Place::File(file)) => outcome.and_then(|()| file.commit()),
            (None, Place::Stdout(_)) => outcome,
        }
    }

    fn record<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        written.map_err(|error| {
            let kind = error.kind();
            // The caller repeats an interrupted call.
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
        self.record(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.place.stream().flush();
        self.record(flushed)
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

/// The fault of a secret that was not sealed or not opened.
pub(super) fn seal_fault(error: &SealError) -> Fault {
    let (message, hint) = (error.to_string(), hints::of_seal(error));
    match error {
        SealError::Tpm(error) => tpm::tpm_fault(error),
        SealError::RegistersChanged | SealError::OtherMachine => Fault::not_bound(message, hint),
        SealError::Altered => Fault::altered(message, hint),
        SealError::Io(_) => Fault::usage(message, hint),
        SealError::Crypto => Fault::internal(message),
        _ => Fault::malformed(message, hint),
    }
}
