//! Policies for Nitro documents of both kinds: names and ARNs in the place of PCRs, the base64 of CloudTrail, weak
//! rules, and policies that are proposed from measurements of images.
#![cfg(feature = "policy-file")]
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use teeproof::{
    ComputedPcr, EnclaveImage, ImageMeasurements, ImageSigner, InstanceImage, NoProposal, NotMeasurements,
    Policy, Proposal, ProposalChoices, Rule,
};
use teeproof_core::{Expectation, Hex, List, Pcrs};
use teeproof_mint::nitro::Enclave;
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
    refused("role", session, &["the ARN of a session", "arn:aws:iam::123456789012:role/enclave"]);
    let profile = "arn:aws:iam::123456789012:instance-profile/enclave";
    refused("role", profile, &["the ARN of an instance profile", "get-instance-profile"]);
    for wrong in [
        "enclave",
        "arn:aws:iam::123456789012:user/u",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role//r",
        "arn:aws:iam::12345678901:role/r",
        "arn:aws:iam:eu-central-1:123456789012:role/r",
        "arn:other:iam::123456789012:role/r",
        "arn:aws:iam::123456789012:role/r r",
    ] {
        refused("role", wrong, &["expected the ARN of a role", "arn:aws:iam::<12 digits>:role/<name>"]);
    }
    let module = "i-0123456789abcdef0-enc0123456789abcdef";
    refused(
        "instance",
        module,
        &["expected the id of an instance", "write `i-0123456789abcdef0`, or use module-id"],
    );
    for wrong in ["i-1", "i-0123456789ABCDEF0", "0123456789abcdef0", ""] {
        refused("instance", wrong, &["expected the id of an instance", "i- and 17 hex digits"]);
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

fn json(algorithm: &str, pcrs: &[(u8, String)]) -> String {
    let pcrs: String = pcrs.iter().map(|(index, pcr)| format!(",\"PCR{index}\":\"{pcr}\"")).collect();
    format!("{{\"Measurements\":{{\"HashAlgorithm\":\"{algorithm}\"{pcrs}}}}}")
}

fn hex(byte: u8) -> String {
    Hex(&[byte; 48]).to_string()
}

#[test]
fn measurements_as_the_tools_print_them() {
    let of = |text: &str| ImageMeasurements::parse(text.as_bytes());
    let instance = json("SHA384", &[(4, hex(4)), (7, hex(7)), (12, hex(0))]);
    assert!(ImageMeasurements::looks_like(instance.as_bytes()));
    let expected = InstanceImage { pcr4: [4; 48], pcr7: [7; 48], pcr12: Some([0; 48]) };
    assert_eq!(of(&instance), Ok(ImageMeasurements::Instance(expected)));
    // nitro-tpm-pcr-compute 1.0 has no PCR12.
    let older = json("SHA384", &[(4, hex(4)), (7, hex(7))]);
    assert_eq!(of(&older), Ok(ImageMeasurements::Instance(InstanceImage { pcr12: None, ..expected })));
    let enclave = json("Sha384 { ... }", &[(0, hex(1)), (1, hex(2)), (2, hex(3))]);
    let expected = EnclaveImage { pcr0: [1; 48], pcr1: [2; 48], pcr2: [3; 48], pcr8: None };
    assert_eq!(of(&enclave), Ok(ImageMeasurements::Enclave(expected)));
    let signed = json("Sha384 { ... }", &[(0, hex(1)), (1, hex(2)), (2, hex(3)), (8, hex(8))]);
    assert_eq!(of(&signed), Ok(ImageMeasurements::Enclave(EnclaveImage { pcr8: Some([8; 48]), ..expected })));
    let described = enclave.replacen('{', "{\"EifVersion\":4,\"IsSigned\":false,", 1);
    assert_eq!(of(&described), Ok(ImageMeasurements::Enclave(expected)));
    for (text, error) in [
        (json("SHA256", &[(4, hex(4)), (7, hex(7))]), NotMeasurements::Algorithm("`SHA256`".into())),
        (json("SHA384", &[(0, hex(0)), (1, hex(2)), (2, hex(3))]), NotMeasurements::Zero(0)),
        (json("SHA384", &[(4, hex(0)), (7, hex(7))]), NotMeasurements::Zero(4)),
        (json("SHA384", &[(4, hex(4))]), NotMeasurements::NoImage),
        (
            json("SHA384", &[(0, hex(1)), (1, hex(2)), (2, hex(3)), (4, hex(4)), (7, hex(7))]),
            NotMeasurements::NoImage,
        ),
        (json("SHA384", &[(0, hex(1)), (1, hex(2)), (2, hex(3)), (12, hex(0))]), NotMeasurements::NoImage),
        (json("SHA384", &[]), NotMeasurements::NoImage),
    ] {
        assert_eq!(of(&text), Err(error), "{text}");
    }
    let short = of(&json("SHA384", &[(4, "ab".into()), (7, hex(7))])).unwrap_err().to_string();
    assert!(short.contains("PCR4: expected 96 hex digits, found `ab`"), "{short}");
    let twice = of(&json("SHA384", &[(4, hex(4)), (4, hex(4)), (7, hex(7))])).unwrap_err();
    let unknown = of(&json("SHA384", &[(4, hex(4)), (5, hex(5)), (7, hex(7))])).unwrap_err();
    let running = of(&enclave.replacen('{', "{\"EnclaveID\":\"i-0-enc0\",", 1)).unwrap_err();
    for (error, said) in
        [(twice, "duplicate field"), (unknown, "unknown field `PCR5`"), (running, "describe-enclaves")]
    {
        assert!(matches!(&error, NotMeasurements::Form(because) if because.contains(said)), "{error}");
    }
    for other in ["", "{}", "[]", "{\"measurements\":{}}", "Measurements"] {
        assert!(!ImageMeasurements::looks_like(other.as_bytes()), "{other}");
    }
}

/// The verdict of a policy on a minted document.
fn accepts(policy: &Policy, enclave: &Enclave) -> bool {
    let minted = enclave.mint().unwrap();
    let mut inputs = teeproof::Inputs::new();
    inputs.add(&minted.document, None).unwrap();
    let evidence = teeproof::Evidence::from_inputs(&inputs).unwrap();
    let at = teeproof::Time(i64::try_from(teeproof_mint::DEFAULT_TIME).unwrap());
    let anchors = [minted.root()];
    let request =
        teeproof::Request::new(teeproof::Technology::ALL, teeproof::Freshness::Waived("a test"), at, CRYPTO)
            .anchors(teeproof::Anchors::and(&anchors))
            .policy(policy);
    teeproof::verify(&evidence, &request).unwrap().is_accepted()
}

#[test]
fn policies_of_images_accept_what_is_started_from_them() {
    let measured = |enclave: &Enclave, indexes: &[usize]| -> Vec<[u8; 48]> {
        let key = if enclave.document.get("pcrs").is_some() { "pcrs" } else { "nitrotpm_pcrs" };
        let bank = enclave.document.get(key).unwrap().as_map().unwrap();
        indexes
            .iter()
            .map(|index| bank[*index].1.as_bytes().unwrap().as_slice().try_into().unwrap())
            .collect()
    };
    let enclave = Enclave::new();
    let &[pcr0, pcr1, pcr2] = &measured(&enclave, &[0, 1, 2])[..] else { panic!() };
    let image = ImageMeasurements::Enclave(EnclaveImage { pcr0, pcr1, pcr2, pcr8: None });
    let choices = ProposalChoices::new("of an image");
    let policy = |images: &[ImageMeasurements]| {
        let proposal = Proposal::from_images(images, &choices).unwrap();
        assert_eq!(proposal.warnings, [], "{}", proposal.toml);
        Policy::from_toml("t", &proposal.toml).unwrap()
    };
    let of_enclave = policy(&[image]);
    assert!(accepts(&of_enclave, &enclave));
    for index in 0..3 {
        assert!(!accepts(&of_enclave, &Enclave::new().pcr(index, &[9; 48])), "{index}");
    }
    assert!(!accepts(&of_enclave, &Enclave::new().debug()));
    assert!(!accepts(&of_enclave, &Enclave::nitrotpm()));

    let instance = Enclave::nitrotpm();
    let &[pcr4, pcr7, pcr12] = &measured(&instance, &[4, 7, 12])[..] else { panic!() };
    let of_instance =
        policy(&[ImageMeasurements::Instance(InstanceImage { pcr4, pcr7, pcr12: Some(pcr12) })]);
    assert!(accepts(&of_instance, &instance));
    for index in [4, 12] {
        assert!(!accepts(&of_instance, &Enclave::nitrotpm().pcr(index, &[9; 48])), "{index}");
    }
    // PCR7 says that secure boot is off, which pins nothing.
    assert!(accepts(&of_instance, &Enclave::nitrotpm().pcr(7, &[9; 48])));
    assert!(!accepts(&of_instance, &Enclave::nitrotpm().pcr(0, &[0; 48])));
    assert!(!accepts(&of_instance, &enclave));
    let keys = InstanceImage { pcr4, pcr7: [7; 48], pcr12: Some(pcr12) };
    let with_keys = policy(&[ImageMeasurements::Instance(keys)]);
    assert!(!accepts(&with_keys, &instance) && accepts(&with_keys, &Enclave::nitrotpm().pcr(7, &[7; 48])));

    // Of several images, of either kind, and of signed and unsigned ones.
    let other = EnclaveImage { pcr0: [1; 48], pcr1: [1; 48], pcr2: [1; 48], pcr8: None };
    let both = Proposal::from_images(&[image, ImageMeasurements::Enclave(other)], &choices).unwrap();
    assert_eq!(both.differing, ["nitro.pcrs.0", "nitro.pcrs.1", "nitro.pcrs.2"]);
    assert!(accepts(&Policy::from_toml("t", &both.toml).unwrap(), &enclave));
    let mixed = policy(&[image, ImageMeasurements::Instance(keys)]);
    assert!(mixed.nitro.is_some() && mixed.nitro_tpm.is_some());
    let signed = ImageMeasurements::Enclave(EnclaveImage { pcr8: Some([8; 48]), ..other });
    let signed_policy = policy(&[signed]);
    assert!(!accepts(&signed_policy, &enclave));
    let refused = Proposal::from_images(&[image, signed], &choices).unwrap_err();
    assert!(matches!(refused, NoProposal::Mixed(_)), "{refused}");
    assert_eq!(Proposal::from_images(&[], &choices).unwrap_err(), NoProposal::NoEvidence);
    let pinned = Proposal::from_images(&[image], &ProposalChoices::new("t").pin(&[3])).unwrap_err();
    assert_eq!(pinned, NoProposal::PinMissing(3));
}
