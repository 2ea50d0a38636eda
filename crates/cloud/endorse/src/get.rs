//! HTTP GET, bounded in time and size.

use core::fmt;
use std::time::Duration;

use ureq::Agent;

use crate::Error;

/// Fetches the content of an address.
pub trait Get {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// No response, none within the timeout, another status than 200, or too many bytes.
    fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Vec<u8>, Error>;
}

/// Plain HTTP: no TLS, no proxy whatever the environment says, no redirect.
pub struct Http {
    agent: Agent,
}

/// The most bytes of a response: three certificates have about 6 KiB.
const MAX_BYTES: u64 = 64 * 1024;

impl Http {
    /// A client that gives up on a request after this time.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .build();
        Self { agent: config.into() }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Get for Http {
    fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Vec<u8>, Error> {
        // Without TLS in it, the client would not notice in time that it is needed.
        if !url.starts_with("http://") {
            return Err(Error::Address(url.to_owned()));
        }
        let request =
            headers.iter().fold(self.agent.get(url), |request, (name, value)| request.header(*name, *value));
        let mut answer = request.call().map_err(|error| failed(url, error))?;
        match answer.status().as_u16() {
            200 => {}
            status => return Err(Error::Status { url: url.to_owned(), status }),
        }
        answer.body_mut().with_config().limit(MAX_BYTES).read_to_vec().map_err(|error| failed(url, error))
    }
}

fn failed(url: &str, error: ureq::Error) -> Error {
    let url = url.to_owned();
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::TlsRequired => Error::Address(url),
        ureq::Error::Timeout(_) => Error::Late { url },
        ureq::Error::BodyExceedsLimit(limit) => Error::TooLarge { url, limit },
        ureq::Error::Protocol(error) => Error::Malformed { url, what: error.to_string() },
        error => Error::Unreachable { url, reason: error.to_string() },
    }
}
