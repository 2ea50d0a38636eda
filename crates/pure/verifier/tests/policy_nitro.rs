//! Policies for Nitro documents of both kinds: names and ARNs in the place of PCRs, the base64 of CloudTrail, and weak
//! rules.
#![cfg(feature = "policy-file")]
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use teeproof::{ComputedPcr, ImageSigner, Policy, Rule};
use teeproof_core::{Expectation, Hex, List, Pcrs};
use teeproof_nitro::nitrotpm::{PCR_SEPARATOR_ONLY, PCR7_WITHOUT_SECURE_BOOT};
use teeproof_nitro::{pcr3_of_role, pcr4_of_instance, pcr8_of_signer};

const CRYPTO: &teeproof_core::Crypto<'static> = &teeproof_aws_lc::TABLE;
const ROLE: &str = "arn:aws:iam::123456789012:role/service/enclave+1";

/// A section with these lines; other fields are waived.
fn section(name: &str, lines: &str) -> Result<Policy, String> {
    let (fields, tables) = lines
        .split_once("\n[")
        .map_or((lines, String::new()), |(fields, tables)| (fields, format!("\n[{tables}")));
    let text = format!("version = 1\n[{name}]\nunlisted = {{ waived = \"a test\" }}\n{fields}{tables}\n");
    Policy::from_toml("test", &text).map_err(|error| {
        let hint = error.problems[0].hint.clone().unwrap_or_default();
        format!("{error} | {hint}")
    })
}

fn nitro(lines: &str) -> teeproof::NitroPolicy<'static> {
    section("nitro", lines).unwrap_or_else(|error| panic!("{lines}: {error}")).nitro.unwrap()
}

fn exactly<T: teeproof_core::PolicyValue>(rule: &Rule<'_, T>) -> T {
    match &rule.expectation {
        Expectation::Exactly(value) => value.clone(),
        other => panic!("{other}"),
    }
}

/// Base64 without a dependency: the alphabet of CloudTrail.
fn base64(bytes: &[u8; 48]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).map(|three| u32::from_be_bytes([0, three[0], three[1], three[2]]));
    groups
        .flat_map(|bits| [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 63) as usize])))
        .collect()
}

#[test]
fn roles_and_instances_by_name_and_by_pcr() {
    let hex = Hex(&[0xab; 48]).to_string();
    for arn in [ROLE, "arn:aws-cn:iam::123456789012:role/r", "arn:aws-us-gov:iam::123456789012:role/a/b/r"] {
        let policy = nitro(&format!("role = {{ exactly = \"{arn}\" }}"));
        assert_eq!(exactly(&policy.role), ComputedPcr::from(arn));
    }
    let instance = nitro("instance = { exactly = \"i-0123456789abcdef0\" }").instance;
    assert_eq!(exactly(&instance), ComputedPcr::from("i-0123456789abcdef0"));
    let cloudtrail = base64(&[0xab; 48]);
    assert_eq!(cloudtrail.len(), 64);
    for pcr in [&hex, &hex.to_uppercase(), &format!("pcr:{hex}"), &cloudtrail, &format!("pcr:{cloudtrail}")] {
        let policy =
            nitro(&format!("role = {{ exactly = \"{pcr}\" }}\ninstance = {{ one-of = [\"{pcr}\"] }}"));
        assert_eq!(exactly(&policy.role), ComputedPcr::Value([0xab; 48]), "{pcr}");
        let Expectation::OneOf(instances) = &policy.instance.expectation else { panic!() };
        assert_eq!(instances[..], [ComputedPcr::Value([0xab; 48])]);
    }
}

