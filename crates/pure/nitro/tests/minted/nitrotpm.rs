//! NitroTPM documents: what is accepted, each rule of their own with a document that breaks it alone, and that neither
//! kind of document passes for the other.

use teeproof_core::{Class, Freshness, List, Outcome, PcrRule, Pcrs, Rule, Text, Time};
use teeproof_mint::nitro::{Document, Enclave, Identity};
use teeproof_mint::{DEFAULT_TIME, Value};
use teeproof_nitro::nitrotpm::{
    self, NitroTpmError, NitroTpmPolicy, PCR_SEPARATOR_ONLY, PCR7_WITHOUT_SECURE_BOOT, VerifiedNitroTpm,
    checks,
};
use teeproof_nitro::{Appraisal, Error, MaxAge, Moment, NitroVerification};
use teeproof_wire::ErrorKind;
use teeproof_x509::{Anchors, Problem};

use crate::support::{AT, Bag, Expected};

use Appraisal::{Accepted, NotShownFresh, Refused};

const BANK: &str = "Nitro document: nitrotpm_pcrs";
const MODULE_ID: &str = "Nitro document: module_id";

/// Verifies a bag's document as that of a NitroTPM, under both crypto tables, and gives the result to a function.
fn with<T: PartialEq + core::fmt::Debug>(
    bag: &Bag,
    then: impl Fn(Result<VerifiedNitroTpm<'_>, NitroTpmError>) -> T,
) -> T {
    let anchors: Vec<_> = bag.anchors.iter().map(Vec::as_slice).collect();
    let results = [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE].map(|table| {
        let freshness = match &bag.nonce {
            Some(nonce) => Freshness::nonce(nonce).unwrap(),
            None => Freshness::Waived("the test asks nothing"),
        };
        let verification = NitroVerification::new(freshness, bag.at, &table).anchors(Anchors::and(&anchors));
        let mut found = Vec::new();
        let mut record = |id: &'static str, outcome| found.push((id, outcome));
        let result = nitrotpm::verify(&bag.document, &verification, &mut Log(&mut record));
        let order: Vec<_> = checks::VERIFY.iter().map(|check| check.id).collect();
        let recorded: Vec<_> = found.iter().map(|(id, _)| *id).collect();
        match &result {
            Ok(_) => assert_eq!(recorded, order),
            Err(error) => {
                assert!(
                    order.starts_with(&recorded) && !recorded.contains(&error.check().id),
                    "{recorded:?}"
                );
                assert!(error.check().classes.contains(&error.class()), "{error}");
            }
        }
        assert!(found.iter().all(|(_, outcome)| *outcome != Outcome::Fail));
        then(result)
    });
    let [one, other] = results;
    assert_eq!(one, other, "the tables differ");
    one
}

struct Log<'l>(&'l mut dyn FnMut(&'static str, Outcome));

impl teeproof_core::Record for Log<'_> {
    fn record(&mut self, finding: teeproof_core::CheckResult<'_>) {
        assert!(finding.because.is_some_and(|because| !because.to_string().is_empty()));
        (self.0)(finding.check.id, finding.outcome);
    }
}

fn accepted(bag: &Bag) {
    with(bag, |result| result.map(|_| ())).unwrap();
}

#[track_caller]
fn refused(alter: impl FnOnce(Enclave) -> Enclave, expected: Error, class: Class) {
    let enclave = Enclave::nitrotpm();
    accepted(&Bag::of(&enclave));
    let error = with(&Bag::of(&alter(enclave)), |result| result.map(|_| ())).unwrap_err();
    assert_eq!((*error.failure(), error.class()), (expected, class), "{error}");
}

#[track_caller]
fn malformed(alter: impl FnOnce(Enclave) -> Enclave, kind: ErrorKind, what: &'static str) {
    let enclave = Enclave::nitrotpm();
    accepted(&Bag::of(&enclave));
    let error = with(&Bag::of(&alter(enclave)), |result| result.map(|_| ())).unwrap_err();
    let Error::Fields(found) = error.failure() else { panic!("{error:?}") };
    assert_eq!((found.kind, found.what), (kind, what), "{error}");
    assert_eq!(error.check(), checks::FIELDS);
}

#[test]
fn a_document_is_what_its_instance_says() {
    let enclave = Enclave::nitrotpm().nonce(b"0123456789abcdef").user_data(b"u");
    let bag = Bag { nonce: Some(b"0123456789abcdef".to_vec()), ..Bag::of(&enclave) };
    let seen = with(&bag, |result| {
        let verified = result.unwrap();
        let document = verified.document();
        assert!(!verified.is_production() && verified.is_boot_measured());
        assert!(verified.is_without_secure_boot());
        assert_eq!(document.pcrs().iter().count(), nitrotpm::NITROTPM_PCRS);
        assert_eq!(document.pcrs().get(7), Some(&PCR7_WITHOUT_SECURE_BOOT));
        assert_eq!(document.pcrs().get(2), Some(&PCR_SEPARATOR_ONLY));
        assert_eq!((document.public_key(), document.user_data()), (None, Some(&b"u"[..])));
        (document.module_id().to_owned(), verified.instance_id().map(str::to_owned), verified.age_secs())
    });
    let instance = Identity::default().instance;
    assert_eq!(seen, (format!("{instance}-tpm0000000000000000"), Some(instance), Some(0)));
    // In any order, and with the map's length written.
    accepted(&Bag::of(&Enclave::nitrotpm().with_document(Document::reverse)));
    accepted(&Bag::of(&Enclave::nitrotpm().with_document(|document| document.set_definite(true))));
}

#[test]
fn the_bank_has_all_pcrs_of_a_tpm_and_no_others() {
    for index in 0..24 {
        let without = |enclave: Enclave| enclave.with_document(|document| document.remove_pcr(index));
        malformed(without, ErrorKind::Missing, BANK);
    }
    for index in [24_u64, 31, 32, 256, u64::MAX] {
        let with = |enclave: Enclave| enclave.with_document(|document| document.push_pcr(index, vec![0; 48]));
        malformed(with, ErrorKind::Value, BANK);
        // In the place of one of the 24.
        let instead = |enclave: Enclave| {
            enclave.with_document(|document| {
                document.remove_pcr(23);
                document.push_pcr(index, vec![0; 48]);
            })
        };
        malformed(instead, ErrorKind::Value, BANK);
    }
    let twice = |enclave: Enclave| enclave.with_document(|document| document.push_pcr(4, vec![0; 48]));
    malformed(twice, ErrorKind::Duplicate, BANK);
    for length in [0, 20, 32, 47, 49, 64] {
        let short =
            |enclave: Enclave| enclave.with_document(|document| document.set_pcr(4, &vec![0; length]));
        malformed(short, ErrorKind::Value, BANK);
    }
    malformed(|enclave| enclave.with_entry("nitrotpm_pcrs", Value::Map(vec![])), ErrorKind::Missing, BANK);
    malformed(|enclave| enclave.with_entry("nitrotpm_pcrs", Value::Null), ErrorKind::Value, BANK);
    let without = |enclave: Enclave| enclave.with_document(|document| document.remove("nitrotpm_pcrs"));
    malformed(without, ErrorKind::Missing, "Nitro document");
}

#[test]
fn neither_kind_passes_for_the_other() {
    // An enclave's document, whole or with one mark of a NitroTPM's.
    let of_enclave = |enclave: Enclave, what| {
        malformed(|_| enclave, ErrorKind::Unsupported, what);
    };
    of_enclave(Enclave::new(), MODULE_ID);
    of_enclave(Enclave::new().with_document(Document::reverse), "Nitro document: pcrs");
    of_enclave(Enclave::new().with_document(|document| document.rename("pcrs", "nitrotpm_pcrs")), MODULE_ID);
    of_enclave(
        Enclave::nitrotpm().with_document(|document| document.rename("nitrotpm_pcrs", "pcrs")),
        "Nitro document: pcrs",
    );
    let both = |document: &mut Document| document.push("pcrs", Value::Map(vec![]));
    of_enclave(Enclave::nitrotpm().with_document(both), "Nitro document: pcrs");
    let said = with(&Bag::of(&Enclave::new()), |result| result.map(|_| ())).unwrap_err().to_string();
    assert!(said.contains("of an enclave, another kind of evidence"), "{said}");
    // Under each id that is not a NitroTPM's, or of both.
    for id in ["i-0123456789abcdef0", "i-0123456789abcdef0-TPM0000000000000000", "i-0-enc0-tpm0", "tpm"] {
        malformed(|enclave| enclave.with_entry("module_id", id), ErrorKind::Unsupported, MODULE_ID);
    }
    // And the other way round, as the enclave's verifier has it.
    Bag::of(&Enclave::nitrotpm()).refused(Expected::Fields(ErrorKind::Unsupported, MODULE_ID));
}

#[test]
fn the_fields_are_those_of_a_document() {
    for key in ["", "Nonce", "enclave", "nitrotpm_pcr"] {
        let with = |enclave: Enclave| enclave.with_document(|document| document.push(key, Value::Null));
        malformed(with, ErrorKind::Value, "Nitro document: key");
    }
    for key in ["module_id", "digest", "timestamp"] {
        let without = |enclave: Enclave| enclave.with_document(|document| document.remove(key));
        malformed(without, ErrorKind::Missing, "Nitro document");
    }
    for key in ["module_id", "digest", "timestamp", "nitrotpm_pcrs", "public_key", "user_data", "nonce"] {
        let twice = |enclave: Enclave| enclave.with_document(|document| document.repeat(key));
        malformed(twice, ErrorKind::Duplicate, "Nitro document");
    }
    for digest in ["SHA256", "SHA512", "sha384", ""] {
        let other = |enclave: Enclave| enclave.with_entry("digest", digest);
        malformed(other, ErrorKind::Unsupported, "Nitro document: digest");
    }
    let early = |enclave: Enclave| enclave.with_entry("timestamp", 1_572_220_799_999_u64);
    malformed(early, ErrorKind::Value, "Nitro document: timestamp");
    for what in ["Nitro document: public_key", "Nitro document: user_data", "Nitro document: nonce"] {
        let key = what.rsplit(' ').next().unwrap();
        let long = |enclave: Enclave| enclave.with_entry(key, vec![0; 1025]);
        malformed(long, ErrorKind::TooLarge, what);
        accepted(&Bag::of(&Enclave::nitrotpm().with_entry(key, vec![0; 1024])));
        accepted(&Bag::of(&Enclave::nitrotpm().with_document(|document| document.remove(key))));
    }
}

#[test]
fn signature_chain_time_and_nonce() {
    let not_bound = Class::NotBound;
    refused(|enclave| enclave.tamper(40, &[0xff]), Error::Signature, Class::NotAuthentic);
    let other = teeproof_mint::Key::fresh(teeproof_mint::Kind::P384);
    let by_another = |mut enclave: Enclave| {
        enclave.document_signer = Some(other);
        enclave
    };
    refused(by_another, Error::Signature, Class::NotAuthentic);
    // A certificate of another module: of an enclave on the same instance, and of another instance.
    let leaf_of = |identity: Identity| {
        move |enclave: Enclave| {
            let leaf = Enclave::with_identity(&identity, DEFAULT_TIME).chain.pop().unwrap();
            enclave.with_chain(|chain| *chain.last_mut().unwrap() = leaf)
        }
    };
    refused(leaf_of(Identity::default()), Error::ModuleId, not_bound);
    let instance = "i-0123456789abcdef1".to_owned();
    refused(
        leaf_of(Identity { tpm: true, enclave: 0, instance, ..Identity::default() }),
        Error::ModuleId,
        not_bound,
    );
    let made = |millis: i64| move |enclave: Enclave| enclave.with_entry("timestamp", millis.unsigned_abs());
    refused(made((AT - 1201) * 1000), Error::Timestamp, not_bound);
    let ahead = Error::Future { timestamp: Time(AT + 301), at: Time(AT) };
    refused(made((AT + 301) * 1000), ahead, not_bound);
    let unknown = Bag { anchors: vec![], ..Bag::of(&Enclave::nitrotpm()) };
    let error = with(&unknown, |result| result.map(|_| ())).unwrap_err();
    assert!(matches!(error.failure(), Error::Untrusted { .. }) && error.check() == checks::CHAIN);
    assert!(error.advice().is_some());
    let late = Bag::of(&Enclave::nitrotpm()).at(AT + 4 * 3600);
    let error = with(&late, |result| result.map(|_| ())).unwrap_err();
    assert!(matches!(error.failure(), Error::Chain { problem: Problem::Expired { .. }, .. }), "{error}");
    assert_eq!((error.check(), error.class()), (checks::VALIDITY, Class::Incomplete));
    for nonce in [&b""[..], b"0123456789abcde", b"0123456789abcdeg", b"0123456789abcdef0"] {
        let bag =
            Bag { nonce: Some(b"0123456789abcdef".to_vec()), ..Bag::of(&Enclave::nitrotpm().nonce(nonce)) };
        let error = with(&bag, |result| result.map(|_| ())).unwrap_err();
        assert_eq!((*error.failure(), error.check()), (Error::Nonce, checks::NONCE));
    }
}

fn appraised(bag: &Bag, policy: &NitroTpmPolicy<'_>) -> Appraisal {
    with(bag, |result| nitrotpm::appraise(&result.unwrap(), policy, &mut ()))
}

#[test]
fn a_boot_that_the_firmware_did_not_measure() {
    let genuine = |enclave: &Enclave| appraised(&Bag::of(enclave), &NitroTpmPolicy::genuine());
    assert_eq!(genuine(&Enclave::nitrotpm()), Accepted);
    for index in 0..8 {
        assert_eq!(genuine(&Enclave::nitrotpm().pcr(index, &[0; 48])), Refused, "{index}");
        let mut nearly = [0; 48];
        nearly[47] = 1;
        assert_eq!(genuine(&Enclave::nitrotpm().pcr(index, &nearly)), Accepted, "{index}");
    }
    let others = (8..24).fold(Enclave::nitrotpm(), |enclave, index| enclave.pcr(index, &[0; 48]));
    assert_eq!(genuine(&others), Accepted);
    let waived = NitroTpmPolicy::genuine().measured_boot(Rule::waived("any"));
    assert_eq!(appraised(&Bag::of(&Enclave::nitrotpm().pcr(4, &[0; 48])), &waived), Accepted);
}

#[test]
fn pcrs_right_wrong_and_waived() {
    let bag = Bag::of(&Enclave::nitrotpm().pcr(4, &[4; 48]));
    let appraised = |index, rule: Rule<'_, [u8; 48]>| {
        let rules = [PcrRule::new(index, rule)];
        appraised(&bag, &NitroTpmPolicy::genuine().pcrs(Pcrs::Rules(List::from(&rules[..]))))
    };
    assert_eq!(appraised(4, Rule::exactly([4; 48])), Accepted);
    assert_eq!(appraised(4, Rule::exactly([5; 48])), Refused);
    assert_eq!(appraised(4, Rule::one_of(&[[5; 48], [4; 48]][..])), Accepted);
    assert_eq!(appraised(12, Rule::exactly([0; 48])), Accepted);
    assert_eq!(appraised(12, Rule::absent()), Refused);
    assert_eq!(appraised(24, Rule::exactly([0; 48])), Refused);
    assert_eq!(appraised(4, Rule::waived("any")), Accepted);
    // PCR4 is of the boot loader, and says nothing of the instance.
    let own = teeproof_nitro::pcr4_of_instance(&Identity::default().instance, &teeproof_aws_lc::TABLE);
    assert_eq!(appraised(4, Rule::exactly(own)), Refused);
}

