//! Nitro enclaves: document, chain, and that falsifying one field changes no other.

use coset::{CborSerializable, CoseSign1, TaggedCborSerializable, iana};
use teeproof_mint::nitro::{
    Attestation, Document, Enclave, Identity, Signer, newly_issued, of_length, profile,
};
use teeproof_mint::x509::Link;
use teeproof_mint::{DEFAULT_TIME, Error, Key, Kind, SignatureHalf, Value};
use teeproof_rustcrypto::TABLE;
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document as Parsed, Limits};

use crate::{extension, parse, signed_by};

fn chain_holds(chain: &[Vec<u8>]) -> bool {
    let issuers = std::iter::once(&chain[0]).chain(chain);
    chain.iter().zip(issuers).all(|(certificate, issuer)| {
        let names = (parse(certificate), parse(issuer));
        names.0.tbs_certificate().issuer() == names.1.tbs_certificate().subject()
            && signed_by(certificate, issuer)
    })
}

/// Reads the document with coset and verifies it under the leaf.
fn document_holds(attestation: &Attestation) -> bool {
    let frame = CoseSign1::from_slice(&attestation.document).unwrap();
    assert_eq!(frame.payload.as_deref(), Some(attestation.payload.as_slice()));
    let leaf = parse(attestation.chain.last().unwrap());
    let key = leaf.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    frame
        .verify_signature(b"", |signature, message| {
            TABLE.ecdsa_p384_sha384.verify(key, &[message], signature)
        })
        .is_ok()
}

fn entries(attestation: &Attestation) -> Vec<(Value, Value)> {
    ciborium::from_reader::<Value, _>(attestation.payload.as_slice()).unwrap().into_map().unwrap()
}

fn entry(attestation: &Attestation, key: &str) -> Value {
    let entries = entries(attestation);
    entries.into_iter().find(|(found, _)| found.as_text() == Some(key)).unwrap().1
}

#[test]
fn an_untouched_enclave_holds() {
    let attestation = Enclave::new().mint().unwrap();
    assert!(chain_holds(&attestation.chain));
    assert!(document_holds(&attestation));
    assert_eq!(attestation.document[..8], *b"\x84\x44\xa1\x01\x38\x22\xa0\x59");
    assert_eq!(attestation.payload[..2], [0xbf, 0x69]);
    assert_eq!(attestation.document.len(), attestation.payload.len() + 108);
    assert_eq!(entry(&attestation, "cabundle").as_array().unwrap().len(), 4);
    assert_eq!(entry(&attestation, "certificate"), Value::from(attestation.chain.last().unwrap().as_slice()));
    let keys: Vec<_> = entries(&attestation).into_iter().map(|(key, _)| key).collect();
    let expected = [
        "module_id",
        "digest",
        "timestamp",
        "pcrs",
        "certificate",
        "cabundle",
        "public_key",
        "user_data",
        "nonce",
    ];
    assert_eq!(keys, expected.map(Value::from));
    let alg = CoseSign1::from_slice(&attestation.document).unwrap().protected.header.alg.unwrap();
    assert_eq!(alg, coset::Algorithm::Assigned(iana::Algorithm::ES384));
}

#[test]
fn our_own_reader_reads_it() {
    let attestation = Enclave::new().nonce(b"n").user_data(b"").mint().unwrap();
    let frame = Sign1::parse(&attestation.document).unwrap();
    let document = Parsed::parse(frame.payload(), 0, &Limits::USUAL).unwrap();
    assert_eq!(document.nonce, Some(&b"n"[..]));
    assert_eq!(document.user_data, Some(&b""[..]));
    assert_eq!(document.public_key, None);
    assert_eq!(document.timestamp, DEFAULT_TIME * 1000 + 250);
}

