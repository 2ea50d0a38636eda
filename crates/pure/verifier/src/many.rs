//! Verification with a cache of signatures: of one evidence, or of many in a row.

use teeproof_x509::{CachedSignatures, SignatureCache};

use crate::{AttestationResult, Evidence, Request, RequestError, verify};

/// Verifies many evidences, each under its own request, and calls `each` with the number (from 0) and result of each.
///
/// Signatures that several of them rest on are verified once: the chains of one provider's machines, the VEK of a
/// chip, the report of a VM that sends many quotes. Every other check is made each time, and no result differs from
/// that of [`verify()`](crate::verify()) alone, in what it proves and what not. `cache` takes the place of the cache in a request.
///
/// A result borrows the cache; [`AttestationResult::into_owned`] makes one that can be kept. For several threads, give
/// each of them a share of the evidence and a clone of the cache.
pub fn verify_all_with_cache<'a>(
    all: impl IntoIterator<Item = (Evidence<'a>, Request<'a>)>,
    cache: &mut SignatureCache,
    mut each: impl FnMut(usize, Result<AttestationResult<'_>, RequestError>),
) {
    for (number, (evidence, request)) in (0..=usize::MAX).zip(all) {
        verify_with_cache(&evidence, &request, cache, |result| each(number, result));
    }
}

/// Verifies evidence with a cache, calls `then` with the result, and inserts the new signatures into the cache.
///
/// Proves and does not prove: the same as [`verify()`](crate::verify()).
///
/// The result borrows the cache; [`AttestationResult::into_owned`] makes one that can be kept. Returns what `then`
/// returns. `cache` takes the place of the cache in the request.
pub fn verify_with_cache<'a, T>(
    evidence: &Evidence<'a>,
    request: &Request<'a>,
    cache: &mut SignatureCache,
    then: impl FnOnce(Result<AttestationResult<'_>, RequestError>) -> T,
) -> T {
    let with_cache = request.cache(CachedSignatures::from_cache(cache));
    let result = verify(evidence, &with_cache);
    let new = result.as_ref().map(|result| cache.new_signatures(result.signatures())).unwrap_or_default();
    let returned = then(result);
    cache.insert(new);
    returned
}
