//! Answers that are refused, and nothing of them is released.

use serde_json::{Value, json};
use teeproof_kms::{DecryptionError, KmsError, KmsRequest, RecipientKey};

use crate::kms::{ID, Kms, OTHER_ARN, Reply, SECRET, base64, requests};
use crate::writer::Minted;

/// The error of a request to a service with this alteration.
fn error(request: &KmsRequest, alter: impl Fn(&mut Value) + Send + Sync + 'static) -> KmsError {
    let error = Kms::altered(alter).send(request).expect_err("expected a refusal");
    assert!(!error.hint().is_empty());
    let text = format!("{error} {error:?}");
    assert!(!text.contains("the clear secret") && !text.contains(&base64(b"the clear secret")), "{text}");
    error
}

fn remove(answer: &mut Value, member: &str) {
    answer.as_object_mut().unwrap().remove(member);
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn a_plaintext_in_the_clear() {
    let members = ["Plaintext", "Plaintext", "PrivateKeyPlaintext", "Plaintext", "SharedSecret"];
    for (request, name) in requests().iter().zip(members) {
        // With an envelope, and instead of it: as emulators answer that ignore Recipient.
        for is_instead in [false, true] {
            let error = error(request, move |answer| {
                answer[name] = base64(b"the clear secret").into();
                if is_instead {
                    remove(answer, "CiphertextForRecipient");
                }
            });
            assert!(matches!(&error, KmsError::Plaintext { member, .. } if *member == name), "{error}");
            assert!(error.to_string().contains(&format!("the answer has {name} in the clear")));
        }
    }
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn a_missing_member() {
    let missing = |request: &KmsRequest, name: &'static str, is_empty: bool| {
        let error = error(request, move |answer| match is_empty {
            true => answer[name] = "".into(),
            false => remove(answer, name),
        });
        matches!(&error, KmsError::Missing { member, .. } if *member == name)
    };
    for request in &requests() {
        assert!(missing(request, "CiphertextForRecipient", false), "{request:?}");
        assert!(request.key().is_none() || missing(request, "KeyId", false), "{request:?}");
    }
    for is_empty in [false, true] {
        assert!(missing(&requests()[1], "CiphertextBlob", is_empty));
        assert!(missing(&requests()[2], "PrivateKeyCiphertextBlob", is_empty));
        assert!(missing(&requests()[2], "PublicKey", is_empty));
    }
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn another_key() {
    let all = requests();
    for request in all.iter().filter(|request| request.key().is_some()) {
        for got in [OTHER_ARN, ID, "alias/app", "", "\u{1b}[31m"] {
            let error = error(request, move |answer| answer["KeyId"] = got.into());
            assert!(matches!(&error, KmsError::OtherKey { got: found, .. } if found == got), "{error}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn another_parameter() {
    for (at, name) in [(0, "EncryptionAlgorithm"), (2, "KeyPairSpec"), (4, "KeyAgreementAlgorithm")] {
        for value in [json!("RSAES_OAEP_SHA_1"), Value::Null] {
            let error = error(&requests()[at], move |answer| answer[name] = value.clone());
            assert!(matches!(&error, KmsError::OtherParameter { member, .. } if *member == name), "{error}");
        }
    }
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn an_envelope_that_is_none_or_for_another() {
    let other = RecipientKey::generate().unwrap();
    let foreign = base64(&Minted::to(other.public_key(), &SECRET).bytes());
    for request in &requests() {
        let foreign = foreign.clone();
        let found = error(request, move |answer| answer["CiphertextForRecipient"] = foreign.clone().into());
        assert!(matches!(found, KmsError::Decryption(DecryptionError)), "{found}");
        let found = error(request, |answer| answer["CiphertextForRecipient"] = base64(b"0\x80\x06").into());
        assert!(matches!(&found, KmsError::Envelope(error) if error.offset == 3), "{found}");
        // An empty one is malformed, not missing.
        let found = error(request, |answer| answer["CiphertextForRecipient"] = "".into());
        assert!(matches!(found, KmsError::Envelope(_)), "{found}");
    }
    // A data key or random bytes of another length: the same error as for a wrong padding.
    for at in [1, 3] {
        for length in [0, 16, 31, 33, 64] {
            let kms = Kms::of(move |received| Reply::ok(&received.answer(&vec![7; length])));
            let found = kms.send(&requests()[at]).unwrap_err();
            assert!(matches!(found, KmsError::Decryption(DecryptionError)), "{length}: {found}");
        }
    }
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn refusals_of_kms_have_a_hint() {
    let mut hints = Vec::new();
    for (status, code, word) in [
        (400, "AccessDeniedException", "kms:RecipientAttestation:ImageSha384"),
        (400, "InvalidCiphertextException", "encryption context"),
        (400, "IncorrectKeyException", "another key"),
        (400, "NotFoundException", "region"),
        (400, "DisabledException", "disabled"),
        (400, "KMSInvalidStateException", "describe-key"),
        (400, "InvalidKeyUsageException", "KEY_AGREEMENT"),
        (400, "ValidationException", "5 minutes"),
        (400, "ThrottlingException", "--retries"),
        (400, "DryRunOperationException", "dry run"),
        (400, "UnrecognizedClientException", "session token"),
        (400, "ExpiredTokenException", "session token"),
        (400, "InvalidSignatureException", "clock"),
        (500, "KMSInternalException", "later"),
        (503, "DependencyTimeoutException", "later"),
        (400, "SomethingNewException", "CloudTrail"),
    ] {
        let kms = Kms::of(move |_| Reply::refusal(status, code));
        let error = kms.send(&requests()[0]).unwrap_err();
        let KmsError::Refused { code: found, message, request_id, .. } = &error else { panic!("{error:?}") };
        assert_eq!((found.as_str(), message), (code, &format!("of the test: {code}")));
        assert_eq!(request_id.as_deref(), Some("11111111-2222"));
        assert!(error.hint().contains(word), "{code}: {}", error.hint());
        hints.push(error.hint());
    }
    hints.dedup();
    assert!(hints.len() > 10);
}
