//! An independent writer of images, in which every field can be wrong, and shorthands.

use teeproof_core::Crypto;
use teeproof_eif::{EifError, LayoutProblem, MeasuredImage, Measurements, Measurer};
use teeproof_rustcrypto::Sha384Stream;

pub(crate) const CRYPTO: &Crypto<'_> = &teeproof_rustcrypto::TABLE;

/// An image to be: its header's fields and its sections.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) magic: [u8; 4],
    pub(crate) version: u16,
    pub(crate) flags: u16,
    pub(crate) memory: u64,
    pub(crate) cpus: u64,
    pub(crate) reserved: u16,
    /// In place of the number of sections.
    pub(crate) count: Option<u16>,
    pub(crate) unused: u32,
    pub(crate) sections: Vec<(u16, Vec<u8>)>,
    /// Changes to entries of the table: index, offset or size, value.
    pub(crate) table: Vec<(usize, bool, u64)>,
    /// In place of the checksum.
    pub(crate) crc: Option<u32>,
}

impl Raw {
    pub(crate) fn new(sections: &[(u16, &[u8])]) -> Self {
        Self {
            magic: *b".eif",
            version: 4,
            flags: 0,
            memory: 0,
            cpus: 0,
            reserved: 0,
            count: None,
            unused: 0,
            sections: sections.iter().map(|(kind, content)| (*kind, content.to_vec())).collect(),
            table: Vec::new(),
            crc: None,
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (mut offsets, mut sizes, mut body) = ([0_u64; 32], [0_u64; 32], Vec::new());
        for (index, (kind, content)) in self.sections.iter().enumerate() {
            if index < 32 {
                offsets[index] = 548 + u64::try_from(body.len()).unwrap();
                sizes[index] = u64::try_from(content.len()).unwrap();
            }
            body.extend(kind.to_be_bytes());
            body.extend([0, 0]);
            body.extend(u64::try_from(content.len()).unwrap().to_be_bytes());
            body.extend(content);
        }
        for (index, is_size, value) in &self.table {
            let place = if *is_size { &mut sizes[*index] } else { &mut offsets[*index] };
            *place = *value;
        }
        let count = self.count.unwrap_or(u16::try_from(self.sections.len()).unwrap());
        let mut out = self.magic.to_vec();
        out.extend(self.version.to_be_bytes());
        out.extend(self.flags.to_be_bytes());
        out.extend(self.memory.to_be_bytes());
        out.extend(self.cpus.to_be_bytes());
        out.extend(self.reserved.to_be_bytes());
        out.extend(count.to_be_bytes());
        out.extend(offsets.iter().chain(&sizes).flat_map(|number| number.to_be_bytes()));
        out.extend(self.unused.to_be_bytes());
        assert_eq!(out.len(), 544);
        let crc = self.crc.unwrap_or(crc32(out.iter().chain(&body)));
        out.extend(crc.to_be_bytes());
        out.extend(body);
        out
    }
}

/// CRC-32 bit by bit, by its definition.
pub(crate) fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let of_byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    !bytes.fold(u32::MAX, of_byte)
}

/// A kernel, a command line, metadata and two ramdisks.
pub(crate) fn usual() -> Raw {
    Raw::new(&[(1, b"KERNEL"), (2, b"console=ttyS0"), (5, b"{}"), (3, b"INIT"), (3, b"APP")])
}

/// Measures an image that arrives in parts of this size, with digests and texts.
pub(crate) fn measure_in(bytes: &[u8], size: usize) -> Result<MeasuredImage, EifError> {
    let mut measurer = Measurer::<Sha384Stream>::new().digest_sections().keep_texts();
    for part in bytes.chunks(size) {
        measurer.update(part)?;
    }
    measurer.finish()
}

/// Measures an image at once; whole and streamed, the result is the same.
#[track_caller]
pub(crate) fn measure(bytes: &[u8]) -> Result<Measurements, EifError> {
    let streamed = measure_in(bytes, bytes.len().max(1)).map(|image| *image.measurements());
    let whole = teeproof_eif::Eif::parse(bytes).map(|image| image.measure(CRYPTO));
    match (&streamed, &whole) {
        (Err(left), Err(right)) => assert_eq!(problem(left), problem(right)),
        _ => assert_eq!(streamed, whole),
    }
    streamed
}

/// The rule that an error is about; `None` for a signature section.
pub(crate) fn problem(error: &EifError) -> Option<LayoutProblem> {
    match error {
        EifError::Layout(error) => Some(error.problem),
        _ => None,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
