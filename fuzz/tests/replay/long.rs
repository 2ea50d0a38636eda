//! Certificates of maximal length: by an unknown extension, and by their names.

use teeproof_fuzz::wire;
use teeproof_mint::azure::Vm;
use teeproof_mint::snp::Product;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::{Reader, der};

use crate::azure::machine;

/// A machine whose attestation key has a certificate with a name that is longer when it is shown, under
/// authorities of such names.
pub(crate) fn long_names() -> Vm {
    let name = "\u{feff}".repeat(9_000);
    machine(Product::Milan).with_ak_chain(|chain| {
        let links = [&mut chain.root].into_iter().chain(&mut chain.intermediates);
        links.for_each(|link| link.certificate.subject.set_common_name(&name));
        let leaf = format!("{name}.ConfidentialVM.Azure.");
        chain.leaf.certificate.subject.set_common_name(&leaf);
    })
}

/// A certificate of nearly 64 KiB with an unknown extension.
pub(crate) fn padded(der: &[u8]) -> Vec<u8> {
    let longest = Extensions::of(der).certificate(&[0; 65_000 - 4_096]);
    assert!(wire::certificate(&longest));
    longest
}

/// A certificate taken apart around its extensions.
struct Extensions<'a> {
    before: &'a [u8],
    extensions: &'a [u8],
    after: &'a [u8],
}

impl<'a> Extensions<'a> {
    fn of(der: &'a [u8]) -> Self {
        let certificate = Certificate::parse(der).unwrap();
        let (tbs, mut before) = (certificate.tbs(), 0);
        let extensions = Reader::all(tbs, 0, "a test", |reader| {
            der::nested(reader, der::tag::SEQUENCE, "a test", |reader| {
                let mut last = der::element(reader, "a test")?;
                while !reader.is_empty() {
                    before = reader.offset();
                    last = der::element(reader, "a test")?;
                }
                last.read("a test", |reader| der::element(reader, "a test"))
            })
        })
        .unwrap();
        let head = tbs.len() - contents(tbs).len();
        let at = contents(der).as_ptr().addr() - der.as_ptr().addr() + tbs.len();
        Self { before: &tbs[head..before], extensions: extensions.contents, after: &der[at..] }
    }

    /// The certificate with one extension more, of this content.
    fn certificate(&self, value: &[u8]) -> Vec<u8> {
        let unknown = tlv(0x30, &[&[6, 3, 0x2a, 3, 4], &tlv(4, value)[..]].concat());
        let extensions = tlv(0xa3, &tlv(0x30, &[self.extensions, &unknown].concat()));
        let tbs = tlv(0x30, &[self.before, &extensions].concat());
        tlv(0x30, &[&tbs, self.after].concat())
    }
}

fn contents(value: &[u8]) -> &[u8] {
    Reader::all(value, 0, "a test", |reader| der::element(reader, "a test")).unwrap().contents
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, 0..=0x7f) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, contents].concat()
}
