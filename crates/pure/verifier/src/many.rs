//! Many pieces of evidence, one after the other, each with what those before it taught.

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
        let answer = verify(&evidence, &Request { anchors: request.anchors.with(cache), ..request });
        let news = answer.as_ref().map(|result| cache.news(result.held())).unwrap_or_default();
        each(number, answer);
        cache.learn(news);
    }
}
