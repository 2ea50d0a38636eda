//! The forms of a result: JSON, quiet, verbose, in colour, in a file.

use crate::support::*;

const NO_NONCE: [&str; 1] = ["--no-nonce"];
const JSON: [&str; 2] = ["--format", "json"];

#[test]
fn json_has_the_result_and_nothing_else() {
    let ran = verify(PRODUCTION, &[&GENUINE, &AT_DOCUMENT, &["--nonce", NONCE], &JSON]).exits(0);
    let json = ran.json();
    for (member, value) in [
        ("schema", "teeproof/attestation-result/2"),
        ("verdict", "accepted"),
        ("technology", "nitro"),
        ("policy", "builtin:genuine"),
        ("anchor", "pinned"),
        ("crypto", "aws-lc"),
    ] {
        assert_eq!(json[member], value);
    }
    assert_eq!(json["exit_code"], 0);
    assert_eq!(json["freshness"]["nonce"], NONCE.strip_prefix("hex:").unwrap());
    assert_eq!(json["time"]["at"], "2024-12-31T02:55:54Z");
    assert_eq!(json["time"]["of"], "document");
    assert_eq!(json["claims"]["mode"], "production");
    assert_eq!(json["checks"][0]["id"], "nitro.format");
    assert_eq!(json["checks"][0]["outcome"], "pass");
    assert_eq!(json["waivers"][0]["id"], "nitro.revocation");
    assert_eq!(json["waivers"][1]["id"], "nitro.pcrs");
    let order = ["\"schema\"", "\"verdict\"", "\"checks\"", "\"claims\"", "\"waivers\"", "\"exit_code\""];
    let places = order.map(|member| ran.stdout.find(member).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn json_of_a_refusal_names_the_failure() {
    let json = verify(DEBUG, &[&GENUINE, &AT_DOCUMENT, &NO_NONCE, &JSON]).exits(6).json();
    assert_eq!(json["verdict"], "refused");
    assert_eq!(json["freshness"]["waived"], "--no-nonce was given");
    let checks = json["checks"].as_array().unwrap();
    let failed: Vec<_> = checks.iter().filter(|check| check["outcome"] == "fail").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["id"], "nitro.debug");
    assert_eq!(failed[0]["expected"], serde_json::json!({ "exactly": false }));
    assert_eq!(failed[0]["actual"], true);
}

#[test]
fn json_without_a_policy_is_unappraised() {
    let json = verify(DEBUG, &[&AT_DOCUMENT, &NO_NONCE, &JSON]).exits(10).json();
    assert_eq!(json["verdict"], "unappraised");
    assert_eq!(json["policy"], serde_json::Value::Null);
    assert_eq!(json["claims"]["mode"], "debug");
}

#[test]
fn quiet_says_the_verdict_alone() {
    let ran = verify(DEBUG, &[&GENUINE, &AT_DOCUMENT, &NO_NONCE, &["-q"]]).exits(6);
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(ran.stdout.starts_with("REFUSED  nitro"), "{ran:#?}");
    // What is waived is listed nowhere else.
    assert!(ran.stdout.ends_with("  10 checks waived\n"), "{ran:#?}");
    assert_eq!(ran.stderr, "");
    // Where the waivers are listed below it, the first line says no number.
    let whole = verify(DEBUG, &[&GENUINE, &AT_DOCUMENT, &NO_NONCE]).exits(6);
    assert!(!whole.stdout.contains("checks waived") && whole.stdout.contains(" waived: "), "{whole:#?}");
}

#[test]
fn waivers_are_listed_once_for_each_reason_and_one_by_one_under_verbose() {
    let short = verify(REPORT, &[&GENUINE, &NO_NONCE]).file(VCEK).exits(0);
    let reason = "waived: builtin:genuine says nothing about what runs";
    assert_eq!(short.stdout.matches(reason).count(), 1, "{short:#?}");
    let long = verify(REPORT, &[&GENUINE, &NO_NONCE, &["-v"]]).file(VCEK).exits(0);
    assert!(long.stdout.matches(reason).count() > 10, "{long:#?}");
    long.shows(&["Claims:", "– snp.measurement"]);
}

#[test]
fn lines_fit_a_page() {
    for more in [&[][..], &["-v"]] {
        let ran = verify(REPORT, &[&GENUINE, &["--nonce", "hex:00"], more]).file(VCEK).run();
        let ran_debug = verify(DEBUG, &[&GENUINE, &AT_DOCUMENT, &NO_NONCE, more]).run();
        for line in ran.stdout.lines().chain(ran_debug.stdout.lines()) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

#[test]
fn colours_are_written_only_on_request() {
    let run = || verify(DEBUG, &[&GENUINE, &AT_DOCUMENT, &NO_NONCE]);
    let coloured = |run: Run| run.exits(6).stdout.contains('\u{1b}');
    assert!(!coloured(run()));
    assert!(coloured(run().args(["--color", "always"])));
    assert!(coloured(run().env("TEEPROOF_COLOR", "always")));
    assert!(!coloured(run().args(["--color", "never"]).env("TEEPROOF_COLOR", "always")));
    assert!(!coloured(run().env("NO_COLOR", "1")));
    assert!(coloured(run().env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(run().args(JSON).args(["--color", "always"])));
}

#[test]
fn the_product_goes_to_a_file() {
    let path = folder("output").join("result.json");
    let run = |file: &str| verify(file, &[&GENUINE, &AT_DOCUMENT, &NO_NONCE, &JSON, &["-o"]]).args([&path]);
    assert_eq!(run(PRODUCTION).exits(0).stdout, "");
    let read = || -> serde_json::Value { serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap() };
    assert_eq!(read()["verdict"], "accepted");
    // A refused verdict is a product too.
    assert_eq!(run(DEBUG).exits(6).stdout, "");
    assert_eq!(read()["verdict"], "refused");
    // An error is not written there: the file stays, and the exit code shows that it is an older one.
    assert_eq!(run(VCEK).exits(2).json()["schema"], "teeproof/error/2");
    assert_eq!(read()["verdict"], "refused");
}

#[test]
fn an_error_leaves_the_file_as_it_was() {
    let path = folder("output-human").join("result.txt");
    let run = |file: &str| verify(file, &[&GENUINE, &AT_DOCUMENT, &NO_NONCE, &["-o"]]).args([&path]);
    run(VCEK).fails(2, &["no evidence"]);
    assert!(!path.exists());
    run(PRODUCTION).exits(0);
    let before = std::fs::read_to_string(&path).unwrap();
    assert!(before.starts_with("ACCEPTED"));
    run(VCEK).fails(2, &["no evidence"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
}

#[test]
fn names_of_files_do_not_steer_the_terminal() {
    let ran = teeproof(["inspect", "a\u{1b}[2Jb"]).exits(2);
    assert!(!ran.stderr.contains('\u{1b}'), "{ran:#?}");
    assert!(ran.stderr.contains("a\\u{1b}[2Jb"), "{ran:#?}");
}
