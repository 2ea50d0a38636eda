//! Replay of every fuzz body over its seeds, some thousand deterministic mutations of them, and worst-case inputs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod azure;
mod costs;
mod forms;
mod hostile;
mod hostile_tdx;
mod images;
mod keys;
mod kms;
mod long;
mod mutate;
mod nsm;
mod seeds;
mod tdx;

use mutate::Mutations;
use std::path::Path;
use teeproof_fuzz::{
    bounds, bundle, collateral, envelope, image, kms as of_kms, minted, path, text, verify, wire, work_of,
};

/// The number of mutations of its seeds that each body is fed; `cargo xtask quick` takes a sample.
fn mutations() -> usize {
    if std::env::var_os("TEEPROOF_QUICK").is_some_and(|value| value == "1") { 1500 } else { 6000 }
}

/// A body: what it is called, the function, and its seeds.
struct Target {
    name: &'static str,
    body: fn(&[u8]) -> bool,
    seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Feeds the seeds, which are all taken, and mutations, of which some are and some are not:
    /// otherwise they would reach too little, or change too little.
    fn replay(&self) {
        let seeds = (self.seeds)();
        assert!(!seeds.is_empty());
        for (index, seed) in seeds.iter().enumerate() {
            assert!((self.body)(seed), "{}: seed {index} is refused", self.name);
            for end in (0..seed.len()).step_by(seed.len() / 64 + 1) {
                (self.body)(&seed[..end]);
                (self.body)(&seed[end..]);
            }
        }
        let mutations = mutations();
        let taken = Mutations::of(&seeds).take(mutations).filter(|input| (self.body)(input)).count();
        assert!((mutations / 100..mutations).contains(&taken), "{}: {taken} taken", self.name);
    }
}

macro_rules! targets {
    ($($name:ident: $body:path;)*) => {
        $(
            #[test]
            fn $name() {
                Target { name: stringify!($name), body: $body, seeds: seeds::$name }.replay();
            }
        )*

        /// The shims, cargo-fuzz's targets and the replayed bodies are the same set, and none is
        /// missing from the README.
        #[test]
        fn every_target_is_replayed() {
            let mut targets = vec![$(stringify!($name).to_string()),*];
            targets.sort();
            assert_eq!(shims(), targets);
            assert_eq!(declared(), targets);
            let readme = include_str!("../../README.md");
            assert!(targets.iter().all(|target| readme.contains(&format!("`{target}`"))));
        }

        /// Writes the seeds as files, for cargo-fuzz to begin from.
        #[test]
        #[ignore = "writes files; only whoever runs cargo-fuzz needs them"]
        fn write_seeds() {
            $(
                let folder =
                    Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeds").join(stringify!($name));
                std::fs::create_dir_all(&folder).unwrap();
                for (index, seed) in seeds::$name().iter().enumerate() {
                    std::fs::write(folder.join(index.to_string()), seed).unwrap();
                }
            )*
        }
    };
}

targets! {
    der: wire::der;
    certificate: wire::certificate;
    ecdsa_signature: wire::ecdsa_signature;
    crl: wire::crl;
    time: wire::time;
    cbor: wire::cbor;
    cose: wire::cose;
    nitro_document: wire::nitro_document;
    nitro_signers: wire::nitro_signers;
    snp_report: wire::snp_report;
    tpm_quote: wire::tpm_quote;
    tpm_signature: wire::tpm_signature;
    tpm_certification: wire::tpm_certification;
    tpm_public: wire::tpm_public;
    event_log: wire::event_log;
    tpm_described: wire::tpm_described;
    efi: wire::efi;
    hcl_report: wire::hcl_report;
    td_report: wire::td_report;
    td_quote: wire::td_quote;
    certificate_table: wire::certificate_table;
    nitrotpm_document: wire::nitrotpm_document;
    sealed_head: wire::sealed_head;
    public_key: wire::public_key;
    path: path::path;
    list: path::list;
    cache: path::cache;
    verify_snp: verify::snp;
    verify_nitro: verify::nitro;
    verify_nitrotpm: verify::nitrotpm;
    verify_tpm: verify::tpm;
    verify_certification: verify::certification;
    verify_azure_snp: verify::azure_snp;
    verify_azure_again: verify::azure_again;
    verify_azure_tdx: verify::azure_tdx;
    verify_tdx: verify::tdx;
    signed_json: verify::signed_json;
    verify: verify::front_door;
    minted_claims: minted::claims;
    minted_log: minted::log;
    minted_key: minted::key;
    minted_document: minted::document;
    minted_tcb_info: minted::tcb_info;
    minted_qe_identity: minted::qe_identity;
    minted_pck: minted::pck;
    minted_ccel: minted::ccel;
    eif_image: image::image;
    eif_nitro_cli: image::nitro_cli;
    envelope: envelope::envelope;
    nsm_answer: teeproof_fuzz::nsm::nsm_answer;
    nsm_frame: teeproof_fuzz::nsm::nsm_frame;
    road_message: teeproof_fuzz::nsm::road_message;
    kms_envelope: of_kms::envelope;
    key_policy: of_kms::key_policy;
    text_bytes: text::text_bytes;
    sniff: text::sniff;
    evidence_json: text::evidence_json;
    collateral_json: collateral::collateral_json;
    inputs: text::inputs;
    bundle: bundle::bundle;
    policy: text::policy;
}

