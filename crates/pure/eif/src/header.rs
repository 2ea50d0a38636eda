//! The header of an image with its table of sections, and the header of each section; all numbers are big-endian.
//!
//! Source: aws-nitro-enclaves-image-format, "Enclave Image File (EIF) Specification".

use core::fmt;

use zerocopy::big_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{EifError, Expected, LayoutProblem, Place, layout};
use crate::rules::wrong_magic;

/// The first four bytes of every image.
pub const MAGIC: [u8; 4] = *b".eif";
/// Bytes of the header of an image.
pub const HEADER_BYTES: usize = 548;
/// Bytes of the header of a section.
pub const SECTION_HEADER_BYTES: usize = 12;
/// The most sections of an image.
pub const MAX_SECTIONS: usize = 32;
/// The newest version of the format, and the one of images that are built.
pub const CURRENT_VERSION: u16 = 4;

/// The least sections of an image: a kernel and a command line.
const MIN_SECTIONS: u16 = 2;
/// Versions 0 and 1 were never published.
const OLDEST_VERSION: u16 = 2;
/// Bit 0 of the header's flags.
const ARM64: u16 = 1;

/// The header as it stands in the file.
#[derive(Clone, Copy, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RawHeader {
    pub(crate) magic: [u8; 4],
    pub(crate) version: U16,
    pub(crate) flags: U16,
    pub(crate) default_mem: U64,
    pub(crate) default_cpus: U64,
    pub(crate) reserved: U16,
    pub(crate) num_sections: U16,
    pub(crate) section_offsets: [U64; MAX_SECTIONS],
    pub(crate) section_sizes: [U64; MAX_SECTIONS],
    pub(crate) unused: U32,
    pub(crate) eif_crc32: U32,
}

/// The header of a section as it stands in the file.
#[derive(Clone, Copy, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct RawSectionHeader {
    pub(crate) kind: U16,
    pub(crate) flags: U16,
    pub(crate) bytes: U64,
}

const _: () = {
    assert!(size_of::<RawHeader>() == HEADER_BYTES);
    assert!(size_of::<RawSectionHeader>() == SECTION_HEADER_BYTES);
    assert!(core::mem::offset_of!(RawHeader, num_sections) == 0x1a);
    assert!(core::mem::offset_of!(RawHeader, section_offsets) == 0x1c);
    assert!(core::mem::offset_of!(RawHeader, section_sizes) == 0x11c);
    assert!(core::mem::offset_of!(RawHeader, eif_crc32) == CHECKED_HEADER_BYTES);
};

/// Bytes of the header that the checksum covers: all before the checksum itself.
pub(crate) const CHECKED_HEADER_BYTES: usize = 0x220;
/// [`HEADER_BYTES`] as an offset.
pub(crate) const FIRST_SECTION: u64 = 548;
/// [`SECTION_HEADER_BYTES`] as a size in an image.
pub(crate) const SECTION_HEADER: u64 = 12;

/// The processors that an image is for: bit 0 of the header's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Architecture {
    /// x86-64; the bit is 0.
    X86_64,
    /// 64-bit Arm; the bit is 1.
    Arm64,
}

impl Architecture {
    /// The name that nitro-cli uses: `x86_64`, `arm64`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    pub(crate) const fn flags(self) -> u16 {
        match self {
            Self::X86_64 => 0,
            Self::Arm64 => ARM64,
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The type of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SectionKind {
    /// Type 1: the kernel, measured in PCR0 and PCR1.
    Kernel,
    /// Type 2: the kernel's command line, measured in PCR0 and PCR1.
    CommandLine,
    /// Type 3: a ramdisk; the first is measured in PCR0 and PCR1, the others in PCR0 and PCR2.
    Ramdisk,
    /// Type 4: the signature of PCR0 and the signing certificate, which PCR8 is the hash of.
    Signature,
    /// Type 5: JSON about the build, which no PCR measures.
    Metadata,
}

impl SectionKind {
    /// The number in a section's header.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Kernel => 1,
            Self::CommandLine => 2,
            Self::Ramdisk => 3,
            Self::Signature => 4,
            Self::Metadata => 5,
        }
    }

    /// The kind with this number; `None` for 0, which is invalid, and from 6 on, which are not defined.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Kernel),
            2 => Some(Self::CommandLine),
            3 => Some(Self::Ramdisk),
            4 => Some(Self::Signature),
            5 => Some(Self::Metadata),
            _ => None,
        }
    }

    /// The name: `kernel`, `command line`, `ramdisk`, `signature`, `metadata`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::CommandLine => "command line",
            Self::Ramdisk => "ramdisk",
            Self::Signature => "signature",
            Self::Metadata => "metadata",
        }
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry of the header's table of sections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableEntry {
    /// The offset of the section's header, in bytes from the start of the file.
    pub offset: u64,
    /// The bytes of the section without its header.
    pub bytes: u64,
}

