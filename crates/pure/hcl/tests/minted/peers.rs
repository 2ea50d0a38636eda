//! Known mistakes of other verifiers, each as the attack that it permits.
//!
//! Attacks on the processor's certificates, the quote's own format and the event log are in the tests of
//! those crates; attacks on encodings in the tests of `teeproof-evidence`.

use teeproof_core::{Class, Outcome, Pcrs, Rule};
use teeproof_hcl::{AttestationKeyProblem, Error, Ground, HclPolicy, Origin};
use teeproof_mint::azure::{Json, Vm};
use teeproof_mint::x509::Name;
use teeproof_mint::{Key, Kind};

use crate::support::{Bag, NONCE, vm};

/// The key of somebody who has the private half.
fn attacker() -> Key {
    Key::shared("the attacker's key", Kind::Rsa2048)
}

fn genuine() -> (teeproof_snp::SnpPolicy<'static>, HclPolicy<'static>) {
    (teeproof_snp::SnpPolicy::genuine(), HclPolicy::genuine())
}

/// Somebody's own SNP guest at VMPL 0, with claims over their own key: everything in it is genuine.
fn own_guest() -> Vm {
    vm().attestation_key(attacker()).with_machine(|machine| {
        machine.report.id_key_digest = [0; 48];
        machine.report.measurement = [0x66; 48];
    })
}

/// Any genuine report taken for one of Azure's paravisor.
#[test]
fn a_guest_of_ones_own_has_no_ground() {
    let mut bag = Bag::of(&own_guest());
    // He has no certificate of Azure's.
    bag.certificates.truncate(2);
    bag.verify().expect("it is genuine");
    let (snp, mut policy) = genuine();
    policy.origin = Origin::AnyOf { grounds: Ground::ALL.into(), line: None };
    let (accepted, findings) = bag.appraise(&snp, &policy);
    assert!(!accepted);
    assert_eq!(findings.of("origin.paravisor").actual, "no ground");
}

/// The AK certificate of a trusted-launch VM, whose owner forges claims around its key.
#[test]
fn a_trusted_launch_key_is_no_ground() {
    let vm = own_guest().with_ak_chain(|chain| {
        chain.leaf.certificate.subject = Name::common("0a0b0c0d0e0f.TrustedVM.Azure.windows.net");
    });
    Bag::of(&vm).refused(Error::AkSubject, Class::NotAuthentic);
}

/// Container instances taken for confidential VMs: VMPL 0 and the ids are the same.
#[test]
fn container_instances_are_told_apart() {
    let vm = vm().with_machine(|machine| machine.report.host_data = [0xcc; 32]);
    let (snp, policy) = genuine();
    assert!(!Bag::of(&vm).appraise(&snp, &policy).0);
}

/// Old paravisors that publish a key of the guest's own (CVE-2025-49707): only the guest SVN tells.
#[test]
fn old_paravisors_can_be_refused() {
    let old = vm().with_machine(|machine| machine.report.guest_svn = 9);
    let (mut snp, policy) = genuine();
    snp.guest_svn = Rule::at_least(10);
    assert!(!Bag::of(&old).appraise(&snp, &policy).0);
    assert!(Bag::of(&vm()).appraise(&snp, &policy).0);
}

/// `keys[0]` taken, whatever it is for.
#[test]
fn the_first_key_is_not_taken() {
    let vm = vm().with_claims(|claims| {
        let mut other = claims.keys[0].clone();
        other.set("kid", "HCLTransferKey");
        other.set("n", Json::Modulus(attacker()));
        claims.keys.insert(0, other);
    });
    Bag::of(&vm).verify().unwrap();
    let forged = vm.with_quote(|quote| quote.signer = Some(attacker()));
    Bag::of(&forged).refused(Error::Tpm(teeproof_tpm::Error::Signature), Class::NotAuthentic);
}

/// The key of zeros that is published when creation failed.
#[test]
fn a_key_of_zeros_is_refused_in_its_own_words() {
    let vm = vm().with_claims(|claims| {
        claims.keys[0].set("n", "A".repeat(342));
        claims.keys[0].set("e", "AAAA");
    });
    Bag::of(&vm).refused(Error::Key(AttestationKeyProblem::Zero), Class::NotAuthentic);
}

/// A bare SNP report with the claims left behind, and the two halves of different machines.
#[test]
fn parts_of_different_machines_do_not_bind() {
    let (mut one, other) = (Bag::of(&vm()), Bag::of(&own_guest()));
    // The claims of one after the report of the other.
    let claims = other.report[0x4c0..].to_vec();
    one.report.truncate(0x4c0);
    one.report.extend(claims);
    one.refused(Error::Binding, Class::NotBound);
    // The quote of one VM with the report of another.
    let mut one = Bag::of(&vm());
    one.quote = other.quote;
    one.refused(Error::Tpm(teeproof_tpm::Error::Signature), Class::NotAuthentic);
}

/// Only the first 32 bytes of REPORT_DATA compared.
#[test]
fn the_tail_of_report_data_counts() {
    let mut vm = vm();
    let mut data = vm.envelope.report_data(&vm.claims.bytes().unwrap());
    data[32..].copy_from_slice(&[0xaa; 32]);
    vm.report_data = Some(data);
    Bag::of(&vm).refused(Error::Binding, Class::NotBound);
}

