//! Settings: a flag goes before its variable, that before the file, and the file before the default.

use crate::support::*;

fn run(config: &std::path::Path) -> Run {
    verify(DEBUG, &[&AT_DOCUMENT, &["--no-nonce", "--config"]]).args([config])
}

#[test]
fn the_file_sets_defaults() {
    let config = file(
        "config",
        "teeproof.toml",
        "format = \"json\"\npolicy = \"builtin:genuine\"\ncrypto = \"rustcrypto\"\n",
    );
    let json = run(&config).exits(6).json();
    assert_eq!(json["crypto"], "rustcrypto");
    assert_eq!(json["policy"], "builtin:genuine");
    // The variable goes before the file, the flag before the variable.
    let json = run(&config).env("TEEPROOF_CRYPTO", "aws-lc").exits(6).json();
    assert_eq!(json["crypto"], "aws-lc");
    run(&config).env("TEEPROOF_FORMAT", "human").exits(6).shows(&["✘ nitro.debug"]);
    run(&config)
        .env("TEEPROOF_FORMAT", "json")
        .args(["--format", "human"])
        .exits(6)
        .shows(&["✘ nitro.debug"]);
}

#[test]
fn the_file_is_named_by_a_variable_too() {
    let config = file("config-variable", "teeproof.toml", "quiet = true\n");
    let ran = verify(DEBUG, &[&AT_DOCUMENT, &["--no-nonce"]])
        .env("TEEPROOF_CONFIG", config.to_str().unwrap())
        .exits(10);
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn the_path_of_a_policy_is_relative_to_the_configuration_file() {
    let folder = folder("config-policy");
    let policy = "version = 1\n[nitro]\nunlisted = { waived = \"a test\" }\n";
    std::fs::write(folder.join("prod.toml"), policy).unwrap();
    let config = folder.join("teeproof.toml");
    std::fs::write(&config, "policy = \"prod.toml\"\n").unwrap();
    run(&config).exits(0);
    run(&config).args(GENUINE).exits(6);
}

#[test]
fn mistakes_are_placed() {
    for (content, says) in [
        ("\nformt = 'json'\n", &["teeproof.toml:2:1", "formt", "did you mean format?"][..]),
        ("format = 1\n", &["teeproof.toml:1:1", "expected a string"]),
        ("format = 'xml'\n", &["teeproof.toml:1:1", "human or json"]),
        ("verbose = 'very'\n", &["teeproof.toml:1:1", "a number"]),
        ("quiet\n", &["teeproof.toml:1:"]),
    ] {
        let config = file("config-mistakes", "teeproof.toml", content);
        run(&config).fails(2, says);
    }
    run("no-such-file.toml".as_ref()).fails(2, &["no-such-file.toml: no such file"]);
}