#[test]
fn what_is_no_role_is_called_what_it_is() {
    let refused = |field: &str, value: &str, said: &[&str]| {
        let error = section("nitro", &format!("{field} = {{ exactly = \"{value}\" }}")).unwrap_err();
        for words in said {
            assert!(error.contains(words), "{value}: {error}");
        }
    };
    let session = "arn:aws:sts::123456789012:assumed-role/enclave/i-0123456789abcdef0";
    refused("role", session, &["the ARN of a session", "it is arn:aws:iam::123456789012:role/enclave"]);
    let profile = "arn:aws:iam::123456789012:instance-profile/enclave";
    refused("role", profile, &["the ARN of an instance profile", "get-instance-profile"]);
    for wrong in [
        "enclave",
        "arn:aws:iam::123456789012:user/u",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::12345678901:role/r",
        "arn:aws:iam:eu-central-1:123456789012:role/r",
        "arn:other:iam::123456789012:role/r",
        "arn:aws:iam::123456789012:role/r r",
    ] {
        refused("role", wrong, &["expected the ARN of an IAM role, got", wrong]);
    }
    let module = "i-0123456789abcdef0-enc0123456789abcdef";
    refused(
        "instance",
        module,
        &["expected the id of an EC2 instance", "write `i-0123456789abcdef0`, or use module-id"],
    );
    for wrong in ["i-1", "i-0123456789ABCDEF0", "0123456789abcdef0", ""] {
        refused("instance", wrong, &["expected the id of an EC2 instance", "as in i-0123456789abcdef0"]);
    }
    // A digest of SHA-256, in hex, has as many characters as a PCR in base64.
    for field in ["role", "instance", "signer"] {
        refused(field, &"ab".repeat(32), &["a digest of SHA-256 is no value of this PCR"]);
        refused(field, "pcr:ab", &["expected 96 hex digits behind pcr:"]);
    }
}

const CERTIFICATE: &[u8] = include_bytes!("../../../../testdata/snp/milan-vcek.der");

#[test]
fn signers_by_certificate_digest_and_pcr() {
    let signer = |value: &str| exactly(&nitro(&format!("signer = {{ exactly = {value} }}")).signer);
    let digest = CRYPTO.sha384.digest(&[CERTIFICATE]);
    let of_digest = ComputedPcr::Of(ImageSigner::Sha384(digest));
    let hex = Hex(&digest).to_string();
    let pairs: Vec<&str> = (0..48).map(|at| &hex[at * 2..at * 2 + 2]).collect();
    for text in [hex.clone(), hex.to_uppercase(), pairs.join(":").to_uppercase()] {
        assert_eq!(signer(&format!("\"{text}\"")), of_digest);
    }
    let whole = ComputedPcr::Of(ImageSigner::Certificate(List::from(CERTIFICATE.to_vec())));
    let encoded = teeproof_evidence::bytes::to_base64url(CERTIFICATE);
    assert_eq!(signer(&format!("\"b64:{encoded}\"")), whole);
    let padded =
        format!("{}{}", encoded.replace('-', "+").replace('_', "/"), ["", "", "==", "="][encoded.len() % 4]);
    let pem = format!("\"\"\"\n-----BEGIN CERTIFICATE-----\n{padded}\n-----END CERTIFICATE-----\n\"\"\"");
    assert_eq!(signer(&pem), whole);
    assert_eq!(signer(&format!("\"pcr:{hex}\"")), ComputedPcr::Value(digest));
    assert_eq!(signer(&format!("\"{}\"", base64(&digest))), ComputedPcr::Value(digest));
    // All of them are of one PCR.
    let ComputedPcr::Of(certificate) = whole else { panic!() };
    assert_eq!(certificate.pcr8(CRYPTO), pcr8_of_signer(&digest, CRYPTO));
    let refused = |value: &str, said: &str| {
        let error = section("nitro", &format!("signer = {{ exactly = {value} }}")).unwrap_err();
        assert!(error.contains(said), "{error}");
    };
    refused("\"b64:AAAA\"", "what follows b64: is not a certificate");
    refused("\"-----BEGIN CERTIFICATE-----\"", "not a certificate in PEM");
    refused(
        &pem.replacen(
            "\"\"\"\n",
            "\"\"\"\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
            1,
        ),
        "several certificates",
    );
    refused("\"CN=me\"", "expected a certificate or its SHA-384");
}

