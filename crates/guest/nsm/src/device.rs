//! The module as the kernel's device, `/dev/nsm`.

use core::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{DEVICE, MAX_ANSWER, Nsm, NsmError, sys};

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

    /// The descriptor of the device.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Nsm for Device {
    fn exchange_bytes(
        &mut self,
        request: &'static str,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        let mut answer = Zeroizing::new(vec![0; MAX_ANSWER]);
        let length =
            sys::exchange(self, bytes, &mut answer).map_err(|error| NsmError::exchanging(request, error))?;
        answer.truncate(length);
        Ok(answer)
    }
}

/// Opens a character device of the driver nsm. The kernel's name of the device is compared, because a call by this
/// number may mean something else to another driver.
fn open_device(path: &Path) -> io::Result<File> {
    // Opening a pipe would wait, and opening another device may change it.
    check(path, &std::fs::metadata(path)?)?;
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    check(path, &file.metadata()?)?;
    Ok(file)
}

fn check(path: &Path, metadata: &std::fs::Metadata) -> io::Result<()> {
    if !metadata.file_type().is_char_device() {
        return Err(other_device(&"not a character device"));
    }
    let (major, minor) = (rustix::fs::major(metadata.rdev()), rustix::fs::minor(metadata.rdev()));
    check_name(path, std::fs::read_to_string(format!("/sys/dev/char/{major}:{minor}/uevent")))
}

/// Checks the name in a device's uevent file. An enclave whose init does not mount sysfs has none to compare: there only
/// the path is believed that the kernel itself gives the device.
fn check_name(path: &Path, uevent: io::Result<String>) -> io::Result<()> {
    match uevent {
        Ok(text) => match text.lines().find_map(|line| line.strip_prefix("DEVNAME=")) {
            Some("nsm") => Ok(()),
            name => Err(other_device(&format_args!(
                "the device {}, expected nsm",
                name.unwrap_or("without a name")
            ))),
        },
        Err(_) if path == Path::new(DEVICE) => Ok(()),
        Err(error) => Err(other_device(&format_args!(
            "a device whose name cannot be read in /sys ({error}), expected nsm"
        ))),
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

    #[test]
    fn without_sysfs_only_the_path_of_the_driver_is_opened() {
        let unknown = || io::Error::from(ErrorKind::NotFound);
        let named = |name: &str| Ok(format!("MAJOR=10\nMINOR=144\n{name}"));
        assert!(check_name(Path::new("/dev/nsm"), Err(unknown())).is_ok());
        assert!(check_name(Path::new("/dev/other"), named("DEVNAME=nsm\n")).is_ok());
        for (path, uevent, says) in [
            ("/dev/other", Err(unknown()), "cannot be read in /sys"),
            ("/dev/nsm", named("DEVNAME=nsm0\n"), "the device nsm0, expected nsm"),
            ("/dev/nsm", named(""), "the device without a name"),
        ] {
            let refused =
                check_name(Path::new(path), uevent).map_err(|error| (error.kind(), error.to_string()));
            assert!(
                matches!(&refused, Err((ErrorKind::InvalidInput, text)) if text.contains(says)),
                "{path}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_device_of_another_driver_refuses_the_call() {
        // Not by `Device::open`, which refuses it first: this one has no calls at all.
        let Ok(null) = File::open("/dev/null") else { return };
        let refused = Device(null).exchange_bytes("GetRandom", b"\x69GetRandom");
        // ENOTTY.
        assert!(
            matches!(&refused, Err(NsmError::Io { request: "GetRandom", source }) if source.raw_os_error() == Some(25)),
            "{refused:?}"
        );
    }
}
