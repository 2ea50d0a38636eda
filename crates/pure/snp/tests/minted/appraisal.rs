//! Nonces, and what a policy says about what was verified.

use teeproof_core::{Bits, Class, Outcome, Rule};
use teeproof_mint::snp::{Machine, Product as Line, Tcb as MintTcb};
use teeproof_snp::{Chip, Error, Product, ProductLine, SnpPolicy, Tcb, TcbLevels, VekKind, Vmpl, checks};

use crate::support::{Bag, refused, vcek, vlek};

fn holding(data: &[u8]) -> Bag {
    let mut report_data = [0; 64];
    report_data[..data.len()].copy_from_slice(data);
    Bag::of(&vcek(Line::Milan).report_data(report_data))
}

#[test]
fn nonces() {
    let nonce: Vec<u8> = (1..=64).collect();
    for length in [1, 16, 32, 63, 64] {
        let bag = holding(&nonce[..length]);
        let ask = |nonce: &[u8]| Bag { nonce: Some(nonce.to_vec()), ..bag.clone() };
        // Exactly, or with some of the zeros that follow in REPORT_DATA.
        ask(&nonce[..length]).verify().unwrap();
        let extended = [&nonce[..length], &[0; 64][length..]].concat();
        ask(&extended).verify().unwrap();
        // A prefix is not it, and neither is anything longer.
        for shorter in 1..length {
            ask(&nonce[..shorter]).refused(Error::Nonce, Class::NotBound);
        }
        if length < 64 {
            ask(&nonce[..=length]).refused(Error::Nonce, Class::NotBound);
        }
        for at in 0..length {
            let mut other = nonce[..length].to_vec();
            other[at] ^= 0x80;
            ask(&other).refused(Error::Nonce, Class::NotBound);
        }
        ask(&[0; 65]).refused(Error::NonceLength, Class::NotBound);
        ask(&[&extended[..], &[0]].concat()).refused(Error::NonceLength, Class::NotBound);
    }
    // REPORT_DATA of zeros would match an empty nonce, which no verifier can ask for.
    assert!(teeproof_core::Nonce::from_bytes(&[]).is_err());
    Bag { nonce: Some(vec![1]), ..holding(&[]) }.refused(Error::Nonce, Class::NotBound);
}

/// The nonce is the last thing to be looked at: it says nothing about evidence that is not genuine.
#[test]
fn a_forged_report_is_refused_before_its_nonce() {
    let mut bag = holding(&[1]);
    bag.nonce = Some(vec![2]);
    bag.report[0x50] = 2;
    bag.refused(Error::Signature, Class::NotAuthentic);
}

#[test]
fn debug_and_migration_are_refused_by_genuine() {
    for (bits, good) in [(0, true), (1 << 19, false), (1 << 18, false), (3 << 18, false), (1 << 20, true)] {
        let machine = vcek(Line::Turin).with_report(|report| report.policy |= bits);
        assert_eq!(Bag::of(&machine).verify().unwrap().genuine, good, "{bits:#x}");
    }
}

#[test]
fn a_masked_chip_id() {
    for (line, _) in crate::support::LINES {
        let machine = vcek(line).with_report(|report| report.chip_id = [0; 64]);
        let bag = Bag::of(&machine);
        let seen = bag.verify().unwrap();
        assert_eq!((seen.chip, seen.genuine), (Chip::Masked, false));
        let lenient = SnpPolicy::genuine().masked_chip_id(Rule::waived("our host masks it"));
        assert!(bag.appraise(&lenient));
        // A masked id is no id, not even when zeros are expected.
        let named = lenient.chip_id(Rule::exactly([0; 64]));
        assert!(!bag.appraise(&named));
    }
}

