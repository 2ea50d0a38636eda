//! Measurement of an image in one pass over its bytes, whatever parts they arrive in.

use alloc::vec::Vec;

use teeproof_core::{Crypto, StreamDigest};
use zerocopy::FromBytes;

use crate::error::{EifError, Place};
use crate::header::{
    CHECKED_HEADER_BYTES, HEADER_BYTES, RawSectionHeader, SECTION_HEADER, SECTION_HEADER_BYTES,
};
use crate::rules::{SectionRules, checksum, incomplete_header, nul, trailing, truncated};
use crate::streams::{Digest384, PcrStreams, extended};
use crate::{
    Header, Measurements, SectionKind, SignatureError, SignatureSection, TableEntry, VerifiedImageSignature,
};

/// The most bytes of a command line or of metadata that are kept: 256 KiB.
pub const MAX_KEPT_BYTES: usize = 256 << 10;

/// A measurement of an image that is under way: [`update`](Self::update) it with all bytes of the file, in parts of
/// any size, then [`finish`](Self::finish) it.
///
/// It keeps the header, a row for each section, at most 32 KiB of a signature section, and the texts that
/// [`keep_texts`](Self::keep_texts) names. Nothing is allocated by a number of the image.
#[derive(Clone, Debug)]
pub struct Measurer<H> {
    stage: Stage,
    /// The offset of the next byte.
    offset: u64,
    /// The bytes of the header that is being read: of the image, or of a section.
    head: [u8; HEADER_BYTES],
    head_bytes: usize,
    header: Option<Header>,
    rules: SectionRules,
    crc: crc32fast::Hasher,
    streams: PcrStreams<H>,
    sections: Vec<MeasuredSection>,
    /// The content of the signature section.
    signature: Vec<u8>,
    signer: Option<SignatureSection>,
    keeps_texts: bool,
    command_line: KeptText,
    metadata: Option<KeptText>,
    failed: Option<EifError>,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Header,
    SectionHeader,
    Section { kind: SectionKind, left: u64 },
    End,
}

/// A section of a measured image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeasuredSection {
    /// The kind.
    pub kind: SectionKind,
    /// The offset of the section's header in bytes from the start of the file.
    pub offset: u64,
    /// The bytes of the content, without the header.
    pub bytes: u64,
    /// SHA-384 of the content, if digests of sections were requested.
    pub sha384: Option<[u8; 48]>,
}

/// The text of a section, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptText {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl KeptText {
    /// The bytes: all, or the first [`MAX_KEPT_BYTES`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the section has more bytes.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = MAX_KEPT_BYTES.saturating_sub(self.bytes.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.is_cut |= kept.len() < bytes.len();
        self.bytes.extend_from_slice(kept);
    }
}

impl<H: StreamDigest<48>> Measurer<H> {
    /// A measurement before the first byte: PCRs, and no digests of sections.
    #[must_use]
    pub fn new() -> Self {
        Self {
            stage: Stage::Header,
            offset: 0,
            head: [0; HEADER_BYTES],
            head_bytes: 0,
            header: None,
            rules: SectionRules::default(),
            crc: crc32fast::Hasher::new(),
            streams: PcrStreams::new(false),
            sections: Vec::new(),
            signature: Vec::new(),
            signer: None,
            keeps_texts: false,
            command_line: KeptText::default(),
            metadata: None,
            failed: None,
        }
    }

    /// With the SHA-384 of each section. Of an image with one application ramdisk, kernel and application cost no
    /// further hashing, and everything else a second pass.
    #[must_use]
    pub fn digest_sections(mut self) -> Self {
        self.streams = PcrStreams::new(true);
        self
    }

    /// With the command line and the metadata, up to [`MAX_KEPT_BYTES`] each.
    #[must_use]
    pub fn keep_texts(mut self) -> Self {
        self.keeps_texts = true;
        self
    }

    /// The size of the image by its table, in bytes, once the header was read: for a progress display.
    #[must_use]
    pub fn image_bytes(&self) -> Option<u64> {
        self.header.as_ref().map(Header::image_bytes)
    }

