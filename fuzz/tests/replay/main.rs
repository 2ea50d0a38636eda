//! Every fuzz body over its seeds and some thousand mutations of them, the same ones at each run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod azure;
mod mutate;
mod seeds;

use mutate::Mutations;
use std::path::Path;
use teeproof_fuzz::{bundle, text, verify, wire, work_asked};

/// How many mutations of its seeds each body is fed.
const MUTATIONS: usize = 6000;

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
        let taken = Mutations::of(&seeds).take(MUTATIONS).filter(|input| (self.body)(input)).count();
        assert!((MUTATIONS / 100..MUTATIONS).contains(&taken), "{}: {taken} taken", self.name);
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

        /// The shims and the replayed bodies are the same set.
        #[test]
        fn every_shim_is_replayed() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
            let mut shims: Vec<_> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_string())
                .collect();
            let mut targets = vec![$(stringify!($name).to_string()),*];
            shims.sort();
            targets.sort();
            assert_eq!(shims, targets);
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
    certificate: wire::certificate;
    crl: wire::crl;
    time: wire::time;
    cose: wire::cose;
    nitro_document: wire::nitro_document;
    nitro_signers: wire::nitro_signers;
    snp_report: wire::snp_report;
    tpm_quote: wire::tpm_quote;
    tpm_signature: wire::tpm_signature;
    event_log: wire::event_log;
    hcl_report: wire::hcl_report;
    td_report: wire::td_report;
    verify_snp: verify::snp;
    verify_nitro: verify::nitro;
    verify_tpm: verify::tpm;
    verify_azure_snp: verify::azure_snp;
    verify_azure_tdx: verify::azure_tdx;
    verify: verify::front_door;
    sniff: text::sniff;
    inputs: text::inputs;
    bundle: bundle::bundle;
    policy: text::policy;
}

/// A table that believes nothing lets nothing through: the first byte of an input is its belief.
#[test]
fn without_belief_nothing_is_verified() {
    for (body, seeds) in [
        (verify::snp as fn(&[u8]) -> bool, seeds::verify_snp()),
        (verify::nitro, seeds::verify_nitro()),
        (verify::tpm, seeds::verify_tpm()),
        (verify::azure_snp, seeds::verify_azure_snp()),
        (verify::front_door, seeds::verify()),
    ] {
        for mut seed in seeds {
            seed[0] |= 3;
            assert!(!body(&seed));
        }
    }
}

/// The bounds that the bodies assert are reached, so they are the real ones.
#[test]
fn work_is_bounded_and_counted() {
    assert!(verify::nitro(&seeds::longest_chain()));
    assert_eq!(work_asked().signatures, 9);
    assert!(verify::snp(&seeds::verify_snp()[0]));
    assert_eq!(work_asked().signatures, 3);
    assert!(verify::snp(&seeds::many_paths(0)));
    assert_eq!(work_asked().signatures, 3);
    // Nothing is believed: four intermediates of one name under four anchors of one name.
    assert!(!verify::snp(&seeds::many_paths(3)));
    assert_eq!(work_asked().signatures, 16);
}

/// What a real Azure machine costs, and what one that is made to mislead does.
#[test]
fn the_work_of_azure_is_counted() {
    let whole = seeds::verify_azure_snp().remove(0);
    assert!(verify::azure_snp(&whole));
    let work = work_asked();
    // The VEK's chain and the report, the AK certificate's chain, the quote.
    assert_eq!(work.signatures, 3 + 2 + 1);
    // The claims, the signer's name, the registers, and the events of the log.
    assert!(work.hashes > 1 + 3 && work.hashed_bytes < whole.len() * 2, "{work:?}");
    // Nothing is believed: four paths from anchors of one name are tried.
    assert!(!verify::azure_snp(&seeds::many_ak_paths(3)));
    assert_eq!(work_asked().signatures, 4);
    // A log full of events is hashed once each.
    let (input, events) = seeds::longest_log();
    assert!(verify::tpm(&input));
    assert_eq!(work_asked().hashes, 3 + events);
}
