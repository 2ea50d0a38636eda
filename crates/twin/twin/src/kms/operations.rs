//! The operations of KMS, each with its authorization and its answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};

use super::envelope::{self, Shape};
use super::error::Refused;
use super::fields::{EncryptionContext, Fields, base64};
use super::key::{Key, KeyId, Material};
use super::recipient::Recipient;
use super::{Fault, KeyPolicy, Settings, ecdh};
use crate::Error;

/// The size limits of KMS, in bytes.
const MAX_PLAINTEXT: usize = 4096;
const MAX_CIPHERTEXT: usize = 6144;
const MAX_PUBLIC_KEY: usize = 8192;
/// Most keys: the memory of the twin is for tests.
const MAX_KEYS: usize = 1024;
/// The content of an envelope that a parent made.
const FORGED: [u8; 32] = [0x66; 32];

/// A KMS: its keys and its settings.
#[derive(Debug)]
pub(super) struct Kms {
    settings: Settings,
    keys: Mutex<BTreeMap<KeyId, Key>>,
    first: KeyId,
    /// The key of a parent that substitutes ciphertexts.
    parents: Key,
    throttled: AtomicU32,
    envelopes: AtomicU64,
}

/// An operation on a request.
type Operation = fn(&Kms, &Call<'_>) -> Result<Value, Refused>;

/// One request.
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    pub(super) fields: &'a Fields,
    pub(super) encryption_context: EncryptionContext,
    pub(super) recipient: Option<Recipient>,
}

impl Kms {
    pub(super) fn new(settings: Settings) -> Result<Self, Error> {
        let new = || Key::new("SYMMETRIC_DEFAULT", settings.key_policy.clone()).ok_or(Error::NoRandomness);
        let (key, parents) = (new()?, new()?);
        let throttled = if settings.fault == Some(Fault::Throttling) { settings.throttled } else { 0 };
        Ok(Self {
            first: key.id,
            keys: Mutex::new(BTreeMap::from([(key.id, key)])),
            parents,
            throttled: AtomicU32::new(throttled),
            envelopes: AtomicU64::new(0),
            settings,
        })
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn first_key_arn(&self) -> String {
        self.arn(self.first)
    }

    /// Refuses the request while the storm lasts.
    pub(super) fn throttle(&self) -> Result<(), Refused> {
        let less = |left: u32| left.checked_sub(1);
        match self.throttled.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Err(Refused::new("ThrottlingException", "Rate exceeded")),
            Err(_) => Ok(()),
        }
    }

    /// Performs the operation of this name.
    pub(super) fn perform(&self, operation: &str, body: &[u8], now: i64) -> Result<Value, Refused> {
        let (name, perform): (&'static str, Operation) = match operation {
            "Encrypt" => ("Encrypt", Self::encrypt),
            "Decrypt" => ("Decrypt", Self::decrypt),
            "GenerateDataKey" => ("GenerateDataKey", Self::generate_data_key),
            "GenerateDataKeyPair" => ("GenerateDataKeyPair", Self::generate_data_key_pair),
            "GenerateRandom" => ("GenerateRandom", Self::generate_random),
            "DeriveSharedSecret" => ("DeriveSharedSecret", Self::derive_shared_secret),
            "CreateKey" => ("CreateKey", Self::create_key),
            "DescribeKey" => ("DescribeKey", Self::describe_key),
            "GetPublicKey" => ("GetPublicKey", Self::get_public_key),
            "DisableKey" => ("DisableKey", Self::disable_key),
            _ => return Err(Refused::bare("UnknownOperationException")),
        };
        let fields = Fields::parse(body)?;
        let takes_recipient =
            !matches!(name, "Encrypt" | "CreateKey" | "DescribeKey" | "GetPublicKey" | "DisableKey");
        let recipient = if takes_recipient { Recipient::of(&fields, &self.settings, now)? } else { None };
        let encryption_context = fields.encryption_context()?;
        perform(self, &Call { operation: name, fields: &fields, encryption_context, recipient })
    }

    fn encrypt(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let plaintext = call.fields.required_bytes("Plaintext", MAX_PLAINTEXT)?;
        let keys = self.keys();
        let key = self.authorized(&keys, call)?;
        symmetric(key, call.fields)?;
        let ciphertext = key.encrypt(&plaintext, &call.encryption_context).ok_or_else(Refused::internal)?;
        Ok(json!({
            "CiphertextBlob": base64(&ciphertext),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "KeyId": self.arn(key.id),
        }))
    }

