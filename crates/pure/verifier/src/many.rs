//! Evidence verified with a cache that learns: one piece, or many in a row, each with what those
//! before it taught.

use teeproof_x509::ChainCache;

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
pub fn verify_many<'a>(
    all: impl IntoIterator<Item = (Evidence<'a>, Request<'a>)>,
    cache: &mut ChainCache,
    mut each: impl FnMut(usize, Result<AttestationResult<'_>, RequestError>),
) {
    for (number, (evidence, request)) in (0..=usize::MAX).zip(all) {
        verify_learning(&evidence, &request, cache, |answer| each(number, answer));
    }
}

/// Verifies one piece of evidence with what a cache remembers, hands on the answer, and lets the
/// cache learn from it.
///
/// The answer borrows the cache and so cannot be kept; what is needed of it is what `then` gives.
pub fn verify_learning<'a, T>(
    evidence: &Evidence<'a>,
    request: &Request<'a>,
    cache: &mut ChainCache,
    then: impl FnOnce(Result<AttestationResult<'_>, RequestError>) -> T,
) -> T {
    let answer = verify(evidence, &Request { anchors: request.anchors.with(cache), ..*request });
    let news = answer.as_ref().map(|result| cache.news(result.held())).unwrap_or_default();
    let told = then(answer);
    cache.learn(news);
    told
}
