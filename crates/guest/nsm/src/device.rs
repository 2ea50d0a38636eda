//! The module as the kernel's device, `/dev/nsm`.

use core::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{MAX_ANSWER, Nsm, NsmError, sys};

/// An open device.
///
/// The driver lets one request at a time to the module, of all programs of the enclave, and waits two minutes for its
/// answer.
#[derive(Debug)]
pub struct Device(File);

impl Device {
    /// Opens the device of the driver nsm.
    ///
    /// # Errors
    /// [`NsmError::NoDevice`], [`NsmError::Permission`], [`NsmError::Open`]: it is not a character device, or one of
    /// another driver.
    pub fn open(path: &Path) -> Result<Self, NsmError> {
        let opened = open_device(path).map(Self);
        opened.map_err(|error| NsmError::opening(&format!("device:{}", path.display()), error))
    }
}

impl Nsm for Device {
    fn exchange_bytes(
        &mut self,
        request: &'static str,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        let mut answer = Zeroizing::new(vec![0; MAX_ANSWER]);
        let length = sys::exchange(self.0.as_fd(), bytes, &mut answer)
            .map_err(|error| NsmError::exchanging(request, error))?;
        answer.truncate(length);
        Ok(answer)
    }
}

/// Opens a character device of the driver nsm. The kernel's name of the device is compared, because a call by this
/// number may mean something else to another driver.
fn open_device(path: &Path) -> io::Result<File> {
    // Opening a pipe would wait, and opening another device may change it.
    check(&std::fs::metadata(path)?)?;
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

fn check(metadata: &std::fs::Metadata) -> io::Result<()> {
    if !metadata.file_type().is_char_device() {
        return Err(other_device(&"not a character device"));
    }
    let (major, minor) = (rustix::fs::major(metadata.rdev()), rustix::fs::minor(metadata.rdev()));
    // An enclave whose init does not mount sysfs has nothing to compare with.
    match std::fs::read_to_string(format!("/sys/dev/char/{major}:{minor}/uevent")) {
        Ok(text) => match text.lines().find_map(|line| line.strip_prefix("DEVNAME=")) {
            Some("nsm") => Ok(()),
            name => Err(other_device(&format_args!(
                "the device {}, expected nsm",
                name.unwrap_or("without a name")
            ))),
        },
        Err(_) => Ok(()),
    }
}

fn other_device(what: &dyn fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(path: &str) -> NsmError {
        match Device::open(Path::new(path)) {
            Ok(_) => NsmError::Address(path.into()),
            Err(error) => error,
        }
    }

    #[test]
    fn only_the_device_of_the_driver_is_opened() {
        assert!(matches!(error("/dev/no-such-nsm"), NsmError::NoDevice { .. }));
        assert!(
            matches!(error("/"), NsmError::Open { source, .. } if source.kind() == ErrorKind::InvalidInput)
        );
        let null = error("/dev/null").to_string();
        // Where sysfs is mounted.
        assert!(
            null.contains("the device null, expected nsm") || !Path::new("/sys/dev/char/1:3/uevent").exists(),
            "{null}"
        );
    }
}