/// The profile of 99 real chains, byte by byte where it is fixed.
#[test]
fn the_chain_has_the_profile_of_real_ones() {
    let chain = Enclave::new().mint().unwrap().chain;
    let level = |at: usize, oid: &str| extension(&parse(&chain[at]), oid);
    let constraints = "2.5.29.19";
    assert_eq!(level(0, constraints), Some((true, b"\x30\x03\x01\x01\xff".to_vec())));
    assert_eq!(level(1, constraints), Some((true, b"\x30\x06\x01\x01\xff\x02\x01\x02".to_vec())));
    assert_eq!(level(2, constraints), Some((true, b"\x30\x06\x01\x01\xff\x02\x01\x01".to_vec())));
    assert_eq!(level(3, constraints), Some((true, b"\x30\x06\x01\x01\xff\x02\x01\x00".to_vec())));
    assert_eq!(level(4, constraints), Some((true, b"\x30\x00".to_vec())));
    let usage = "2.5.29.15";
    for at in 0..3 {
        assert_eq!(level(at, usage), Some((true, vec![3, 2, 1, 0x86])));
    }
    assert_eq!(level(3, usage), Some((true, vec![3, 2, 2, 4])));
    assert_eq!(level(4, usage), Some((false, vec![3, 2, 6, 0xc0])));
    let serials: Vec<_> =
        chain.iter().map(|der| parse(der).tbs_certificate().serial_number().as_bytes().len()).collect();
    assert_eq!(serials, [17, 16, 17, 21, 16]);
    for der in &chain {
        assert!(der.len() <= 1024);
        let validity = *parse(der).tbs_certificate().validity();
        assert!(validity.not_before.to_unix_duration().as_secs() <= DEFAULT_TIME);
        assert!(validity.not_after.to_unix_duration().as_secs() >= DEFAULT_TIME);
    }
    let leaf = parse(&chain[4]).tbs_certificate().subject().to_string();
    let name = "CN=i-0123456789abcdef0-enc0123456789abcdef.eu-central-1.aws,";
    assert!(leaf.starts_with(name), "{leaf}");
}

#[test]
fn registers_are_those_of_production_and_of_debug() {
    let bank = |enclave: Enclave| entry(&enclave.mint().unwrap(), "pcrs").into_map().unwrap();
    let production = bank(Enclave::new());
    assert_eq!(production.len(), 16);
    let zero = Value::from(&[0; 48][..]);
    let zeros = |bank: &[(Value, Value)]| -> Vec<usize> {
        (0..bank.len()).filter(|&at| bank[at].1 == zero).collect()
    };
    assert_eq!(zeros(&production), (5..16).collect::<Vec<_>>());
    let instance = TABLE.sha384.digest(&[&[0; 48], b"i-0123456789abcdef0"]);
    assert_eq!(production[4].1, Value::from(&instance[..]));
    let debug = bank(Enclave::new().debug());
    assert_eq!(zeros(&debug), [0, 1, 2].into_iter().chain(5..16).collect::<Vec<_>>());
}

#[test]
fn banks_can_be_sparse_repeated_and_wrong() {
    let attestation = Enclave::new()
        .pcr(20, &[1; 48])
        .with_document(|document| {
            document.remove_pcr(7);
            document.push_pcr(0, &[2; 48][..]);
            document.push_pcr(256, &[3; 48][..]);
            document.set_pcr(1, &[4; 32]);
        })
        .mint()
        .unwrap();
    assert!(document_holds(&attestation));
    let bank = entry(&attestation, "pcrs").into_map().unwrap();
    let indices: Vec<_> = bank.iter().map(|(key, _)| key.clone()).collect();
    let expected = (0..7).chain(8..16).chain([20, 0, 256]);
    assert_eq!(indices, expected.map(Value::from).collect::<Vec<_>>());
    assert_eq!(bank[1].1, Value::from(&[4; 32][..]));
}

#[test]
fn entries_can_be_null_absent_empty_repeated_and_unknown() {
    let attestation = Enclave::new()
        .nonce(b"")
        .with_entry("user_data", 7)
        .with_entry("digest", Value::Null)
        .with_document(|document| {
            document.remove("public_key");
            document.push("nonce", &b"again"[..]);
            document.push("surprise", true);
            document.push(1, 2);
            document.repeat("certificate");
            document.rename("module_id", "moduleId");
            document.set_definite(true);
        })
        .mint()
        .unwrap();
    assert!(document_holds(&attestation));
    let entries = entries(&attestation);
    assert_eq!(attestation.payload[0], 0xa0 | u8::try_from(entries.len()).unwrap());
    assert_eq!(entries.len(), 12);
    assert_eq!(entries[0].0, Value::from("moduleId"));
    assert_eq!(entries[11].0, Value::from("certificate"));
    assert_eq!(entries[11].1, Value::from(attestation.chain[4].as_slice()));
    assert_eq!(entry(&attestation, "user_data"), Value::from(7));
    assert_eq!(entry(&attestation, "nonce"), Value::Bytes(Vec::new()));
    assert_eq!(entry(&attestation, "digest"), Value::Null);
}

