//! A mirror that runs in front of a server, and raw requests to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use teeproof_endorse::{
    AccessLog, Cache, CacheLimits, Endpoints, Error, Http, Mirror, MirrorLimits, MirrorSource, MirrorStop,
    Question, Retries, Reuse, Service, Stale,
};
use teeproof_mint::snp::Evidence;
use teeproof_mint::x509::Extension;

use crate::folder::Folder;
use crate::minted::{NOW, authority, chain, crl, issuers_of, machine};
use crate::questions::{IDENTITY, TCB_INFO};
use crate::server::{Received, Server, not_found, ok, status};

pub(crate) const QUICK: Retries = Retries {
    attempts: 2,
    first_pause: Duration::from_millis(4),
    longest_pause: Duration::from_millis(8),
    total: Duration::from_secs(5),
    lock_patience: Duration::from_secs(5),
    refusals: Duration::from_secs(60),
};

pub(crate) const LIMITS: MirrorLimits = MirrorLimits {
    head: Duration::from_millis(400),
    connection: Duration::from_secs(20),
    ..MirrorLimits::DEFAULT
};

/// A running mirror in front of a server.
pub(crate) struct Running {
    pub(crate) upstream: Server,
    pub(crate) folder: Folder,
    pub(crate) address: SocketAddr,
    pub(crate) stop: MirrorStop,
    pub(crate) thread: Option<JoinHandle<Result<(), Error>>>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

pub(crate) fn reuse(question: &Question) -> Reuse {
    match question {
        Question::Vcek(_) => Reuse::WHILE_VALID,
        _ => Reuse::within(Duration::from_secs(86_400)).stale(Stale::IfError),
    }
}

/// Endpoints with every service at this URL.
pub(crate) fn all_at(url: &str) -> Endpoints {
    let mut endpoints = Endpoints::vendors();
    for service in Service::ALL {
        endpoints.set(*service, url).unwrap();
    }
    endpoints
}

pub(crate) fn source(upstream: &str, folder: &Folder) -> MirrorSource {
    let endpoints = all_at(upstream);
    MirrorSource {
        transport: Box::new(Http::with_hosts(Duration::from_secs(2), endpoints.allowed_hosts().unwrap())),
        endpoints,
        cache: Cache::open(&folder.0, CacheLimits::DEFAULT).unwrap(),
        retries: QUICK,
        reuse,
        offline: false,
        clock: || NOW,
        random: || 7,
    }
}

impl Running {
    pub(crate) fn of(answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::with(Server::of(answer), LIMITS, |_| ())
    }

    pub(crate) fn with(
        upstream: Server,
        limits: MirrorLimits,
        change: impl FnOnce(&mut MirrorSource),
    ) -> Self {
        let folder = Folder::new();
        let mut source = source(&upstream.url, &folder);
        change(&mut source);
        let mirror = Mirror::bind("127.0.0.1:0".parse().unwrap(), source, limits).unwrap();
        let (address, stop) = (mirror.address(), mirror.stopper());
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&log);
        let write: Arc<AccessLog> = Arc::new(move |access| {
            let line = format!("{} {} {} {}", access.method, access.target, access.status, access.origin);
            lines.lock().unwrap().push(line);
        });
        let thread = Some(thread::spawn(move || mirror.run(write)));
        Self { upstream, folder, address, stop, thread, log }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The endpoints of a client of the mirror, as an operator sets them.
    pub(crate) fn endpoints(&self) -> Endpoints {
        let mut endpoints = all_at(&self.url());
        endpoints.set(Service::IntelRootCrl, &format!("{}/IntelSGXRootCA.der", self.url())).unwrap();
        endpoints.set(Service::Issuers, &format!("{}/aia", self.url())).unwrap();
        endpoints
    }

    pub(crate) fn sent(&self) -> usize {
        self.upstream.requests().len()
    }

    /// Sends these bytes, and reads until the end.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&self.raw_bytes(bytes)).into_owned()
    }

    pub(crate) fn raw_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(bytes);
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response);
        response
    }

    pub(crate) fn get(&self, target: &str) -> Response {
        Response::parse(&self.raw_bytes(format!("GET {target} HTTP/1.1\r\nHost: mirror\r\n\r\n").as_bytes()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(thread::panicking() || matches!(ended, Ok(Ok(()))), "{ended:?}");
        }
    }
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// The answer of every service by its path.
pub(crate) fn services() -> impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static {
    services_with(&machine(teeproof_mint::snp::Product::Milan).mint().unwrap())
}

pub(crate) fn services_with(minted: &Evidence) -> impl Fn(&Received) -> Vec<u8> + Send + Sync + use<> {
    let (vek, chain) = (minted.vek.clone(), chain(minted));
    let lists = [crl("ARK-Milan"), crl("Intel SGX PCK Platform CA"), crl("Intel SGX Root CA")];
    let signed = |text: &str| text.replace("SIGNATURE", &"0a".repeat(64)).into_bytes();
    let (info, identity) = (signed(TCB_INFO), signed(IDENTITY));
    let mut issuer = authority("Issuing CA");
    issuer.certificate.extensions.push(Extension::basic_constraints(true, None));
    let authority = issuer.certificate.sign(&issuer.key, &issuer.certificate.subject, &issuer.key).unwrap();
    let signed_by = |name: &str, body: &[u8]| {
        let signer =
            if name == "SGX-PCK-CRL" { "Intel SGX PCK Platform CA" } else { "Intel SGX TCB Signing" };
        status("200 OK", &format!("{name}-Issuer-Chain: {}\r\n", issuers_of(signer)), body)
    };
    move |received| match received.path.split('?').next().unwrap() {
        "/vcek/v1/Milan/cert_chain" => ok(chain.as_bytes()),
        "/vcek/v1/Milan/crl" => ok(&lists[0]),
        path if path.starts_with("/vcek/v1/Milan/4041") => ok(&vek),
        "/tdx/certification/v4/tcb" => signed_by("TCB-Info", &info),
        "/tdx/certification/v4/qe/identity" => signed_by("SGX-Enclave-Identity", &identity),
        "/sgx/certification/v4/pckcrl" => signed_by("SGX-PCK-CRL", &lists[1]),
        "/" => ok(&lists[2]),
        "/ca/x.cer" => ok(&authority),
        // A certificate of no CA.
        "/ca/leaf.cer" => ok(&vek),
        _ => not_found(),
    }
}
