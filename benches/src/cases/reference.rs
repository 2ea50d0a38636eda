//! Bare operations of each table: what everything else is compared with.

use std::hint::black_box;

use crate::{Case, Floor, Snp, tables};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let whole = Floor::of(|crypto| _ = Snp::MILAN.verify(crypto).expect("genuine"));
    let signature = super::leak(whole.last_signature().expect("a signature"));
    for crypto in tables() {
        let bare = move || black_box(&*signature).again(crypto);
        cases.push(Case::new("reference", "p384", bare).under(crypto.name));
    }
    cases
}
