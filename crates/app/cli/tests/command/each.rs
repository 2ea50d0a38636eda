//! `verify --each`: many files, each one machine's evidence.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::machine::put;
use crate::support::*;

const SPARSE: &str = "nitro/sparse-bank-us-east-2-2024-12.cose";
const OTHER: &str = "nitro/production-eu-central-1-2025-01.cose";
const NO_NONCE: [&str; 1] = ["--no-nonce"];
const JSON: [&str; 2] = ["--format", "json"];

fn each<S: AsRef<std::ffi::OsStr>>(files: impl IntoIterator<Item = S>) -> Run {
    teeproof(["verify", "--each"]).args(files).args(AT_DOCUMENT)
}

/// The same under builtin:genuine, without a nonce.
fn genuine<S: AsRef<std::ffi::OsStr>>(files: impl IntoIterator<Item = S>) -> Run {
    each(files).args(GENUINE).args(NO_NONCE)
}

fn lines(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().collect()
}

#[test]
fn all_of_them_are_accepted() {
    let ran = genuine([data(PRODUCTION), data(OTHER), data(SPARSE)]).exits(0);
    let printed = lines(&ran);
    for (line, (file, at)) in printed.iter().zip([
        (PRODUCTION, "2024-12-31T02:55:54Z"),
        (OTHER, "2025-01-06T16:07:05Z"),
        (SPARSE, "2024-12-31T02:55:54Z"),
    ]) {
        let name = data(file).display().to_string();
        let end = "  nitro  accepted  exit 0  archived (at its own time, ";
        assert!(line.starts_with(&format!("✔ {name}{end}")), "{line}");
        assert!(file == SPARSE || line.contains(at), "{line}");
    }
    assert_eq!(printed[3], "accepted 3 of 3  policy builtin:genuine  exit 0");
    assert!(printed[4].starts_with(" builtin:genuine accepts any software"), "{ran:#?}");
    assert_eq!(printed.len(), 5);
    // Under --quiet, only the totals are printed.
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_refused_file_is_printed_with_its_checks_and_does_not_end_the_run() {
    let ran = genuine([data(PRODUCTION), data(DEBUG), data(TAMPERED), data(OTHER)]).exits(4);
    let printed = lines(&ran);
    assert!(printed[1].starts_with("✘ ") && printed[1].contains("  nitro  refused  exit 6"), "{ran:#?}");
    assert_eq!(printed[2], "    nitro.debug  expected no, found yes");
    assert!(printed[3].contains("  nitro  refused  exit 4"), "{ran:#?}");
    assert!(printed[4].starts_with("    nitro.signature  "), "{ran:#?}");
    assert!(printed[5].contains("  nitro  accepted  exit 0"), "{ran:#?}");
    assert_eq!(printed[6], "accepted 2 of 4, refused 2  policy builtin:genuine  exit 4");
}

#[test]
fn the_exit_code_is_the_gravest_whatever_the_order_of_the_files() {
    const GRAVITY: [i32; 12] = [1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0];
    let folder = folder("each-gravest");
    let bundle = folder.join("snp.bundle");
    let create = teeproof(["bundle", "create"]).file(REPORT).args(["--endorsements"]).file(VCEK);
    create.args(["-o"]).args([&bundle]).exits(0);
    let mut forged = bytes(REPORT);
    forged[0x2a0] ^= 1;
    let (forged, missing) = (put(&folder, "forged.bin", forged), folder.join("missing"));
    let aged = put(
        &folder,
        "aged.toml",
        "version = 1\n[nitro]\nmax-age = { at-most = 60 }\nunlisted = { waived = \"a test\" }\n",
    );
    let text = || data("minted/make.sh");
    let vcek = data(VCEK);
    let (vcek, aged) = (vcek.to_str().unwrap(), aged.to_str().unwrap());
    type Runs<'a> = [(&'a [&'a str], Vec<(PathBuf, i32)>); 4];
    let runs: Runs<'_> = [
        (
            &["--at", "document", "--no-nonce", "--policy", "builtin:genuine"],
            vec![
                (data(PRODUCTION), 0),
                (data(DEBUG), 6),
                (data(TAMPERED), 4),
                (text(), 3),
                (missing.clone(), 2),
                (bundle.clone(), 2),
            ],
        ),
        (
            &["--at", "document", "--nonce", NONCE],
            vec![
                (data(PRODUCTION), 10),
                (data(OTHER), 5),
                (data(TAMPERED), 4),
                (text(), 3),
                (missing.clone(), 2),
            ],
        ),
        (
            &["--at", "2026-01-15T12:00:00Z", "--no-nonce", "--policy", "builtin:genuine"],
            vec![(bundle, 0), (data(PRODUCTION), 7), (text(), 3), (missing.clone(), 2)],
        ),
        (
            &["--at", "document", "--no-nonce", "--policy", aged],
            vec![(data(PRODUCTION), 11), (data(TAMPERED), 4), (missing, 2)],
        ),
    ];
    for (more, files) in &runs {
        for ((left, one), (right, other)) in
            files.iter().flat_map(|left| files.iter().map(move |right| (left, right)))
        {
            let gravest = GRAVITY.into_iter().find(|exit| exit == one || exit == other).unwrap();
            let ran = teeproof(["verify", "--each"]).args([left, right]).args(*more).exits(gravest);
            assert!(ran.stdout.contains(&format!("  exit {gravest}")), "{ran:#?}");
        }
    }
    // A forged report comes before whatever else is wrong.
    let run = teeproof(["verify", "--each", "--no-nonce", "--endorsements", vcek]).args(GENUINE);
    run.args([data(REPORT), forged, data(PRODUCTION)]).args(JSON).exits(4);
    teeproof(["verify", "--help"]).exits(0).shows(&["1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0"]);
    teeproof(["explain"]).exits(0).shows(&["1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0"]);
}

#[test]
fn unreadable_files_are_reported_and_do_not_end_the_run() {
    let folder = folder("each-unreadable");
    let empty = put(&folder, "empty.bin", b"");
    let huge = put(&folder, "huge.bin", b"");
    std::fs::File::options().write(true).open(&huge).unwrap().set_len(1 << 30).unwrap();
    let files =
        [data(PRODUCTION), folder.join("missing"), empty, huge, folder.clone(), data(VCEK), data(OTHER)];
    let ran = genuine(&files).exits(3);
    let said = [
        "/missing  unreadable  exit 2",
        "    no such file",
        "    hint: check the path",
        "/empty.bin  unreadable  exit 3",
        "    the file is empty",
        "/huge.bin  unreadable  exit 3",
        "    expected at most 9 MiB",
        "    expected a file, got a directory",
        "milan-vcek.der  unreadable  exit 2",
        "    there is no evidence among the files",
        "accepted 2 of 7, unreadable 5  policy builtin:genuine  exit 3",
    ];
    let ran = ran.shows(&said);
    assert_eq!(ran.stdout.matches("    hint: ").count(), 5);
    let json = genuine(&files).args(JSON).exits(3).json();
    let errors = json["files"].as_array().unwrap().iter().filter(|file| file["error"].is_object());
    let exits: Vec<_> = errors.map(|file| file["error"]["exit_code"].as_u64().unwrap()).collect();
    assert_eq!(exits, [2, 3, 3, 2, 2]);
    assert_eq!(json["files"][1]["error"]["message"], "no such file");
    assert_eq!(json["files"][1]["exit_code"], 2);
    std::fs::remove_file(&files[3]).unwrap();
}

#[test]
fn an_option_that_does_not_apply_to_one_file_is_reported_for_that_file() {
    let folder = folder("each-no-time");
    let bundle = folder.join("snp.bundle");
    let create = teeproof(["bundle", "create"]).file(REPORT).args(["--endorsements"]).file(VCEK);
    create.args(["-o"]).args([&bundle]).exits(0);
    let ran = genuine([data(PRODUCTION), bundle.clone(), data(OTHER)]).exits(2);
    ran.shows(&[
        "snp.bundle  not verified  exit 2\n    evidence of snp carries no time",
        "    hint: use --at now",
        "accepted 2 of 3, not verified 1  ",
    ]);
    // At a given time the documents are too old, and the report is accepted.
    let run = teeproof(["verify", "--each"]).args([&bundle]).file(PRODUCTION).args(GENUINE).args(NO_NONCE);
    run.exits(7)
        .shows(&["snp.bundle  snp  accepted  exit 0  22 checks waived\n", "accepted 1 of 2, refused 1  "]);
}

#[test]
fn without_a_policy_only_claims_are_printed() {
    let ran = each([data(PRODUCTION), data(TAMPERED), data(DEBUG)]).args(NO_NONCE).exits(4);
    ran.shows(&[
        "  nitro  not appraised  exit 10",
        "accepted 0 of 3, refused 1, not appraised 2  policy none  exit 4",
        "No policy was given",
    ]);
}

#[test]
fn quiet_says_the_count_alone() {
    let ran = genuine([data(PRODUCTION), data(DEBUG)]).args(["-q"]).exits(6);
    assert_eq!(ran.stdout, "accepted 1 of 2, refused 1  policy builtin:genuine  exit 6  10 checks waived\n");
    assert_eq!(ran.stderr, "");
}

#[test]
fn json_holds_every_result_whole() {
    let names = [PRODUCTION, DEBUG, TAMPERED, OTHER];
    let json = genuine(names.map(data)).args(JSON).exits(4).json();
    assert_eq!(json["schema"], "teeproof/verify-each/2");
    assert_eq!(json["policy"], "builtin:genuine");
    assert_eq!((&json["accepted"], &json["total"], &json["exit_code"]), (&2.into(), &4.into(), &4.into()));
    let files = json["files"].as_array().unwrap();
    assert_eq!(files.len(), 4);
    for (file, name) in files.iter().zip(names) {
        let alone = verify(name, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT, &JSON]).run();
        assert_eq!(file["file"], data(name).display().to_string());
        let mut result = alone.json();
        assert_eq!(result.as_object_mut().unwrap().remove("exit_code"), Some(file["exit_code"].clone()));
        assert_eq!(file["result"], result, "{name}");
        assert_eq!(file["exit_code"], alone.exit, "{name}");
        assert_eq!(file.get("error"), Some(&Value::Null));
    }
    let none = each([data(PRODUCTION)]).args(NO_NONCE).args(JSON).exits(10).json();
    assert_eq!(none["policy"], Value::Null);
}

