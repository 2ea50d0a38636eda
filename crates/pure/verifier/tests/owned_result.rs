//! An owned result: it outlives the evidence, and says the same as the borrowed one.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(feature = "serde")]

use teeproof::{ClaimValue, OwnedAttestationResult, Policy};

#[path = "support/mod.rs"]
mod support;

/// The owned result of each accepted vector, with the JSON of the borrowed one; the evidence is gone.
fn owned(policy: Option<&Policy>) -> Vec<(OwnedAttestationResult, String)> {
    let look = |result: &teeproof::AttestationResult<'_>| {
        (result.clone().into_owned(), serde_json::to_string(result).unwrap())
    };
    let crypto = &teeproof_aws_lc::TABLE;
    let vectors = support::accepted();
    vectors
        .iter()
        .map(|vector| {
            support::outcome(vector, &vector.evidence, &vector.endorsements, crypto, policy, look).unwrap()
        })
        .collect()
}

#[test]
fn an_owned_result_serializes_as_the_borrowed_one() {
    let policy = Policy::genuine();
    for policy in [None, Some(&policy)] {
        let results = owned(policy);
        assert_eq!(results.len(), 9);
        for (result, json) in results {
            assert_eq!(serde_json::to_string(&result).unwrap(), json);
            assert!(json.contains(&format!("\"verdict\":\"{}\"", result.verdict().as_str())), "{json}");
            // One of the Nitro vectors is of an enclave in debug mode, which the policy refuses.
            assert_eq!(result.is_accepted(), result.class().is_none());
            assert!(!result.claims().is_empty() && !result.findings().is_empty());
            for claim in result.claims() {
                let is_absent = claim.value == ClaimValue::Absent;
                assert_eq!(claim.absent_because.is_some(), is_absent, "{claim:?}");
            }
        }
    }
}
