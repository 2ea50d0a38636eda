//! The HTTP client of the SDK: HTTP/1.1 over hyper, bounded in time and size, with TLS that ends here.
//!
//! One connection for each request, no redirect, no proxy of HTTP. The SDK's own client is left out: it has no stream of
//! another kind than TCP, and would bring a second configuration of TLS.

use core::fmt;
use core::time::Duration;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::channel::{is_credentials_host, is_loopback};
use super::{KmsChannel, KmsProxy, tls};

/// A connection of any kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The most bytes of a response: KMS answers with some kilobytes.
const MAX_RESPONSE: usize = 256 * 1024;

/// What the client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// KMS. Plain HTTP to loopback alone.
    Kms,
    /// Credentials. Plain HTTP also to the services that hand them out on link-local addresses.
    Credentials,
}

/// The HTTP client.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    purpose: Purpose,
    proxy: Option<KmsProxy>,
    /// The time for one request, from the name of the host to the last byte.
    timeout: Duration,
    /// The channel of the last response.
    channel: Arc<Mutex<Option<KmsChannel>>>,
}

/// A request that was not sent, or not answered.
#[derive(Debug)]
pub(super) enum NoResponse {
    /// The URL is not one that is requested.
    Url(String),
    /// Plain HTTP to another machine.
    NotEncrypted(String),
    /// The connection failed.
    Io {
        /// The host or the proxy.
        to: String,
        /// The reason.
        reason: String,
    },
    /// It took too long.
    Late {
        /// The host or the proxy.
        to: String,
    },
}

impl Connector {
    pub(super) fn new(purpose: Purpose, proxy: Option<KmsProxy>, timeout: Duration) -> Self {
        Self { purpose, proxy, timeout, channel: Arc::default() }
    }

    /// The channel of the last response.
    pub(super) fn channel(&self) -> Option<KmsChannel> {
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, NoResponse> {
        let url = without_secrets(request.uri());
        let malformed = || NoResponse::Url(url.clone());
        let request = request.try_into_http1x().map_err(|_| malformed())?;
        let (mut parts, body) = request.into_parts();
        let body = Bytes::copy_from_slice(body.bytes().ok_or_else(malformed)?);
        let target = Target::of(&parts.uri).ok_or_else(malformed)?;
        if !target.is_encrypted && !self.is_plain_allowed(&target.host) {
            return Err(NoResponse::NotEncrypted(url));
        }
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse().map_err(|_| malformed())?;
        if !parts.headers.contains_key(HOST) {
            parts.headers.insert(HOST, HeaderValue::from_str(&target.authority()).map_err(|_| malformed())?);
        }
        let request = Request::from_parts(parts, Full::new(body));
        let to = self.proxy.as_ref().map_or_else(|| target.authority(), |proxy| format!("proxy {proxy}"));
        let exchange = self.exchange(&target, request);
        let response = match tokio::time::timeout(self.timeout, exchange).await {
            Err(_) => return Err(NoResponse::Late { to }),
            Ok(Err(reason)) => return Err(NoResponse::Io { to, reason: innermost(&*reason) }),
            Ok(Ok(response)) => response,
        };
        let channel = KmsChannel::of(target.is_encrypted, &target.host);
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = Some(channel);
        HttpResponse::try_from(response.map(SdkBody::from)).map_err(|_| malformed())
    }

    /// Whether plain HTTP to a host stays on this machine, or is for credentials. Through a proxy, it is the proxy's
    /// place that counts.
    fn is_plain_allowed(&self, host: &str) -> bool {
        let is_here = is_loopback(host) && self.proxy.as_ref().is_none_or(KmsProxy::is_on_this_machine);
        is_here || (self.purpose == Purpose::Credentials && is_credentials_host(host))
    }

    async fn exchange(
        &self,
        target: &Target,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, BoxError> {
        let stream = match &self.proxy {
            Some(proxy) => proxy.connect().await?,
            None => target.connect().await?,
        };
        let stream: Box<dyn Stream> = match target.is_encrypted {
            true => Box::new(tls::open(&target.host, stream).await?),
            false => stream,
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_RESPONSE).collect().await?.to_bytes();
        driver.abort();
        Ok(Response::from_parts(parts, body))
    }
}

type BoxError = Box<dyn core::error::Error + Send + Sync>;

/// The innermost reason, which names what failed.
fn innermost(error: &(dyn core::error::Error + 'static)) -> String {
    let mut reason = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    is_encrypted: bool,
    /// Without the brackets of IPv6.
    host: String,
    port: Option<u16>,
}

impl Target {
    fn of(uri: &Uri) -> Option<Self> {
        let is_encrypted = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        // No user information, which other parsers take for a host.
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Self { is_encrypted, host: host.to_owned(), port: authority.port_u16() })
    }

    const fn default_port(&self) -> u16 {
        if self.is_encrypted { 443 } else { 80 }
    }

    /// Host and port, without the default port: as SigV4 signs it.
    fn authority(&self) -> String {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        match self.port.filter(|port| *port != self.default_port()) {
            Some(port) => format!("{open}{}{close}:{port}", self.host),
            None => format!("{open}{}{close}", self.host),
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let port = self.port.unwrap_or_else(|| self.default_port());
        let stream = if self.host == "localhost" {
            // Whatever a resolver says of this name, it is this machine.
            let addresses =
                [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), (Ipv6Addr::LOCALHOST, port).into()];
            TcpStream::connect(&addresses[..]).await?
        } else {
            TcpStream::connect((self.host.as_str(), port)).await?
        };
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sent = self.clone().send(request);
        HttpConnectorFuture::new(async move {
            sent.await.map_err(|error| match error {
                // Not sent again.
                NoResponse::Url(_) | NoResponse::NotEncrypted(_) => ConnectorError::user(error.into()),
                NoResponse::Io { .. } => ConnectorError::io(error.into()),
                NoResponse::Late { .. } => ConnectorError::timeout(error.into()),
            })
        })
    }
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "{url} is not a URL of HTTP or HTTPS with a host"),
            Self::NotEncrypted(url) => write!(f, "{url} is plain HTTP to another machine"),
            Self::Io { to, reason } => write!(f, "{to} does not answer: {reason}"),
            Self::Late { to } => write!(f, "{to}: no response within the time limit"),
        }
    }
}

