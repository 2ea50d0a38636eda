//! The client: one request, one document, one answer.

use core::time::Duration;
use std::error::Error;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_sdk_kms::config::{Region, StalledStreamProtectionConfig};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{
    DataKeyPairSpec, DataKeySpec, EncryptionAlgorithmSpec, KeyAgreementAlgorithmSpec, KeyEncryptionMechanism,
    RecipientInfo,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::answer::Members;
use super::connector::{Connector, NoResponse, Purpose, check_url};
use super::{DataKeyLength, KmsAnswer, KmsChannel, KmsError, KmsOperation, KmsProxy, KmsRequest};
use crate::RecipientKey;

/// Makes attestation documents: the Nitro security module of an enclave, or a NitroTPM.
pub trait Documents {
    /// A document with this public key (SubjectPublicKeyInfo in DER) and this nonce, as received.
    ///
    /// # Errors
    /// Whatever keeps it from making one.
    fn document(
        &mut self,
        public_key: &[u8],
        nonce: Option<&[u8]>,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
}

/// Where KMS is, and how long it may take. Everything else is of the AWS SDK: its environment variables and its files
/// name credentials, region, profile and endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KmsSettings {
    /// The region; without one, that of the SDK's environment and files.
    pub region: Option<String>,
    /// The URL of KMS; without one, that of the SDK (`AWS_ENDPOINT_URL_KMS`), or of the region.
    pub url: Option<String>,
    /// The proxy that carries the bytes to KMS.
    pub proxy: Option<KmsProxy>,
    /// The time for one request.
    pub timeout: Duration,
    /// How often a request is repeated that failed for the moment.
    pub retries: u32,
}

impl Default for KmsSettings {
    fn default() -> Self {
        Self { region: None, url: None, proxy: None, timeout: Duration::from_secs(10), retries: 3 }
    }
}

/// The most bytes of a document, as KMS has it.
const MAX_DOCUMENT: usize = 262_144;
/// The longest pause between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// A client of KMS with an RSA key of its own, which lives as long as the client.
#[derive(Debug)]
pub struct KmsClient {
    recipient: RecipientKey,
    settings: KmsSettings,
}

impl KmsClient {
    /// A client with a new RSA key. Make one for each process.
    ///
    /// # Errors
    /// The URL is malformed, or plain HTTP to another machine; no key could be made.
    pub fn new(settings: KmsSettings) -> Result<Self, KmsError> {
        if let Some(url) = &settings.url {
            check_url(url).map_err(no_response)?;
        }
        let recipient = RecipientKey::generate().map_err(KmsError::RecipientKey)?;
        Ok(Self { recipient, settings })
    }

    /// The public key that documents must have, as SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.recipient.public_key()
    }

    /// Sends a request with a new document, checks the answer, and decrypts its secret.
    ///
    /// Waits for the answer. The requests run on a thread of their own, so that the caller may be in a runtime.
    ///
    /// # Errors
    /// No document; no connection; a refusal of KMS; an answer that is not the one of [`KmsAnswer`].
    pub fn send(&self, request: &KmsRequest, documents: &mut dyn Documents) -> Result<KmsAnswer, KmsError> {
        request.check()?;
        let document = documents.document(self.public_key(), None).map_err(KmsError::Document)?;
        let bytes = document.len();
        if !(1..=MAX_DOCUMENT).contains(&bytes) {
            return Err(KmsError::Size { what: "the attestation document", bytes, most: MAX_DOCUMENT });
        }
        let failed = |reason: String| KmsError::Settings { reason };
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| failed(error.to_string()))?;
            let answered = runtime.block_on(self.members(request, document));
            // A name that is still being resolved is not waited for.
            runtime.shutdown_background();
            answered
        };
        let joined = std::thread::scope(|scope| scope.spawn(run).join());
        let (members, channel) = joined.unwrap_or_else(|_| Err(failed("the SDK panicked".to_owned())))?;
        KmsAnswer::check(members, request, &self.recipient, channel)
    }

    async fn client(&self) -> (aws_sdk_kms::Client, Connector) {
        let KmsSettings { region, url, proxy, timeout, retries } = &self.settings;
        let version = BehaviorVersion::latest();
        let credentials = Connector::new(Purpose::Credentials, None, *timeout);
        let mut loader = aws_config::defaults(version).http_client(credentials);
        if let Some(region) = region {
            loader = loader.region(Region::new(region.clone()));
        }
        let retry = RetryConfig::standard()
            .with_max_attempts(retries.saturating_add(1))
            .with_max_backoff(MAX_BACKOFF);
        let connector = Connector::new(Purpose::Kms, proxy.clone(), *timeout);
        let mut config = aws_sdk_kms::config::Builder::from(&loader.load().await)
            .http_client(connector.clone())
            .retry_config(retry)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(url) = url {
            config = config.endpoint_url(url);
        }
        (aws_sdk_kms::Client::from_conf(config.build()), connector)
    }

    /// Sends the request and returns the members of the answer, and the channel that carried it.
    async fn members(
        &self,
        request: &KmsRequest,
        document: Vec<u8>,
    ) -> Result<(Members, KmsChannel), KmsError> {
        let (client, connector) = self.client().await;
        let recipient = RecipientInfo::builder()
            .attestation_document(Blob::new(document))
            .key_encryption_algorithm(KeyEncryptionMechanism::RsaesOaepSha256)
            .build();
        let members = sent(&client, request, recipient).await?;
        // There is one of every response.
        Ok((members, connector.channel().unwrap_or(KmsChannel::NotEncrypted)))
    }
}

