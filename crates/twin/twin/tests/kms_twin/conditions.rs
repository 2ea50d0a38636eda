//! Key policies with conditions on the document: the enclave that they name is served, and no other.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA384, digest};
use serde_json::{Map, Value, json};
use teeproof_mint::nitro::Enclave as Minted;
use teeproof_twin::kms::Running;
use teeproof_twin::nsm::{Identity, Settings};

use crate::client::{base64, bytes, call, start};
use crate::enclave::{Enclave, open, recipient};

const IMAGE: [u8; 48] = [0xab; 48];
const ROLE: &str = "arn:aws:iam::123456789012:role/Webserver";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An enclave of the image in production.
fn enclave(change: impl FnOnce(&mut Settings)) -> Enclave {
    let mut settings = Settings { pcrs: vec![(0, IMAGE), (1, [1; 48]), (8, [8; 48])], ..Settings::default() };
    change(&mut settings);
    Enclave::start(&settings)
}

/// A statement on data keys and decryption.
fn statement(effect: &str, condition: &Value) -> Value {
    json!({
        "Effect": effect,
        "Principal": "*",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": condition,
    })
}

/// A KMS that trusts the enclave's root. Everybody may encrypt; the rest is for these statements.
fn kms(enclave: &Enclave, statements: &[Value]) -> Running {
    let encrypt = json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["kms:Encrypt", "kms:DescribeKey"],
        "Resource": "*",
    });
    let statements = [&[encrypt], statements].concat();
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let root = enclave.0.root_der().to_vec();
    start(&policy.to_string(), |settings| settings.anchors.push(root))
}

/// Why a data key is refused to an enclave, or to a client without a document; `None` if it is released.
fn data_key(kms: &Running, enclave: Option<&Enclave>) -> Option<String> {
    let mut request = json!({ "KeyId": kms.key_arn(), "KeySpec": "AES_256" });
    if let Some(enclave) = enclave {
        request["Recipient"] = enclave.recipient();
    }
    let body = call(kms, "GenerateDataKey", &request).err()?;
    assert_eq!(body["__type"], "AccessDeniedException", "{body}");
    body["Message"].as_str().map(str::to_owned)
}

#[test]
fn a_key_is_released_to_its_image_alone() {
    let own = enclave(|_| {});
    let image = hex(&IMAGE).to_uppercase();
    let condition = json!({ "StringEqualsIgnoreCase": { "kms:RecipientAttestation:ImageSha384": image } });
    let kms = kms(&own, &[statement("Allow", &condition)]);
    assert_eq!(data_key(&kms, Some(&own)), None);

    let no_allow = |action: &str| {
        format!(
            "User: arn:aws:iam::123456789012:role/teeproof-twin is not authorized to perform: {action} on resource: {} \
             because no resource-based policy allows the {action} action",
            kms.key_arn()
        )
    };
    let refused = Some(no_allow("kms:GenerateDataKey"));
    let other_image = enclave(|settings| settings.pcrs[0].1 = [0xac; 48]);
    assert_eq!(data_key(&kms, Some(&other_image)), refused);
    assert_eq!(data_key(&kms, Some(&enclave(|settings| settings.debug = true))), refused);
    assert_eq!(data_key(&kms, None), refused);

    // The whole way of a secret.
    let encrypt = json!({ "KeyId": kms.key_arn(), "Plaintext": base64(b"database password") });
    let blob = call(&kms, "Encrypt", &encrypt).unwrap()["CiphertextBlob"].clone();
    let decrypt = |enclave: &Enclave| json!({ "CiphertextBlob": blob, "Recipient": enclave.recipient() });
    let answer = call(&kms, "Decrypt", &decrypt(&own)).unwrap();
    assert_eq!(open(&bytes(&answer, "CiphertextForRecipient")), b"database password");
    let body = call(&kms, "Decrypt", &decrypt(&other_image)).unwrap_err();
    assert_eq!(body["Message"], no_allow("kms:Decrypt"));
}

