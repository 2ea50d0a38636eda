//! What a policy says about a verified document.

use teeproof_core::{List, PcrRule, Pcrs, Rule, Text, Waiver};
use teeproof_mint::nitro::{Enclave, Identity};
use teeproof_nitro::{
    Appraisal, ComputedPcr, Contradiction, Digest384, ImageSigner, MaxAge, Moment, NitroPolicy, pcr3_of_role,
    pcr4_of_instance, pcr8_of_signer,
};

use crate::support::{AT, Bag};

use Appraisal::{Accepted, NotShownFresh, Refused};

#[test]
fn debug_is_told_by_the_first_three_registers() {
    let debug = |enclave: &Enclave| {
        let seen = Bag::of(enclave).verify().unwrap();
        assert_eq!(seen.genuine, if seen.debug { Refused } else { Accepted });
        seen.debug
    };
    assert!(!debug(&Enclave::new()));
    assert!(debug(&Enclave::new().debug()));
    for index in 0..3 {
        // One is enough, zero or absent.
        assert!(debug(&Enclave::new().pcr(index, &[0; 48])), "{index}");
        let absent = Enclave::new().with_document(|document| document.remove_pcr(index));
        assert!(debug(&absent), "{index}");
        let mut nearly = [0; 48];
        nearly[47] = 1;
        assert!(!debug(&Enclave::new().pcr(index, &nearly)), "{index}");
    }
    // The others have no say: PCR3 and PCR4 are set in debug mode, PCR3 may be zero in production.
    let others = (3..16).fold(Enclave::new(), |enclave, index| enclave.pcr(index, &[0; 48]));
    assert!(!debug(&others));
}

