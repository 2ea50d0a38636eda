//! Building of images: the headers for sections of given sizes, and whole images in memory.
//!
//! The same content makes the same bytes: nothing here adds a time, a path or a random number. An image that cannot
//! be read back is not built.

use alloc::vec::Vec;
use core::fmt;

use zerocopy::IntoBytes;
use zerocopy::big_endian::{U16, U32, U64};

use crate::error::{EifError, Expected, LayoutProblem, Place, layout};
use crate::header::{
    Architecture, CHECKED_HEADER_BYTES, CURRENT_VERSION, FIRST_SECTION, HEADER_BYTES, MAGIC, MAX_SECTIONS,
    RawHeader, RawSectionHeader, SECTION_HEADER_BYTES,
};
use crate::rules::{SectionRules, nul};
use crate::{Header, SectionKind};

/// The settings in the header of an image that is built. No PCR measures them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSettings {
    /// The processors that the image is for. AWS starts no enclave on others.
    pub architecture: Architecture,
    /// The default memory in bytes, which AWS does not use.
    pub default_memory: u64,
    /// The default number of processors, which AWS does not use.
    pub default_cpus: u64,
}

impl ImageSettings {
    /// The settings of nitro-cli: 1 GiB and 2 processors.
    #[must_use]
    pub const fn new(architecture: Architecture) -> Self {
        Self { architecture, default_memory: 1 << 30, default_cpus: 2 }
    }
}

/// The headers of an image whose sections have given kinds and sizes, so that the content can be written as it is read.
///
/// The checksum of the header is that of the whole image: the content is hashed by a [`BodyChecksum`] before the header
/// is written.
#[derive(Clone, Copy)]
pub struct ImageOutline {
    header: RawHeader,
    sections: [RawSectionHeader; MAX_SECTIONS],
    count: usize,
    image_bytes: u64,
}

impl ImageOutline {
    /// The outline of an image of version 4 with these sections, in this order, with their sizes in bytes.
    ///
    /// # Errors
    /// The rule of the format that the image would violate.
    pub fn new(settings: &ImageSettings, sections: &[(SectionKind, u64)]) -> Result<Self, EifError> {
        let empty = RawSectionHeader { kind: U16::ZERO, flags: U16::ZERO, bytes: U64::ZERO };
        let mut outline = Self {
            header: RawHeader {
                magic: MAGIC,
                version: U16::new(CURRENT_VERSION),
                flags: U16::new(settings.architecture.flags()),
                default_mem: U64::new(settings.default_memory),
                default_cpus: U64::new(settings.default_cpus),
                reserved: U16::ZERO,
                num_sections: U16::new(u16::try_from(sections.len()).unwrap_or(u16::MAX)),
                section_offsets: [U64::ZERO; MAX_SECTIONS],
                section_sizes: [U64::ZERO; MAX_SECTIONS],
                unused: U32::ZERO,
                eif_crc32: U32::ZERO,
            },
            sections: [empty; MAX_SECTIONS],
            count: sections.len(),
            image_bytes: 0,
        };
        let mut offset = FIRST_SECTION;
        let slots = outline.header.section_offsets.iter_mut().zip(&mut outline.header.section_sizes);
        for ((kind, bytes), ((at, size), raw)) in sections.iter().zip(slots.zip(&mut outline.sections)) {
            *at = U64::new(offset);
            *size = U64::new(*bytes);
            *raw =
                RawSectionHeader { kind: U16::new(kind.number()), flags: U16::ZERO, bytes: U64::new(*bytes) };
            // Sizes that overflow are refused below.
            offset = offset.saturating_add(12).saturating_add(*bytes);
        }
        let header = Header::parse(&outline.header(0))?;
        let mut rules = SectionRules::default();
        for (raw, entry) in outline.sections.iter().zip(header.table()) {
            rules.begin(raw, *entry)?;
        }
        rules.end(CURRENT_VERSION, header.image_bytes())?;
        outline.image_bytes = header.image_bytes();
        Ok(outline)
    }

    /// The header of the image with this checksum.
    #[must_use]
    pub fn header(&self, crc: u32) -> [u8; HEADER_BYTES] {
        zerocopy::transmute!(RawHeader { eif_crc32: U32::new(crc), ..self.header })
    }

    /// The header of a section, counted from 0.
    #[must_use]
    pub fn section_header(&self, index: usize) -> Option<[u8; SECTION_HEADER_BYTES]> {
        self.sections.get(..self.count)?.get(index).map(|raw| zerocopy::transmute!(*raw))
    }

