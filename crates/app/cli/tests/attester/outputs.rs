//! Every verb writes the file of -o whole or not at all: each is made to fail at each stage, and its folder,
//! with the file in it, is compared with what it was before, bytes, modes, times and inodes.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::machine::Machine;
use super::support::{Run, teeproof};
use rows::{Kind, Leaves, ROWS, Row};

const TARGET: &str = "target";
const OLDER: &[u8] = b"what a user keeps here, longer than some products are; ";

/// Everything in a folder, below it too: of each entry its metadata, and its bytes or where it leads.
fn state(folder: &Path) -> State {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let content = match metadata.file_type() {
            kind if kind.is_symlink() => {
                std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            }
            kind if kind.is_file() => std::fs::read(&path).unwrap(),
            kind => {
                if kind.is_dir() {
                    all.extend(state(&path));
                }
                Vec::new()
            }
        };
        // The time of a directory is that of its entries; that of a pipe tells that it was read.
        let is_kept = metadata.is_file() || metadata.is_symlink();
        let time = is_kept.then(|| (metadata.mtime(), metadata.mtime_nsec()));
        let about = format!("{:o} {} {} {time:?}", metadata.mode(), metadata.ino(), metadata.nlink());
        all.insert(path, (about, content));
    }
    all
}

type State = BTreeMap<PathBuf, (String, Vec<u8>)>;

/// What is not as it was.
fn changed(before: &State, after: &State) -> Vec<String> {
    let all: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs = all.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let about = |state: &State, path| {
        state.get(path).map(|(about, bytes): &(String, Vec<u8>)| format!("{about} {} bytes", bytes.len()))
    };
    differs
        .map(|path| format!("{}: {:?}, {:?}", path.display(), about(before, path), about(after, path)))
        .collect()
}

#[track_caller]
fn unchanged(before: &State, machine: &Machine, what: &str) {
    let changed = changed(before, &state(&machine.folder));
    assert!(changed.is_empty(), "{what}: {changed:#?}");
}

/// A machine, and a folder with what the rows name.
fn prepared(test: &str) -> Machine {
    let machine = Machine::start(test);
    let put = |name: &str, content: &[u8]| std::fs::write(machine.path(name), content).unwrap();
    put("nonce", b"sixteen bytes ok");
    put("data", &[7; 64]);
    put("digest", &[9; 32]);
    put("salt", b"a salt that is long enough");
    put("secret", b"10 bytes: ");
    put("garbage", b"what none of the inputs is, and a little more than fifty bytes of it");
    put("log", b"not looked into");
    let policy =
        |more: &str| format!("version = 1\n[azure-snp]\n{more}unlisted = {{ waived = \"a test\" }}\n");
    put("prod.toml", policy("").as_bytes());
    put("strict.toml", policy("vmpl = { exactly = 3 }\n").as_bytes());
    std::fs::create_dir(machine.path("certificates")).unwrap();
    put("certificates/ark.der", machine.twin.root_der());
    std::fs::create_dir(machine.path("taken")).unwrap();
    put("taken/hcl-report.bin", b"of somebody else");
    let run = |words: &str| ran(&machine, words).exits(0);
    run("collect azure --nonce @nonce -o ev.bundle");
    run("seal key --nonce @nonce -o key.json");
    run("seal encrypt-unverified --secret secret --key key.json -o sealed");
    run("vtpm nv define 0x01500040 --size 10");
    run("vtpm nv write 0x01500040 @secret");
    // Azure has no certificate here, and others have.
    run(&format!("vtpm nv define 0x01c00002 --size {}", machine.twin.root_der().len()));
    run("vtpm nv write 0x01c00002 @root.der");
    let sealed = std::fs::read(machine.path("sealed")).unwrap();
    let (last, cut) = sealed.split_last().unwrap();
    put("cut", cut);
    put("altered", &[cut, &[last ^ 1]].concat());
    // Where a program that can be guessed has its temporary file.
    put("victim", b"of somebody else");
    for name in ["target.part", "target.tmp", ".target.tmp", "target~", ".target.swp"] {
        std::os::unix::fs::symlink("victim", machine.path(name)).unwrap();
    }
    let made = Command::new("mkfifo").arg(machine.path("pipe")).status().unwrap();
    assert!(made.success());
    lay(&machine);
    machine
}

/// The target as a user keeps it.
fn lay(machine: &Machine) {
    let _ = std::fs::remove_file(machine.path(TARGET));
    std::fs::write(machine.path(TARGET), OLDER.repeat(100)).unwrap();
    std::fs::set_permissions(machine.path(TARGET), PermissionsExt::from_mode(0o640)).unwrap();
}

