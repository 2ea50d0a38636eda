//! A TPM device of the kernel: one write, one read.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use crate::character_device::open_device;

use super::transport::{MAX_BYTES, Transport, uninterrupted};

/// An open device.
///
/// It has no deadline of ours. The kernel's driver gives each command its own time and answers
/// ETIME when it has passed; poll would not help, for it waits for the lock that the kernel holds
/// while the command runs.
#[derive(Debug)]
pub(super) struct Device(File);

impl Device {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        open_device(path).map(Self)
    }
}

impl Transport for Device {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        // The kernel takes a command in one write or not at all: a rest would be another command.
        let written = uninterrupted(|| self.0.write(command))?;
        if written != command.len() {
            return Err(io::Error::new(ErrorKind::WriteZero, "the device took a part of the command"));
        }
        let mut answer = vec![0; MAX_BYTES];
        let read = uninterrupted(|| self.0.read(&mut answer))?;
        answer.truncate(read);
        Ok(answer)
    }
}
