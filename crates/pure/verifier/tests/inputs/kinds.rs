//! Kinds of files: those that are split into parts, and those that are only described.

use serde_json::json;
use teeproof::{Evidence, inspect};
use teeproof_core::Technology;
use teeproof_evidence::{InputClass, InputError, InputKind, InputWarning, Inputs, sniff};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine, Product};
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::{DescribedField, Visitor};

use crate::support::{SNP, TDX, kinds_of, refused, testdata};

const VCEK: [u8; 16] = 0x63da758d_e664_4564_adc5_f4b93be8accd_u128.to_be_bytes();
const ASK: [u8; 16] = 0x4ab7b379_bbac_4fe4_a02f_05aef327c782_u128.to_be_bytes();
const ARK: [u8; 16] = 0xc0b406a4_a803_4952_9743_3fb6014cd0ae_u128.to_be_bytes();
const CRL: [u8; 16] = 0x92f81bc3_5811_4d3d_97ff_d19f88dc67ea_u128.to_be_bytes();

/// A host's certificate table: entries, one of zeros, and what they point at.
fn table(entries: &[([u8; 16], &[u8])]) -> Vec<u8> {
    let mut offset = (entries.len() + 1) * 24;
    let (mut head, mut body) = (Vec::new(), Vec::new());
    for (guid, bytes) in entries {
        head.extend_from_slice(guid);
        head.extend_from_slice(&u32::try_from(offset).unwrap().to_le_bytes());
        head.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
        body.extend_from_slice(bytes);
        offset += bytes.len();
    }
    [head, vec![0; 24], body].concat()
}

/// The names of groups and fields, in order.
#[derive(Default)]
pub(crate) struct Names(Vec<String>);

impl Visitor for Names {
    fn open(&mut self, name: &str) {
        self.0.push(format!("[{name}]"));
    }
    fn field(&mut self, shown: DescribedField<'_>) {
        self.0.push(shown.name.to_owned());
    }
    fn close(&mut self) {}
}

pub(crate) fn names(bytes: &[u8]) -> (Vec<String>, bool) {
    let mut names = Names::default();
    let inspected = inspect(&sniff(bytes, None).unwrap(), &mut names).unwrap();
    (names.0, inspected.flaw.is_some())
}

#[test]
fn a_certificate_table_alone_and_behind_its_report() {
    let machine = Machine::vcek(Product::Genoa);
    let (minted, list) = (machine.mint().unwrap(), machine.mint_crl(&[&[7]]).unwrap());
    let entries: [([u8; 16], &[u8]); 5] = [
        (VCEK, &minted.vek),
        (ASK, &minted.intermediate),
        (ARK, &minted.ark),
        (CRL, &list),
        ([9; 16], b"other"),
    ];
    let plain = table(&entries);
    let kinds = vec![
        InputKind::Certificate,
        InputKind::Certificate,
        InputKind::Certificate,
        InputKind::RevocationList,
    ];
    for table in [plain.clone(), [&plain[..], &[0; 999]].concat()] {
        assert_eq!(kinds_of(&table), (InputKind::CertificateTable, kinds.clone()));
        let sniffed = sniff(&table, None).unwrap();
        assert_eq!(sniffed.warnings, [InputWarning::TableEntry]);
        assert!(!sniffed.kind.is_evidence());
        assert_eq!(sniffed.parts[0].bytes(), minted.vek);
        let extended = [&minted.report[..], &table].concat();
        let mut inputs = Inputs::new();
        assert_eq!(inputs.add(&extended, None).unwrap().kind, InputKind::ExtendedReport);
        assert_eq!(Evidence::from_inputs(&inputs), Ok(Evidence::Snp(&minted.report)));
        assert_eq!(inputs.certificates().len(), 3);
        assert_eq!(inputs.revocation_lists().len(), 1);
        assert_eq!(inputs.warnings(), [InputWarning::TableEntry]);
        // The same from two files.
        let mut apart = Inputs::new();
        apart.add(&table, None).unwrap();
        apart.add(&minted.report, None).unwrap();
        assert_eq!(Evidence::from_inputs(&apart), Ok(Evidence::Snp(&minted.report)));
        assert_eq!(apart.certificates().len(), 3);
    }
    assert_eq!(refused(&[&plain]), InputError::NoEvidence);
}

