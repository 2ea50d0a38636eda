//! `policy suggest`, `policy test` and `policy reference`: from machines that a person trusts to a
//! policy that accepts them, and no others.

use std::path::{Path, PathBuf};

use teeproof_mint::azure::{Event, EventLog, Vm};

use crate::machine::*;
use crate::support::*;

fn suggest(machine: &Machine, files: &[&Path]) -> Run {
    teeproof(["policy", "suggest"]).args(files).args(AT).args(machine.anchors())
}

fn test(machine: &Machine, policy: &Path, files: &[&Path]) -> Run {
    teeproof(["policy", "test"]).args([policy]).args(files).args(AT).args(machine.anchors())
}

/// The proposal for these files, as a file.
fn proposal(machine: &Machine, files: &[&Path]) -> PathBuf {
    let path = machine.folder.join("proposed.toml");
    suggest(machine, files).args(["-o"]).args([&path]).exits(0);
    path
}

/// A certificate among the files is no machine, whatever the verb.
#[test]
fn certificates_of_several_machines_are_endorsements() {
    let folder = folder("suggest-certificate");
    let policy = put(&folder, "policy.toml", b"version = 1\n[snp]\nunlisted = { waived = \"a test\" }\n");
    for verb in [
        vec!["policy".as_ref(), "suggest".as_ref()],
        vec!["policy".as_ref(), "test".as_ref(), policy.as_os_str()],
        vec!["verify".as_ref(), "--each".as_ref(), "--no-nonce".as_ref()],
    ] {
        let ran = teeproof(verb).file(REPORT).file(VCEK).run();
        let said = [ran.stdout.as_str(), &ran.stderr].concat();
        assert!(
            said.contains("give certificates, revocation lists and collateral with --endorsements"),
            "{ran:#?}"
        );
        assert!(!said.contains("name the report, document or quote too"), "{ran:#?}");
    }
    teeproof(["verify", "--no-nonce"]).file(VCEK).fails(2, &["name the report, document or quote too"]);
}

/// A machine that booted something else, without secure boot.
fn other() -> Vm {
    let log = EventLog::booted_insecurely();
    let log = log.with(Event::boot_application("\\EFI\\twin\\other.efi", b"teeproof twin: another program"));
    let id = "7EE79200-F000-4000-8000-00000000000B";
    genoa().log(log).with_claims(|claims| claims.configuration.set("vmUniqueId", id))
}

#[test]
fn the_proposal_of_one_machine_accepts_it() {
    let machine = Machine::new("suggest-one", &genoa());
    let bundle = machine.bundle();
    let ran = suggest(&machine, &[&bundle]).args(["--name", "one \"machine\""]).exits(0).shows(&[
        "Read every line before you rely on it",
        "name = \"one \\\"machine\\\"\"",
        "[azure-snp]",
        "origin = { exactly = \"measurement\" }",
        "chip-id = { waived = ",
        "vm-id = { waived = ",
        "secure-boot = { exactly = true }",
        "event-log = { exactly = true }",
        "[azure-snp.pcrs]",
        "guest-svn = { at-least = 10 }",
    ]);
    assert!(!ran.stderr.contains("differs"), "{ran:#?}");
    let pinned = format!("4 = {{ exactly = \"{}\" }}", hex(&machine.minted.pcrs[4]));
    assert!(ran.stdout.contains(&pinned), "{ran:#?}");
    // Of one start or one machine.
    for volatile in [5, 6] {
        assert!(ran.stdout.contains(&format!("\n{volatile} = {{ waived = ")), "{ran:#?}");
    }
    let policy = proposal(&machine, &[&bundle]);
    let ran =
        test(&machine, &policy, &[&bundle]).exits(0).shows(&["machine.bundle  azure-snp  accepted  exit 0"]);
    assert!(ran.stdout.ends_with("proposed: accepts 1 of 1  NON-PRODUCTION ANCHOR (1)\n"), "{ran:#?}");
    teeproof(["policy", "check"]).args([&policy]).exits(0).shows(&["proposed.toml: ok", "origin.paravisor"]);
    let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE)).args([&bundle]);
    run.args(["--policy"]).args([&policy]).exits(0).shows(&[
        "policy proposed",
        "✔ quote.pcr4",
        "✔ log.secure-boot",
    ]);
}

