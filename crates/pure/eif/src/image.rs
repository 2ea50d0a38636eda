//! An image in memory: its sections as slices, and its measurements computed from the whole sections.

use teeproof_core::Crypto;
use zerocopy::FromBytes;

use crate::error::{EifError, Place};
use crate::header::{
    CHECKED_HEADER_BYTES, HEADER_BYTES, RawSectionHeader, SECTION_HEADER, SECTION_HEADER_BYTES,
};
use crate::rules::{SectionRules, checksum, incomplete_header, nul, trailing, truncated};
use crate::{Header, MAX_SECTIONS, Measurements, SectionKind, SignatureSection};

/// An image in memory. It borrows its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eif<'a> {
    header: Header,
    sections: [Section<'a>; MAX_SECTIONS],
    count: usize,
}

/// A section of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Section<'a> {
    /// The kind.
    pub kind: SectionKind,
    /// The content.
    pub content: &'a [u8],
}

impl<'a> Eif<'a> {
    /// Parses an image, which must fill `bytes`.
    ///
    /// # Errors
    /// Those of [`Header::parse`]; a section whose header is not as the table has it; an unknown type; a second kernel,
    /// command line, signature or metadata; a ramdisk before the kernel; no kernel, no command line, or, from version
    /// 4 on, no metadata; a NUL in the command line; an image that ends too early or too late; a wrong checksum.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EifError> {
        let end = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let (head, body) =
            bytes.split_first_chunk::<HEADER_BYTES>().ok_or_else(|| incomplete_header(bytes))?;
        let header = Header::parse(head)?;
        let empty = Section { kind: SectionKind::Kernel, content: &[] };
        let (mut rules, mut sections, mut rest) = (SectionRules::default(), [empty; MAX_SECTIONS], body);
        for (index, (entry, section)) in header.table().iter().zip(&mut sections).enumerate() {
            let cut = |kind, field, bytes, got: &[u8]| {
                let got = u64::try_from(got.len()).unwrap_or(u64::MAX);
                truncated(Place::Section { index, kind, field }, end, bytes, got)
            };
            let cut_header = || cut(None, "header", SECTION_HEADER, rest);
            let (raw, after) = rest.split_first_chunk::<SECTION_HEADER_BYTES>().ok_or_else(cut_header)?;
            let raw = RawSectionHeader::read_from_bytes(raw).map_err(|_| cut_header())?;
            let kind = rules.begin(&raw, *entry)?;
            let size = usize::try_from(entry.bytes).unwrap_or(usize::MAX);
            let (content, after, is_whole) = after
                .split_at_checked(size)
                .map_or((after, &[][..], false), |(all, after)| (all, after, true));
            if kind == SectionKind::CommandLine
                && let Some(at) = content.iter().position(|byte| *byte == 0)
            {
                let start = entry.offset.saturating_add(12);
                return Err(nul(index, start.saturating_add(u64::try_from(at).unwrap_or(u64::MAX))));
            }
            if !is_whole {
                return Err(cut(Some(kind), "content", entry.bytes, content));
            }
            if kind == SectionKind::Signature {
                signature_section(index, content)?;
            }
            *section = Section { kind, content };
            rest = after;
        }
        if !rest.is_empty() {
            return Err(trailing(header.image_bytes()));
        }
        rules.end(header.version(), end)?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(head.get(..CHECKED_HEADER_BYTES).unwrap_or_default());
        crc.update(body);
        let computed = crc.finalize();
        if computed != header.crc() {
            return Err(checksum(computed, header.crc()));
        }
        Ok(Self { header, sections, count: header.table().len() })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The sections in the order of the file.
    #[must_use]
    pub fn sections(&self) -> &[Section<'a>] {
        self.sections.get(..self.count).unwrap_or_default()
    }

    /// The content of the sections of a kind, in the order of the file.
    pub fn of_kind(&self, kind: SectionKind) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.sections().iter().filter(move |section| section.kind == kind).map(|section| section.content)
    }

    /// The signature section, unverified; `None` of an image that is not signed.
    ///
    /// # Errors
    /// Of an image that [`Eif::parse`] made, none.
    pub fn signature(&self) -> Result<Option<SignatureSection>, EifError> {
        let index = self.sections().iter().position(|section| section.kind == SectionKind::Signature);
        let Some((index, content)) = index.zip(self.of_kind(SectionKind::Signature).next()) else {
            return Ok(None);
        };
        signature_section(index, content).map(Some)
    }

    /// The PCRs, each hashed by itself. For an image that is not in memory, use [`Measurer`](crate::Measurer).
    #[must_use]
    pub fn measure(&self, crypto: &Crypto<'_>) -> Measurements {
        let mut ramdisks = 0_usize;
        let (mut image, mut boot, mut application) =
            ([&[][..]; MAX_SECTIONS], [&[][..]; MAX_SECTIONS], [&[][..]; MAX_SECTIONS]);
        let slots = image.iter_mut().zip(&mut boot).zip(&mut application);
        for (section, ((image, boot), application)) in self.sections().iter().zip(slots) {
            let of_boot = match section.kind {
                SectionKind::Signature | SectionKind::Metadata => continue,
                SectionKind::Kernel | SectionKind::CommandLine => true,
                SectionKind::Ramdisk => {
                    ramdisks = ramdisks.saturating_add(1);
                    ramdisks == 1
                }
            };
            *image = section.content;
            *if of_boot { boot } else { application } = section.content;
        }
        let pcr = |parts: &[&[u8]]| crypto.sha384.digest(&[&[0; 48], &crypto.sha384.digest(parts)]);
        let signer = self.signature().ok().flatten();
        Measurements {
            pcr0: pcr(&image),
            pcr1: pcr(&boot),
            pcr2: pcr(&application),
            pcr8: signer.map(|signer| pcr(&[signer.certificate_der()])),
        }
    }
}

/// The content of the signature section with this number.
fn signature_section(index: usize, content: &[u8]) -> Result<SignatureSection, EifError> {
    SignatureSection::parse(content).map_err(|error| EifError::SignatureSection { index, error })
}
