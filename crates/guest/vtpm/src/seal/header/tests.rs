//! Heads that are whole, cut off, changed, extended, and of sizes that none has.

use std::io;

use super::*;

/// A head with a public area and a wrapped key of these lengths.
fn header(padding: Padding, public: usize, wrapped: usize) -> EnvelopeHeader {
    EnvelopeHeader {
        padding,
        registers: Selection { bank: SHA256, bitmap: 0x0080_4101 },
        public: (1..=255).cycle().take(public).collect(),
        wrapped: (7..=250).cycle().take(wrapped).collect(),
    }
}

fn usual() -> EnvelopeHeader {
    header(Padding::Oaep(SHA256), 310, 256)
}

/// What `read` says of these bytes, and how many it left.
fn read(bytes: &[u8]) -> (Result<(EnvelopeHeader, Vec<u8>), SealError>, usize) {
    let mut rest = bytes;
    let answer = EnvelopeHeader::read(&mut rest);
    (answer, rest.len())
}

/// What is wrong with these bytes, to whom reads them at once and to whom reads them bit by bit.
fn wrong(bytes: &[u8]) -> Result<(Kind, &'static str), String> {
    let parsed = EnvelopeHeader::parse(bytes).err().ok_or("it is parsed")?;
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
    let paddings = [4, 0xb, 0xc, 0xd].map(Padding::Oaep).into_iter().chain([Padding::Rsaes]);
    for padding in paddings {
        for (public, wrapped) in [(0, 0), (1, 1), (310, 256), (MAX_PUBLIC, MAX_WRAPPED)] {
            let header = header(padding, public, wrapped);
            let bytes = header.to_bytes();
            assert_eq!(bytes.len(), FIXED + public + 2 + wrapped);
            assert!(bytes.len() <= MAX_HEADER);
            assert_eq!(EnvelopeHeader::parse(&bytes).as_ref(), Ok(&header));
            assert_eq!(EnvelopeHeader::read(&mut &bytes[..])?, (header, bytes));
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
    assert_eq!(header(Padding::Rsaes, 0, 0).to_bytes()[10..14], [0, 0x15, 0, 0x10]);
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
    assert_eq!((answer?, left), ((usual(), head.clone()), 11));
    let mut slow = Slow(&whole);
    assert_eq!(EnvelopeHeader::read(&mut slow)?.1, head);
    assert_eq!(slow.0, b"the content");
    assert_eq!(
        EnvelopeHeader::parse(&whole).map_err(|error| (error.kind, error.offset)),
        Err((Kind::Trailing, head.len()))
    );
    Ok(())
}

#[test]
fn a_head_that_is_cut_off_is_none() {
    let head = usual().to_bytes();
    for end in 0..head.len() {
        let parsed = EnvelopeHeader::parse(&head[..end]).map_err(|error| (error.kind, error.offset <= end));
        assert_eq!(parsed, Err((Kind::Truncated, true)), "{end}");
        let (answer, left) = read(&head[..end]);
        assert_eq!(left, 0);
        assert!(
            matches!(&answer, Err(SealError::Envelope(error)) if error.kind == Kind::Truncated && error.offset == end),
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
        match EnvelopeHeader::parse(&changed) {
            Ok(other) => {
                assert_ne!(other, usual(), "{bit}");
                assert_eq!(other.to_bytes(), changed, "{bit}");
                assert!(matches!(read(&changed), (Ok(_), 0)), "{bit}");
            }
            Err(_) => {
                refused += 1;
                // A smaller size leaves bytes over, which are the content's to who reads on.
                assert!(matches!(read(&changed), (Err(_), _) | (Ok(_), 1..)), "{bit}");
            }
        }
    }
    // Magic, version and bank; padding and hash, but for one hash made another by two bits; sizes.
    assert!((16 * 8..21 * 8).contains(&refused), "{refused}");
}

#[test]
fn what_is_no_envelope_is_told_as_that() -> Result<(), String> {
    assert_eq!(wrong(b"-----BEGIN PUBLIC KEY-----")?, (Kind::Value, "envelope: magic"));
    assert_eq!(wrong(&[0xff; 2000])?, (Kind::Value, "envelope: magic"));
    assert_eq!(wrong(&with(8, &[0, 2]))?, (Kind::Unsupported, "envelope: version"));
    for padding in [[0, 0x15, 0, 0x0b], [0, 0x17, 0, 0x10], [0, 0x17, 0, 0x12], [0, 0x14, 0, 0x0b], [0; 4]] {
        assert_eq!(wrong(&with(10, &padding))?, (Kind::Unsupported, "envelope: padding"));
    }
    for bank in [0, 4, 0xc] {
        assert_eq!(wrong(&with(14, &[0, bank]))?, (Kind::Unsupported, "envelope: bank"));
    }
    Ok(())
}

/// And nothing of it is read.
#[test]
fn sizes_that_no_key_has() -> Result<(), String> {
    for size in [513, 1024, 0xffff_u16] {
        let head = [&usual().to_bytes()[..19], &size.to_be_bytes(), &vec![7; size.into()]].concat();
        assert_eq!(wrong(&head)?, (Kind::TooLarge, "envelope: TPM2B_PUBLIC"));
        assert_eq!(read(&head).1, usize::from(size));
    }
    for size in [257, 1024, 0xffff_u16] {
        let before = &usual().to_bytes()[..21 + 310];
        let head = [before, &size.to_be_bytes(), &vec![7; size.into()]].concat();
        assert_eq!(wrong(&head)?, (Kind::TooLarge, "envelope: wrapped key"));
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
    let answer = EnvelopeHeader::read(&mut (&usual().to_bytes()[..100]).chain(Broken));
    assert!(matches!(answer, Err(SealError::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied));
}
