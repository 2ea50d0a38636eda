//! Genuine evidence in every form of past and present paravisors.

use teeproof_core::{Hex, Outcome};
use teeproof_hcl::{HardwareSealingPolicy, VmId};
use teeproof_mint::azure::{AkChain, Generation, Letters};
use teeproof_mint::snp::Product;
use teeproof_mint::{DEFAULT_TIME, Kind};

use crate::support::{Bag, NONCE, vm};

const VM_ID: VmId =
    VmId([0x7e, 0xe7, 0x92, 0x00, 0xf0, 0x00, 0x40, 0x00, 0x80, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab]);

#[test]
fn every_product_with_everything() {
    for product in [Product::Milan, Product::Genoa, Product::Turin] {
        let vm = teeproof_mint::azure::Vm::snp(product)
            .with_machine(|machine| *machine = machine.clone().authority_keys(Kind::Rsa2048))
            .nonce(NONCE);
        let mut bag = Bag::of(&vm);
        bag.nonce = Some(NONCE.to_vec());
        let seen = bag.verify().unwrap();
        assert_eq!(seen.ak, Some(false));
        assert!(seen.quoted && !seen.production);
        assert_eq!(seen.pcrs.as_ref().map(Vec::len), Some(24));
        assert_eq!(seen.log_explains, Some(true));
        assert_eq!(seen.claims.vm_configuration().vm_unique_id, Some(VM_ID));
        assert_eq!(seen.claims.ak().modulus, vm.ak.modulus().unwrap());
        for finding in &seen.findings.0 {
            let outcome = match finding.id {
                "snp.nonce" | "snp.revocation" | "ak.revocation" => Outcome::Skip,
                // User-data is zeros, and not the nonce.
                "hcl.user-data" => Outcome::Warn,
                _ => Outcome::Pass,
            };
            assert_eq!(finding.outcome, outcome, "{finding:?}");
        }
        seen.findings.assert_finding("hcl.binding", Outcome::Pass, "SHA-256");
        seen.findings.assert_finding("ak.chain", Outcome::Pass, "Global Virtual TPM CA - 01");
        seen.findings.assert_finding("ak.chain", Outcome::Pass, "(NON-PRODUCTION ANCHOR)");
    }
}

#[test]
fn every_generation_of_claims() {
    for (generation, nv_bytes, header) in [
        (Generation::Legacy2022, 2048, 1),
        (Generation::LegacyMilan, 2600, 1),
        (Generation::LegacyGenoa, 2600, 2),
        (Generation::OpenHcl2025, 2600, 2),
        (Generation::OpenHcl2026, 2600, 2),
        (Generation::OpenVmm, 2900, 2),
    ] {
        let bag = Bag::of(&vm().generation(generation));
        assert_eq!((bag.report.len(), bag.report[4]), (nv_bytes, header));
        let claims = bag.verify().unwrap().claims;
        let configured = claims.vm_configuration();
        let old = generation == Generation::Legacy2022;
        let newest = generation == Generation::OpenVmm;
        let genoa_on = !old && generation != Generation::LegacyMilan;
        assert_eq!(claims.keys().len(), if old { 1 } else { 2 });
        assert_eq!(claims.ak().key_ops, [if old { "encrypt" } else { "sign" }]);
        assert_eq!(claims.user_data(), (!old).then_some(&[0; 64]));
        assert_eq!(configured.vm_unique_id, Some(VM_ID));
        assert_eq!(configured.console_enabled, Some(true));
        assert_eq!(configured.secure_boot, Some(true));
        assert_eq!(configured.tpm_enabled, Some(true));
        assert_eq!(configured.current_time, old.then_some(DEFAULT_TIME));
        assert_eq!(configured.root_cert_thumbprint.is_some(), genoa_on);
        assert_eq!(configured.tpm_persisted, genoa_on.then_some(false));
        assert_eq!(configured.interactive_console_enabled, newest.then_some(false));
        let devices = newest || generation == Generation::OpenHcl2026;
        assert_eq!(configured.filtered_vpci_devices_allowed, devices.then_some(false));
        assert_eq!(configured.hardware_sealing_policy, newest.then_some(HardwareSealingPolicy::None));
        let provisioner = configured.vmgs_provisioner.as_ref();
        assert_eq!(provisioner.and_then(|made| made.id.as_deref()), newest.then_some("teeproof-mint"));
        assert!(claims.unknown().is_empty() && configured.unknown.is_empty());
    }
}