/// The command with these words, in the machine's folder.
fn ran(machine: &Machine, words: &str) -> Run {
    machine.run(&words.split_whitespace().collect::<Vec<_>>()).in_folder(&machine.folder)
}

/// A row's command line, with other arguments than its own.
fn with(machine: &Machine, row: &Row, arguments: &str) -> Run {
    ran(machine, &format!("{} {arguments}", row.verb)).stdin(b"")
}

/// Runs it, and holds the folder against what it was.
#[track_caller]
fn leaves(machine: &Machine, row: &Row, stage: &str, arguments: &str, output: &str, outcome: Leaves) {
    let mut before = state(&machine.folder);
    let ran = with(machine, row, &format!("{arguments} -o {output}")).run();
    let about = format!("{} {arguments}: {stage}: {ran:#?}", row.verb);
    let (Leaves::Old(exit) | Leaves::New(exit)) = outcome;
    assert_eq!(ran.exit, exit, "{about}");
    if outcome == Leaves::New(exit) && row.product != Kind::Nothing {
        let target = machine.path(TARGET);
        let bytes = std::fs::read(&target).unwrap();
        assert!(!bytes.is_empty() && !bytes.starts_with(OLDER), "{about}");
        // What the product is, and what a quote is besides: nothing else may differ.
        let after = state(&machine.folder);
        for name in [TARGET, "message", "signature"] {
            let path = machine.path(name);
            before.remove(&path);
            before.extend(after.get_key_value(&path).map(|(path, content)| (path.clone(), content.clone())));
        }
        unchanged(&before, machine, &about);
        lay(machine);
    } else {
        unchanged(&before, machine, &about);
    }
}

/// The rows, which are those of the command line and no others.
#[test]
fn every_verb_has_a_row() {
    let mut verbs = Vec::new();
    collect_verbs(&[], &mut verbs);
    let mut rows: Vec<_> = ROWS.iter().map(|row| row.verb.to_owned()).collect();
    rows.sort();
    verbs.sort();
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
fn collect_verbs(above: &[String], into: &mut Vec<String>) {
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
        collect_verbs(&[above, &[name.to_owned()]].concat(), into);
    }
}

/// Each row, with a machine.
fn each(test: &str, mut stage: impl FnMut(&Machine, &Row)) {
    let machine = prepared(test);
    for row in ROWS {
        stage(&machine, row);
    }
}

#[test]
fn arguments_that_are_wrong() {
    each("outputs-arguments", |machine, row| {
        let wrong = format!("{} --no-such-flag", row.arguments);
        leaves(machine, row, "a flag that is none", &wrong, TARGET, Leaves::Old(2));
        for (arguments, outcome) in row.refused {
            leaves(machine, row, "refused", arguments, TARGET, *outcome);
        }
    });
}

/// The arguments with another file in the place of one.
fn instead(row: &Row, file: &str, other: &str) -> String {
    let other_word = |word: &str| match word.strip_prefix('@') {
        Some(name) if name == file => format!("@{other}"),
        None if word == file => other.to_owned(),
        _ => word.to_owned(),
    };
    row.arguments.split_whitespace().map(other_word).collect::<Vec<_>>().join(" ")
}

#[test]
fn inputs_that_are_missing_or_something_else() {
    each("outputs-inputs", |machine, row| {
        for (file, outcome) in row.files {
            let missing = instead(row, file, "no-such-file");
            let absent = match row.verb {
                // A machine without a boot log has evidence all the same.
                "collect azure" | "doctor" if *file == "log" => Leaves::New(0),
                "vtpm log" => Leaves::Old(9),
                "policy test" if *file == "ev.bundle" => Leaves::New(2),
                _ => Leaves::Old(2),
            };
            leaves(machine, row, "a file that is missing", &missing, TARGET, absent);
            if *file != "data" && row.verb != "vtpm nv define" {
                let garbage = instead(row, file, "garbage");
                let outcome = match (row.verb, *file) {
                    ("collect azure" | "vtpm quote" | "seal key", "nonce") => Leaves::Old(2),
                    _ => *outcome,
                };
                leaves(machine, row, "a file that is something else", &garbage, TARGET, outcome);
            }
        }
    });
}

#[test]
fn a_tpm_that_is_missing() {
    each("outputs-device", |machine, row| {
        if let Some(outcome) = row.without_tpm {
            let arguments = format!("{} --tpm device:/dev/no-such-tpm", row.arguments);
            leaves(machine, row, "no TPM", &arguments, TARGET, outcome);
        }
    });
}

