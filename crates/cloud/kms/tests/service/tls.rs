//! TLS through a proxy: it ends in the client, under the name of KMS, whoever carries the bytes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme};
use teeproof_kms::{KmsChannel, KmsClient, KmsSettings};
use teeproof_mint::x509::{Certificate, Extension, Link, Name, Oid, Validity, der, mint_chain, pem};
use teeproof_mint::{Key, Kind, Scheme};

use crate::child::{passed, process};
use crate::kms::{Papers, Reply, SECRET, read, requests, write};

const KMS: &str = "kms.eu-west-1.amazonaws.com";

/// A minted P-256 key as rustls wants it.
#[derive(Clone, Debug)]
struct ServerKey(Key);

impl SigningKey for ServerKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let is_offered = offered.contains(&SignatureScheme::ECDSA_NISTP256_SHA256);
        is_offered.then(|| Box::new(self.clone()) as Box<dyn Signer>)
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

/// A CA, and a server for this name under it: the file of the CA, and the configuration of the server.
fn server(folder: &Path, name: &str) -> (String, Arc<ServerConfig>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let of = |name: &str| Certificate::new(Name::common(name), Validity::new(now - 86_400, now + 86_400));
    let (mut ca, mut own) = (of("A CA of this test"), of(name));
    ca.extensions = vec![Extension::basic_constraints(true, None)];
    let names = der::sequence(&[der::context_primitive(2, name.as_bytes())]);
    own.extensions = vec![Extension::new(Oid::new(&[2, 5, 29, 17]), names)];
    let key = Key::fresh(Kind::P256);
    let chain = mint_chain(&[Link::new(ca, Key::fresh(Kind::P256)), Link::new(own, key.clone())]).unwrap();
    let file = folder.join(format!("{name}.pem"));
    std::fs::write(&file, pem(&chain[0])).unwrap();
    let certificate = vec![CertificateDer::from(chain[1].clone())];
    let certified = CertifiedKey::new(certificate, Arc::new(ServerKey(key)));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    (file.to_str().unwrap().to_owned(), Arc::new(config))
}

/// Answers one connection as KMS does.
fn serve(config: &Arc<ServerConfig>, mut socket: impl Read + Write) {
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    // A client that does not trust the certificate ends here.
    if let Some(request) = read(&mut stream) {
        write(&mut stream, &Reply::ok(&request.answer(&SECRET)));
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
}

/// One request with the settings of the environment, and where its channel must end.
#[test]
#[ignore = "a process of the other tests here"]
fn one_request() {
    let of = |name: &str| std::env::var(name).ok();
    let mut settings = KmsSettings::default();
    settings.region = Some("eu-west-1".to_owned());
    settings.url = of("TEEPROOF_TEST_URL");
    settings.proxy = of("TEEPROOF_TEST_PROXY").map(|proxy| proxy.parse().unwrap());
    settings.timeout = Duration::from_secs(10);
    settings.retries = 0;
    let answer = KmsClient::new(settings).unwrap().send(&requests()[3], &mut Papers::default());
    let found = match &answer {
        Ok(answer) if answer.channel() == KmsChannel::Authenticated => "authenticated".to_owned(),
        Ok(answer) => format!("{:?}", answer.channel()),
        Err(error) => error.to_string(),
    };
    let expected = of("TEEPROOF_TEST_EXPECTED").unwrap();
    assert!(found.contains(&expected), "expected {expected}, got {found}");
}

fn run(environment: &[(&str, &str)]) {
    let mut child = process(&["--exact", "tls::one_request"]);
    child.env_remove("SSL_CERT_DIR").envs(environment.iter().copied());
    passed(&child.output().unwrap(), 1);
}

#[test]
fn tls_ends_in_the_client_whoever_carries_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kms-tls-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (ca, config) = server(&folder, KMS);
    let (local_ca, local) = server(&folder, "localhost");
    let tcp = |config: Arc<ServerConfig>| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || listener.incoming().for_each(|stream| serve(&config, stream.unwrap())));
        port
    };
    let port = tcp(Arc::clone(&config));
    let proxy = format!("tcp:127.0.0.1:{port}");
    let (proxied, trusted) = (("TEEPROOF_TEST_PROXY", proxy.as_str()), ("SSL_CERT_FILE", ca.as_str()));
    run(&[proxied, trusted, ("TEEPROOF_TEST_EXPECTED", "authenticated")]);
    // The certificate is one of KMS, and of a CA that the client does not trust.
    run(&[
        proxied,
        ("SSL_CERT_FILE", &local_ca),
        ("TEEPROOF_TEST_EXPECTED", "does not answer: invalid peer certificate"),
    ]);
    // The parent ends TLS itself, under its own name.
    let other = format!("tcp:127.0.0.1:{}", tcp(Arc::clone(&local)));
    let parent = ("TEEPROOF_TEST_PROXY", other.as_str());
    run(&[
        parent,
        ("SSL_CERT_FILE", &local_ca),
        ("TEEPROOF_TEST_EXPECTED", "does not answer: invalid peer certificate"),
    ]);
    // A URL of another host: encrypted, and not KMS.
    let url = format!("https://localhost:{}", tcp(local));
    let another = ("TEEPROOF_TEST_URL", url.as_str());
    run(&[another, ("SSL_CERT_FILE", &local_ca), ("TEEPROOF_TEST_EXPECTED", "OtherHost")]);
    // A URL of KMS in the variable of the SDK.
    let endpoint = ("AWS_ENDPOINT_URL_KMS", "https://kms.eu-west-1.amazonaws.com");
    run(&[proxied, trusted, endpoint, ("TEEPROOF_TEST_EXPECTED", "authenticated")]);
    let plain = ("AWS_ENDPOINT_URL_KMS", "http://192.0.2.1");
    run(&[trusted, plain, ("TEEPROOF_TEST_EXPECTED", "plain HTTP to another machine")]);
    #[cfg(unix)]
    {
        let path = folder.join("s");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        thread::spawn(move || listener.incoming().for_each(|stream| serve(&config, stream.unwrap())));
        let unix = format!("unix:{}", path.display());
        run(&[("TEEPROOF_TEST_PROXY", &unix), trusted, ("TEEPROOF_TEST_EXPECTED", "authenticated")]);
    }
    std::fs::remove_dir_all(folder).unwrap();
}
