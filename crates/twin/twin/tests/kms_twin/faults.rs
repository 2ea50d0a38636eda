//! What an enclave sees under each fault.

use serde_json::{Value, json};
use teeproof_mint::nitro::{Enclave as Minted, Identity};
use teeproof_twin::kms::{Fault, Running};
use teeproof_twin::nsm::Settings;

use crate::client::{OPEN, base64, bytes, call, refused, start};
use crate::enclave::{Enclave, open, recipient};

/// What a parent puts in the place of a secret.
const PARENTS: [u8; 32] = [0x66; 32];

struct Case {
    kms: Running,
    enclave: Enclave,
}

impl Case {
    fn new(fault: Fault) -> Self {
        let enclave = Enclave::start(&Settings::default());
        let root = enclave.0.root_der().to_vec();
        let kms = start(OPEN, |settings| {
            settings.fault = Some(fault);
            settings.anchors.push(root);
        });
        Self { kms, enclave }
    }

    fn data_key(&self) -> Value {
        let mut request = json!({ "KeyId": self.kms.key_arn(), "KeySpec": "AES_256" });
        request["Recipient"] = self.enclave.recipient();
        call(&self.kms, "GenerateDataKey", &request).unwrap()
    }

    /// The answer for the ciphertext of "secret".
    fn decrypted(&self) -> Value {
        // Requests without a recipient have no fault.
        let request = json!({ "KeyId": self.kms.key_arn(), "Plaintext": base64(b"secret") });
        let blob = call(&self.kms, "Encrypt", &request).unwrap()["CiphertextBlob"].clone();
        let request = json!({ "CiphertextBlob": blob, "Recipient": self.enclave.recipient() });
        call(&self.kms, "Decrypt", &request).unwrap()
    }
}

fn members(answer: &Value) -> (bool, bool) {
    (answer.get("Plaintext").is_some(), answer.get("CiphertextForRecipient").is_some())
}

#[test]
fn plain_text_instead_of_or_with_the_envelope_or_neither() {
    for (fault, expected) in
        [(Fault::Plaintext, (true, false)), (Fault::Both, (true, true)), (Fault::Missing, (false, false))]
    {
        let case = Case::new(fault);
        assert_eq!(members(&case.data_key()), expected, "{fault:?}");
        let answer = case.decrypted();
        assert_eq!(members(&answer), expected, "{fault:?}");
        if expected.0 {
            assert_eq!(bytes(&answer, "Plaintext"), b"secret");
        }
        assert_eq!(answer["KeyId"], case.kms.key_arn());
    }
}

#[test]
fn the_key_id_is_that_of_another_key() {
    let case = Case::new(Fault::OtherKey);
    let answer = case.decrypted();
    assert_ne!(answer["KeyId"], case.kms.key_arn());
    assert!(answer["KeyId"].as_str().unwrap().starts_with("arn:aws:kms:eu-central-1:123456789012:key/"));
    assert_eq!(open(&bytes(&answer, "CiphertextForRecipient")), b"secret");
}

#[test]
fn a_forged_envelope_opens_and_has_the_content_of_the_parent() {
    let case = Case::new(Fault::Forged);
    let answer = case.decrypted();
    assert_eq!(open(&bytes(&answer, "CiphertextForRecipient")), PARENTS);
    // Everything else is as it was.
    assert_eq!((members(&answer), &answer["KeyId"]), ((false, true), &json!(case.kms.key_arn())));
}

#[test]
fn a_substituted_ciphertext_is_one_of_the_parent() {
    let case = Case::new(Fault::Substituted);
    // Of a Decrypt request: KMS names the key that it used.
    let answer = case.decrypted();
    assert_eq!(open(&bytes(&answer, "CiphertextForRecipient")), PARENTS);
    assert_ne!(answer["KeyId"], case.kms.key_arn());
    // Of the answer of a GenerateDataKey: the enclave's data key is not in the ciphertext that it stores.
    let generated = case.data_key();
    assert_eq!(generated["KeyId"], case.kms.key_arn());
    assert_ne!(open(&bytes(&generated, "CiphertextForRecipient")), PARENTS);
    let request = json!({ "CiphertextBlob": generated["CiphertextBlob"] });
    let again = call(&case.kms, "Decrypt", &request).unwrap();
    assert_eq!(bytes(&again, "Plaintext"), PARENTS);
    assert_ne!(again["KeyId"], case.kms.key_arn());
}

#[test]
fn replayed_documents_of_any_age_are_taken() {
    const LAST_YEAR: u64 = 1_740_000_000;
    let old = Minted::with_identity(&Identity::default(), LAST_YEAR).public_key(&Enclave::public_key());
    let old = old.mint().unwrap();
    let request = json!({ "NumberOfBytes": 8, "Recipient": recipient(&old.document) });
    let with = |fault: Option<Fault>| {
        start(OPEN, |settings| {
            settings.fault = fault;
            settings.anchors.push(old.root().to_vec());
        })
    };
    assert!(call(&with(Some(Fault::Replay)), "GenerateRandom", &request).is_ok());
    assert_eq!(refused(&with(None), "GenerateRandom", &request), "ValidationException");
}

#[test]
fn a_storm_of_throttling_ends() {
    let kms = start(OPEN, |settings| {
        settings.fault = Some(Fault::Throttling);
        settings.throttled = 5;
    });
    let request = json!({ "NumberOfBytes": 8 });
    for _ in 0..5 {
        let body = call(&kms, "GenerateRandom", &request).unwrap_err();
        assert_eq!(body, json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }));
    }
    assert!(call(&kms, "GenerateRandom", &request).is_ok());
}
