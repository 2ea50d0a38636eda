//! Rules for the sections of an image: kinds, order, number, and the sizes of table and section headers.

use crate::error::{EifError, Expected, LayoutProblem, Place, layout};
use crate::header::{FIRST_SECTION, RawSectionHeader};
use crate::{MAGIC, MAX_SIGNATURE_BYTES, SectionKind, TableEntry};

/// The sections so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SectionRules {
    /// The number of sections so far.
    count: usize,
    kernel: bool,
    command_line: bool,
    signature: bool,
    metadata: bool,
}

impl SectionRules {
    /// The number of the next section.
    pub(crate) const fn next(&self) -> usize {
        self.count
    }

    /// Checks the header of the next section against its entry of the table.
    pub(crate) fn begin(
        &mut self,
        raw: &RawSectionHeader,
        entry: TableEntry,
    ) -> Result<SectionKind, EifError> {
        let (index, number) = (self.count, raw.kind.get());
        let kind = SectionKind::from_number(number);
        let wrong = |problem, field, at: u64, expected, got| {
            let place = Place::Section { index, kind, field };
            layout(problem, place, entry.offset.saturating_add(at), expected, Some(got))
        };
        let Some(kind) = kind else {
            let expected = Expected::Text("a type from 1 to 5");
            return Err(wrong(LayoutProblem::SectionType, "type", 0, expected, number.into()));
        };
        if raw.flags.get() != 0 {
            let got = raw.flags.get().into();
            return Err(wrong(LayoutProblem::Reserved, "flags", 2, Expected::Number(0), got));
        }
        let bytes = raw.bytes.get();
        if bytes != entry.bytes {
            return Err(wrong(LayoutProblem::SizeMismatch, "size", 4, Expected::Number(entry.bytes), bytes));
        }
        let once = |is_there: &mut bool| {
            let expected = Expected::Text("one section of this type");
            let second = wrong(LayoutProblem::Duplicate, "type", 0, expected, number.into());
            if core::mem::replace(is_there, true) { Err(second) } else { Ok(()) }
        };
        match kind {
            SectionKind::Kernel => once(&mut self.kernel)?,
            SectionKind::CommandLine => once(&mut self.command_line)?,
            SectionKind::Metadata => once(&mut self.metadata)?,
            SectionKind::Signature => {
                once(&mut self.signature)?;
                if bytes > MAX_SIGNATURE_BYTES {
                    let expected = Expected::Text("at most 32768 bytes");
                    return Err(wrong(LayoutProblem::TooLarge, "size", 4, expected, bytes));
                }
            }
            SectionKind::Ramdisk if !self.kernel => {
                let expected = Expected::Text("the kernel (1) before the first ramdisk");
                return Err(wrong(LayoutProblem::Order, "type", 0, expected, number.into()));
            }
            SectionKind::Ramdisk => {}
        }
        self.count = index.saturating_add(1);
        Ok(kind)
    }

    /// Checks that no section is missing; the image ends at this offset.
    pub(crate) fn end(&self, version: u16, offset: u64) -> Result<(), EifError> {
        let missing = match self {
            Self { kernel: false, .. } => "a kernel section (1)",
            Self { command_line: false, .. } => "a command line section (2)",
            Self { metadata: false, .. } if version >= 4 => "a metadata section (5), required from version 4",
            _ => return Ok(()),
        };
        Err(layout(LayoutProblem::Missing, Place::Image, offset, Expected::Text(missing), None))
    }
}

/// The error of a NUL character in the command line.
pub(crate) const fn nul(index: usize, offset: u64) -> EifError {
    let place = Place::Section { index, kind: Some(SectionKind::CommandLine), field: "content" };
    layout(LayoutProblem::Nul, place, offset, Expected::Text("no NUL character"), None)
}

/// The error of a checksum that does not match.
pub(crate) fn checksum(computed: u32, stated: u32) -> EifError {
    let place = Place::Header("crc_32, of all other bytes of the file");
    let got = Some(stated.into());
    layout(LayoutProblem::Checksum, place, 0x220, Expected::Number(computed.into()), got)
}

/// The error of bytes after the last section.
pub(crate) const fn trailing(image_bytes: u64) -> EifError {
    let expected = Expected::Text("the end of the file after the last section");
    layout(LayoutProblem::Trailing, Place::Image, image_bytes, expected, None)
}

/// The error of a file that ends at this offset, with so many bytes of those that are expected.
pub(crate) const fn truncated(place: Place, offset: u64, bytes: u64, got: u64) -> EifError {
    layout(LayoutProblem::Truncated, place, offset, Expected::Bytes(bytes), Some(got))
}

/// The error of a file that ends before the end of its header: these are its bytes. Another kind of file is refused by
/// its magic, however short it is.
pub(crate) fn incomplete_header(head: &[u8]) -> EifError {
    let (bytes, place) = (u64::try_from(head.len()).unwrap_or(u64::MAX), Place::Header(""));
    let expected = Expected::Bytes(FIRST_SECTION);
    if head.is_empty() {
        return layout(LayoutProblem::Empty, place, 0, expected, Some(0));
    }
    match head.first_chunk::<4>() {
        Some(magic) if *magic != MAGIC => wrong_magic(Some(*magic)),
        None if !MAGIC.starts_with(head) => wrong_magic(None),
        _ => layout(LayoutProblem::Truncated, place, bytes, expected, Some(bytes)),
    }
}

/// The error of a file that does not begin with `.eif`.
pub(crate) fn wrong_magic(got: Option<[u8; 4]>) -> EifError {
    let (place, expected) = (Place::Header("magic"), Expected::Text("0x2e656966 (.eif)"));
    layout(LayoutProblem::Magic, place, 0, expected, got.map(|magic| u32::from_be_bytes(magic).into()))
}
