//! A server of attestation documents: one request on each connection, answered by the module.
//!
//! One thread waits for all clients, another one for the module. Bounded are the bytes of a request, the connections,
//! the rate of documents, and the time of everything: a client that sends or reads slowly is cut off.

use core::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use teeproof_core::Time;
use teeproof_evidence::bundle::Collection;
use teeproof_evidence::{InputError, InputKind, Inputs, Part};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::queue::Queue;
use super::stream::{Bound, Listener, ReadError, Stream, read_frame, write_frame};
use super::{
    MAX_NONCE, MAX_REQUEST_FRAME, RoadAddress, RoadAnswer, RoadError, RoadForm, RoadRequest, TokenBucket,
};
use crate::frame::FrameError;
use crate::{AttestationFields, Nsm, NsmError, Request};

/// The bounds of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoadLimits {
    /// The most connections at once, from 1 to 65,536: a smaller or larger number counts as the nearest of these. Others
    /// wait to be accepted.
    pub connections: usize,
    /// How many documents are requested of the module each second, over a longer time.
    pub rate: u32,
    /// How many are requested at once, after a pause.
    pub burst: u32,
    /// The time for a request.
    pub request: Duration,
    /// The time for the module, the queue before it included.
    pub module: Duration,
    /// The time for an answer to be taken.
    pub answer: Duration,
    /// The time for answers that are being made when the server is stopped.
    pub stop: Duration,
}

impl RoadLimits {
    /// 256 connections; 2000 documents a second, 256 at once; 2 seconds for a request, 10 for the module, 5 for an
    /// answer, 5 to stop.
    pub const DEFAULT: Self = Self {
        connections: 256,
        rate: 2000,
        burst: 256,
        request: Duration::from_secs(2),
        module: Duration::from_secs(10),
        answer: Duration::from_secs(5),
        stop: Duration::from_secs(5),
    };
}

/// The largest number of connections. The queue to the module has room for as many requests from the start.
const MAX_CONNECTIONS: usize = 65_536;

/// The fields that are the same in every document of a server: chosen by the enclave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedFields {
    /// `user_data`.
    pub user_data: Option<Vec<u8>>,
    /// `public_key`.
    pub public_key: Option<Vec<u8>>,
}

impl ServedFields {
    /// Checks that the module's request has room for them and for any nonce of a client.
    ///
    /// # Errors
    /// [`NsmError::RequestTooLong`].
    pub fn check(&self) -> Result<(), NsmError> {
        let fields = AttestationFields {
            nonce: Some(&[0; MAX_NONCE]),
            user_data: self.user_data.as_deref(),
            public_key: self.public_key.as_deref(),
        };
        Request::Attestation(fields).to_cbor().map(drop)
    }
}

/// A request that ended, for a log.
#[derive(Debug)]
pub struct RoadAccess<'a> {
    /// The client: `tcp:127.0.0.1:40000`, `vsock:3:1024`, `unix`.
    pub peer: &'a str,
    /// What it got: `document`, `bundle`, or why not; foreign text.
    pub outcome: &'a str,
    /// The bytes of the answer, its frame included.
    pub bytes: usize,
    /// The time since the connection was accepted.
    pub duration: Duration,
}

