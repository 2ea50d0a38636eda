//! Benchmark of the published verifiers and ours, on the same evidence and in the same rounds. The record goes to
//! standard output, one line for each turn; `cargo xtask bench` makes tables of it.
//!
//! `--quick` only checks that everything runs. `--second` measures less: the crate `sev` and the peer that needs
//! another clock. `sev` cannot be built on two crypto backends at once, and the evidence is from two years.

#![allow(missing_docs, clippy::expect_used)]

use std::fmt::Display;
use std::hint::black_box;
use std::io::Write as _;

use teeproof_benches::{Case, Nitro, Rounds, Skipped, Tdx, Threads, cases};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let said = |word: &str| words.iter().any(|one| one == word);
    let (rounds, threads) =
        if said("--quick") { (Rounds::QUICK, Threads::QUICK) } else { (Rounds::FULL, Threads::FULL) };
    let mut out = std::io::stdout().lock();
    let mut write = |line: &dyn Display| _ = writeln!(out, "{line}");
    let (mut all, mut missing) = (cases(), Vec::new());
    all.extend(sev());
    if said("--second") {
        all.retain(|case| ["reference", "snp", "nitro", "peer"].contains(&case.group));
        all.extend(attestation_doc_validation(&mut missing));
    } else {
        all.push(nitro_attest());
        all.push(dcap_qvl());
        #[cfg(feature = "azure")]
        all.extend(azure::cases(&mut missing));
        #[cfg(not(feature = "azure"))]
        missing.push(Skipped { what: "az-snp-vtpm, az-cvm-vtpm", why: "built without libtss2 and OpenSSL" });
    }
    missing.iter().for_each(|skipped| write(skipped));
    rounds.run(&all, &mut write);
    if !said("--second") {
        threads.run(&mut write);
    }
}

#[cfg(not(any(feature = "nossl", feature = "openssl")))]
fn sev() -> Vec<Case> {
    Vec::new()
}

#[cfg(any(feature = "nossl", feature = "openssl"))]
fn sev() -> Vec<Case> {
    use teeproof_benches::Snp;
    use teeproof_peers::sev::{Certificates, Prepared, cold, parse};

    let Snp { report, vcek: vek } = Snp::MILAN;
    let certificates = Certificates {
        ark: include_bytes!("../../crates/pure/snp/anchors/ark-milan.der"),
        ask: include_bytes!("../../crates/pure/snp/anchors/ask-milan.der"),
        vek,
    };
    let prepared = Prepared::new(report, certificates).expect("a chain and a report");
    let names = if cfg!(feature = "openssl") {
        ["sev-openssl-parse", "sev-openssl-cold", "sev-openssl-warm"]
    } else {
        ["sev-nossl-parse", "sev-nossl-cold", "sev-nossl-warm"]
    };
    let [parse_name, cold_name, warm_name] = names;
    vec![
        Case::new("peer", parse_name, move || parse(black_box(report)).expect("a report")),
        Case::new("peer", cold_name, move || cold(black_box(report), certificates).expect("genuine")),
        Case::new("peer", warm_name, move || prepared.warm().expect("genuine")),
    ]
}

fn nitro_attest() -> Case {
    let document = Nitro::PRODUCTION.document;
    let verified = Nitro::PRODUCTION.verify(&teeproof_aws_lc::TABLE).expect("genuine");
    let at = u64::try_from(verified.path().at().0).expect("a time after 1970");
    Case::new("peer", "nitro_attest", move || {
        teeproof_peers::nitro_attest::verify(black_box(document), at).expect("genuine");
    })
}

fn dcap_qvl() -> Case {
    let quote: &[u8] = include_bytes!("../../testdata/tdx/quote-v4.bin");
    let collateral = include_str!("../../testdata/tdx/collateral-v4.json");
    let collateral = teeproof_peers::dcap_qvl::collateral(collateral).expect("collateral");
    let at = Tdx::AT.0.cast_unsigned();
    Case::new("peer", "dcap-qvl", move || {
        teeproof_peers::dcap_qvl::verify(black_box(quote), &collateral, at).expect("genuine");
    })
}

