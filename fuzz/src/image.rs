//! Enclave images: both readers agree on any input, and what is accepted is described and has its signature verified.

use teeproof_eif::{Eif, EifError, ImageMetadata, MeasuredImage, Measurements, Measurer};
use teeproof_rustcrypto::Sha384Stream;

use crate::believe::{Belief, CountedStream};
use crate::bounds;
use crate::cost::bounded;
use crate::quiet::{describe, says_something};

/// The checksum's place in the header.
const CRC: std::ops::Range<usize> = 544..548;

/// `Measurer`, `Eif::parse` and `measure`, the signature, and everything that an image tells. The checksum is put right
/// first, because a fuzzer cannot guess it.
pub fn image(input: &[u8]) -> bool {
    let mut image = input.to_vec();
    if let (Some((head, rest)), true) = (input.split_at_checked(CRC.start), input.len() >= CRC.end) {
        let mut crc = Crc::new();
        crc.update(head);
        crc.update(rest.get(4..).unwrap_or_default());
        image[CRC].copy_from_slice(&crc.0.to_be_bytes());
    }
    // The first byte of the kernel decides how the image arrives.
    let part = 1 + usize::from(input.get(560).copied().unwrap_or_default()) * 3;
    let streamed = bounded(&bounds::EIF_MEASURER, image.len(), || measured(&image, part));
    let whole = bounded(&bounds::EIF_PARSE, image.len(), || {
        Eif::parse(&image).map(|whole| whole.measure(&Belief::All.table()))
    });
    assert_eq!(streamed.is_ok(), whole.is_ok(), "{streamed:?}, {whole:?}");
    let (streamed, whole) = match (streamed, whole) {
        (Ok(streamed), Ok(whole)) => (streamed, whole),
        (streamed, _) => {
            assert!(streamed.is_err_and(|error| says_something(&error) && !error.hint().is_empty()));
            return false;
        }
    };
    assert_eq!(*streamed.measurements(), whole);
    bounded(&bounds::EIF_SIGNATURE, image.len(), || {
        for belief in [Belief::All, Belief::None] {
            let verified = streamed.verify_signature(&belief.table());
            assert_eq!(verified.is_some(), streamed.measurements().pcr8.is_some());
            assert!(belief == Belief::All || verified.is_none_or(|verified| verified.is_err()));
        }
    });
    describe(&streamed);
    assert_eq!(usize::try_from(streamed.header().image_bytes()), Ok(image.len()));
    let _ = streamed.metadata().map(|text| ImageMetadata::parse(text.bytes()).is_ok());
    assert!(!streamed.measurements().is_debug());
    true
}

fn measured(image: &[u8], part: usize) -> Result<MeasuredImage, EifError> {
    let mut measurer = Measurer::<CountedStream<Sha384Stream>>::new().digest_sections().keep_texts();
    image.chunks(part).try_for_each(|part| measurer.update(part))?;
    measurer.finish()
}

/// `Measurements::from_nitro_cli`.
pub fn nitro_cli(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match bounded(&bounds::EIF_NITRO_CLI, input.len(), || Measurements::from_nitro_cli(text)) {
        Ok(pcrs) => {
            assert!(pcrs.pcrs().count() >= 3);
            true
        }
        Err(error) => {
            assert!(says_something(&error) && !error.hint().is_empty());
            false
        }
    }
}

/// CRC-32 bit by bit, by its definition: not the code that is tested.
struct Crc(u32);

impl Crc {
    const fn new() -> Self {
        Self(0)
    }

    fn update(&mut self, bytes: &[u8]) {
        let mut crc = !self.0;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
            }
        }
        self.0 = !crc;
    }
}