fn pcrs<'p>(rules: &'p [PcrRule<'p, 48>]) -> NitroPolicy<'p> {
    NitroPolicy::genuine().pcrs(Pcrs::Rules(List::from(rules)))
}

fn register(index: u8, rule: Rule<'_, [u8; 48]>) -> PcrRule<'_, 48> {
    PcrRule::new(index, rule)
}

#[test]
fn registers_right_wrong_absent_and_waived() {
    let enclave = Enclave::new().pcr(5, &[5; 48]).pcr(20, &[20; 48]);
    let bag = Bag::of(&enclave);
    let appraised = |rules: &[PcrRule<'_, 48>]| bag.appraise(&pcrs(rules));
    let exactly = |index, value| register(index, Rule::exactly([value; 48]));
    assert_eq!(appraised(&[exactly(5, 5)]), Accepted);
    assert_eq!(appraised(&[exactly(5, 6)]), Refused);
    assert_eq!(appraised(&[exactly(5, 5), exactly(20, 20)]), Accepted);
    // One that does not hold is enough, wherever it stands.
    assert_eq!(appraised(&[exactly(5, 5), exactly(20, 5)]), Refused);
    assert_eq!(appraised(&[exactly(5, 20), exactly(20, 20)]), Refused);
    // Zero in the document is a value; an absent PCR has none, also when zero is expected.
    assert_eq!(appraised(&[exactly(6, 0)]), Accepted);
    assert_eq!(appraised(&[exactly(16, 0)]), Refused);
    assert_eq!(appraised(&[exactly(31, 0)]), Refused);
    assert_eq!(appraised(&[exactly(32, 0)]), Refused);
    assert_eq!(appraised(&[exactly(255, 0)]), Refused);
    let one_of = |index, values: &[u8]| {
        let values: Vec<_> = values.iter().map(|value| [*value; 48]).collect();
        appraised(&[register(index, Rule::one_of(&values[..]))])
    };
    assert_eq!(one_of(5, &[4, 5]), Accepted);
    assert_eq!(one_of(5, &[4, 6]), Refused);
    assert_eq!(one_of(5, &[]), Refused);
    assert_eq!(one_of(16, &[0, 1]), Refused);
    assert_eq!(appraised(&[register(16, Rule::waived("set by nobody"))]), Accepted);
}

#[test]
fn a_list_of_registers_that_names_none() {
    let bag = Bag::of(&Enclave::new());
    assert_eq!(bag.appraise(&pcrs(&[])), Refused);
    let waived = NitroPolicy::genuine().pcrs(Pcrs::Waived(Waiver::new("said so")));
    assert_eq!(bag.appraise(&waived), Accepted);
}

#[test]
fn registers_that_are_computed() {
    let table = teeproof_aws_lc::TABLE;
    let sha384 = |parts: &[&[u8]]| table.sha384.digest(parts);
    let zero = [0; 48];
    let identity = Identity::default();
    // The mint computes PCR3 and PCR4 by itself.
    let enclave = Enclave::new();
    let pcr = |index, value| {
        let rules = [register(index, Rule::exactly(value))];
        Bag::of(&enclave).appraise(&pcrs(&rules))
    };
    let role = "arn:aws:iam::123456789012:role/teeproof-mint";
    assert_eq!(pcr(3, pcr3_of_role(role, &table)), Accepted);
    assert_eq!(pcr(3, pcr3_of_role("arn:aws:iam::123456789012:role/other", &table)), Refused);
    assert_eq!(pcr(4, pcr4_of_instance(&identity.instance, &table)), Accepted);
    assert_eq!(pcr4_of_instance("i-1", &table), sha384(&[&zero, b"i-1"]));
    // PCR8: the digest of the signer's certificate, hashed onto zero.
    let fingerprint = sha384(&[b"a certificate"]);
    assert_eq!(pcr8_of_signer(&fingerprint, &table), sha384(&[&zero, &fingerprint]));
}

type Named<'p> = ComputedPcr<Text<'p>>;

const ROLE: &str = "arn:aws:iam::123456789012:role/teeproof-mint";

#[test]
fn the_parent_instance() {
    let bag = Bag::of(&Enclave::new());
    fn asks<'p>(bag: &Bag, rule: Rule<'p, Named<'p>>) -> Appraisal {
        bag.appraise(&NitroPolicy::genuine().instance(rule))
    }
    let (own, other) =
        (|| ComputedPcr::from("i-0123456789abcdef0"), || ComputedPcr::from("i-0123456789abcdef1"));
    assert_eq!(asks(&bag, Rule::exactly(own())), Accepted);
    assert_eq!(asks(&bag, Rule::exactly(other())), Refused);
    assert_eq!(asks(&bag, Rule::one_of(&[other(), own()][..])), Accepted);
    assert_eq!(asks(&bag, Rule::one_of(&[other()][..])), Refused);
    assert_eq!(asks(&bag, Rule::waived("any instance of ours")), Accepted);
    let pcr = pcr4_of_instance("i-0123456789abcdef0", &teeproof_aws_lc::TABLE);
    assert_eq!(asks(&bag, Rule::exactly(ComputedPcr::Value(pcr))), Accepted);
    assert_eq!(asks(&bag, Rule::exactly(ComputedPcr::Value([4; 48]))), Refused);
    // The module's id is of this instance as well, but it is PCR4 that says so.
    let without = Bag::of(&Enclave::new().with_document(|document| document.remove_pcr(4)));
    let policy = NitroPolicy::genuine().instance(Rule::exactly(own()));
    assert_eq!(without.appraise(&policy), Refused);
    let zero = Bag::of(&Enclave::new().pcr(4, &[0; 48]));
    assert_eq!(zero.appraise(&policy), Refused);
}

#[test]
fn the_parent_instances_role() {
    let bag = Bag::of(&Enclave::new());
    fn asks<'p>(bag: &Bag, rule: Rule<'p, Named<'p>>) -> Appraisal {
        bag.appraise(&NitroPolicy::genuine().role(rule))
    }
    let pcr = pcr3_of_role(ROLE, &teeproof_aws_lc::TABLE);
    assert_eq!(asks(&bag, Rule::exactly(ROLE.into())), Accepted);
    assert_eq!(asks(&bag, Rule::exactly(ComputedPcr::Value(pcr))), Accepted);
    for wrong in ["arn:aws:iam::123456789012:role/other", "teeproof-mint", ""] {
        assert_eq!(asks(&bag, Rule::exactly(wrong.into())), Refused, "{wrong}");
    }
    assert_eq!(asks(&bag, Rule::exactly(ComputedPcr::Value([0; 48]))), Refused);
    assert_eq!(asks(&bag, Rule::waived("any role of ours")), Accepted);
    for without in
        [Enclave::new().pcr(3, &[0; 48]), Enclave::new().with_document(|document| document.remove_pcr(3))]
    {
        assert_eq!(asks(&Bag::of(&without), Rule::exactly(ROLE.into())), Refused);
    }
}

#[test]
fn the_images_signer() {
    type Signer<'p> = ComputedPcr<ImageSigner<'p>>;
    let table = teeproof_aws_lc::TABLE;
    let certificate: &'static [u8] = b"the DER of a certificate";
    let own = table.sha384.digest(&[certificate]);
    let signed = Bag::of(&Enclave::new().pcr(8, &pcr8_of_signer(&own, &table)));
    let unsigned = Bag::of(&Enclave::new());
    fn asks<'p>(bag: &Bag, rule: Rule<'p, Signer<'p>>) -> Appraisal {
        bag.appraise(&NitroPolicy::genuine().signer(rule))
    }
    fn of(digest: Digest384) -> Signer<'static> {
        Signer::from(digest)
    }
    assert_eq!(asks(&signed, Rule::exactly(of(own))), Accepted);
    assert_eq!(asks(&signed, Rule::exactly(of([2; 48]))), Refused);
    assert_eq!(asks(&signed, Rule::one_of(&[of([2; 48]), of(own)][..])), Accepted);
    assert_eq!(asks(&unsigned, Rule::exactly(of(own))), Refused);
    // The certificate itself, and the PCR.
    let whole = |der: &'static [u8]| Signer::Of(ImageSigner::Certificate(List::from(der)));
    assert_eq!(asks(&signed, Rule::exactly(whole(certificate))), Accepted);
    assert_eq!(asks(&signed, Rule::exactly(whole(b"the DER of another"))), Refused);
    assert_eq!(asks(&signed, Rule::exactly(Signer::Value(pcr8_of_signer(&own, &table)))), Accepted);
    assert_eq!(asks(&signed, Rule::exactly(Signer::Value(own))), Refused);
    // The PCR's own value is no certificate's, and zero is nobody's.
    assert_eq!(asks(&signed, Rule::exactly(of(pcr8_of_signer(&own, &table)))), Refused);
    assert_eq!(asks(&unsigned, Rule::exactly(of([0; 48]))), Refused);
    let absent = Bag::of(&Enclave::new().with_document(|document| document.remove_pcr(8)));
    assert_eq!(asks(&absent, Rule::exactly(of(own))), Refused);
    assert_eq!(asks(&absent, Rule::waived("unsigned")), Accepted);
}

