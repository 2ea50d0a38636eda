//! Quotes with one unusual or wrong property, signed by the key given to both.

use teeproof_mint::azure::{Quote, Selection, SignatureForm};
use teeproof_mint::snp::Product;
use teeproof_mint::{Key, Kind, Scheme};
use teeproof_peers::az_cvm_vtpm::{self, AttestationKey, Prepared};

use super::{NONCE, our_quote, quoted, vm};
use crate::mutate;
use crate::verdict::{Tally, Verdict};

const RECORDED: &[u8] = include_bytes!("../../../../testdata/azure/quote.bin");
const AK: &[u8] = include_bytes!("../../../../testdata/azure/akpub.pem");
const SHA1: u16 = 4;
const SHA384: u16 = 12;

pub(super) fn ask(tally: &mut Tally) {
    recorded(tally);
    attests(tally);
    selections(tally);
    signatures(tally);
    registers(tally);
}

/// The recorded quote, as it is and damaged.
fn recorded(tally: &mut Tally) {
    let (signature, message, pcrs) = parts();
    let key = AttestationKey::of_pem(AK).expect("the key");
    let modulus = modulus();
    let mut put = |case: &str, signature: &[u8], message: &[u8], nonce: &[u8]| {
        let ours = Verdict::of(|| our_quote(signature, message, &pcrs, &modulus, nonce));
        let theirs = Verdict::of(|| Prepared::new(signature, message, &pcrs)?.verify(&key, nonce));
        tally.compare(az_cvm_vtpm::NAME, &format!("quote? recorded, {case}"), &ours, &theirs);
    };
    const NONCE: &[u8] = b"challenge";
    put("as it is", &signature, &message, NONCE);
    put("another nonce", &signature, &message, b"challengf");
    put("a longer nonce", &signature, &message, b"challenge\0");
    put("no nonce", &signature, &message, b"");
    for (case, message) in mutate::flips(&message, 0..message.len(), 1)
        .chain(mutate::cuts(&message, 1))
        .chain(mutate::tails(&message))
    {
        put(&format!("message: {case}"), &signature, &message, NONCE);
    }
    for (case, signature) in mutate::flips(&signature, 0..signature.len(), 5)
        .chain(mutate::cuts(&signature, 15))
        .chain(mutate::tails(&signature))
    {
        put(&format!("signature: {case}"), &signature, &message, NONCE);
    }
    put("signature: zeros before it", &[&[0; 4], signature.as_slice()].concat(), &message, NONCE);
}

type Change<'a> = &'a dyn Fn(&mut Quote);

/// Mints a quote and puts it to both under its own key.
fn put(tally: &mut Tally, case: &str, change: Change<'_>) {
    let vm = vm(Product::Milan).with_quote(change);
    let evidence = vm.evidence().expect("a VM");
    let key = AttestationKey::of_der(&vm.ak.public_key_info().expect("a key")).expect("a key");
    let modulus = vm.ak.modulus().expect("a modulus");
    let (signature, message) = (&evidence.quote_signature, &evidence.quote_message);
    let registers: Vec<usize> = vm.quote.selections.iter().flat_map(Selection::registers).collect();
    let pcrs: Vec<[u8; 32]> =
        registers.iter().filter_map(|&register| evidence.pcrs.get(register)).copied().collect();
    let ours = Verdict::of(|| our_quote(signature, message, &pcrs, &modulus, NONCE));
    let theirs = Verdict::of(|| quoted(signature, message, &pcrs, &key));
    tally.compare(az_cvm_vtpm::NAME, &format!("quote? minted, {case}"), &ours, &theirs);
}

fn attests(tally: &mut Tally) {
    let mut with = |case: &str, change: Change<'_>| put(tally, case, change);
    with("as it is", &|_| ());
    with("another magic", &|quote| quote.magic = 0xff54_4348);
    with("another kind", &|quote| quote.kind = 0x8017);
    with("a time attestation's kind", &|quote| quote.kind = 0x8019);
    with("another signer's name", &|quote| quote.qualified_signer = Some(vec![0, 11, 7]));
    with("no signer's name", &|quote| quote.qualified_signer = Some(Vec::new()));
    with("something behind it", &|quote| quote.trailing = vec![7; 3]);
    with("safe 2", &|quote| quote.safe = 2);
    with("safe 0", &|quote| quote.safe = 0);
    with("its size before it", &|quote| quote.sized = true);
    with("another nonce", &|quote| quote.extra_data = b"another nonce".to_vec());
    with("no nonce", &|quote| quote.extra_data = Vec::new());
    with("no message", &|quote| quote.message = Some(Vec::new()));
    with("a message that is text", &|quote| quote.message = Some(b"a message".to_vec()));
}

