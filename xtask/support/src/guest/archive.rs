//! The archive that a kernel unpacks as its first file system: cpio in the `newc` form
//! (initramfs buffer format, in the kernel's documentation of early user space).

/// An archive in the making.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    /// A folder. What lies in it comes after it.
    pub fn folder(&mut self, path: &str) {
        self.entry(path, 0o040_755, (0, 0), &[]);
    }

    /// A file with these permissions.
    pub fn file(&mut self, path: &str, permissions: u32, bytes: &[u8]) {
        self.entry(path, 0o100_000 | permissions, (0, 0), bytes);
    }

    /// A character device.
    pub fn device(&mut self, path: &str, number: (u32, u32)) {
        self.entry(path, 0o020_600, number, &[]);
    }

    /// The archive, closed.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), bytes: &[u8]) {
        self.entries += 1;
        let inode = self.entries;
        let (size, name_size) = (length(bytes.len()), length(path.len() + 1));
        // inode, mode, user, group, links, time, size, the archive's device (two numbers), the
        // entry's device (two numbers), size of the name, checksum (none in this form).
        let fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, device.0, device.1, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(bytes);
        self.pad();
    }

    /// Names and contents end on a multiple of four bytes.
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// A length in the 32 bits that the form has for it. Longer ones would be cut off; we have none.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_the_form_says() {
        let mut archive = Archive::default();
        archive.device("dev/console", (5, 1));
        let text = String::from_utf8(archive.finish()).unwrap_or_default();
        let first = "070701\
            00000001000021800000000000000000000000010000000000000000\
            000000000000000000000005000000010000000c00000000dev/console\0";
        assert!(text.starts_with(first), "{text}");
        assert!(text.contains("TRAILER!!!\0"));
        assert_eq!(text.len() % 4, 0);
    }
}