    /// Reads the next bytes of the image.
    ///
    /// # Errors
    /// The first violated rule; after an error, every further call returns it.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), EifError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.read(bytes).inspect_err(|error| self.failed = Some(*error))
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<(), EifError> {
        while !bytes.is_empty() {
            bytes = match self.stage {
                Stage::Header => self.header(bytes)?,
                Stage::SectionHeader => self.section_header(bytes)?,
                Stage::Section { kind, left } => self.section(kind, left, bytes)?,
                Stage::End => return Err(trailing(self.offset)),
            };
        }
        Ok(())
    }

    /// Takes bytes for a header of `length` bytes; returns the rest, and whether the header is complete.
    fn fill<'b>(&mut self, length: usize, bytes: &'b [u8]) -> (&'b [u8], bool) {
        let wanted = length.saturating_sub(self.head_bytes);
        let (taken, rest) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
        let end = self.head_bytes.saturating_add(taken.len());
        if let Some(room) = self.head.get_mut(self.head_bytes..end) {
            room.copy_from_slice(taken);
        }
        self.head_bytes = end;
        self.advance(taken);
        (rest, end == length)
    }

    fn advance(&mut self, taken: &[u8]) {
        self.offset = self.offset.saturating_add(u64::try_from(taken.len()).unwrap_or(u64::MAX));
    }

    fn header<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], EifError> {
        let (rest, is_complete) = self.fill(HEADER_BYTES, bytes);
        if is_complete {
            self.crc.update(self.head.get(..CHECKED_HEADER_BYTES).unwrap_or_default());
            let header = Header::parse(&self.head)?;
            self.sections.reserve_exact(header.table().len());
            self.header = Some(header);
            self.next_section();
        }
        Ok(rest)
    }

    /// The entry of the table for the next section; `None` after the last.
    fn next_entry(&self) -> Option<TableEntry> {
        self.header.as_ref()?.table().get(self.rules.next()).copied()
    }

    fn next_section(&mut self) {
        self.head_bytes = 0;
        self.stage = if self.next_entry().is_some() { Stage::SectionHeader } else { Stage::End };
    }

    fn section_header<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], EifError> {
        let (rest, is_complete) = self.fill(SECTION_HEADER_BYTES, bytes);
        let head = self.head.get(..SECTION_HEADER_BYTES).unwrap_or_default();
        if let (true, Some(entry), Ok(raw)) =
            (is_complete, self.next_entry(), RawSectionHeader::read_from_bytes(head))
        {
            self.crc.update(head);
            let kind = self.rules.begin(&raw, entry)?;
            let TableEntry { offset, bytes } = entry;
            self.sections.push(MeasuredSection { kind, offset, bytes, sha384: None });
            self.streams.begin(kind);
            self.stage = Stage::Section { kind, left: bytes };
            if kind == SectionKind::Metadata && self.keeps_texts {
                self.metadata = Some(KeptText::default());
            }
            if bytes == 0 {
                self.end_section(kind)?;
            }
        }
        Ok(rest)
    }

    fn section<'b>(&mut self, kind: SectionKind, left: u64, bytes: &'b [u8]) -> Result<&'b [u8], EifError> {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        let (taken, rest) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
        self.crc.update(taken);
        match kind {
            SectionKind::Kernel | SectionKind::Ramdisk => {}
            SectionKind::CommandLine => self.take_command_line(taken)?,
            // The rules allow 32 KiB.
            SectionKind::Signature => self.signature.extend_from_slice(taken),
            SectionKind::Metadata => {
                if let Some(metadata) = &mut self.metadata {
                    metadata.push(taken);
                }
            }
        }
        self.streams.update(taken);
        self.advance(taken);
        let left = left.saturating_sub(u64::try_from(taken.len()).unwrap_or(u64::MAX));
        self.stage = Stage::Section { kind, left };
        if left == 0 {
            self.end_section(kind)?;
        }
        Ok(rest)
    }

    fn take_command_line(&mut self, taken: &[u8]) -> Result<(), EifError> {
        if let Some(at) = taken.iter().position(|byte| *byte == 0) {
            let offset = self.offset.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
            return Err(nul(self.rules.next().saturating_sub(1), offset));
        }
        if self.keeps_texts {
            self.command_line.push(taken);
        }
        Ok(())
    }

    fn end_section(&mut self, kind: SectionKind) -> Result<(), EifError> {
        let digest = self.streams.end();
        if let Some(section) = self.sections.last_mut() {
            section.sha384 = digest;
        }
        if kind == SectionKind::Signature {
            let index = self.rules.next().saturating_sub(1);
            let content = core::mem::take(&mut self.signature);
            let section = SignatureSection::parse(&content);
            self.signer = Some(section.map_err(|error| EifError::SignatureSection { index, error })?);
        }
        self.next_section();
        Ok(())
    }

    /// The measured image: the file ends here.
    ///
    /// # Errors
    /// The error of an earlier call; a file that ends too early; a missing section; a checksum that does not match.
    pub fn finish(self) -> Result<MeasuredImage, EifError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let Some(header) = self.header else {
            return Err(incomplete_header(self.head.get(..self.head_bytes).unwrap_or_default()));
        };
        let index = self.rules.next();
        match self.stage {
            Stage::End => {}
            Stage::Section { kind, left } => {
                let bytes = self.sections.last().map_or(0, |section| section.bytes);
                let place =
                    Place::Section { index: index.saturating_sub(1), kind: Some(kind), field: "content" };
                return Err(truncated(place, self.offset, bytes, bytes.saturating_sub(left)));
            }
            Stage::Header | Stage::SectionHeader => {
                let place = Place::Section { index, kind: None, field: "header" };
                let got = u64::try_from(self.head_bytes).unwrap_or(u64::MAX);
                return Err(truncated(place, self.offset, SECTION_HEADER, got));
            }
        }
        self.rules.end(header.version(), self.offset)?;
        let computed = self.crc.finalize();
        if computed != header.crc() {
            return Err(checksum(computed, header.crc()));
        }
        let [pcr0, pcr1, pcr2] = self.streams.finish();
        let pcr8 = self.signer.as_ref().map(|signer| pcr8_of::<H>(signer.certificate_der()));
        Ok(MeasuredImage {
            header,
            sections: self.sections,
            measurements: Measurements { pcr0, pcr1, pcr2, pcr8 },
            signer: self.signer,
            command_line: self.keeps_texts.then_some(self.command_line),
            metadata: self.metadata,
        })
    }
}

