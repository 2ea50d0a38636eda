//! `policy check`, and policies from files.

use crate::support::*;

#[test]
fn the_examples_are_valid_and_accept_their_evidence() {
    let examples = root().join("examples/policies");
    let policy = |name: &str| examples.join(name);
    teeproof(["policy", "check"]).args([policy("snp.toml"), policy("nitro.toml")]).exits(0).shows(&[
        "snp.toml: ok",
        "nitro.toml: ok",
        "snp.measurement",
        "nitro.pcr0",
        "waived: ",
    ]);
    verify(REPORT, &[&["--no-nonce", "--policy"]]).args([policy("snp.toml")]).file(VCEK).exits(0);
    let document = "nitro/production-eu-central-1-2025-01.cose";
    verify(document, &[&["--no-nonce", "--policy"], &AT_DOCUMENT[..0]])
        .args([policy("nitro.toml")])
        .args(AT_DOCUMENT)
        .exits(0);
    // Another document is refused, with the policy's lines and both values in full.
    let ran = verify(PRODUCTION, &[&["--no-nonce", "--at", "document", "--policy"]])
        .args([policy("nitro.toml")])
        .exits(6);
    ran.shows(&["✘ nitro.pcr0", "policy line", "expected", "found"]);
}

#[test]
fn the_built_in_policy_tells_what_it_demands() {
    teeproof(["policy", "check", "builtin:genuine"]).exits(0).shows(&[
        "builtin:genuine: ok",
        "snp.policy.debug",
        "nitro.debug",
    ]);
}

#[test]
fn every_problem_is_reported_with_its_place() {
    let content = "version = 1\n[nitro]\ndebug = { exactly = 3 }\nmodul-id = { exactly = \"x\" }\n";
    let path = file("policy-problems", "bad.toml", content);
    let ran = teeproof(["policy", "check"]).args([&path]).exits(3).shows(&[
        "bad.toml:3:",
        "bad.toml:4:",
        "nitro.debug",
        "hint:",
    ]);
    assert_eq!(ran.stderr, "");
    let json = teeproof(["policy", "check", "--format", "json"]).args([&path]).exits(3).json();
    assert_eq!(json["schema"], "teeproof/policy-check/2");
    assert_eq!(json["files"][0]["ok"], false);
    let lines = |problems: &serde_json::Value| -> Vec<u64> {
        let problems = problems.as_array().unwrap();
        problems.iter().map(|problem| problem["line"].as_u64().unwrap()).collect()
    };
    let printed = lines(&json["files"][0]["problems"]);
    assert!(printed.contains(&3) && printed.contains(&4), "{printed:?}");
    // A verification under it does not happen.
    verify(PRODUCTION, &[&["--no-nonce", "--policy"]])
        .args([&path])
        .fails(3, &["bad.toml:3:", "bad.toml:4:"]);
    let json =
        verify(PRODUCTION, &[&["--no-nonce", "--format", "json", "--policy"]]).args([&path]).exits(3).json();
    assert_eq!(json["schema"], "teeproof/error/2");
    assert_eq!(lines(&json["problems"]), printed);
}

#[test]
fn a_hundred_of_very_many_problems_are_listed() {
    let keys: String = (0..150).map(|key| format!("key-{key} = 1\n")).collect();
    let content = format!("version = 1\n[nitro]\nunlisted = {{ waived = \"w\" }}\n{keys}");
    let path = file("policy-many", "bad.toml", content);
    let ran = teeproof(["policy", "check"]).args([&path]).exits(3).shows(&["bad.toml: and 50 more"]);
    assert_eq!(ran.stdout.matches("unknown key").count(), 100);
    let json = teeproof(["policy", "check", "--format", "json"]).args([&path]).exits(3).json();
    assert_eq!(json["files"][0]["more_problems"], 50);
    assert_eq!(json["files"][0]["problems"].as_array().unwrap().len(), 100);
    let verify = |more: &[&str]| verify(PRODUCTION, &[&["--no-nonce", "--policy"]]).args([&path]).args(more);
    verify(&[]).fails(3, &["bad.toml: and 50 more"]);
    let json = verify(&["--format", "json"]).exits(3).json();
    assert_eq!(json["message"], "the policy has 150 problems");
    assert_eq!(json["more_problems"], 50);
}

