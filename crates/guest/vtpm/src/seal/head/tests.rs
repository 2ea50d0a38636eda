//! Heads that are whole, cut off, changed, extended, and of sizes that none has.

use std::io;

use teeproof_wire::tpm::{SHA256, Selection};

use super::*;

/// The largest sizes of a head: docs/seal.md.
const MAX_PUBLIC: usize = 512;
const MAX_WRAPPED: usize = 256;

/// The fields of a head.
struct Fields {
    oaep: Option<u16>,
    public: Vec<u8>,
    wrapped: Vec<u8>,
}

impl Fields {
    fn head(&self) -> SealedHead<'_> {
        SealedHead {
            oaep: self.oaep,
            pcrs: Selection { bank: SHA256, bitmap: 0x0080_4101 },
            public: &self.public,
            wrapped: &self.wrapped,
            content_bytes: 0,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        head_bytes(&self.head())
    }
}

/// A head with a public area and a wrapped key of these lengths.
fn header(oaep: Option<u16>, public: usize, wrapped: usize) -> Fields {
    Fields {
        oaep,
        public: (1..=255).cycle().take(public).collect(),
        wrapped: (7..=250).cycle().take(wrapped).collect(),
    }
}

fn usual() -> Fields {
    header(Some(SHA256), 310, 256)
}

/// The result of `read_head` on these bytes, and how many it left.
fn read(bytes: &[u8]) -> (Result<Vec<u8>, SealError>, usize) {
    let mut rest = bytes;
    let answer = read_head(&mut rest);
    (answer, rest.len())
}

/// The error of these bytes, which is the same when they are read from a stream.
fn wrong(bytes: &[u8]) -> Result<(ErrorKind, &'static str), String> {
    let parsed = SealedHead::parse(bytes).err().ok_or("it is parsed")?;
    match read(bytes).0 {
        Err(SealError::Envelope(error)) if error.kind == parsed.kind && error.what == parsed.what => {
            Ok((error.kind, error.what))
        }
        other => Err(format!("{parsed:?}, and {other:?}")),
    }
}

/// The usual head with other bytes from an offset on.
fn with(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut head = usual().to_bytes();
    head.splice(offset..offset + bytes.len(), bytes.iter().copied());
    head
}

#[test]
fn a_head_comes_back() -> Result<(), SealError> {
    for oaep in [Some(4), Some(0xb), Some(0xc), Some(0xd), None] {
        for (public, wrapped) in [(0, 0), (1, 1), (310, 256), (MAX_PUBLIC, MAX_WRAPPED)] {
            let header = header(oaep, public, wrapped);
            let bytes = header.to_bytes();
            assert_eq!(bytes.len(), FIXED + public + 2 + wrapped);
            assert!(bytes.len() <= MAX_HEAD);
            assert_eq!(SealedHead::parse(&bytes), Ok(header.head()));
            assert_eq!(read_head(&mut &bytes[..])?, bytes);
        }
    }
    Ok(())
}

#[test]
fn it_lies_as_the_document_says() {
    let head = usual().to_bytes();
    assert_eq!(head[..19], *b"TPSEALED\x00\x01\x00\x17\x00\x0b\x00\x0b\x01\x41\x80");
    assert_eq!(head[19..21], [1, 54]);
    assert_eq!(head[21 + 310..23 + 310], [1, 0]);
    assert_eq!(header(None, 0, 0).to_bytes()[10..14], [0, 0x15, 0, 0x10]);
}

/// Comes in single bytes, as a slow connection has them.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(1);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn not_a_byte_more_is_read() -> Result<(), SealError> {
    let head = usual().to_bytes();
    let whole = [&head[..], b"the content"].concat();
    let (answer, left) = read(&whole);
    assert_eq!((answer?, left), (head.clone(), 11));
    let mut slow = Slow(&whole);
    assert_eq!(read_head(&mut slow)?, head);
    assert_eq!(slow.0, b"the content");
    // The parser leaves them to the content too.
    assert_eq!(SealedHead::parse(&whole), Ok(SealedHead { content_bytes: 11, ..usual().head() }));
    Ok(())
}

