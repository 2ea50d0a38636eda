//! TLS: a server on loopback under a minted CA, which a process trusts or does not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme};
use teeproof_endorse::{AllowedHosts, Error, Http, HttpUrl, Request, Transport};
use teeproof_mint::x509::{Certificate, Extension, Link, Name, Oid, Validity, der, mint_chain, pem};
use teeproof_mint::{Key, Kind, Scheme};

use crate::folder::Folder;
use crate::server::ok;

const SERVER: &str = "TEEPROOF_TEST_SERVER";
const EXPECTED: &str = "TEEPROOF_TEST_EXPECTED";

/// A minted P-256 key as rustls wants it.
#[derive(Clone, Debug)]
struct ServerKey(Key);

impl SigningKey for ServerKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP256_SHA256)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for ServerKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature = self.0.sign(Scheme::Ecdsa, message).unwrap();
        let (r, s) = signature.split_at(signature.len() / 2);
        Ok(der::sequence(&[der::unsigned(r), der::unsigned(s)]))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

/// A CA and a server for this name, valid for some seconds from two days ago: certificates in DER, and the server's
/// key.
fn certificates(name: &str, seconds: u64) -> (Vec<Vec<u8>>, Key) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let from = now - 2 * 86_400;
    let certificate =
        |name: &str, seconds| Certificate::new(Name::common(name), Validity::new(from, from + seconds));
    let mut ca = certificate("A CA of this test", 10 * 86_400);
    ca.extensions = vec![Extension::basic_constraints(true, None)];
    let mut server = certificate(name, seconds);
    let names = der::sequence(&[der::context_primitive(2, name.as_bytes())]);
    server.extensions = vec![Extension::new(Oid::new(&[2, 5, 29, 17]), names)];
    let key = Key::fresh(Kind::P256);
    let chain = [Link::new(ca, Key::fresh(Kind::P256)), Link::new(server, key.clone())];
    (mint_chain(&chain).unwrap(), key)
}

/// A server that answers one request after another with `body`; says its port.
fn serve(certificate: &[u8], key: Key) -> u16 {
    let chain = vec![CertificateDer::from(certificate.to_vec())];
    let certified = CertifiedKey::new(chain, Arc::new(ServerKey(key)));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::Stream::new(&mut connection, &mut socket);
            let mut request = [0; 4096];
            // A client that does not trust the certificate ends here.
            if stream.read(&mut request).is_ok_and(|read| read > 0) {
                let _ = stream.write_all(&ok(b"over TLS"));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port
}

/// One request in a process whose system has the CA certificates of a file.
#[test]
#[ignore = "a process of the other tests here"]
fn fetch_over_tls() {
    let (Ok(server), Ok(expected)) = (std::env::var(SERVER), std::env::var(EXPECTED)) else {
        panic!("{SERVER} and {EXPECTED} are set by the test that starts this process");
    };
    let url = HttpUrl::parse(&server).unwrap();
    let mut hosts = AllowedHosts::default();
    hosts.insert(&url).unwrap();
    match (expected.as_str(), Http::with_hosts(Duration::from_secs(10), hosts).send(&Request::get(url, 100)))
    {
        ("body", answer) => assert_eq!(answer.unwrap().body, b"over TLS"),
        (reason, Err(Error::Unreachable { reason: found, .. })) => assert!(found.contains(reason), "{found}"),
        (reason, other) => panic!("{reason}: {other:?}"),
    }
}

/// Runs [`fetch_over_tls`] with these CA certificates.
fn run(url: &str, roots: &Path, expected: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::fetch_over_tls", "--ignored", "--nocapture", "--test-threads=1"])
        .env(SERVER, url)
        .env(EXPECTED, expected)
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR")
        .stdout(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{expected}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_server_needs_a_valid_certificate_of_a_trusted_ca_for_its_name() {
    let folder = Folder::new();
    let write = |name: &str, text: &str| {
        let path = folder.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (right, key) = certificates("localhost", 10 * 86_400);
    let roots = write("right.pem", &pem(&right[0]));
    let url = format!("https://localhost:{}/", serve(&right[1], key));
    run(&url, &roots, "body");
    let (other, _) = certificates("localhost", 10 * 86_400);
    run(&url, &write("other.pem", &pem(&other[0])), "invalid peer certificate");
    run(&url, &write("empty.pem", ""), "no CA certificates");
    run(&url.replace("localhost", "127.0.0.1"), &roots, "invalid peer certificate");
    let (named, key) = certificates("kdsintf.amd.com", 10 * 86_400);
    let url = format!("https://localhost:{}/", serve(&named[1], key));
    run(&url, &write("named.pem", &pem(&named[0])), "invalid peer certificate");
    let (expired, key) = certificates("localhost", 86_400);
    let url = format!("https://localhost:{}/", serve(&expired[1], key));
    run(&url, &write("expired.pem", &pem(&expired[0])), "invalid peer certificate");
}
