//! Where secrets come from and go to: streams, devices, links, and what an earlier run left behind.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::machine::NONCE;
use super::seal::Sealed;
use super::support::{Run, teeproof};

/// `seal encrypt-unverified` without a file to write to.
fn unverified(sealed: &Sealed) -> Run {
    let arguments = ["--secret", &sealed.path("secret"), "--key", &sealed.path("key.json")];
    teeproof(["seal", "encrypt-unverified", "--quiet"]).args(arguments)
}

#[test]
fn standard_input_is_read_once() {
    let sealed = Sealed::start("seal-stdin", 10);
    let question = b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
    let (evidence, secret) = (sealed.path("ev.bundle"), sealed.path("secret"));
    let (key, root) = (sealed.path("key.json"), sealed.path("root.der"));
    let encrypt = |nonce: &str, secret: &str| {
        teeproof(["seal", "encrypt", &evidence, "--key", &key, "--nonce", nonce, "--secret", secret])
            .args(["--policy", "builtin:genuine", "--anchor", &root, "-o", &sealed.path("sealed")])
            .stdin(question)
    };
    encrypt("-", "-").fails(2, &["standard input: expected once"]);
    encrypt("-", &secret).exits(0);
    encrypt(NONCE, "-").exits(0);
    sealed.decrypt().exits(0);
    assert_eq!(std::fs::read(sealed.path("opened")).unwrap(), question);
}

#[test]
fn a_full_disk_is_an_error() {
    let sealed = Sealed::start("seal-full", 10);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (exit, said) = unverified(&sealed).into_stdout(full);
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("cannot write standard output"), "{said}");
    unverified(&sealed).args(["-o", "/dev/full"]).fails(1, &["/dev/full: cannot be written"]);
}

#[test]
fn a_reader_who_went_away_is_no_error() {
    let sealed = Sealed::start("seal-gone", 1_000_000);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(unverified(&sealed).into_stdout(writer), (Some(0), String::new()));
}