/// Copies of a few documents under many names.
fn fleet(folder: &Path, count: usize) -> Vec<PathBuf> {
    let documents = [bytes(PRODUCTION), bytes(DEBUG), b"nothing".to_vec(), bytes(OTHER)];
    let file = |number: usize| put(folder, &format!("vm-{number:04}"), &documents[number * 7 % 4]);
    (0..count).map(file).collect()
}

#[test]
fn the_order_of_the_files_is_kept() {
    let folder = folder("each-order");
    let mut files = fleet(&folder, 300);
    files.rotate_left(123);
    let json = genuine(&files).args(JSON).run().json();
    let printed: Vec<_> =
        json["files"].as_array().unwrap().iter().map(|file| file["file"].as_str()).collect();
    let named: Vec<_> = files.iter().map(|path| path.to_str()).collect();
    assert_eq!(printed, named);
    assert_eq!((&json["accepted"], &json["total"]), (&150.into(), &300.into()));
    let ran = genuine(&files).run();
    let printed: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with(['✔', '✘'])).collect();
    assert_eq!(printed.len(), files.len());
    for (line, file) in printed.iter().zip(&files) {
        assert!(line.contains(&format!("/{}  ", file.file_name().unwrap().display())), "{line}");
    }
    ran.shows(&["accepted 150 of 300, refused 75, unreadable 75  "]);
}

