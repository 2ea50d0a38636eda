//! Requests with a recipient: which documents are taken, and the answers for them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use teeproof_mint::nitro::{Enclave as Minted, Identity};
use teeproof_mint::{Key, Kind};
use teeproof_twin::kms::Running;
use teeproof_twin::nsm;

use crate::client::{OPEN, base64, bytes, call, refused, start};
use crate::enclave::{Enclave, open, recipient};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A KMS that trusts the enclave's root.
fn for_enclave(enclave: &Enclave) -> Running {
    let root = enclave.0.root_der().to_vec();
    start(OPEN, |settings| settings.anchors.push(root))
}

#[test]
fn every_operation_answers_in_an_envelope_for_the_enclave() {
    let enclave = Enclave::start(&nsm::Settings::default());
    let kms = for_enclave(&enclave);
    let key = kms.key_arn();
    let with = |mut request: Value| {
        request["Recipient"] = enclave.recipient();
        request
    };
    let sealed = |operation: &str, request: Value, plaintext: &str| {
        let answer = call(&kms, operation, &with(request)).unwrap();
        assert!(answer.get(plaintext).is_none(), "{answer}");
        let secret = open(&bytes(&answer, "CiphertextForRecipient"));
        (answer, secret)
    };

    let request = json!({ "KeyId": key, "KeySpec": "AES_256" });
    let (answer, data_key) = sealed("GenerateDataKey", request, "Plaintext");
    assert_eq!(data_key.len(), 32);
    assert_eq!(answer["KeyId"], key);
    let request = json!({ "CiphertextBlob": answer["CiphertextBlob"] });
    let (decrypted, secret) = sealed("Decrypt", request, "Plaintext");
    assert_eq!(secret, data_key);
    assert_eq!(decrypted["KeyId"], key);
    // Twice of each size, so that every shape of the envelope is there: one block, chunks, many chunks.
    for size in [1, 1, 15, 15, 16, 1000, 1024] {
        let (answer, secret) = sealed("GenerateRandom", json!({ "NumberOfBytes": size }), "Plaintext");
        assert_eq!(secret.len(), size);
        assert!(answer.get("KeyId").is_none());
    }
    let request = json!({ "KeyId": key, "KeyPairSpec": "RSA_4096" });
    let (answer, private) = sealed("GenerateDataKeyPair", request, "PrivateKeyPlaintext");
    assert!(private.len() > 2000 && answer["PrivateKeyCiphertextBlob"].is_string());

    let create = json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT" });
    let ecdh = call(&kms, "CreateKey", &create).unwrap()["KeyMetadata"]["KeyId"].clone();
    let public = &call(&kms, "GetPublicKey", &json!({ "KeyId": ecdh })).unwrap()["PublicKey"];
    let derive = json!({ "KeyId": ecdh, "KeyAgreementAlgorithm": "ECDH", "PublicKey": public });
    let (_, secret) = sealed("DeriveSharedSecret", derive, "SharedSecret");
    assert_eq!(secret.len(), 32);

    // Encrypt takes no recipient: it is ignored.
    let encrypt = with(json!({ "KeyId": key, "Plaintext": base64(b"x") }));
    assert!(call(&kms, "Encrypt", &encrypt).unwrap().get("CiphertextForRecipient").is_none());
}

/// Why a document is refused.
fn why(kms: &Running, document: &[u8]) -> String {
    let request = json!({ "NumberOfBytes": 8, "Recipient": recipient(document) });
    let body = call(kms, "GenerateRandom", &request).unwrap_err();
    assert_eq!(body["__type"], "ValidationException");
    body["message"].as_str().unwrap().to_owned()
}