#[test]
fn frames_can_be_wrong() {
    let tagged = Enclave::new().with_cose(|cose| cose.tagged = true).mint().unwrap();
    assert_eq!(tagged.document[0], 0xd2);
    CoseSign1::from_tagged_slice(&tagged.document).unwrap();
    let other = Enclave::new()
        .with_cose(|cose| {
            cose.protected = vec![0xa1, 0x01, 0x26];
            cose.unprotected = Value::Map(vec![(4.into(), Value::from(&b"kid"[..]))]);
        })
        .mint()
        .unwrap();
    assert!(document_holds(&other));
    let frame = CoseSign1::from_slice(&other.document).unwrap();
    assert_eq!(frame.unprotected.key_id, b"kid");
    let aad = Enclave::new().with_cose(|cose| cose.external_aad = vec![1]).mint().unwrap();
    assert!(!document_holds(&aad));
    let long = Enclave::new().with_cose(|cose| cose.signature = Some(vec![1; 97])).mint().unwrap();
    assert_eq!(CoseSign1::from_slice(&long.document).unwrap().signature, [1; 97]);
}

#[test]
fn either_half_of_s_can_be_asked_for() {
    for (half, high) in [(SignatureHalf::High, true), (SignatureHalf::Low, false)] {
        let enclave = Enclave::new().with_cose(|cose| cose.signature_half = half);
        let attestation = enclave.mint().unwrap();
        assert!(document_holds(&attestation));
        let signature = CoseSign1::from_slice(&attestation.document).unwrap().signature;
        assert_eq!(signature[48] >= 0x80, high);
    }
}

#[test]
fn forgeries_do_not_hold() {
    let tampered = Enclave::new().tamper(100, b"???").mint().unwrap();
    let frame = CoseSign1::from_slice(&tampered.document).unwrap();
    assert_ne!(frame.payload.as_deref(), Some(tampered.payload.as_slice()));
    let mut enclave = Enclave::new();
    enclave.document_signer = Some(Key::fresh(Kind::P384));
    assert!(!document_holds(&enclave.mint().unwrap()));
    let orphan =
        Enclave::new().with_chain(|chain| chain[1].signer = Some(Key::fresh(Kind::P384))).mint().unwrap();
    assert!(document_holds(&orphan));
    assert!(!chain_holds(&orphan.chain));
    let impostor = Enclave::new().with_own_authorities().mint().unwrap();
    assert!(document_holds(&impostor) && chain_holds(&impostor.chain));
    assert!(!signed_by(&impostor.chain[1], &tampered.chain[0]));
    let raw = Enclave::new().with_payload(vec![0xa0]).mint().unwrap();
    assert!(document_holds(&raw));
    assert_eq!(raw.payload, [0xa0]);
}

#[test]
fn chains_have_any_length_but_none() {
    for length in 1..=9 {
        let attestation = Enclave::new()
            .with_chain(|chain| *chain = of_length(length, &Identity::default(), DEFAULT_TIME))
            .mint()
            .unwrap();
        assert_eq!(attestation.chain.len(), length);
        if length > 1 {
            assert!(chain_holds(&attestation.chain), "{length}");
        }
        assert!(document_holds(&attestation));
        let bundle = entry(&attestation, "cabundle").into_array().unwrap();
        assert_eq!(bundle.len(), length - 1);
        for (below, der) in attestation.chain.iter().rev().skip(1).enumerate().take(length.saturating_sub(2))
        {
            let bound = u8::try_from(below).unwrap();
            let value = extension(&parse(der), "2.5.29.19").unwrap().1;
            assert_eq!(value.last(), Some(&bound));
        }
    }
    assert_eq!(Enclave::new().with_chain(Vec::clear).mint(), Err(Error::EmptyChain));
    let five = of_length(5, &Identity::default(), DEFAULT_TIME);
    let subjects =
        |chain: &[Link]| -> Vec<_> { chain.iter().map(|link| link.certificate.subject.clone()).collect() };
    assert_eq!(subjects(&five), subjects(&profile(&Identity::default(), DEFAULT_TIME)));
}

#[test]
fn a_nitrotpm_document_differs_in_module_and_registers() {
    let attestation = Enclave::nitrotpm().mint().unwrap();
    assert!(chain_holds(&attestation.chain) && document_holds(&attestation));
    let module_id = entry(&attestation, "module_id");
    assert_eq!(module_id, Value::from("i-0123456789abcdef0-tpm0000000000000000"));
    let bank = entry(&attestation, "nitrotpm_pcrs").into_map().unwrap();
    assert_eq!(bank.len(), 24);
    assert_eq!(bank[17].1, Value::from(&[0xff; 48][..]));
    assert!(bank.iter().take(8).all(|(_, pcr)| *pcr != Value::from(&[0; 48][..])));
    // As nitro-tpm-pcr-compute and real documents have them: no secure boot, and the separator alone.
    for (index, starts) in [(7, "98441c7f7625d100"), (2, "518923b0f955d08d"), (3, "518923b0f955d08d")] {
        let digits: String =
            bank[index].1.as_bytes().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(digits.starts_with(starts), "{index}: {digits}");
    }
    assert!(entries(&attestation).iter().all(|(key, _)| key.as_text() != Some("pcrs")));
}

