//! Policy files for mixed fleets: product lines, floors by product line, values that must be absent, and PCRs
//! that are left out one by one. The command's tests run the example file on minted machines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "policy-file")]

mod floors;
mod mistakes;
#[path = "../support/mod.rs"]
mod support;

use teeproof::{Finding, Policy, Verdict};
use teeproof_core::{Expectation, Outcome, Pcrs};
use teeproof_snp::{Product, Tcb, TcbFloor};
use teeproof_tpm::EventLogRule;

use support::{Vector, accepted, outcome};

/// A policy whose section has these lines, and waives everything else.
fn section(section: &str, lines: &str) -> String {
    format!("version = 1\n[{section}]\nunlisted = {{ waived = \"w\" }}\n{lines}\n")
}

fn read(text: &str) -> Policy {
    Policy::from_toml("test", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The finding of a check, for one of the vectors under a policy with these lines.
fn finding(vector: &Vector, lines: &str, id: &str) -> (Verdict, Finding) {
    let policy = read(&section(vector.technology.as_str(), lines));
    let (evidence, endorsements) = (&vector.evidence, &vector.endorsements);
    let found = outcome(vector, evidence, endorsements, &teeproof_aws_lc::TABLE, Some(&policy), |result| {
        let found = result.findings().iter().find(|finding| finding.check.id == id);
        (result.verdict(), found.expect(id).clone())
    });
    found.unwrap()
}

fn milan() -> Vector {
    accepted().into_iter().find(|vector| vector.technology.as_str() == "snp").unwrap()
}

/// The lines, whether the vector is accepted, and the finding of the check: expected, actual, reason.
#[track_caller]
fn holds(vector: &Vector, lines: &str, id: &str, holds: bool, expected: &str, actual: &str) {
    let (verdict, found) = finding(vector, lines, id);
    assert_eq!(verdict == Verdict::Accepted, holds, "{lines}: {found:?}");
    assert_eq!(found.outcome, if holds { Outcome::Pass } else { Outcome::Fail }, "{lines}");
    assert_eq!(
        (found.expected.as_deref(), found.actual.as_deref()),
        (Some(expected), Some(actual)),
        "{lines}"
    );
    assert_eq!((found.line, found.waived, found.because), (Some(4), false, None), "{lines}");
}

#[test]
fn the_product_line_of_a_real_report() {
    let report = milan();
    let product = |value: &str, passes, expected| {
        holds(&report, &format!("product = {value}"), "snp.product", passes, expected, "milan");
    };
    product("{ exactly = \"milan\" }", true, "milan");
    product("{ one-of = [\"genoa\", \"milan\"] }", true, "one of genoa, milan");
    product("{ exactly = \"genoa\" }", false, "genoa");
    product("{ one-of = [\"genoa\", \"turin\"] }", false, "one of genoa, turin");
}

#[test]
fn floors_by_product_line_of_a_real_report() {
    let report = milan();
    let own = "bootloader 3, tee 0, snp 8, microcode 115";
    let table =
        |snp, microcode| format!("{{ bootloader = 3, tee = 0, snp = {snp}, microcode = {microcode} }}");
    let (reached, higher) = (table(8, 115), table(8, 116));
    for (key, id) in [
        ("reported-tcb", "snp.tcb.reported"),
        ("committed-tcb", "snp.tcb.committed"),
        ("current-tcb", "snp.tcb.current"),
        ("launch-tcb", "snp.tcb.launch"),
    ] {
        let floors = |floors: &str, passes, expected: &str| {
            holds(&report, &format!("{key} = {{ at-least = {{ {floors} }} }}"), id, passes, expected, own);
        };
        let shown = "at least milan bootloader 3, tee 0, snp 8, microcode";
        floors(&format!("genoa = {higher}, milan = {reached}"), true, &format!("{shown} 115"));
        floors(&format!("genoa = {reached}, milan = {higher}"), false, &format!("{shown} 116"));
        floors(&format!("genoa = {reached}"), false, &format!("at least genoa {own}; no floor for milan"));
        // One floor for every line is as it always was.
        floors("bootloader = 3, tee = 0, snp = 8, microcode = 115", true, &format!("at least {own}"));
        floors(
            "fmc = 0, bootloader = 3, tee = 0, snp = 8, microcode = 115",
            false,
            &format!("at least fmc 0, {own}"),
        );
    }
}

#[test]
fn floors_are_read_as_they_are_written() {
    let text = section(
        "azure-snp",
        "[azure-snp.reported-tcb.at-least]\n\
         turin = { fmc = 5, bootloader = 4, tee = 3, snp = 2, microcode = 1 }\n\
         milan = { bootloader = 1, tee = 2, snp = 3, microcode = 4 }",
    );
    let policy = read(&text).azure_snp.unwrap().snp;
    let Expectation::AtLeast(TcbFloor::ByProduct(floors)) = policy.reported_tcb.expectation else { panic!() };
    let read: Vec<_> = floors.iter().collect();
    let milan = Tcb { fmc: None, bootloader: 1, tee: 2, snp: 3, microcode: 4 };
    let turin = Tcb { fmc: Some(5), bootloader: 4, tee: 3, snp: 2, microcode: 1 };
    assert_eq!(read, [(Product::Milan, milan), (Product::Turin, turin)]);
    assert_eq!((floors.floor_for(Product::Genoa), policy.reported_tcb.line), (None, Some(4)));
}

#[test]
fn what_a_real_report_does_not_have_is_absent() {
    let report = milan();
    let absent = |key: &str, id, passes, actual: &str| {
        holds(&report, &format!("{key} = {{ absent = true }}"), id, passes, "absent", actual);
    };
    absent("vlek-provider", "snp.vlek.provider", true, "absent");
    absent("author-key-digest", "snp.author-key-digest", true, "absent");
    let (_, chip) = finding(&report, "chip-id = { waived = \"w\" }", "snp.chip-id");
    absent("chip-id", "snp.chip-id", false, &chip.actual.unwrap());
}

#[test]
fn what_a_real_document_does_not_have_is_absent() {
    let document = "production-eu-central-1-2025-01.cose";
    let document = accepted().into_iter().find(|vector| vector.name == document).unwrap();
    let zero = "00".repeat(48);
    let (_, key) = finding(&document, "public-key = { waived = \"w\" }", "nitro.public-key");
    for (lines, id, passes, actual) in [
        ("user-data = { absent = true }", "nitro.user-data", true, "absent"),
        ("public-key = { absent = true }", "nitro.public-key", false, &*key.actual.unwrap()),
        ("pcrs = { 31 = { absent = true } }", "nitro.pcr31", true, "absent"),
        // A PCR whose value is zero is present.
        ("pcrs = { 15 = { absent = true } }", "nitro.pcr15", false, &*zero),
    ] {
        holds(&document, lines, id, passes, "absent", actual);
    }
}

#[test]
fn single_pcrs_are_waived_with_a_reason_each() {
    let all: Vec<_> = (0..32).map(|index| format!("{index} = {{ waived = \"reason {index}\" }}")).collect();
    let text = section("nitro", &format!("[nitro.pcrs]\n{}", all.join("\n")));
    let policy = read(&text).nitro.unwrap();
    let Pcrs::Rules(rules) = &policy.pcrs else { panic!() };
    assert_eq!(rules.len(), 32);
    let document = accepted().into_iter().find(|vector| vector.technology.as_str() == "nitro").unwrap();
    for index in [0_u32, 5, 31] {
        let lines = format!("[nitro.pcrs]\n{}", all.join("\n"));
        let (verdict, found) = finding(&document, &lines, &format!("nitro.pcr{index}"));
        assert_eq!((verdict, found.outcome, found.waived), (Verdict::Accepted, Outcome::Skip, true));
        assert_eq!(found.because, Some(format!("reason {index}")));
        assert_eq!(found.line, Some(index + 5));
    }
}

#[test]
fn excepted_pcrs_are_read_with_their_lines() {
    let text = section(
        "azure-tdx",
        "[azure-tdx.event-log.explained-except]\n11 = \"systemd extends it\"\n9 = \"the initial RAM disk\"",
    );
    let policy = read(&text).azure_tdx.unwrap();
    let EventLogRule::ExplainsAllBut { excepted, line } = policy.vm.tpm.event_log else { panic!() };
    let waived_pcrs: Vec<_> =
        excepted.iter().map(|pcr| (pcr.index, &*pcr.waiver.reason, pcr.waiver.line)).collect();
    assert_eq!(waived_pcrs, [(9, "the initial RAM disk", Some(6)), (11, "systemd extends it", Some(5))]);
    assert_eq!(line, Some(4));
    // The other forms are as they were.
    for (text, waived) in
        [("{ exactly = true }", false), ("{ one-of = [true] }", false), ("{ waived = \"w\" }", true)]
    {
        let policy = read(&section("azure-snp", &format!("event-log = {text}"))).azure_snp.unwrap();
        let EventLogRule::Explains(rule) = policy.vm.tpm.event_log else { panic!() };
        assert_eq!((matches!(rule.expectation, Expectation::Waived(_)), rule.line), (waived, Some(4)));
    }
}