#[test]
fn documents_that_our_verifier_refuses_are_refused_with_its_check() {
    let enclave = Enclave::start(&nsm::Settings::default());
    let kms = for_enclave(&enclave);
    let document = enclave.attest(Some(&Enclave::public_key()));
    let mut bent = document.clone();
    *bent.last_mut().unwrap() ^= 1;
    assert!(why(&kms, &bent).ends_with("invalid: nitro.signature"));
    assert!(why(&kms, b"garbage").ends_with("invalid: nitro.format"));
    assert!(why(&start(OPEN, |_| {}), &document).ends_with("invalid: nitro.chain"));
    let unsigned = nsm::Settings { fault: Some(nsm::Fault::Unsigned), ..nsm::Settings::default() };
    let unsigned = Enclave::start(&unsigned).attest(Some(&Enclave::public_key()));
    assert!(why(&kms, &unsigned).ends_with("invalid: nitro.format"));
    let with = |recipient: Value| {
        refused(&kms, "GenerateRandom", &json!({ "NumberOfBytes": 8, "Recipient": recipient }))
    };
    let mut other = recipient(&document);
    other["KeyEncryptionAlgorithm"] = json!("RSAES_OAEP_SHA_1");
    assert_eq!(with(other), "ValidationException");
    assert_eq!(with(json!({ "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256" })), "ValidationException");
    assert_eq!(with(recipient(&vec![0; 262_145])), "ValidationException");
    assert_eq!(with(json!("document")), "SerializationException");
}

#[test]
fn a_document_is_taken_for_five_minutes() {
    let minted = |age: u64| {
        let enclave = Minted::with_identity(&Identity::default(), now() - age);
        let attestation = enclave.public_key(&Enclave::public_key()).mint().unwrap();
        let root = attestation.root().to_vec();
        (attestation.document, start(OPEN, |settings| settings.anchors.push(root)))
    };
    let (document, kms) = minted(280);
    let request = json!({ "NumberOfBytes": 8, "Recipient": recipient(&document) });
    assert!(call(&kms, "GenerateRandom", &request).is_ok());
    let (document, kms) = minted(310);
    let text = why(&kms, &document);
    assert!(text.contains("expected at most 300 seconds of age, got 3"), "{text}");
    // The leaf has expired.
    let (document, kms) = minted(4 * 3600);
    assert!(why(&kms, &document).ends_with("nitro.validity"), "{}", why(&kms, &document));
}

#[test]
fn only_an_rsa_key_of_2048_bits_or_more_is_a_recipient() {
    let enclave = Enclave::start(&nsm::Settings::default());
    let kms = for_enclave(&enclave);
    let with = |key: Option<&[u8]>| why(&kms, &enclave.attest(key));
    assert!(with(None).ends_with("public_key is missing"));
    let rsa = "public_key: expected an RSA key as SubjectPublicKeyInfo, in DER";
    let p256 = Key::fresh(Kind::P256).public_key_info().unwrap();
    assert!(with(Some(&p256)).ends_with(rsa));
    assert!(with(Some(b"")).ends_with(rsa));
    let rsa3072 = Key::shared("of a recipient", Kind::Rsa3072);
    // RSAPublicKey alone is no SubjectPublicKeyInfo.
    assert!(with(Some(&rsa3072.public_key().unwrap())).ends_with(rsa));
    let document = enclave.attest(Some(&rsa3072.public_key_info().unwrap()));
    let request = json!({ "NumberOfBytes": 8, "Recipient": recipient(&document) });
    let envelope = bytes(&call(&kms, "GenerateRandom", &request).unwrap(), "CiphertextForRecipient");
    // 128 bytes more of encrypted key; the rest is alike.
    assert!((457 + 128..=461 + 128).contains(&envelope.len()), "{}", envelope.len());
}

#[test]
fn two_answers_have_two_keys_and_vectors() {
    let enclave = Enclave::start(&nsm::Settings::default());
    let kms = for_enclave(&enclave);
    let request = json!({ "NumberOfBytes": 32, "Recipient": enclave.recipient() });
    let envelope = || bytes(&call(&kms, "GenerateRandom", &request).unwrap(), "CiphertextForRecipient");
    let (one, two) = (envelope(), envelope());
    assert_ne!(one[131..387], two[131..387]);
    assert_ne!(one[415..431], two[415..431]);
    // The recipient's key has one identifier.
    assert_eq!(one[33..65], two[33..65]);
}
