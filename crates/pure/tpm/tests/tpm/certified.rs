//! Minted certifications of keys, each with one thing bent and signed again.

use teeproof_core::Class;
use teeproof_mint::azure::ak;
use teeproof_mint::{Key, Kind as KeyKind, Scheme};
use teeproof_tpm::{CertificationError as Error, CertifiedKeyProblem, ObjectAttributes, checks};
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::certified_support::*;
use crate::support::*;

fn message(kind: ErrorKind, what: &'static str, offset: usize, expected: &'static str) -> Error {
    Error::Message(WireError::new(kind, what, offset, expected))
}

#[test]
fn genuine_ones_are_accepted() {
    let genuine = Statement::genuine().certified();
    let seen = genuine.verify().unwrap();
    assert_eq!(seen.name, ak::name(&genuine.public));
    assert_eq!(seen.modulus, Key::shared("sealing", KeyKind::Rsa2048).modulus().unwrap());
    assert_eq!((seen.nonce.as_slice(), seen.policy.as_slice()), (NONCE, &policy(&[(7, [8; 32])])[..]));
    // Each of the three parts as TPM2B or TPMT has it.
    let head = [&[0x00, 0x14, 0x00, 0x0b, 0x01, 0x00][..], &genuine.signature].concat();
    let forms = [
        Certified { message: sized(&genuine.message), ..genuine.clone() },
        Certified { public: sized(&genuine.public), ..genuine.clone() },
        Certified { signature: head, ..genuine },
    ];
    for form in forms {
        assert_eq!(form.verify().unwrap(), seen);
    }
}

#[test]
fn what_does_not_matter_is_accepted() {
    for scheme in [vec![0x0015], vec![0x0017, 0x0004], vec![0x0017, 0x000b], vec![0x0017, 0x000d]] {
        bent(|key| key.area.scheme = scheme).verify().unwrap();
    }
    bent(|key| key.area.exponent = 65_537).verify().unwrap();
    bent(|key| key.safe = 0).verify().unwrap();
    // stClear, adminWithPolicy, firmwareLimited, svnLimited, noDA, encryptedDuplication, x509sign.
    for bit in [2, 7, 8, 9, 10, 11, 19] {
        let seen = bent(|key| key.area.attributes ^= 1 << bit).verify().unwrap();
        assert_eq!(seen.attributes, ATTRIBUTES ^ (1 << bit));
    }
}

#[test]
fn nonces() {
    for length in [1, 15, 16, 50] {
        let nonce = vec![0x5a; length];
        let key = bent(|key| key.nonce = nonce.clone());
        Certified { nonce: Some(nonce), ..key }.verify().unwrap_or_else(|error| panic!("{length}: {error}"));
    }
    let long = bent(|key| key.nonce = vec![0x5a; 51]);
    let too_long = Certified { nonce: Some(vec![0x5a; 51]), ..long.clone() };
    too_long.refused(Error::NonceLength, Class::NotBound);
    Certified { nonce: None, ..long }.verify().expect("a waiver");
    let text = Error::NonceLength.to_string();
    assert!(text.contains("50 bytes") && text.contains("hash"), "{text}");
    bent(|key| key.nonce.clear()).refused(Error::Nonce, Class::NotBound);
    let genuine = Statement::genuine().certified();
    for nonce in [
        &NONCE[..NONCE.len() - 1],
        &NONCE[1..],
        &NONCE[..1],
        &[NONCE, &[0]].concat(),
        &NONCE.to_ascii_uppercase(),
    ] {
        let other = Certified { nonce: Some(nonce.to_vec()), ..genuine.clone() };
        other.refused(Error::Nonce, Class::NotBound);
    }
}

