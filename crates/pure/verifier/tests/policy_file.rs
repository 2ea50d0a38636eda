//! Policy files: the examples accept their evidence, each rule is checked and its finding names its line, and
//! a file with a mistake is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "policy-file")]

#[path = "support/code.rs"]
mod code;

use teeproof::{ClaimValue, Evidence, Finding, Policy, PolicyError, PolicyProblem, Request, Verdict, verify};
use teeproof_core::{Freshness, Outcome, Pcrs, Technology, Time};
use teeproof_nitro::{MaxAge, Moment};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Revocation;

const SNP: &str = include_str!("../../../../examples/policies/snp.toml");
const NITRO: &str = include_str!("../../../../examples/policies/nitro.toml");
const REFERENCE: &str = include_str!("../../../../docs/policy.md");
const REPORT: &[u8] = include_bytes!("../../../../testdata/snp/milan-report.bin");
const VCEK: &[u8] = include_bytes!("../../../../testdata/snp/milan-vcek.der");
const DOCUMENT: &[u8] = include_bytes!("../../../../testdata/nitro/production-eu-central-1-2025-01.cose");

/// Verdict, exit code and findings of a result.
type Summary = (Verdict, u8, Vec<Finding>);

fn appraise(evidence: Evidence<'_>, at: Moment, policy: &Policy) -> Summary {
    let endorsements = [Certificate::parse(VCEK).unwrap()];
    let result = verify(
        &evidence,
        &Request::new(Technology::ALL, Freshness::Waived("a recorded vector"), at, &teeproof_aws_lc::TABLE)
            .endorsements(&endorsements)
            .revocation(Revocation::Unchecked("no list is published with the vector"))
            .policy(policy),
    )
    .unwrap();
    assert_eq!(result.policy(), Some(&*policy.name));
    (result.verdict(), code::code(result.class()), result.findings().to_vec())
}

