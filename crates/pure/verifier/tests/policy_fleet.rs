//! Policy files for mixed fleets: product lines, floors by product line, values that must be absent, and PCRs
//! that are left out one by one. The file of the example is tried on minted machines by the command's tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "policy-file")]

mod support;

use teeproof::core::{Expectation, Outcome, Pcrs};
use teeproof::snp::{Product, Tcb, TcbFloor};
use teeproof::tpm::EventLogRule;
use teeproof::{Finding, Policy, Verdict};

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
    let product = |value: &str, held, expected| {
        holds(&report, &format!("product = {value}"), "snp.product", held, expected, "milan");
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
        let floors = |floors: &str, held, expected: &str| {
            holds(&report, &format!("{key} = {{ at-least = {{ {floors} }} }}"), id, held, expected, own);
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
    assert_eq!((floors.of(Product::Genoa), policy.reported_tcb.line), (None, Some(4)));
}

#[test]
fn what_a_real_report_does_not_have_is_absent() {
    let report = milan();
    let absent = |key: &str, id, held, actual: &str| {
        holds(&report, &format!("{key} = {{ absent = true }}"), id, held, "absent", actual);
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
    for (lines, id, held, actual) in [
        ("user-data = { absent = true }", "nitro.user-data", true, "absent"),
        ("public-key = { absent = true }", "nitro.public-key", false, &*key.actual.unwrap()),
        ("pcrs = { 31 = { absent = true } }", "nitro.pcr31", true, "absent"),
        // A register that holds zeros is there.
        ("pcrs = { 15 = { absent = true } }", "nitro.pcr15", false, &*zero),
    ] {
        holds(&document, lines, id, held, "absent", actual);
    }
}

#[test]
fn single_registers_are_waived_with_a_reason_each() {
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
    let EventLogRule::ExplainsAllBut { excepted, line } = policy.tpm.event_log else { panic!() };
    let told: Vec<_> = excepted.iter().map(|pcr| (pcr.index, &*pcr.waiver.reason, pcr.waiver.line)).collect();
    assert_eq!(told, [(9, "the initial RAM disk", Some(6)), (11, "systemd extends it", Some(5))]);
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

/// Every problem of a section with these lines, as `line:column: path: message`, and the hint.
fn problems(of: &str, lines: &str) -> Vec<(String, String)> {
    let error = Policy::from_toml("test", &section(of, lines)).expect_err(lines);
    error.problems.iter().map(|one| (one.to_string(), one.hint.clone().unwrap_or_default())).collect()
}

/// All problems of these lines, each with words of its hint.
#[track_caller]
fn says(of: &str, lines: &str, expected: &[(&str, &str)]) {
    let found = problems(of, lines);
    let messages: Vec<_> = found.iter().map(|(message, _)| &**message).collect();
    let wanted: Vec<_> = expected.iter().map(|(message, _)| *message).collect();
    assert_eq!(messages, wanted, "{lines}");
    for ((message, hint), (_, words)) in found.iter().zip(expected) {
        assert!(hint.contains(words) && hint.is_empty() == words.is_empty(), "{message}: {hint}");
    }
}

#[test]
fn mistakes_in_a_product_line() {
    says(
        "snp",
        "product = { exactly = \"Milan\" }",
        &[("4:23: snp.product.exactly: `Milan` is no product line", "did you mean `milan`?")],
    );
    says(
        "azure-snp",
        "product = { one-of = [\"rome\", \"genoa\", 3] }",
        &[
            ("4:23: azure-snp.product.one-of[0]: `rome` is no product line", "milan, genoa, turin"),
            ("4:40: azure-snp.product.one-of[2]: expected a product line as a text, found an integer", ""),
        ],
    );
    says(
        "snp",
        "product = { at-least = \"milan\" }",
        &[(
            "4:13: snp.product.at-least: `at-least` has no meaning for a product line; allowed are: exactly, one-of, waived",
            "",
        )],
    );
}

#[test]
fn mistakes_in_floors_by_product_line() {
    let tcb = "{ bootloader = 3, tee = 0, snp = 8, microcode = 1 }";
    says(
        "snp",
        "reported-tcb = { at-least = {} }",
        &[("4:29: snp.reported-tcb.at-least: no level is named", "milan = {")],
    );
    says(
        "snp",
        &format!("reported-tcb = {{ at-least = {{ rome = {tcb}, milann = {tcb} }} }}"),
        &[
            (
                "4:31: snp.reported-tcb.at-least.rome: unknown product line `rome`",
                "known are: milan, genoa, turin",
            ),
            (
                "4:91: snp.reported-tcb.at-least.milann: unknown product line `milann`",
                "did you mean `milan`?",
            ),
        ],
    );
    // All at once: an FMC where there is none, none where there is one, levels among product lines.
    says(
        "snp",
        "[snp.reported-tcb.at-least]\n\
         milan = { fmc = 1, bootloader = 3, tee = 0, snp = 8, microcode = 256 }\n\
         turin = { bootloader = 3, tee = 0, snp = 8, microcode = 1 }\n\
         genoa = { bootloader = 3, tee = 0, snp = 8, microkode = 1 }\n\
         bootloader = 3",
        &[
            (
                "5:11: snp.reported-tcb.at-least.milan.fmc: the TCB of Milan has no `fmc`",
                "only the TCB of Turin",
            ),
            (
                "5:66: snp.reported-tcb.at-least.milan.microcode: expected an integer from 0 to 255, found `256`",
                "",
            ),
            ("6:1: snp.reported-tcb.at-least.turin: `fmc` is missing", ""),
            ("7:1: snp.reported-tcb.at-least.genoa: `microcode` is missing", ""),
            (
                "7:45: snp.reported-tcb.at-least.genoa.microkode: unknown component `microkode`",
                "did you mean `microcode`?",
            ),
            (
                "8:1: snp.reported-tcb.at-least.bootloader: levels for every product line stand among floors by product line",
                "or { milan = {",
            ),
        ],
    );
    says(
        "snp",
        "reported-tcb = { at-least = { milan = 3, genoa = {} } }",
        &[
            (
                "4:39: snp.reported-tcb.at-least.milan: expected the levels of a TCB, found an integer",
                "bootloader = 0",
            ),
            ("4:42: snp.reported-tcb.at-least.genoa: `bootloader` is missing", ""),
            ("4:42: snp.reported-tcb.at-least.genoa: `tee` is missing", ""),
            ("4:42: snp.reported-tcb.at-least.genoa: `snp` is missing", ""),
            ("4:42: snp.reported-tcb.at-least.genoa: `microcode` is missing", ""),
        ],
    );
    // Floors by product line are floors: a whole TCB has none.
    let found = problems("snp", &format!("reported-tcb = {{ exactly = {{ milan = {tcb} }} }}"));
    assert!(found.iter().any(|(message, _)| message.contains("unknown component `milan`")), "{found:?}");
}

#[test]
fn mistakes_in_absent() {
    for (of, key) in
        [("snp", "chip-id"), ("azure-tdx", "vm-id"), ("azure-snp", "user-data"), ("nitro", "public-key")]
    {
        let at = key.len() + 15;
        says(
            of,
            &format!("{key} = {{ absent = false }}"),
            &[(&format!("4:{at}: {of}.{key}.absent: `absent = false` demands nothing"), "exactly or one-of")],
        );
        says(
            of,
            &format!("{key} = {{ absent = \"yes\" }}"),
            &[(&format!("4:{at}: {of}.{key}.absent: expected true, found a string"), "")],
        );
    }
    says(
        "nitro",
        "pcrs = { 3 = { absent = false }, 32 = { absent = true } }",
        &[
            ("4:25: nitro.pcrs.3.absent: `absent = false` demands nothing", "exactly or one-of"),
            ("4:34: nitro.pcrs.32: `32` is no register", "0 to 31"),
        ],
    );
}

/// `absent` is a word of exactly the fields whose absence a signature covers.
#[test]
fn absent_has_a_meaning_where_a_signature_covers_the_absence() {
    let mut offered = Vec::new();
    for key in Policy::keys() {
        let section = key.technology.as_str();
        let rule = if key.each.is_empty() { "{ absent = true }" } else { "{ 3 = { absent = true } }" };
        let lines = format!("{} = {rule}", key.key);
        let in_reference = key.expectations.contains(&"absent");
        let text = self::section(section, &lines);
        match Policy::from_toml("test", &text) {
            Ok(_) => offered.push(format!("{section}.{}", key.key)),
            Err(error) => {
                let [one] = &*error.problems else { panic!("{error}") };
                assert!(one.message.starts_with("`absent` has no meaning for "), "{one}");
                assert!(one.hint.as_deref().unwrap().contains("whose absence the evidence signs"), "{one}");
            }
        }
        assert_eq!(
            in_reference,
            offered.last() == Some(&format!("{section}.{}", key.key)),
            "{section}.{}",
            key.key
        );
    }
    let snp = ["vlek-provider", "chip-id", "author-key-digest"];
    let claims = [
        "vm-id",
        "user-data",
        "secure-boot-configured",
        "tpm-enabled",
        "tpm-persisted",
        "console",
        "interactive-console",
        "pcrs",
    ];
    let nitro = ["pcrs", "user-data", "public-key"];
    let expected: Vec<_> = [
        ("snp", &snp[..]),
        ("azure-snp", &snp),
        ("azure-snp", &claims),
        ("azure-tdx", &claims),
        ("nitro", &nitro),
    ]
    .into_iter()
    .flat_map(|(section, keys)| keys.iter().map(move |key| format!("{section}.{key}")))
    .collect();
    assert_eq!(offered, expected);
}

#[test]
fn mistakes_in_explained_except() {
    says(
        "azure-snp",
        "event-log = { explained-except = {} }",
        &[("4:34: azure-snp.event-log.explained-except: no PCR is excepted", "{ exactly = true }")],
    );
    says(
        "azure-snp",
        "event-log = { explained-except = [9] }",
        &[(
            "4:34: azure-snp.event-log.explained-except: expected PCRs by their number, each with a reason, found an array",
            "11 = \"<why>\"",
        )],
    );
    says(
        "azure-snp",
        "event-log = { explained-except = { 24 = \" \", 09 = 3, 1 = \"w\", pcr2 = \"w\" } }",
        &[
            ("4:36: azure-snp.event-log.explained-except.24: `24` is no register", "0 to 23"),
            ("4:41: azure-snp.event-log.explained-except.24: the text is empty", "the reason"),
            ("4:46: azure-snp.event-log.explained-except.09: `09` is no register", "without leading zeros"),
            (
                "4:51: azure-snp.event-log.explained-except.09: expected the reason as a text, found an integer",
                "",
            ),
            ("4:63: azure-snp.event-log.explained-except.pcr2: `pcr2` is no register", "0 to 23"),
        ],
    );
    says(
        "azure-snp",
        "event-log = { explained-except = { 9 = \"w\" }, exactly = true }",
        &[("4:1: azure-snp.event-log: exactly one expectation is needed, found 2", "explained-except")],
    );
    says(
        "azure-snp",
        "event-log = { explainedexcept = { 9 = \"w\" } }",
        &[(
            "4:15: azure-snp.event-log.explainedexcept: unknown expectation `explainedexcept`",
            "`explained-except`?",
        )],
    );
    says(
        "azure-snp",
        "secure-boot = { explained-except = { 9 = \"w\" } }",
        &[(
            "4:17: azure-snp.secure-boot.explained-except: `explained-except` has no meaning for yes or no; allowed are: exactly, one-of, waived",
            "",
        )],
    );
}
