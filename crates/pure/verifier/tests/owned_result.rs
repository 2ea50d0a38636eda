//! An owned result: it outlives the evidence, and says the same as the borrowed one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg(feature = "serde")]

use teeproof::{
    ClaimValue, EndorsementSource, Evidence, FetchedFrom, Freshness, OwnedAttestationResult, Policy, Request,
    Technology, Time,
};

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

/// The sources of the request are in every result, whatever its verdict, and change nothing else.
#[test]
fn a_result_lists_the_sources_of_endorsements() {
    let source = |from, what: &str| {
        let url = "https://kdsintf.amd.com/vcek/v1/Milan/crl".to_owned();
        EndorsementSource::new(what.to_owned(), url, from, support::AT, Time(support::AT.0 + 60))
    };
    let sources = [source(FetchedFrom::Network, "a list"), source(FetchedFrom::Cache, "an older list")];
    let report = support::read("snp/milan-report.bin");
    let crypto = teeproof_aws_lc::TABLE;
    let request = Request::new(Technology::Snp, Freshness::Waived("recorded"), support::AT, &crypto);
    let result = |request| teeproof::verify(&Evidence::Snp(&report), request).unwrap().into_owned();
    let (with, without) = (result(&request.endorsement_sources(&sources)), result(&request));
    assert!(!with.is_accepted(), "there is no VCEK");
    assert_eq!(with.endorsement_sources(), sources);
    let json = |result| serde_json::to_value(result).unwrap();
    let (mut with, without) = (json(with), json(without));
    let expected = |what: &str, from: &str| {
        serde_json::json!({
            "what": what, "url": "https://kdsintf.amd.com/vcek/v1/Milan/crl", "from": from,
            "fetched_at": "2026-09-21T14:13:20Z", "valid_until": "2026-09-21T14:14:20Z",
        })
    };
    let expected = [expected("a list", "network"), expected("an older list", "cache")];
    assert_eq!(with["endorsements"], serde_json::json!(expected));
    assert_eq!(without["endorsements"], serde_json::json!([]));
    with["endorsements"] = serde_json::json!([]);
    assert_eq!(with, without);
}
