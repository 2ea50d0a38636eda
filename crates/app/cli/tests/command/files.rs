//! Files that cannot be taken: named wrongly (2), or not what they have to be (3).

use std::time::{Duration, Instant};

use crate::support::*;

const NO_NONCE: [&str; 1] = ["--no-nonce"];

#[test]
fn an_empty_file_is_malformed() {
    let path = file("empty", "evidence.bin", b"");
    teeproof(["verify", "--no-nonce"]).args([&path]).fails(3, &["evidence.bin: the file is empty"]);
    teeproof(["inspect"]).args([&path]).fails(3, &["evidence.bin"]);
    teeproof(["verify", "--no-nonce", "-"]).fails(3, &["standard input: the file is empty"]);
}

#[test]
fn a_missing_file_and_a_directory_are_usage_errors() {
    let folder = folder("directory");
    teeproof(["verify", "--no-nonce", "no-such-file.bin"]).fails(2, &["no-such-file.bin: no such file"]);
    for verb in [&["verify", "--no-nonce"][..], &["inspect"], &["policy", "check"]] {
        teeproof(verb).args([&folder]).fails(2, &["expected a file, got a directory"]);
    }
}

#[cfg(unix)]
#[test]
#[allow(clippy::disallowed_macros)] // said by a test, and not by the command
fn a_file_without_permission_is_a_usage_error() {
    use std::os::unix::fs::PermissionsExt;
    let path = file("permission", "evidence.bin", b"x");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(&path).is_ok() {
        println!("not run: this user may read everything");
        return;
    }
    teeproof(["inspect"]).args([&path]).fails(2, &["evidence.bin: no permission"]);
}

#[test]
fn a_huge_file_is_refused_at_once() {
    let path = file("huge", "evidence.bin", b"");
    let sparse = std::fs::File::options().write(true).open(&path).unwrap();
    sparse.set_len(1 << 30).unwrap();
    let begin = Instant::now();
    teeproof(["verify", "--no-nonce"]).args([&path]).fails(3, &["evidence.bin: expected at most 9 MiB"]);
    verify(REPORT, &[&NO_NONCE, &["--endorsements"]]).args([&path]).fails(3, &["at most 9 MiB"]);
    assert!(begin.elapsed() < Duration::from_secs(5));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_stream_is_read_up_to_the_bound() {
    teeproof(["inspect", "-"])
        .stdin(&vec![0; 10 << 20])
        .fails(3, &["standard input: expected at most 9 MiB"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_without_an_end_is_read_up_to_the_bound() {
    teeproof(["inspect", "/dev/zero"]).fails(3, &["/dev/zero", "at most 9 MiB"]);
}

#[test]
fn text_where_binary_is_due_is_malformed() {
    let path = file("text", "evidence.txt", "this is no evidence at all\n");
    teeproof(["verify", "--no-nonce"])
        .args([&path])
        .fails(3, &["evidence.txt: the file is text", "expected"]);
}

#[test]
fn bytes_of_no_known_kind_are_malformed() {
    let path = file("unknown", "evidence.bin", [0xff; 63]);
    teeproof(["verify", "--no-nonce"]).args([&path]).fails(3, &["of no known kind", "--as"]);
}

#[test]
fn a_broken_certificate_is_named() {
    let mut vcek = bytes(VCEK);
    vcek.truncate(200);
    let path = file("broken-vcek", "vcek.der", &vcek);
    for flag in [None, Some("--endorsements"), Some("--anchor")] {
        verify(REPORT, &[&NO_NONCE])
            .args(flag)
            .args([&path])
            .fails(3, &["vcek.der: read as certificate", "offset", "expected"]);
    }
}

#[test]
fn one_piece_of_evidence_at_a_time() {
    verify(REPORT, &[&NO_NONCE])
        .file(PRODUCTION)
        .fails(2, &["2024-12.cose: two pieces of evidence were given (snp and nitro)"]);
    verify(VCEK, &[&NO_NONCE]).fails(2, &["there is no evidence among the files"]);
}

#[test]
fn a_vcek_does_not_belong_to_a_document() {
    verify(PRODUCTION, &[&NO_NONCE, &AT_DOCUMENT])
        .file(VCEK)
        .fails(2, &["do not belong to the Nitro document"]);
}

#[test]
fn a_kind_can_be_forced_on_one_file() {
    verify(VCEK, &[&NO_NONCE, &["--as", "snp-report"]]).exits(3).shows(&["✘ snp.format"]);
    verify(PRODUCTION, &[&NO_NONCE, &["--as", "snp-report"]])
        .fails(3, &["read as snp-report: larger than 4096 bytes"]);
    verify(REPORT, &[&NO_NONCE, &["--as", "snp-report"]])
        .file(VCEK)
        .fails(2, &["--as: expected one FILE", "--endorsements"]);
    verify(REPORT, &[&GENUINE, &NO_NONCE, &["--as", "snp-report", "--endorsements"]]).file(VCEK).exits(0);
}

#[test]
fn an_anchor_is_a_certificate() {
    verify(REPORT, &[&NO_NONCE, &["--anchor"]])
        .file(PRODUCTION)
        .fails(2, &["expected the certificate of a trust anchor, found a Nitro document"]);
}
