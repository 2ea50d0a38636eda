//! The rules for TD quotes in `[tdx]` and `[azure-tdx]`: every field holds what it says, every mistake is reported at
//! its place, and a proposed policy accepts what it was proposed from.

use std::path::{Path, PathBuf};

use teeproof_mint::tdx::TdxMachine;

use crate::azure_tdx::td_vm;
use crate::machine::{AT, CHALLENGE, Machine, nonce, put};
use crate::support::*;
use crate::tdx::{TdMachine, guest, late};

/// The body of [`body`]: a byte for each measurement.
const MEASUREMENTS: [(&str, u8); 9] = [
    ("mrseam", 0x5e),
    ("mrtd", 0x4d),
    ("mrconfigid", 0xc0),
    ("mrowner", 0xc1),
    ("mrownerconfig", 0xc2),
    ("rtmr0", 0x40),
    ("rtmr1", 0x41),
    ("rtmr2", 0x42),
    ("rtmr3", 0),
];

/// A guest whose host set the identifiers.
fn body(machine: TdxMachine) -> TdxMachine {
    machine.with_body(|body| {
        body.mr_config_id = [0xc0; 48];
        body.mr_owner = [0xc1; 48];
        body.mr_owner_config = [0xc2; 48];
    })
}

/// A rule that holds, one that does not, and the check, for a machine that is up to date.
const FIELDS: &[(&str, &str, &str)] = &[
    ("debug = { exactly = false }", "debug = { exactly = true }", "tdx.debug"),
    ("migration = { exactly = false }", "migration = { exactly = true }", "tdx.migration"),
    (
        "attributes = { exactly = \"0x10000000\" }",
        "attributes = { mask = { care = \"0x10000000\", value = \"0x0\" } }",
        "tdx.attributes",
    ),
    ("xfam = { exactly = \"0x618e7\" }", "xfam = { one-of = [\"0x618e6\", \"0x618e5\"] }", "tdx.xfam"),
    (
        "tcb-status = { exactly = \"UpToDate\" }",
        "tcb-status = { one-of = [\"SWHardeningNeeded\", \"ConfigurationNeeded\"] }",
        "tdx.tcb.status",
    ),
    (
        "tcb-date = { at-least = \"2024-11-13\" }",
        "tcb-date = { at-least = \"2024-11-14T00:00:00Z\" }",
        "tdx.tcb.date",
    ),
    (
        "evaluation-data-number = { at-least = 17 }",
        "evaluation-data-number = { at-least = 18 }",
        "tdx.tcb.evaluation-data-number",
    ),
    ("revocation-list = { exactly = true }", "revocation-list = { exactly = false }", "tdx.revocation-list"),
    ("fmspc = { exactly = \"90c06f000000\" }", "fmspc = { one-of = [\"90C06F000001\"] }", "tdx.fmspc"),
];

/// The same for a machine that is out of date for 228 days.
const LATE: &[(&str, &str, &str)] = &[
    (
        "tcb-status = { one-of = [\"UpToDate\", \"OutOfDate\"] }",
        "tcb-status = { exactly = \"UpToDate\" }",
        "tdx.tcb.status",
    ),
    ("days-behind = { at-most = 228 }", "days-behind = { at-most = 227 }", "tdx.tcb.days-behind"),
    (
        "advisories = { one-of = [\"INTEL-SA-00837\"] }",
        "advisories = { one-of = [\"INTEL-SA-00838\"] }",
        "tdx.tcb.advisories",
    ),
    (
        "advisories = { one-of = [\"INTEL-DOC-00001\", \"INTEL-SA-00837\"] }",
        "advisories = { one-of = [\"INTEL-DOC-00837\"] }",
        "tdx.tcb.advisories",
    ),
    ("advisories = { waived = \"all of them\" }", "advisories = { one-of = [] }", "tdx.tcb.advisories"),
];

/// A policy of this field alone; it is in line 4.
fn policy(section: &str, field: &str) -> String {
    format!("version = 1\nname = \"mine\"\n[{section}]\n{field}\nunlisted = {{ waived = \"a test\" }}\n")
}