#[test]
fn json_tells_every_rule() {
    let json = teeproof(["policy", "check", "builtin:genuine", "--format", "json"]).exits(0).json();
    let rules = json["files"][0]["rules"].as_array().unwrap();
    let of = |technology: &str| rules.iter().filter(|rule| rule["technology"] == technology).count();
    let counts = ["snp", "tdx", "azure-snp", "azure-tdx", "nitro", "nitro-tpm"].map(of);
    assert_eq!(counts, [25, 23, 40, 38, 9, 7]);
    assert_eq!(rules[0]["check"], "snp.policy.debug");
    assert_eq!(rules[0]["key"], "debug");
    assert_eq!(rules[0]["expected"], serde_json::json!({ "exactly": false }));
    assert_eq!(rules[0]["waived"], serde_json::Value::Null);
}

/// The keys that a person looks for in the file, where the id of the check has other words.
#[test]
fn the_rules_are_printed_with_their_keys() {
    let ran = teeproof(["policy", "check", "builtin:genuine"]).exits(0);
    let rows: Vec<Vec<&str>> =
        ran.stdout.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    for row in
        [["masked-chip-key", "snp.chip-key.masked"], ["event-log", "log.explains"], ["quote", "hcl.quote"]]
    {
        assert!(rows.contains(&row.to_vec()), "{row:?}: {ran:#?}");
    }
}

#[test]
fn a_policy_is_text() {
    let path = file("policy-binary", "policy.toml", [0xff, 0xfe, 0x00]);
    teeproof(["policy", "check"]).args([&path]).fails(3, &["policy.toml: not UTF-8 text at offset 0x0"]);
}

/// The documentation's sample is a file, and what is said of it.
#[test]
fn the_documented_mistakes_are_reported_as_documented() {
    let docs = std::fs::read_to_string(root().join("docs/policy.md")).unwrap();
    let (_, section) = docs.split_once("## What mistakes look like").unwrap();
    let block = |kind: &str| {
        let (_, after) = section.split_once(&format!("```{kind}\n")).unwrap();
        after.split_once("```").unwrap().0.to_owned()
    };
    let path = file("policy-documented", "prod.toml", block("toml"));
    let ran = teeproof(["policy", "check"]).args([&path]).exits(3);
    assert_eq!(ran.stdout.replace(&path.display().to_string(), "prod.toml"), block("text"));
}

/// What is wrong with one file takes nothing from the others, wherever it stands among them.
#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_others() {
    let bad = file("policy-among", "bad-utf8.toml", [0xff, 0xfe, 0x00]);
    let missing = bad.with_file_name("missing.toml");
    let valid = bad.with_file_name("valid.toml");
    std::fs::write(&valid, "version = 1\n[snp]\nunlisted = { waived = \"a test\" }\n").unwrap();
    let mistaken = bad.with_file_name("mistaken.toml");
    std::fs::write(&mistaken, "version = 1\n").unwrap();
    let printed = [
        "bad-utf8.toml  unreadable  exit 3\n    not UTF-8 text at offset 0x0",
        "missing.toml  unreadable  exit 2\n    no such file",
        "valid.toml: ok\n",
        "mistaken.toml:1:1: the policy has no section",
    ];
    for files in [[&bad, &missing, &valid, &mistaken], [&mistaken, &valid, &missing, &bad]] {
        let ran = teeproof(["policy", "check"]).args(files).exits(3).shows(&printed);
        assert_eq!(ran.stderr, "");
        teeproof(["policy", "check", "-q"]).args(files).exits(3).shows(&printed);
        let json = teeproof(["policy", "check", "--format", "json"]).args(files).exits(3).json();
        let of = |named: &std::path::Path| {
            let all = json["files"].as_array().unwrap();
            all.iter().find(|one| one["file"] == named.display().to_string()).unwrap().clone()
        };
        assert_eq!((json["exit_code"].as_u64(), &of(&valid)["ok"]), (Some(3), &true.into()));
        assert_eq!((&of(&bad)["ok"], &of(&bad)["error"]["exit_code"]), (&false.into(), &3.into()));
        assert_eq!(of(&missing)["error"]["message"], "no such file");
        assert!(of(&valid)["error"].is_null() && of(&mistaken)["problems"].as_array().unwrap().len() == 1);
    }
    teeproof(["policy", "check"]).args([&valid, &missing]).exits(2).shows(&[printed[1], printed[2]]);
}

#[test]
fn a_policy_without_a_section_accepts_none_of_it() {
    let content = "version = 1\n[snp]\nunlisted = { waived = \"a test\" }\n";
    let path = file("policy-snp-only", "snp-only.toml", content);
    teeproof(["policy", "check"]).args([&path]).exits(0).shows(&["nitro: not accepted"]);
    verify(PRODUCTION, &[&["--no-nonce", "--at", "document", "--policy"]])
        .args([&path])
        .exits(6)
        .shows(&["✘ policy.technology"]);
}
