//! Policies: `builtin:genuine`, the rules about the TCB, and those about the guest.

use teeproof_core::{Bits, Freshness, Outcome, Rule, Text, Time};
use teeproof_tdx::{
    AllowedAdvisories, DaysBehind, TcbDate, TcbException, TcbExceptions, TcbStatus, TdxPolicy, checks,
};

use teeproof_mint::tdx::{IsvLevel, QeIdentity, QuoteBody, TcbInfo, TcbLevel, TdxMachine};

use crate::support::{AT, Checked, FMSPC, genuine, time};

/// A platform with this status of processor and firmware.
fn with_status(status: &str) -> TdxMachine {
    genuine().with_tcb_info(|info| {
        info.levels = vec![
            TcbLevel::new(([200; 16], 99, [0; 16]), "2025-12-01T00:00:00Z", "UpToDate", &[]),
            TcbLevel::new(([0; 16], 0, [0; 16]), "2025-06-01T00:00:00Z", status, &["INTEL-SA-01245"]),
        ];
    })
}

fn waived() -> TdxPolicy<'static> {
    TdxPolicy::waived("a test")
}

#[test]
fn genuine_refuses_a_revoked_tcb_alone() {
    let policy = TdxPolicy::genuine();
    for status in TcbStatus::ALL {
        let (accepted, findings) = with_status(status.as_str()).evidence().appraised(&policy);
        assert_eq!(accepted, *status != TcbStatus::Revoked, "{status}");
        let (_, outcome, because, _) = findings.of("tdx.tcb");
        let expected = if *status == TcbStatus::UpToDate { Outcome::Pass } else { Outcome::Warn };
        assert_eq!(*outcome, expected, "{status}");
        assert!(because.contains(status.as_str()) && because.contains("INTEL-SA-01245"), "{because}");
    }
}

#[test]
fn genuine_refuses_every_bit_of_debug() {
    for bit in 0..64 {
        let platform = genuine().with(|platform| platform.body.attributes[bit / 8] ^= 1 << (bit % 8));
        let (accepted, findings) = platform.evidence().appraised(&TdxPolicy::genuine());
        // Bit 29 is MIGRATABLE.
        assert_eq!(accepted, bit >= 8 && bit != 29, "{bit}");
        assert_eq!(findings.of("tdx.debug").1 == Outcome::Fail, bit < 8, "{bit}");
    }
}

#[test]
fn service_tds_and_migration_are_warned_of() {
    let attribute = |bit: usize| move |body: &mut QuoteBody| body.attributes[bit / 8] |= 1 << (bit % 8);
    let service_td = |body: &mut QuoteBody| body.mr_service_td[47] = 1;
    for (platform, outcome, words, genuine) in [
        (genuine(), Outcome::Pass, "not migratable; a body of TDX 1.0 names no service TDs", true),
        (genuine().tdx_1_5(), Outcome::Pass, "not migratable; no service TD is bound", true),
        (genuine().tdx_1_5().with_body(service_td), Outcome::Warn, "MRSERVICETD is not zero", true),
        (genuine().with_body(attribute(17)), Outcome::Warn, "SERVTD_EXT is set", true),
        (genuine().with_body(attribute(29)), Outcome::Warn, "MIGRATABLE is set", false),
    ] {
        let (accepted, findings) = platform.evidence().appraised(&TdxPolicy::genuine());
        let (_, found, because, _) = findings.of("tdx.service-tds");
        assert_eq!((*found, accepted), (outcome, genuine), "{words}");
        assert!(because.contains(words), "{because}");
        assert_eq!(findings.of("tdx.migration").1 == Outcome::Fail, !genuine, "{words}");
        let named =
            findings.0.iter().any(|(id, _, because, _)| *id == "tdx.format" && because.contains("reserved"));
        assert!(!named, "{words}");
    }
}

/// Whether a policy with one rule accepts a platform.
#[track_caller]
fn accepts(platform: &TdxMachine, policy: TdxPolicy<'_>, check: &str) -> bool {
    let (accepted, findings) = platform.evidence().appraised(&policy);
    let outcome = findings.of(check).1;
    assert_eq!(outcome == Outcome::Fail, !accepted, "{check}: {outcome:?}");
    accepted
}