#[test]
fn a_deny_without_the_image_wins() {
    let own = enclave(|_| {});
    let account = json!({ "AWS": "arn:aws:iam::123456789012:root" });
    let allow = json!({ "Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*" });
    let condition =
        json!({ "StringNotEqualsIgnoreCase": { "kms:RecipientAttestation:ImageSha384": hex(&IMAGE) } });
    let kms = kms(&own, &[allow, statement("Deny", &condition)]);
    assert_eq!(data_key(&kms, Some(&own)), None);
    // A client without a document: the negated operator is met by a missing key.
    let denied = data_key(&kms, None).unwrap();
    assert!(denied.ends_with("with an explicit deny in a resource-based policy"), "{denied}");
    assert!(data_key(&kms, Some(&enclave(|settings| settings.debug = true))).is_some());
}

/// PCR3 or PCR4 of this text.
fn extended(text: &str) -> String {
    hex(digest(&SHA384, &[&[0; 48], text.as_bytes()].concat()).as_ref())
}

#[test]
fn each_pcr_has_its_condition_key() {
    let own = enclave(|settings| settings.role = Some(ROLE.to_owned()));
    let condition = |pairs: &[(u8, &str)]| {
        let pair = |&(index, value): &(u8, &str)| {
            (format!("kms:RecipientAttestation:PCR{index}"), Value::from(value))
        };
        json!({ "StringEqualsIgnoreCase": pairs.iter().map(pair).collect::<Map<_, _>>() })
    };
    let under = |pairs: &[(u8, &str)]| kms(&own, &[statement("Allow", &condition(pairs))]);
    let is_released = |pairs: &[(u8, &str)]| data_key(&under(pairs), Some(&own)).is_none();
    let (pcr0, pcr1, pcr8, zero) = (hex(&IMAGE), hex(&[1; 48]), hex(&[8; 48]), hex(&[0; 48]));
    assert!(is_released(&[(0, &pcr0), (1, &pcr1), (8, &pcr8)]));
    assert!(!is_released(&[(0, &pcr0), (1, &pcr0)]));
    let (pcr3, pcr4) = (extended(ROLE), extended(&Identity::default().instance));
    // Published, in part.
    assert!(pcr3.starts_with("78fce75d") && pcr3.ends_with("21e6"));
    assert!(is_released(&[(3, &pcr3), (4, &pcr4)]));
    assert!(!is_released(&[(3, &pcr4)]));
    assert!(is_released(&[(15, &zero)]));
    // An unlocked PCR is not in the document, whatever its value is.
    assert!(!is_released(&[(16, &zero)]));

    // A policy on role and instance alone lets a debug enclave in, and so does one on zeros.
    let debug = enclave(|settings| {
        settings.role = Some(ROLE.to_owned());
        settings.debug = true;
    });
    assert_eq!(data_key(&under(&[(3, &pcr3), (4, &pcr4)]), Some(&debug)), None);
    assert_eq!(data_key(&under(&[(0, &zero)]), Some(&debug)), None);
    assert!(!is_released(&[(0, &zero)]));
}

#[test]
fn every_operator_over_a_document() {
    let own = enclave(|_| {});
    let key = "kms:RecipientAttestation:PCR0";
    let (value, upper) = (hex(&IMAGE), hex(&IMAGE).to_uppercase());
    // Whether a data key is released to the enclave, and to a client without a document.
    for (condition, expected) in [
        (json!({ "StringEquals": { key: value } }), (true, false)),
        (json!({ "StringEquals": { key: upper } }), (false, false)),
        (json!({ "StringEqualsIgnoreCase": { key: ["00", upper] } }), (true, false)),
        (json!({ "StringNotEquals": { key: value } }), (false, true)),
        (json!({ "StringNotEqualsIgnoreCase": { key: "00" } }), (true, true)),
        (json!({ "StringLike": { key: "abab*" } }), (true, false)),
        (json!({ "StringNotLike": { key: "abab*" } }), (false, true)),
        (json!({ "StringEqualsIgnoreCaseIfExists": { key: value } }), (true, true)),
        (json!({ "ForAnyValue:StringEqualsIgnoreCase": { key: [value, "00"] } }), (true, false)),
        // Met by a request without a document: Null closes it.
        (json!({ "ForAllValues:StringEqualsIgnoreCase": { key: [value] } }), (true, true)),
        (
            json!({ "ForAllValues:StringEqualsIgnoreCase": { key: [value] }, "Null": { key: "false" } }),
            (true, false),
        ),
        (json!({ "Null": { key: "false" } }), (true, false)),
        (json!({ "Null": { key: "true" } }), (false, true)),
        // The bare key does not exist, and an enclave has none of a NitroTPM.
        (json!({ "Null": { "kms:RecipientAttestation": "true" } }), (true, true)),
        (json!({ "StringEquals": { "kms:RecipientAttestation:NitroTPMPCR0": value } }), (false, false)),
        // Condition keys are compared without case.
        (json!({ "StringEquals": { "KMS:recipientattestation:pcr0": value } }), (true, false)),
    ] {
        let kms = kms(&own, &[statement("Allow", &condition)]);
        let released = (data_key(&kms, Some(&own)).is_none(), data_key(&kms, None).is_none());
        assert_eq!(released, expected, "{condition}");
    }
}

