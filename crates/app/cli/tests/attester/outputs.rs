//! Every verb writes the file of -o whole or not at all: each is made to fail at each stage, and its folder,
//! with the file in it, is compared with what it was before, bytes, modes, times and inodes.

mod directories;
mod folder;
mod rows;
mod signals;
mod streams;
mod users;

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::machine::Machine;
use super::support::{Run, teeproof};
use folder::{
    TARGET, assert_unchanged, check_stage, command_in, folder_state, new_pipe, prepared, restore_target,
    row_command,
};
use rows::{After, ProductKind, ROWS, Row};

/// The rows, which are those of the command line and no others.
#[test]
fn every_verb_has_a_row() {
    let mut verbs = Vec::new();
    collect_leaf_verbs(&[], &mut verbs);
    let mut rows: Vec<_> = ROWS.iter().map(|row| row.verb.to_owned()).collect();
    rows.sort();
    verbs.sort();
    // They have no product, and end by a signal: the suites `command` and `enclave` run them.
    verbs.retain(|verb| verb != "cache serve" && verb != "nsm serve");
    // The operations of KMS, in builds with the AWS SDK, need its service: the suite `kms` runs them.
    verbs.retain(|verb| !verb.starts_with("kms ") || verb == "kms lint-policy");
    assert_eq!(rows, verbs);
    for row in ROWS {
        let words: Vec<_> = row.arguments.split_whitespace().collect();
        let help = teeproof(row.verb.split(' ')).args(["--help"]).exits(0).stdout;
        // Whoever has a TPM, or reads a file, says what comes of it.
        let asks = help.contains("--tpm <ADDRESS>") && row.verb != "vtpm log";
        assert_eq!(asks, row.without_tpm.is_some(), "{}", row.verb);
        for (file, _) in row.files {
            let named = [(*file).to_owned(), format!("@{file}")];
            assert!(words.iter().any(|word| named.contains(&(*word).to_owned())), "{}: {file}", row.verb);
        }
    }
}

/// The verbs that have none below them.
fn collect_leaf_verbs(above: &[String], into: &mut Vec<String>) {
    let help = teeproof(above).args(["--help"]).exits(0).stdout;
    let Some((_, commands)) = help.split_once("\nCommands:\n") else {
        into.push(above.join(" "));
        return;
    };
    let commands = commands.split("\n\n").next().unwrap();
    // A description that is too long for its line goes on below it.
    let names =
        commands.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        collect_leaf_verbs(&[above, &[name.to_owned()]].concat(), into);
    }
}

/// Each row, with a machine.
fn for_each_row(test: &str, mut stage: impl FnMut(&Machine, &Row)) {
    let machine = prepared(test);
    for row in ROWS {
        stage(&machine, row);
    }
}

#[test]
fn arguments_that_are_wrong() {
    for_each_row("outputs-arguments", |machine, row| {
        let wrong = format!("{} --no-such-flag", row.arguments);
        check_stage(machine, row, "an unknown flag", &wrong, TARGET, After::Kept(2));
        for (arguments, outcome) in row.refused {
            check_stage(machine, row, "refused", arguments, TARGET, *outcome);
        }
    });
}

/// The arguments with another file in the place of one.
fn with_other_file(row: &Row, file: &str, other: &str) -> String {
    let other_word = |word: &str| match word.strip_prefix('@') {
        Some(name) if name == file => format!("@{other}"),
        None if word == file => other.to_owned(),
        _ => word.to_owned(),
    };
    row.arguments.split_whitespace().map(other_word).collect::<Vec<_>>().join(" ")
}

#[test]
fn inputs_that_are_missing_or_something_else() {
    for_each_row("outputs-inputs", |machine, row| {
        for (file, outcome) in row.files {
            let missing = with_other_file(row, file, "no-such-file");
            let absent = match row.verb {
                // A machine without an event log has evidence nevertheless.
                "collect azure" | "doctor" if *file == "log" => After::Replaced(0),
                "vtpm log" => After::Kept(9),
                "policy test" if *file == "ev.bundle" => After::Replaced(2),
                "cache prefetch" => After::Replaced(2),
                _ => After::Kept(2),
            };
            check_stage(machine, row, "a file that is missing", &missing, TARGET, absent);
            if *file != "data" && row.verb != "vtpm nv define" {
                let garbage = with_other_file(row, file, "garbage");
                let outcome = match (row.verb, *file) {
                    ("collect azure" | "vtpm quote" | "seal key", "nonce") => After::Kept(2),
                    _ => *outcome,
                };
                check_stage(machine, row, "a file that is something else", &garbage, TARGET, outcome);
            }
        }
    });
}

