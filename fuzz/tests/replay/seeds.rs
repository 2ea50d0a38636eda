//! Seeds from the project's test vectors and from minted evidence, without duplicates.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub(crate) use crate::azure::*;
pub(crate) use crate::forms::*;
pub(crate) use crate::images::*;
pub(crate) use crate::keys::*;
pub(crate) use crate::kms::*;
pub(crate) use crate::nsm::*;
pub(crate) use crate::tdx::*;
use teeproof_fuzz::{Part, join};
use teeproof_mint::nitro::{Enclave, Identity, of_length};
use teeproof_mint::snp::{Evidence, Machine, Product};
use teeproof_mint::{DEFAULT_TIME, Kind as KeyKind};
use teeproof_wire::certificate::{Certificate, SignatureAlgorithm};
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::Signers;

/// What the first byte of an input of `verify` says; see there.
pub(crate) const TRUSTING: u8 = 4;
pub(crate) const LISTS: u8 = 8;
pub(crate) const ARCHIVED: u8 = 16;
/// Which policy the front door appraises; none from 3 on.
pub(crate) const NO_POLICY: u8 = 3 << 6;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn folder(path: &str, extension: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(root().join(path))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no .{extension} in {path}");
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

pub(crate) fn file(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).unwrap()
}

/// The modulus of an RSA key of 2048 bits: its SubjectPublicKeyInfo ends with modulus and exponent.
pub(crate) fn modulus(key: &[u8]) -> &[u8] {
    &key[key.len() - 261..key.len() - 5]
}

/// The evidence of machines of each product, under a VCEK and a VLEK: they are made once.
fn machines() -> &'static [Evidence] {
    static MACHINES: LazyLock<Vec<Evidence>> = LazyLock::new(|| {
        let products = [Product::Milan, Product::Genoa, Product::Turin].into_iter();
        let machines = products.flat_map(|product| [Machine::vcek(product), Machine::vlek(product)]);
        // Smaller keys than AMD's are made quickly.
        machines.map(|machine| machine.authority_keys(KeyKind::Rsa2048).mint().unwrap()).collect()
    });
    &MACHINES
}

fn documents() -> Vec<Vec<u8>> {
    static MINTED: LazyLock<Vec<u8>> =
        LazyLock::new(|| Enclave::new().nonce(b"a nonce").mint().unwrap().document);
    let mut documents = folder("testdata/nitro", "cose");
    documents.push(MINTED.clone());
    documents
}

pub(crate) fn certificate() -> Vec<Vec<u8>> {
    let mut seeds = folder("testdata/snp", "der");
    seeds.extend(folder("crates/pure/snp/anchors", "der"));
    for document in &folder("testdata/nitro", "cose")[..2] {
        let envelope = Sign1::parse(document).unwrap();
        let signers = Signers::find(envelope.payload(), 0).unwrap();
        seeds.push(signers.certificate.to_vec());
        seeds.extend(signers.cabundle.as_slice().iter().map(|der| der.to_vec()));
    }
    seeds.push(Machine::vlek(Product::Genoa).mint().unwrap().vek);
    seeds
}

pub(crate) fn crl() -> Vec<Vec<u8>> {
    let machine = Machine::vcek(Product::Milan);
    let lists: [&[&[u8]]; 3] = [&[], &[&[7]], &[&[1, 2, 3], &[0, 0x80]]];
    lists.map(|revoked| machine.mint_crl(revoked).unwrap()).to_vec()
}

/// Whole certificates, and the parts of which each consists.
pub(crate) fn der() -> Vec<Vec<u8>> {
    let certificates = certificate();
    let mut seeds = certificates[..3].to_vec();
    seeds.extend(crl());
    seeds.extend(time());
    // An INTEGER and a BOOLEAN, a BIT STRING.
    seeds.extend([vec![2, 1, 7, 1, 1, 0xff], vec![3, 3, 0, 1, 2]]);
    seeds
}

