//! Enclave image files, read as a stream and measured: no image is in memory. Imports `output`.

use std::io::{ErrorKind, Read};
use std::path::Path;

use teeproof_aws_lc::Sha384Stream;
use teeproof_eif::{EifError, LayoutProblem, MAGIC, MeasuredImage, Measurer};

use crate::input::source::{self, Source};
use crate::output::fault::Fault;
use crate::output::files::path::is_standard_stream;
use crate::output::progress::Progress;

/// What is wanted of an image besides its PCRs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// The SHA-384 of each section.
    pub(crate) digests: bool,
    /// The command line and the metadata.
    pub(crate) texts: bool,
}

/// Bytes that are read at once. They are hashed up to three times and so stay in the processor's first cache.
const CHUNK: usize = 16 << 10;
const MIB: u64 = 1 << 20;

/// Measures an image, with progress after a second.
pub(crate) fn measure_image(path: &Path, wanted: Wanted, source: &Source) -> Result<MeasuredImage, Fault> {
    let name = source::path_name(path);
    let mut stream = source.stream(path)?;
    let bytes = if is_standard_stream(path) { None } else { std::fs::metadata(path).ok() };
    let mib = bytes.and_then(|file| usize::try_from(file.len() / MIB).ok()).unwrap_or_default();
    let progress = Progress::new(mib, "MiB measured", source.announces());
    progress.watched(|| measure(&mut stream, wanted, &progress)).map_err(|fault| fault.in_file(name))
}

fn measure(stream: &mut dyn Read, wanted: Wanted, progress: &Progress) -> Result<MeasuredImage, Fault> {
    let mut measurer = Measurer::<Sha384Stream>::new();
    if wanted.digests {
        measurer = measurer.digest_sections();
    }
    if wanted.texts {
        measurer = measurer.keep_texts();
    }
    let mut of_mib = 0_u64;
    in_chunks(stream, |bytes| {
        measurer.update(bytes).map_err(|error| image_fault(&error))?;
        of_mib = of_mib.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if of_mib >= MIB {
            of_mib = of_mib.saturating_sub(MIB);
            progress.count();
        }
        Ok(())
    })?;
    measurer.finish().map_err(|error| image_fault(&error))
}

/// Reads a stream to its end, in parts of at most 16 KiB.
pub(crate) fn in_chunks(
    stream: &mut dyn Read,
    mut then: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => then(buffer.get(..count).unwrap_or_default())?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::internal(format!("cannot be read: {error}"))),
        }
    }
}

/// Whether a file is an enclave image, by its first bytes. Standard input is not, because it can be read once.
pub(crate) fn is_image(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    let is_file = !is_standard_stream(path) && std::fs::metadata(path).is_ok_and(|file| file.is_file());
    let file = if is_file { std::fs::File::open(path).ok() } else { None };
    file.is_some_and(|mut file| file.read_exact(&mut magic).is_ok()) && magic == MAGIC
}

/// The fault of an image that is refused.
pub(crate) fn image_fault(error: &EifError) -> Fault {
    let hint = match error {
        EifError::Layout(layout) if layout.problem == LayoutProblem::Magic => {
            format!("{}; teeproof inspect says what other files are", error.hint())
        }
        EifError::Layout(layout) if layout.problem == LayoutProblem::Empty => error.hint().to_owned(),
        _ => format!("{}; docs/eif.md lists every refused form", error.hint()),
    };
    Fault::of_class(error.class(), error.to_string(), hint)
}