/// The files of `fuzz_targets`.
fn shims() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut shims: Vec<_> =
        entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
    shims.sort();
    shims
}

/// The programs of the manifest.
fn declared() -> Vec<String> {
    let programs = include_str!("../../Cargo.toml").split("[[bin]]\nname = \"").skip(1);
    let mut names: Vec<_> = programs.map(|program| program.split_once('"').unwrap().0.to_string()).collect();
    names.sort();
    names
}

/// A table that believes nothing lets nothing through: the first byte of an input is its belief.
#[test]
fn without_belief_nothing_is_verified() {
    for (body, seeds) in [
        (verify::snp as fn(&[u8]) -> bool, seeds::verify_snp()),
        (verify::nitro, seeds::verify_nitro()),
        (verify::nitrotpm, seeds::verify_nitrotpm()),
        (verify::tpm, seeds::verify_tpm()),
        (verify::certification, seeds::verify_certification()),
        (verify::azure_snp, seeds::verify_azure_snp()),
        (verify::tdx, seeds::verify_tdx()),
        (verify::front_door, seeds::verify()),
    ] {
        for mut seed in seeds {
            seed[0] |= 3;
            assert!(!body(&seed));
        }
    }
}

/// What is promised of signatures is what is paid, and what a forger can cause is reached.
#[test]
fn signatures_are_counted() {
    let signatures = |entry| work_of(entry).signatures;
    assert!(verify::nitro(&seeds::longest_chain()));
    assert_eq!(signatures(&bounds::NITRO_VERIFY), 9);
    // The intermediate is pinned together with its root: the VEK's and the report's.
    assert!(verify::snp(&seeds::verify_snp()[0]));
    assert_eq!(signatures(&bounds::SNP_VERIFY), 2);
    assert!(verify::snp(&seeds::many_paths(0)));
    assert_eq!(signatures(&bounds::SNP_VERIFY), 3);
    // Nothing is believed: nine intermediates of one name under ten anchors of one name, the pinned one under
    // them as well, and one of the nine before it.
    assert!(!verify::snp(&seeds::many_paths(3)));
    assert_eq!(signatures(&bounds::SNP_VERIFY), 110);
}

/// What a real Azure machine costs, and what one that is made to mislead does.
#[test]
fn the_work_of_azure_is_counted() {
    let whole = seeds::verify_azure_snp().remove(0);
    assert!(verify::azure_snp(&whole));
    let work = work_of(&bounds::HCL_SNP);
    // The minted VEK's chain and the report, the AK certificate's chain, the quote.
    assert_eq!(work.signatures, 3 + 2 + 1);
    // The claims, the signer's name, the registers, and the events of the log.
    assert!(work.hashes > 1 + 3 && work.hashed_bytes < whole.len() * 2, "{work:?}");
    // No report is believed: the chain of an attestation key is not even looked for.
    assert!(!verify::azure_snp(&seeds::many_ak_paths(3)));
    assert_eq!(work_of(&bounds::HCL_SNP).signatures, 0);
    // A log full of events is hashed once each.
    let (input, events) = seeds::longest_log();
    assert!(verify::tpm(&input));
    assert_eq!(work_of(&bounds::TPM_REPLAY).hashes, events);
}