    fn decrypt(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let invalid = || Refused::bare("InvalidCiphertextException");
        let mut ciphertext = call.fields.required_bytes("CiphertextBlob", MAX_CIPHERTEXT)?;
        let keys = self.keys();
        let mut key = match KeyId::of_ciphertext(&ciphertext).and_then(|id| keys.get(&id)) {
            Some(key) => key,
            // The ciphertext of a parent's own key, as an answer under the same fault has it.
            None if KeyId::of_ciphertext(&ciphertext) == Some(self.parents.id) => &self.parents,
            None => return Err(invalid()),
        };
        if let Some(named) = call.fields.text("KeyId")?
            && self.find(&keys, named)?.id != key.id
        {
            let message =
                "The key ID in the request does not identify a CMK that can perform this operation.";
            return Err(Refused::new("IncorrectKeyException", message));
        }
        self.authorize(key, call)?;
        symmetric(key, call.fields)?;
        if self.faulty(call) == Some(Fault::Substituted) {
            // What the parent sent in place of the enclave's ciphertext. KMS does as it is requested, and names the key.
            ciphertext =
                self.parents.encrypt(&FORGED, &call.encryption_context).ok_or_else(Refused::internal)?;
            key = &self.parents;
        }
        let plaintext = key.decrypt(&ciphertext, &call.encryption_context).ok_or_else(invalid)?;
        let answer = json!({ "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyMaterialId": material_id(key) });
        self.released(call, Some(key), answer, "Plaintext", &plaintext)
    }

    fn generate_data_key(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let size = match (call.fields.text("KeySpec")?, call.fields.count("NumberOfBytes")?) {
            (Some("AES_256"), None) => 32,
            (Some("AES_128"), None) => 16,
            (None, Some(size)) => size,
            _ => {
                let message = "Please specify either number of bytes or key spec.";
                return Err(Refused::validation(message));
            }
        };
        let keys = self.keys();
        let key = self.authorized(&keys, call)?;
        symmetric(key, call.fields)?;
        let plaintext = random(size)?;
        let answer = json!({
            "CiphertextBlob": base64(&self.wrapped(key, call, &plaintext)?),
            "KeyMaterialId": material_id(key),
        });
        self.released(call, Some(key), answer, "Plaintext", &plaintext)
    }

    fn generate_data_key_pair(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let spec = call.fields.required_text("KeyPairSpec")?;
        let size = match spec {
            "RSA_2048" => Some(KeySize::Rsa2048),
            "RSA_3072" => Some(KeySize::Rsa3072),
            "RSA_4096" => Some(KeySize::Rsa4096),
            _ => None,
        };
        let curve = ecdh::algorithm(spec);
        if size.is_none() && curve.is_none() {
            return Err(Refused::validation(format!(
                "KeyPairSpec: this twin makes no {}",
                spec.escape_debug()
            )));
        }
        // Authorized before the key is made, which takes a while, and outside of the lock.
        self.authorized(&self.keys(), call).and_then(|key| symmetric(key, call.fields))?;
        let pair = match (size, curve) {
            (Some(size), _) => rsa_pair(size),
            (None, curve) => curve.and_then(ecdh::pair),
        };
        let (private, public) = pair.ok_or_else(Refused::internal)?;
        let keys = self.keys();
        let key = self.authorized(&keys, call)?;
        let answer = json!({
            "KeyPairSpec": spec,
            "PublicKey": base64(&public),
            "PrivateKeyCiphertextBlob": base64(&self.wrapped(key, call, &private)?),
            "KeyMaterialId": material_id(key),
        });
        self.released(call, Some(key), answer, "PrivateKeyPlaintext", &private)
    }

    /// Authorized by IAM alone on AWS, and so to every caller of this twin.
    fn generate_random(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let size = call.fields.count("NumberOfBytes")?;
        let size =
            size.ok_or_else(|| Refused::validation("NumberOfBytes: expected a number from 1 to 1024"))?;
        self.released(call, None, json!({}), "Plaintext", &random(size)?)
    }

    fn derive_shared_secret(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let peer = call.fields.required_bytes("PublicKey", MAX_PUBLIC_KEY)?;
        if call.fields.required_text("KeyAgreementAlgorithm")? != "ECDH" {
            return Err(Refused::validation("KeyAgreementAlgorithm: expected ECDH"));
        }
        let keys = self.keys();
        let key = self.authorized(&keys, call)?;
        let Material::Agreement(_, pair) = &key.material else { return Err(wrong_usage(key)) };
        dry_run(call.fields)?;
        let secret = ecdh::shared_secret(pair, &peer)
            .ok_or_else(|| Refused::validation("PublicKey: expected a key of the same curve, in DER"))?;
        let answer = json!({
            "KeyAgreementAlgorithm": "ECDH",
            "KeyOrigin": "AWS_KMS",
            "KeyMaterialId": material_id(key),
        });
        self.released(call, Some(key), answer, "SharedSecret", &secret)
    }

    fn create_key(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let spec = call.fields.text("KeySpec")?.unwrap_or("SYMMETRIC_DEFAULT");
        let policy = match call.fields.text("Policy")? {
            Some(text) => KeyPolicy::parse(text)
                .map_err(|error| Refused::new("MalformedPolicyDocumentException", error.to_string()))?,
            None => self.settings.key_policy.clone(),
        };
        let key = Key::new(spec, policy).ok_or_else(|| {
            Refused::validation(format!("KeySpec: this twin makes no {}", spec.escape_debug()))
        })?;
        if call.fields.text("KeyUsage")?.is_some_and(|usage| usage != key.usage()) {
            return Err(Refused::validation(format!("KeyUsage: expected {} for {spec}", key.usage())));
        }
        let mut keys = self.keys();
        if keys.len() >= MAX_KEYS {
            return Err(Refused::new("LimitExceededException", "this twin has no more keys"));
        }
        let answer = json!({ "KeyMetadata": self.metadata(&key) });
        keys.insert(key.id, key);
        Ok(answer)
    }

