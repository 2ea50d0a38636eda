//! `explain`: every check and every exit code.

use crate::support::*;

#[test]
fn everything_is_listed_and_everything_listed_is_explained() {
    let ran = teeproof(["explain", "--format", "json"]).exits(0);
    let json = ran.json();
    assert_eq!(json["schema"], "teeproof/explanation/2");
    let checks = json["checks"].as_array().unwrap();
    assert!(checks.len() > 60, "{}", checks.len());
    assert_eq!(json["exits"].as_array().unwrap().len(), 12);
    for check in checks.iter().step_by(7) {
        let id = check["id"].as_str().unwrap();
        teeproof(["explain", id]).exits(0).shows(&[
            check["title"].as_str().unwrap(),
            "proves",
            "if it fails",
            "exit",
            "source",
        ]);
    }
    for code in 0..=11 {
        let head = format!("exit {code}: ");
        teeproof(["explain", &code.to_string()]).exits(0).shows(&[&head, "what to do"]);
    }
    teeproof(["explain"]).exits(0).shows(&["Exit codes", "Checks", "nitro.pcr31"]);
}

#[test]
fn a_check_of_json_is_a_check() {
    let json = teeproof(["explain", "nitro.nonce", "--format", "json"]).exits(0).json();
    assert_eq!(json["check"]["id"], "nitro.nonce");
    assert_eq!(json["check"]["exit_codes"], serde_json::json!([5]));
    let json = teeproof(["explain", "7", "--format", "json"]).exits(0).json();
    assert_eq!(json["exit"]["code"], 7);
}

#[test]
fn the_unknown_gets_a_suggestion() {
    teeproof(["explain", "nitro.nonse"]).fails(2, &["did you mean nitro.nonce?"]);
    teeproof(["explain", "12"]).fails(2, &["response code, got 12"]);
    // What another program printed without 0x.
    teeproof(["explain", "101"]).fails(2, &["did you mean 0x101 (TPM_RC_FAILURE)?"]);
    // Bits that no code of a TPM has.
    teeproof(["explain", "99999"]).fails(2, &["response code, got 99999"]);
    teeproof(["explain", "0x1869f"]).fails(2, &["not a response code"]);
    teeproof(["explain", "qwertz"]).fails(2, &["list all checks"]);
}

/// Programs print a TPM's response codes in decimal, too.
#[test]
fn response_codes_are_known_in_decimal() {
    for (decimal, hexadecimal, name) in [
        ("330", "0x14a", "TPM_RC_NV_UNINITIALIZED"),
        ("395", "0x18b", "TPM_RC_HANDLE"),
        ("721301", "0x0b0195", "TPM_RC_SIZE"),
    ] {
        let printed = |topic: &str| teeproof(["explain", topic]).exits(0).shows(&[name, "what to do"]).stdout;
        assert!(printed(decimal).starts_with(printed(hexadecimal).trim_end()), "{decimal}");
    }
    // Digits that are another code in hexadecimal are said to be read as decimal.
    let ran = teeproof(["explain", "143"]).exits(0);
    ran.shows(&["TPM_RC_", "143 was read as decimal; 0x143 is TPM_RC_COMMAND_CODE"]);
    let json = teeproof(["explain", "330", "--format", "json"]).exits(0).json();
    assert_eq!(json["tpm"]["code"], 0x14a);
    // Exit codes come first, and none of them is a response code.
    for exit in 0..=11 {
        teeproof(["explain", &exit.to_string()]).exits(0).shows(&[&format!("exit {exit}: ")]);
    }
}