/// A report requested by the host, and one that says that its key is masked, are genuine; they
/// are reported as such, with a policy or without, and refused by `builtin:genuine`.
#[test]
fn reports_of_the_host_and_of_a_masked_key_are_reported_and_refused() {
    type Change = fn(&mut teeproof_mint::snp::Report);
    let cases: [(Change, [&str; 2]); 2] = [
        (|report| report.vmpl = u32::MAX, ["snp.host-requested", "the host requested the report"]),
        (|report| report.key_info |= 2, ["snp.chip-key.masked", "MASK_CHIP_KEY"]),
    ];
    for (change, [id, recorded]) in cases {
        let bag = Bag::of(&vcek(Line::Genoa).with_report(change));
        assert!(!bag.verify().unwrap().genuine, "{id}");
        let (verification, appraisal) = bag.findings(&SnpPolicy::genuine());
        let signature = verification.iter().find(|(id, ..)| *id == "snp.signature").unwrap();
        assert_eq!(signature.1, Outcome::Warn);
        assert!(signature.2.contains(recorded), "{signature:?}");
        let failed: Vec<_> = appraisal.iter().filter(|(_, outcome, _)| *outcome == Outcome::Fail).collect();
        assert!(failed.len() == 1 && failed[0].0 == id, "{failed:?}");
        let lenient = SnpPolicy::genuine()
            .host_requested(Rule::waived("a test"))
            .masked_chip_key(Rule::waived("a test"));
        assert!(bag.appraise(&lenient), "{id}");
    }
    // Under a VLEK the chip's key signs nothing, so that it may well be masked.
    let shared = Bag::of(&vlek(Line::Genoa).with_report(|report| report.key_info |= 2));
    assert!(shared.verify().unwrap().genuine);
}

/// A check that does not apply is skipped with its reason, and proves nothing.
#[test]
fn checks_of_the_chip_do_not_apply_to_a_vlek() {
    let bag = Bag::of(&vlek(Line::Milan));
    let (_, appraisal) = bag.findings(&SnpPolicy::genuine());
    for id in ["snp.chip.masked", "snp.chip-key.masked"] {
        let (_, outcome, because) = appraisal.iter().find(|(found, ..)| *found == id).unwrap();
        assert_eq!(*outcome, Outcome::Skip, "{id}");
        assert!(because.contains("VLEK"), "{because}");
    }
    // What the evidence does not fit is refused all the same.
    assert!(!bag.appraise(&SnpPolicy::genuine().masked_chip_id(Rule::exactly(true))));
}

#[test]
fn the_kind_of_key_and_the_provider_of_a_vlek() {
    let [chip, shared] = [Bag::of(&vcek(Line::Milan)), Bag::of(&vlek(Line::Milan))];
    let kind = |kind| SnpPolicy::genuine().signing_key(Rule::exactly(kind));
    assert!(chip.appraise(&kind(VekKind::Vcek)) && shared.appraise(&kind(VekKind::Vlek)));
    assert!(!chip.appraise(&kind(VekKind::Vlek)) && !shared.appraise(&kind(VekKind::Vcek)));
    let provider = |name: &'static str| SnpPolicy::genuine().vlek_provider(Rule::exactly(name.into()));
    assert!(shared.appraise(&provider("CN=cc-us-east-2.amazonaws.com")));
    for other in ["CN=cc-us-east-1.amazonaws.com", "CN=cc-us-east-2.amazonaws.co", ""] {
        assert!(!shared.appraise(&provider(other)), "{other}");
        assert!(!chip.appraise(&provider(other)), "{other}");
    }
}

#[test]
fn a_chip_id_that_is_asked_for() {
    let machine = vcek(Line::Genoa);
    let id = machine.report.chip_id;
    let asks = |id| SnpPolicy::genuine().chip_id(Rule::exactly(id));
    assert!(Bag::of(&machine).appraise(&asks(id)));
    assert!(!Bag::of(&machine).appraise(&asks([1; 64])));
    // A VLEK's report names no chip that could be believed.
    let shared = vlek(Line::Genoa).with_report(|report| report.chip_id = id);
    assert!(!Bag::of(&shared).appraise(&asks(id)));
    assert!(Bag::of(&shared).appraise(&SnpPolicy::genuine()));
}