/// `verify` of a quote under a policy of this text.
fn run(machine: &TdMachine, text: &str) -> Run {
    let path = machine.put("policy.toml", text);
    let run = teeproof(["verify"]).args(AT).args(nonce(&CHALLENGE)).args(machine.anchors());
    run.args(machine.files()).args(machine.lists()).args(["--policy"]).args([path])
}

/// One rule holds; another fails, and no other check with it.
#[track_caller]
fn holds_and_fails(run: impl Fn(&str) -> Run, (good, bad, check): (&str, &str, &str)) {
    run(good).exits(0).shows(&["policy mine", check]);
    let ran = run(bad).exits(6);
    let printed =
        ran.stdout.split_once(&format!("✘ {check} ")).unwrap_or_else(|| panic!("{bad}: {ran:#?}")).1;
    assert!(printed.contains("policy line 4"), "{bad}: {ran:#?}");
    assert_eq!(ran.stdout.matches('✘').count(), 1, "{bad}: {ran:#?}");
}

#[test]
fn every_field_holds_what_it_says() {
    let machine = TdMachine::new("policy-tdx", &body(guest()));
    let run_one = |field: &str| run(&machine, &policy("tdx", field));
    for row in FIELDS {
        holds_and_fails(run_one, *row);
    }
    for (key, byte) in MEASUREMENTS {
        let rule = |byte: u8| format!("{key} = {{ exactly = \"{}\" }}", hex(&[byte; 48]));
        holds_and_fails(run_one, (&rule(byte), &rule(0xee), &format!("tdx.{key}")));
    }
    let data = |first: &[u8]| format!("report-data = {{ exactly = \"{:0<128}\" }}", hex(first));
    holds_and_fails(run_one, (&data(&CHALLENGE), &data(b"other"), "tdx.report-data"));
    // Only the body of TDX 1.5 has a hash of service TDs.
    let newer = TdMachine::new("policy-tdx-1-5", &guest().tdx_1_5());
    let rule = |byte: u8| format!("mrservicetd = {{ exactly = \"{}\" }}", hex(&[byte; 48]));
    let run_newer = |field: &str| run(&newer, &policy("tdx", field));
    holds_and_fails(run_newer, (&rule(0), &rule(1), "tdx.mrservicetd"));
    run_one(&rule(0)).exits(6).shows(&["✘ tdx.mrservicetd"]);
    let late = TdMachine::new("policy-tdx-late", &late("OutOfDate"));
    for row in LATE {
        holds_and_fails(|field| run(&late, &policy("tdx", field)), *row);
    }
    // Without lists there is nothing to check against.
    let path = machine.put("policy.toml", policy("tdx", "revocation-list = { exactly = true }"));
    let bare = teeproof(["verify"]).args(AT).args(nonce(&CHALLENGE)).args(machine.anchors());
    let bare = bare.args(machine.files()).args(["--policy"]).args([path]);
    bare.exits(7).shows(&["✘ tdx.revocation-list"]);
}