#[test]
fn one_nonce_holds_for_all() {
    let ran = each([data(PRODUCTION), data(OTHER)]).args(GENUINE).args(["--nonce", NONCE]).exits(5);
    ran.shows(&["    nitro.nonce  ", "accepted 1 of 2, refused 1  "]);
}

#[test]
fn what_verify_demands_it_demands_here_too() {
    each([data(PRODUCTION)]).fails(2, &["--nonce", "--no-nonce"]);
    genuine(["-"]).stdin(&bytes(PRODUCTION)).fails(2, &["--each takes files", "standard input"]);
    genuine([data(PRODUCTION)]).args(["-"]).fails(2, &["--each takes files"]);
    teeproof(["verify", "--each", "--no-nonce"]).exits(2);
    // The nonce may come from standard input: it is one for all.
    let nonce: Vec<u8> = (0..20).map(|at| [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef][at % 8]).collect();
    each([data(PRODUCTION)]).args(GENUINE).args(["--nonce", "-"]).stdin(&nonce).exits(0);
    // What one file is, each of them is.
    genuine([data(PRODUCTION), data(OTHER)]).args(["--as", "nitro-document"]).exits(0);
    genuine([data(PRODUCTION)]).args(["--as", "snp-report"]).exits(3).shows(&["unreadable  exit 3"]);
}

