//! Launches by their client tokens: a repeated one is answered with the instances of the first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::ErrorResponse;
use super::form::Form;

/// Most tokens that are kept. Launches under further ones are not idempotent.
const MAX_TOKENS: usize = 100_000;
/// The size limit of a token, in ASCII characters.
const MAX_TOKEN: usize = 64;

/// A launch under a client token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Launch {
    /// SHA-256 of the parameters.
    pub(super) fingerprint: Vec<u8>,
    /// The ids of its instances.
    pub(super) instances: Vec<String>,
}

/// The launch under one token, or `None` before it succeeded. Whoever launches keeps it locked, so that a second request
/// with the token waits for the first.
pub(super) type Entry = Arc<Mutex<Option<Launch>>>;

/// Launches by their client tokens.
#[derive(Debug, Default)]
pub(super) struct Launches(Mutex<BTreeMap<String, Entry>>);

impl Launches {
    /// The launch under this token.
    pub(super) fn entry(&self, token: &str) -> Entry {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == MAX_TOKENS && !entries.contains_key(token) {
            return Entry::default();
        }
        entries.entry(token.to_owned()).or_default().clone()
    }
}

impl Launch {
    /// The fingerprint of a request: everything but the token itself.
    pub(super) fn fingerprint(form: &Form) -> Vec<u8> {
        form.fingerprint(&["ClientToken", "DryRun"])
    }

    /// Refuses a request with other parameters.
    pub(super) fn expect(&self, fingerprint: &[u8]) -> Result<(), ErrorResponse> {
        if self.fingerprint == fingerprint {
            return Ok(());
        }
        let message = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        Err(ErrorResponse::of("IdempotentParameterMismatch").message(message))
    }
}

/// The client token of a request, if it has one.
pub(super) fn token(form: &Form) -> Result<Option<&str>, ErrorResponse> {
    let token = form.get("ClientToken").filter(|token| !token.is_empty());
    if token.is_some_and(|token| token.len() > MAX_TOKEN || !token.is_ascii()) {
        let message = format!("ClientToken: expected at most {MAX_TOKEN} ASCII characters");
        return Err(ErrorResponse::of("InvalidParameterValue").message(message));
    }
    Ok(token)
}