impl<H: StreamDigest<48>> Default for Measurer<H> {
    fn default() -> Self {
        Self::new()
    }
}

/// PCR8 of an image that is signed under this certificate.
fn pcr8_of<H: StreamDigest<48>>(certificate: &[u8]) -> Digest384 {
    let mut fingerprint = H::new();
    fingerprint.update(certificate);
    extended::<H>(&fingerprint.finish())
}

/// A measured image. It is well formed and its checksum matches; nothing is known about who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredImage {
    header: Header,
    sections: Vec<MeasuredSection>,
    measurements: Measurements,
    signer: Option<SignatureSection>,
    command_line: Option<KeptText>,
    metadata: Option<KeptText>,
}

impl MeasuredImage {
    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The sections in the order of the file.
    #[must_use]
    pub fn sections(&self) -> &[MeasuredSection] {
        &self.sections
    }

    /// PCR0, PCR1, PCR2, and PCR8 if the image is signed.
    #[must_use]
    pub const fn measurements(&self) -> &Measurements {
        &self.measurements
    }

    /// The signature section, unverified; `None` of an image that is not signed.
    #[must_use]
    pub const fn signature(&self) -> Option<&SignatureSection> {
        self.signer.as_ref()
    }

    /// The command line, if texts were requested.
    #[must_use]
    pub const fn command_line(&self) -> Option<&KeptText> {
        self.command_line.as_ref()
    }

    /// The metadata, if texts were requested and the image has some.
    #[must_use]
    pub const fn metadata(&self) -> Option<&KeptText> {
        self.metadata.as_ref()
    }

    /// Verifies the image's signature; `None` of an image that is not signed.
    ///
    /// It shows that the key of the signing certificate signed this PCR0. The certificate has no anchor: anybody can
    /// make one of any name, and only its hash, PCR8, says whose it is. Neither its validity nor who issued it is
    /// checked.
    ///
    /// # Errors
    /// Those of [`SignatureError`].
    pub fn verify_signature(
        &self,
        crypto: &Crypto<'_>,
    ) -> Option<Result<VerifiedImageSignature<'_>, SignatureError>> {
        self.signer.as_ref().map(|signer| signer.verify(&self.measurements.pcr0, crypto))
    }
}