fn selections(tally: &mut Tally) {
    let mut with = |case: &str, selections: &[Selection]| {
        put(tally, case, &|quote| quote.selections = selections.to_vec());
    };
    with("some registers", &[Selection::sha256(&[0, 1, 7, 23])]);
    with("no register", &[Selection::sha256(&[])]);
    with("no selection", &[]);
    with("two selections", &[Selection::sha256(&[0]), Selection::sha256(&[1])]);
    with("a register twice", &[Selection::sha256(&[0]), Selection::sha256(&[0])]);
    with("another bank", &[Selection::of(SHA384, &[0])]);
    with("another bank too", &[Selection::sha256(&[0]), Selection::of(SHA1, &[])]);
    with("an unknown bank", &[Selection::of(0x7777, &[0])]);
    let sized = |size: u8, bitmap: &[u8]| {
        let mut selection = Selection::sha256(&[]);
        selection.size = Some(size);
        selection.bitmap = bitmap.to_vec();
        [selection]
    };
    with("a bitmap of one byte", &sized(1, &[1]));
    with("a bitmap of four bytes", &sized(4, &[1, 0, 0, 0]));
    with("a register above 23", &sized(4, &[1, 0, 0, 1]));
    with("a bitmap that is cut", &sized(9, &[1, 0, 0]));
}

fn signatures(tally: &mut Tally) {
    let mut with = |case: &str, change: Change<'_>| put(tally, case, change);
    with("a TPMT_SIGNATURE", &|quote| quote.form = SignatureForm::TPMT);
    with("a TPMT_SIGNATURE of PSS", &|quote| quote.form = SignatureForm::Tpmt { scheme: 0x16, hash: 0xb });
    with("PSS", &|quote| quote.scheme = Scheme::PssSha256);
    with("SHA-384", &|quote| quote.scheme = Scheme::Pkcs1Sha384);
    with("another key", &|quote| quote.signer = Some(Key::shared("stranger", Kind::Rsa2048)));
    with("no signature", &|quote| quote.signature = Some(Vec::new()));
    with("a signature of zeros", &|quote| quote.signature = Some(vec![0; 256]));
    with("another digest of the registers", &|quote| quote.pcr_digest = Some(vec![7; 32]));
    with("no digest of the registers", &|quote| quote.pcr_digest = Some(Vec::new()));
}

/// PCR values with more, fewer or otherwise divided bytes.
fn registers(tally: &mut Tally) {
    let (signature, message, pcrs) = parts();
    let key = AttestationKey::of_pem(AK).expect("the key");
    let modulus = modulus();
    let mut put = |case: &str, pcrs: Vec<[u8; 32]>| {
        let ours = Verdict::of(|| our_quote(&signature, &message, &pcrs, &modulus, b"challenge"));
        let theirs = Verdict::of(|| Prepared::new(&signature, &message, &pcrs)?.verify(&key, b"challenge"));
        tally.compare(az_cvm_vtpm::NAME, &format!("quote? registers, {case}"), &ours, &theirs);
    };
    put("none", Vec::new());
    put("one less", pcrs[1..].to_vec());
    put("one more", [pcrs.as_slice(), &[[0; 32]]].concat());
    put("in another order", pcrs.iter().rev().copied().collect());
}

fn parts() -> (Vec<u8>, Vec<u8>, Vec<[u8; 32]>) {
    let take = |len: usize, from: &mut &[u8]| {
        let (head, tail) = from.split_at(len);
        *from = tail;
        head.to_vec()
    };
    let mut rest = RECORDED;
    let mut next = |unit: usize| {
        let (head, tail) = rest.split_first_chunk().expect("a length");
        rest = tail;
        take(unit * usize::try_from(u64::from_le_bytes(*head)).expect("a length"), &mut rest)
    };
    let (signature, message, values) = (next(1), next(1), next(32));
    let pcrs = values.chunks_exact(32).map(|value| value.try_into().expect("32 bytes")).collect();
    (signature, message, pcrs)
}

/// A SubjectPublicKeyInfo of an RSA key with the usual exponent ends with it.
fn modulus() -> Vec<u8> {
    let der = openssl::pkey::PKey::public_key_from_pem(AK).and_then(|key| key.public_key_to_der());
    let der = der.expect("the key");
    der[der.len() - 261..der.len() - 5].to_vec()
}