#[test]
fn an_enclave_has_the_identity_it_was_given() {
    let identity = Identity {
        instance: "i-0ffffffffffffffff".to_owned(),
        enclave: u64::MAX,
        region: "us-east-1".to_owned(),
        tpm: false,
    };
    let attestation = Enclave::with_identity(&identity, 1_700_000_000).mint().unwrap();
    assert!(chain_holds(&attestation.chain) && document_holds(&attestation));
    let leaf = parse(&attestation.chain[4]);
    let serial = leaf.tbs_certificate().serial_number().as_bytes().to_vec();
    assert_eq!(serial[..2], [0, 0xff]);
    assert_eq!(entry(&attestation, "timestamp"), Value::from(1_700_000_000_250_u64));
    assert_eq!(attestation.root(), attestation.chain[0]);
}

#[test]
fn a_signer_signs_many_documents_under_one_chain() {
    let identity = Identity::default();
    let signer = Signer::new(&newly_issued(&identity, DEFAULT_TIME)).unwrap();
    let mut enclave = Enclave::new().nonce(b"first");
    let sign = |enclave: &Enclave| signer.sign(&enclave.document).unwrap();
    let first = sign(&enclave);
    enclave = enclave.nonce(b"second");
    for document in [first, sign(&enclave)] {
        let frame = CoseSign1::from_slice(&document).unwrap();
        let attestation =
            Attestation { payload: frame.payload.unwrap(), document, chain: signer.chain().to_vec() };
        assert!(document_holds(&attestation));
        assert_eq!(entry(&attestation, "certificate"), Value::from(signer.chain()[4].as_slice()));
        assert_eq!(entry(&attestation, "cabundle").as_array().unwrap().len(), 4);
    }
    assert!(chain_holds(signer.chain()));
    // The leaf is not backdated, and its serial number says so: eight bytes of the enclave, eight of the time.
    let leaf = parse(&signer.chain()[4]);
    let from = leaf.tbs_certificate().validity().not_before.to_unix_duration().as_secs();
    let until = leaf.tbs_certificate().validity().not_after.to_unix_duration().as_secs();
    assert_eq!((from, until - from), (DEFAULT_TIME, 3 * 3600 + 3));
    let serial = leaf.tbs_certificate().serial_number().as_bytes().to_vec();
    assert_eq!(serial[8..], (DEFAULT_TIME + 3).to_be_bytes());

    let later = signer.renewed(&newly_issued(&identity, DEFAULT_TIME + 9000)).unwrap();
    assert_eq!(later.root(), signer.root());
    assert!(chain_holds(later.chain()));
    assert_ne!(later.chain()[4], signer.chain()[4]);
    assert_eq!(Signer::new(&[]).err(), Some(Error::EmptyChain));
}

#[test]
fn a_payload_is_signed_as_it_is_but_for_its_certificates() {
    let definite = Enclave::new()
        .nonce(b"n")
        .with_document(|document| {
            document.push("surprise", 1);
            document.set_definite(true);
        })
        .mint()
        .unwrap();
    for attestation in [Enclave::new().user_data(b"u").mint().unwrap(), definite] {
        let document = Document::from_payload(&attestation.payload).unwrap();
        let signer = Signer::new(&newly_issued(&Identity::default(), DEFAULT_TIME)).unwrap();
        let signed = signer.sign(&document).unwrap();
        let payload = CoseSign1::from_slice(&signed).unwrap().payload.unwrap();
        assert_eq!(payload[0], attestation.payload[0]);
        let again = Attestation { payload, document: signed, chain: signer.chain().to_vec() };
        assert!(document_holds(&again));
        for ((key, value), (same, before)) in entries(&again).into_iter().zip(entries(&attestation)) {
            assert_eq!(key, same);
            let is_signer = matches!(key.as_text(), Some("certificate" | "cabundle"));
            assert_eq!(value != before, is_signer, "{key:?}");
        }
    }
    for payload in [&b""[..], b"\x80", b"\xa0\x00", b"\xbf", b"\xa1\x01"] {
        assert_eq!(Document::from_payload(payload).err(), Some(Error::NotAPayload), "{payload:?}");
    }
}
