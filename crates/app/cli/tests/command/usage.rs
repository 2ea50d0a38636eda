//! Command lines that make no sense, and what they are answered.

use crate::support::*;

#[test]
fn an_unknown_flag_gets_a_suggestion() {
    let ran = verify(PRODUCTION, &[&["--no-nonc"]]).exits(2);
    assert!(ran.stderr.contains("--no-nonce"), "{ran:#?}");
    assert_eq!(ran.stdout, "");
}

#[test]
fn what_does_not_parse_gets_a_hint_to_the_verbs_help() {
    for (arguments, verb) in [
        (&["verify", "x", "--polcy", "y"][..], "verify"),
        (&["policy", "check"], "policy check"),
        (&["verify", "x", "--nonce"], "verify"),
        (&["--format", "xml", "inspect", "x"], "inspect"),
    ] {
        let hint = format!("hint: see teeproof {verb} --help");
        let ran = teeproof(arguments).exits(2);
        assert!(ran.stderr.starts_with("error: "), "{ran:#?}");
        assert_eq!(ran.stderr.lines().last(), Some(&*hint), "{ran:#?}");
        assert!(!ran.stderr.contains("For more information"), "{ran:#?}");
    }
    let json = teeproof(["policy", "check", "--format", "json"]).exits(2).json();
    assert_eq!(json["hint"], "see teeproof policy check --help");
    let ran = teeproof(["verfy"]).exits(2);
    assert!(ran.stderr.ends_with("hint: see teeproof --help\n"), "{ran:#?}");
}

#[test]
fn a_value_of_a_setting_is_no_flag() {
    for verb in [&["verify"][..], &["inspect", "x"], &["policy", "check", "x"]] {
        let ran = teeproof(verb).args(["--json"]).exits(2);
        assert!(ran.stderr.ends_with("hint: use --format json\n"), "{ran:#?}");
        assert!(!ran.stderr.contains("-- --json"), "{ran:#?}");
    }
    let json = teeproof(["verify", "x", "--json"]).env("TEEPROOF_FORMAT", "json").exits(2).json();
    assert_eq!(json["hint"], "use --format json");
    let ran = teeproof(["verify", "x", "--toml"]).exits(2);
    assert!(ran.stderr.ends_with("hint: see teeproof verify --help\n"), "{ran:#?}");
}

#[test]
fn an_unknown_verb_gets_a_suggestion() {
    let ran = teeproof(["verfy"]).exits(2);
    assert!(ran.stderr.contains("verify"), "{ran:#?}");
}

#[test]
fn programs_get_usage_errors_as_json() {
    for arguments in
        [&["verify", "--format=json", "--polcy", "x"][..], &["--format", "json", "verify", "x", "--polcy"]]
    {
        let ran = teeproof(arguments).exits(2);
        let json = ran.json();
        assert_eq!(json["schema"], "teeproof/error/2");
        assert_eq!(json["exit_code"], 2);
        assert_eq!(json["class"], "usage");
        assert!(json["message"].as_str().unwrap().contains("--polcy"));
        assert!(json["hint"].as_str().unwrap().contains("--policy"));
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn programs_get_errors_of_files_as_json() {
    let ran = teeproof(["verify", "no-such-file", "--no-nonce", "--format", "json"]).exits(2);
    let json = ran.json();
    assert_eq!(json["schema"], "teeproof/error/2");
    assert_eq!(json["file"], "no-such-file");
    let ran = teeproof(["verify", "-", "--no-nonce"]).env("TEEPROOF_FORMAT", "json").exits(3);
    assert_eq!(ran.json()["class"], "malformed");
}

#[test]
fn a_time_that_is_none_is_a_usage_error() {
    for time in ["yesterday", "2026-01-01", "1767225600"] {
        let ran = verify(PRODUCTION, &[&["--no-nonce", "--at", time]]).exits(2);
        assert!(ran.stderr.contains("RFC 3339"), "{ran:#?}");
    }
}

#[test]
fn no_verb_is_a_usage_error_and_help_is_not() {
    teeproof([""; 0]).exits(2);
    teeproof(["--help"]).exits(0).shows(&["verify", "inspect", "Exit codes", "\n8 network"]);
    teeproof(["verify", "--help"]).exits(0).shows(&["--no-nonce", "Examples"]);
    let version = teeproof(["--version"]).exits(0);
    assert_eq!(version.stdout, format!("teeproof {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn there_is_one_built_in_policy() {
    verify(PRODUCTION, &[&["--no-nonce", "--policy", "builtin:lenient"]])
        .fails(2, &["got builtin:lenient", "builtin:genuine"]);
}

#[test]
fn flags_of_the_network_are_taken_where_none_is_used() {
    let cache = folder("usage-cache").join("x");
    let all: &[&[&str]] = &[
        &GENUINE,
        &["--no-nonce", "--offline", "--cache-dir", cache.to_str().unwrap()],
        &["--timeout", "3", "--retries", "2"],
    ];
    let ran = verify(REPORT, all).file(VCEK).args(["-v"]).exits(0);
    assert!(!ran.stderr.contains("note:"), "{ran:#?}");
    assert!(!cache.exists());
}

/// Standard output that is gone is the reader's choice; one that is full is an error.
#[cfg(target_os = "linux")]
mod streams {
    use super::*;

    #[test]
    fn a_reader_who_went_away_is_no_error() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(teeproof(["explain"]).into_stdout(writer), (Some(0), String::new()));
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let (exit, stderr) = teeproof(["explain"]).into_stdout(full);
        assert_eq!(exit, Some(1));
        assert!(stderr.contains("cannot write standard output"), "{stderr}");
    }

    #[test]
    fn an_output_file_that_cannot_be_written_is_a_usage_error() {
        teeproof(["explain", "7", "-o", "/no/such/folder/file"])
            .fails(2, &["/no/such/folder/file: cannot be written"]);
    }
}