/// Each rule of a policy is compared with its own field.
#[test]
fn each_field_right_wrong_and_one_of() {
    let machine = vcek(Line::Milan).with_report(|report| {
        // MIGRATE_MA and not DEBUG, and four TCBs of which no two are the same.
        report.policy |= 1 << 18;
        report.committed_tcb = [3, 0, 0, 0, 0, 0, 0x17, 0xda];
        report.current_tcb = [5, 0, 0, 0, 0, 0, 0x19, 0xdc];
        report.launch_tcb = [2, 0, 0, 0, 0, 0, 0x16, 0xd9];
        report.guest_svn = 5;
        report.vmpl = 2;
        report.key_info |= 1;
        report.family_id = [1; 16];
        report.image_id = [2; 16];
        report.measurement = [3; 48];
        report.host_data = [4; 32];
        report.id_key_digest = [5; 48];
        report.author_key_digest = [6; 48];
        report.report_data = [7; 64];
    });
    let bag = Bag::of(&machine);
    macro_rules! hold {
        ($($field:ident: $right:expr, $wrong:expr;)*) => {$({
            let (right, wrong) = ($right, $wrong);
            for (rule, good) in [
                (Rule::exactly(right), true),
                (Rule::exactly(wrong), false),
                (Rule::one_of(&[wrong, right][..]), true),
                (Rule::one_of(&[wrong, wrong][..]), false),
                (Rule::one_of(&[][..]), false),
                (Rule::waived("not of interest"), true),
            ] {
                let lenient = SnpPolicy::genuine().migration(Rule::exactly(true));
                let policy = lenient.$field(rule);
                assert_eq!(bag.appraise(&policy), good, stringify!($field));
            }
        })*};
    }
    hold! {
        debug: false, true;
        migration: true, false;
        policy: 0x7_0000, 0x7_0001;
        vmpl: Vmpl::new(2), Vmpl::new(1);
        host_requested: false, true;
        product: ProductLine::new(Product::Milan), ProductLine::new(Product::Genoa);
        signing_key: VekKind::Vcek, VekKind::Vlek;
        masked_chip_key: false, true;
        revocation_list: false, true;
        masked_chip_id: false, true;
        chip_id: machine.report.chip_id, [0; 64];
        measurement: [3; 48], [4; 48];
        id_key_digest: [5; 48], [6; 48];
        author_key_digest: [6; 48], [5; 48];
        family_id: [1; 16], [2; 16];
        image_id: [2; 16], [1; 16];
        guest_svn: 5, 4;
        platform_info: 0x25, 0x27;
        host_data: [4; 32], [0; 32];
        report_data: [7; 64], [0; 64];
        reported_tcb: levels(4, 0, 0x18, 0xdb), levels(4, 0, 0x18, 0xda);
        committed_tcb: levels(3, 0, 0x17, 0xda), levels(4, 0, 0x18, 0xdb);
        current_tcb: levels(5, 0, 0x19, 0xdc), levels(4, 0, 0x18, 0xdb);
        launch_tcb: levels(2, 0, 0x16, 0xd9), levels(3, 0, 0x17, 0xda);
    }
}

fn levels(bootloader: u8, tee: u8, snp: u8, microcode: u8) -> TcbLevels {
    Tcb { fmc: None, bootloader, tee, snp, microcode }.into()
}

#[test]
fn an_author_that_key_info_does_not_vouch_for() {
    let author = |enabled: u32| {
        vcek(Line::Milan).with_report(|report| {
            report.key_info |= enabled;
            report.author_key_digest = [6; 48];
        })
    };
    let policy = SnpPolicy::genuine().author_key_digest(Rule::exactly([6; 48]));
    assert!(Bag::of(&author(1)).appraise(&policy));
    assert!(!Bag::of(&author(0)).appraise(&policy));
}

