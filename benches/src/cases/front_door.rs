//! The whole road: verified, appraised, every finding and claim kept as text.

use super::policy;
use super::road::Road;
use crate::{Answers, Azure, Case, Floor, Nitro, Snp, tables};

pub(super) fn cases() -> Vec<Case> {
    let snp = policy(include_str!("../../../examples/policies/snp.toml"));
    let azure = policy(include_str!("../../../examples/policies/azure-snp.toml"));
    let nitro = policy(include_str!("../../../examples/policies/nitro.toml"));
    let roads = [
        ("snp", "snp-all-but-crypto", Road::snp(Snp::MILAN).under(snp)),
        ("azure", "azure-all-but-crypto", Road::azure(Azure::with_log()).under(azure)),
        ("nitro", "nitro-all-but-crypto", Road::nitro(Nitro::PRODUCTION.document).under(nitro)),
    ];
    let mut cases = Vec::new();
    for (name, all_but, road) in roads {
        for crypto in tables() {
            cases.push(Case::new("front-door", name, move || road.go(crypto)).under(crypto.name));
        }
        let answers = Answers::to(&Floor::of(|crypto| road.go(crypto)));
        cases.push(Case::new("front-door", all_but, move || road.go(answers)));
    }
    cases
}