#[test]
fn the_report_goes_to_a_file() {
    let folder = folder("each-output");
    let path = folder.join("report.json");
    let run =
        |files: &[&str]| genuine(files.iter().map(|file| data(file))).args(JSON).args(["-o"]).args([&path]);
    assert_eq!(run(&[PRODUCTION, DEBUG, OTHER]).exits(6).stdout, "");
    let read = || -> Value { serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap() };
    assert_eq!(read()["files"].as_array().unwrap().len(), 3);
    assert_eq!(run(&[PRODUCTION]).exits(0).stdout, "");
    assert_eq!(read()["files"].as_array().unwrap().len(), 1);
    // An error is no report: that of before stays, and the exit code tells.
    let ran = run(&[PRODUCTION]).args(["--endorsements", "no-such-file"]).exits(2);
    assert_eq!(ran.json()["schema"], "teeproof/error/2");
    assert_eq!(read()["files"].as_array().unwrap().len(), 1);
    genuine([data(PRODUCTION)]).args(["-o", "/no/such/folder/file"]).fails(2, &["cannot be written"]);
}

#[test]
fn names_do_not_steer_the_terminal() {
    let folder = folder("each-names");
    let path = put(&folder, "a\u{1b}[2Jb", bytes(PRODUCTION));
    let ran = genuine([&path, &folder.join("c\u{1b}[2Jd")]).exits(2);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:#?}");
    let json = genuine([&path]).args(JSON).exits(0).json();
    assert_eq!(json["files"][0]["file"], path.display().to_string());
}

/// A reader who went away ends nothing: the exit code is that of the files.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_may_go_away_and_a_disk_may_be_full() {
    use std::process::{Command, Stdio};
    let folder = folder("each-pipe");
    let files = fleet(&folder, 200);
    let run = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_teeproof"));
        command.args(["verify", "--each", "--no-nonce", "--policy", "builtin:genuine", "--at", "document"]);
        let output = command.args(&files).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(run(writer.into()), (Some(3), String::new()));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (exit, stderr) = run(full.into());
    assert_eq!(exit, Some(1));
    assert!(stderr.contains("cannot write standard output"), "{stderr}");
}

/// Of each file, warnings stand below its line, and with -v the waivers, too.
#[test]
fn warnings_and_waivers_of_each_file_are_reported() {
    let short = teeproof_mint::nitro::Enclave::new().nonce(b"short").mint().unwrap();
    let folder = folder("each-waivers");
    let document = put(&folder, "document.cose", &short.document);
    let root = put(&folder, "root.der", short.root());
    let run = |more: &[&str]| {
        let run = teeproof(["verify", "--each", "--nonce", "utf8:short", "--at", "2026-01-15T12:00:00Z"]);
        run.args(GENUINE).args(["--anchor"]).args([&root, &document]).args(more).exits(0)
    };
    let ran =
        run(&[]).shows(&["    nitro.nonce  warning: ", "can be guessed", "NON-PRODUCTION ANCHOR (1)\n"]);
    assert!(!ran.stdout.contains("waived: "), "{ran:#?}");
    run(&["-v"]).shows(&["    waived: builtin:genuine says nothing about what runs: nitro.pcrs, "]);
    // How many they are stands in each line, and where no line is written in the line of the count.
    assert!(
        lines(&ran)[0].ends_with("  nitro  accepted  exit 0  NON-PRODUCTION ANCHOR  9 checks waived"),
        "{ran:#?}"
    );
    let quiet = run(&["-q"]);
    let printed =
        "accepted 1 of 1  policy builtin:genuine  exit 0  NON-PRODUCTION ANCHOR (1)  9 checks waived\n";
    assert_eq!(quiet.stdout, printed);
    // Of results that differ in it, the most.
    let mixed = genuine([data(PRODUCTION), data(TAMPERED)]).args(["-q"]).exits(4);
    assert!(mixed.stdout.ends_with("  exit 4  up to 10 checks waived\n"), "{mixed:#?}");
}