#[test]
fn the_proposal_of_two_machines_accepts_both_and_marks_where_they_differ() {
    let [one, two] = [Machine::new("suggest-two", &genoa()), Machine::new("suggest-other", &other())];
    let [first, second] = [one.bundle(), two.bundle()];
    assert_ne!(one.minted.pcrs[4], two.minted.pcrs[4]);
    let ran = suggest(&one, &[&first, &second]).exits(0);
    for field in ["pcrs.4", "pcrs.7", "secure-boot"] {
        let printed = format!("differs between the files: azure-snp.{field}\n");
        assert!(ran.stderr.contains(&printed), "{field}: {ran:#?}");
    }
    for same in ["pcrs.0", "measurement", "quote"] {
        assert!(!ran.stderr.contains(&format!("azure-snp.{same}\n")), "{same}: {ran:#?}");
    }
    let [a, b] = [&one, &two].map(|machine| hex(&machine.minted.pcrs[4]));
    let ran = ran.shows(&[
        &format!("# differs: 2 values\n4 = {{ one-of = [\"{a}\", \"{b}\"] }}"),
        "# differs: 2 values\nsecure-boot = { one-of = [true, false] }",
        "2 pieces of evidence",
    ]);
    let policy = one.put("both.toml", &ran.stdout);
    test(&one, &policy, &[&first, &second]).exits(0).shows(&["accepts 2 of 2"]);
    let json = suggest(&one, &[&first, &second]).args(["--format", "json"]).exits(0).json();
    assert_eq!(json["schema"], "teeproof/policy-suggestion/2");
    assert_eq!(json["toml"], ran.stdout);
    let differing = json["differing"].as_array().unwrap();
    assert!(differing.contains(&"azure-snp.pcrs.4".into()), "{differing:?}");
    assert!(differing.contains(&"azure-snp.secure-boot".into()), "{differing:?}");
}

#[test]
fn a_policy_that_refuses_one_of_two_names_the_check() {
    let [one, two] = [Machine::new("policy-test-one", &genoa()), Machine::new("policy-test-two", &other())];
    let [first, second] = [one.bundle(), two.bundle()];
    let policy = proposal(&one, &[&first]);
    let ran = test(&one, &policy, &[&first, &second]).exits(6);
    let line = std::fs::read_to_string(&policy).unwrap();
    let line = 1 + line.lines().position(|line| line.starts_with("4 = ")).unwrap();
    let [a, b] = [&one, &two].map(|machine| hex(&machine.minted.pcrs[4]));
    let ran = ran.shows(&[
        "policy-test-one/machine.bundle  azure-snp  accepted  exit 0  NON-PRODUCTION ANCHOR  24 checks waived\n",
        "policy-test-two/machine.bundle  azure-snp  refused  exit 6",
        &format!("    quote.pcr4  expected {a}, found {b} (policy line {line})"),
        "    log.secure-boot  expected yes, found no: the events of the quoted PCR 7",
    ]);
    assert!(ran.stdout.ends_with("proposed: accepts 1 of 2  NON-PRODUCTION ANCHOR (2)\n"), "{ran:#?}");
    let quiet = test(&one, &policy, &[&first, &second]).args(["-q"]).exits(6);
    assert_eq!(quiet.stdout, "proposed: accepts 1 of 2  NON-PRODUCTION ANCHOR (2)  24 checks waived\n");
    let json = test(&one, &policy, &[&first, &second]).args(["--format", "json"]).exits(6).json();
    assert_eq!(json["schema"], "teeproof/policy-test/2");
    assert_eq!((&json["policy"], &json["exit_code"]), (&"proposed".into(), &6.into()));
    let failures = |file: usize| -> Vec<&serde_json::Value> {
        let checks = json["files"][file]["result"]["checks"].as_array().unwrap();
        checks.iter().filter(|check| check["outcome"] == "fail").collect()
    };
    assert_eq!(json["files"][0]["result"]["verdict"], "accepted");
    assert!(failures(0).is_empty());
    assert_eq!((&json["accepted"], &json["total"]), (&1.into(), &2.into()));
    let register = failures(1).into_iter().find(|failure| failure["id"] == "quote.pcr4").unwrap();
    assert_eq!(register["line"], line);
    assert_eq!(register["actual"], b);
    // Each result is there whole, with its warnings, waivers, anchor and origin.
    assert_eq!(json["files"][0]["result"]["anchor"], "added");
    assert_eq!(json["files"][0]["result"]["cautions"], serde_json::json!(["non_production_anchor"]));
    assert_eq!(
        json["cautions"],
        serde_json::json!({ "non_production_anchor": 2, "origin_not_shown": 0, "archived": 0 })
    );
    // Not authentic is not accepted either, and worse than refused.
    let without_anchors = teeproof(["policy", "test", "builtin:genuine"]).args([&first]).args(AT).exits(4);
    without_anchors.shows(&["refused  exit 4", "snp.chain", "accepts 0 of 1"]);
}

