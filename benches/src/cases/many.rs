//! Several verifications in one call, next to single calls.

use std::hint::black_box;

use teeproof::{Verdict, verify_all_with_cache};
use teeproof_x509::SignatureCache;

use super::road::Road;
use crate::{Azure, Case, Nitro, ROOM, tables};

/// The genuine documents of four regions and of different years.
const DOCUMENTS: [&[u8]; 8] = [
    include_bytes!("../../../testdata/nitro/debug-us-east-1-2021-03.cose"),
    include_bytes!("../../../testdata/nitro/debug-us-east-1-2024-09.cose"),
    include_bytes!("../../../testdata/nitro/debug-us-east-1-2024-11.cose"),
    include_bytes!("../../../testdata/nitro/indefinite-map-ap-south-1-2025-11.cose"),
    include_bytes!("../../../testdata/nitro/production-eu-central-1-2025-01.cose"),
    include_bytes!("../../../testdata/nitro/production-us-east-2-2024-10.cose"),
    include_bytes!("../../../testdata/nitro/production-us-east-2-2024-12.cose"),
    include_bytes!("../../../testdata/nitro/sparse-bank-us-east-2-2024-12.cose"),
];

/// How many quotes a VM sends, and documents an enclave.
const FURTHER: usize = 16;

pub(super) fn cases() -> Vec<Case> {
    let documents: Vec<Road> = DOCUMENTS.iter().map(|document| Road::nitro(document)).collect();
    let of_one = vec![Road::nitro(Nitro::PRODUCTION.document); FURTHER];
    let quotes = vec![Road::azure(Azure::minted()); FURTHER];
    let sets = [
        ("8-documents", "8-documents-one-by-one", super::leak(documents)),
        ("16-documents", "16-documents-one-by-one", super::leak(of_one)),
        ("16-quotes", "16-quotes-one-by-one", super::leak(quotes)),
    ];
    let mut cases = Vec::new();
    for (together, alone, roads) in sets {
        for crypto in tables() {
            let all = || {
                // The cache begins empty each time.
                let mut cache = SignatureCache::new(ROOM);
                let pairs = black_box(&*roads).iter().map(|road| (road.evidence, road.request(crypto)));
                verify_all_with_cache(pairs, &mut cache, |_, answer| {
                    assert_ne!(answer.expect("a request").verdict(), Verdict::Refused);
                });
            };
            cases.push(Case::new("many", together, all).under(crypto.name));
            let each = || black_box(&*roads).iter().for_each(|road| road.go(crypto));
            cases.push(Case::new("many", alone, each).under(crypto.name));
        }
    }
    cases
}
