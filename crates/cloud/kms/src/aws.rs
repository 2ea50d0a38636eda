//! The operations of KMS with a Recipient, through the AWS SDK for Rust.

mod answer;
mod channel;
mod client;
mod connector;
mod error;
mod key_id;
mod operations;
mod proxy;
mod request;
mod tls;

pub use answer::KmsAnswer;
pub use channel::KmsChannel;
pub use client::{Documents, KmsClient, KmsSettings};
pub use error::KmsError;
pub use key_id::{KeyMatch, KmsKeyId};
pub use proxy::KmsProxy;
pub use request::{DataKeyLength, EncryptionContext, KmsOperation, KmsRequest};
