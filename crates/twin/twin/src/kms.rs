//! The twin of AWS KMS for attested recipients: its JSON protocol behind SigV4, key policies with conditions on the
//! attestation document, and answers in CMS for the enclave alone.
//!
//! A recipient's document is verified by teeproof. Keys live in memory, and are gone with the process.

mod access;
mod condition;
mod ecdh;
mod envelope;
mod error;
mod faults;
mod fields;
mod key;
mod operations;
mod policy;
mod recipient;
mod service;
mod settings;
mod unique;

use std::net::SocketAddr;
use std::sync::Arc;

pub use faults::Fault;
use operations::Kms as Operations;
pub use policy::{KeyPolicy, PolicyError};
pub use settings::Settings;

use crate::Error;
pub use crate::aws::Credentials;
use crate::http::Service;
use crate::listen::{bind_one, reachable};

/// The twin of KMS.
#[derive(Debug)]
pub struct Kms;

/// A running KMS. Dropping it closes all connections, and forgets every key.
#[derive(Debug)]
pub struct Running {
    service: Service,
    kms: Arc<Operations>,
    key_arn: String,
}

impl Kms {
    /// Makes one symmetric key under the key policy, and serves.
    ///
    /// # Errors
    /// The address is in use, or the operating system gives no random numbers.
    pub fn start(settings: Settings) -> Result<Running, Error> {
        let listener = bind_one(settings.listen)?;
        let kms = Arc::new(Operations::new(settings)?);
        let key_arn = kms.first_key_arn();
        let service = Service::start(listener, service::router(kms.clone()), "of KMS")?;
        Ok(Running { service, kms, key_arn })
    }
}

impl Running {
    /// The URL of the service: `http://` and an address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", reachable(self.service.address()))
    }

    /// Where it listens.
    #[must_use]
    pub const fn listens_on(&self) -> SocketAddr {
        self.service.address()
    }

    /// The ARN of the key that was made at the start.
    #[must_use]
    pub fn key_arn(&self) -> &str {
        &self.key_arn
    }

    /// The only credentials that it takes.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.kms.settings().credentials
    }

    /// The region of its ARNs and of the signatures that it takes.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.kms.settings().region
    }

    /// Environment variables for its clients, as names and values. Clients of the AWS SDKs need nothing else.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let credentials = self.credentials();
        vec![
            ("AWS_ENDPOINT_URL_KMS", self.url()),
            ("AWS_REGION", self.region().to_owned()),
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.clone()),
            ("TEEPROOF_KMS_KEY", self.key_arn.clone()),
        ]
    }
}