#[test]
fn places_that_cannot_be_written() {
    each("outputs-places", |machine, row| {
        for output in ["no-such-folder/target", "certificates", ".", "new/", "target/file", "/proc/target"] {
            leaves(machine, row, "no place", row.arguments, output, Leaves::Old(2));
        }
    });
    // Refused before the TPM is asked for anything.
    let machine = prepared("outputs-places-effects");
    let list = || ran(&machine, "vtpm nv list").exits(0).stdout;
    let (before, registers) = (list(), ran(&machine, "vtpm pcr read sha256:16").exits(0).stdout);
    ran(&machine, "vtpm nv define 0x01500030 --size 10 -o no-such-folder/target").exits(2);
    ran(&machine, "vtpm pcr extend sha256:16 @digest -o digest").exits(2);
    assert_eq!((before, registers), (list(), ran(&machine, "vtpm pcr read sha256:16").exits(0).stdout));
}

/// A limit of no byte is a full disk to those who write, with a signal that kills or without.
#[test]
fn disks_that_are_full() {
    each("outputs-full", |machine, row| {
        if row.product == Kind::Nothing {
            return;
        }
        for (limit, exits) in [("ulimit -f 0", None), ("trap '' XFSZ; ulimit -f 0", Some(2))] {
            let before = state(&machine.folder);
            let run = with(machine, row, &format!("{} -o {TARGET}", row.arguments));
            let (exit, said) = run.under(limit).into_stdout(Stdio::null());
            unchanged(&before, machine, &format!("{}: {limit}: {said}", row.verb));
            assert_eq!(exit, exits, "{}: {limit}: {said}", row.verb);
        }
    });
}

