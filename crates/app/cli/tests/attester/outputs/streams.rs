//! Standard output under its names, errors and products, and settings that are empty.

use std::fs::File;

use super::super::support::{folder, teeproof};
use super::folder::{TARGET, assert_unchanged, command_in, folder_state, prepared, row_command};
use super::rows::ROWS;

/// Verbs whose product is for another program whatever --format says.
const FILE_VERBS: [&str; 23] = [
    "cache export",
    "collect azure",
    "collect nitro",
    "collect nitro-tpm",
    "nsm attest",
    "nsm fetch",
    "nsm random",
    "bundle create",
    "bundle export",
    "bundle redact",
    "bundle refresh",
    "vtpm report",
    "vtpm nv read",
    "vtpm ek",
    "vtpm log",
    "eif build",
    "seal key",
    "seal encrypt",
    "seal encrypt-unverified",
    "seal decrypt",
    "completions",
    "man",
    "vtpm ak --certificate",
];

#[test]
fn an_error_never_stands_where_a_file_belongs() {
    let machine = prepared("outputs-errors");
    for row in ROWS {
        let is_file = FILE_VERBS.contains(&row.verb);
        let mut wrong = vec![format!("{} --no-such-flag", row.arguments)];
        if row.without_tpm.is_some() && row.verb != "doctor" {
            wrong.push(format!("{} --tpm device:/dev/no-such-tpm", row.arguments));
        }
        wrong.push(format!("{} --config no-such-file", row.arguments));
        wrong.extend(
            row.refused
                .iter()
                .filter(|(words, _)| is_file && !words.is_empty())
                .map(|(words, _)| (*words).to_owned()),
        );
        for words in wrong {
            // libtss2 logs refusals of the TPM to standard error by itself, unless TSS2_LOG says otherwise.
            let run = row_command(&machine, row, &format!("{words} --quiet --format json"));
            let ran = run.env("TSS2_LOG", "all+NONE").run();
            let said = if is_file { [&ran.stderr, &ran.stdout] } else { [&ran.stdout, &ran.stderr] };
            // What is refused by a verdict says so in a document of its own.
            let document: serde_json::Value =
                serde_json::from_str(said[0]).unwrap_or_else(|error| panic!("{error}: {words}: {ran:#?}"));
            assert!(document["schema"].is_string(), "{} {words}: {ran:#?}", row.verb);
            assert_eq!(said[1], "", "{} {words}", row.verb);
            assert_ne!(ran.exit, 0, "{} {words}", row.verb);
        }
    }
    let ran =
        command_in(&machine, "vtpm ak --certificate --tpm device:/dev/no-such-tpm --format json").exits(9);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_hyphen_is_standard_output() {
    let machine = prepared("outputs-hyphen");
    let before = folder_state(&machine.folder);
    let shown = command_in(&machine, "explain 7").exits(0).stdout;
    assert_eq!(command_in(&machine, "explain 7 -o -").exits(0).stdout, shown);
    // The flag goes before the variable, and this is how to have none.
    let unset = command_in(&machine, "explain 7 -o -").env("TEEPROOF_OUTPUT", TARGET).exits(0);
    assert_eq!(unset.stdout, shown);
    command_in(&machine, "vtpm quote --no-nonce -m - -s signature")
        .fails(2, &["for a file of this name, write ./-"]);
    assert_unchanged(&before, &machine, "a hyphen");
    command_in(&machine, "explain 7 -o ./-").exits(0);
    assert_eq!(std::fs::read_to_string(machine.path("-")).unwrap(), shown);
}

#[test]
fn a_descriptor_that_is_read_is_not_written_to() {
    let folder = folder("outputs-descriptors");
    let input = folder.join("input");
    std::fs::write(&input, "older").unwrap();
    for name in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let run = teeproof(["explain", "7", "-o", name]).reading(File::open(&input).unwrap());
        run.fails(2, &["cannot be written: the descriptor is not open for writing"]);
        assert_eq!(std::fs::read(&input).unwrap(), b"older", "{name}");
    }
    std::os::unix::fs::symlink("/dev/stdin", folder.join("link")).unwrap();
    let run =
        teeproof(["explain", "7", "-o", "link"]).in_folder(&folder).reading(File::open(&input).unwrap());
    run.fails(2, &["not open for writing"]);
    assert_eq!(std::fs::read(&input).unwrap(), b"older");
    let both = File::options().read(true).write(true).open(&input).unwrap();
    teeproof(["explain", "7", "-o", "/dev/stdin"]).reading(both).exits(0);
    assert_ne!(std::fs::read(&input).unwrap(), b"older");
}

#[test]
fn a_variable_that_is_empty_is_none() {
    let machine = prepared("outputs-variables");
    let help = teeproof(["--help"]).exits(0).stdout + &teeproof(["vtpm", "--help"]).exits(0).stdout;
    let names = help.split("[env: ").skip(1).map(|rest| rest.split([']', '=']).next().unwrap());
    let names: Vec<_> = names.collect();
    assert!(names.contains(&"TEEPROOF_TPM") && names.contains(&"TEEPROOF_OUTPUT"), "{names:?}");
    let shown = command_in(&machine, "explain 7").exits(0).stdout;
    for name in names {
        let ran = command_in(&machine, "explain 7").env(name, "").exits(0);
        assert_eq!((ran.stdout, ran.stderr), (shown.clone(), String::new()), "{name}");
    }
    // The next variable counts then.
    let address = machine.environment().into_iter().find(|(name, _)| *name == "TEEPROOF_TPM");
    if let Some((_, address)) = address {
        let run =
            command_in(&machine, "vtpm pcr read sha256:0").env("TEEPROOF_TPM", "").env("TCTI", &address);
        run.env("TPM2TOOLS_TCTI", "").exits(0);
    }
}

/// A command to a TPM would replace the file's first bytes.
#[test]
fn only_a_device_is_a_device() {
    let machine = prepared("outputs-devices");
    let before = folder_state(&machine.folder);
    for words in ["vtpm pcr read sha256:0", "seal decrypt sealed", "doctor --offline", "vtpm nv list"] {
        for name in [TARGET, "pipe", "certificates"] {
            let address = format!("device:{}", machine.name(name));
            let ran = command_in(&machine, &format!("{words} --tpm {address}")).exits(9);
            // Lines are broken where they are full, which depends on the length of the path.
            let said = format!("{}{}", ran.stdout, ran.stderr);
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains("not a character device"), "{words} {name}: {ran:#?}");
            let by_variable =
                command_in(&machine, words).env("TEEPROOF_TPM", "").env("TPM2TOOLS_TCTI", &address);
            by_variable.exits(9);
            assert_unchanged(&before, &machine, &format!("{words} {name}"));
        }
    }
}
