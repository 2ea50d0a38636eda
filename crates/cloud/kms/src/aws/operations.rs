//! Requests of the SDK and the members of their answers, one operation each; errors of the SDK.

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{
    DataKeyPairSpec, DataKeySpec, EncryptionAlgorithmSpec, KeyAgreementAlgorithmSpec, RecipientInfo,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::answer::Members;
use super::connector::NoResponse;
use super::request::SYMMETRIC;
use super::{DataKeyLength, EncryptionContext, KmsError, KmsKeyId, KmsOperation, KmsRequest};

/// The operations for one recipient.
pub(super) struct Operations {
    pub(super) client: Client,
    pub(super) recipient: RecipientInfo,
}

impl Operations {
    /// Sends a request and returns the members of its answer.
    pub(super) async fn send(self, request: &KmsRequest) -> Result<Members, KmsError> {
        match request {
            KmsRequest::Decrypt { key, ciphertext, context } => {
                self.decrypt(key, ciphertext, SYMMETRIC, pairs(context)).await
            }
            KmsRequest::DecryptAsymmetric { key, ciphertext, algorithm } => {
                self.decrypt(key, ciphertext, algorithm, None).await
            }
            KmsRequest::GenerateDataKey { key, length, context } => {
                self.data_key(key, *length, context).await
            }
            KmsRequest::GenerateDataKeyPair { key, pair, context } => {
                self.data_key_pair(key, pair, context).await
            }
            KmsRequest::GenerateRandom { bytes } => self.random(*bytes).await,
            KmsRequest::DeriveSharedSecret { key, public_key } => self.shared_secret(key, public_key).await,
        }
    }

    async fn decrypt(
        self,
        key: &KmsKeyId,
        ciphertext: &[u8],
        algorithm: &str,
        context: Option<HashMap<String, String>>,
    ) -> Result<Members, KmsError> {
        let send = self
            .client
            .decrypt()
            .key_id(key.as_str())
            .ciphertext_blob(Blob::new(ciphertext))
            .encryption_algorithm(EncryptionAlgorithmSpec::from(algorithm))
            .set_encryption_context(context)
            .recipient(self.recipient);
        let answer = send.send().await.map_err(|error| failed(KmsOperation::Decrypt, error))?;
        let used = answer.encryption_algorithm.as_ref().map(|used| used.as_str().to_owned());
        Ok(Members {
            request_id: answer.request_id().map(str::to_owned),
            plaintext: clear("Plaintext", &answer.plaintext),
            envelope: bytes(answer.ciphertext_for_recipient),
            key_id: answer.key_id,
            repeated: Some(("EncryptionAlgorithm", algorithm.to_owned(), used)),
            ..Members::default()
        })
    }

    async fn data_key(
        self,
        key: &KmsKeyId,
        length: DataKeyLength,
        context: &EncryptionContext,
    ) -> Result<Members, KmsError> {
        let send = self.client.generate_data_key().key_id(key.as_str());
        let send = send.set_encryption_context(pairs(context)).recipient(self.recipient);
        let send = match length {
            DataKeyLength::Aes128 => send.key_spec(DataKeySpec::Aes128),
            DataKeyLength::Aes256 => send.key_spec(DataKeySpec::Aes256),
            DataKeyLength::Bytes(bytes) => send.number_of_bytes(bytes.into()),
        };
        let answer = send.send().await.map_err(|error| failed(KmsOperation::GenerateDataKey, error))?;
        Ok(Members {
            request_id: answer.request_id().map(str::to_owned),
            plaintext: clear("Plaintext", &answer.plaintext),
            envelope: bytes(answer.ciphertext_for_recipient),
            key_id: answer.key_id,
            ciphertext_blob: bytes(answer.ciphertext_blob),
            ..Members::default()
        })
    }

    async fn data_key_pair(
        self,
        key: &KmsKeyId,
        pair: &str,
        context: &EncryptionContext,
    ) -> Result<Members, KmsError> {
        let send = self
            .client
            .generate_data_key_pair()
            .key_id(key.as_str())
            .key_pair_spec(DataKeyPairSpec::from(pair))
            .set_encryption_context(pairs(context))
            .recipient(self.recipient);
        let answer = send.send().await.map_err(|error| failed(KmsOperation::GenerateDataKeyPair, error))?;
        let made = answer.key_pair_spec.as_ref().map(|made| made.as_str().to_owned());
        Ok(Members {
            request_id: answer.request_id().map(str::to_owned),
            plaintext: clear("PrivateKeyPlaintext", &answer.private_key_plaintext),
            envelope: bytes(answer.ciphertext_for_recipient),
            key_id: answer.key_id,
            ciphertext_blob: bytes(answer.private_key_ciphertext_blob),
            public_key: bytes(answer.public_key),
            repeated: Some(("KeyPairSpec", pair.to_owned(), made)),
        })
    }

    async fn random(self, count: u16) -> Result<Members, KmsError> {
        let send = self.client.generate_random().number_of_bytes(count.into()).recipient(self.recipient);
        let answer = send.send().await.map_err(|error| failed(KmsOperation::GenerateRandom, error))?;
        Ok(Members {
            request_id: answer.request_id().map(str::to_owned),
            plaintext: clear("Plaintext", &answer.plaintext),
            envelope: bytes(answer.ciphertext_for_recipient),
            ..Members::default()
        })
    }

    async fn shared_secret(self, key: &KmsKeyId, public_key: &[u8]) -> Result<Members, KmsError> {
        let send = self
            .client
            .derive_shared_secret()
            .key_id(key.as_str())
            .key_agreement_algorithm(KeyAgreementAlgorithmSpec::Ecdh)
            .public_key(Blob::new(public_key))
            .recipient(self.recipient);
        let answer = send.send().await.map_err(|error| failed(KmsOperation::DeriveSharedSecret, error))?;
        let used = answer.key_agreement_algorithm.as_ref().map(|used| used.as_str().to_owned());
        Ok(Members {
            request_id: answer.request_id().map(str::to_owned),
            plaintext: clear("SharedSecret", &answer.shared_secret),
            envelope: bytes(answer.ciphertext_for_recipient),
            key_id: answer.key_id,
            repeated: Some(("KeyAgreementAlgorithm", "ECDH".to_owned(), used)),
            ..Members::default()
        })
    }
}

fn pairs(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    context.pairs().map(|pairs| pairs.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn bytes(blob: Option<Blob>) -> Option<Vec<u8>> {
    blob.map(Blob::into_inner)
}

/// A member that must have no bytes: its name, and whether it has some.
fn clear(member: &'static str, blob: &Option<Blob>) -> Option<(&'static str, bool)> {
    Some((member, blob.as_ref().is_some_and(|blob| !blob.as_ref().is_empty())))
}

/// The error of a request that was not answered with a result.
fn failed<E>(operation: KmsOperation, error: SdkError<E, HttpResponse>) -> KmsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let request_id = error.meta().extra("aws_request_id").map(str::to_owned);
    match error {
        SdkError::ServiceError(refused) => match refused.err().meta().code() {
            Some(code) => KmsError::Refused {
                operation,
                code: code.to_owned(),
                message: refused.err().meta().message().unwrap_or("no message").to_owned(),
                request_id,
            },
            // Another status than 200 without the form of a refusal, or a body that is not the operation's.
            None => {
                let status = refused.raw().status().as_u16();
                KmsError::Response { operation, reason: format!("status {status}: {}", chain(refused.err())) }
            }
        },
        SdkError::ResponseError(_) => KmsError::Response { operation, reason: chain(&error) },
        other => match find::<NoResponse>(&other) {
            Some(NoResponse::Url(url)) => KmsError::Url(url.clone()),
            Some(NoResponse::NotEncrypted(url)) => KmsError::NotEncrypted { url: url.clone() },
            Some(NoResponse::Io { to, reason }) => {
                KmsError::Unreachable { to: to.clone(), reason: reason.clone() }
            }
            Some(NoResponse::Late { to }) => KmsError::Late { to: to.clone() },
            // Without credentials or a region, nothing is sent.
            None => KmsError::Settings { reason: chain(&other) },
        },
    }
}

/// The error of this type among the sources.
fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(one) = next {
        if let Some(found) = one.downcast_ref() {
            return Some(found);
        }
        next = one.source();
    }
    None
}

/// The message of an error and of its sources.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(one) = next {
        text = format!("{text}: {one}");
        next = one.source();
    }
    text
}
