//! Answers that are taken: what was sent for them, and what they say.

use serde_json::{Value, json};
use teeproof_kms::{
    DataKeyLength, EncryptionContext, KeyMatch, KmsChannel, KmsClient, KmsKeyId, KmsOperation, KmsRequest,
};

use crate::kms::{ARN, ID, Kms, Papers, Reply, SECRET, base64, context, key, requests};

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn every_operation_releases_its_secret() {
    let kms = Kms::altered(|_| ());
    for request in requests() {
        let answer = kms.send(&request).unwrap_or_else(|error| panic!("{request:?}: {error}"));
        let operation = request.operation();
        assert_eq!((answer.operation(), answer.secret().as_bytes()), (operation, &SECRET[..]));
        let key = (operation != KmsOperation::GenerateRandom).then_some((ARN, KeyMatch::Arn));
        assert_eq!(answer.key(), key);
        let is_wrapped =
            matches!(operation, KmsOperation::GenerateDataKey | KmsOperation::GenerateDataKeyPair);
        assert_eq!(answer.ciphertext_blob(), is_wrapped.then_some(&b"the wrapped key"[..]));
        let is_pair = operation == KmsOperation::GenerateDataKeyPair;
        assert_eq!(answer.public_key(), is_pair.then_some(&b"the public key"[..]));
        // Plain HTTP is never authenticated, and the text says so without the secret.
        assert_eq!(answer.channel(), KmsChannel::NotEncrypted);
        let text = format!("{answer} {answer:?}");
        assert!(
            text.contains("unauthenticated") && !text.contains("5e5e") && !text.contains("94, 94"),
            "{text}"
        );
    }
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn what_is_sent_is_what_was_requested() {
    let kms = Kms::altered(|_| ());
    for request in requests() {
        kms.send(&request).unwrap();
    }
    let context = json!({ "purpose": "test" });
    let expected: [(&str, Value); 5] = [
        (
            "Decrypt",
            json!({
                "KeyId": ARN, "CiphertextBlob": base64(b"wrapped"), "EncryptionContext": context,
                "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            }),
        ),
        ("GenerateDataKey", json!({ "KeyId": ARN, "KeySpec": "AES_256", "EncryptionContext": context })),
        (
            "GenerateDataKeyPair",
            json!({ "KeyId": ARN, "KeyPairSpec": "ECC_NIST_P384", "EncryptionContext": context }),
        ),
        ("GenerateRandom", json!({ "NumberOfBytes": 32 })),
        (
            "DeriveSharedSecret",
            json!({ "KeyId": ARN, "KeyAgreementAlgorithm": "ECDH", "PublicKey": base64(b"the other side") }),
        ),
    ];
    let received = kms.received();
    assert_eq!(received.len(), expected.len());
    let mut keys = Vec::new();
    for (received, (operation, members)) in received.iter().zip(expected) {
        let mut body = received.body.clone();
        let recipient = body.as_object_mut().unwrap().remove("Recipient").unwrap();
        assert_eq!((received.operation.as_str(), body), (operation, members));
        assert_eq!(recipient["KeyEncryptionAlgorithm"], "RSAES_OAEP_SHA_256");
        assert_eq!(recipient.as_object().unwrap().len(), 2);
        let head = received.head.to_ascii_lowercase();
        assert!(head.starts_with("post / http/1.1") && head.contains("host: 127.0.0.1:"), "{head}");
        assert!(head.contains("authorization: aws4-hmac-sha256 credential=akidexample/"), "{head}");
        keys.push(received.public_key());
    }
    // Each client has a key of its own: RSA-2048 as SubjectPublicKeyInfo.
    assert!(keys.iter().all(|key| key.len() == 294 && key.starts_with(&[0x30, 0x82, 0x01, 0x22])));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn one_client_has_one_key_and_a_document_for_each_request() {
    let kms = Kms::altered(|_| ());
    let (client, mut papers) = (KmsClient::new(kms.settings()).unwrap(), Papers::default());
    for request in requests() {
        client.send(&request, &mut papers).unwrap();
    }
    assert_eq!(papers.made, 5);
    assert!(kms.received().iter().all(|received| received.public_key() == client.public_key()));
    // A caller inside of a runtime is no obstacle.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(async { client.send(&requests()[3], &mut papers) });
    assert_eq!(answer.unwrap().secret().as_bytes(), SECRET);
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn ids_aliases_and_waivers() {
    let kms = Kms::of(|received| {
        let bytes = match received.body["NumberOfBytes"].as_u64() {
            Some(count) => vec![7; usize::try_from(count).unwrap()],
            None if received.body["KeySpec"] == "AES_128" => vec![7; 16],
            None => SECRET.to_vec(),
        };
        // An empty Plaintext is the null of other SDKs.
        let mut answer = received.answer(&bytes);
        answer["Plaintext"] = "".into();
        answer["EncryptionAlgorithm"] = received.body["EncryptionAlgorithm"].clone();
        Reply::ok(&answer)
    });
    let alias_arn = "arn:aws:kms:eu-west-1:111122223333:alias/app";
    for (text, how) in
        [(ID, KeyMatch::Id), ("alias/app", KeyMatch::AliasName), (alias_arn, KeyMatch::AliasArn)]
    {
        let key = KmsKeyId::parse(text).unwrap();
        let context = EncryptionContext::Waived("of a test".to_owned());
        let request = KmsRequest::Decrypt { key, ciphertext: b"wrapped".to_vec(), context };
        assert_eq!(kms.send(&request).unwrap().key(), Some((ARN, how)));
        let body = kms.received().pop().unwrap().body;
        assert_eq!((&body["KeyId"], body.get("EncryptionContext")), (&text.into(), None));
    }
    for (length, bytes) in
        [(DataKeyLength::Aes128, 16), (DataKeyLength::Bytes(1), 1), (DataKeyLength::Bytes(1_024), 1_024)]
    {
        let request = KmsRequest::GenerateDataKey { key: key(), length, context: context() };
        assert_eq!(kms.send(&request).unwrap().secret().as_bytes(), vec![7; bytes]);
    }
    let request = KmsRequest::DecryptAsymmetric {
        key: key(),
        ciphertext: b"wrapped".to_vec(),
        algorithm: "RSAES_OAEP_SHA_256".to_owned(),
    };
    assert_eq!(kms.send(&request).unwrap().secret().as_bytes(), SECRET);
    assert_eq!(kms.received().pop().unwrap().body.get("EncryptionContext"), None);
}