#[test]
fn statuses_and_the_grace_period() {
    let old = with_status("OutOfDate");
    let status = |statuses: &'static [TcbStatus]| waived().tcb_status(Rule::one_of(statuses));
    assert!(!accepts(&old, status(&[TcbStatus::UpToDate]), "tdx.tcb.status"));
    assert!(accepts(&old, status(&[TcbStatus::UpToDate, TcbStatus::OutOfDate]), "tdx.tcb.status"));
    // From 2025-12-01 to 2026-02-25 there are 86 days.
    let grace = |days| waived().days_behind(DaysBehind::at_most(days));
    assert!(accepts(&old, grace(86), "tdx.tcb.days-behind"));
    assert!(!accepts(&old, grace(85), "tdx.tcb.days-behind"));
    assert!(accepts(&with_status("UpToDate"), grace(0), "tdx.tcb.days-behind"));
    // Out of date at the first level: nobody knows since when.
    let first = genuine().with_tcb_info(|info| {
        info.levels = vec![TcbLevel::new(([0; 16], 0, [0; 16]), "2025-06-01T00:00:00Z", "OutOfDate", &[])];
    });
    assert!(!accepts(&first, grace(u32::MAX), "tdx.tcb.days-behind"));
}

/// A part that is behind since an unknown date may be so for longer than any part with a date.
#[test]
fn the_grace_period_needs_a_date_of_every_part_that_is_behind() {
    let unlimited = || waived().days_behind(DaysBehind::at_most(u32::MAX));
    let old = |status: &str| vec![IsvLevel::new(1, "2017-11-13T00:00:00Z", status, &[])];
    let dated = with_status("OutOfDate");
    assert!(accepts(&dated, unlimited(), "tdx.tcb.days-behind"));
    for status in ["OutOfDate", "OutOfDateConfigurationNeeded", "Revoked"] {
        let of_qe = |qe: &mut QeIdentity| qe.levels = old(status);
        let of_module = |info: &mut TcbInfo| info.modules.iter_mut().for_each(|one| one.levels = old(status));
        for (part, platform) in [
            ("quoting enclave", dated.clone().with_qe_identity(of_qe)),
            ("module", dated.clone().with_tcb_info(of_module)),
            ("quoting enclave alone", genuine().with_qe_identity(of_qe)),
        ] {
            assert!(!accepts(&platform, unlimited(), "tdx.tcb.days-behind"), "{part} {status}");
            platform.evidence().verify(Freshness::Waived("a test"), |result, findings| {
                let tcb = result.unwrap().tcb().clone();
                assert_eq!((tcb.days_behind(), tcb.behind_since()), (None, None), "{part} {status}");
                assert!(!findings.of("tdx.tcb").2.contains("days behind"), "{part} {status}");
            });
        }
    }
    // A revoked TCB lacks the updates of the levels above its own.
    let days = |status: &str| {
        let evidence = with_status(status).evidence();
        evidence.verify(Freshness::Waived("a test"), |result, _| result.unwrap().tcb().days_behind())
    };
    assert_eq!((days("UpToDate"), days("ConfigurationNeeded")), (Some(0), Some(0)));
    assert_eq!((days("OutOfDate"), days("Revoked")), (Some(86), Some(86)));
}

#[test]
fn the_baseline_date() {
    // The quoting enclave and the module have levels of 2024-11-13.
    let at_least = |seconds| waived().tcb_date(Rule::at_least(TcbDate(Time(seconds))));
    assert!(accepts(&genuine(), at_least(1_731_456_000), "tdx.tcb.date"));
    assert!(!accepts(&genuine(), at_least(1_731_456_001), "tdx.tcb.date"));
}

#[test]
fn the_evaluation_data_number() {
    let at_least = |number| waived().evaluation_number(Rule::at_least(number));
    assert!(accepts(&genuine(), at_least(17), "tdx.tcb.evaluation-data-number"));
    assert!(!accepts(&genuine(), at_least(18), "tdx.tcb.evaluation-data-number"));
}

#[test]
fn advisories() {
    let old = with_status("SWHardeningNeeded");
    let only = |names: &[&'static str]| {
        let names: Vec<Text<'static>> = names.iter().map(|name| Text::from(*name)).collect();
        waived().advisories(AllowedAdvisories::only(names))
    };
    assert!(accepts(&old, only(&["INTEL-SA-00001", "INTEL-SA-01245"]), "tdx.tcb.advisories"));
    assert!(!accepts(&old, only(&["INTEL-SA-00001"]), "tdx.tcb.advisories"));
    assert!(!accepts(&old, only(&[]), "tdx.tcb.advisories"));
    assert!(accepts(&genuine(), only(&[]), "tdx.tcb.advisories"));
}