#[test]
fn pcrs_as_cloudtrail_logs_them() {
    let rule = |value: &str| {
        let Pcrs::Rules(rules) = nitro(&format!("[nitro.pcrs]\n0 = {{ exactly = \"{value}\" }}")).pcrs else {
            panic!()
        };
        exactly(&rules[0].rule)
    };
    for value in [[0xab; 48], [0; 48], [0xff; 48], core::array::from_fn(|at| at as u8)] {
        assert_eq!(rule(&base64(&value)), value);
        assert_eq!(rule(&Hex(&value).to_string()), value);
    }
    let refused = |section_: &str, value: &str, said: &str| {
        let error =
            section(section_, &format!("[{section_}.pcrs]\n4 = {{ exactly = \"{value}\" }}")).unwrap_err();
        assert!(error.contains(said), "{error}");
    };
    for name in ["nitro", "nitro-tpm"] {
        refused(name, &"ab".repeat(32), "found 64: a digest of SHA-256");
        refused(name, &"?".repeat(64), "expected 96 hex digits (48 bytes), found 64");
        refused(name, &base64(&[7; 48])[1..], "expected 96 hex digits (48 bytes), found 63");
    }
    refused("azure-snp", &base64(&[7; 48]), "is not a hex digit");
}

#[test]
fn a_pcr_that_is_named_need_not_be_named_again() {
    let text = |pcrs: &str| {
        format!(
            "version = 1\n[nitro]\ndebug = {{ exactly = false }}\nmodule-id = {{ waived = \"w\" }}\n\
             user-data = {{ waived = \"w\" }}\npublic-key = {{ waived = \"w\" }}\nmax-age = {{ waived = \"w\" }}\n\
             [nitro.pcrs]\n{pcrs}"
        )
    };
    let zero = Hex(&[0; 48]).to_string();
    let pcr = |index: u8| format!("{index} = {{ exactly = \"{zero}\" }}\n");
    let policy = Policy::from_toml("t", &text(&[pcr(3), pcr(4), pcr(8)].concat())).unwrap().nitro.unwrap();
    let Expectation::Waived(reason) = &policy.role.expectation else { panic!() };
    assert_eq!((&**reason, policy.role.line), ("pcrs.3 is named", Some(9)));
    let error = Policy::from_toml("t", &text(&pcr(4))).unwrap_err().to_string();
    assert!(error.contains("neither expected nor waived: role, signer"), "{error}");
}

#[test]
fn contradictions_are_errors_with_both_lines() {
    let digest = [7; 48];
    let pcrs =
        [pcr3_of_role(ROLE, CRYPTO), pcr4_of_instance("i-01234567", CRYPTO), pcr8_of_signer(&digest, CRYPTO)];
    let policy = |pcrs: [[u8; 48]; 3]| {
        let [pcr3, pcr4, pcr8] = pcrs.map(|pcr| Hex(&pcr).to_string());
        let lines = format!(
            "role = {{ exactly = \"{ROLE}\" }}\ninstance = {{ exactly = \"i-01234567\" }}\n\
             signer = {{ exactly = \"{}\" }}\n[nitro.pcrs]\n3 = {{ exactly = \"{pcr3}\" }}\n\
             4 = {{ exactly = \"{pcr4}\" }}\n8 = {{ exactly = \"{pcr8}\" }}",
            Hex(&digest)
        );
        section("nitro", &lines).unwrap()
    };
    policy(pcrs).check_computed_pcrs(CRYPTO).unwrap();
    for (at, field) in ["role", "instance", "signer"].into_iter().enumerate() {
        let mut wrong = pcrs;
        wrong[at][0] ^= 1;
        let error = policy(wrong).check_computed_pcrs(CRYPTO).unwrap_err();
        assert_eq!(error.problems.len(), 1);
        let problem = &error.problems[0];
        assert_eq!(problem.path, format!("nitro.{field}"));
        let (line, there) = (4 + at, format!("(line {})", 8 + at));
        assert_eq!(problem.line as usize, line);
        assert!(problem.message.contains(&there), "{}", problem.message);
    }
    Policy::genuine().check_computed_pcrs(CRYPTO).unwrap();
}

