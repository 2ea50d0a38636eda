//! The relabelling attack, with a real TPM's signatures: registers that anybody may extend hold
//! what an attacker likes registers 0 and 1 to be. See `testdata/tpm/README.md`.

use teeproof_core::{Class, PcrRule, Pcrs, Rule};
use teeproof_tpm::{
    Error, PcrValues, Quote, TpmPolicy, TpmVerification, ak_name, appraise, verify, verify_pcrs,
};

use crate::support::*;

const QUOTED_FOR: &[u8] = b"relabel me never";
/// Where the bitmap of the selection stands in messages with a nonce of 16 bytes.
const BITMAP: usize = 76 + 16;

fn recording(registers: &str, form: &str) -> Bag {
    let (message, signature) = match form {
        "plain" => ("msg", "sig"),
        _ => ("tss.msg", "tss"),
    };
    Bag {
        message: testdata(&format!("tpm/quote-{registers}.{message}")),
        signature: testdata(&format!("tpm/quote-{registers}.{signature}")),
        modulus: modulus(&testdata("tpm/ak.der")),
        exponent: vec![1, 0, 1],
        pcrs: Values::InOrder(testdata(&format!("tpm/pcrs-{registers}.bin"))),
        log: None,
        nonce: Some(QUOTED_FOR.to_vec()),
    }
}

fn values(registers: &str) -> [[u8; 32]; 2] {
    let bytes = testdata(&format!("tpm/pcrs-{registers}.bin"));
    let (values, rest) = bytes.as_chunks::<32>();
    assert!(rest.is_empty());
    values.try_into().unwrap()
}

fn labelled(labels: [usize; 2], values: [[u8; 32]; 2]) -> [Option<[u8; 32]>; 24] {
    let mut labelled = [None; 24];
    labels.into_iter().zip(values).for_each(|(label, value)| labelled[label] = Some(value));
    labelled
}

#[test]
fn honest_labels_are_accepted() {
    for (registers, labels) in [("16-23", [16, 23]), ("0-1", [0, 1])] {
        for form in ["plain", "tss"] {
            let bag = recording(registers, form);
            assert_eq!(bag.signature.len(), if form == "tss" { 262 } else { 256 });
            let seen = bag.verify().unwrap();
            let expected =
                labels.map(|label| u8::try_from(label).unwrap()).into_iter().zip(values(registers));
            assert_eq!(seen.pcrs, expected.collect::<Vec<_>>());
            let pcrs = Values::Indexed(labelled(labels, values(registers)));
            assert_eq!(Bag { pcrs, ..bag }.verify().unwrap(), seen);
        }
    }
}

#[test]
fn the_name_is_the_tpms_own() {
    let key: [u8; 256] = modulus(&testdata("tpm/ak.der")).try_into().unwrap();
    for crypto in tables() {
        assert_eq!(ak_name(&key, &crypto).as_slice(), testdata("tpm/ak-name.bin"));
    }
}

#[test]
fn values_under_other_numbers_are_refused() {
    let bag = recording("16-23", "plain");
    // No value is given for the PCRs that were signed.
    let pcrs = Values::Indexed(labelled([0, 1], values("16-23")));
    Bag { pcrs, ..bag.clone() }.refused(Error::PcrMissing(16), Class::Incomplete);
    // What was signed is unchanged, and more under the numbers that the attacker wants.
    let mut both = labelled([16, 23], values("16-23"));
    [both[0], both[1]] = [both[16], both[23]];
    let seen = Bag { pcrs: Values::Indexed(both), ..bag.clone() }.verify().unwrap();
    assert_eq!(seen.pcrs.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [16, 23]);
    // The control's values where they do not belong.
    let pcrs = Values::Indexed(labelled([16, 23], values("0-1")));
    Bag { pcrs, ..bag.clone() }.refused(Error::PcrDigest, Class::NotBound);
    // The two exchanged.
    let [one, other] = values("16-23");
    let pcrs = Values::Indexed(labelled([16, 23], [other, one]));
    Bag { pcrs, ..bag }.refused(Error::PcrDigest, Class::NotBound);
}

#[test]
fn a_rewritten_bitmap_is_refused() {
    for form in ["plain", "tss"] {
        let mut bag = recording("16-23", form);
        assert_eq!(bag.message[BITMAP..BITMAP + 3], [0x00, 0x00, 0x81]);
        bag.message[BITMAP..BITMAP + 3].copy_from_slice(&[0x03, 0x00, 0x00]);
        bag.refused(Error::Signature, Class::NotAuthentic);
        // The control's bitmap is what that would have been.
        assert_eq!(recording("0-1", form).message[BITMAP..BITMAP + 3], [0x03, 0x00, 0x00]);
    }
}

#[test]
fn no_policy_about_registers_0_and_1_is_met() {
    let bag = recording("16-23", "plain");
    let crypto = &teeproof_aws_lc::TABLE;
    let verification = TpmVerification::new(
        teeproof_core::RsaKey { modulus: &bag.modulus, exponent: &bag.exponent },
        teeproof_core::Freshness::nonce(QUOTED_FOR).unwrap(),
        crypto,
    );
    let quote = Quote::new(&bag.message, &bag.signature);
    let quote = verify(&quote, &verification, &mut ()).unwrap();
    let mut both = labelled([16, 23], values("16-23"));
    [both[0], both[1]] = [both[16], both[23]];
    let pcrs = verify_pcrs(&quote, PcrValues::Indexed(&both), crypto, &mut ()).unwrap();
    assert_eq!((pcrs.get(0), pcrs.get(1)), (None, None));
    let demands = |labels: [u8; 2]| {
        let rules: Vec<_> = labels
            .into_iter()
            .zip(values("16-23"))
            .map(|(index, value)| PcrRule::new(index, Rule::exactly(value)))
            .collect();
        let policy = TpmPolicy::waived("of registers").pcrs(Pcrs::Rules(rules.as_slice().into()));
        appraise(Some(&pcrs), None, &policy, &mut ())
    };
    assert!(demands([16, 23]), "the control");
    assert!(!demands([0, 1]) && !demands([16, 1]) && !demands([0, 23]));
}

#[test]
fn a_message_under_the_other_signature_is_refused() {
    let (one, other) = (recording("16-23", "plain"), recording("0-1", "plain"));
    Bag { signature: other.signature, ..one.clone() }.refused(Error::Signature, Class::NotAuthentic);
    Bag { message: other.message, ..one }.refused(Error::Signature, Class::NotAuthentic);
}
