//! The HTTP client: reqwest over rustls with aws-lc, bounded in hosts, time and size.

use core::fmt;
use std::error::Error as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::transport::{KEPT_HEADERS, MAX_HEADER};
use crate::url::Scheme;
use crate::{AllowedHosts, Error, Method, Request, Response, Transport};

/// An HTTP client: HTTP/1.1, TLS 1.2 or 1.3 with the CA certificates of the system, no proxy, no redirect, no
/// connection that outlives its request.
#[derive(Clone)]
pub struct Http {
    timeout: Duration,
    hosts: AllowedHosts,
}

impl Http {
    /// A client for instance metadata and services on loopback, which gives up on a request after this time.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self::with_hosts(timeout, AllowedHosts::metadata())
    }

    /// A client for these hosts, which gives up on a request after this time.
    #[must_use]
    pub const fn with_hosts(timeout: Duration, hosts: AllowedHosts) -> Self {
        Self { timeout, hosts }
    }

    /// One exchange on an executor of its own, which ends with it.
    fn exchange(&self, request: &Request) -> Result<Response, Error> {
        let unreachable = |reason: &dyn fmt::Display| Error::Unreachable {
            url: request.url.to_string(),
            reason: reason.to_string(),
        };
        let client = self.client(request).map_err(|reason| unreachable(&reason))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unreachable(&error))?;
        let answer = runtime.block_on(async {
            let late = |_| Error::Late { url: request.url.to_string() };
            tokio::time::timeout(self.timeout, answer(&client, request)).await.map_err(late)?
        });
        // A name that is still being resolved is not waited for.
        runtime.shutdown_background();
        answer
    }

    fn client(&self, request: &Request) -> Result<reqwest::Client, String> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("teeproof/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls(request.url.origin().scheme())?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_max_idle_per_host(0)
            .timeout(self.timeout)
            // Whatever a resolver says of this name, it is this machine.
            .resolve_to_addrs(
                "localhost",
                &[SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))],
            );
        builder.build().map_err(|error| sources(&error))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Transport for Http {
    fn send(&self, request: &Request) -> Result<Response, Error> {
        if !self.hosts.contains(&request.url) {
            return Err(Error::HostNotAllowed { url: request.url.to_string() });
        }
        // On a thread of its own: an executor cannot be started inside of the caller's. Timers of the executor wait for
        // the end of a step, which an endless stream of interim responses makes longer than a second, so that the
        // thread is waited for until the timeout alone; it ends by itself after its step.
        let (http, own) = (self.clone(), request.clone());
        let (send, receive) = mpsc::sync_channel(1);
        let failed = |reason: &dyn fmt::Display| Error::Unreachable {
            url: request.url.to_string(),
            reason: reason.to_string(),
        };
        thread::Builder::new()
            .spawn(move || {
                // Nobody receives what is late.
                let _ = send.send(http.exchange(&own));
            })
            .map_err(|error| failed(&error))?;
        receive.recv_timeout(self.timeout).unwrap_or_else(|none| match none {
            RecvTimeoutError::Timeout => Err(Error::Late { url: request.url.to_string() }),
            RecvTimeoutError::Disconnected => Err(failed(&"the HTTP client panicked")),
        })
    }
}

/// The configuration of TLS. Without a use for it, no CA certificate is read.
fn tls(scheme: Scheme) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    if scheme == Scheme::Https {
        let system = rustls_native_certs::load_native_certs();
        if system.certs.is_empty() {
            let reason = system.errors.first().map_or_else(String::new, |error| format!(": {error}"));
            return Err(format!("the system has no CA certificates{reason}"));
        }
        roots.add_parsable_certificates(system.certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| error.to_string())?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

async fn answer(client: &reqwest::Client, request: &Request) -> Result<Response, Error> {
    let builder = match &request.method {
        Method::Get => client.get(request.url.as_str()),
        Method::Post { content_type, body } => client
            .post(request.url.as_str())
            .header(reqwest::header::CONTENT_TYPE, *content_type)
            .body(body.clone()),
    };
    let builder = request.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
    let sent = builder.build().map_err(|error| failed(request, &error))?;
    // What is sent is what is shown, and what the list of hosts was compared with, byte for byte.
    let (own, theirs) = (request.url.as_str(), sent.url().as_str());
    if theirs != own && !(request.url.path().is_empty() && theirs.strip_suffix('/') == Some(own)) {
        return Err(Error::Address(own.to_owned()));
    }
    let mut response = client.execute(sent).await.map_err(|error| failed(request, &error))?;
    let status = response.status().as_u16();
    let headers = KEPT_HEADERS.iter().filter_map(|name| {
        let value = response.headers().get(*name)?.to_str().ok()?;
        (value.len() <= MAX_HEADER).then(|| (*name, value.to_owned()))
    });
    let headers = headers.collect();
    let body = if status == 200 { body(&mut response, request).await? } else { Vec::new() };
    Ok(Response { status, headers, body })
}

/// The body, read until its end or until it exceeds the limit.
async fn body(response: &mut reqwest::Response, request: &Request) -> Result<Vec<u8>, Error> {
    let too_large = || Error::TooLarge {
        url: request.url.to_string(),
        limit: u64::try_from(request.max_bytes).unwrap_or(u64::MAX),
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(request, &error))? {
        if request.max_bytes.saturating_sub(body.len()) < chunk.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failed(request: &Request, error: &reqwest::Error) -> Error {
    let url = request.url.to_string();
    if error.is_timeout() {
        return Error::Late { url };
    }
    if error.is_builder() {
        return Error::Address(url);
    }
    Error::Unreachable { url, reason: sources(error) }
}

/// The innermost reason, which names what failed; the outer ones repeat the URL.
fn sources(error: &reqwest::Error) -> String {
    let mut reason = error.source();
    while let Some(inner) = reason.and_then(core::error::Error::source) {
        reason = Some(inner);
    }
    reason.map_or_else(|| error.to_string(), ToString::to_string)
}