#[test]
fn a_tpm_that_is_missing() {
    for_each_row("outputs-device", |machine, row| {
        if let Some(outcome) = row.without_tpm {
            let arguments = format!("{} --tpm device:/dev/no-such-tpm", row.arguments);
            check_stage(machine, row, "no TPM", &arguments, TARGET, outcome);
        }
    });
}

#[test]
fn places_that_cannot_be_written() {
    for_each_row("outputs-places", |machine, row| {
        for output in PLACES {
            check_stage(machine, row, "no place", row.arguments, output, After::Kept(2));
        }
    });
    // Refused before any command is sent to the TPM.
    let machine = prepared("outputs-places-effects");
    let list = || command_in(&machine, "vtpm nv list").exits(0).stdout;
    let (before, registers) = (list(), command_in(&machine, "vtpm pcr read sha256:16").exits(0).stdout);
    command_in(&machine, "vtpm nv define 0x01500030 --size 10 -o no-such-folder/target").exits(2);
    command_in(&machine, "vtpm pcr extend sha256:16 @digest -o digest").exits(2);
    assert_eq!(
        (before, registers),
        (list(), command_in(&machine, "vtpm pcr read sha256:16").exits(0).stdout)
    );
}

/// Without a folder, a folder, no folder, a link to itself and one to nowhere, and where nobody makes files.
const PLACES: [&str; 8] =
    ["no-such-folder/target", "certificates", ".", "new/", "target/file", "loop", "nowhere", "/proc/target"];

/// A limit of no byte is a full disk to those who write, with a signal that kills or without.
#[test]
fn disks_that_are_full() {
    for_each_row("outputs-full", |machine, row| {
        if row.product == ProductKind::Nothing {
            return;
        }
        for (limit, exits) in [("ulimit -f 0", None), ("trap '' XFSZ; ulimit -f 0", Some(1))] {
            let before = folder_state(&machine.folder);
            let run = row_command(machine, row, &format!("{} -o {TARGET}", row.arguments));
            let (exit, said) = run.under(limit).into_stdout(Stdio::null());
            assert_unchanged(&before, machine, &format!("{}: {limit}: {said}", row.verb));
            assert_eq!(exit, exits, "{}: {limit}: {said}", row.verb);
        }
    });
}

/// The file, a link to it and a second name of it; in the folder that is read, the file as well.
#[test]
fn outputs_that_are_inputs() {
    for_each_row("outputs-overlap", |machine, row| {
        for (file, _) in row.files {
            let path = machine.path(if *file == "certificates" { "certificates/ark.der" } else { file });
            let (link, second) = (machine.path("link"), machine.path("second"));
            std::os::unix::fs::symlink(&path, &link).unwrap();
            std::fs::hard_link(&path, &second).unwrap();
            for output in [path.clone(), link.clone(), second.clone()] {
                let arguments = row.arguments;
                check_stage(machine, row, "an input", arguments, output.to_str().unwrap(), After::Kept(2));
            }
            std::fs::remove_file(link).unwrap();
            std::fs::remove_file(second).unwrap();
        }
    });
}

#[test]
fn outputs_that_are_inputs_elsewhere_than_on_the_command_line() {
    let machine = prepared("outputs-overlap-elsewhere");
    let put = |name: &str, content: &str| std::fs::write(machine.path(name), content).unwrap();
    let refused = |run: Run, output: &str| {
        let before = folder_state(&machine.folder);
        let ran = run.args(["-o", output]).exits(2);
        assert!(ran.stderr.contains("the output is also an input"), "{output}: {ran:#?}");
        assert_unchanged(&before, &machine, output);
    };
    let verify = "verify --nonce @nonce --anchor root.der";
    put("config.toml", "policy = \"prod.toml\"\n");
    refused(command_in(&machine, &format!("{verify} ev.bundle --config config.toml")), "config.toml");
    refused(command_in(&machine, &format!("{verify} ev.bundle --config config.toml")), "prod.toml");
    refused(
        command_in(&machine, &format!("{verify} ev.bundle")).env("TEEPROOF_POLICY", "prod.toml"),
        "prod.toml",
    );
    let bundle = File::open(machine.path("ev.bundle")).unwrap();
    refused(command_in(&machine, &format!("{verify} -")).reading(bundle), "ev.bundle");
    // The setting of a file counts as --output does.
    put("output.toml", "output = \"ev.bundle\"\n");
    let before = folder_state(&machine.folder);
    command_in(&machine, &format!("{verify} ev.bundle --config output.toml"))
        .fails(2, &["also an input: FILE ev.bundle"]);
    assert_unchanged(&before, &machine, "a setting");
    // A value that happens to be a file's name is no file.
    put("json", "older");
    command_in(&machine, "explain 7 --format json -o json").exits(0);
    put("utf8:x", "older");
    command_in(&machine, "vtpm quote --nonce utf8:x -m message -s signature -o utf8:x").exits(0);
}