/// Each operation, and the members of its answer.
async fn sent(
    client: &aws_sdk_kms::Client,
    request: &KmsRequest,
    recipient: RecipientInfo,
) -> Result<Members, KmsError> {
    let operation = request.operation();
    let pairs = |context: &super::EncryptionContext| {
        context.pairs().map(|pairs| pairs.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    let bytes = |blob: Option<Blob>| blob.map(Blob::into_inner);
    let clear =
        |name, blob: &Option<Blob>| Some((name, blob.as_ref().is_some_and(|blob| !blob.as_ref().is_empty())));
    match request {
        KmsRequest::Decrypt { key, ciphertext, .. }
        | KmsRequest::DecryptAsymmetric { key, ciphertext, .. } => {
            let (algorithm, context) = match request {
                KmsRequest::Decrypt { context, .. } => ("SYMMETRIC_DEFAULT", pairs(context)),
                KmsRequest::DecryptAsymmetric { algorithm, .. } => (algorithm.as_str(), None),
                _ => ("", None),
            };
            let send = client
                .decrypt()
                .key_id(key.as_str())
                .ciphertext_blob(Blob::new(ciphertext.as_slice()))
                .encryption_algorithm(EncryptionAlgorithmSpec::from(algorithm))
                .set_encryption_context(context)
                .recipient(recipient);
            let answer = send.send().await.map_err(|error| failed(operation, error))?;
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
        KmsRequest::GenerateDataKey { key, length, context } => {
            let send = client
                .generate_data_key()
                .key_id(key.as_str())
                .set_encryption_context(pairs(context))
                .recipient(recipient);
            let send = match length {
                DataKeyLength::Aes128 => send.key_spec(DataKeySpec::Aes128),
                DataKeyLength::Aes256 => send.key_spec(DataKeySpec::Aes256),
                DataKeyLength::Bytes(bytes) => send.number_of_bytes((*bytes).into()),
            };
            let answer = send.send().await.map_err(|error| failed(operation, error))?;
            Ok(Members {
                request_id: answer.request_id().map(str::to_owned),
                plaintext: clear("Plaintext", &answer.plaintext),
                envelope: bytes(answer.ciphertext_for_recipient),
                key_id: answer.key_id,
                ciphertext_blob: bytes(answer.ciphertext_blob),
                ..Members::default()
            })
        }
        KmsRequest::GenerateDataKeyPair { key, pair, context } => {
            let send = client
                .generate_data_key_pair()
                .key_id(key.as_str())
                .key_pair_spec(DataKeyPairSpec::from(pair.as_str()))
                .set_encryption_context(pairs(context))
                .recipient(recipient);
            let answer = send.send().await.map_err(|error| failed(operation, error))?;
            let made = answer.key_pair_spec.as_ref().map(|made| made.as_str().to_owned());
            Ok(Members {
                request_id: answer.request_id().map(str::to_owned),
                plaintext: clear("PrivateKeyPlaintext", &answer.private_key_plaintext),
                envelope: bytes(answer.ciphertext_for_recipient),
                key_id: answer.key_id,
                ciphertext_blob: bytes(answer.private_key_ciphertext_blob),
                public_key: bytes(answer.public_key),
                repeated: Some(("KeyPairSpec", pair.clone(), made)),
            })
        }
        KmsRequest::GenerateRandom { bytes: count } => {
            let send = client.generate_random().number_of_bytes((*count).into()).recipient(recipient);
            let answer = send.send().await.map_err(|error| failed(operation, error))?;
            Ok(Members {
                request_id: answer.request_id().map(str::to_owned),
                plaintext: clear("Plaintext", &answer.plaintext),
                envelope: bytes(answer.ciphertext_for_recipient),
                ..Members::default()
            })
        }
        KmsRequest::DeriveSharedSecret { key, public_key } => {
            let send = client
                .derive_shared_secret()
                .key_id(key.as_str())
                .key_agreement_algorithm(KeyAgreementAlgorithmSpec::Ecdh)
                .public_key(Blob::new(public_key.as_slice()))
                .recipient(recipient);
            let answer = send.send().await.map_err(|error| failed(operation, error))?;
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

fn no_response(error: NoResponse) -> KmsError {
    match error {
        NoResponse::Url(url) => KmsError::Url(url),
        NoResponse::NotEncrypted(url) => KmsError::NotEncrypted { url },
        NoResponse::Io { to, reason } => KmsError::Unreachable { to, reason },
        NoResponse::Late { to } => KmsError::Late { to },
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