#[test]
fn a_file_that_is_called_part_is_somebody_elses() {
    let sealed = Sealed::start("seal-part", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    for name in ["opened.part", "sealed.part"] {
        std::fs::write(sealed.path(name), "of somebody else").unwrap();
    }
    sealed.encrypt("key.json", &[]).exits(0);
    sealed.decrypt().exits(0);
    for name in ["opened.part", "sealed.part"] {
        assert_eq!(std::fs::read(sealed.path(name)).unwrap(), b"of somebody else");
    }
}

#[test]
fn a_secret_is_a_new_file_for_its_owner_alone() {
    let sealed = Sealed::start("seal-mode", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let mode = |name| std::fs::metadata(sealed.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("sealed"), 0o600);
    // Somebody holds the older file open, and it may be read by all.
    std::fs::write(sealed.path("opened"), "older").unwrap();
    std::fs::set_permissions(sealed.path("opened"), PermissionsExt::from_mode(0o666)).unwrap();
    std::fs::hard_link(sealed.path("opened"), sealed.path("second-name")).unwrap();
    sealed.decrypt().under("umask 0").exits(0);
    assert_eq!(mode("opened"), 0o600);
    assert_eq!(std::fs::read(sealed.path("opened")).unwrap(), std::fs::read(sealed.path("secret")).unwrap());
    assert_eq!(std::fs::read(sealed.path("second-name")).unwrap(), b"older");
    std::fs::remove_file(sealed.path("opened")).unwrap();
    sealed.decrypt().under("umask 0").exits(0);
    assert_eq!(mode("opened"), 0o600);
}

#[test]
fn a_secret_is_not_written_through_a_link() {
    let sealed = Sealed::start("seal-link", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let target = sealed.path("target");
    symlink(&target, sealed.path("opened")).unwrap();
    sealed.decrypt().fails(2, &["opened: expected a file, found a link", "remove the link"]);
    assert!(!Path::new(&target).exists());
    std::fs::write(&target, "somebody else can read this").unwrap();
    sealed.decrypt().fails(2, &["opened: expected a file, found a link"]);
    assert!(std::fs::symlink_metadata(sealed.path("opened")).unwrap().is_symlink());
    assert_eq!(std::fs::read(&target).unwrap(), b"somebody else can read this");
}

/// Whatever is behind the link: a pipe, a device, a descriptor of another process.
#[test]
fn a_secret_goes_through_no_link_to_what_is_no_file() {
    let sealed = Sealed::start("seal-link-pipe", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let pipe = sealed.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Open on both sides, so that nobody waits.
    let mut end = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let open = std::fs::File::create(sealed.path("open")).unwrap();
    let descriptor = format!("/proc/{}/fd/{}", std::process::id(), open.as_raw_fd());
    for target in [&pipe, &descriptor, "/dev/null", "/dev/stdout"] {
        symlink(target, sealed.path("opened")).unwrap();
        sealed.decrypt().fails(2, &["opened: expected a file, found a link", "remove the link"]);
        std::fs::remove_file(sealed.path("opened")).unwrap();
    }
    let decrypt =
        |output: &str| sealed.machine.run(&["seal", "decrypt", &sealed.path("sealed"), "-o", output]);
    // Of another process, a descriptor is a link like any other.
    decrypt(&descriptor).fails(2, &["found a link"]);
    assert!(std::fs::read(sealed.path("open")).unwrap().is_empty());
    decrypt(&pipe).exits(0);
    let mut received = [0; 10];
    end.read_exact(&mut received).unwrap();
    assert_eq!(received.as_slice(), std::fs::read(sealed.path("secret")).unwrap());
}

#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    let sealed = Sealed::start("seal-device", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let decrypt =
        |output: &str| sealed.machine.run(&["seal", "decrypt", &sealed.path("sealed"), "-o", output]);
    decrypt("/dev/null").exits(0);
    let secret = std::fs::read(sealed.path("secret")).unwrap();
    assert_eq!(decrypt("/dev/stdout").bytes(), secret);
    // What is redirected to is appended to as the shell says, by its name as well.
    let log = sealed.path("log");
    std::fs::write(&log, "before ").unwrap();
    let (exit, said) =
        decrypt("/dev/stdout").into_stdout(std::fs::File::options().append(true).open(&log).unwrap());
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(std::fs::read(&log).unwrap(), [b"before ".as_slice(), &secret].concat());
}

#[test]
fn a_refused_verdict_is_no_envelope() {
    let sealed = Sealed::start("seal-verdict", 10);
    let other =
        ["--nonce", "utf8:another", "--anchor", &sealed.path("root.der"), "--policy", "builtin:genuine"];
    let (key, secret) = (sealed.path("key.json"), sealed.path("secret"));
    let encrypt = || {
        teeproof(["seal", "encrypt", "--key", &key, "--secret", &secret, &sealed.path("ev.bundle")])
            .args(other)
    };
    std::fs::write(sealed.path("sealed"), "an older envelope").unwrap();
    for output in [&[][..], &["-o", &sealed.path("sealed")]] {
        let ran = encrypt().args(output).exits(5);
        assert_eq!(ran.stdout, "");
        assert!(ran.stderr.contains("REFUSED  azure-snp") && ran.stderr.contains("quote.nonce"), "{ran:#?}");
        let ran = encrypt().args(output).args(["--format", "json"]).exits(5);
        assert_eq!(ran.stdout, "");
        let verdict: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(verdict["schema"], "teeproof/sealing-verdict/2");
        assert_eq!((&verdict["result"]["verdict"], &verdict["exit_code"]), (&"refused".into(), &5.into()));
    }
    assert_eq!(std::fs::read(sealed.path("sealed")).unwrap(), b"an older envelope");
}

/// A part of the secret stands on standard output by then, which no JSON may follow.
#[test]
fn an_error_after_a_part_of_the_product_goes_to_standard_error() {
    let sealed = Sealed::start("seal-half", 3_000_000);
    sealed.encrypt("key.json", &[]).exits(0);
    let mut altered = std::fs::read(sealed.path("sealed")).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    std::fs::write(sealed.path("altered"), altered).unwrap();
    let half = std::fs::File::create(sealed.path("half")).unwrap();
    let decrypt = sealed.machine.run(&["seal", "decrypt", &sealed.path("altered"), "--format", "json"]);
    let (exit, said) = decrypt.into_stdout(half);
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (exit, &error["schema"], &error["exit_code"]),
        (Some(4), &"teeproof/error/2".into(), &4.into())
    );
    let half = std::fs::read(sealed.path("half")).unwrap();
    assert!(!half.is_empty() && std::fs::read(sealed.path("secret")).unwrap().starts_with(&half));
}