/// Signatures as the vectors have them.
pub(crate) fn ecdsa_signature() -> Vec<Vec<u8>> {
    let certificates = certificate();
    let certificates = certificates.iter().filter_map(|der| Certificate::parse(der).ok());
    let ecdsa = certificates.filter(|one| one.algorithm() == SignatureAlgorithm::EcdsaSha384);
    let mut seeds: Vec<_> = ecdsa.map(|one| one.signature().to_vec()).collect();
    seeds.push(vec![0x30, 6, 2, 1, 1, 2, 1, 0]);
    seeds
}

pub(crate) fn cbor() -> Vec<Vec<u8>> {
    let mut seeds = documents()[..2].to_vec();
    seeds.extend(nitro_document()[..2].to_vec());
    seeds.extend([vec![0xbf, 0x61, b'a', 0x82, 1, 0xf6, 0xff], vec![0x1a, 0, 1, 0, 0], vec![0x41, 7]]);
    seeds
}

/// What the leaf of a path was issued by, from the root down.
fn chain(switches: u8, root: &[u8], below: &[&[u8]]) -> Vec<u8> {
    let mut parts = vec![Part::Anchor(root)];
    parts.extend(below.iter().map(|der| Part::Certificate(der)));
    join(switches, &parts)
}

pub(crate) fn path() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for document in [&documents()[0], documents().last().unwrap()] {
        let envelope = Sign1::parse(document).unwrap();
        let signers = Signers::find(envelope.payload(), 0).unwrap();
        let [root, below @ ..] = signers.cabundle.as_slice() else { panic!("no root") };
        seeds.push(chain(0, root, &[below, &[signers.certificate]].concat()));
    }
    for evidence in machines() {
        seeds.push(chain(0, &evidence.ark, &[&evidence.intermediate, &evidence.vek]));
    }
    seeds
}

pub(crate) fn list() -> Vec<Vec<u8>> {
    let machine = Machine::vcek(Product::Milan);
    let ark = machine.mint().unwrap().ark;
    crl().iter().map(|list| join(0, &[Part::List(list), Part::Certificate(&ark)])).collect()
}

/// Two inputs in one: the first behind its length in three bytes.
pub(crate) fn pair(first: &[u8], second: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(first.len()).unwrap().to_be_bytes();
    [&length, first, second].concat()
}

/// Two reports each: one for the cache, and one that may or may not be cached then.
pub(crate) fn cache() -> Vec<Vec<u8>> {
    let inputs = verify_snp();
    let pair = |first: &[u8], second: &[u8]| pair(&first[1..], &second[1..]);
    vec![pair(&inputs[0], &inputs[0]), pair(&inputs[2], &inputs[2]), pair(&inputs[2], &inputs[3])]
}

/// Payloads, each after the byte that says that their own root is trusted, at their own time.
pub(crate) fn minted_document() -> Vec<Vec<u8>> {
    nitro_document().iter().map(|payload| [&[TRUSTING | ARCHIVED], &payload[..]].concat()).collect()
}

pub(crate) fn text_bytes() -> Vec<Vec<u8>> {
    let bytes = file("testdata/snp/milan-vcek.der");
    [&bytes[..1], &bytes[..2], &bytes[..3], &bytes[..]]
        .iter()
        .flat_map(|bytes| [hex(bytes).into_bytes(), base64(bytes).into_bytes()])
        .collect()
}

pub(crate) fn time() -> Vec<Vec<u8>> {
    let utc = |text: &[u8]| [&[0x17, 13], text].concat();
    let general = |text: &[u8]| [&[0x18, 15], text].concat();
    vec![
        utc(b"491231235959Z"),
        utc(b"500101000000Z"),
        utc(b"000229120000Z"),
        general(b"20500910130346Z"),
        general(b"99991231235959Z"),
        general(b"00000101000000Z"),
    ]
}

pub(crate) fn cose() -> Vec<Vec<u8>> {
    documents()
}

pub(crate) fn nitro_document() -> Vec<Vec<u8>> {
    documents().iter().map(|document| Sign1::parse(document).unwrap().payload().to_vec()).collect()
}

pub(crate) fn nitro_signers() -> Vec<Vec<u8>> {
    nitro_document()
}

