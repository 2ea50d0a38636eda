//! Frames: messages on a stream, each a length of four bytes (big-endian) and as many bytes.

use core::fmt;

use zeroize::Zeroizing;

/// The bytes of the length.
pub const HEAD_BYTES: usize = 4;
/// The most bytes that are read at once, and that are allocated before they are there.
const STEP: usize = 16 * 1024;

/// A reader of one frame, fed with bytes in chunks of any size.
///
/// It allocates as bytes arrive, and never by the announced length.
#[derive(Debug)]
pub struct FrameReader {
    limit: usize,
    head: [u8; HEAD_BYTES],
    /// How many bytes of the head are there.
    head_have: usize,
    /// The announced length, once the head is there.
    length: Option<usize>,
    body: Zeroizing<Vec<u8>>,
}

/// A frame that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The announced length is above the limit.
    TooLong {
        /// The announced length in bytes.
        bytes: u32,
        /// The most bytes.
        limit: usize,
    },
    /// The announced length is zero.
    Empty,
    /// The stream ends inside of the frame.
    Cut {
        /// The bytes that are there, the length among them.
        bytes: usize,
        /// The bytes that are expected: those of the length, if it is not complete.
        expected: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes, limit } => write!(f, "frame: expected at most {limit} bytes, got {bytes}"),
            Self::Empty => f.write_str("frame: expected at least 1 byte, got 0"),
            Self::Cut { bytes, expected } => {
                write!(f, "frame: the connection ends after {bytes} bytes, expected {expected}")
            }
        }
    }
}

impl core::error::Error for FrameError {}

impl FrameReader {
    /// A reader of a frame of at most `limit` bytes, its length not counted.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, head: [0; HEAD_BYTES], head_have: 0, length: None, body: Zeroizing::default() }
    }

    /// How many bytes to read next at the most; 0 if the frame is complete.
    #[must_use]
    pub fn wanted(&self) -> usize {
        match self.length {
            None => HEAD_BYTES.saturating_sub(self.head_have),
            Some(length) => length.saturating_sub(self.body.len()).min(STEP),
        }
    }

    /// Takes bytes of the stream, as many as [`FrameReader::wanted`] or fewer; further ones are ignored.
    ///
    /// # Errors
    /// [`FrameError::TooLong`], [`FrameError::Empty`], as soon as the length is complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let bytes = bytes.get(..self.wanted()).unwrap_or(bytes);
        if self.length.is_some() {
            self.body.extend_from_slice(bytes);
            return Ok(());
        }
        let end = self.head_have.saturating_add(bytes.len());
        if let Some(head) = self.head.get_mut(self.head_have..end) {
            head.copy_from_slice(bytes);
        }
        self.head_have = end;
        if end == HEAD_BYTES {
            let bytes = u32::from_be_bytes(self.head);
            self.length = match usize::try_from(bytes) {
                Ok(0) => return Err(FrameError::Empty),
                Ok(length) if length <= self.limit => Some(length),
                _ => return Err(FrameError::TooLong { bytes, limit: self.limit }),
            };
        }
        Ok(())
    }

    /// The content of the frame.
    ///
    /// # Errors
    /// [`FrameError::Cut`].
    pub fn finish(self) -> Result<Zeroizing<Vec<u8>>, FrameError> {
        if self.wanted() == 0 {
            return Ok(self.body);
        }
        let expected = self.length.map_or(HEAD_BYTES, |length| HEAD_BYTES.saturating_add(length));
        Err(FrameError::Cut { bytes: self.head_have.saturating_add(self.body.len()), expected })
    }
}

/// A message as a frame; `None` if its length does not fit four bytes.
#[must_use]
pub fn frame(message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(message.len()).ok()?;
    let mut frame = Zeroizing::new(Vec::with_capacity(message.len().saturating_add(HEAD_BYTES)));
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(message);
    Some(frame)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a frame from a stream that comes in these chunks; with it, the bytes that are left.
    fn read(limit: usize, mut stream: &[u8], chunks: &[usize]) -> Result<(Vec<u8>, usize), FrameError> {
        let mut reader = FrameReader::new(limit);
        let mut chunks = chunks.iter().copied().cycle();
        while reader.wanted() > 0 && !stream.is_empty() {
            let size = chunks.next().unwrap_or(1).clamp(1, reader.wanted()).min(stream.len());
            let (chunk, rest) = stream.split_at(size);
            reader.push(chunk)?;
            stream = rest;
        }
        reader.finish().map(|body| (body.to_vec(), stream.len()))
    }

    #[test]
    fn a_length_is_checked_before_anything_is_allocated() {
        let mut reader = FrameReader::new(12_288);
        let heap = allocation_counter::measure(|| {
            let refused = reader.push(&[0xff; 4]);
            assert_eq!(refused, Err(FrameError::TooLong { bytes: u32::MAX, limit: 12_288 }));
        });
        assert_eq!(heap.count_total, 0);
        assert_eq!(read(8, &[0; 4], &[4]), Err(FrameError::Empty));
        // A length that is never filled.
        let mut reader = FrameReader::new(6 << 20);
        let heap = allocation_counter::measure(|| assert_eq!(reader.push(&[0, 0x5f, 0, 0]), Ok(())));
        assert_eq!(heap.count_total, 0);
    }

    proptest! {
        #[test]
        fn chunks_of_any_size_make_the_same_frame(
            message in proptest::collection::vec(any::<u8>(), 1..40_000),
            chunks in proptest::collection::vec(1_usize..20_000, 1..8),
            rest in proptest::collection::vec(any::<u8>(), 0..8),
        ) {
            let mut stream = frame(&message).unwrap_or_default().to_vec();
            stream.extend(&rest);
            prop_assert_eq!(read(40_000, &stream, &chunks), Ok((message, rest.len())));
        }

        #[test]
        fn every_cut_frame_is_an_error(message in proptest::collection::vec(any::<u8>(), 1..100), cut in 0_usize..200) {
            let stream = frame(&message).unwrap_or_default();
            let cut = cut % stream.len();
            let expected = if cut < HEAD_BYTES { HEAD_BYTES } else { stream.len() };
            prop_assert_eq!(read(100, &stream[..cut], &[3]), Err(FrameError::Cut { bytes: cut, expected }));
        }
    }
}
