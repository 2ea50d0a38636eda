//! Opening of what an address of a device names, of which nothing is written to anything else.

use std::fs::FileType;
#[cfg(feature = "direct")]
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens a device of the kernel. A file, a disk or a pipe would be written over by the first command: it is
/// refused before it is opened, and once more by what was opened.
#[cfg(feature = "direct")]
pub(crate) fn open_device(path: &Path) -> io::Result<File> {
    check_device(path)?;
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Refuses what is no device of the kernel, for those who hand the path on.
pub(crate) fn check_device(path: &Path) -> io::Result<()> {
    check(std::fs::metadata(path)?.file_type())
}

#[cfg(unix)]
fn check(found: FileType) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    if found.is_char_device() { Ok(()) } else { Err(no_device()) }
}

#[cfg(not(unix))]
fn check(found: FileType) -> io::Result<()> {
    if found.is_file() || found.is_dir() { Err(no_device()) } else { Ok(()) }
}

fn no_device() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "not a character device, as a TPM is; nothing was written to it")
}

#[cfg(all(test, unix, feature = "direct"))]
mod tests {
    use super::*;

    #[test]
    fn only_character_devices_are_opened() {
        assert!(open_device(Path::new("/dev/null")).is_ok());
        let folder = std::env::temp_dir();
        let file = folder.join(format!("teeproof-device-{}", std::process::id()));
        assert!(std::fs::write(&file, "older").is_ok());
        for path in [&file, &folder] {
            let refused = open_device(path).map(drop).map_err(|error| error.kind());
            assert_eq!(refused, Err(ErrorKind::InvalidInput), "{}", path.display());
        }
        assert_eq!(std::fs::read(&file).ok(), Some(b"older".to_vec()));
        assert!(std::fs::remove_file(file).is_ok());
    }
}