#[test]
fn exceptions_for_an_fmspc_until_a_date() {
    let strict = |fmspc, until| {
        let exceptions = vec![TcbException { fmspc, until: time(until) }];
        TdxPolicy::waived("a test")
            .tcb_status(Rule::exactly(TcbStatus::UpToDate))
            .days_behind(DaysBehind::at_most(0))
            .tcb_date(Rule::at_least(TcbDate(time(AT))))
            .evaluation_number(Rule::at_least(99))
            .advisories(AllowedAdvisories::only(Vec::<Text<'static>>::new()))
            .exceptions(TcbExceptions::list(exceptions))
    };
    let old = with_status("OutOfDate").evidence();
    let (accepted, findings) = old.appraised(&strict(FMSPC, AT));
    assert!(accepted);
    assert_eq!(findings.of("tdx.tcb.exceptions").1, Outcome::Warn);
    for check in [
        checks::TCB_STATUS,
        checks::DAYS_BEHIND,
        checks::TCB_DATE,
        checks::EVALUATION_NUMBER,
        checks::ADVISORIES,
    ] {
        let (_, outcome, because, waived) = findings.of(check.id);
        assert!(*waived && *outcome == Outcome::Skip, "{}", check.id);
        assert!(because.contains("FMSPC 90C06F000000 until 2026-02-25T00:00:00Z"), "{because}");
    }
    assert!(!old.appraised(&strict(FMSPC, AT - 1)).0, "the exception has ended");
    assert!(!old.appraised(&strict([0; 6], AT)).0, "another platform");
    assert!(
        !with_status("Revoked").evidence().appraised(&strict(FMSPC, AT)).0,
        "a revoked TCB has no exception"
    );
}

#[test]
fn measurements_and_ids() {
    let platform = genuine();
    let good = waived()
        .mrtd(Rule::exactly([0x4d; 48]))
        .mrseam(Rule::exactly([0x5e; 48]))
        .mrconfigid(Rule::exactly([0; 48]))
        .mrowner(Rule::exactly([0; 48]))
        .mrownerconfig(Rule::exactly([0; 48]))
        .rtmr0(Rule::exactly([0x40; 48]))
        .rtmr1(Rule::exactly([0x41; 48]))
        .rtmr2(Rule::exactly([0x42; 48]))
        .rtmr3(Rule::exactly([0; 48]))
        .fmspc(Rule::exactly(FMSPC))
        .attributes(Rule::mask(Bits { care: 0x1000_00ff, value: 0x1000_0000 }))
        .xfam(Rule::exactly(0x6_18e7));
    assert!(platform.evidence().appraised(&good).0);
    for (policy, check) in [
        (good.clone().mrtd(Rule::exactly([0x4e; 48])), "tdx.mrtd"),
        (good.clone().mrseam(Rule::exactly([0; 48])), "tdx.mrseam"),
        (good.clone().mrconfigid(Rule::exactly([1; 48])), "tdx.mrconfigid"),
        (good.clone().mrowner(Rule::exactly([1; 48])), "tdx.mrowner"),
        (good.clone().mrownerconfig(Rule::exactly([1; 48])), "tdx.mrownerconfig"),
        (good.clone().rtmr0(Rule::exactly([0; 48])), "tdx.rtmr0"),
        (good.clone().rtmr1(Rule::exactly([1; 48])), "tdx.rtmr1"),
        (good.clone().rtmr2(Rule::exactly([1; 48])), "tdx.rtmr2"),
        (good.clone().rtmr3(Rule::exactly([1; 48])), "tdx.rtmr3"),
        (good.clone().fmspc(Rule::exactly([0; 6])), "tdx.fmspc"),
        (good.clone().attributes(Rule::exactly(0)), "tdx.attributes"),
        (good.clone().xfam(Rule::exactly(1)), "tdx.xfam"),
        (good.clone().report_data(Rule::exactly([1; 64])), "tdx.report-data"),
        (good.clone().revocation_list(Rule::exactly(true)), "tdx.revocation-list"),
        // A body of TDX 1.0 does not say which service TDs are bound.
        (good.clone().mrservicetd(Rule::exactly([0; 48])), "tdx.mrservicetd"),
        (good.clone().mrservicetd(Rule::absent()), "tdx.mrservicetd"),
    ] {
        assert!(!accepts(&platform, policy, check), "{check}");
    }
    let newer = genuine().tdx_1_5();
    assert!(accepts(&newer, good.mrservicetd(Rule::exactly([0; 48])), "tdx.mrservicetd"));
}
