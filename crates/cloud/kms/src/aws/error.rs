//! Errors of operations with a Recipient, with a hint for each.

use core::fmt;

use teeproof_core::Escaped;

use super::KmsOperation;
use crate::{DecryptionError, RecipientKeyError};

/// No secret was released.
#[derive(Debug)]
#[non_exhaustive]
pub enum KmsError {
    /// The text is not an identifier of a key.
    KeyIdForm(String),
    /// The text is not the address of a proxy.
    ProxyForm(String),
    /// The text is not the URL of a service.
    Url(String),
    /// Plain HTTP to another machine.
    NotEncrypted {
        /// The URL.
        url: String,
    },
    /// The encryption context is missing or too long.
    Context(&'static str),
    /// A part of the request is empty or larger than KMS takes.
    Size {
        /// The part.
        what: &'static str,
        /// Its bytes.
        bytes: usize,
        /// The most bytes.
        most: usize,
    },
    /// No attestation document.
    Document(Box<dyn core::error::Error + Send + Sync>),
    /// No RSA key could be made.
    RecipientKey(RecipientKeyError),
    /// The SDK lacks credentials, a region or another setting.
    Settings {
        /// The error of the SDK.
        reason: String,
    },
    /// No connection, or it failed.
    Unreachable {
        /// The host or the proxy.
        to: String,
        /// The error of the connection.
        reason: String,
    },
    /// No response within the time limit.
    Late {
        /// The host or the proxy.
        to: String,
    },
    /// The response is not one of KMS.
    Response {
        /// The operation.
        operation: KmsOperation,
        /// The error of the SDK.
        reason: String,
    },
    /// KMS refused the request.
    Refused {
        /// The operation.
        operation: KmsOperation,
        /// The code of KMS: `AccessDeniedException`.
        code: String,
        /// The message of KMS: foreign text.
        message: String,
        /// The id of the request, for CloudTrail.
        request_id: Option<String>,
    },
    /// The answer has the secret in the clear: the document was ignored.
    Plaintext {
        /// The operation.
        operation: KmsOperation,
        /// Plaintext, PrivateKeyPlaintext or SharedSecret.
        member: &'static str,
    },
    /// A member is missing.
    Missing {
        /// The operation.
        operation: KmsOperation,
        /// The member.
        member: &'static str,
    },
    /// The answer is of another key than the requested one.
    OtherKey {
        /// The requested key.
        expected: String,
        /// The KeyId of the answer.
        got: String,
    },
    /// The answer has another parameter than the request.
    OtherParameter {
        /// The member.
        member: &'static str,
        /// The requested value.
        expected: String,
        /// The value of the answer.
        got: String,
    },
    /// CiphertextForRecipient is not an envelope of KMS.
    Envelope(teeproof_wire::Error),
    /// The envelope does not decrypt.
    Decryption(DecryptionError),
}

impl KmsError {
    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::KeyIdForm(_) => {
                "give a key id, a key ARN, alias/NAME or an alias ARN; a key ARN is compared in full"
            }
            Self::ProxyForm(_) => "give it as vsock:3:PORT, tcp:HOST:PORT or unix:PATH",
            Self::Url(_) => "give it as https://HOST or http://127.0.0.1:PORT",
            Self::NotEncrypted { .. } => {
                "give an https URL; plain HTTP is for loopback only, without a proxy on another machine"
            }
            Self::Context(_) => {
                "give NAME=VALUE pairs that say what the secret is for; nobody can then hand in the ciphertext of another \
                 purpose"
            }
            Self::Size { .. } => "see the limits of the operation in the KMS API reference",
            Self::Document(_) => {
                "run this in an enclave or on an instance with a NitroTPM, and check its device"
            }
            Self::RecipientKey(_) => "try again, and check the memory of this machine",
            Self::Settings { .. } => {
                "set AWS_REGION, and credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or a \
                 profile; an enclave has no instance metadata, so the parent has to pass them"
            }
            Self::Unreachable { .. } | Self::Late { .. } => {
                "check the network; in an enclave, give --proxy vsock:3:8000 and run vsock-proxy 8000 \
                 kms.REGION.amazonaws.com 443 on the parent"
            }
            Self::Response { .. } => "something else than KMS may answer at this address, such as a proxy",
            Self::Refused { code, .. } => refused(code),
            Self::Plaintext { .. } => {
                "do not use the secret: whatever answered ignored the attestation document, and everyone on the way \
                 saw the secret"
            }
            Self::Missing { .. } | Self::OtherParameter { .. } | Self::Envelope(_) => {
                "something else than KMS may answer at this address, such as a proxy or an emulator"
            }
            Self::OtherKey { .. } => {
                "the ciphertext is of another key, or something between KMS and this process substituted it: compare the \
                 ARN with that of your key"
            }
            Self::Decryption(error) => error.hint(),
        }
    }
}

