//! Each example is run on the vectors of the repository, and the server is called over HTTP.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_mint::Value;
use teeproof_mint::nitro::{Enclave, Identity};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(root()).output().unwrap()
}

#[track_caller]
fn accepts(output: &Output, text: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains(text), "{out}{err}");
}

const SNP: &str = env!("CARGO_BIN_EXE_verify_snp");
const NITRO: &str = env!("CARGO_BIN_EXE_verify_nitro");
const AZURE: &str = env!("CARGO_BIN_EXE_verify_azure");

#[test]
fn an_snp_report_is_accepted() {
    let (report, vcek) = ("testdata/snp/milan-report.bin", "testdata/snp/milan-vcek.der");
    let output = run(SNP, &[report, vcek]);
    accepts(&output, "accepted");
    // Revocation that was not mentioned is a waiver of the result.
    accepts(&output, "snp.revocation: no revocation list was given to the verifier");
    let refused = run(SNP, &[report, "testdata/snp/turin-vcek.der"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stdout).starts_with("refused"));
}

#[test]
fn a_nitro_document_is_accepted() {
    accepts(
        &run(NITRO, &["testdata/nitro/production-eu-central-1-2025-01.cose"]),
        "accepted i-0bee92034f3d60691",
    );
    assert!(!run(NITRO, &["testdata/nitro/debug-us-east-1-2024-11.cose"]).status.success());
}

#[test]
fn an_azure_vm_is_accepted_with_its_nonce() {
    let with = |nonce| {
        let bundle = "testdata/minted/azure-genoa.bundle";
        let anchors = ["testdata/minted/ark.der", "testdata/minted/ak-root.der"];
        run(AZURE, &[bundle, "examples/policies/azure-snp.toml", nonce, "1768478400", anchors[0], anchors[1]])
    };
    accepts(&with("minted-for-the-readme"), "\"accepted\"");
    assert!(!with("another-nonce-of-ours").status.success());
}

/// The example of a server, running; it ends with the value.
struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(policy: &Path, anchor: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("127.0.0.1:0")
            .args([policy, anchor])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, address }
    }

    /// The status and the body of the answer to a POST.
    fn post(&self, path: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

#[test]
fn the_server_takes_each_nonce_once() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let enclave = Enclave::with_identity(&Identity::default(), now);
    // The certificates are signed once: each minting makes other signatures, and so another root.
    let chain = enclave.mint().unwrap().chain;
    let (leaf, bundle) = chain.split_last().unwrap();
    let bundle: Vec<Value> = bundle.iter().map(|der| Value::Bytes(der.clone())).collect();
    let enclave = || {
        let enclave = enclave.clone().with_entry("certificate", Value::Bytes(leaf.clone()));
        enclave.with_entry("cabundle", Value::Array(bundle.clone()))
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (policy, anchor) = (folder.join("policy.toml"), folder.join("root.der"));
    std::fs::write(&anchor, &chain[0]).unwrap();
    let text = "version = 1\n[nitro]\ndebug = { exactly = false }\nunlisted = { waived = \"a test\" }\n";
    std::fs::write(&policy, text).unwrap();
    let server = Server::start(&policy, &anchor);

    for _ in 0..2 {
        let (status, nonce) = server.post("/nonces", b"");
        assert_eq!((status, nonce.len()), (200, 64));
        let bytes: Vec<u8> =
            (0..32).map(|at| u8::from_str_radix(&nonce[2 * at..2 * at + 2], 16).unwrap()).collect();
        let document = enclave().nonce(&bytes).mint().unwrap().document;
        let path = format!("/evidence/{nonce}");
        let (status, result) = server.post(&path, &document);
        assert_eq!(status, 200, "{result}");
        assert!(result.contains("\"accepted\"") && result.contains(&nonce), "{result}");
        assert_eq!(server.post(&path, &document).0, 410);
    }
    let (_, nonce) = server.post("/nonces", b"");
    let (status, result) = server.post(&format!("/evidence/{nonce}"), &enclave().mint().unwrap().document);
    assert_eq!(status, 403, "{result}");
    assert!(result.contains("nitro.nonce"), "{result}");
    let (_, nonce) = server.post("/nonces", b"");
    assert_eq!(server.post(&format!("/evidence/{nonce}"), b"no evidence").0, 400);
    assert_eq!(server.post("/evidence/00", b"").0, 410);
}
