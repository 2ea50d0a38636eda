//! The HTTP seam: one bounded request, one bounded response, one method.

use crate::{Error, HttpUrl};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, with the body if there is one.
    pub method: Method,
    /// The URL.
    pub url: HttpUrl,
    /// Headers besides those of the client: name and value.
    pub headers: Vec<(&'static str, String)>,
    /// The most bytes of a response's body.
    pub max_bytes: usize,
}

/// An HTTP method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post {
        /// The value of the header Content-Type, sent as it is.
        content_type: &'static str,
        /// The body.
        body: Vec<u8>,
    },
}

impl Request {
    /// A GET request without headers.
    #[must_use]
    pub const fn get(url: HttpUrl, max_bytes: usize) -> Self {
        Self { method: Method::Get, url, headers: Vec::new(), max_bytes }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A response of any status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Those of [`KEPT_HEADERS`] that the response has: name in lower case, and value.
    pub headers: Vec<(&'static str, String)>,
    /// The body of a response with status 200, at most [`Request::max_bytes`]; empty for every other status.
    pub body: Vec<u8>,
}

/// The headers of a response that are kept, in lower case; a value of more than 32 KiB, or one that is not printable
/// ASCII, counts as absent.
pub const KEPT_HEADERS: &[&str] = &[
    "location",
    "retry-after",
    "sgx-enclave-identity-issuer-chain",
    "sgx-pck-crl-issuer-chain",
    "sgx-tcb-info-issuer-chain",
    "tcb-info-issuer-chain",
];

/// The most bytes of the value of a header that is kept.
pub(crate) const MAX_HEADER: usize = 32 * 1024;

impl Response {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// The error of a status other than 200, and the body otherwise.
    ///
    /// # Errors
    /// [`Error::Redirect`] or [`Error::Status`].
    pub fn into_body(self, url: &HttpUrl) -> Result<Vec<u8>, Error> {
        match self.status {
            200 => Ok(self.body),
            300..=399 if self.status != 304 => Err(Error::Redirect {
                url: url.to_string(),
                to: self.header("location").unwrap_or("no Location").to_owned(),
            }),
            status => Err(Error::Status { url: url.to_string(), status }),
        }
    }
}

/// An HTTP client.
pub trait Transport: Send + Sync {
    /// Sends one request and reads its response, within the limits of the request and of the client. Redirects are
    /// not followed; every status is a response.
    ///
    /// # Errors
    /// A host that is not allowed; no response; none within the timeout; too many bytes.
    fn send(&self, request: &Request) -> Result<Response, Error>;
}

/// The transport of `--offline`: opens no socket, resolves no name, and fails every request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline;

impl Transport for Offline {
    fn send(&self, request: &Request) -> Result<Response, Error> {
        Err(Error::Offline { url: request.url.to_string() })
    }
}