impl core::error::Error for NoResponse {}

/// The URL of a service as it may be given: with a host, and encrypted unless it is loopback.
pub(super) fn check_url(url: &str) -> Result<(), NoResponse> {
    let target = url.parse().ok().and_then(|uri| Target::of(&uri));
    let target = target.ok_or_else(|| NoResponse::Url(without_secrets(url)))?;
    if target.is_encrypted || is_loopback(&target.host) {
        return Ok(());
    }
    Err(NoResponse::NotEncrypted(without_secrets(url)))
}

/// A URL for errors, with `…` in place of what can be a secret: everything after the scheme where user information can
/// be, and else what follows `?` or `#`.
fn without_secrets(url: &str) -> String {
    let plain = if url.contains('@') {
        ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme)).unwrap_or_default()
    } else {
        url.split_inclusive(['?', '#']).next().unwrap_or_default()
    };
    let hidden = if plain.len() < url.len() { "…" } else { "" };
    [plain, hidden].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_services() {
        for url in [
            "https://kms.eu-west-1.amazonaws.com",
            "http://127.0.0.1:4566/",
            "http://[::1]:1",
            "http://localhost:1",
        ] {
            assert!(check_url(url).is_ok(), "{url}");
        }
        for url in ["http://kms.eu-west-1.amazonaws.com", "http://10.0.0.1", "http://169.254.169.254"] {
            assert!(matches!(check_url(url), Err(NoResponse::NotEncrypted(_))), "{url}");
        }
        for url in
            ["", "kms", "ftp://a", "/path", "https://", "http://127.0.0.1@example.com/", "https://user@a"]
        {
            assert!(matches!(check_url(url), Err(NoResponse::Url(_))), "{url}");
        }
    }

    #[test]
    fn plain_http_leaves_through_no_proxy() {
        for (proxy, is_allowed) in [
            (None, true),
            (Some("unix:/run/kms.sock"), true),
            (Some("tcp:127.0.0.1:8000"), true),
            (Some("tcp:[::1]:8000"), true),
            (Some("vsock:1:8000"), true),
            (Some("vsock:3:8000"), false),
            (Some("vsock:2:8000"), false),
            (Some("tcp:10.0.0.1:8000"), false),
            (Some("tcp:proxy.example:8000"), false),
        ] {
            let parsed = proxy.map(|proxy: &str| proxy.parse::<KmsProxy>().ok());
            assert!(parsed != Some(None));
            let connector = Connector::new(Purpose::Kms, parsed.flatten(), Duration::from_secs(1));
            assert_eq!(connector.is_plain_allowed("127.0.0.1"), is_allowed, "{proxy:?}");
            assert!(!connector.is_plain_allowed("169.254.169.254"));
        }
    }

    #[test]
    fn no_secret_of_a_url_is_in_an_error() {
        for (url, shown) in [
            ("https://user:hunter2@kms.example/", "https://…"),
            ("ftp://user:hunter2@kms.example/", "…"),
            ("http://kms.example/?token=hunter2", "http://kms.example/?…"),
            ("http://kms.example/", "http://kms.example/"),
        ] {
            let said = check_url(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.starts_with(&format!("{shown} is ")) && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn the_host_header_is_what_is_signed() {
        let of =
            |url: &str| url.parse().ok().and_then(|uri| Target::of(&uri)).map(|target| target.authority());
        for (url, authority) in [
            ("https://a.example:443/x", "a.example"),
            ("https://a.example:80/x", "a.example:80"),
            ("http://[::1]:80", "[::1]"),
            ("http://[::1]:81", "[::1]:81"),
        ] {
            assert_eq!(of(url).as_deref(), Some(authority), "{url}");
        }
    }
}
