//! A verifier over HTTP: nonces that are used once and expire, and one cache of signatures for all requests.
//!
//! ```sh
//! cargo run -p teeproof-examples --bin server -- 127.0.0.1:8080 examples/policies/nitro.toml
//! nonce=$(curl -sX POST http://127.0.0.1:8080/nonces)
//! curl --data-binary @document.cose http://127.0.0.1:8080/evidence/$nonce
//! ```
//! The answer is 200 where the evidence is accepted, 403 where it is not, each with the result as JSON.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use teeproof::{
    Anchors, CachedSignatures, Evidence, Freshness, Hex, Inputs, Policy, Request, SignatureCache, Technology,
    Time,
};
use teeproof_evidence::bytes;

type Nonce = [u8; 32];
type Answer = (StatusCode, String);

/// What all requests share.
struct Verifier {
    policy: Policy,
    anchors: Vec<Vec<u8>>,
    nonces: Mutex<HashMap<Nonce, Instant>>,
    /// Locked to take or change the pointer, and never while evidence is verified.
    cache: Mutex<Arc<SignatureCache>>,
}

/// A nonce can be used for so long, and so many can be open at a time.
const LIFETIME: Duration = Duration::from_secs(60);
const MAX_NONCES: usize = 10_000;

/// A new nonce, in hex.
async fn issue(State(verifier): State<Arc<Verifier>>) -> Answer {
    let mut nonce = Nonce::default();
    if getrandom::fill(&mut nonce).is_err() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "no random bytes".into());
    }
    let mut nonces = verifier.nonces.lock().unwrap_or_else(PoisonError::into_inner);
    nonces.retain(|_, issued| issued.elapsed() < LIFETIME);
    if nonces.len() >= MAX_NONCES {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many open nonces".into());
    }
    nonces.insert(nonce, Instant::now());
    (StatusCode::OK, Hex(&nonce).to_string())
}

/// The verdict on evidence that was made for a nonce of ours.
async fn verify(State(verifier): State<Arc<Verifier>>, Path(nonce): Path<String>, body: Bytes) -> Answer {
    // Removed before anything is verified: evidence that fails uses the nonce up too.
    let nonce = match bytes::hex(&nonce).and_then(|nonce| Nonce::try_from(nonce).ok()) {
        Some(nonce) if verifier.redeem(&nonce) => nonce,
        _ => return (StatusCode::GONE, "the nonce is unknown, used or expired".into()),
    };
    verifier.verify(&nonce, &body).unwrap_or_else(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

impl Verifier {
    fn redeem(&self, nonce: &Nonce) -> bool {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.remove(nonce).is_some_and(|issued| issued.elapsed() < LIFETIME)
    }

    fn verify(&self, nonce: &Nonce, body: &[u8]) -> Result<Answer, Box<dyn core::error::Error>> {
        let mut inputs = Inputs::new();
        inputs.add(body, None)?;
        let endorsements = inputs.endorsements();
        let anchors: Vec<&[u8]> = self.anchors.iter().map(Vec::as_slice).collect();
        let now = Time(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?);
        let cache = Arc::clone(&self.cache());
        let (freshness, crypto) = (Freshness::nonce(nonce)?, &teeproof_aws_lc::TABLE);
        let request = Request::for_inputs(&endorsements, Technology::ALL, freshness, now, crypto)
            .cache(CachedSignatures::from_cache(&cache))
            .anchors(Anchors::and(&anchors))
            .policy(&self.policy);
        let result = teeproof::verify(&Evidence::from_inputs(&inputs)?, &request)?;
        let (new, result) = (cache.new_signatures(result.signatures()), result.into_owned());
        drop(cache);
        if !new.is_empty() {
            // Copies the cache only while another request reads it.
            Arc::make_mut(&mut self.cache()).insert(new);
        }
        let status = if result.is_accepted() { StatusCode::OK } else { StatusCode::FORBIDDEN };
        Ok((status, serde_json::to_string(&result)?))
    }

    fn cache(&self) -> MutexGuard<'_, Arc<SignatureCache>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, policy, anchors @ ..] = arguments.as_slice() else {
        return Err("usage: server ADDRESS POLICY [ANCHOR...]".into());
    };
    let verifier = Verifier {
        policy: Policy::from_toml(policy, &std::fs::read_to_string(policy)?)?,
        anchors: anchors.iter().map(std::fs::read).collect::<Result<_, _>>()?,
        nonces: Mutex::default(),
        cache: Mutex::new(Arc::new(SignatureCache::new(1000))),
    };
    let routes = Router::new().route("/nonces", post(issue)).route("/evidence/{nonce}", post(verify));
    let routes = routes.with_state(Arc::new(verifier));
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        println!("listening on {}", listener.local_addr()?);
        Ok(axum::serve(listener, routes).await?)
    })
}
