//! Evidence verified with a cache of signatures: one piece, or many in a row, each with the signatures
//! of those before it.

use teeproof_x509::{CachedSignatures, SignatureCache};

use crate::{AttestationResult, Evidence, Request, RequestError, verify};

/// Verifies many pieces of evidence, each under a request of its own, and hands every answer to
/// `each` with its number.
///
/// Signatures that several of them rest on are verified once: the chains of one provider's
/// machines, the VEK of a chip, the report of a VM that sends many quotes. Everything else is
/// looked at each time, and no answer differs from that of [`verify()`](crate::verify()) alone. A cache that the
/// request brings along is not asked.
///
/// An answer borrows the cache and so cannot be kept; what is needed of it is taken in `each`.
/// For more threads, give each of them a share of the evidence and a clone of the cache.
pub fn verify_all_with_cache<'a>(
    all: impl IntoIterator<Item = (Evidence<'a>, Request<'a>)>,
    cache: &mut SignatureCache,
    mut each: impl FnMut(usize, Result<AttestationResult<'_>, RequestError>),
) {
    for (number, (evidence, request)) in (0..=usize::MAX).zip(all) {
        verify_with_cache(&evidence, &request, cache, |answer| each(number, answer));
    }
}

/// Verifies one piece of evidence with a cache, hands on the answer, and then inserts its signatures
/// into the cache.
///
/// The answer borrows the cache and so cannot be kept; what is needed of it is what `then` gives.
pub fn verify_with_cache<'a, T>(
    evidence: &Evidence<'a>,
    request: &Request<'a>,
    cache: &mut SignatureCache,
    then: impl FnOnce(Result<AttestationResult<'_>, RequestError>) -> T,
) -> T {
    let with_cache = request.cache(CachedSignatures::from_cache(cache));
    let answer = verify(evidence, &with_cache);
    let new = answer.as_ref().map(|result| cache.new_signatures(result.signatures())).unwrap_or_default();
    let given = then(answer);
    cache.insert(new);
    given
}
