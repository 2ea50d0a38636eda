//! Certificates of real documents in other orders, with additional ones, and damaged. The document is rewritten
//! around them, so that only its chain can be valid.

use teeproof_mint::nitro::Enclave;
use teeproof_mint::{Key, Kind, Value};

use super::{Desk, Question, VECTORS, parse};

/// The real certificates, root first, leaf last.
type Chain = Vec<Vec<u8>>;

pub(super) fn ask(desk: &mut Desk<'_>, document: &[u8]) {
    let real = chain(document);
    let foreign = chain(VECTORS[1].1);
    let minted = Enclave::new().mint().expect("an enclave").chain;
    let key = Key::fresh(Kind::P384);
    let mut put = |case: &str, chain: &[Vec<u8>]| {
        desk.ask(Question::Chain, &format!("chain: {case}"), &document_under(chain, &key));
    };
    orders(&mut put, &real);
    company(&mut put, &real, &foreign, &minted);
    damage(&mut put, &real);
}

type Put<'a> = &'a mut dyn FnMut(&str, &[Vec<u8>]);

fn orders(put: Put<'_>, real: &Chain) {
    let at = |indices: &[usize]| -> Chain { indices.iter().map(|&index| real[index].clone()).collect() };
    for (case, indices) in [
        ("as it is", &[0, 1, 2, 3, 4][..]),
        ("the bundle leaf first", &[3, 2, 1, 0, 4]),
        ("two intermediates swapped", &[0, 2, 1, 3, 4]),
        ("the root last", &[1, 2, 3, 0, 4]),
        ("without its root", &[1, 2, 3, 4]),
        ("its root alone", &[0, 4]),
        ("no bundle", &[4]),
        ("without the regional certificate", &[0, 2, 3, 4]),
        ("without the zonal certificate", &[0, 1, 3, 4]),
        ("without the instance's certificate", &[0, 1, 2, 4]),
        ("the root twice", &[0, 0, 1, 2, 3, 4]),
        ("an intermediate twice", &[0, 1, 2, 2, 3, 4]),
        ("the leaf in the bundle too", &[0, 1, 2, 3, 4, 4]),
        ("an authority in the leaf's place", &[0, 1, 2, 3]),
        ("the root in the leaf's place", &[0, 0]),
        ("the root in everyone's place", &[0, 0, 0, 0, 0]),
        ("nine in the bundle", &[0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
    ] {
        put(case, &at(indices));
    }
}

fn company(put: Put<'_>, real: &Chain, foreign: &Chain, minted: &Chain) {
    let with = |at: usize, certificate: &[u8]| -> Chain {
        let mut chain = real.clone();
        chain.insert(at, certificate.to_vec());
        chain
    };
    put("another machine's authority after the root", &with(1, &foreign[1]));
    put("another machine's authority before the leaf", &with(4, &foreign[3]));
    put("another machine's leaf before the leaf", &with(4, &foreign[4]));
    put("a minted root before the root", &with(0, &minted[0]));
    put("a minted root after the root", &with(1, &minted[0]));
    put("a minted authority before the leaf", &with(4, &minted[3]));
    put("bytes that are no certificate before the leaf", &with(4, b"no certificate"));
    put("an empty certificate before the leaf", &with(4, b""));
    put("a minted chain", minted);
    let mut other = real.clone();
    other[4].clone_from(&foreign[4]);
    put("another machine's leaf", &other);
    other[4].clone_from(&minted[4]);
    put("a minted leaf", &other);
    let mut under = minted.clone();
    under[0].clone_from(&real[0]);
    put("a minted chain under the real root", &under);
}

fn damage(put: Put<'_>, real: &Chain) {
    for (index, link) in real.iter().enumerate() {
        let mut put_link = |case: String, bytes: Vec<u8>| {
            let mut chain = real.clone();
            chain[index] = bytes;
            put(&format!("certificate {index}: {case}"), &chain);
        };
        put_link("a byte behind it".into(), [link.as_slice(), &[0]].concat());
        put_link("cut by a byte".into(), link[..link.len() - 1].to_vec());
        let signed = signed_len(link);
        for (case, bytes) in crate::mutate::flips(link, 0..signed, 47)
            // The outer algorithm and the signature: nothing signs these.
            .chain(crate::mutate::all_flips(link, signed..signed + 22))
            .chain(crate::mutate::flips(link, signed + 22..link.len(), 11))
        {
            put_link(case, bytes);
        }
        put_link("the signature with the other s".into(), other_half(link, signed));
    }
}

/// How many bytes come before the outer algorithm: the head and the signed part.
fn signed_len(certificate: &[u8]) -> usize {
    8 + usize::from(u16::from_be_bytes([certificate[6], certificate[7]]))
}

/// The certificate with n - s in its signature.
fn other_half(certificate: &[u8], signed: usize) -> Vec<u8> {
    // AlgorithmIdentifier of 12 bytes, BIT STRING head of 3, SEQUENCE head of 2, then the numbers.
    let numbers = &certificate[signed + 17..];
    let (r, rest) = numbers[2..].split_at(usize::from(numbers[1]));
    let s = &rest[2..];
    let digits = |number: &[u8]| {
        let skip = number.iter().take_while(|&&byte| byte == 0).count();
        let mut out = vec![0; 48 - (number.len() - skip)];
        out.extend_from_slice(&number[skip..]);
        out
    };
    let integer = |number: &[u8]| {
        let skip = number.iter().take_while(|&&byte| byte == 0).count();
        let pad: &[u8] = if number[skip] & 0x80 == 0 { &[] } else { &[0] };
        let body = [pad, &number[skip..]].concat();
        [&[2, u8::try_from(body.len()).unwrap()][..], &body].concat()
    };
    let pair = [integer(r), integer(&super::envelope::negated(&digits(s)))].concat();
    let len = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let sequence = [&[0x30, len(&pair)][..], &pair].concat();
    let bits = [&[3, len(&sequence) + 1, 0][..], &sequence].concat();
    let body = [&certificate[4..signed + 12], &bits].concat();
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[0x30, 0x82][..], &length, &body].concat()
}

fn chain(document: &[u8]) -> Chain {
    let document = parse(document).expect("a document");
    let bundle = document.cabundle.as_slice().iter().map(|der| der.to_vec());
    bundle.chain([document.certificate.to_vec()]).collect()
}

fn document_under(chain: &[Vec<u8>], key: &Key) -> Vec<u8> {
    let (leaf, bundle) = chain.split_last().expect("a leaf");
    let bundle: Vec<Value> = bundle.iter().cloned().map(Value::from).collect();
    let mut enclave = Enclave::new().with_entry("cabundle", bundle).with_entry("certificate", leaf.clone());
    enclave.document_signer = Some(key.clone());
    enclave.mint().expect("an enclave").document
}