/// A TCB is compared component by component, never as one number.
#[test]
fn the_least_tcb() {
    let tcb = MintTcb { fmc: 0, bootloader: 4, tee: 1, snp: 0x18, microcode: 0xdb };
    let bag = Bag::of(&vcek(Line::Milan).tcb(tcb));
    for (floor, good) in [
        (levels(4, 1, 0x18, 0xdb), true),
        (levels(0, 0, 0, 0), true),
        (levels(5, 1, 0x18, 0xdb), false),
        (levels(4, 2, 0x18, 0xdb), false),
        (levels(4, 1, 0x19, 0xdb), false),
        (levels(4, 1, 0x18, 0xdc), false),
        // As one number, of either order, this would be less.
        (levels(5, 0, 0, 0), false),
        (levels(0, 0, 0, 0xdc), false),
    ] {
        for policy in [
            SnpPolicy::genuine().reported_tcb(Rule::at_least(floor.tcb.into())),
            SnpPolicy::genuine().committed_tcb(Rule::at_least(floor.tcb.into())),
            SnpPolicy::genuine().current_tcb(Rule::at_least(floor.tcb.into())),
            SnpPolicy::genuine().launch_tcb(Rule::at_least(floor.tcb.into())),
        ] {
            assert_eq!(bag.appraise(&policy), good, "{floor:?}");
        }
    }
    // A floor that names an FMC is not reached by silicon that has none.
    let floor = TcbLevels::from(Tcb { fmc: Some(0), ..levels(0, 0, 0, 0).tcb });
    assert!(!bag.appraise(&SnpPolicy::genuine().reported_tcb(Rule::at_least(floor.tcb.into()))));
}

#[test]
fn what_the_report_does_not_have_can_be_demanded_to_be_absent() {
    let plain = Bag::of(&vcek(Line::Milan));
    let author = Bag::of(&vcek(Line::Milan).with_report(|report| report.key_info |= 1));
    let masked = Bag::of(&vcek(Line::Milan).with_report(|report| report.chip_id = [0; 64]));
    let shared = Bag::of(&vlek(Line::Milan));
    // Firmware names the chip also where it signs with a VLEK.
    let named = Bag::of(&vlek(Line::Milan).with_report(|report| report.chip_id = [0x5a; 64]));
    let lenient = || SnpPolicy::genuine().masked_chip_id(Rule::waived("the test is about absence"));
    let no_author = lenient().author_key_digest(Rule::absent());
    let no_chip = lenient().chip_id(Rule::absent());
    let no_provider = lenient().vlek_provider(Rule::absent());
    for (bag, author_absent, chip_absent, provider_absent) in [
        (&plain, true, false, true),
        (&author, false, false, true),
        (&masked, true, true, true),
        (&shared, true, true, false),
        (&named, true, false, false),
    ] {
        assert_eq!(bag.appraise(&no_author), author_absent);
        assert_eq!(bag.appraise(&no_chip), chip_absent);
        assert_eq!(bag.appraise(&no_provider), provider_absent);
    }
    // Why such a report satisfies no rule for the chip, and that nothing is to be said of the others.
    for rule in [Rule::absent(), Rule::exactly([0x5a; 64])] {
        for (bag, expected) in [(&named, "CHIP_ID is not bound to the signing key, a VLEK"), (&shared, "")] {
            let (_, recorded) = bag.findings(&lenient().chip_id(rule.clone()));
            let (_, _, because) = recorded.into_iter().find(|(id, ..)| *id == checks::CHIP_ID.id).unwrap();
            assert_eq!(because, expected);
        }
    }
    // What a report always has is never absent.
    assert!(!plain.appraise(&lenient().measurement(Rule::absent())));
    assert!(!plain.appraise(&lenient().product(Rule::absent())));
}

#[test]
fn versions_and_bits_that_are_asked_for() {
    let machine: Machine = vcek(Line::Milan).with_report(|report| report.guest_svn = 5);
    let bag = Bag::of(&machine);
    for (least, good) in [(0, true), (5, true), (6, false), (u32::MAX, false)] {
        assert_eq!(bag.appraise(&SnpPolicy::genuine().guest_svn(Rule::at_least(least))), good);
    }
    // PLATFORM_INFO is 0x25.
    for (care, value, good) in [(0x20, 0x20, true), (0x22, 0x20, true), (0x02, 0x02, false), (0, 0, true)] {
        let rule = Rule::mask(Bits { care, value });
        assert_eq!(bag.appraise(&SnpPolicy::genuine().platform_info(rule)), good, "{care:#x}");
    }
}

#[test]
fn a_policy_does_not_save_what_does_not_verify() {
    refused(&vcek(Line::Milan), |machine| machine.tamper(0x90, &[0]), Error::Signature, Class::NotAuthentic);
}