#[test]
fn pcrs_that_are_named_twice_in_contradiction() {
    let table = teeproof_aws_lc::TABLE;
    let of = |policy: &NitroPolicy<'_>| {
        let mut found = Vec::new();
        policy
            .contradictions(&table, &mut |one: Contradiction| found.push((one.key, one.line, one.pcr_line)));
        found
    };
    let digest = [7; 48];
    let (pcr3, pcr4) = (pcr3_of_role(ROLE, &table), pcr4_of_instance("i-1", &table));
    let pcr8 = pcr8_of_signer(&digest, &table);
    let instances = [ComputedPcr::from("i-0"), ComputedPcr::from("i-1")];
    let of_rules = |rules: &[PcrRule<'_, 48>]| {
        let policy = NitroPolicy::genuine()
            .role(Rule::exactly(ComputedPcr::from(ROLE)).at_line(1))
            .instance(Rule::one_of(&instances[..]).at_line(2))
            .signer(Rule::exactly(ComputedPcr::from(digest)).at_line(3))
            .pcrs(Pcrs::Rules(List::from(rules)));
        of(&policy)
    };
    let of_pcrs = |[pcr3, pcr4, pcr8]: [[u8; 48]; 3]| {
        let rule = |index, pcr| register(index, Rule::exactly(pcr).at_line(9));
        of_rules(&[rule(3, pcr3), rule(4, pcr4), rule(8, pcr8)])
    };
    assert_eq!(of_pcrs([pcr3, pcr4, pcr8]), []);
    let wrong = |key, line| [(key, Some(line), Some(9))];
    assert_eq!(of_pcrs([pcr4, pcr4, pcr8]), wrong("role", 1));
    assert_eq!(of_pcrs([pcr3, pcr3, pcr8]), wrong("instance", 2));
    assert_eq!(of_pcrs([pcr3, pcr4, digest]), wrong("signer", 3));
    assert_eq!(of_pcrs([[0; 48]; 3]).len(), 3);
    // A PCR of which a document cannot have the value, and what is waived on either side.
    assert_eq!(of_rules(&[register(3, Rule::absent()), register(4, Rule::waived("any"))]).len(), 1);
    let rules = [register(3, Rule::exactly(pcr3))];
    assert_eq!(of(&NitroPolicy::waived("any").pcrs(Pcrs::Rules(List::from(&rules[..])))), []);
    let waived = NitroPolicy::genuine().role(Rule::exactly(ComputedPcr::from(ROLE)));
    assert_eq!(of(&waived), []);
}

#[test]
fn the_enclaves_id() {
    let bag = Bag::of(&Enclave::new());
    let id = Identity::default().module_id();
    fn asks(bag: &Bag, id: &str) -> Appraisal {
        bag.appraise(&NitroPolicy::genuine().module_id(Rule::exactly(Text::from(id))))
    }
    assert_eq!(asks(&bag, &id), Accepted);
    for wrong in ["", &id[..id.len() - 1], &id.to_uppercase(), &format!("{id} ")] {
        assert_eq!(asks(&bag, wrong), Refused, "{wrong}");
    }
}

