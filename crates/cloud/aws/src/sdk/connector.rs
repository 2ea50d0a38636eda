//! The HTTP client of the SDK, and of reports: HTTP/1.1 over hyper, bounded in time and size.
//!
//! One connection for each request, no redirect, no proxy of HTTP. It is a smaller one than that of teeproof-kms, which
//! goes through proxies and says where its TLS ended; answers of EC2 are longer.

use core::fmt;
use core::time::Duration;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

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

use super::tls;

/// The most bytes of a response: a page of 1000 instances has some megabytes.
const MAX_RESPONSE: usize = 64 * 1024 * 1024;

/// What the client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// EC2. Plain HTTP to loopback alone.
    Ec2,
    /// Credentials. Plain HTTP also to the services that hand them out on link-local addresses.
    Credentials,
}

/// The HTTP client.
#[derive(Clone)]
pub(super) struct Connector {
    purpose: Purpose,
    /// The time for one request, from the name of the host to the last byte.
    timeout: Duration,
    tls: Arc<rustls::ClientConfig>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// A request that was not sent, or not answered.
#[derive(Debug)]
pub(super) struct NoResponse {
    /// What it was for.
    pub(super) purpose: Purpose,
    pub(super) reason: Reason,
}

/// Why a request was not answered.
#[derive(Debug)]
pub(super) enum Reason {
    /// The URL is not one that is requested.
    Url(String),
    /// Plain HTTP to another machine.
    NotEncrypted(String),
    /// The connection failed: host and error.
    Io(String, String),
    /// It took too long.
    Late(String),
}

impl Connector {
    pub(super) fn new(purpose: Purpose, timeout: Duration) -> Result<Self, String> {
        Ok(Self { purpose, timeout, tls: tls::config()? })
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, NoResponse> {
        let purpose = self.purpose;
        self.answer(request).await.map_err(|reason| NoResponse { purpose, reason })
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, Reason> {
        let url = without_secrets(request.uri());
        let malformed = || Reason::Url(url.clone());
        let request = request.try_into_http1x().map_err(|_| malformed())?;
        let (mut parts, body) = request.into_parts();
        let body = Bytes::copy_from_slice(body.bytes().ok_or_else(malformed)?);
        let target = Target::of(&parts.uri).ok_or_else(malformed)?;
        if !target.is_encrypted && !self.is_plain_allowed(&target.host) {
            return Err(Reason::NotEncrypted(url));
        }
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse().map_err(|_| malformed())?;
        if !parts.headers.contains_key(HOST) {
            parts.headers.insert(HOST, HeaderValue::from_str(&target.authority()).map_err(|_| malformed())?);
        }
        let to = target.authority();
        let exchange = async {
            let stream = target.connect().await?;
            let request = Request::from_parts(parts, Full::new(body));
            if target.is_encrypted {
                exchange(tls::open(&self.tls, &target.host, stream).await?, request, MAX_RESPONSE).await
            } else {
                exchange(stream, request, MAX_RESPONSE).await
            }
        };
        let response = match tokio::time::timeout(self.timeout, exchange).await {
            Err(_) => return Err(Reason::Late(to)),
            Ok(Err(reason)) => return Err(Reason::Io(to, innermost(&*reason))),
            Ok(Ok(response)) => response,
        };
        HttpResponse::try_from(response.map(SdkBody::from)).map_err(|_| malformed())
    }

    fn is_plain_allowed(&self, host: &str) -> bool {
        is_loopback(host) || (self.purpose == Purpose::Credentials && is_credentials_host(host))
    }
}

type BoxError = Box<dyn core::error::Error + Send + Sync>;

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Response<Bytes>, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the connection, which this function does not outlive: dropped, it closes.
    let driver = tokio::spawn(connection);
    let _end = AbortOnDrop(driver.abort_handle());
    let response = sender.send_request(request).await?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, limit).collect().await?.to_bytes();
    Ok(Response::from_parts(parts, body))
}

/// Ends a task when a request ends, or is given up.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Requests a path of a machine by plain HTTP: status and body.
pub(crate) async fn get(
    address: SocketAddr,
    path: &str,
    limit: usize,
    timeout: Duration,
) -> Result<(u16, Bytes), BoxError> {
    let request = Request::get(path).header(HOST, address.to_string()).body(Full::new(Bytes::new()))?;
    let exchange = async {
        let stream = TcpStream::connect(address).await?;
        exchange(stream, request, limit).await
    };
    let response = tokio::time::timeout(timeout, exchange).await??;
    Ok((response.status().as_u16(), response.into_body()))
}

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