pub(crate) fn snp_report() -> Vec<Vec<u8>> {
    let mut seeds = vec![file("testdata/snp/milan-report.bin")];
    for (product, versions) in [(Product::Milan, 2..=3), (Product::Genoa, 3..=4), (Product::Turin, 4..=5)] {
        for version in versions {
            seeds.push(Machine::vcek(product).version(version).mint().unwrap().report);
        }
    }
    seeds
}

/// Everything that a minted report is verified with.
fn parts(evidence: &Evidence) -> Vec<Part<'_>> {
    vec![
        Part::Evidence(&evidence.report),
        Part::Certificate(&evidence.vek),
        Part::Certificate(&evidence.intermediate),
        Part::Anchor(&evidence.ark),
    ]
}

/// The recorded report, alone and among what does not belong to it.
fn recorded() -> [Vec<u8>; 2] {
    let (report, vcek) = (file("testdata/snp/milan-report.bin"), file("testdata/snp/milan-vcek.der"));
    let turin = file("testdata/snp/turin-vcek.der");
    let (report, vcek) = (Part::Evidence(&report), Part::Certificate(&vcek));
    [join(0, &[report, vcek]), join(0, &[Part::Certificate(&turin), vcek, report])]
}

pub(crate) fn verify_snp() -> Vec<Vec<u8>> {
    let mut seeds = recorded().to_vec();
    for evidence in machines() {
        seeds.push(join(0, &parts(evidence)));
    }
    let machine = Machine::vcek(Product::Turin).with_own_authorities().report_data([7; 64]);
    let (evidence, list) = (machine.mint().unwrap(), machine.mint_crl(&[&[7]]).unwrap());
    let mut parts = parts(&evidence);
    parts.extend([Part::List(&list), Part::Nonce(&[7; 64])]);
    seeds.push(join(LISTS, &parts));
    seeds
}

pub(crate) fn verify_nitro() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = folder("testdata/nitro", "cose")
        .iter()
        .map(|document| join(TRUSTING | ARCHIVED, &[Part::Evidence(document)]))
        .collect();
    let minted = Enclave::new().nonce(b"a nonce").mint().unwrap().document;
    seeds.push(join(TRUSTING, &[Part::Evidence(&minted), Part::Nonce(b"a nonce")]));
    seeds.push(longest_chain());
    seeds
}

pub(crate) fn verify_nitrotpm() -> Vec<Vec<u8>> {
    let minted = |enclave: Enclave| enclave.mint().unwrap().document;
    let plain = minted(Enclave::nitrotpm());
    let longest = minted(Enclave::nitrotpm().with_chain(|chain| {
        let identity = Identity { tpm: true, enclave: 0, ..Identity::default() };
        *chain = of_length(9, &identity, DEFAULT_TIME);
    }));
    let fresh = minted(Enclave::nitrotpm().nonce(b"a nonce").user_data(b"u"));
    vec![
        join(TRUSTING | ARCHIVED, &[Part::Evidence(&plain)]),
        join(TRUSTING, &[Part::Evidence(&fresh), Part::Nonce(b"a nonce")]),
        join(TRUSTING, &[Part::Evidence(&longest)]),
    ]
}

/// A document with as many certificates as are read: eight and the leaf.
pub(crate) fn longest_chain() -> Vec<u8> {
    let longest = of_length(9, &Identity::default(), DEFAULT_TIME);
    let minted = Enclave::new().with_chain(|chain| *chain = longest).mint().unwrap().document;
    join(TRUSTING, &[Part::Evidence(&minted)])
}

/// The evidence of the machine that is put among others.
pub(crate) fn turin() -> &'static Evidence {
    &machines()[4]
}

/// A report among many intermediates and many anchors of the right names.
pub(crate) fn many_paths(switches: u8) -> Vec<u8> {
    let evidence = turin();
    let (intermediates, roots) = (varied(&evidence.intermediate, 9), varied(&evidence.ark, 9));
    let mut parts = vec![Part::Evidence(&evidence.report), Part::Certificate(&evidence.vek)];
    parts.extend(intermediates.iter().map(|der| Part::Certificate(der)));
    parts.extend(roots.iter().map(|der| Part::Anchor(der)));
    join(switches, &parts)
}

