//! Answers of KMS: what is refused before anything is decrypted, and the secret.

use core::fmt;

use teeproof_core::Escaped;

use super::{KeyMatch, KmsChannel, KmsError, KmsOperation, KmsRequest};
use crate::{DecryptionError, Envelope, RecipientKey, SecretBytes};

/// The members of an answer, as the SDK has them.
#[derive(Default)]
pub(super) struct Members {
    pub(super) envelope: Option<Vec<u8>>,
    /// Plaintext, PrivateKeyPlaintext or SharedSecret: its name, and whether it has bytes.
    pub(super) plaintext: Option<(&'static str, bool)>,
    pub(super) key_id: Option<String>,
    /// CiphertextBlob or PrivateKeyCiphertextBlob.
    pub(super) ciphertext_blob: Option<Vec<u8>>,
    pub(super) public_key: Option<Vec<u8>>,
    /// A parameter of the request that KMS repeats: its name, the requested value and the answered one.
    pub(super) repeated: Option<(&'static str, String, Option<String>)>,
    pub(super) request_id: Option<String>,
}

/// An answer that was checked and decrypted.
#[derive(Debug)]
pub struct KmsAnswer {
    operation: KmsOperation,
    secret: SecretBytes,
    key: Option<(String, KeyMatch)>,
    ciphertext_blob: Option<Vec<u8>>,
    public_key: Option<Vec<u8>>,
    channel: KmsChannel,
    request_id: Option<String>,
}

impl KmsAnswer {
    /// Checks the members against the request, and decrypts the envelope.
    pub(super) fn check(
        members: Members,
        request: &KmsRequest,
        recipient: &RecipientKey,
        channel: KmsChannel,
    ) -> Result<Self, KmsError> {
        let operation = request.operation();
        // A service that ignores Recipient answers like this: the secret has crossed the parent instance.
        if let Some((member, true)) = members.plaintext {
            return Err(KmsError::Plaintext { operation, member });
        }
        let missing = |member| KmsError::Missing { operation, member };
        let envelope = members.envelope.ok_or_else(|| missing("CiphertextForRecipient"))?;
        let key = match request.key() {
            None => None,
            Some(requested) => {
                let answered = members.key_id.ok_or_else(|| missing("KeyId"))?;
                let how = requested.compare(&answered)?;
                Some((answered, how))
            }
        };
        if let Some((member, requested, answered)) = members.repeated
            && answered.as_deref() != Some(requested.as_str())
        {
            let got = answered.unwrap_or_else(|| "nothing".to_owned());
            return Err(KmsError::OtherParameter { member, expected: requested, got });
        }
        let some = |bytes: Option<Vec<u8>>, member| {
            bytes.filter(|bytes| !bytes.is_empty()).ok_or_else(|| missing(member)).map(Some)
        };
        let (ciphertext_blob, public_key) = match operation {
            KmsOperation::GenerateDataKey => (some(members.ciphertext_blob, "CiphertextBlob")?, None),
            KmsOperation::GenerateDataKeyPair => (
                some(members.ciphertext_blob, "PrivateKeyCiphertextBlob")?,
                some(members.public_key, "PublicKey")?,
            ),
            _ => (None, None),
        };
        let envelope = Envelope::parse(&envelope).map_err(KmsError::Envelope)?;
        let secret = recipient.decrypt(&envelope).map_err(KmsError::Decryption)?;
        // The length of an altered plaintext says something of its padding: the one error here, too.
        if request.secret_bytes().is_some_and(|expected| expected != secret.as_bytes().len()) {
            return Err(KmsError::Decryption(DecryptionError));
        }
        let request_id = members.request_id;
        Ok(Self { operation, secret, key, ciphertext_blob, public_key, channel, request_id })
    }

    /// The operation.
    #[must_use]
    pub const fn operation(&self) -> KmsOperation {
        self.operation
    }

    /// The plaintext, data key, private key (PKCS #8 in DER), random bytes or shared secret.
    #[must_use]
    pub const fn secret(&self) -> &SecretBytes {
        &self.secret
    }

    /// The ARN of the key that KMS used, and how it was compared with the requested one. GenerateRandom has none.
    #[must_use]
    pub fn key(&self) -> Option<(&str, KeyMatch)> {
        self.key.as_ref().map(|(arn, how)| (arn.as_str(), *how))
    }

    /// The data key or the private key under the KMS key: what Decrypt takes later.
    #[must_use]
    pub fn ciphertext_blob(&self) -> Option<&[u8]> {
        self.ciphertext_blob.as_deref()
    }

    /// The public key of a data key pair, as SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn public_key(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
    }

    /// Where the connection ended that carried the answer: whether the secret is of KMS.
    #[must_use]
    pub const fn channel(&self) -> KmsChannel {
        self.channel
    }

    /// The id of the request, for AWS support and CloudTrail: foreign text.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for KmsAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, channel, .. } = self;
        write!(f, "{operation}: {} bytes", self.secret.as_bytes().len())?;
        if let Some((arn, _)) = self.key() {
            write!(f, " of {}", Escaped(arn))?;
        }
        write!(f, ", {channel}")
    }
}
