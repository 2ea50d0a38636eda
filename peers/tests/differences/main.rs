//! The same evidence before teeproof and before each published verifier. Where they disagree, the
//! disagreement is in a class that `docs/differences.md` lists with who is right; a disagreement in
//! no class fails the run, and so does a class that no longer occurs.
//!
//! Some peers read the system's clock, so this is started by `cargo xtask peers`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[cfg(feature = "azure")]
mod azure;
mod class;
mod classes;
mod document;
mod mutate;
mod nitro;
mod snp;
mod tdx;
mod verdict;

use verdict::Tally;

/// The peers of this build.
const PEERS: &[&str] = &[
    teeproof_peers::sev::NAME,
    teeproof_peers::nitro_attest::NAME,
    teeproof_peers::attestation_doc_validation::NAME,
    teeproof_peers::dcap_qvl::NAME,
    #[cfg(feature = "azure")]
    teeproof_peers::az_snp_vtpm::NAME,
    #[cfg(feature = "azure")]
    teeproof_peers::az_cvm_vtpm::NAME,
];

#[test]
fn every_disagreement_is_in_a_class_that_is_listed() {
    // Panics are answers here, and caught; their traces would hide the report.
    std::panic::set_hook(Box::new(|_| {}));
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let snp = scope.spawn(snp::ask);
        let tdx = scope.spawn(tdx::ask);
        // The clock is the whole process's: those who read it go one after the other.
        tally.add(nitro::ask());
        #[cfg(feature = "azure")]
        tally.add(azure::ask());
        tally.add(snp.join().expect("the questions about SNP"));
        tally.add(tdx.join().expect("the questions about TDX"));
    });
    let _ = std::panic::take_hook();
    tally.judge();
}