/// The paths of the warnings of a NitroTPM section.
fn warned(lines: &str) -> Vec<String> {
    let policy = section("nitro-tpm", lines).unwrap_or_else(|error| panic!("{lines}: {error}"));
    policy.warnings().into_iter().map(|warning| format!("{}: {}", warning.path, warning.message)).collect()
}

#[test]
fn weak_rules_for_a_nitrotpm() {
    let pcrs = |rules: &[(u8, [u8; 48])]| {
        let rules = rules.iter().map(|(index, pcr)| format!("{index} = {{ exactly = \"{}\" }}\n", Hex(pcr)));
        format!("measured-boot = {{ exactly = true }}\n[nitro-tpm.pcrs]\n{}", rules.collect::<String>())
    };
    let (one, zero) = ([7; 48], [0; 48]);
    let only = |lines: &str, expected: &[&str]| {
        let found = warned(lines);
        assert_eq!(found.len(), expected.len(), "{lines}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{lines}: {found}");
        }
    };
    // What AWS recommends: PCR4 and PCR12 without secure boot, PCR7 besides with it.
    only(&pcrs(&[(4, one), (12, zero)]), &[]);
    only(&pcrs(&[(4, one), (7, one), (12, zero)]), &[]);
    only(&pcrs(&[(8, one)]), &[]);
    only(&pcrs(&[(4, one)]), &["pcrs: PCR12 is not pinned"]);
    only(&pcrs(&[(7, one)]), &["pcrs: PCR7 alone is pinned"]);
    only(&pcrs(&[(12, zero)]), &["pcrs: nothing in this section says what software runs"]);
    only("measured-boot = { exactly = true }", &["pcrs: nothing in this section"]);
    let off = pcrs(&[(7, PCR7_WITHOUT_SECURE_BOOT)]);
    only(&off, &["pcrs.7: the value of PCR7 without secure boot", "pcrs: nothing in this section"]);
    for value in [zero, [0xff; 48], PCR_SEPARATOR_ONLY] {
        only(
            &pcrs(&[(4, value), (12, zero)]),
            &["pcrs.4: the value of a PCR into which", "nothing in this section"],
        );
    }
    for index in [0, 1, 2, 3, 5, 6, 10, 16, 23] {
        let expected = format!("pcrs.{index}: pinned although it varies");
        only(&pcrs(&[(4, one), (12, zero), (index, one)]), &[&expected]);
    }
    let unmeasured = pcrs(&[(4, one), (12, zero)]).replace("exactly = true", "exactly = false");
    only(&unmeasured, &["measured-boot: an instance whose firmware"]);
    let waived = pcrs(&[(4, one), (12, zero)]).replace("exactly = true", "waived = \"w\"");
    only(&waived, &["measured-boot: an instance whose firmware"]);
    let aged = pcrs(&[(4, one), (12, zero)]).replacen('\n', "\nmax-age = { at-most = 10801 }\n", 1);
    only(&aged, &["max-age: documents are not valid for longer"]);
    // `absent` is for what can be absent: a TPM has all of its PCRs.
    let error = section("nitro-tpm", "[nitro-tpm.pcrs]\n4 = { absent = true }").unwrap_err();
    assert!(error.contains("`absent` has no meaning"), "{error}");
    assert!(
        section("nitro-tpm", "[nitro-tpm.pcrs]\n24 = { exactly = \"00\" }").unwrap_err().contains("0 to 23")
    );
}