#[test]
fn instance_module_and_what_the_instance_chose() {
    let enclave = Enclave::nitrotpm().user_data(b"u").public_key(b"");
    let bag = Bag::of(&enclave);
    let genuine = NitroTpmPolicy::genuine;
    let appraised = |policy: NitroTpmPolicy<'_>| appraised(&bag, &policy);
    let exactly = |text: &'static str| Rule::exactly(Text::from(text));
    assert_eq!(appraised(genuine().instance(exactly("i-0123456789abcdef0"))), Accepted);
    assert_eq!(appraised(genuine().instance(exactly("i-0123456789abcdef1"))), Refused);
    assert_eq!(appraised(genuine().instance(exactly("i-0123456789abcdef0-tpm0000000000000000"))), Refused);
    assert_eq!(appraised(genuine().module_id(exactly("i-0123456789abcdef0-tpm0000000000000000"))), Accepted);
    assert_eq!(appraised(genuine().module_id(exactly("i-0123456789abcdef0"))), Refused);
    let bytes = |bytes: &'static [u8]| Rule::exactly(List::from(bytes));
    assert_eq!(appraised(genuine().user_data(bytes(b"u"))), Accepted);
    assert_eq!(appraised(genuine().user_data(bytes(b""))), Refused);
    assert_eq!(appraised(genuine().user_data(Rule::absent())), Refused);
    // Empty is not null.
    assert_eq!(appraised(genuine().public_key(bytes(b""))), Accepted);
    assert_eq!(appraised(genuine().public_key(Rule::absent())), Refused);
    let plain = Bag::of(&Enclave::nitrotpm());
    let none = genuine().user_data(Rule::absent()).public_key(Rule::absent());
    assert_eq!(self::appraised(&plain, &none), Accepted);
}