#[test]
fn another_attestation_is_refused() {
    // A genuine quote of the same key, and its signature.
    let quote = Bag::of(&vm());
    let genuine = Statement::genuine().certified();
    let expected = "a certification (8017); this is a quote (8018)";
    Certified { message: quote.message, signature: quote.signature, ..genuine.clone() }
        .refused(message(ErrorKind::Unsupported, "TPMS_ATTEST: type", 4, expected), Class::Unsupported);
    bent(|key| key.kind = 0x8018)
        .refused(message(ErrorKind::Unsupported, "TPMS_ATTEST: type", 4, expected), Class::Unsupported);
    // And the other way round.
    let crossed = Bag { message: genuine.message, signature: genuine.signature, ..Bag::of(&vm()) }
        .verify()
        .unwrap_err();
    assert_eq!(
        crossed.to_string(),
        "TPMS_ATTEST: type: not supported at offset 0x4, \
         expected a quote (8018); this is a certification (8017)"
    );
    for kind in [0x8014, 0x8016, 0x8019, 0x801c] {
        let expected = "a certification (8017), no other attestation";
        bent(|key| key.kind = kind)
            .refused(message(ErrorKind::Unsupported, "TPMS_ATTEST: type", 4, expected), Class::Unsupported);
    }
    for kind in [0, 0x8013, 0x801d, 0xffff] {
        let error = message(ErrorKind::Value, "TPMS_ATTEST: type", 4, "TPM_ST_ATTEST_CERTIFY (8017)");
        bent(|key| key.kind = kind).refused(error, Class::Malformed);
    }
    let error = message(ErrorKind::Value, "TPMS_ATTEST: magic", 0, "TPM_GENERATED_VALUE (ff544347)");
    bent(|key| key.magic = 0xff54_4346).refused(error, Class::Malformed);
    let error = message(ErrorKind::Value, "TPMS_ATTEST: safe", 60 + NONCE.len(), "0 or 1");
    bent(|key| key.safe = 2).refused(error, Class::Malformed);
    let error = message(ErrorKind::Trailing, "TPMS_ATTEST", 141 + NONCE.len(), "the end of the input");
    bent(|key| key.trailing = vec![0]).refused(error, Class::Malformed);
}

#[test]
fn signers() {
    let other = Key::shared("another", KeyKind::Rsa2048);
    bent(|key| key.signer = other.clone()).refused(Error::Signature, Class::NotAuthentic);
    for scheme in [Scheme::Pkcs1Sha384, Scheme::Pkcs1Sha512] {
        bent(|key| key.scheme = scheme).refused(Error::Signature, Class::NotAuthentic);
    }
    let area = ak::public_area(&attestation_key()).unwrap();
    let unrestricted = ak::public_area_with(&attestation_key(), ak::ATTRIBUTES & !0x0001_0000).unwrap();
    for name in [
        ak::name(&area),
        ak::qualified_name(0x4000_0001, &ak::name(&area)),
        ak::qualified_name(0x4000_0007, &ak::name(&area)),
        ak::qualified_name(ak::ENDORSEMENT, &ak::name(&unrestricted)),
        ak::qualified_signer(&other).unwrap(),
        Vec::new(),
    ] {
        bent(|key| key.qualified_signer = name).refused(Error::Signer, Class::NotAuthentic);
    }
    // The attestation key's kind, before anything else of the evidence is checked.
    let genuine = Statement::genuine().certified();
    for (modulus, exponent) in [
        (genuine.modulus[1..].to_vec(), vec![1, 0, 1]),
        (vec![0; 256], vec![1, 0, 1]),
        (genuine.modulus.clone(), vec![3]),
        (genuine.modulus.clone(), Vec::new()),
    ] {
        Certified { modulus, exponent, ..genuine.clone() }.refused(Error::AttestationKey, Class::Unsupported);
    }
}

#[test]
fn the_key_is_the_one_that_was_certified() {
    let genuine = Statement::genuine().certified();
    let mut other = Statement::genuine();
    other.area.modulus = Key::shared("another", KeyKind::Rsa2048).modulus().unwrap();
    Certified { public: other.certified().public, ..genuine.clone() }.refused(Error::Name, Class::NotBound);
    let right = ak::name(&genuine.public);
    for at in 2..right.len() {
        let mut name = right.clone();
        name[at] ^= 1;
        bent(|key| key.name = Some(name)).refused(Error::Name, Class::NotBound);
    }
    for name in [right[..33].to_vec(), [&right[..], &[0]].concat(), vec![0, 0x0b], vec![0], Vec::new()] {
        bent(|key| key.name = Some(name)).refused(Error::Name, Class::NotBound);
    }
    // Named by another hash; by a handle.
    let longer = [&[0x00, 0x0c][..], &[7; 48]].concat();
    bent(|key| key.name = Some(longer)).refused(Error::NameAlgorithm(0x000c), Class::Unsupported);
    bent(|key| key.name = Some(vec![0x80, 0xff, 0, 0]))
        .refused(Error::NameAlgorithm(0x80ff), Class::Unsupported);
    // A name of SHA-256 over a public area that says that its name is of another hash.
    for hash in [0x0004, 0x000c, 0x0012, 0x0027] {
        bent(|key| key.area.name_alg = hash).refused(Error::Name, Class::NotBound);
    }
    Certified { public: Vec::new(), ..genuine }.refused(Error::Name, Class::NotBound);
}