/// It takes no time, so that the system's clock has to say when the document was made.
fn attestation_doc_validation(missing: &mut Vec<Skipped<'static>>) -> Option<Case> {
    use teeproof_peers::attestation_doc_validation::verify;

    let document = Nitro::PRODUCTION.document;
    if verify(document).is_err() {
        missing.push(Skipped { what: "attestation-doc-validation", why: WRONG_CLOCK });
        return None;
    }
    Some(Case::new("peer", "attestation-doc-validation", move || {
        verify(black_box(document)).expect("genuine");
    }))
}

/// Why a peer that asks the system for the time can refuse.
const WRONG_CLOCK: &str = "it takes no time, and the system's clock is not the evidence's (libfaketime)";

#[cfg(feature = "azure")]
mod azure {
    //! What the two crates of Azure's do with the evidence that ours is measured with.

    use std::hint::black_box;

    use super::WRONG_CLOCK;
    use teeproof_benches::{Azure, Case, Skipped};
    use teeproof_peers::az_cvm_vtpm::{self, AttestationKey};
    use teeproof_peers::az_snp_vtpm::{self, Binding, Certificates};

    pub(super) fn cases(missing: &mut Vec<Skipped<'static>>) -> Vec<Case> {
        let azure = Azure::minted();
        let verified = azure.verify(&teeproof_aws_lc::TABLE).expect("minted");
        let pcrs: Vec<_> = verified.pcrs().expect("registers").iter().map(|(_, value)| *value).collect();
        let quote = azure.evidence.quote.expect("a quote");
        let report = azure.evidence.report;
        let certificates = certificates(azure);
        if az_snp_vtpm::cold(report, &certificates, Binding::Compared).is_err() {
            missing.push(Skipped { what: az_snp_vtpm::NAME, why: WRONG_CLOCK });
            return Vec::new();
        }
        let prepared = az_snp_vtpm::Prepared::new(&certificates).expect("certificates");
        let quote = az_cvm_vtpm::Prepared::new(quote.signature, quote.message, &pcrs).expect("a quote");
        let key = AttestationKey::of_hcl(report).expect("a key");
        let (quote_alone, quote_of_all) = (quote.clone(), quote);
        let chain = certificates.clone();
        vec![
            Case::new("peer", "az-cvm-vtpm-parse", move || {
                az_cvm_vtpm::parse(black_box(report)).expect("a report");
            }),
            Case::new("peer", "az-snp-vtpm-cold", move || {
                az_snp_vtpm::cold(black_box(report), &chain, Binding::Compared).expect("minted");
            }),
            Case::new("peer", "az-snp-vtpm-warm", move || {
                prepared.warm(black_box(report), Binding::Compared).expect("minted");
            }),
            Case::new("peer", "az-cvm-vtpm-quote", move || {
                quote_alone.verify(&key, Azure::NONCE).expect("minted");
            }),
            // The whole evidence, as the documentation of the two puts them together.
            Case::new("peer", "az-both-cold", move || {
                az_snp_vtpm::cold(black_box(report), &certificates, Binding::Compared).expect("minted");
                let key = AttestationKey::of_hcl(black_box(report)).expect("a key");
                quote_of_all.verify(&key, Azure::NONCE).expect("minted");
            }),
        ]
    }

    /// The chain of the report; that of the attestation key, neither crate looks at.
    fn certificates(azure: Azure) -> Certificates {
        let [vcek, ask, ..] = azure.certificates else {
            unreachable!("the bundle begins with the chain of the report");
        };
        let ark = include_bytes!("../../testdata/minted/ark.der");
        Certificates::of_der(vcek, ask, ark).expect("certificates")
    }
}
