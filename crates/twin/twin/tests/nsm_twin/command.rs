//! The command: its output, its files, and `nsm-resign`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use aws_lc_rs::digest::{SHA384, digest};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use teeproof::Freshness;
use teeproof_eif::{Architecture, ImageSettings, NewImage, build};

use crate::client::{Client, entry};
use crate::documents::failures;

const NONCE: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// The running command in its own folder.
struct Twin {
    child: Child,
    folder: PathBuf,
    lines: Vec<String>,
}

impl Twin {
    fn start(name: &str, flags: &[&str]) -> Self {
        let folder = folder(name);
        fs::create_dir_all(&folder).unwrap();
        let mut child = program(&folder).arg("nsm").args(flags).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines = out.lines().map(Result::unwrap).take(4).collect();
        Self { child, folder, lines }
    }

    fn root(&self, file: &str) -> Vec<u8> {
        der(&self.folder.join(file))
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teeproof-twin"));
    command.current_dir(folder);
    command
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("twin-nsm-command-{}-{name}", std::process::id()))
}

fn der(path: &Path) -> Vec<u8> {
    CertificateDer::from_pem_slice(&fs::read(path).unwrap()).unwrap().to_vec()
}

#[test]
fn the_output_is_the_environment_for_clients() {
    let twin = Twin::start("says", &["--listen", "unix:nsm.sock", "--chain", "chain", "--enclave", "1f"]);
    let expected = [
        "# A TWIN of a Nitro security module: its documents are signed under throwaway keys.",
        "# Its only trust anchor is in chain/root.pem.",
        "# The module is i-0123456789abcdef0-enc000000000000001f.",
        "export TEEPROOF_NSM=unix:nsm.sock",
    ];
    assert_eq!(twin.lines, expected);
    let socket = twin.folder.join("nsm.sock");
    let document = Client::of_path(socket.to_str().unwrap()).attest(None, Some(NONCE), None);
    let root = twin.root("chain/root.pem");
    assert_eq!(failures(&document, &root, Freshness::nonce(NONCE).unwrap()), [""; 0]);

    // Its anchor is not replaced while it runs.
    let second = program(&twin.folder).args(["nsm", "--chain", "chain"]).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let said = String::from_utf8(second.stderr).unwrap();
    let expected = "chain/root.pem is the trust anchor of a twin that is running: give another --chain";
    assert!(said.contains(expected), "{said}");
    assert_eq!(twin.root("chain/root.pem"), root);
}

#[test]
fn the_pcrs_of_an_image_are_by_the_formulas() {
    let (kernel, command_line, ramdisks) = (b"kernel", "reboot=k", [&b"first"[..], b"second", b"third"]);
    let image = NewImage {
        settings: ImageSettings::new(Architecture::X86_64),
        kernel,
        command_line,
        metadata: b"{}",
        ramdisks: &ramdisks,
        signature: None,
    };
    let folder = folder("image");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("image.eif");
    fs::write(&file, build(&image).unwrap()).unwrap();
    let file = file.to_str().unwrap();
    // A value of a PCR replaces the image's.
    let pcr2 = format!("2={}", "22".repeat(48));
    let twin = Twin::start("eif", &["--listen", "unix:nsm.sock", "--eif", file, "--pcr", &pcr2]);
    let socket = twin.folder.join("nsm.sock");
    let document = Client::of_path(socket.to_str().unwrap()).attest(None, Some(NONCE), None);
    let sha384 = |parts: &[&[u8]]| digest(&SHA384, &parts.concat()).as_ref().to_vec();
    let boot = [kernel, command_line.as_bytes(), ramdisks[0]];
    let pcr = |parts: &[&[u8]]| sha384(&[&[0; 48], &sha384(parts)]);
    let expected = [pcr(&[&boot[..], &ramdisks[1..]].concat()), pcr(&boot), vec![0x22; 48]];
    let pcrs = entry(&document, "pcrs").into_map().unwrap();
    let found: Vec<_> = pcrs.into_iter().take(3).map(|(_, value)| value.into_bytes().unwrap()).collect();
    assert_eq!(found, expected);

    fs::write(folder.join("bad.eif"), b"no image").unwrap();
    let done = program(&folder).args(["nsm", "--eif", "bad.eif"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.starts_with("teeproof-twin: bad.eif: "), "{said}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_foreign_file_is_never_replaced() {
    let folder = folder("foreign");
    fs::create_dir_all(folder.join("twin-chain")).unwrap();
    fs::write(folder.join("twin-chain/root.pem"), b"mine").unwrap();
    let done = program(&folder).arg("nsm").output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("is not the trust anchor of a twin: give another --chain"), "{said}");
    assert_eq!(fs::read(folder.join("twin-chain/root.pem")).unwrap(), b"mine");
    fs::remove_dir_all(folder).unwrap();
}

fn resign(folder: &Path, input: &str) -> Output {
    program(folder).args(["nsm-resign", input, "signed.cose", "--chain", "signers"]).output().unwrap()
}

#[test]
fn a_payload_is_signed_from_file_to_file() {
    let twin = Twin::start("resign", &["--listen", "unix:nsm.sock", "--fault", "unsigned"]);
    let socket = twin.folder.join("nsm.sock");
    let document = Client::of_path(socket.to_str().unwrap()).attest(None, Some(NONCE), None);
    fs::write(twin.folder.join("qemu.cose"), &document).unwrap();
    for _ in 0..2 {
        let done = resign(&twin.folder, "qemu.cose");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(String::from_utf8(done.stdout).unwrap().contains("signed by a TWIN under throwaway keys"));
        let signed = fs::read(twin.folder.join("signed.cose")).unwrap();
        let root = twin.root("signers/root.pem");
        assert_eq!(failures(&signed, &root, Freshness::nonce(NONCE).unwrap()), [""; 0]);
    }
    fs::write(twin.folder.join("bad.cose"), b"\x84\x40\xa0\x40\x40").unwrap();
    let done = resign(&twin.folder, "bad.cose");
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("bad.cose: ") && said.contains("expected one CBOR map"), "{said}");
    assert!(!resign(&twin.folder, "missing.cose").status.success());
}