fn read(text: &str) -> Policy {
    Policy::from_toml("test", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn snp(text: &str) -> Summary {
    let at = Moment::At(Time(1_790_000_000));
    appraise(Evidence::Snp(REPORT), at, &read(text))
}

fn nitro(text: &str) -> Summary {
    appraise(Evidence::Nitro(DOCUMENT), Moment::OfDocument, &read(text))
}

/// The text with another value for a key, and the key's line. A key that is not there is put
/// right below the section's head.
fn with(text: &str, section: &str, key: &str, value: &str) -> (String, u32) {
    let mut out: Vec<String> = Vec::new();
    let (mut line, mut open) = (None, 0_i64);
    for old in text.lines() {
        let begins = open == 0 && old.starts_with(&format!("{key} = "));
        if begins {
            out.push(format!("{key} = {value}"));
            line = Some(out.len());
        }
        if begins || open > 0 {
            let code = old.split('#').next().unwrap();
            open += i64::try_from(code.matches(['[', '{']).count()).unwrap();
            open -= i64::try_from(code.matches([']', '}']).count()).unwrap();
        } else {
            out.push(old.to_string());
        }
    }
    let line = line.unwrap_or_else(|| {
        let head = out.iter().position(|line| line == section).unwrap() + 1;
        out.insert(head, format!("{key} = {value}"));
        head + 1
    });
    (out.join("\n"), line.try_into().unwrap())
}

#[test]
fn the_examples_accept_their_evidence() {
    for (summary, rules) in [(snp(SNP), 25), (nitro(NITRO), 11)] {
        let (verdict, exit, findings) = summary;
        assert_eq!((verdict, exit), (Verdict::Accepted, 0), "{findings:#?}");
        let from_file = findings.iter().filter(|finding| finding.line.is_some());
        assert_eq!(from_file.count(), rules, "{findings:#?}");
    }
    // Waivers carry their reason and their line: the field's own, or that of `unlisted`.
    let (_, _, findings) = snp(SNP);
    let line_of = |start: &str| {
        let at = SNP.lines().position(|line| line.starts_with(start));
        Some(u32::try_from(at.unwrap() + 1).unwrap())
    };
    for (id, start, reason) in [
        ("snp.chip-id", "chip-id", "any machine of the fleet"),
        ("snp.family-id", "unlisted", "we launch without an identity block"),
    ] {
        let finding = findings.iter().find(|f| f.check.id == id).unwrap();
        assert!(finding.waived);
        assert_eq!(finding.line, line_of(start));
        assert_eq!(finding.because.as_deref(), Some(reason));
    }
}

/// A rule that does not hold: section and key, what is written, the check, expected and actual.
type Case = (&'static str, &'static str, String, &'static str, String, String);

/// Each rule changed makes exactly its own finding fail; all others stay as before.
fn each_fails_alone(text: &str, appraise: fn(&str) -> Summary, cases: &[Case]) {
    let (_, _, before) = appraise(text);
    for (section, key, value, id, expected, actual) in cases {
        let (changed, line) = with(text, section, key, value);
        let (verdict, exit, findings) = appraise(&changed);
        assert_eq!((verdict, exit), (Verdict::Refused, 6), "{key} = {value}");
        let failed: Vec<_> = findings.iter().filter(|finding| finding.outcome == Outcome::Fail).collect();
        let [failed] = failed.as_slice() else {
            panic!("{key} = {value}: {failed:#?}");
        };
        assert_eq!(failed.check.id, *id);
        assert_eq!(failed.expected.as_deref(), Some(&**expected), "{key}");
        assert_eq!(failed.actual.as_deref(), Some(&**actual), "{key}");
        assert_eq!(failed.line, Some(line), "{key}");
        assert!(!failed.waived);
        let others = |findings: &[Finding]| -> Vec<_> {
            findings
                .iter()
                .filter(|finding| finding.check.id != *id)
                .map(|finding| (finding.check.id, finding.outcome))
                .collect()
        };
        assert_eq!(others(&findings), others(&before), "{key} = {value}");
    }
}

#[test]
fn each_snp_rule_fails_alone() {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let ones = |count: usize| "11".repeat(count);
    let exactly = |count| format!("{{ exactly = \"{}\" }}", ones(count));
    let tcb = "bootloader 3, tee 0, snp 8, microcode 115";
    let newer = "bootloader 3, tee 0, snp 8, microcode 116";
    let floor = "{ at-least = { bootloader = 3, tee = 0, snp = 8, microcode = 116 } }";
    let bytes = |key, id, at: std::ops::Range<usize>| {
        let count = at.len();
        (key, exactly(count), id, ones(count), hex(&REPORT[at]))
    };
    let said = |key, value: &str, id, expected: &str, actual: &str| {
        (key, value.to_string(), id, expected.to_string(), actual.to_string())
    };
    let cases = [
        said("debug", "{ exactly = true }", "snp.policy.debug", "yes", "no"),
        said("migration", "{ one-of = [true] }", "snp.policy.migration", "one of yes", "no"),
        said("policy", "{ exactly = 0x30001 }", "snp.policy.bits", "0x30001", "0x30000"),
        said(
            "policy",
            "{ mask = { care = \"0x80000\", value = 524288 } }",
            "snp.policy.bits",
            "0x80000 in the bits 0x80000",
            "0x30000",
        ),
        said("vmpl", "{ one-of = [1, \"host\"] }", "snp.vmpl", "one of 1, host", "0"),
        said("host-requested", "{ exactly = true }", "snp.host-requested", "yes", "no"),
        said("signing-key", "{ exactly = \"vlek\" }", "snp.signing-key", "vlek", "vcek"),
        said("signing-key", "{ one-of = [\"vlek\"] }", "snp.signing-key", "one of vlek", "vcek"),
        said("vlek-provider", "{ exactly = \"a provider\" }", "snp.vlek.provider", "a provider", "absent"),
        said("masked-chip-key", "{ exactly = true }", "snp.chip-key.masked", "yes", "no"),
        said("masked-chip-id", "{ exactly = true }", "snp.chip.masked", "yes", "no"),
        bytes("chip-id", "snp.chip-id", 0x1a0..0x1e0),
        bytes("measurement", "snp.measurement", 0x90..0xc0),
        bytes("id-key-digest", "snp.id-key-digest", 0xe0..0x110),
        bytes("family-id", "snp.family-id", 0x10..0x20),
        bytes("image-id", "snp.image-id", 0x20..0x30),
        said("guest-svn", "{ at-least = 1 }", "snp.guest-svn", "at least 1", "0"),
        said("reported-tcb", floor, "snp.tcb.reported", &format!("at least {newer}"), tcb),
        said("committed-tcb", floor, "snp.tcb.committed", &format!("at least {newer}"), tcb),
        said("current-tcb", floor, "snp.tcb.current", &format!("at least {newer}"), tcb),
        said("launch-tcb", floor, "snp.tcb.launch", &format!("at least {newer}"), tcb),
        said(
            "committed-tcb",
            "{ exactly = { fmc = 1, bootloader = 3, tee = 0, snp = 8, microcode = 115 } }",
            "snp.tcb.committed",
            &format!("fmc 1, {tcb}"),
            tcb,
        ),
        said("platform-info", "{ exactly = 3 }", "snp.platform-info", "0x3", "0x1"),
        bytes("host-data", "snp.host-data", 0xc0..0xe0),
        bytes("report-data", "snp.report-data", 0x50..0x90),
        // The report names no author key.
        ("author-key-digest", exactly(48), "snp.author-key-digest", ones(48), "absent".into()),
    ];
    let cases = cases.map(|(key, value, id, expected, actual)| ("[snp]", key, value, id, expected, actual));
    each_fails_alone(SNP, snp, &cases);
}

#[test]
fn each_nitro_rule_fails_alone() {
    let pcr = |index: &str| {
        let line = NITRO.lines().find(|line| line.starts_with(&format!("{index} = ")));
        line.unwrap().split('"').nth(1).unwrap().to_string()
    };
    let ones = "11".repeat(48);
    let zero = "00".repeat(48);
    let exactly = format!("{{ exactly = \"{ones}\" }}");
    let pcr4 = "i-0bee92034f3d60691 by the document's module_id, PCR4 5ecf4fb14c100ccc62999e094c99819ce9e51dd7c9497602d1cdf68b98cba25c153406046d9f9096f9d059211c7cbca3";
    let key = nitro(NITRO);
    let key = key.2.iter().find(|finding| finding.check.id == "nitro.public-key").unwrap();
    let key = key.actual.clone().unwrap();
    let said = |section, key, value: &str, id, expected: &str, actual: &str| -> Case {
        (section, key, value.into(), id, expected.into(), actual.into())
    };
    let (enclave, registers) = ("[nitro]", "[nitro.pcrs]");
    let cases = [
        said(enclave, "debug", "{ exactly = true }", "nitro.debug", "yes", "no"),
        said(registers, "0", &exactly, "nitro.pcr0", &ones, &pcr("0")),
        said(registers, "1", &exactly, "nitro.pcr1", &ones, &pcr("1")),
        said(registers, "2", &exactly, "nitro.pcr2", &ones, &pcr("2")),
        said(registers, "15", &exactly, "nitro.pcr15", &ones, &zero),
        said(registers, "31", &exactly, "nitro.pcr31", &ones, "absent"),
        said(enclave, "signer", &exactly, "nitro.signer", &ones, &format!("PCR8 {zero}")),
        said(
            enclave,
            "module-id",
            "{ exactly = \"i-0-enc0\" }",
            "nitro.module-id",
            "i-0-enc0",
            "i-0bee92034f3d60691-enc01943c5eaab3ad6a",
        ),
        said(
            enclave,
            "instance",
            "{ one-of = [\"i-00000000\", \"i-00000001\"] }",
            "nitro.instance",
            "one of i-00000000, i-00000001",
            pcr4,
        ),
        said(enclave, "user-data", "{ exactly = \"hex:\" }", "nitro.user-data", "", "absent"),
        said(enclave, "public-key", "{ exactly = \"b64:AP8=\" }", "nitro.public-key", "00ff", &key),
        said(enclave, "public-key", "{ one-of = [\"utf8:Aä\"] }", "nitro.public-key", "one of 41c3a4", &key),
    ];
    each_fails_alone(NITRO, nitro, &cases);
}

#[test]
fn a_document_verified_at_its_own_time_has_no_age() {
    let (changed, line) = with(NITRO, "[nitro]", "max-age", "{ at-most = 300 }");
    let (verdict, exit, findings) = nitro(&changed);
    assert_eq!((verdict, exit), (Verdict::Refused, 11));
    let failed = findings.iter().find(|f| f.outcome == Outcome::Fail).unwrap();
    assert_eq!(failed.check.id, "nitro.max-age");
    assert_eq!(
        (failed.expected.as_deref(), failed.actual.as_deref()),
        (Some("at most 300 s"), Some("no age"))
    );
    assert_eq!(failed.actual_value, Some(ClaimValue::Absent));
    assert_eq!(failed.because.as_deref(), Some("verified at its own time stamp"));
    assert_eq!(failed.line, Some(line));
}

#[test]
fn what_is_not_named_is_waived_with_its_reason() {
    let policy = read("version = 1\n[nitro]\nunlisted = { waived = \"all of it\" }\n");
    assert_eq!(policy.name, "test");
    assert!(policy.snp.is_none());
    let nitro = policy.nitro.unwrap();
    let Pcrs::Waived(pcrs) = nitro.pcrs else { panic!() };
    let MaxAge::Waived(age) = nitro.max_age else { panic!() };
    for (reason, line) in [(pcrs.reason, pcrs.line), (age.reason, age.line)] {
        assert_eq!((&*reason, line), ("all of it", Some(3)));
    }
    assert_eq!(nitro.signer.line, Some(3));
    // One technology's section says nothing about the other.
    let (verdict, exit, _) = snp("version = 1\n[nitro]\nunlisted = { waived = \"all of it\" }\n");
    assert_eq!((verdict, exit), (Verdict::Refused, 6));
}

#[test]
fn both_forms_of_registers_mean_the_same() {
    let ones = "Aa".repeat(48);
    let inline = read(&format!(
        "version = 1\nnitro.unlisted = {{ waived = \"w\" }}\nnitro.pcrs = {{ 8 = {{ exactly = \"{ones}\" }}, 0 = {{ waived = \"w\" }} }}\n"
    ));
    let Pcrs::Rules(rules) = &inline.nitro.as_ref().unwrap().pcrs else { panic!() };
    let read: Vec<_> = rules.iter().map(|rule| (rule.index, rule.rule.line)).collect();
    assert_eq!(read, [(0, Some(3)), (8, Some(3))]);
    let waived = waived_registers();
    assert!(matches!(&waived, Pcrs::Waived(waiver) if waiver.line == Some(4)));
}

fn waived_registers() -> Pcrs<'static, 48> {
    let text = "version = 1\n[nitro]\nunlisted = { waived = \"w\" }\npcrs = { waived = \"none\" }\n";
    read(text).nitro.unwrap().pcrs
}

fn problems(text: &str) -> Vec<PolicyProblem> {
    let error: PolicyError = Policy::from_toml("test", text).expect_err(text);
    assert_eq!(error.to_string().lines().count(), error.problems.len());
    error.problems
}

/// The one problem of a text, as `line:column: path: message` and its hint.
fn problem(text: &str) -> (String, String) {
    let found = problems(text);
    let [one] = found.as_slice() else {
        panic!("{text}\n{found:#?}");
    };
    (one.to_string(), one.hint.clone().unwrap_or_default())
}

/// The one problem of an SNP policy with this line in it.
fn in_snp(line: &str) -> (String, String) {
    problem(&format!("version = 1\n[snp]\nunlisted = {{ waived = \"w\" }}\n{line}\n"))
}

fn in_nitro(line: &str) -> (String, String) {
    problem(&format!("version = 1\n[nitro]\nunlisted = {{ waived = \"w\" }}\n{line}\n"))
}

#[track_caller]
fn says(found: (String, String), message: &str, hint: &str) {
    assert_eq!(found.0, message);
    assert!(found.1.contains(hint), "{} in {}", hint, found.1);
    assert_eq!(hint.is_empty(), found.1.is_empty(), "{}", found.1);
}

#[test]
fn mistakes_of_the_whole_file() {
    let waived = "[snp]\nunlisted = { waived = \"w\" }\n";
    says(problem(waived), "1:1: `version` is missing", "version = 1");
    says(
        problem(&format!("version = 2\n{waived}")),
        "1:11: version: version `2` is not known, only 1 is",
        "",
    );
    says(
        problem(&format!("version = \"1\"\n{waived}")),
        "1:11: version: expected the integer 1, found a string",
        "version = 1",
    );
    says(problem("version = 1\n"), "1:1: the policy has no section, so it accepts nothing", "[snp]");
    says(problem(&format!("version = 1\nname = \" \"\n{waived}")), "2:8: name: the text is empty", "a name");
    says(
        problem(&format!("version = 1\n{waived}[nitor]\n")),
        "4:2: nitor: unknown key `nitor`",
        "did you mean `nitro`?",
    );
    says(problem("version = 1\nsnp = 3\n"), "2:7: snp: expected a section, found an integer", "");
    let (found, _) = problem("version = 1\nversion = 1\n");
    assert!(found.starts_with("2:1: not TOML: "), "{found}");
    let (found, _) = problem("version = 1\n[snp\n");
    assert!(found.starts_with("2:5: not TOML: "), "{found}");
    let long = format!("version = 1\n#{}\n{waived}", "x".repeat(256 * 1024));
    let (found, _) = problem(&long);
    assert!(found.contains("262144 are the limit"), "{found}");
}

#[test]
fn mistakes_in_a_section() {
    says(
        in_snp("measurment = { waived = \"w\" }"),
        "4:1: snp.measurment: unknown key `measurment`",
        "did you mean `measurement`?",
    );
    says(
        in_snp("Guest_SVN = { at-least = 1 }"),
        "4:1: snp.Guest_SVN: unknown key `Guest_SVN`",
        "did you mean `guest-svn`?",
    );
    says(
        in_snp("colour = 1"),
        "4:1: snp.colour: unknown key `colour`",
        "known are: debug, migration, policy,",
    );
    says(
        problem("version = 1\n[snp]\nunlisted = { waived = \"\" }\n"),
        "3:23: snp.unlisted.waived: the text is empty",
        "the reason",
    );
    says(
        problem("version = 1\n[nitro]\nunlisted = { exactly = 1 }\n"),
        "3:14: nitro.unlisted.exactly: `exactly` has no meaning for the fields that are not named; allowed are: waived",
        "",
    );
    says(
        problem("version = 1\n[nitro]\ndebug = { exactly = false }\nmax-age = { at-most = 1 }\n"),
        "2:2: nitro: neither expected nor waived: pcrs, role, signer, module-id, instance, user-data, public-key",
        "unlisted = { waived = \"<why>\" }",
    );
}

#[test]
fn mistakes_in_an_expectation() {
    says(
        in_snp("debug = false"),
        "4:9: snp.debug: expected an expectation, found a boolean",
        "exactly, one-of, waived",
    );
    says(in_snp("debug = {}"), "4:9: snp.debug: no expectation is given", "exactly, one-of, waived");
    says(
        in_snp("debug = { exactly = true, waived = \"w\" }"),
        "4:1: snp.debug: exactly one expectation is needed, found 2",
        "exactly, one-of, waived",
    );
    says(
        in_snp("vmpl = { oneof = [1] }"),
        "4:10: snp.vmpl.oneof: unknown expectation `oneof`",
        "did you mean `one-of`?",
    );
    says(
        in_snp("measurement = { at-least = \"00\" }"),
        "4:17: snp.measurement.at-least: `at-least` has no meaning for a digest or an identifier; allowed are: exactly, one-of, waived",
        "",
    );
    says(
        in_snp("vmpl = { at-least = 1 }"),
        "4:10: snp.vmpl.at-least: `at-least` has no meaning for a privilege level; allowed are: exactly, one-of, waived",
        "",
    );
    says(
        in_snp("guest-svn = { at-most = 1 }"),
        "4:15: snp.guest-svn.at-most: `at-most` has no meaning for a number; allowed are: exactly, one-of, at-least, waived",
        "",
    );
    says(
        in_snp("guest-svn = { mask = 1 }"),
        "4:15: snp.guest-svn.mask: `mask` has no meaning for a number; allowed are: exactly, one-of, at-least, waived",
        "",
    );
    says(
        in_snp("chip-id = { waived = \"\\t \" }"),
        "4:22: snp.chip-id.waived: the text is empty",
        "the reason",
    );
    says(
        in_snp("chip-id = { waived = true }"),
        "4:22: snp.chip-id.waived: expected the reason as a text, found a boolean",
        "",
    );
    says(
        in_snp("measurement = { one-of = [] }"),
        "4:26: snp.measurement.one-of: the list is empty",
        "accepts nothing",
    );
    let many = format!("guest-svn = {{ one-of = [{}] }}", "1,".repeat(4097));
    says(in_snp(&many), "4:24: snp.guest-svn.one-of: the list has 4097 values, 4096 are the limit", "");
    let most = many.replacen("1,", "", 1);
    read(&format!("version = 1\n[snp]\nunlisted = {{ waived = \"w\" }}\n{most}\n"));
}

#[test]
fn mistakes_in_a_value() {
    says(
        in_snp("measurement = { exactly = \"abcd\" }"),
        "4:27: snp.measurement.exactly: expected 96 hex digits (48 bytes), found 4",
        "",
    );
    says(
        in_snp(&format!("host-data = {{ one-of = [\"{0}\", \"{0}x{1}\"] }}", "0".repeat(64), "")),
        &format!("4:{}: snp.host-data.one-of[1]: expected 64 hex digits (32 bytes), found 65", 93),
        "",
    );
    says(
        in_snp(&format!("family-id = {{ exactly = \"{}g\" }}", "0".repeat(31))),
        "4:25: snp.family-id.exactly: `g` at position 32 is not a hex digit",
        "",
    );
    says(
        in_snp("measurement = { exactly = 5 }"),
        "4:27: snp.measurement.exactly: expected 96 hex digits as a text, found an integer",
        "",
    );
    says(
        in_snp("debug = { exactly = \"no\" }"),
        "4:21: snp.debug.exactly: expected true or false, found a string",
        "",
    );
    says(
        in_snp("guest-svn = { at-least = 4294967296 }"),
        "4:26: snp.guest-svn.at-least: expected an integer from 0 to 4294967295, found `4294967296`",
        "",
    );
    says(
        in_snp("guest-svn = { at-least = -1 }"),
        "4:26: snp.guest-svn.at-least: expected an integer from 0 to 4294967295, found `-1`",
        "",
    );
    says(
        in_snp("vmpl = { exactly = 4 }"),
        "4:20: snp.vmpl.exactly: expected an integer from 0 to 3, found `4`",
        "",
    );
    says(
        in_snp("vmpl = { exactly = \"hots\" }"),
        "4:20: snp.vmpl.exactly: expected an integer from 0 to 3, or \"host\"",
        "",
    );
    says(
        in_snp("signing-key = { exactly = \"vlck\" }"),
        "4:27: snp.signing-key.exactly: `vlck` is no kind of signing key",
        "did you mean `v",
    );
    says(
        in_snp("signing-key = { at-least = \"vcek\" }"),
        "4:17: snp.signing-key.at-least: `at-least` has no meaning for a kind of signing key; allowed are: exactly, one-of, waived",
        "",
    );
    says(
        in_snp("policy = { exactly = \"0x1_0\" }"),
        "4:22: snp.policy.exactly: expected an integer or \"0x\" and 1 to 16 hex digits, found `0x1_0`",
        "",
    );
    says(
        in_snp("policy = { mask = { care = \"0x2\", value = \"0x3\" } }"),
        "4:43: snp.policy.mask.value: the bits 0x1 are set in `value` but not in `care`",
        "",
    );
    says(
        in_snp("policy = { mask = { care = 0, value = 0 } }"),
        "4:28: snp.policy.mask.care: the mask cares for no bit",
        "waive the field",
    );
    says(in_snp("policy = { mask = { care = 1 } }"), "4:12: snp.policy.mask: `value` is missing", "");
    says(
        in_snp("reported-tcb = { at-least = { bootloader = 1, tee = 1, snp = 1 } }"),
        "4:18: snp.reported-tcb.at-least: `microcode` is missing",
        "",
    );
    says(
        in_snp("reported-tcb = { exactly = { fmc = 256, bootloader = 1, tee = 1, snp = 1, microcode = 1 } }"),
        "4:36: snp.reported-tcb.exactly.fmc: expected an integer from 0 to 255, found `256`",
        "",
    );
    says(
        in_snp(
            "reported-tcb = { exactly = { bootloder = 1, bootloader = 1, tee = 1, snp = 1, microcode = 1 } }",
        ),
        "4:30: snp.reported-tcb.exactly.bootloder: unknown component `bootloder`",
        "did you mean `bootloader`?",
    );
}

#[test]
fn mistakes_in_a_nitro_value() {
    says(in_nitro("pcrs = {}"), "4:8: nitro.pcrs: no PCR is named", "0 = { exactly");
    says(in_nitro("pcrs = { 32 = { waived = \"w\" } }"), "4:10: nitro.pcrs.32: `32` is not a PCR", "0 to 31");
    says(
        in_nitro("pcrs = { 00 = { waived = \"w\" } }"),
        "4:10: nitro.pcrs.00: `00` is not a PCR",
        "without leading zeros",
    );
    says(
        in_nitro("pcrs = { waived = \"w\", 0 = { waived = \"w\" } }"),
        "4:1: nitro.pcrs: exactly one expectation is needed, found 2",
        "waived",
    );
    says(
        in_nitro("pcrs = [1]"),
        "4:8: nitro.pcrs: expected PCRs by their number, found an array",
        "0 = { exactly",
    );
    says(
        in_nitro("user-data = { exactly = \"abcd\" }"),
        "4:25: nitro.user-data.exactly: `abcd` does not say how its bytes are written",
        "hex:…, b64:… or utf8:…",
    );
    says(
        in_nitro("user-data = { exactly = \"hex:abc\" }"),
        "4:25: nitro.user-data.exactly: 3 hex digits are no whole bytes",
        "",
    );
    says(
        in_nitro("public-key = { one-of = [\"b64:=\"] }"),
        "4:26: nitro.public-key.one-of[0]: what follows b64: is not base64",
        "",
    );
    says(
        in_nitro("max-age = { exactly = 3 }"),
        "4:13: nitro.max-age.exactly: `exactly` has no meaning for an age in seconds; allowed are: at-most, waived",
        "",
    );
    says(
        in_nitro("max-age = { at-most = 1.5 }"),
        "4:23: nitro.max-age.at-most: expected an integer from 0 to 4294967295, found a float",
        "",
    );
    says(
        in_nitro("instance = { exactly = 3 }"),
        "4:24: nitro.instance.exactly: expected the id of an instance as a text, found an integer",
        "",
    );
}

#[test]
fn all_problems_are_listed_in_the_order_of_the_file() {
    let text = "versio = 1\n\n[nitro]\nmax-age = { at-most = -1 }\ndebug = 1\n[snp]\nvmpl = { exactly = 9 }\nmeasurement = { one-of = [1, 2] }\n";
    let places: Vec<_> =
        problems(text).iter().map(|problem| (problem.line, problem.column, problem.path.clone())).collect();
    let expected = [
        (1, 1, "versio"),
        (1, 1, ""),      // no version
        (3, 2, "nitro"), // fields that are missing
        (4, 23, "nitro.max-age.at-most"),
        (5, 9, "nitro.debug"),
        (6, 2, "snp"), // fields that are missing
        (7, 20, "snp.vmpl.exactly"),
        (8, 27, "snp.measurement.one-of[0]"),
        (8, 30, "snp.measurement.one-of[1]"),
    ];
    assert_eq!(places, expected.map(|(l, c, path)| (l, c, path.to_string())));
}

#[test]
fn columns_are_characters_and_foreign_text_is_tamed() {
    says(in_snp("\"ä\\u001b[2J\" = 1"), "4:1: snp.`ä\\u{1b}[2J`: unknown key `ä\\u{1b}[2J`", "known are");
    says(
        in_snp("chip-id = { waived = \"ä€\" }\ndebug = { \"ö\" = 1 } # ß"),
        "5:11: snp.debug.`ö`: unknown expectation `ö`",
        "known are: exactly, one-of, waived",
    );
    says(
        in_snp("debug = { exactly = true } # ä\n vmpl = { one-of = [\"ä\", 1] }"),
        "5:21: snp.vmpl.one-of[0]: expected an integer from 0 to 3, or \"host\"",
        "",
    );
    let (found, _) = in_snp(&format!("{} = 1", "k".repeat(100_000)));
    assert!(found.len() < 200, "{found}");
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = 10_000;
    for text in [
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a = {}1{}", "{ a = ".repeat(deep), "}".repeat(deep)),
        format!("a = {}", "{ a = ".repeat(deep)),
        format!("a{} = 1", ".a".repeat(deep)),
        format!("[a{}]", ".a".repeat(deep)),
        format!("[[a{}]]", ".a".repeat(deep)),
    ] {
        let found = problems(&text);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("not TOML: "), "{found:?}");
    }
}

#[test]
fn no_part_of_a_policy_and_no_noise_panics() {
    for text in [SNP, NITRO] {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            _ = Policy::from_toml("cut", &text[..end]);
            _ = Policy::from_toml("cut", &text[end..]);
        }
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random % u64::try_from(below).unwrap()).unwrap()
        };
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..3000 {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                bytes[at] = b"\"'[]{}=.,#\n 0x\xff-_aZ"[next(19)];
            }
            match Policy::from_toml("noise", &String::from_utf8_lossy(&bytes)) {
                Ok(_) => accepted += 1,
                Err(error) => {
                    assert!(!error.problems.is_empty());
                    assert!(error.problems.iter().all(|p| p.line > 0 && p.column > 0));
                    refused += 1;
                }
            }
        }
        // Noise in comments changes nothing; elsewhere it does.
        assert!(accepted > 100 && refused > 100, "{accepted} {refused}");
    }
}

