//! A TD quote under its collateral.

use std::hint::black_box;

use teeproof_core::Crypto;
use teeproof_tdx::{TdxEvidence, TdxPolicy, VerifiedQuote};

use super::{leak, with_floor};
use crate::tdx::Caches;
use crate::{Answers, Case, Floor, Tdx, tables};

pub(super) fn cases() -> Vec<Case> {
    let vector: &'static Tdx = leak(Tdx::sample());
    let certificates = leak(vector.certificates());
    let parsed = leak(vector.parse(certificates));
    let mut cases = vec![
        Case::new("tdx", "parse", move || TdxEvidence::parse(black_box(vector.quote)).expect("a quote")),
        Case::new("tdx", "parse-collateral", move || {
            let certificates = black_box(vector).certificates();
            black_box(vector.parse(&certificates));
        }),
    ];
    cases.extend(with_floor("tdx", ["cold", "cold-floor"], &tables(), move |crypto| {
        black_box(vector).verify(crypto, |verified| assert!(verified.is_production()));
    }));
    let caches: Option<&'static Caches> = Some(leak(vector.caches()));
    let warm = move |crypto: &'static Crypto<'static>| {
        let quote = black_box(vector).quote;
        let verified = |verified: &VerifiedQuote<'_>| assert!(verified.is_production());
        parsed.verify(quote, caches, crypto, verified).expect("genuine");
    };
    cases.extend(with_floor("tdx", ["warm", "warm-floor"], &tables(), warm));
    let answers = Answers::to(&Floor::of(warm));
    cases.push(Case::new("tdx", "warm-all-but-crypto", move || warm(answers)));
    let policy: &'static TdxPolicy<'static> = leak(TdxPolicy::genuine());
    let all = move |crypto| {
        black_box(vector).verify(crypto, |verified| {
            assert!(teeproof_tdx::appraise(verified, policy, &mut ()));
        });
    };
    let answers = Answers::to(&Floor::of(all));
    cases.push(Case::new("tdx", "all-but-crypto", move || all(answers)));
    cases
}