/// What to do about a code of KMS.
fn refused(code: &str) -> &'static str {
    match code {
        "AccessDeniedException" => {
            "the key policy, an IAM policy or a grant must allow the operation to these credentials, and every condition \
             must hold for the document: kms:RecipientAttestation:ImageSha384 is PCR 0, kms:RecipientAttestation:PCRn PCR n \
             (of a NitroTPM NitroTPMPCRn), PCR 0, 1, 2 and 8 zero in debug mode; and kms:EncryptionContext:NAME. Compare \
             them with the PCRs of the document, and lint the key policy"
        }
        "InvalidCiphertextException" => {
            "the ciphertext was altered, is not of KMS, or was made with another encryption context: give the same pairs"
        }
        "IncorrectKeyException" => "the ciphertext is of another key: give the key that it was made with",
        "NotFoundException" => "check key, account and region: a key exists in one region",
        "DisabledException" | "KMSInvalidStateException" => {
            "the key is disabled or pending deletion: see its state with aws kms describe-key"
        }
        "InvalidKeyUsageException" => {
            "the key has another use or kind: Decrypt and data keys need ENCRYPT_DECRYPT, DeriveSharedSecret KEY_AGREEMENT"
        }
        "ValidationException" => {
            "the document may be older than about 5 minutes, not signed by AWS, or without an RSA public key: make a new \
             one, and check the clock of this machine"
        }
        "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "LimitExceededException" => {
            "too many requests in this account and region: wait a little, or raise --retries"
        }
        "KMSInternalException"
        | "DependencyTimeoutException"
        | "KeyUnavailableException"
        | "ServiceUnavailableException"
        | "InternalFailure" => "KMS has a problem of its own: try again later",
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestExpired" | "RequestTimeTooSkewed" => {
            "check the clock of this machine, the secret access key and the region; an enclave's clock drifts"
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException"
        | "ExpiredToken" => {
            "the credentials are unknown or have expired: get new ones, with their session token"
        }
        "DryRunOperationException" => "the request was a dry run: nothing is released",
        _ => "see the code in the KMS API reference, and the request in CloudTrail",
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyIdForm(text) => write!(f, "{} is not an identifier of a KMS key", Escaped(text)),
            Self::ProxyForm(text) => write!(f, "{} is not the address of a proxy", Escaped(text)),
            Self::Url(text) => write!(f, "{} is not a URL of HTTP or HTTPS with a host", Escaped(text)),
            Self::NotEncrypted { url } => write!(f, "{} is plain HTTP to another machine", Escaped(url)),
            Self::Context(what) => write!(f, "encryption context: {what}"),
            Self::Size { what, bytes, most } => write!(f, "{what}: expected 1 to {most} bytes, got {bytes}"),
            Self::Document(error) => write!(f, "no attestation document: {error}"),
            Self::RecipientKey(error) => error.fmt(f),
            Self::Settings { reason } => write!(f, "settings of the AWS SDK: {}", Escaped(reason)),
            Self::Unreachable { to, reason } => write!(f, "{to} does not answer: {}", Escaped(reason)),
            Self::Late { to } => write!(f, "{to}: no response within the time limit"),
            Self::Response { operation, reason } => {
                write!(f, "{operation}: malformed response: {}", Escaped(reason))
            }
            Self::Refused { operation, code, message, request_id } => {
                write!(f, "{operation}: {}: {}", Escaped(code), Escaped(message))?;
                match request_id {
                    Some(id) => write!(f, " (request {})", Escaped(id)),
                    None => Ok(()),
                }
            }
            Self::Plaintext { operation, member } => {
                write!(
                    f,
                    "{operation}: the answer has {member} in the clear; expected CiphertextForRecipient alone"
                )
            }
            Self::Missing { operation, member } => write!(f, "{operation}: the answer has no {member}"),
            Self::OtherKey { expected, got } => {
                write!(f, "KeyId: expected {}, got {}", Escaped(expected), Escaped(got))
            }
            Self::OtherParameter { member, expected, got } => {
                write!(f, "{member}: expected {}, got {}", Escaped(expected), Escaped(got))
            }
            Self::Envelope(error) => write!(f, "CiphertextForRecipient: {error}"),
            Self::Decryption(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for KmsError {}