/// Certificates of one name, of which no two are the same: their signatures differ.
pub(crate) fn varied(der: &[u8], count: u8) -> Vec<Vec<u8>> {
    let vary = |number: u8| {
        let mut der = der.to_vec();
        let at = der.len() - 3;
        der[at] ^= number;
        der
    };
    (0..count).map(vary).collect()
}

/// The same, where every other signature is believed: those that end with an even byte.
pub(crate) fn many_paths_half_believed() -> Vec<u8> {
    let evidence = turin();
    half_believed(evidence, &evidence.vek)
}

/// Intermediates that are believed, and a VEK that is not.
pub(crate) fn half_believed(evidence: &Evidence, vek: &[u8]) -> Vec<u8> {
    let ending = |der: &[u8], last: u8| [&der[..der.len() - 1], &[last]].concat();
    let (vek, intermediate) = (ending(vek, 1), ending(&evidence.intermediate, 2));
    let (intermediates, roots) = (varied(&intermediate, 15), varied(&evidence.ark, 14));
    let mut parts = vec![Part::Evidence(&evidence.report), Part::Certificate(&vek)];
    parts.extend(intermediates.iter().map(|der| Part::Certificate(der)));
    parts.extend(roots.iter().map(|der| Part::Anchor(der)));
    join(2, &parts)
}

pub(crate) fn verify() -> Vec<Vec<u8>> {
    let mut seeds = recorded().to_vec();
    seeds[1][0] |= NO_POLICY;
    // The built-in policy, the one for Nitro, and none.
    for (policy, document) in [0, 2, 3].into_iter().cycle().zip(folder("testdata/nitro", "cose")) {
        seeds.push(join(ARCHIVED | (policy << 6), &[Part::Evidence(&document)]));
    }
    seeds.extend(verify_azure());
    let tpm = Enclave::nitrotpm().mint().unwrap();
    let parts = [Part::Evidence(&tpm.document), Part::Anchor(tpm.root())];
    seeds.extend([0, 2, 3].map(|policy| join(ARCHIVED | (policy << 6), &parts)));
    seeds
}

pub(crate) fn sniff() -> Vec<Vec<u8>> {
    let (vcek, report) = (file("testdata/snp/milan-vcek.der"), file("testdata/snp/milan-report.bin"));
    let document = documents().remove(0);
    let list = Machine::vcek(Product::Milan).mint_crl(&[&[7]]).unwrap();
    let (vcek_pem, list_pem) = (pem("CERTIFICATE", &vcek), pem("X509 CRL", &list));
    let thim = format!("{{\"vcekCert\": {vcek_pem:?}, \"certificateChain\": {vcek_pem:?}, \"tcbm\": \"\"}}");
    let mut seeds = vec![
        hex(&report).into_bytes(),
        base64(&document).into_bytes(),
        (vcek_pem.clone() + &list_pem).into_bytes(),
        vcek_pem.into_bytes(),
        list_pem.into_bytes(),
        thim.into_bytes(),
        vcek,
        report,
        document,
        list,
    ];
    seeds.extend(files_of_azure());
    seeds.extend(files_of_forms());
    seeds
}

/// Files that are evidence by themselves.
pub(crate) fn inputs() -> Vec<Vec<u8>> {
    let mut seeds = whole_files_of_azure();
    seeds.extend(whole_files_of_forms());
    seeds.extend([file("testdata/snp/milan-report.bin"), documents().remove(0)]);
    seeds
}

pub(crate) fn policy() -> Vec<Vec<u8>> {
    folder("examples/policies", "toml")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<_> = base64(der).as_bytes().chunks(64).map(<[u8]>::to_vec).collect();
    let body = String::from_utf8(lines.join(&b'\n')).unwrap();
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// Base64 with padding, made here so that a reader's slip is not its writer's as well.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = usize::try_from((word >> (18 - 6 * place)) & 63).unwrap();
            text.push(if place <= chunk.len() { char::from(DIGITS[digit]) } else { '=' });
        }
    }
    text
}