#[test]
fn every_size_of_the_nv_index_and_version_of_the_envelope() {
    for nv_bytes in [0, 2048, 2600, 2900, 4096] {
        for (version, bitmap) in [(1, None), (2, None), (1, Some(0)), (2, Some(0x1f))] {
            let vm = vm().generation(Generation::Legacy2022).with_envelope(|envelope| {
                envelope.nv_bytes = nv_bytes;
                envelope.header_version = version;
                if let Some(bitmap) = bitmap {
                    envelope.set_version_2(bitmap);
                }
            });
            Bag::of(&vm).verify().unwrap();
        }
    }
}

#[test]
fn every_hash_of_the_claims() {
    for (hash, name) in [(1, "SHA-256"), (2, "SHA-384"), (3, "SHA-512")] {
        let bag = Bag::of(&vm().with_envelope(|envelope| envelope.hash_type = hash));
        bag.verify().unwrap().findings.assert_finding("hcl.binding", Outcome::Pass, name);
    }
}

#[test]
fn digits_of_any_case() {
    for letters in [Letters::Upper, Letters::Lower] {
        let vm = vm().user_data(&[0xab; 64]).with_claims(|claims| claims.set_letters(letters));
        let claims = Bag::of(&vm).verify().unwrap().claims;
        assert_eq!(claims.user_data(), Some(&[0xab; 64]), "{}", Hex(&[0xab]));
        assert_eq!(claims.vm_configuration().vm_unique_id, Some(VM_ID));
    }
}

#[test]
fn the_other_hierarchy_of_azure() {
    let vm = vm();
    let cloud = AkChain::cloud(&vm.ak, DEFAULT_TIME);
    let seen = Bag::of(&vm.with_ak_chain(|chain| *chain = cloud)).verify().unwrap();
    assert_eq!(seen.ak, Some(false));
    let finding = seen.findings.of("ak.chain").because.clone();
    let names = [
        "ConfidentialVM.Azure.windows.net",
        "Azure Cloud Virtual TPM CA - 24",
        "Azure Cloud Virtual TPM CA 2025",
        "Azure Virtual TPM Root",
    ];
    let places: Vec<_> = names.iter().map(|name| finding.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "{finding}");
}

#[test]
fn less_than_everything() {
    let full = Bag::of(&vm());
    let mut bag = full.clone();
    bag.log = None;
    let seen = bag.verify().unwrap();
    assert!(seen.log_explains.is_none() && seen.pcrs.is_some());
    seen.findings.assert_finding("log.replay", Outcome::Skip, "the event log is missing");

    bag.pcrs = None;
    let seen = bag.verify().unwrap();
    assert!(seen.pcrs.is_none() && seen.quoted);
    seen.findings.assert_finding("quote.pcrs", Outcome::Skip, "the PCR values are missing");

    // A log without PCR values is not parsed.
    bag.log = Some(b"no log at all".to_vec());
    bag.verify().unwrap().findings.assert_finding("log.replay", Outcome::Skip, "no verified PCR values");

    let seen = full.clone().without_quote().verify().unwrap();
    assert!(!seen.quoted && seen.ak.is_some());
    seen.findings.assert_finding("quote.signature", Outcome::Skip, "the vTPM's quote is missing");
    seen.findings.assert_finding("hcl.user-data", Outcome::Skip, "the test asks nothing");
    assert!(seen.findings.of("hcl.user-data").waived);

    let mut bag = full.without_quote();
    bag.certificates.truncate(2);
    let seen = bag.verify().unwrap();
    assert_eq!(seen.ak, None);
    seen.findings.assert_finding("ak.chain", Outcome::Skip, "the AK certificate is missing");
    seen.findings.assert_finding("ak.key", Outcome::Skip, "ak.chain");
}
