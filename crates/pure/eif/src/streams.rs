//! The hash streams of PCR0, PCR1, PCR2 and of each section, of which equal beginnings are hashed once.
//!
//! PCR0 hashes kernel, command line and every ramdisk in the order of the file, PCR1 leaves out all ramdisks but the
//! first, and PCR2 has only those. So PCR1's stream is PCR0's until the second ramdisk begins, and a copy of the state
//! is made there: everything that boots is hashed once for both, and the other ramdisks twice. The first section and
//! the second ramdisk begin a stream, so that their own digests need no further hashing.
//!
//! Source: aws-nitro-enclaves-image-format, "EIF Measurements".

use teeproof_core::StreamDigest;

use crate::SectionKind;

/// A SHA-384 digest.
pub(crate) type Digest384 = [u8; 48];

/// The value of a PCR that was extended once, from 48 zero bytes, with this digest.
pub(crate) fn extended<H: StreamDigest<48>>(digest: &Digest384) -> Digest384 {
    let mut hash = H::new();
    hash.update(&[0; 48]);
    hash.update(digest);
    hash.finish()
}

/// The streams.
#[derive(Clone, Debug)]
pub(crate) struct PcrStreams<H> {
    /// Kernel, command line and all ramdisks.
    image: H,
    image_has_bytes: bool,
    /// Kernel, command line and the first ramdisk; `None` while it is the same as `image`.
    boot: Option<H>,
    /// All ramdisks but the first.
    application: H,
    application_has_bytes: bool,
    ramdisks: usize,
    /// Whether each section has a digest of its own.
    of_sections: bool,
    section: SectionStream<H>,
    measured: Measured,
}

/// Which PCRs measure a section.
#[derive(Clone, Copy, Debug)]
enum Measured {
    Nowhere,
    /// PCR0 and PCR1.
    Boot,
    /// PCR0 and PCR2.
    Application,
}

/// The stream of the current section.
#[derive(Clone, Debug)]
enum SectionStream<H> {
    /// No digest is wanted.
    None,
    /// The same as `image`, which begins with this section.
    Image,
    /// The same as `application`.
    Application,
    Own(H),
}

impl<H: StreamDigest<48>> PcrStreams<H> {
    pub(crate) fn new(of_sections: bool) -> Self {
        Self {
            image: H::new(),
            image_has_bytes: false,
            boot: None,
            application: H::new(),
            application_has_bytes: false,
            ramdisks: 0,
            of_sections,
            section: SectionStream::None,
            measured: Measured::Nowhere,
        }
    }

    /// A section begins.
    pub(crate) fn begin(&mut self, kind: SectionKind) {
        self.measured = match kind {
            SectionKind::Kernel | SectionKind::CommandLine => Measured::Boot,
            SectionKind::Ramdisk if self.ramdisks == 0 => Measured::Boot,
            SectionKind::Ramdisk => Measured::Application,
            SectionKind::Signature | SectionKind::Metadata => Measured::Nowhere,
        };
        if kind == SectionKind::Ramdisk {
            self.ramdisks = self.ramdisks.saturating_add(1);
        }
        if matches!(self.measured, Measured::Application) && self.boot.is_none() {
            self.boot = Some(self.image.clone());
        }
        self.section = match self.measured {
            _ if !self.of_sections => SectionStream::None,
            Measured::Boot | Measured::Application if !self.image_has_bytes => SectionStream::Image,
            Measured::Application if !self.application_has_bytes => SectionStream::Application,
            _ => SectionStream::Own(H::new()),
        };
    }

    /// Bytes of the current section.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self.measured {
            Measured::Nowhere => {}
            Measured::Boot => {
                self.image.update(bytes);
                if let Some(boot) = &mut self.boot {
                    boot.update(bytes);
                }
                self.image_has_bytes = true;
            }
            Measured::Application => {
                self.image.update(bytes);
                self.application.update(bytes);
                self.image_has_bytes = true;
                self.application_has_bytes = true;
            }
        }
        if let SectionStream::Own(section) = &mut self.section {
            section.update(bytes);
        }
    }

    /// The current section ends; its digest, if one is wanted.
    pub(crate) fn end(&mut self) -> Option<Digest384> {
        self.measured = Measured::Nowhere;
        match core::mem::replace(&mut self.section, SectionStream::None) {
            SectionStream::None => None,
            SectionStream::Image => Some(self.image.clone().finish()),
            SectionStream::Application => Some(self.application.clone().finish()),
            SectionStream::Own(section) => Some(section.finish()),
        }
    }

    /// PCR0, PCR1 and PCR2.
    pub(crate) fn finish(self) -> [Digest384; 3] {
        let image = self.image.finish();
        let boot = self.boot.map_or(image, H::finish);
        [image, boot, self.application.finish()].map(|digest| extended::<H>(&digest))
    }
}