#[test]
fn every_field_is_in_the_section_of_azure_vms_too() {
    let machine = Machine::new("policy-azure-tdx", &td_vm());
    let td = machine.minted.td.as_ref().unwrap();
    let lists = [machine.put("root.crl", &td.root_crl), machine.put("pck.crl", &td.pck_crl)];
    let run = |field: &str| {
        let path = machine.put("policy.toml", policy("azure-tdx", field));
        let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE));
        run.args(machine.files()).args(&lists).args(["--policy"]).args([path])
    };
    for row in FIELDS {
        holds_and_fails(run, *row);
    }
    for (key, byte) in [("mrtd", 0x4d), ("mrseam", 0x5e), ("mrconfigid", 0), ("rtmr0", 0)] {
        let rule = |byte: u8| format!("{key} = {{ exactly = \"{}\" }}", hex(&[byte; 48]));
        holds_and_fails(run, (&rule(byte), &rule(0xee), &format!("tdx.{key}")));
    }
    // MRTD is a ground of the origin once it is pinned.
    let measured =
        format!("origin = {{ exactly = \"measurement\" }}\nmrtd = {{ exactly = \"{}\" }}", hex(&[0x4d; 48]));
    run(&measured).exits(0).shows(&["origin.paravisor"]);
    run("origin = { exactly = \"reference-value\" }").exits(6).shows(&["✘ origin.paravisor"]);
    // Each key is printed by `policy check` with its check.
    let both: Vec<_> = ["tdx", "azure-tdx"]
        .map(|section| {
            let path = machine.put("policy.toml", policy(section, "debug = { exactly = false }"));
            let json = teeproof(["policy", "check", "--format", "json"]).args([path]).exits(0).json();
            let rules = json["files"][0]["rules"].as_array().unwrap().iter();
            let keys = rules.filter(|rule| rule["technology"] == section);
            let keys = keys.filter(|rule| rule["check"].as_str().unwrap().starts_with("tdx."));
            keys.map(|rule| rule["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
        .into();
    assert_eq!((both[0].len(), &both[0]), (23, &both[1]));
}

#[test]
fn an_exception_ends_with_its_day() {
    let machine = TdMachine::new("policy-tdx-exception", &late("OutOfDate"));
    let text = |fmspc: &str, until: &str| {
        let field = format!("exceptions = {{ one-of = [{{ fmspc = \"{fmspc}\", until = \"{until}\" }}] }}");
        policy("tdx", &format!("{field}\ntcb-status = {{ exactly = \"UpToDate\" }}"))
    };
    let ran = run(&machine, &text("90c06f000000", "2026-01-15")).exits(0).shows(&["! tdx.tcb.exceptions"]);
    assert!(ran.stdout.contains("90C06F000000") || ran.stdout.contains("90c06f000000"), "{ran:#?}");
    run(&machine, &text("90c06f000000", "2026-01-14")).exits(6).shows(&["✘ tdx.tcb.status"]);
    run(&machine, &text("90c06f000001", "2026-12-31")).exits(6).shows(&["✘ tdx.tcb.status"]);
    // A revoked TCB has none.
    let machine = TdMachine::new("policy-tdx-no-exception", &late("Revoked"));
    run(&machine, &text("90c06f000000", "2026-12-31")).exits(6).shows(&["✘ tdx.tcb.status"]);
}

/// A field, and of the problem: its place, words of the message, and words of the hint.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("tcb-status = { exactly = \"uptodate\" }", "tcb-status.exactly", "", "UpToDate"),
    ("tcb-status = { at-least = \"UpToDate\" }", "tcb-status", "at-least", ""),
    ("tcb-date = { at-least = \"13 March 2025\" }", "tcb-date.at-least", "not a date in UTC", "2025-03-12"),
    ("tcb-date = { at-least = \"2025-02-30\" }", "tcb-date.at-least", "not a date in UTC", ""),
    ("days-behind = { exactly = 30 }", "days-behind", "exactly", ""),
    ("days-behind = { at-most = -1 }", "days-behind.at-most", "", ""),
    (
        "advisories = { one-of = [\"INTEL-SA-837\"] }",
        "advisories.one-of[0]",
        "no name of an advisory",
        "INTEL-SA-",
    ),
    ("advisories = { one-of = [\"INTEL SA\"] }", "advisories.one-of[0]", "no name of an advisory", ""),
    ("advisories = { exactly = \"INTEL-SA-00837\" }", "advisories", "exactly", ""),
    ("exceptions = { one-of = [{ fmspc = \"90c06f000000\" }] }", "exceptions.one-of[0]", "until", ""),
    (
        "exceptions = { one-of = [{ fmspc = \"90c06f\", until = \"2026-06-30\" }] }",
        "exceptions.one-of[0].fmspc",
        "expected 12 hex digits",
        "",
    ),
    (
        "exceptions = { one-of = [{ fmspc = \"90c06f000000\", until = \"2026-06-30\", why = \"x\" }] }",
        "exceptions.one-of[0].why",
        "unknown key",
        "",
    ),
    ("mrtd = { exactly = \"00\" }", "mrtd.exactly", "expected 96 hex digits", ""),
    ("mrt = { exactly = \"00\" }", "mrt", "unknown key", "mrtd"),
    ("report-data = { exactly = \"00\" }", "report-data.exactly", "expected 128 hex digits", ""),
    ("attributes = { at-least = 1 }", "attributes", "at-least", ""),
    ("debug = { exactly = 0 }", "debug.exactly", "expected true or false", ""),
    ("vmpl = { exactly = 0 }", "vmpl", "unknown key", ""),
];

#[test]
fn every_mistake_is_reported_at_its_place() {
    let folder = folder("policy-tdx-mistakes");
    for section in ["tdx", "azure-tdx"] {
        for (field, place, message, hint) in MISTAKES.iter().copied() {
            let path = put(&folder, "policy.toml", policy(section, field));
            let json = teeproof(["policy", "check", "--format", "json"]).args([&path]).exits(3).json();
            let problems = json["files"][0]["problems"].as_array().unwrap();
            let text = |problem: &serde_json::Value, member: &str| {
                problem[member].as_str().unwrap_or_default().to_owned()
            };
            let problem = problems
                .iter()
                .find(|one| text(one, "path").starts_with(&format!("{section}.{place}")))
                .unwrap_or_else(|| panic!("{field}: {problems:#?}"));
            assert_eq!(problem["line"], 4, "{field}");
            assert!(text(problem, "message").contains(message), "{field}: {problem:#}");
            assert!(text(problem, "hint").contains(hint), "{field}: {problem:#}");
        }
    }
    // A section without `unlisted` names every field.
    let path = put(&folder, "policy.toml", "version = 1\n[tdx]\ndebug = { exactly = false }\n");
    let ran = teeproof(["policy", "check"]).args([path]).exits(3);
    for key in ["tcb-status", "days-behind", "exceptions", "rtmr3", "report-data"] {
        assert!(ran.stdout.contains(key), "{key}: {ran:#?}");
    }
}

/// The warnings of `policy check`: path, line and message.
fn warnings(lines: &str) -> Vec<(String, u64, String)> {
    let path = file("policy-tdx-warnings", "policy.toml", format!("version = 1\n{lines}\n"));
    let json = teeproof(["policy", "check", "--format", "json"]).args([&path]).exits(0).json();
    let all = json["files"][0]["policy_warnings"].as_array().unwrap().clone();
    let strict = if all.is_empty() { 0 } else { 6 };
    teeproof(["policy", "check", "--strict"]).args([&path]).exits(strict);
    let text = |one: &serde_json::Value, member: &str| one[member].as_str().unwrap().to_owned();
    let each = all.iter().inspect(|one| assert!(!text(one, "hint").is_empty(), "{one}"));
    each.map(|one| (text(one, "path"), one["line"].as_u64().unwrap(), text(one, "message"))).collect()
}

#[test]
fn rules_that_say_less_than_they_seem_to_are_warned_of() {
    let ones = "11".repeat(48);
    let zeros = "00".repeat(48);
    let bare = |rules: &str| format!("[tdx]\nunlisted = {{ waived = \"w\" }}\n{rules}");
    let debug = "debug = { exactly = false }\nmigration = { exactly = false }";
    let status = "tcb-status = { exactly = \"UpToDate\" }";
    let pinned = format!("mrtd = {{ exactly = \"{ones}\" }}");
    let head = format!("{debug}\n{status}\n{pinned}");
    assert_eq!(warnings(&bare(&head)), []);
    let late = "tcb-status = { one-of = [\"UpToDate\", \"OutOfDate\"] }";
    for limit in ["days-behind = { at-most = 30 }", "tcb-date = { at-least = \"2025-03-12\" }"] {
        assert_eq!(warnings(&bare(&format!("{debug}\n{late}\n{pinned}\n{limit}"))), [], "{limit}");
    }
    let moved = "migration = { exactly = false }";
    for (rules, path, line, message) in [
        (format!("{status}\n{pinned}\n{moved}"), "tdx.debug", 3, "the host can read"),
        (
            format!("debug = {{ exactly = true }}\n{status}\n{pinned}\n{moved}"),
            "tdx.debug",
            4,
            "the host can read",
        ),
        (
            format!("debug = {{ one-of = [true, false] }}\n{status}\n{pinned}\n{moved}"),
            "tdx.debug",
            4,
            "can read",
        ),
        (format!("{debug}\n{pinned}"), "tdx.tcb-status", 3, "revoked"),
        (
            format!("{debug}\ntcb-status = {{ exactly = \"Revoked\" }}\n{pinned}"),
            "tdx.tcb-status",
            6,
            "revoked",
        ),
        (format!("{debug}\n{late}\n{pinned}"), "tdx.tcb-status", 6, "out of date, for any length of time"),
        (format!("{debug}\n{status}"), "tdx", 3, "what software runs"),
        (format!("{head}\nrevocation-list = {{ exactly = false }}"), "tdx.revocation-list", 8, "revocation"),
        (
            format!("{head}\nevaluation-data-number = {{ at-least = 0 }}"),
            "tdx.evaluation-data-number",
            8,
            "at least this number",
        ),
        (format!("{head}\nrtmr1 = {{ exactly = \"{zeros}\" }}"), "tdx.rtmr1", 8, "nothing was measured"),
    ] {
        let found = warnings(&bare(&rules));
        let [(at, number, said)] = found.as_slice() else { panic!("{rules}\n{found:#?}") };
        assert!((at.as_str(), *number) == (path, line) && said.contains(message), "{rules}\n{found:#?}");
    }
    // RTMRs of an Azure VM are zero, and its PCRs name its software.
    let pcrs = format!(
        "pcrs = {{ 4 = {{ exactly = \"{}\" }} }}\nsecure-boot = {{ exactly = true }}",
        "11".repeat(32)
    );
    let azure = format!(
        "[azure-tdx]\nunlisted = {{ waived = \"w\" }}\n{head}\n{pcrs}\norigin = {{ exactly = \"measurement\" }}"
    );
    assert_eq!(warnings(&format!("{azure}\nrtmr1 = {{ exactly = \"{zeros}\" }}")), []);
}

fn suggest(anchors: &[std::ffi::OsString], bundles: &[&Path]) -> Run {
    teeproof(["policy", "suggest"]).args(bundles).args(AT).args(anchors)
}

fn test(anchors: &[std::ffi::OsString], policy: &Path, bundles: &[&Path]) -> Run {
    teeproof(["policy", "test"]).args([policy]).args(bundles).args(AT).args(anchors)
}

#[test]
fn the_proposal_of_a_quote_accepts_it_and_no_other() {
    let machine = TdMachine::new("policy-tdx-suggest", &body(guest()));
    let (bundle, anchors) = (machine.bundle(), machine.anchors());
    let ran = suggest(&anchors, &[&bundle]).exits(0).shows(&[
        "[tdx]",
        "debug = { exactly = false }",
        "tcb-status = { exactly = \"UpToDate\" }",
        "tcb-date = { at-least = \"2024-11-13T00:00:00Z\" }",
        "evaluation-data-number = { at-least = 17 }",
        "fmspc = { exactly = \"90c06f000000\" }",
        &format!("mrtd = {{ exactly = \"{}\" }}", hex(&[0x4d; 48])),
    ]);
    let proposed = machine.put("proposed.toml", &ran.stdout);
    teeproof(["policy", "check"]).args([&proposed]).exits(0).shows(&["proposed.toml: ok"]);
    let ran = test(&anchors, &proposed, &[&bundle]).exits(0).shows(&["tdx  accepted  exit 0"]);
    ran.shows(&["accepts 1 of 1"]);
    let json = suggest(&anchors, &[&bundle]).args(["--format", "json"]).exits(0).json();
    assert_eq!(json["toml"], std::fs::read_to_string(&proposed).unwrap());
    test(&anchors, &proposed, &[&bundle]).args(["--format", "json"]).exits(0);
    // Another image, and a machine that fell behind.
    let other = TdMachine::new("policy-tdx-other", &body(guest()).with_body(|body| body.mr_td = [9; 48]));
    let behind = TdMachine::new("policy-tdx-behind", &body(late("OutOfDate")));
    let both: Vec<_> = [other.anchors(), behind.anchors()].concat();
    let bundles = [other.bundle(), behind.bundle()];
    let ran = test(&both, &proposed, &[&bundles[0], &bundles[1]]).exits(6);
    ran.shows(&["tdx.mrtd", "tdx.tcb.status", "accepts 0 of 2"]);
    let ran = suggest(&both, &[&bundles[0], &bundles[1]]).exits(0);
    assert!(ran.stderr.contains("differs between the files: tdx.mrtd\n"), "{ran:#?}");
    // Endorsements can be files of their own.
    let alone = suggest(&anchors, &[&machine.quote()]).args(["--endorsements"]);
    let alone = alone.args([machine.put("dcap.json", machine.minted.dcap_qvl_json().unwrap())]);
    alone.exits(0).shows(&["[tdx]", "mrtd = { exactly"]);
}

#[test]
fn the_proposal_of_an_azure_vm_accepts_it() {
    let machine = Machine::new("policy-azure-tdx-suggest", &td_vm());
    let (bundle, anchors) = (machine.bundle(), machine.anchors());
    let run = || suggest(&anchors, &[&bundle]);
    run().fails(6, &["origin.paravisor", "--accept-origin-not-shown REASON"]);
    let ran = run().args(["--accept-origin-not-shown", "a lab"]).exits(0).shows(&[
        "[azure-tdx]",
        "tcb-status = { exactly = \"UpToDate\" }",
        "mrtd = { waived = \"the origin is not shown",
        "[azure-tdx.pcrs]",
    ]);
    let proposed: PathBuf = machine.put("proposed.toml", &ran.stdout);
    teeproof(["policy", "check"]).args([&proposed]).exits(0);
    test(&anchors, &proposed, &[&bundle]).exits(0).shows(&["azure-tdx  accepted  exit 0"]);
}

#[test]
fn nothing_is_proposed_from_what_must_not_be_accepted() {
    for (name, machine, exit, says) in [
        ("policy-tdx-suggest-debug", guest().debug(), 6, "tdx.debug"),
        ("policy-tdx-suggest-revoked", late("Revoked"), 6, "tdx.tcb.status"),
    ] {
        let machine = TdMachine::new(name, &machine);
        suggest(&machine.anchors(), &[&machine.bundle()]).fails(exit, &["no policy is proposed", says]);
    }
    let machine = TdMachine::new("policy-tdx-suggest-alone", &guest());
    suggest(&machine.anchors(), &[&machine.quote()]).fails(
        7,
        &["incomplete", "tdx.collateral", "(teeproof fetch FILE -o BUNDLE, or --endorsements FILE)."],
    );
}

/// The example accepts the quote that it names, by the command in its head, and nothing in it is warned of.
#[test]
fn the_example_accepts_the_quote_of_the_test_data() {
    let example = root().join("examples/policies/tdx.toml");
    let at = ["--no-nonce", "--at", "2025-06-25T00:00:00Z", "--policy"];
    let run = verify("tdx/quote-v4.bin", &[&at]).args([&example]).file("tdx/collateral-v4.json");
    run.exits(0).shows(&["policy example: one image on TDX", "✔ tdx.mrtd", "✔ tdx.revocation-list"]);
    teeproof(["policy", "check", "--strict"]).args([&example]).exits(0);
    let run = teeproof(["policy", "suggest", "--at", "2025-06-25T00:00:00Z"]).file("tdx/quote-v4.bin");
    run.args(["--endorsements"])
        .file("tdx/collateral-v4.json")
        .exits(0)
        .shows(&["[tdx]", "mrtd = { exactly"]);
}