#[test]
fn bytes_that_the_enclave_chose() {
    fn asks(field: usize, value: &[u8]) -> NitroPolicy<'_> {
        let rule = Rule::exactly(List::from(value));
        match field {
            0 => NitroPolicy::genuine().user_data(rule),
            _ => NitroPolicy::genuine().public_key(rule),
        }
    }
    for field in 0..2 {
        let with = |value: &[u8]| match field {
            0 => Bag::of(&Enclave::new().user_data(value)),
            _ => Bag::of(&Enclave::new().public_key(value)),
        };
        assert_eq!(with(b"key").appraise(&asks(field, b"key")), Accepted);
        for wrong in [&b"ke"[..], b"keys", b"kez", b"", b"key\0"] {
            assert_eq!(with(b"key").appraise(&asks(field, wrong)), Refused);
        }
        // Empty is not absent.
        assert_eq!(with(b"").appraise(&asks(field, b"")), Accepted);
        assert_eq!(Bag::of(&Enclave::new()).appraise(&asks(field, b"")), Refused);
        // What is in the one field is not in the other.
        assert_eq!(with(b"key").appraise(&asks(1 - field, b"key")), Refused);
    }
}

#[test]
fn what_is_null_or_not_in_the_document_is_absent() {
    fn no_data() -> NitroPolicy<'static> {
        NitroPolicy::genuine().user_data(Rule::absent())
    }
    fn no_key() -> NitroPolicy<'static> {
        NitroPolicy::genuine().public_key(Rule::absent())
    }
    let plain = Bag::of(&Enclave::new());
    assert_eq!((plain.appraise(&no_data()), plain.appraise(&no_key())), (Accepted, Accepted));
    // Empty is not null.
    for value in [&b""[..], b"key"] {
        let data = Bag::of(&Enclave::new().user_data(value));
        assert_eq!((data.appraise(&no_data()), data.appraise(&no_key())), (Refused, Accepted));
        let key = Bag::of(&Enclave::new().public_key(value));
        assert_eq!((key.appraise(&no_data()), key.appraise(&no_key())), (Accepted, Refused));
    }
    // Registers above 15 are in no document of the mint's; 0 to 15 are, also where they hold zeros.
    for index in 0..32 {
        let rules = [register(index, Rule::absent())];
        let expected = if index < 16 { Refused } else { Accepted };
        assert_eq!(plain.appraise(&pcrs(&rules)), expected, "{index}");
    }
    // Computed values have a register, and the rule about it is a rule for the register.
    let computed = [
        NitroPolicy::genuine().signer(Rule::absent()),
        NitroPolicy::genuine().instance(Rule::absent()),
        NitroPolicy::genuine().module_id(Rule::absent()),
    ];
    assert_eq!(computed.map(|policy| plain.appraise(&policy)), [Refused; 3]);
}

#[test]
fn ages_at_the_edges() {
    let bag = Bag::of(&Enclave::new());
    let at_most = |secs| NitroPolicy::genuine().max_age(MaxAge::AtMost { secs, line: None });
    for (age, secs, expected) in [
        (0, 0, Accepted),
        (1, 0, Refused),
        (300, 300, Accepted),
        (301, 300, Refused),
        // A time stamp that is ahead, within the skew, is not old.
        (-300, 0, Accepted),
        (9_000, u32::MAX, Accepted),
    ] {
        assert_eq!(bag.clone().at(AT + age).appraise(&at_most(secs)), expected, "{age} of {secs}");
    }
    let waived = MaxAge::Waived(Waiver::new("the nonce is enough"));
    let policy = NitroPolicy::genuine().max_age(waived);
    assert_eq!(bag.clone().at(AT + 9_000).appraise(&policy), Accepted);
}

#[test]
fn an_archived_document_has_no_age() {
    let bag = Bag { at: Moment::OfDocument, ..Bag::of(&Enclave::new()) };
    let at_most = MaxAge::AtMost { secs: u32::MAX, line: None };
    let policy = NitroPolicy::genuine().max_age(at_most.clone());
    assert_eq!(bag.appraise(&policy), NotShownFresh);
    assert_eq!(bag.appraise(&NitroPolicy::genuine()), Accepted);
    // What is refused for another reason is refused, and not merely old.
    let debug = Bag { at: Moment::OfDocument, ..Bag::of(&Enclave::new().debug()) };
    assert_eq!(debug.appraise(&policy), Refused);
    let wrong = NitroPolicy::genuine().debug(Rule::exactly(true)).max_age(at_most);
    assert_eq!(bag.appraise(&wrong), Refused);
}