#[test]
fn attributes_guard_the_key() {
    let lacks = |attribute| Error::Key(CertifiedKeyProblem::Lacks(attribute));
    let has = |attribute| Error::Key(CertifiedKeyProblem::Has(attribute));
    for (attribute, error) in [
        (ObjectAttributes::FIXED_TPM, lacks(ObjectAttributes::FIXED_TPM)),
        (ObjectAttributes::FIXED_PARENT, lacks(ObjectAttributes::FIXED_PARENT)),
        (ObjectAttributes::SENSITIVE_DATA_ORIGIN, lacks(ObjectAttributes::SENSITIVE_DATA_ORIGIN)),
        (ObjectAttributes::DECRYPT, lacks(ObjectAttributes::DECRYPT)),
        (ObjectAttributes::RESTRICTED, has(ObjectAttributes::RESTRICTED)),
        (ObjectAttributes::SIGN, has(ObjectAttributes::SIGN)),
        (ObjectAttributes::USER_WITH_AUTH, has(ObjectAttributes::USER_WITH_AUTH)),
    ] {
        bent(|key| key.area.attributes ^= attribute.bits()).refused(error, Class::NotBound);
    }
    // All that is wrong of a kind is reported at once.
    let everything = bent(|key| key.area.attributes = 0).verify().unwrap_err().to_string();
    assert_eq!(
        everything,
        "certified key: expected the attributes fixedTPM fixedParent sensitiveDataOrigin decrypt, not set"
    );
    let too_much = bent(|key| key.area.attributes |= 0x0005_0040).verify().unwrap_err().to_string();
    assert_eq!(too_much, "certified key: the attributes userWithAuth restricted sign are set and forbidden");
}

#[test]
fn other_kinds_of_keys_are_refused() {
    let problem = |problem, class, bend: &dyn Fn(&mut Area)| {
        bent(|key| bend(&mut key.area)).refused(Error::Key(problem), class);
    };
    problem(CertifiedKeyProblem::NoPolicy, Class::NotBound, &|area| area.policy.clear());
    for scheme in [[0x0014, 0x000b], [0x0016, 0x000b]] {
        problem(CertifiedKeyProblem::Scheme, Class::Unsupported, &|area| area.scheme = scheme.to_vec());
    }
    for bits in [1024_u16, 3072, 4096] {
        problem(CertifiedKeyProblem::Bits(bits), Class::Unsupported, &|area| {
            area.bits = bits;
            area.modulus = vec![0xc1; usize::from(bits) / 8];
        });
    }
    for exponent in [3, 17, 65_539] {
        problem(CertifiedKeyProblem::Exponent(exponent), Class::Unsupported, &|area| {
            area.exponent = exponent
        });
    }
}

#[test]
fn public_areas_are_read_strictly() {
    let public = |kind, what: &'static str, offset, bend: &dyn Fn(&mut Area)| {
        let error = bent(|key| bend(&mut key.area)).verify().unwrap_err();
        let Error::Public(found) = error else { panic!("{error}") };
        assert_eq!((found.kind, found.what, found.offset), (kind, what, offset), "{error}");
        let class = if kind == ErrorKind::Unsupported { Class::Unsupported } else { Class::Malformed };
        is(error, Error::Public(found), class);
    };
    public(ErrorKind::Unsupported, "TPMT_PUBLIC: type", 0, &|area| area.kind = 0x0023);
    public(ErrorKind::Value, "TPMT_PUBLIC: type", 0, &|area| area.kind = 0x7777);
    public(ErrorKind::Value, "TPMA_OBJECT: bit 31", 4, &|area| area.attributes |= 1 << 31);
    public(ErrorKind::Value, "TPMT_PUBLIC: authPolicy", 8, &|area| area.policy = vec![7; 31]);
    public(ErrorKind::Value, "TPMT_PUBLIC: authPolicy", 8, &|area| area.policy = vec![7; 48]);
    public(ErrorKind::Unsupported, "TPMT_PUBLIC: symmetric", 42, &|area| area.symmetric = 0x0006);
    public(ErrorKind::Value, "TPMT_PUBLIC: scheme", 44, &|area| area.scheme = vec![0x0001]);
    public(ErrorKind::Unsupported, "TPMT_PUBLIC: keyBits", 46, &|area| area.bits = 2056);
    public(ErrorKind::Value, "TPMT_PUBLIC: exponent", 48, &|area| area.exponent = 1);
    public(ErrorKind::Value, "TPMT_PUBLIC: unique", 52, &|area| area.modulus.truncate(128));
    public(ErrorKind::Value, "TPMT_PUBLIC: unique", 54, &|area| area.modulus[0] = 0x7f);
}

#[test]
fn the_checks_are_their_own() {
    let all = [checks::VERIFY, checks::APPRAISE, checks::CERTIFY].concat();
    for check in checks::CERTIFY {
        assert_eq!(all.iter().filter(|other| other.id == check.id).count(), 1, "{}", check.id);
        assert!(check.id.starts_with("key.") && !check.classes.is_empty());
    }
    assert_eq!(checks::CERTIFY.last().unwrap().id, checks::KEY_POLICY.id);
}
