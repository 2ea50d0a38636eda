//! Completions and manual pages come out of the command line itself.

use crate::support::*;

#[test]
fn every_shell_gets_its_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = teeproof(["completions", shell]).exits(0);
        for word in ["verify", "no-nonce", "inspect"] {
            assert!(ran.stdout.contains(word), "{shell}: {word}");
        }
    }
    let ran = teeproof(["completions", "tcsh"]).exits(2);
    assert!(ran.stderr.contains("bash"), "{ran:#?}");
}

#[test]
fn the_manual_is_a_page_or_one_for_each_verb() {
    teeproof(["man"]).exits(0).shows(&[".TH teeproof 1", ".SH SYNOPSIS", "Exit codes"]);
    let folder = folder("man");
    teeproof(["man", "--output-dir"]).args([&folder]).exits(0);
    for page in ["teeproof.1", "teeproof-verify.1", "teeproof-policy-check.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    teeproof(["man", "--output-dir", "no/such/folder"]).fails(2, &["no/such/folder"]);
}

#[test]
fn what_is_in_the_environment_is_not_in_the_manual() {
    let ran = teeproof(["man"]).env("TEEPROOF_CACHE_DIR", "very-private").exits(0);
    assert!(ran.stdout.contains("TEEPROOF_CACHE_DIR"), "{ran:#?}");
    assert!(!ran.stdout.contains("very-private"), "{ran:#?}");
    let ran = teeproof(["verify", "--help"]).env("TEEPROOF_POLICY", "very-private").exits(0);
    assert!(!ran.stdout.contains("very-private"), "{ran:#?}");
}