#[test]
fn ages() {
    let bag = Bag::of(&Enclave::nitrotpm());
    let at_most = |secs| NitroTpmPolicy::genuine().max_age(MaxAge::at_most(secs));
    for (age, secs, expected) in [(300, 300, Accepted), (301, 300, Refused), (-300, 0, Accepted)] {
        assert_eq!(appraised(&bag.clone().at(AT + age), &at_most(secs)), expected, "{age} of {secs}");
    }
    let archived = Bag { at: Moment::OfDocument, ..bag };
    assert_eq!(appraised(&archived, &at_most(u32::MAX)), NotShownFresh);
    assert_eq!(appraised(&archived, &NitroTpmPolicy::genuine()), Accepted);
}

/// Bits of every byte, one after the other: none of them may be another.
#[test]
fn a_bit_of_each_byte_flipped() {
    let bag = Bag::of(&Enclave::nitrotpm().nonce(b"0123456789abcdef"));
    let anchors: Vec<_> = bag.anchors.iter().map(Vec::as_slice).collect();
    let table = teeproof_aws_lc::TABLE;
    let verification =
        NitroVerification::new(Freshness::Waived("a test"), bag.at, &table).anchors(Anchors::and(&anchors));
    nitrotpm::verify(&bag.document, &verification, &mut ()).unwrap();
    let mut altered = bag.document.clone();
    for at in 0..altered.len() {
        altered[at] ^= 1 << (at % 8);
        assert!(nitrotpm::verify(&altered, &verification, &mut ()).is_err(), "byte {at}");
        altered[at] ^= 1 << (at % 8);
    }
    for length in 0..altered.len() {
        assert!(nitrotpm::verify(&altered[..length], &verification, &mut ()).is_err(), "cut to {length}");
    }
}