    /// The size of the image in bytes.
    #[must_use]
    pub const fn image_bytes(&self) -> u64 {
        self.image_bytes
    }

    /// The checksum of the image whose bytes after the header have this one.
    #[must_use]
    pub fn checksum(&self, body: &BodyChecksum) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(self.header.as_bytes().get(..CHECKED_HEADER_BYTES).unwrap_or_default());
        crc.combine(&body.0);
        crc.finalize()
    }
}

impl fmt::Debug for ImageOutline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageOutline")
            .field("sections", &self.count)
            .field("image_bytes", &self.image_bytes)
            .finish_non_exhaustive()
    }
}

/// The checksum of the bytes after the header: every section with its header.
#[derive(Clone, Debug, Default)]
pub struct BodyChecksum(crc32fast::Hasher);

impl BodyChecksum {
    /// The checksum before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of the bytes so far, by themselves.
    #[must_use]
    pub fn value(&self) -> u32 {
        self.0.clone().finalize()
    }
}

/// The content of an image that is built in memory.
#[derive(Clone, Copy, Debug)]
pub struct NewImage<'a> {
    /// The settings in the header.
    pub settings: ImageSettings,
    /// The kernel: a bzImage for x86-64, an Image for arm64. It is not checked.
    pub kernel: &'a [u8],
    /// The kernel's command line, without a NUL.
    pub command_line: &'a str,
    /// The metadata, in JSON; see [`ImageMetadata`](crate::ImageMetadata). It is not checked.
    pub metadata: &'a [u8],
    /// The ramdisks; the first is measured in PCR1, the others in PCR2.
    pub ramdisks: &'a [&'a [u8]],
    /// The content of the signature section, which [`signature_section`](crate::signature_section) makes.
    pub signature: Option<&'a [u8]>,
}

impl<'a> NewImage<'a> {
    /// The sections in the order of nitro-cli: kernel, command line, metadata, ramdisks, signature.
    pub fn sections(&self) -> impl Iterator<Item = (SectionKind, &'a [u8])> + Clone + use<'a> {
        let start = [
            (SectionKind::Kernel, self.kernel),
            (SectionKind::CommandLine, self.command_line.as_bytes()),
            (SectionKind::Metadata, self.metadata),
        ];
        let ramdisks = self.ramdisks.iter().map(|ramdisk| (SectionKind::Ramdisk, *ramdisk));
        let signature = self.signature.map(|content| (SectionKind::Signature, content));
        start.into_iter().chain(ramdisks).chain(signature)
    }
}

/// Builds an image in memory.
///
/// # Errors
/// A NUL in the command line; more than 32 sections; a signature section of more than 32768 bytes.
pub fn build(image: &NewImage<'_>) -> Result<Vec<u8>, EifError> {
    let size = |content: &[u8]| u64::try_from(content.len()).unwrap_or(u64::MAX);
    let sizes: Vec<_> = image.sections().map(|(kind, content)| (kind, size(content))).collect();
    let outline = ImageOutline::new(&image.settings, &sizes)?;
    if let Some(at) = image.command_line.bytes().position(|byte| byte == 0) {
        // The command line is the second section; its place in the file is known by the outline.
        let start = outline.header.section_offsets.get(1).map_or(0, |at| at.get()).saturating_add(12);
        return Err(nul(1, start.saturating_add(u64::try_from(at).unwrap_or(u64::MAX))));
    }
    let too_large = || {
        let got = Some(outline.image_bytes());
        let expected = Expected::Text("an image that fits in memory");
        layout(LayoutProblem::TooLarge, Place::Image, 0, expected, got)
    };
    let mut out = Vec::new();
    out.try_reserve_exact(usize::try_from(outline.image_bytes()).map_err(|_| too_large())?)
        .map_err(|_| too_large())?;
    let mut body = BodyChecksum::new();
    out.extend_from_slice(&outline.header(0));
    for (index, (_, content)) in image.sections().enumerate() {
        let head = outline.section_header(index).unwrap_or_default();
        body.update(&head);
        body.update(content);
        out.extend_from_slice(&head);
        out.extend_from_slice(content);
    }
    if let Some(crc) = out.get_mut(CHECKED_HEADER_BYTES..HEADER_BYTES) {
        crc.copy_from_slice(&outline.checksum(&body).to_be_bytes());
    }
    Ok(out)
}
