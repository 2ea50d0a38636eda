//! The client: one request, one document, one answer.

use core::time::Duration;
use std::error::Error;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_sdk_kms::config::{Region, StalledStreamProtectionConfig};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyEncryptionMechanism, RecipientInfo};

use super::answer::Members;
use super::connector::{Connector, NoResponse, Purpose, check_url};
use super::operations::Operations;
use super::{KmsAnswer, KmsChannel, KmsError, KmsProxy, KmsRequest};
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
        let members = Operations { client, recipient }.send(request).await?;
        // There is one of every response.
        Ok((members, connector.channel().unwrap_or(KmsChannel::NotEncrypted)))
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