    fn describe_key(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let keys = self.keys();
        let key = self.named(&keys, call)?;
        self.authorize_by_policy(key, call)?;
        Ok(json!({ "KeyMetadata": self.metadata(key) }))
    }

    fn get_public_key(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let keys = self.keys();
        let key = self.authorized(&keys, call)?;
        let Material::Agreement(spec, pair) = &key.material else {
            let message = format!("{} is symmetric: it has no public key", self.arn(key.id));
            return Err(Refused::new("UnsupportedOperationException", message));
        };
        let public = ecdh::public_key(pair).ok_or_else(Refused::internal)?;
        Ok(json!({
            "KeyId": self.arn(key.id),
            "KeySpec": spec,
            "KeyUsage": key.usage(),
            "PublicKey": base64(&public),
            "KeyAgreementAlgorithms": ["ECDH"],
        }))
    }

    fn disable_key(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let mut keys = self.keys();
        let key = self.named(&keys, call)?;
        self.authorize_by_policy(key, call)?;
        let id = key.id;
        if let Some(key) = keys.get_mut(&id) {
            key.enabled = false;
        }
        Ok(json!({}))
    }

    /// The answer with a secret: in plain text, or in an envelope for the recipient of the request.
    fn released(
        &self,
        call: &Call<'_>,
        key: Option<&Key>,
        mut answer: Value,
        member: &str,
        secret: &[u8],
    ) -> Result<Value, Refused> {
        dry_run(call.fields)?;
        let fault = self.faulty(call);
        let named = if fault == Some(Fault::OtherKey) { Some(&self.parents) } else { key };
        if let (Some(_), Some(named)) = (key, named) {
            set(&mut answer, "KeyId", self.arn(named.id).into());
        }
        if call.recipient.is_none() || matches!(fault, Some(Fault::Plaintext | Fault::Both)) {
            set(&mut answer, member, base64(secret));
        }
        if let Some(recipient) = &call.recipient
            && !matches!(fault, Some(Fault::Plaintext | Fault::Missing))
        {
            let content = if fault == Some(Fault::Forged) { &FORGED } else { secret };
            let shape = Shape::of(content, self.envelopes.fetch_add(1, Ordering::Relaxed));
            let envelope =
                envelope::seal(content, &recipient.public_key, shape).ok_or_else(Refused::internal)?;
            set(&mut answer, "CiphertextForRecipient", base64(&envelope));
        }
        Ok(answer)
    }

    /// A data key under a KMS key, or what a parent puts in its place.
    fn wrapped(&self, key: &Key, call: &Call<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Refused> {
        let ciphertext = if self.faulty(call) == Some(Fault::Substituted) {
            self.parents.encrypt(&FORGED, &call.encryption_context)
        } else {
            key.encrypt(plaintext, &call.encryption_context)
        };
        ciphertext.ok_or_else(Refused::internal)
    }

    /// The fault, of a request with a recipient.
    fn faulty(&self, call: &Call<'_>) -> Option<Fault> {
        self.settings.fault.filter(|_| call.recipient.is_some())
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<KeyId, Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a key that is not symmetric, another algorithm, and a dry run, which ends here.
fn symmetric(key: &Key, fields: &Fields) -> Result<(), Refused> {
    let algorithm = fields.text("EncryptionAlgorithm")?.unwrap_or("SYMMETRIC_DEFAULT");
    if !matches!(key.material, Material::Symmetric(_)) || algorithm != "SYMMETRIC_DEFAULT" {
        return Err(wrong_usage(key));
    }
    dry_run(fields)
}

fn dry_run(fields: &Fields) -> Result<(), Refused> {
    if fields.is_true("DryRun") {
        let message = "The request would have succeeded, but the DryRun option is set.";
        return Err(Refused::new("DryRunOperationException", message));
    }
    Ok(())
}

fn wrong_usage(key: &Key) -> Refused {
    let message = format!("the key has the usage {}: the request is for another", key.usage());
    Refused::new("InvalidKeyUsageException", message)
}

/// The id of a key's material: 64 hexadecimal digits.
fn material_id(key: &Key) -> String {
    let id = key.id.to_string().replace('-', "");
    format!("{id}{id}")
}

fn rsa_pair(size: KeySize) -> Option<(Vec<u8>, Vec<u8>)> {
    let pair = RsaKeyPair::generate(size).ok()?;
    let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
    Some((private.as_ref().to_vec(), public.as_ref().to_vec()))
}

fn random(size: usize) -> Result<Vec<u8>, Refused> {
    let mut out = vec![0; size];
    rand::fill(&mut out).map_err(|_| Refused::internal())?;
    Ok(out)
}

fn set(answer: &mut Value, member: &str, value: Value) {
    if let Some(answer) = answer.as_object_mut() {
        answer.insert(member.to_owned(), value);
    }
}