/// A pipe to write to, as soon as the command reads it.
#[track_caller]
fn open_when_read(pipe: &Path, child: &mut Child, verb: &str) -> File {
    loop {
        // Without a reader that is an error, and not a wait.
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
        if let Ok(open) = rustix::fs::open(pipe, flags, rustix::fs::Mode::empty()) {
            rustix::fs::fcntl_setfl(&open, rustix::fs::OFlags::empty()).unwrap();
            return open.into();
        }
        assert!(child.try_wait().unwrap().is_none(), "{verb}: ended before it read the pipe");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether whoever started the tests ignores the signal, as a shell does with SIGINT in the background:
/// programs that are started from here then ignore it as well, and nothing kills them.
fn is_ignored(signal: &str) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    let bit = match signal {
        "-HUP" => 1,
        "-INT" => 1 << 1,
        "-QUIT" => 1 << 2,
        "-TERM" => 1 << 14,
        _ => 0,
    };
    u64::from_str_radix(mask, 16).unwrap() & bit != 0
}

/// The run waits for an input that does not come, and is killed.
#[test]
fn runs_that_are_killed() {
    for_each_row("outputs-killed", |machine, row| {
        // An image is built of files that can be read twice, and no pipe can.
        let is_read_once = row.verb != "eif build";
        for (file, _) in row.files.iter().filter(|(file, _)| is_read_once && *file != "certificates") {
            for signal in ["-TERM", "-KILL", "-INT"].into_iter().filter(|signal| !is_ignored(signal)) {
                // The end of an older pipe may still be open in a child that another test is about to start.
                new_pipe(&machine.path("pipe"));
                let before = folder_state(&machine.folder);
                let waiting = with_other_file(row, file, "pipe");
                let mut child = row_command(machine, row, &format!("{waiting} -o {TARGET}")).spawn();
                // The output is open then too.
                let pipe = open_when_read(&machine.path("pipe"), &mut child, row.verb);
                let id = child.id().to_string();
                assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
                assert_eq!(child.wait().unwrap().code(), None, "{}: {file}", row.verb);
                drop(pipe);
                assert_unchanged(&before, machine, &format!("{}: {file} {signal}", row.verb));
            }
        }
    });
}

/// What is written while it is made is half there when the run is killed.
#[test]
fn streams_that_are_killed() {
    use std::io::Write;
    let machine = prepared("outputs-streams");
    std::fs::write(machine.path("large"), vec![5; 3_000_000]).unwrap();
    command_in(&machine, "seal encrypt-unverified --secret large --key key.json -o large.sealed").exits(0);
    let content = std::fs::read(machine.path("large.sealed")).unwrap();
    let each = "verify --each pipe ev.bundle --nonce @nonce --anchor root.der --policy prod.toml";
    for (words, content) in [
        ("seal encrypt-unverified --secret pipe --key key.json", vec![6; 2_000_000]),
        ("seal decrypt pipe", content[..content.len() - 500_000].to_vec()),
        (each, Vec::new()),
    ] {
        for signal in ["-TERM", "-KILL"] {
            new_pipe(&machine.path("pipe"));
            let before = folder_state(&machine.folder);
            let mut child = command_in(&machine, &format!("{words} -o {TARGET}")).spawn();
            let mut pipe = open_when_read(&machine.path("pipe"), &mut child, words);
            // All but what the pipe itself holds was read, and the most of it was written.
            pipe.write_all(&content).unwrap();
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().code(), None, "{words}");
            drop(pipe);
            assert_unchanged(&before, &machine, &format!("{words} {signal}"));
        }
    }
}