    async fn connect(&self) -> io::Result<TcpStream> {
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
        Ok(stream)
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
            sent.await.map_err(|error| match error.reason {
                // Not sent again.
                Reason::Url(_) | Reason::NotEncrypted(_) => ConnectorError::user(error.into()),
                Reason::Io(..) => ConnectorError::io(error.into()),
                Reason::Late(_) => ConnectorError::timeout(error.into()),
            })
        })
    }
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "{url} is not a URL of HTTP or HTTPS with a host"),
            Self::NotEncrypted(url) => write!(f, "{url} is plain HTTP to another machine"),
            Self::Io(to, reason) => write!(f, "{to} does not answer: {reason}"),
            Self::Late(to) => write!(f, "{to}: no response within the time limit"),
        }
    }
}

impl core::error::Error for NoResponse {}

/// The URL of EC2 as it may be given: with a host, and encrypted unless it is loopback.
pub(super) fn check_url(url: &str) -> Result<(), Reason> {
    let target = url.parse().ok().and_then(|uri| Target::of(&uri));
    let target = target.ok_or_else(|| Reason::Url(without_secrets(url)))?;
    if target.is_encrypted || is_loopback(&target.host) {
        return Ok(());
    }
    Err(Reason::NotEncrypted(without_secrets(url)))
}

/// A URL for errors, with `…` in place of what can be a secret.
fn without_secrets(url: &str) -> String {
    let plain = if url.contains('@') {
        ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme)).unwrap_or_default()
    } else {
        url.split_inclusive(['?', '#']).next().unwrap_or_default()
    };
    let hidden = if plain.len() < url.len() { "…" } else { "" };
    [plain, hidden].concat()
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

/// Whether a host hands out credentials: the metadata of EC2, and the agents of ECS and EKS.
fn is_credentials_host(host: &str) -> bool {
    const HOSTS: [&str; 5] =
        ["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"];
    address(host).is_some_and(|address| HOSTS.iter().any(|one| one.parse() == Ok(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_ec2() {
        for url in [
            "https://ec2.eu-west-1.amazonaws.com",
            "http://127.0.0.1:5000/",
            "http://[::1]:1",
            "http://localhost:1",
        ] {
            assert!(check_url(url).is_ok(), "{url}");
        }
        for url in ["http://ec2.eu-west-1.amazonaws.com", "http://10.0.0.1", "http://169.254.169.254"] {
            assert!(matches!(check_url(url), Err(Reason::NotEncrypted(_))), "{url}");
        }
        for url in ["", "ec2", "ftp://a", "/path", "https://", "http://127.0.0.1@example.com/"] {
            assert!(matches!(check_url(url), Err(Reason::Url(_))), "{url}");
        }
    }

    #[test]
    fn credentials_come_over_link_local_addresses() {
        let of = |purpose| {
            Connector::new(purpose, Duration::from_secs(1)).map(|one| one.is_plain_allowed("169.254.169.254"))
        };
        assert_eq!((of(Purpose::Ec2), of(Purpose::Credentials)), (Ok(false), Ok(true)));
        assert!(!is_credentials_host("169.254.169.253") && !is_credentials_host("10.0.0.1"));
    }

    #[test]
    fn no_secret_of_a_url_is_in_an_error() {
        for (url, shown) in [
            ("https://user:hunter2@ec2.example/", "https://…"),
            ("ftp://user:hunter2@ec2.example/", "…"),
            ("http://ec2.example/?token=hunter2", "http://ec2.example/?…"),
        ] {
            let said = check_url(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.starts_with(shown) && !said.contains("hunter2"), "{said}");
        }
    }
}