#[test]
fn an_instance_with_nitrotpm_has_condition_keys_of_its_own() {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let identity = Identity { tpm: true, enclave: 0, ..Identity::default() };
    let instance =
        Minted::with_identity(&identity, seconds).public_key(&Enclave::public_key()).pcr(4, &[4; 48]);
    let document = instance.mint().unwrap();
    // Whether a data key is released to the instance, and to an enclave.
    let own = enclave(|settings| settings.pcrs.push((4, [4; 48])));
    let released = |condition: &Value| {
        let policy = json!({ "Statement": [statement("Allow", condition)] }).to_string();
        let kms = start(&policy, |settings| {
            settings.anchors = vec![document.root().to_vec(), own.0.root_der().to_vec()];
        });
        let mut request = json!({ "KeyId": kms.key_arn(), "KeySpec": "AES_256" });
        request["Recipient"] = recipient(&document.document);
        (call(&kms, "GenerateDataKey", &request).is_ok(), data_key(&kms, Some(&own)).is_none())
    };
    let condition = |key: &str| json!({ "StringEqualsIgnoreCase": { key: hex(&[4; 48]) } });
    assert_eq!(released(&condition("kms:RecipientAttestation:NitroTPMPCR4")), (true, false));
    assert_eq!(released(&condition("kms:RecipientAttestation:PCR4")), (false, true));
    let none = json!({ "Null": { "kms:RecipientAttestation:ImageSha384": "true" } });
    assert_eq!(released(&none), (true, false));
    let none = json!({ "Null": { "kms:RecipientAttestation:NitroTPMPCR23": "true" } });
    assert_eq!(released(&none), (false, true));
}

#[test]
fn a_session_is_its_role() {
    let session = "arn:aws:sts::123456789012:assumed-role/enclave/i-0123456789abcdef0";
    let role = "arn:aws:iam::123456789012:role/enclave";
    let with = |principal: &str, condition: &Value| {
        let principal = json!({ "AWS": principal });
        let allow = json!({
            "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*", "Condition": condition,
        });
        start(&json!({ "Statement": [allow] }).to_string(), |settings| settings.caller = session.to_owned())
    };
    let own = json!({ "ArnEquals": { "aws:PrincipalArn": role } });
    assert_eq!(data_key(&with(role, &own), None), None);
    assert_eq!(data_key(&with(session, &own), None), None);
    let other = data_key(&with("arn:aws:iam::123456789012:role/other", &own), None).unwrap();
    // The message names the session.
    assert!(other.starts_with(&format!("User: {session} is not authorized")), "{other}");
}

#[test]
fn the_encryption_context_and_the_caller_have_condition_keys() {
    let own = enclave(|_| {});
    let condition = json!({
        "StringEquals": {
            "kms:EncryptionContext:tenant": "a",
            "aws:PrincipalArn": "arn:aws:iam::123456789012:role/teeproof-twin",
        },
        "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["tenant", "table"] },
        "Bool": { "aws:SecureTransport": "false" },
    });
    let kms = kms(&own, &[statement("Allow", &condition)]);
    let generate = |context: Value| {
        let request = json!({ "KeyId": kms.key_arn(), "KeySpec": "AES_256", "EncryptionContext": context });
        call(&kms, "GenerateDataKey", &request).is_ok()
    };
    assert!(generate(json!({ "tenant": "a" })));
    assert!(generate(json!({ "tenant": "a", "table": "x" })));
    assert!(!generate(json!({ "tenant": "b" })));
    assert!(!generate(json!({})));
    assert!(!generate(json!({ "tenant": "a", "more": "x" })));
}