#[test]
fn a_table_is_exact() {
    let plain = table(&[(VCEK, &SNP.vek)]);
    let bent = |at: usize, bytes: [u8; 4]| {
        let mut table = plain.clone();
        table[at..at + 4].copy_from_slice(&bytes);
        table
    };
    let refused = |bytes: &[u8], what: &str| {
        let error = sniff(bytes, None).unwrap_err();
        assert!(matches!(error, InputError::Wire(InputKind::CertificateTable, _)), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    };
    // Into the entries, out of the table, a length beyond all bounds.
    for place in [0_u32, 24, 47, u32::MAX] {
        refused(&bent(16, place.to_le_bytes()), "offset 0x0, expected a place behind the entries");
    }
    for length in [u32::try_from(SNP.vek.len() + 1).unwrap(), u32::MAX] {
        refused(&bent(20, length.to_le_bytes()), "within the table");
    }
    refused(&[&plain[..], &[0, 1]].concat(), "zero after the last certificate");
    refused(&plain[..30], "ends too early");
    refused(&table(&[(VCEK, &[][..]); 17]), "at most 16 entries");
    let extended = [&testdata("snp/milan-report.bin")[..], &bent(16, [1, 0, 0, 0])].concat();
    let error = sniff(&extended, None).unwrap_err();
    assert!(error.to_string().contains("offset 0x4a0"), "{error}");
    for nothing in [table(&[(VCEK, b"")]), table(&[(VCEK, b""), ([9; 16], b"other")])] {
        refused(&nothing, "at least one certificate");
    }
    // An entry without bytes stands for what the host does not have.
    assert_eq!(sniff(&table(&[(VCEK, b""), (ASK, &SNP.vek)]), None).unwrap().parts.len(), 1);
}

#[test]
fn one_bad_certificate_of_a_document_hides_nothing_else() {
    let minted = Enclave::new().mint().unwrap().document;
    let whole = names(&minted).0;
    let certificates = |names: &[String]| names.iter().filter(|name| *name == "[Certificate]").count();
    let mut document = minted.clone();
    // The version of the first certificate: 3 becomes 9.
    let at = document.windows(5).position(|window| window == [0xa0, 3, 2, 1, 2]).unwrap();
    document[at + 4] = 8;
    let (fields, flaw) = names(&document);
    assert!(flaw);
    assert_eq!(certificates(&fields), certificates(&whole));
    for name in ["[COSE_Sign1]", "[AttestationDocument]", "module_id", "subject", "bytes"] {
        assert!(fields.contains(&name.to_owned()), "{name}: {fields:?}");
    }
}

/// A SubjectPublicKeyInfo of P-384 around this point.
fn public_key(point: &[u8; 97]) -> Vec<u8> {
    let head = [
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
        0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
    ];
    [&head[..], point].concat()
}

#[test]
fn keys_and_sealed_files_are_described_and_no_evidence() {
    let PublicKey::P384(point) = Certificate::parse(&SNP.vek).unwrap().public_key() else { panic!() };
    let key = public_key(point);
    let body = <base64ct::Base64 as base64ct::Encoding>::encode_string(&key);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
    let [public, message, signature] =
        ["pub", "msg", "sig"].map(|name| testdata(&format!("tpm/certified-key.{name}")));
    let text = teeproof_evidence::bytes::to_base64url;
    let sealing = json!({
        "schema": "teeproof/sealing-key/1",
        "registers": "sha256:0,1",
        "public": text(&public),
        "message": text(&message),
        "signature": text(&signature),
    });
    let area = teeproof_wire::tpm::public_bytes(&public);
    let size = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let sealed = [
        &b"TPSEALED\x00\x01\x00\x15\x00\x10\x00\x0b\x9f\x03\x00"[..],
        &size(area),
        area,
        &size(&[7; 256]),
        &[7; 256],
        &[9; 500],
    ]
    .concat();
    let cases: [(&[u8], InputKind, InputKind, &str); 5] = [
        (&key, InputKind::PublicKey, InputKind::PublicKey, "[SubjectPublicKeyInfo]"),
        (pem.as_bytes(), InputKind::PublicKey, InputKind::PublicKey, "[SubjectPublicKeyInfo]"),
        (
            sealing.to_string().as_bytes().to_vec().leak(),
            InputKind::SealingKey,
            InputKind::TpmPublic,
            "[TPMT_PUBLIC]",
        ),
        (&sealed, InputKind::SealedFile, InputKind::SealedFile, "[sealed file]"),
        (&sealed[..sealed.len() - 500], InputKind::SealedFile, InputKind::SealedFile, "content"),
    ];
    for (bytes, kind, part, group) in cases {
        assert_eq!(sniff(bytes, None).unwrap().kind, kind);
        let (fields, flaw) = names(bytes);
        assert!(!flaw && fields.contains(&group.to_owned()), "{fields:?}");
        let error = refused(&[bytes]);
        assert_eq!(error, InputError::NotEvidence(part));
        assert_eq!(error.class(), InputClass::WrongFiles);
        // Nor together with evidence.
        let report = testdata("snp/milan-report.bin");
        assert_eq!(refused(&[&report, bytes]), InputError::NotEvidence(part));
    }
    for (member, value) in [("public", json!("!")), ("extra", json!(1)), ("registers", json!(null))] {
        let mut bent = sealing.clone();
        bent[member] = value;
        let error = sniff(bent.to_string().as_bytes(), None).unwrap_err();
        assert!(matches!(error, InputError::SealingKey { .. }), "{member}: {error}");
    }
}

/// Numbers alone, little-endian.
fn le(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A TD quote of this version, with a chain of certificates in it.
fn td_quote(version: u16, pem: &str) -> Vec<u8> {
    let inner = [
        &[7; 384][..],
        &[8; 64],
        &[32, 0],
        &[9; 32],
        &[5, 0],
        &le(&[u32::try_from(pem.len()).unwrap()]),
        pem.as_bytes(),
    ]
    .concat();
    let data =
        [&[1; 64][..], &[2; 64], &[6, 0], &le(&[u32::try_from(inner.len()).unwrap()]), &inner].concat();
    let body = match version {
        5 => [&[3, 0][..], &le(&[648]), &[3; 648]].concat(),
        _ => vec![3; 584],
    };
    let head = [&version.to_le_bytes()[..], &[2, 0, 0x81, 0, 0, 0], &[0; 40]].concat();
    [head, body, le(&[u32::try_from(data.len()).unwrap()]), data].concat()
}

#[test]
fn td_quotes_are_described_and_errors_give_the_offset() {
    let body = <base64ct::Base64 as base64ct::Encoding>::encode_string(&SNP.vek);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n\0");
    for version in [4, 5] {
        let quote = td_quote(version, &pem);
        let (fields, flaw) = names(&quote);
        assert!(!flaw);
        for name in [
            "[TD quote]",
            "MRTD",
            "RTMR3",
            "REPORTDATA",
            "[ECDSA Attestation Key]",
            "[QE Report]",
            "MRENCLAVE",
            "[Certificate]",
        ] {
            assert!(fields.contains(&name.to_owned()), "{name}: {fields:?}");
        }
        assert_eq!(fields.contains(&"MRSERVICETD".to_owned()), version == 5);
        assert!(!names(&[&quote[..], &[0; 70]].concat()).1);
        assert!(names(&[&quote[..], &[0, 1]].concat()).1);
        for end in (8..quote.len()).step_by(97) {
            let sniffed = sniff(&quote[..end], Some(InputKind::TdQuote)).unwrap();
            let error = inspect(&sniffed, &mut Names::default()).unwrap_err();
            assert!(error.to_string().contains("TD quote: "), "{error}");
        }
    }
    // A chain that is no PEM is a flaw, and hides nothing.
    let (fields, flaw) = names(&td_quote(4, "no certificates"));
    assert!(flaw && fields.contains(&"MRTD".to_owned()) && !fields.contains(&"[Certificate]".to_owned()));
    let mut other = td_quote(4, &pem);
    other[2] = 3;
    let error = inspect(&sniff(&other, None).unwrap(), &mut Names::default()).unwrap_err();
    assert!(error.is_unsupported() && error.to_string().contains("offset 0x2"), "{error}");
}

#[test]
fn a_bare_tdreport_is_described() {
    for subversion in [0, 1] {
        let mut report = TDX.hcl_report[0x20..0x420].to_vec();
        report[2] = subversion;
        let (fields, flaw) = names(&report);
        assert!(!flaw && fields[0] == "[TDREPORT_STRUCT]", "{fields:?}");
    }
}

/// Evidence of one technology never becomes another's because of the files given with it.
#[test]
fn a_td_report_together_with_evidence_is_refused() {
    let report = testdata("snp/milan-report.bin");
    let td_report = &TDX.hcl_report[0x20..0x420];
    assert_eq!(refused(&[&report, td_report]), InputError::Unverified(InputKind::TdReport));
    let mut inputs = Inputs::new();
    inputs.add(&report, None).unwrap();
    assert_eq!(Evidence::from_inputs(&inputs).unwrap().technology(), Technology::Snp);
}

/// Any bytes may come first in a signature: those with which documents and certificates begin, too.
#[test]
fn a_signature_is_recognised_whatever_it_begins_with() {
    for begin in [[0x84, 0x44], [0x84, 0x5b], [0xd2, 0x84], [0x30, 0x81], [0x30, 0x82]] {
        let mut signature: Vec<u8> = (0..=255).collect();
        signature[..2].copy_from_slice(&begin);
        assert_eq!(
            kinds_of(&signature),
            (InputKind::TpmSignature, vec![InputKind::TpmSignature]),
            "{begin:x?}"
        );
    }
}

/// A key that no enclave's document has is the flaw, and hides nothing.
#[test]
fn a_tenth_key_of_a_document_hides_nothing_else() {
    let document = Enclave::new().nonce(b"a nonce").with_entry("tenth", "value").mint().unwrap().document;
    let sniffed = sniff(&document, None).unwrap();
    let mut found = Names::default();
    let flaw = inspect(&sniffed, &mut found).unwrap().flaw.unwrap();
    assert_eq!(flaw.what, "Nitro document: key");
    for name in ["[COSE_Sign1]", "[AttestationDocument]", "[unknown keys]", "nonce", "[Certificate]"] {
        assert!(found.0.contains(&name.to_owned()), "{name}: {:?}", found.0);
    }
}
