//! EC2 through the AWS SDK for Rust: one function for each call, with data of this crate on both sides.

mod calls;
mod connector;
mod error;
mod network;
mod tls;
#[cfg(test)]
mod wire;

use core::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_sdk_ec2::config::{Region, StalledStreamProtectionConfig};
use teeproof_runtime::{FailureClass, ProviderFailure};

pub(crate) use connector::get;
use connector::{Connector, Purpose, check_url};

/// The longest pause between two attempts of the SDK.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Where EC2 is, and how long it may take.
#[derive(Clone, Debug, Default)]
pub(crate) struct SdkSettings {
    pub(crate) region: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
}

/// EC2 in one region.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: aws_sdk_ec2::Client,
    region: String,
}

impl Api {
    /// The API in the region of the settings, or of the SDK's environment and files, with the credentials of its standard
    /// chain.
    pub(crate) async fn new(settings: &SdkSettings) -> Result<Self, Box<ProviderFailure>> {
        if let Some(url) = &settings.url {
            check_url(url)
                .map_err(|error| invalid(error.to_string(), "give an https URL, or one of loopback"))?;
        }
        let connector = |purpose| {
            Connector::new(purpose, settings.timeout)
                .map_err(|reason| invalid(reason, "install CA certificates"))
        };
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(connector(Purpose::Credentials)?);
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let loaded = loader.load().await;
        let none = || invalid("no region".to_owned(), "set AWS_REGION, or a region in the AWS profile");
        let region =
            loaded.region().map(ToString::to_string).filter(|region| !region.is_empty()).ok_or_else(none)?;
        let retry =
            RetryConfig::standard().with_max_attempts(settings.attempts.max(1)).with_max_backoff(MAX_BACKOFF);
        let mut config = aws_sdk_ec2::config::Builder::from(&loaded)
            .http_client(connector(Purpose::Ec2)?)
            .retry_config(retry)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(url) = &settings.url {
            config = config.endpoint_url(url);
        }
        Ok(Self { client: aws_sdk_ec2::Client::from_conf(config.build()), region })
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The API in another region, with the same credentials.
    pub(crate) fn in_region(&self, region: &str) -> Self {
        if region == self.region {
            return self.clone();
        }
        let config = self.client.config().to_builder().region(Region::new(region.to_owned()));
        Self { client: aws_sdk_ec2::Client::from_conf(config.build()), region: region.to_owned() }
    }
}

/// A failure of the settings.
fn invalid(message: String, hint: &str) -> Box<ProviderFailure> {
    Box::new(ProviderFailure {
        call: "AWS SDK".to_owned(),
        class: FailureClass::Invalid,
        code: None,
        request_id: None,
        message,
        hint: hint.to_owned(),
    })
}