/// Claims cut at the last brace or at the first NUL, and not where their size says.
#[test]
fn claims_end_where_their_size_says() {
    let claims = vm().claims.bytes().unwrap();
    for tail in [&b"\0"[..], b"\0}", b" junk}"] {
        let mut vm = vm().with_claims(|own| own.raw = Some([claims.as_slice(), tail].concat()));
        // Hashed as such a verifier would.
        vm.report_data = Some(vm.envelope.report_data(&claims));
        Bag::of(&vm).refused(Error::Binding, Class::NotBound);
    }
}

/// A panic at a hash type other than the usual one; unknown and absent members refused.
#[test]
fn unusual_is_not_wrong() {
    let vm = vm().with_envelope(|envelope| envelope.hash_type = 2).with_claims(|claims| {
        claims.configuration.remove("console-enabled");
        claims.configuration.push("of-tomorrow", true);
    });
    Bag::of(&vm).verify().unwrap();
}

/// A prefix of user-data compared, and a panic when the challenge is longer than user-data.
#[test]
fn a_prefix_of_user_data_is_not_enough() {
    let longer = [NONCE, b" and more"].concat();
    let mut bag = Bag::of(&vm().user_data(&longer)).without_quote();
    bag.nonce = Some(NONCE.to_vec());
    bag.refused(Error::Nonce, Class::NotBound);
    bag.nonce = Some(vec![b'x'; 65]);
    bag.refused(Error::UserDataLength, Class::NotBound);
}

/// Debugging and privilege level left to whoever reads the log.
#[test]
fn debugging_and_level_are_held() {
    let debug = vm().with_machine(|machine| machine.report.policy |= 1 << 19);
    let (snp, policy) = genuine();
    let (accepted, findings) = Bag::of(&debug).appraise(&snp, &policy);
    assert!(!accepted);
    assert_eq!(findings.of("snp.policy.debug").outcome, Outcome::Fail);
    // The guest's kernel, with the processor's device and claims of its own.
    let kernel = own_guest().with_machine(|machine| machine.report.vmpl = 1);
    Bag::of(&kernel).refused(Error::Vmpl(1), Class::NotAuthentic);
}

/// No least TCB: a host keeps its old firmware and the old key, which stays genuine for years.
#[test]
fn old_firmware_can_be_refused() {
    let reported = Bag::of(&vm());
    let (mut snp, policy) = genuine();
    let floor = |microcode| teeproof_snp::Tcb { fmc: None, bootloader: 0, tee: 0, snp: 0, microcode };
    snp.reported_tcb = Rule::at_least(floor(0).into());
    assert!(reported.appraise(&snp, &policy).0);
    snp.reported_tcb = Rule::at_least(floor(255).into());
    assert!(!reported.appraise(&snp, &policy).0);
}

/// Registers and logs believed that the quote does not cover.
#[test]
fn registers_that_were_not_quoted_are_absent() {
    let mut bag = Bag::of(&vm().pcr_selection(&[0]));
    let value = [0x77; 32];
    bag.pcrs.as_mut().unwrap()[7] = Some(value);
    let (snp, mut policy) = genuine();
    let rule = teeproof_core::PcrRule::new(7, Rule::exactly(value));
    policy.tpm.pcrs = Pcrs::Rules(vec![rule].into());
    policy.tpm.secure_boot = Rule::exactly(true);
    let (accepted, findings) = bag.appraise(&snp, &policy);
    assert!(!accepted);
    assert_eq!(findings.of("quote.pcr7").actual, "absent");
    assert_eq!(findings.of("log.secure-boot").actual, "absent");
}

/// A nonce that may be absent or empty.
#[test]
fn an_empty_nonce_asks_nothing() {
    let mut bag = Bag::of(&vm().nonce(b""));
    assert!(teeproof_core::Nonce::from_bytes(b"").is_err());
    bag.nonce = Some(vec![0]);
    bag.refused(Error::Tpm(teeproof_tpm::Error::Nonce), Class::NotBound);
}

/// The attestation key made by the guest's own tools where the paravisor's is missing.
#[test]
fn a_key_of_the_guests_own_is_not_the_paravisors() {
    let vm = vm().with_quote(|quote| quote.signer = Some(attacker()));
    Bag::of(&vm).refused(Error::Tpm(teeproof_tpm::Error::Signature), Class::NotAuthentic);
}

/// A TDREPORT treated as evidence.
#[test]
fn a_td_report_is_not_believed() {
    Bag::of(&Vm::tdx()).refused(Error::TdQuoteMissing, Class::Incomplete);
}

/// The size of the NV index and the place of the claims taken for fixed.
#[test]
fn sizes_and_places_are_read() {
    for nv_bytes in [2400, 2600, 2900] {
        let vm = vm().with_envelope(|envelope| {
            envelope.nv_bytes = nv_bytes;
            envelope.set_version_2(1);
        });
        Bag::of(&vm).verify().unwrap();
    }
}