/// A log of requests.
pub type RoadLog = dyn Fn(&RoadAccess<'_>) + Send + Sync;

/// A server with its address, which does not answer yet.
#[derive(Debug)]
pub struct RoadServer {
    bound: Bound,
    address: RoadAddress,
    limits: RoadLimits,
    fields: ServedFields,
    stop: watch::Sender<bool>,
}

/// Stops a server, from any thread.
#[derive(Clone, Debug)]
pub struct RoadStop(watch::Sender<bool>);

impl RoadStop {
    /// Stops it: no connection is accepted any more, and those with a request get their answer.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl RoadServer {
    /// Listens at this address; TCP port 0 is any free port.
    ///
    /// # Errors
    /// [`RoadError::Listen`]: the address is in use, not of this machine, or not permitted.
    pub fn bind(address: &RoadAddress, limits: RoadLimits, fields: ServedFields) -> Result<Self, RoadError> {
        let bound = Bound::to(address);
        let (bound, address) =
            bound.map_err(|source| RoadError::Listen { address: address.to_string(), source })?;
        let connections = limits.connections.clamp(1, MAX_CONNECTIONS);
        let limits = RoadLimits { connections, ..limits };
        Ok(Self { bound, address, limits, fields, stop: watch::Sender::new(false) })
    }

    /// The address, with its port.
    #[must_use]
    pub const fn address(&self) -> &RoadAddress {
        &self.address
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> RoadStop {
        RoadStop(self.stop.clone())
    }

    /// Answers until it is stopped.
    ///
    /// # Errors
    /// [`RoadError::Listen`]: a thread or the executor cannot be started.
    pub fn run(self, nsm: Box<dyn Nsm>, log: Arc<RoadLog>) -> Result<(), RoadError> {
        let Self { bound, address, limits, fields, stop } = self;
        let fault = |source| RoadError::Listen { address: address.to_string(), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
        let queue = Queue::start(nsm, fields, limits.connections).map_err(fault)?;
        let bucket = Mutex::new(TokenBucket::new(limits.rate, limits.burst));
        let shared = Arc::new(Shared { limits, queue, bucket, log });
        runtime.block_on(serve(bound, shared, stop)).map_err(fault)
    }
}

/// What all connections share.
struct Shared {
    limits: RoadLimits,
    queue: Queue,
    bucket: Mutex<TokenBucket>,
    log: Arc<RoadLog>,
}

async fn serve(bound: Bound, shared: Arc<Shared>, stop: watch::Sender<bool>) -> io::Result<()> {
    let listener = bound.into_listener()?;
    let permits = Arc::new(Semaphore::new(shared.limits.connections));
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
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            shared.connection(stream, &peer).await;
            drop(permit);
        });
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(shared.limits.stop, ended).await;
    Ok(())
}

/// The next connection, once one more is allowed.
async fn accept(
    listener: &Listener,
    permits: &Arc<Semaphore>,
) -> Option<(Box<dyn Stream>, String, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    let (stream, peer) = listener.accept().await.ok()?;
    Some((stream, peer, permit))
}

impl Shared {
    /// One connection: one request, one answer.
    async fn connection(&self, mut stream: Box<dyn Stream>, peer: &str) {
        let begun = Instant::now();
        let stream = stream.as_mut();
        let request = timeout(self.limits.request, read_frame(stream, MAX_REQUEST_FRAME)).await;
        let is_read = matches!(request, Ok(Ok(_)));
        let answer = match request {
            Err(_) => Err(format!("request: not complete after {} s", self.limits.request.as_secs_f64())),
            // A connection without a byte is a check whether somebody listens: no answer.
            Ok(Err(ReadError::Frame(FrameError::Cut { bytes: 0, .. }))) => return,
            Ok(Err(ReadError::Io(error))) => {
                self.log(peer, &format_args!("connection failed: {error}"), 0, begun);
                return;
            }
            Ok(Err(ReadError::Frame(error))) => Err(format!("request: {error}")),
            Ok(Ok(bytes)) => match RoadRequest::from_cbor(&bytes) {
                Ok(request) => self.answer(request).await,
                Err(error) => Err(error.to_string()),
            },
        };
        let answer = answer.unwrap_or_else(RoadAnswer::Error);
        let message = answer.to_cbor();
        let written = timeout(self.limits.answer, write_frame(stream, &message)).await;
        match (written, &answer) {
            (Ok(Ok(())), RoadAnswer::Document(_)) => self.log(peer, &"document", message.len(), begun),
            (Ok(Ok(())), RoadAnswer::Bundle(_)) => self.log(peer, &"bundle", message.len(), begun),
            (Ok(Ok(())), RoadAnswer::Error(text)) => self.log(peer, text, message.len(), begun),
            (Ok(Err(error)), _) => self.log(peer, &format_args!("connection failed: {error}"), 0, begun),
            (Err(_), _) => self.log(peer, &"cut off: the answer was not taken in time", 0, begun),
        }
        if !is_read {
            discard(stream).await;
        }
    }

    async fn answer(&self, request: RoadRequest) -> Result<RoadAnswer, String> {
        let has_token = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        if !has_token {
            return Err(format!("rate limit: at most {} documents a second; try again", self.limits.rate));
        }
        let waiting = self.queue.request(request.nonce).ok_or("busy: too many requests wait; try again")?;
        let document = timeout(self.limits.module, waiting).await;
        let document = document.map_err(|_| "the Nitro security module does not answer in time")?;
        let document = document.map_err(|_| "the server ends")?.map_err(|error| error.to_string())?;
        match request.form {
            RoadForm::Document => Ok(RoadAnswer::Document(document)),
            RoadForm::Bundle => bundle(document, SystemTime::now()).map(RoadAnswer::Bundle),
        }
    }

    fn log(&self, peer: &str, outcome: &dyn fmt::Display, bytes: usize, begun: Instant) {
        let outcome = outcome.to_string();
        (self.log)(&RoadAccess { peer, outcome: &outcome, bytes, duration: begun.elapsed() });
    }
}

/// Takes what a client still sends, for a second: closing before that would take its answer from it as well.
async fn discard(stream: &mut dyn Stream) {
    let _ = stream.shutdown().await;
    let mut left = 64 * 1024_usize;
    let mut buffer = [0; 2048];
    let ended = async {
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    let _ = timeout(Duration::from_secs(1), ended).await;
}

/// A bundle of this document, requested at this time.
fn bundle(document: Vec<u8>, at: SystemTime) -> Result<Vec<u8>, String> {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let at = Time(i64::try_from(seconds).unwrap_or(i64::MAX));
    let mut inputs = Inputs::new();
    let part =
        Part::new(InputKind::NitroDocument, document).map_err(|error| InputError::from(error).to_string())?;
    inputs.add_part(part).map_err(|error| error.to_string())?;
    let bundle = inputs.into_bundle(Collection::at(at)).map_err(|error| error.to_string())?;
    Ok(bundle.to_cbor())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    /// A module to which no request is sent.
    #[derive(Debug)]
    struct Unused;

    impl Nsm for Unused {
        fn exchange_bytes(
            &mut self,
            request: &'static str,
            _: &[u8],
        ) -> Result<zeroize::Zeroizing<Vec<u8>>, NsmError> {
            Err(NsmError::TimedOut { request })
        }
    }

    #[test]
    fn a_client_that_does_not_read_is_cut_off() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let added = lines.clone();
        let limits = RoadLimits { answer: Duration::from_millis(100), ..RoadLimits::DEFAULT };
        let shared = Shared {
            limits,
            queue: Queue::start(Box::new(Unused), ServedFields::default(), 1).unwrap(),
            bucket: Mutex::new(TokenBucket::new(10, 10)),
            log: Arc::new(move |access: &RoadAccess<'_>| {
                added.lock().unwrap().push(access.outcome.to_owned())
            }),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // Eight bytes in transit: the refusal of this request does not fit.
            let (mut client, server) = duplex(8);
            client.write_all(&[0, 0, 0, 1, 0xff]).await.unwrap();
            let begun = Instant::now();
            shared.connection(Box::new(server), "test").await;
            assert!(begun.elapsed() < Duration::from_secs(2));
        });
        assert_eq!(*lines.lock().unwrap(), ["cut off: the answer was not taken in time"]);
    }
}
