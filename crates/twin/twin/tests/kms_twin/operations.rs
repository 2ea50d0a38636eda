//! Operations without a recipient: the KMS that any client has.

use aws_lc_rs::agreement::{self, ECDH_P384, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::PrivateDecryptingKey;
use serde_json::{Value, json};

use crate::client::{OPEN, base64, bytes, call, refused, start};

#[test]
fn what_is_encrypted_is_decrypted_under_its_key_and_context() {
    let kms = start(OPEN, |_| {});
    let context = json!({ "purpose": "test" });
    let request =
        json!({ "KeyId": kms.key_arn(), "Plaintext": base64(b"secret"), "EncryptionContext": context });
    let encrypted = call(&kms, "Encrypt", &request).unwrap();
    assert_eq!(encrypted["KeyId"], kms.key_arn());
    let blob = &encrypted["CiphertextBlob"];
    let decrypt = |context: &Value| json!({ "CiphertextBlob": blob, "EncryptionContext": context });
    let decrypted = call(&kms, "Decrypt", &decrypt(&context)).unwrap();
    assert_eq!(bytes(&decrypted, "Plaintext"), b"secret");
    assert_eq!(decrypted["KeyId"], kms.key_arn());
    assert_eq!(decrypted["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
    assert!(decrypted.get("CiphertextForRecipient").is_none());
    for other in [json!({}), json!({ "purpose": "another" }), json!({ "purpose": "test", "more": "" })] {
        assert_eq!(refused(&kms, "Decrypt", &decrypt(&other)), "InvalidCiphertextException");
    }
    let mut bent = bytes(&encrypted, "CiphertextBlob");
    *bent.last_mut().unwrap() ^= 1;
    for blob in [bent, vec![0; 100], vec![1]] {
        let request = json!({ "CiphertextBlob": base64(&blob), "EncryptionContext": context });
        assert_eq!(refused(&kms, "Decrypt", &request), "InvalidCiphertextException");
    }
    // The body of KMS has no message here.
    let body = call(&kms, "Decrypt", &json!({ "CiphertextBlob": base64(&[1]) })).unwrap_err();
    assert_eq!(body, json!({ "__type": "InvalidCiphertextException" }));
}

#[test]
fn another_key_than_the_named_one_is_refused() {
    let kms = start(OPEN, |_| {});
    let other = call(&kms, "CreateKey", &json!({})).unwrap()["KeyMetadata"]["KeyId"].clone();
    let blob = call(&kms, "Encrypt", &json!({ "KeyId": other, "Plaintext": base64(b"x") })).unwrap();
    let with = |key: &Value| json!({ "CiphertextBlob": blob["CiphertextBlob"], "KeyId": key });
    assert!(call(&kms, "Decrypt", &with(&other)).is_ok());
    assert_eq!(refused(&kms, "Decrypt", &with(&kms.key_arn().into())), "IncorrectKeyException");
    assert_eq!(refused(&kms, "Decrypt", &with(&json!("nobody"))), "NotFoundException");
    let body = call(&kms, "DescribeKey", &json!({ "KeyId": "nobody" })).unwrap_err();
    let message = "Key 'arn:aws:kms:eu-central-1:123456789012:key/nobody' does not exist";
    assert_eq!(body, json!({ "__type": "NotFoundException", "message": message }));
}

#[test]
fn data_keys_have_the_requested_size() {
    let kms = start(OPEN, |_| {});
    for (mut request, size) in [
        (json!({ "KeySpec": "AES_256" }), 32),
        (json!({ "KeySpec": "AES_128" }), 16),
        (json!({ "NumberOfBytes": 1024 }), 1024),
    ] {
        request["KeyId"] = kms.key_arn().into();
        let answer = call(&kms, "GenerateDataKey", &request).unwrap();
        let plaintext = bytes(&answer, "Plaintext");
        assert_eq!(plaintext.len(), size);
        let decrypted =
            call(&kms, "Decrypt", &json!({ "CiphertextBlob": answer["CiphertextBlob"] })).unwrap();
        assert_eq!(bytes(&decrypted, "Plaintext"), plaintext);
    }
    let key = kms.key_arn();
    for request in [
        json!({ "KeyId": key }),
        json!({ "KeyId": key, "KeySpec": "AES_256", "NumberOfBytes": 32 }),
        json!({ "KeyId": key, "KeySpec": "AES_512" }),
        json!({ "KeyId": key, "NumberOfBytes": 0 }),
        json!({ "KeyId": key, "NumberOfBytes": 1025 }),
        json!({ "KeySpec": "AES_256" }),
    ] {
        assert_eq!(refused(&kms, "GenerateDataKey", &request), "ValidationException", "{request}");
    }
}

#[test]
fn pairs_are_pairs() {
    let kms = start(OPEN, |_| {});
    let generate = |spec: &str| {
        call(&kms, "GenerateDataKeyPair", &json!({ "KeyId": kms.key_arn(), "KeyPairSpec": spec })).unwrap()
    };
    let answer = generate("RSA_2048");
    let private = bytes(&answer, "PrivateKeyPlaintext");
    let pair = PrivateDecryptingKey::from_pkcs8(&private).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    assert_eq!(public.as_ref(), bytes(&answer, "PublicKey"));
    let blob = json!({ "CiphertextBlob": answer["PrivateKeyCiphertextBlob"] });
    assert_eq!(bytes(&call(&kms, "Decrypt", &blob).unwrap(), "Plaintext"), private);
    for spec in ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"] {
        assert_eq!(generate(spec)["KeyPairSpec"], spec);
    }
    let other = json!({ "KeyId": kms.key_arn(), "KeyPairSpec": "SM2" });
    assert_eq!(refused(&kms, "GenerateDataKeyPair", &other), "ValidationException");
}

#[test]
fn shared_secrets_are_those_of_both_sides() {
    let kms = start(OPEN, |_| {});
    let create = json!({ "KeySpec": "ECC_NIST_P384", "KeyUsage": "KEY_AGREEMENT" });
    let key = call(&kms, "CreateKey", &create).unwrap()["KeyMetadata"]["KeyId"].clone();
    let theirs = bytes(&call(&kms, "GetPublicKey", &json!({ "KeyId": key })).unwrap(), "PublicKey");
    let ours = PrivateKey::generate(&ECDH_P384).unwrap();
    let public: PublicKeyX509Der<'_> = ours.compute_public_key().unwrap().as_der().unwrap();
    let derive = |public: &[u8], key: &Value| json!({ "KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": base64(public) });
    let answer = call(&kms, "DeriveSharedSecret", &derive(public.as_ref(), &key)).unwrap();
    let peer = UnparsedPublicKey::new(&ECDH_P384, theirs);
    let secret = agreement::agree(&ours, peer, (), |secret| Ok(secret.to_vec())).unwrap();
    assert_eq!(bytes(&answer, "SharedSecret"), secret);
    assert_eq!(secret.len(), 48);
    assert_eq!(refused(&kms, "DeriveSharedSecret", &derive(b"not a key", &key)), "ValidationException");
    let symmetric = derive(public.as_ref(), &kms.key_arn().into());
    assert_eq!(refused(&kms, "DeriveSharedSecret", &symmetric), "InvalidKeyUsageException");
    let encrypt = json!({ "KeyId": key, "Plaintext": base64(b"x") });
    assert_eq!(refused(&kms, "Encrypt", &encrypt), "InvalidKeyUsageException");
    let symmetric = json!({ "KeyId": kms.key_arn() });
    assert_eq!(refused(&kms, "GetPublicKey", &symmetric), "UnsupportedOperationException");
}

#[test]
fn keys_are_created_described_and_disabled() {
    let kms = start(OPEN, |_| {});
    let described = call(&kms, "DescribeKey", &json!({ "KeyId": kms.key_arn() })).unwrap();
    let metadata = &described["KeyMetadata"];
    assert_eq!(metadata["Arn"], kms.key_arn());
    assert_eq!(
        (&metadata["KeySpec"], &metadata["KeyState"]),
        (&json!("SYMMETRIC_DEFAULT"), &json!("Enabled"))
    );
    let id = metadata["KeyId"].as_str().unwrap();
    assert_eq!(kms.key_arn(), format!("arn:aws:kms:eu-central-1:123456789012:key/{id}"));
    call(&kms, "DisableKey", &json!({ "KeyId": id })).unwrap();
    let encrypt = json!({ "KeyId": id, "Plaintext": base64(b"x") });
    assert_eq!(refused(&kms, "Encrypt", &encrypt), "DisabledException");
    let again = call(&kms, "DescribeKey", &json!({ "KeyId": id })).unwrap();
    assert_eq!(again["KeyMetadata"]["KeyState"], "Disabled");
    for create in
        [json!({ "KeySpec": "HMAC_256" }), json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" })]
    {
        assert_eq!(refused(&kms, "CreateKey", &create), "ValidationException");
    }
    let policy = json!({ "Policy": "{}" });
    assert_eq!(refused(&kms, "CreateKey", &policy), "MalformedPolicyDocumentException");
}

#[test]
fn malformed_requests_have_the_errors_of_kms() {
    let kms = start(OPEN, |_| {});
    assert_eq!(refused(&kms, "Sign", &json!({})), "UnknownOperationException");
    assert_eq!(refused(&kms, "Encrypt", &json!([])), "SerializationException");
    assert_eq!(
        refused(&kms, "Encrypt", &json!({ "KeyId": 1, "Plaintext": base64(b"x") })),
        "SerializationException"
    );
    let not_base64 = json!({ "KeyId": kms.key_arn(), "Plaintext": "?" });
    assert_eq!(refused(&kms, "Encrypt", &not_base64), "SerializationException");
    let long = json!({ "KeyId": kms.key_arn(), "Plaintext": base64(&[0; 4097]) });
    assert_eq!(refused(&kms, "Encrypt", &long), "ValidationException");
    let context =
        json!({ "KeyId": kms.key_arn(), "Plaintext": base64(b"x"), "EncryptionContext": { "a": 1 } });
    assert_eq!(refused(&kms, "Encrypt", &context), "SerializationException");
    let dry = json!({ "KeyId": kms.key_arn(), "KeySpec": "AES_256", "DryRun": true });
    assert_eq!(refused(&kms, "GenerateDataKey", &dry), "DryRunOperationException");
}