#[test]
fn no_policy_is_proposed_from_evidence_that_is_not_authentic() {
    let machine = Machine::new("suggest-good", &genoa());
    let good = machine.bundle();
    let forged = |test: &str, change: fn(&mut Machine)| {
        let mut machine = Machine::new(test, &genoa());
        change(&mut machine);
        (machine.bundle(), machine)
    };
    let cases = [
        (4, "not authentic", forged("suggest-signature", |machine| machine.minted.quote_signature[0] ^= 1)),
        (5, "not bound", forged("suggest-register", |machine| machine.minted.pcrs[0][0] ^= 1)),
    ];
    let tdx = Machine::new("suggest-tdx", &Vm::tdx());
    let redacted = machine.folder.join("redacted.bundle");
    teeproof(["bundle", "redact"]).args([&good]).args(["-o"]).args([&redacted]).exits(0);
    let others = [
        (7, "incomplete", (tdx.bundle(), tdx)),
        (7, "incomplete", (redacted, Machine::new("suggest-redacted", &genoa()))),
    ];
    for (exit, class, (bad, _)) in cases.into_iter().chain(others) {
        let name = bad.display().to_string();
        let class = format!("no policy is proposed from this evidence ({class}): ");
        let says = [name.as_str(), &class];
        suggest(&machine, &[&good, &bad]).fails(exit, &says);
        suggest(&machine, &[&bad]).fails(exit, &says);
    }
    let ran = teeproof(["policy", "suggest"]).args([&good]).args(AT);
    ran.fails(4, &["not authentic"]);
    suggest(&machine, &[&good]).args(["--name", "builtin:mine"]).fails(2, &["--name", "builtin:"]);
    suggest(&machine, &[&machine.endorsements().remove(0)]).fails(2, &["no evidence"]);
}

#[test]
fn other_technologies_are_proposed_as_well() {
    let folder = folder("suggest-others");
    let [nitro, snp] = [folder.join("nitro.toml"), folder.join("snp.toml")];
    let suggest = |output: &Path| teeproof(["policy", "suggest", "-o"]).args([output]);
    suggest(&nitro).file(PRODUCTION).args(AT_DOCUMENT).exits(0);
    suggest(&snp).file(REPORT).args(["--endorsements"]).file(VCEK).exits(0);
    let test = |policy: &Path| teeproof(["policy", "test"]).args([policy]);
    test(&nitro).file(PRODUCTION).args(AT_DOCUMENT).exits(0).shows(&["proposed: accepts 1 of 1"]);
    test(&nitro).file(DEBUG).args(AT_DOCUMENT).exits(6).shows(&["nitro.debug", "accepts 0 of 1"]);
    test(&snp).file(REPORT).args(["--endorsements"]).file(VCEK).exits(0).shows(&["accepts 1 of 1"]);
    test(&snp).file(PRODUCTION).args(AT_DOCUMENT).exits(6).shows(&["policy.technology"]);
}

#[test]
fn the_reference_values_are_reported() {
    let ran = teeproof(["policy", "reference"]).exits(0).shows(&[
        "Azure confidential VM on Milan or Genoa (paravisor)",
        "  id-key-digest = { exactly =",
        "942fd93ebde6ea7a96efadeafc60f1c6b3d10e703b1dafd7555b92f7f3d32d0e006767648cba5b102af3d65756af4177",
        "guest SVN 0xa, 0xc, 0x1000b; seen 2024 to 2026; observed in genuine reports",
        "(container-instances)",
    ]);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 107), "{ran:#?}");
    let json = teeproof(["policy", "reference", "--format", "json"]).exits(0).json();
    assert_eq!(json["schema"], "teeproof/reference-values/2");
    let values = json["values"].as_array().unwrap();
    let of = |origin: &str| values.iter().filter(|value| value["origin"] == origin).count();
    assert!(of("paravisor") >= 4 && of("container-instances") >= 3, "{values:#?}");
    for value in values {
        assert_eq!(value["value"].as_str().unwrap().len(), 96);
        assert!(ran.stdout.contains(value["value"].as_str().unwrap()), "{value}");
    }
    // The output can be pasted into a policy.
    let lines: Vec<_> = ran.stdout.lines().skip(1).take(2).map(str::trim).collect();
    let field = lines.join(" ");
    let policy = format!("version = 1\n[azure-snp]\n{field}\nunlisted = {{ waived = \"a test\" }}\n");
    let path = file("reference-policy", "policy.toml", policy);
    teeproof(["policy", "check"]).args([path]).exits(0).shows(&["policy.toml: ok"]);
}
