//! Appraisal: every rule is appraised, every finding recorded.

use teeproof_core::{Outcome, Pcrs, Rule};
use teeproof_hcl::{HclPolicy, VmId};
use teeproof_mint::azure::Generation;

use crate::support::{Bag, Findings, vm};

const VM_ID: VmId =
    VmId([0x7e, 0xe7, 0x92, 0x00, 0xf0, 0x00, 0x40, 0x00, 0x80, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab]);

type Policies<'p> = (teeproof_snp::SnpPolicy<'p>, HclPolicy<'p>);

fn genuine() -> Policies<'static> {
    (teeproof_snp::SnpPolicy::genuine(), HclPolicy::genuine())
}

fn appraise(bag: &Bag, change: impl FnOnce(&mut Policies<'static>)) -> (bool, Findings) {
    let mut policies = genuine();
    change(&mut policies);
    bag.appraise(&policies.0, &policies.1)
}

/// The rule holds for the newest machine, fails otherwise set, and fails where the value is absent
/// unless it never is.
#[track_caller]
fn rule(id: &str, absent_in_oldest: bool, set: impl Fn(&mut Policies<'static>, bool)) {
    let newest = Bag::of(&vm().generation(Generation::OpenVmm).user_data(&[7; 64]));
    for right in [true, false] {
        let (accepted, findings) = appraise(&newest, |policies| set(policies, right));
        let finding = findings.of(id);
        assert_eq!(accepted, right, "{finding:?}");
        assert_eq!(finding.outcome, if right { Outcome::Pass } else { Outcome::Fail }, "{finding:?}");
        assert!(!finding.expected.is_empty() && !finding.actual.is_empty());
    }
    let mut oldest = Bag::of(&vm().generation(Generation::Legacy2022)).without_quote();
    oldest.certificates.truncate(2);
    let (_, findings) = appraise(&oldest, |policies| set(policies, true));
    assert_eq!(findings.of(id).actual == "absent", absent_in_oldest, "{id}");
    if absent_in_oldest {
        assert_eq!(findings.of(id).outcome, Outcome::Fail);
    }
    let (accepted, findings) = appraise(&newest, |_| {});
    assert!(accepted && (findings.of(id).waived || id == "origin.paravisor"));
}

#[test]
fn every_rule() {
    rule("ak.certificate", true, |p, right| p.1.ak_certificate = Rule::exactly(right));
    rule("hcl.quote", false, |p, right| p.1.quote = Rule::exactly(right));
    let other = VmId([0; 16]);
    rule("hcl.vm-id", false, |p, right| p.1.vm_id = Rule::exactly(if right { VM_ID } else { other }));
    rule("hcl.user-data.policy", true, |p, right| {
        p.1.user_data = Rule::exactly([if right { 7 } else { 0 }; 64]);
    });
    rule("hcl.secure-boot", false, |p, right| p.1.secure_boot_configured = Rule::exactly(right));
    rule("hcl.tpm-enabled", false, |p, right| p.1.tpm_enabled = Rule::exactly(right));
    rule("hcl.tpm-persisted", true, |p, right| p.1.tpm_persisted = Rule::exactly(!right));
    rule("hcl.console", false, |p, right| p.1.console = Rule::exactly(right));
    rule("hcl.interactive-console", true, |p, right| p.1.interactive_console = Rule::exactly(!right));
    // The rules of the other crates are appraised too.
    rule("snp.guest-svn", false, |p, right| p.0.guest_svn = Rule::exactly(if right { 10 } else { 11 }));
    rule("log.secure-boot", true, |p, right| p.1.tpm.secure_boot = Rule::exactly(right));
}

/// Sets the rule of one field to be absent.
type Absent = fn(&mut Policies<'static>);

/// What the claims do not say is absent, for the hardware report signs them. The oldest claims lack these.
const SIGNED: [(&str, Absent, bool); 7] = [
    ("hcl.vm-id", |p| p.1.vm_id = Rule::absent(), false),
    ("hcl.user-data.policy", |p| p.1.user_data = Rule::absent(), true),
    ("hcl.secure-boot", |p| p.1.secure_boot_configured = Rule::absent(), false),
    ("hcl.tpm-enabled", |p| p.1.tpm_enabled = Rule::absent(), false),
    ("hcl.tpm-persisted", |p| p.1.tpm_persisted = Rule::absent(), true),
    ("hcl.console", |p| p.1.console = Rule::absent(), false),
    ("hcl.interactive-console", |p| p.1.interactive_console = Rule::absent(), true),
];

#[test]
fn what_the_claims_do_not_say_can_be_demanded_to_be_absent() {
    let newest = Bag::of(&vm().generation(Generation::OpenVmm).user_data(&[7; 64]));
    let oldest = Bag::of(&vm().generation(Generation::Legacy2022));
    for (id, absent, in_oldest) in SIGNED {
        for (bag, holds) in [(&newest, false), (&oldest, in_oldest)] {
            let (accepted, findings) = appraise(bag, absent);
            let finding = findings.of(id);
            assert_eq!((accepted, finding.outcome == Outcome::Pass), (holds, holds), "{finding:?}");
            assert_eq!((&*finding.expected, finding.actual == "absent"), ("absent", holds));
        }
    }
}

/// What a sender strips does not become absent: no rule holds of it but a waiver.
#[test]
fn what_a_sender_can_strip_is_never_absent() {
    const STRIPPED: [(&str, Absent); 6] = [
        ("ak.certificate", |p| p.1.ak_certificate = Rule::absent()),
        ("ak.revocation-list", |p| p.1.ak_revocation_list = Rule::absent()),
        ("hcl.quote", |p| p.1.quote = Rule::absent()),
        ("hcl.fresh-report", |p| p.1.fresh_report = Rule::absent()),
        ("log.secure-boot", |p| p.1.tpm.secure_boot = Rule::absent()),
        ("log.explains", |p| p.1.tpm.event_log = Rule::absent().into()),
    ];
    let whole = Bag::of(&vm());
    let mut stripped = whole.clone().without_quote();
    stripped.certificates.truncate(2);
    let mut without_log = whole.clone();
    without_log.log = None;
    let mut without_values = without_log.clone();
    without_values.pcrs = None;
    for bag in [&whole, &stripped, &without_log, &without_values] {
        for (id, absent) in STRIPPED {
            let (accepted, findings) = appraise(bag, absent);
            let finding = findings.of(id);
            assert_eq!(
                (accepted, finding.outcome, &*finding.expected),
                (false, Outcome::Fail, "absent"),
                "{finding:?}"
            );
        }
    }
    // So it is with a PCR of which the values were stripped, or the quote; a signed selection without it
    // makes it absent.
    let no_pcr_12 = |p: &mut Policies<'static>| {
        let rule = teeproof_core::PcrRule::new(12, Rule::absent());
        p.1.tpm.pcrs = Pcrs::Rules(vec![rule].into());
    };
    for (bag, holds) in [
        (&whole, false),
        (&stripped, false),
        (&without_values, false),
        (&Bag::of(&vm().pcr_selection(&[0, 4, 7])), true),
    ] {
        assert_eq!(appraise(bag, no_pcr_12).0, holds);
    }
}

#[test]
fn an_uncertified_key_is_absent_and_not_false() {
    let incomplete = Bag::of(&vm()).without_certificate("Global Virtual TPM CA - 01");
    for demanded in [true, false] {
        let (accepted, findings) = appraise(&incomplete, |p| p.1.ak_certificate = Rule::exactly(demanded));
        assert!(!accepted);
        assert_eq!(findings.of("ak.certificate").actual, "absent");
    }
}

#[test]
fn registers_need_a_quote() {
    let value = Bag::of(&vm()).pcrs.unwrap()[7].unwrap();
    let demand = |p: &mut Policies<'static>| {
        let rule = teeproof_core::PcrRule::new(7, Rule::exactly(value));
        p.1.tpm.pcrs = Pcrs::Rules(vec![rule].into());
    };
    assert!(appraise(&Bag::of(&vm()), demand).0);
    assert!(!appraise(&Bag::of(&vm()).without_quote(), demand).0);
    assert!(!appraise(&Bag::of(&vm().pcr_selection(&[0, 1])), demand).0);
}

#[test]
fn no_finding_is_left_out_because_another_failed() {
    let (accepted, findings) = appraise(&Bag::of(&vm()), |(snp, own)| {
        snp.debug = Rule::exactly(true);
        own.vm_id = Rule::exactly(VmId([1; 16])).at_line(3);
        own.console = Rule::exactly(false);
    });
    assert!(!accepted);
    for id in ["snp.policy.debug", "hcl.vm-id", "hcl.console"] {
        assert_eq!(findings.of(id).outcome, Outcome::Fail);
    }
    assert_eq!(findings.of("hcl.vm-id").line, Some(3));
    assert_eq!(findings.of("hcl.vm-id").actual, "7ee79200-f000-4000-8000-0123456789ab");
    let own = teeproof_hcl::checks::APPRAISE.iter().map(|check| check.id);
    let snp = teeproof_snp::checks::APPRAISE.iter().map(|check| check.id);
    for id in snp.chain(own) {
        findings.of(id);
    }
}
