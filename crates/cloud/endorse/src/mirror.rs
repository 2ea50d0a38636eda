//! A mirror: an HTTP server that speaks the paths of KDS, PCS and PCCS, and of THIM for a named chip, and answers from
//! a cache.
//!
//! It requests the URLs of [`Question`](crate::Question)s and no others, whatever is requested of it. Connections,
//! headers and times are bounded; a request with a body is refused; a connection ends with its response.

mod reply;
mod route;
mod source;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::Error;
pub use reply::AnswerOrigin;
use reply::Reply;
use source::Answers;
pub use source::MirrorSource;

/// The bounds of a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MirrorLimits {
    /// The most connections at once; others wait to be accepted.
    pub connections: usize,
    /// The most requests to the services at once.
    pub requests: usize,
    /// The time for the head of a request.
    pub head: Duration,
    /// The time for a whole connection, in which a service may have to be requested.
    pub connection: Duration,
    /// The time for responses that are being written when the mirror is stopped.
    pub stop: Duration,
}

impl MirrorLimits {
    /// 256 connections, 16 requests to the services; 10 seconds for a head, 2 minutes for a connection, 5 seconds to
    /// stop.
    pub const DEFAULT: Self = Self {
        connections: 256,
        requests: 16,
        head: Duration::from_secs(10),
        connection: Duration::from_secs(120),
        stop: Duration::from_secs(5),
    };
}

/// The most bytes of a request's head, which is the least that the server library allows.
const MAX_HEAD: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;

/// A response that was sent, for a log. Method and target are foreign text.
#[derive(Debug)]
pub struct Access<'a> {
    /// The client.
    pub peer: SocketAddr,
    /// The method.
    pub method: &'a str,
    /// Path and query as received.
    pub target: &'a str,
    /// The status of the response.
    pub status: u16,
    /// The bytes of its body.
    pub bytes: usize,
    /// Where the answer was from.
    pub origin: AnswerOrigin,
    /// The time from the head of the request to the response.
    pub duration: Duration,
}

/// A log of responses.
pub type AccessLog = dyn Fn(&Access<'_>) + Send + Sync;

/// A mirror with its address, which does not answer yet.
#[derive(Debug)]
pub struct Mirror {
    listener: TcpListener,
    address: SocketAddr,
    source: MirrorSource,
    limits: MirrorLimits,
    stop: watch::Sender<bool>,
}

/// Stops a mirror, from any thread.
#[derive(Clone, Debug)]
pub struct MirrorStop(watch::Sender<bool>);

impl MirrorStop {
    /// Stops it: no connection is accepted any more, and those with a request get their response.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Mirror {
    /// Listens at this address; port 0 is any free port.
    ///
    /// # Errors
    /// [`Error::Listen`]: the address is in use, not of this machine, or not permitted; or a service of the source is
    /// at this address, so that the mirror would request itself.
    pub fn bind(address: SocketAddr, source: MirrorSource, limits: MirrorLimits) -> Result<Self, Error> {
        let fault = |reason: String| Error::Listen { address: address.to_string(), reason };
        let listener = TcpListener::bind(address).map_err(|error| fault(error.to_string()))?;
        let bound = listener.local_addr().map_err(|error| fault(error.to_string()))?;
        if let Some(service) = source.endpoints.services_at(bound).first() {
            return Err(fault(format!(
                "{} names this address, and a mirror cannot mirror itself",
                service.variable()
            )));
        }
        listener.set_nonblocking(true).map_err(|error| fault(error.to_string()))?;
        Ok(Self { listener, address: bound, source, limits, stop: watch::Sender::new(false) })
    }

    /// The address, with its port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> MirrorStop {
        MirrorStop(self.stop.clone())
    }

    /// Answers until it is stopped.
    ///
    /// # Errors
    /// [`Error::Listen`]: the executor cannot be started.
    pub fn run(self, log: Arc<AccessLog>) -> Result<(), Error> {
        let address = self.address;
        let fault =
            |error: std::io::Error| Error::Listen { address: address.to_string(), reason: error.to_string() };
        let limits = self.limits;
        // A thread for each request to a service, and as many for the files of the cache.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(limits.requests.saturating_mul(2).max(2))
            .build()
            .map_err(fault)?;
        let served = runtime.block_on(self.serve(log)).map_err(fault);
        // A service that is still being requested is not waited for.
        runtime.shutdown_background();
        served
    }

    async fn serve(self, log: Arc<AccessLog>) -> std::io::Result<()> {
        let Self { listener, source, limits, stop, .. } = self;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let answers = Arc::new(Answers::new(source, limits.requests));
        let permits = Arc::new(Semaphore::new(limits.connections));
        let mut stopped = stop.subscribe();
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => break,
                accepted = accept(&listener, &permits) => accepted,
            };
            while connections.try_join_next().is_some() {}
            let Some((stream, peer, permit)) = accepted else {
                // No file descriptor is left, or the client is gone.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let connection = Connection { peer, answers: Arc::clone(&answers), log: Arc::clone(&log) };
            let stopped = stop.subscribe();
            connections.spawn(async move {
                connection.run(stream, limits, stopped).await;
                drop(permit);
            });
        }
        drop(listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limits.stop, ended).await;
        Ok(())
    }
}

/// The next connection, once one more is allowed.
async fn accept(
    listener: &tokio::net::TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    let (stream, peer) = listener.accept().await.ok()?;
    Some((stream, peer, permit))
}

/// One connection.
struct Connection {
    peer: SocketAddr,
    answers: Arc<Answers>,
    log: Arc<AccessLog>,
}

impl Connection {
    async fn run(self, stream: TcpStream, limits: MirrorLimits, mut stopped: watch::Receiver<bool>) {
        let own = &self;
        let service = service_fn(|request| async move { Ok::<_, Infallible>(own.respond(&request).await) });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_buf_size(MAX_HEAD)
            .max_headers(MAX_HEADERS)
            .keep_alive(false)
            // A client that says that it sends no more still waits for its answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        // A client that is gone, sends no HTTP or is too slow loses its connection, and nobody else does.
        let _ = tokio::time::timeout(limits.connection, async {
            tokio::select! {
                ended = connection.as_mut() => return ended,
                _ = stopped.wait_for(|stopped| *stopped) => connection.as_mut().graceful_shutdown(),
            }
            connection.as_mut().await
        })
        .await;
    }

    async fn respond(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let begun = Instant::now();
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        let reply = if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut reply = Reply::refusal(405, "expected GET or HEAD", "a mirror has nothing to change");
            reply.headers.push(("allow", "GET, HEAD".to_owned()));
            reply
        } else if !request.body().is_end_stream() {
            Reply::refusal(413, "expected a request without a body", "send the parameters in the query")
        } else if request.uri().authority().is_some() {
            Reply::refusal(404, "expected a path, got the URL of a proxy request", "a mirror is no proxy")
        } else {
            self.answers.reply(target).await
        };
        (self.log)(&Access {
            peer: self.peer,
            method: request.method().as_str(),
            target,
            status: reply.status,
            bytes: reply.body.len(),
            origin: reply.origin,
            duration: begun.elapsed(),
        });
        response(reply)
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        // A header of the cache that is no header any more is left out.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
