//! Cases through `teeproof`: evidence and request of a relying party, verified and appraised.

use std::hint::black_box;

use teeproof::{Evidence, Policy, Request, Verdict};
use teeproof_core::{Crypto, Freshness, Technology};
use teeproof_nitro::Moment;
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

use super::policy;
use crate::{Answers, Azure, Case, Floor, Nitro, Snp, tables};

/// Verification and appraisal through `teeproof`, with every finding and claim kept as text.
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

/// Evidence with its request, but for the table.
#[derive(Clone, Copy)]
pub(super) struct Road {
    pub(super) evidence: Evidence<'static>,
    certificates: &'static [Certificate<'static>],
    anchors: Anchors<'static>,
    freshness: Freshness<'static>,
    at: Moment,
    pub(super) policy: Option<&'static Policy>,
}

impl Road {
    pub(super) fn snp(vector: Snp) -> Self {
        Self {
            evidence: Evidence::Snp(vector.report),
            certificates: certificates(&[vector.vcek]),
            anchors: Anchors::PINNED,
            freshness: Freshness::Waived("a recorded vector"),
            at: Moment::At(Snp::AT),
            policy: None,
        }
    }

    pub(super) fn azure(vector: Azure) -> Self {
        Self {
            evidence: Evidence::AzureSnp(vector.evidence),
            certificates: certificates(vector.certificates),
            anchors: Azure::ANCHORS,
            freshness: Freshness::nonce(Azure::NONCE).expect("a nonce"),
            at: Moment::At(Azure::AT),
            policy: None,
        }
    }

    pub(super) const fn nitro(document: &'static [u8]) -> Self {
        Self {
            evidence: Evidence::Nitro(document),
            certificates: &[],
            anchors: Anchors::PINNED,
            freshness: Freshness::Waived("a recorded vector"),
            at: Moment::OfDocument,
            policy: None,
        }
    }

    pub(super) const fn under(self, policy: &'static Policy) -> Self {
        Self { policy: Some(policy), ..self }
    }

    pub(super) fn request(&self, crypto: &'static Crypto<'static>) -> Request<'static> {
        Request::new(Technology::ALL, self.freshness, self.at, crypto)
            .endorsements(self.certificates)
            .revocation(Revocation::Unchecked("no list comes with the vector"))
            .anchors(self.anchors)
            .policy(self.policy)
    }

    /// Verifies, and appraises where there is a policy.
    pub(super) fn go(&self, crypto: &'static Crypto<'static>) {
        let result = teeproof::verify(black_box(&self.evidence), &self.request(crypto));
        assert_ne!(result.expect("a request").verdict(), Verdict::Refused);
    }
}

fn certificates(all: &[&'static [u8]]) -> &'static [Certificate<'static>] {
    let read = |der: &&'static [u8]| Certificate::parse(der).expect("a certificate");
    all.iter().map(read).collect::<Vec<_>>().leak()
}
