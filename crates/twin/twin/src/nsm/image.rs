//! The PCR values of an enclave image file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use teeproof_aws_lc::Sha384Stream;
use teeproof_eif::Measurer;

use crate::Error;

/// The file is read in parts of this size: images have hundreds of megabytes.
const PART_BYTES: usize = 64 * 1024;

/// The PCRs of an enclave of this image by index: 0, 1, 2, and 8 if it is signed.
///
/// # Errors
/// The file cannot be read, or is not an enclave image that teeproof accepts.
pub fn image_pcrs(path: &Path) -> Result<Vec<(u8, [u8; 48])>, Error> {
    let failed = || Error::io(format!("reading {}", path.display()));
    let image =
        |error: teeproof_eif::EifError| Error::Image { path: path.to_owned(), why: error.to_string() };
    let mut file = File::open(path).map_err(failed())?;
    let mut part = vec![0; PART_BYTES];
    let mut measurer = Measurer::<Sha384Stream>::new();
    loop {
        let len = file.read(&mut part).map_err(failed())?;
        if len == 0 {
            break;
        }
        measurer.update(part.get(..len).unwrap_or_default()).map_err(image)?;
    }
    let measured = measurer.finish().map_err(image)?;
    Ok(measured.measurements().pcrs().map(|(index, value)| (index, *value)).collect())
}