/// The header of an image, checked: its sections follow one another from offset 548 without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    version: u16,
    architecture: Architecture,
    default_memory: u64,
    default_cpus: u64,
    table: [TableEntry; MAX_SECTIONS],
    sections: usize,
    image_bytes: u64,
    crc: u32,
}

impl Header {
    /// Parses the header of an image.
    ///
    /// # Errors
    /// Another magic; a version other than 2, 3 and 4; a flag other than bit 0; reserved bytes or unused entries of
    /// the table that are not zero; fewer than 2 or more than 32 sections; sections that overlap, have gaps between
    /// them, are not in the order of the file, or end beyond 2^64.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, EifError> {
        let raw: RawHeader = zerocopy::transmute!(*bytes);
        let field = |problem, name, offset, expected, got: u64| {
            Err(layout(problem, Place::Header(name), offset, Expected::Text(expected), Some(got)))
        };
        if raw.magic != MAGIC {
            return Err(wrong_magic(Some(raw.magic)));
        }
        let version = raw.version.get();
        if !(OLDEST_VERSION..=CURRENT_VERSION).contains(&version) {
            return field(LayoutProblem::Version, "version", 4, "2, 3 or 4", version.into());
        }
        let architecture = match raw.flags.get() {
            0 => Architecture::X86_64,
            ARM64 => Architecture::Arm64,
            flags => return field(LayoutProblem::Flags, "flags", 6, "0 (x86_64) or 1 (arm64)", flags.into()),
        };
        if raw.reserved.get() != 0 {
            return field(LayoutProblem::Reserved, "reserved", 0x18, "0", raw.reserved.get().into());
        }
        let count = raw.num_sections.get();
        let sections = usize::from(count);
        if !(usize::from(MIN_SECTIONS)..=MAX_SECTIONS).contains(&sections) {
            return field(LayoutProblem::SectionCount, "num_sections", 0x1a, "2 to 32", count.into());
        }
        if raw.unused.get() != 0 {
            return field(LayoutProblem::Reserved, "reserved", 0x21c, "0", raw.unused.get().into());
        }
        let (table, image_bytes) = table(&raw, sections)?;
        Ok(Self {
            version,
            architecture,
            default_memory: raw.default_mem.get(),
            default_cpus: raw.default_cpus.get(),
            table,
            sections,
            image_bytes,
            crc: raw.eif_crc32.get(),
        })
    }

    /// The version of the format: 2, 3 or 4.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// The processors that the image is for.
    #[must_use]
    pub const fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The default memory of an enclave in bytes, which AWS does not use.
    #[must_use]
    pub const fn default_memory(&self) -> u64 {
        self.default_memory
    }

    /// The default number of processors, which AWS does not use.
    #[must_use]
    pub const fn default_cpus(&self) -> u64 {
        self.default_cpus
    }

    /// The entries of the table of sections that are in use, in the order of the file.
    #[must_use]
    pub fn table(&self) -> &[TableEntry] {
        self.table.get(..self.sections).unwrap_or_default()
    }

    /// The size of the whole image in bytes, by the table.
    #[must_use]
    pub const fn image_bytes(&self) -> u64 {
        self.image_bytes
    }

    /// The CRC-32 (ISO-HDLC, that of zlib) of all bytes of the image but these four.
    #[must_use]
    pub const fn crc(&self) -> u32 {
        self.crc
    }
}

/// The table, and where its last section ends.
fn table(raw: &RawHeader, sections: usize) -> Result<([TableEntry; MAX_SECTIONS], u64), EifError> {
    let mut table = [TableEntry::default(); MAX_SECTIONS];
    let mut end = FIRST_SECTION;
    let rows = table.iter_mut().zip(raw.section_offsets).zip(raw.section_sizes).enumerate();
    // The offsets of the fields of an entry.
    let mut at = [0x1c_u64, 0x11c];
    for (index, ((entry, offset), bytes)) in rows {
        let (offset, bytes) = (offset.get(), bytes.get());
        let wrong = |problem, name, at, expected, got| {
            Err(layout(problem, Place::Table { index, field: name }, at, expected, Some(got)))
        };
        let [offset_at, bytes_at] = at;
        at = at.map(|at| at.saturating_add(8));
        if index >= sections {
            if offset != 0 {
                return wrong(LayoutProblem::Reserved, "offset", offset_at, Expected::Number(0), offset);
            }
            if bytes != 0 {
                return wrong(LayoutProblem::Reserved, "size", bytes_at, Expected::Number(0), bytes);
            }
            continue;
        }
        if offset != end {
            let problem = if offset > end { LayoutProblem::Gap } else { LayoutProblem::Overlap };
            return wrong(problem, "offset", offset_at, Expected::Number(end), offset);
        }
        let Some(next) = end.checked_add(SECTION_HEADER).and_then(|start| start.checked_add(bytes)) else {
            let expected = Expected::Text("a section that ends below 2^64");
            return wrong(LayoutProblem::TooLarge, "size", bytes_at, expected, bytes);
        };
        *entry = TableEntry { offset, bytes };
        end = next;
    }
    Ok((table, end))
}