#[test]
fn a_file_cannot_pass_for_a_built_in_policy() {
    let text = "version = 1\nname = \"builtin:genuine\"\n[nitro]\nunlisted = { waived = \"all\" }\n";
    let problems = Policy::from_toml("test", text).unwrap_err().problems;
    assert_eq!((problems.len(), problems[0].line, &*problems[0].path), (1, 2, "name"), "{problems:?}");
}

/// The reference has a row for each field, and each check it names exists.
#[test]
fn the_reference_names_every_field() {
    let mut rows = 0;
    for section in ["snp", "nitro", "nitro-tpm"] {
        let (found, _) = problem(&format!("version = 1\n[{section}]\n"));
        let (_, fields) = found.split_once("nor waived: ").unwrap();
        for field in fields.split(", ") {
            assert!(REFERENCE.contains(&format!("\n| `{field}` |")), "{field}");
            rows += 1;
        }
    }
    assert_eq!(rows, 25 + 9 + 7);
    let named = REFERENCE.split('`').filter(|word| {
        ["snp.", "nitro.", "nitro-tpm."].iter().any(|section| word.starts_with(section))
            && !word.contains([' ', '\n'])
    });
    let unknown: Vec<_> = named.filter(|id| teeproof::find_check(id).is_none()).collect();
    assert_eq!(unknown, [""; 0]);
}