#[test]
fn a_head_that_is_cut_off_is_none() {
    let head = usual().to_bytes();
    for end in 0..head.len() {
        let parsed = SealedHead::parse(&head[..end]).map_err(|error| (error.kind, error.offset <= end));
        assert_eq!(parsed, Err((ErrorKind::Truncated, true)), "{end}");
        let (answer, left) = read(&head[..end]);
        assert_eq!(left, 0);
        assert!(
            matches!(&answer, Err(SealError::Envelope(error)) if error.kind == ErrorKind::Truncated && error.offset == end),
            "{end}: {answer:?}"
        );
    }
}

/// It is refused, or it is what it says: never the head that it was.
#[test]
fn a_changed_bit_makes_it_another_head() {
    let head = usual().to_bytes();
    let mut refused = 0;
    for bit in 0..head.len() * 8 {
        let mut changed = head.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        match SealedHead::parse(&changed) {
            Ok(other) if other.content_bytes == 0 => {
                assert_ne!(other, usual().head(), "{bit}");
                assert_eq!(head_bytes(&other), changed, "{bit}");
                assert!(matches!(read(&changed), (Ok(_), 0)), "{bit}");
            }
            // A smaller size leaves bytes over, which are the content's to who reads on.
            Ok(other) => {
                refused += 1;
                assert!(matches!(read(&changed), (Ok(_), left) if left == other.content_bytes), "{bit}");
            }
            Err(_) => {
                refused += 1;
                assert!(matches!(read(&changed), (Err(_), _)), "{bit}");
            }
        }
    }
    // Magic, version and bank; padding and hash, but for one hash made another by two bits; sizes.
    assert!((16 * 8..21 * 8).contains(&refused), "{refused}");
}

#[test]
fn what_is_no_envelope_is_told_as_that() -> Result<(), String> {
    assert_eq!(wrong(b"-----BEGIN PUBLIC KEY-----")?, (ErrorKind::Value, "sealed file: magic"));
    assert_eq!(wrong(&[0xff; 2000])?, (ErrorKind::Value, "sealed file: magic"));
    assert_eq!(wrong(&with(8, &[0, 2]))?, (ErrorKind::Unsupported, "sealed file: version"));
    for padding in [[0, 0x15, 0, 0x0b], [0, 0x17, 0, 0x10], [0, 0x17, 0, 0x12], [0, 0x14, 0, 0x0b], [0; 4]] {
        assert_eq!(wrong(&with(10, &padding))?, (ErrorKind::Unsupported, "sealed file: padding"));
    }
    for bank in [0, 4, 0xc] {
        assert_eq!(wrong(&with(14, &[0, bank]))?, (ErrorKind::Unsupported, "sealed file: bank"));
    }
    Ok(())
}

/// And nothing of it is read.
#[test]
fn sizes_that_no_key_has() -> Result<(), String> {
    for size in [513, 1024, 0xffff_u16] {
        let head = [&usual().to_bytes()[..19], &size.to_be_bytes(), &vec![7; size.into()]].concat();
        assert_eq!(wrong(&head)?, (ErrorKind::TooLarge, "sealed file: TPM2B_PUBLIC"));
        assert_eq!(read(&head).1, usize::from(size));
    }
    for size in [257, 1024, 0xffff_u16] {
        let before = &usual().to_bytes()[..21 + 310];
        let head = [before, &size.to_be_bytes(), &vec![7; size.into()]].concat();
        assert_eq!(wrong(&head)?, (ErrorKind::TooLarge, "sealed file: wrapped key"));
        assert_eq!(read(&head).1, usize::from(size));
    }
    Ok(())
}

#[test]
fn what_cannot_be_read_is_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let answer = read_head(&mut (&usual().to_bytes()[..100]).chain(Broken));
    assert!(matches!(answer, Err(SealError::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied));
}