/// The older file gives its mode on, and what may be secret has its own; nothing else is there after.
#[test]
fn success_replaces_the_file_and_leaves_nothing_else() {
    for_each_row("outputs-success", |machine, row| {
        let mode = |name: &str| std::fs::metadata(machine.path(name)).unwrap().mode() & 0o777;
        check_stage(machine, row, "success", row.arguments, TARGET, After::Replaced(0));
        // Without leaving the older file to be laid again.
        let again = match row.verb {
            "vtpm nv define" | "vtpm nv undefine" | "nsm pcr lock" => return,
            _ => row_command(machine, row, &format!("{} -o {TARGET}", row.arguments)),
        };
        again.under("umask 0").exits(0);
        let expected = if row.product == ProductKind::Private { 0o600 } else { 0o640 };
        assert_eq!(mode(TARGET), expected, "{}", row.verb);
        restore_target(machine);
        let new = row_command(machine, row, &format!("{} -o new", row.arguments));
        new.under("umask 027").exits(0);
        match row.product {
            ProductKind::Nothing => assert!(!machine.path("new").exists(), "{}", row.verb),
            ProductKind::Private => assert_eq!(mode("new"), 0o600, "{}", row.verb),
            ProductKind::Public => assert_eq!(mode("new"), 0o640, "{}", row.verb),
        }
        let _ = std::fs::remove_file(machine.path("new"));
    });
}

/// Of a link, the file behind it is replaced; what may be secret does not go through it.
#[test]
fn links_lead_to_the_file_that_is_replaced() {
    for_each_row("outputs-links", |machine, row| {
        let link = machine.path("latest");
        std::os::unix::fs::symlink(TARGET, &link).unwrap();
        match row.product {
            ProductKind::Public => {
                check_stage(machine, row, "through a link", row.arguments, "latest", After::Replaced(0));
                std::fs::remove_file(&link).unwrap();
                std::os::unix::fs::symlink("certificates/../not-there-yet", &link).unwrap();
                let about = "through a link to nothing";
                check_stage(machine, row, about, row.arguments, "latest", After::Kept(2));
            }
            ProductKind::Private => {
                check_stage(machine, row, "through a link", row.arguments, "latest", After::Kept(2));
            }
            ProductKind::Nothing => (),
        }
        std::fs::remove_file(&link).unwrap();
        if row.product != ProductKind::Nothing && row.verb != "vtpm nv read" {
            row_command(machine, row, &format!("{} -o /dev/null", row.arguments)).exits(0);
            let full = row_command(machine, row, &format!("{} -o /dev/full", row.arguments)).exits(1);
            assert!(full.stderr.contains("/dev/full: cannot be written"), "{full:#?}");
        }
    });
}

/// The last of several files cannot be written: the first is as it was, too.
#[test]
fn files_that_belong_together_are_written_together() {
    let machine = prepared("outputs-together");
    let old = |name: &str| std::fs::write(machine.path(name), "older").unwrap();
    std::fs::create_dir(machine.path("pages")).unwrap();
    for name in ["message", "signature", "pages/teeproof.1", "pages/teeproof-man.1"] {
        old(name);
    }
    std::fs::create_dir(machine.path("pages/teeproof-verify.1")).unwrap();
    for (words, exit) in [
        ("vtpm quote --nonce @nonce -m message -s /dev/full", 1),
        ("vtpm quote --nonce @nonce -m message -s signature -o /dev/full", 1),
        ("man --output-dir pages", 2),
        ("bundle export ev.bundle --dir taken", 2),
        ("bundle export ev.bundle --dir certificates -o certificates/hcl-report.bin", 2),
    ] {
        let before = folder_state(&machine.folder);
        command_in(&machine, words).fails(exit, &["error: ", "hint: "]);
        assert_unchanged(&before, &machine, words);
    }
    std::fs::remove_dir(machine.path("pages/teeproof-verify.1")).unwrap();
    command_in(&machine, "man --output-dir pages").exits(0);
    let pages = std::fs::read_dir(machine.path("pages")).unwrap().count();
    assert!(pages > 30, "{pages}");
    assert!(std::fs::read_to_string(machine.path("pages/teeproof.1")).unwrap().contains(".TH teeproof 1"));
    command_in(&machine, "bundle export ev.bundle --dir parts -o names").exits(0);
    let names = std::fs::read_to_string(machine.path("names")).unwrap();
    assert_eq!(names.lines().count(), std::fs::read_dir(machine.path("parts")).unwrap().count());
}