/// The file, a link to it and a second name of it; in the folder that is read, the file as well.
#[test]
fn outputs_that_are_inputs() {
    each("outputs-overlap", |machine, row| {
        for (file, _) in row.files {
            let path = machine.path(if *file == "certificates" { "certificates/ark.der" } else { file });
            let (link, second) = (machine.path("link"), machine.path("second"));
            std::os::unix::fs::symlink(&path, &link).unwrap();
            std::fs::hard_link(&path, &second).unwrap();
            for output in [path.clone(), link.clone(), second.clone()] {
                let arguments = row.arguments;
                leaves(machine, row, "an input", arguments, output.to_str().unwrap(), Leaves::Old(2));
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
        let before = state(&machine.folder);
        let ran = run.args(["-o", output]).exits(2);
        assert!(ran.stderr.contains("the output is an input as well"), "{output}: {ran:#?}");
        unchanged(&before, &machine, output);
    };
    let verify = "verify --nonce @nonce --anchor root.der";
    put("config.toml", "policy = \"prod.toml\"\n");
    refused(ran(&machine, &format!("{verify} ev.bundle --config config.toml")), "config.toml");
    refused(ran(&machine, &format!("{verify} ev.bundle --config config.toml")), "prod.toml");
    refused(ran(&machine, &format!("{verify} ev.bundle")).env("TEEPROOF_POLICY", "prod.toml"), "prod.toml");
    let bundle = File::open(machine.path("ev.bundle")).unwrap();
    refused(ran(&machine, &format!("{verify} -")).reading(bundle), "ev.bundle");
    // The setting of a file counts as --output does.
    put("output.toml", "output = \"ev.bundle\"\n");
    let before = state(&machine.folder);
    ran(&machine, &format!("{verify} ev.bundle --config output.toml")).fails(2, &["as well: FILE ev.bundle"]);
    unchanged(&before, &machine, "a setting");
    // A value that happens to be a file's name is no file.
    put("json", "older");
    ran(&machine, "explain 7 --format json -o json").exits(0);
    put("utf8:x", "older");
    ran(&machine, "vtpm quote --nonce utf8:x -m message -s signature -o utf8:x").exits(0);
}

/// A pipe to write to, as soon as the command reads it.
#[track_caller]
fn read_by(pipe: &Path, child: &mut Child, verb: &str) -> File {
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

/// The run waits for an input that does not come, and is killed.
#[test]
fn runs_that_are_killed() {
    each("outputs-killed", |machine, row| {
        for (file, _) in row.files.iter().filter(|(file, _)| *file != "certificates") {
            for signal in ["-TERM", "-KILL", "-INT"] {
                let before = state(&machine.folder);
                let waiting = instead(row, file, "pipe");
                let mut child = with(machine, row, &format!("{waiting} -o {TARGET}")).spawn();
                // The output is open then too.
                let pipe = read_by(&machine.path("pipe"), &mut child, row.verb);
                let id = child.id().to_string();
                assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
                assert_eq!(child.wait().unwrap().code(), None, "{}: {file}", row.verb);
                drop(pipe);
                unchanged(&before, machine, &format!("{}: {file} {signal}", row.verb));
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
    ran(&machine, "seal encrypt-unverified --secret large --key key.json -o large.sealed").exits(0);
    let content = std::fs::read(machine.path("large.sealed")).unwrap();
    let each = "verify --each pipe ev.bundle --nonce @nonce --anchor root.der --policy prod.toml";
    for (words, content) in [
        ("seal encrypt-unverified --secret pipe --key key.json", vec![6; 2_000_000]),
        ("seal decrypt pipe", content[..content.len() - 500_000].to_vec()),
        (each, Vec::new()),
    ] {
        for signal in ["-TERM", "-KILL"] {
            let before = state(&machine.folder);
            let mut child = ran(&machine, &format!("{words} -o {TARGET}")).spawn();
            let mut pipe = read_by(&machine.path("pipe"), &mut child, words);
            // All but what the pipe itself holds was read, and the most of it was written.
            pipe.write_all(&content).unwrap();
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().code(), None, "{words}");
            drop(pipe);
            unchanged(&before, &machine, &format!("{words} {signal}"));
        }
    }
}

/// The older file gives its mode on, and what may be secret has its own; nothing else is there after.
#[test]
fn success_replaces_the_file_and_leaves_nothing_else() {
    each("outputs-success", |machine, row| {
        let mode = |name: &str| std::fs::metadata(machine.path(name)).unwrap().mode() & 0o777;
        leaves(machine, row, "success", row.arguments, TARGET, Leaves::New(0));
        // Without leaving the older file to be laid again.
        let again = match row.verb {
            "vtpm nv define" | "vtpm nv undefine" => return,
            _ => with(machine, row, &format!("{} -o {TARGET}", row.arguments)),
        };
        again.under("umask 0").exits(0);
        let expected = if row.product == Kind::Private { 0o600 } else { 0o640 };
        assert_eq!(mode(TARGET), expected, "{}", row.verb);
        lay(machine);
        let new = with(machine, row, &format!("{} -o new", row.arguments));
        new.under("umask 027").exits(0);
        match row.product {
            Kind::Nothing => assert!(!machine.path("new").exists(), "{}", row.verb),
            Kind::Private => assert_eq!(mode("new"), 0o600, "{}", row.verb),
            Kind::Public => assert_eq!(mode("new"), 0o640, "{}", row.verb),
        }
        let _ = std::fs::remove_file(machine.path("new"));
    });
}

/// Of a link, the file behind it is replaced; what may be secret does not go through it.
#[test]
fn links_lead_to_the_file_that_is_replaced() {
    each("outputs-links", |machine, row| {
        let link = machine.path("latest");
        std::os::unix::fs::symlink(TARGET, &link).unwrap();
        match row.product {
            Kind::Public => {
                leaves(machine, row, "through a link", row.arguments, "latest", Leaves::New(0));
                std::fs::remove_file(&link).unwrap();
                std::os::unix::fs::symlink("certificates/../not-there-yet", &link).unwrap();
                with(machine, row, &format!("{} -o latest", row.arguments)).exits(0);
                assert!(link.is_symlink());
                std::fs::remove_file(machine.path("not-there-yet")).unwrap();
            }
            Kind::Private => {
                leaves(machine, row, "through a link", row.arguments, "latest", Leaves::Old(2));
            }
            Kind::Nothing => (),
        }
        std::fs::remove_file(&link).unwrap();
        if row.product != Kind::Nothing && row.verb != "vtpm nv read" {
            with(machine, row, &format!("{} -o /dev/null", row.arguments)).exits(0);
            let full = with(machine, row, &format!("{} -o /dev/full", row.arguments)).exits(2);
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
    for words in [
        "vtpm quote --nonce @nonce -m message -s /dev/full",
        "vtpm quote --nonce @nonce -m message -s signature -o /dev/full",
        "man --output-dir pages",
        "bundle export ev.bundle --dir taken",
        "bundle export ev.bundle --dir certificates -o certificates/hcl-report.bin",
    ] {
        let before = state(&machine.folder);
        ran(&machine, words).fails(2, &["error: ", "hint: "]);
        unchanged(&before, &machine, words);
    }
    std::fs::remove_dir(machine.path("pages/teeproof-verify.1")).unwrap();
    ran(&machine, "man --output-dir pages").exits(0);
    let pages = std::fs::read_dir(machine.path("pages")).unwrap().count();
    assert!(pages > 30, "{pages}");
    assert!(std::fs::read_to_string(machine.path("pages/teeproof.1")).unwrap().contains(".TH teeproof 1"));
    ran(&machine, "bundle export ev.bundle --dir parts -o names").exits(0);
    let names = std::fs::read_to_string(machine.path("names")).unwrap();
    assert_eq!(names.lines().count(), std::fs::read_dir(machine.path("parts")).unwrap().count());
}
