//! Where secrets come from and go to: streams, devices, links, and what an earlier run left behind.

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
    encrypt("-", "-").fails(2, &["standard input was named twice"]);
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
    assert!(said.contains("standard output cannot be written"), "{said}");
    unverified(&sealed).args(["-o", "/dev/full"]).fails(2, &["/dev/full: cannot be written"]);
}

#[test]
fn a_reader_who_went_away_is_no_error() {
    let sealed = Sealed::start("seal-gone", 1_000_000);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(unverified(&sealed).into_stdout(writer), (Some(0), String::new()));
}

#[test]
fn a_leftover_of_an_earlier_run_lends_no_mode() {
    let sealed = Sealed::start("seal-leftover", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let leftover = sealed.path("opened.part");
    std::fs::write(&leftover, "older").unwrap();
    std::fs::set_permissions(&leftover, PermissionsExt::from_mode(0o644)).unwrap();
    sealed.decrypt().exits(0);
    let mode = std::fs::metadata(sealed.path("opened")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!Path::new(&leftover).exists());
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let sealed = Sealed::start("seal-link", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let target = sealed.path("target");
    std::fs::write(&target, "something older and longer than the secret").unwrap();
    symlink(&target, sealed.path("opened")).unwrap();
    sealed.decrypt().exits(0);
    assert!(std::fs::symlink_metadata(sealed.path("opened")).unwrap().is_symlink());
    assert_eq!(std::fs::read(&target).unwrap(), std::fs::read(sealed.path("secret")).unwrap());
    assert!(!Path::new(&sealed.path("opened.part")).exists());
}
