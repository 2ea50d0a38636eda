//! A service on loopback that plays AMD KDS, and a mirror that is run by the command.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use teeproof_endorse::{Endpoints, Question, Vcek};
use teeproof_mint::snp::{Machine, Product as MintProduct};
use teeproof_mint::x509::{Certificate, Crl, Link, Name, Validity};
use teeproof_mint::{Key, Kind};
use teeproof_wire::snp::{Product, Tcb};

/// A running service; its thread ends with the test program.
pub(crate) struct Kds {
    pub(crate) url: String,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl Kds {
    /// A service whose response to the path of the request with this number is this.
    pub(crate) fn of(answer: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answer, recorded) = (Arc::new(answer), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, recorded) = (Arc::clone(&answer), Arc::clone(&recorded));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {}
                    let number = {
                        let mut all = recorded.lock().unwrap();
                        all.push(path.clone());
                        all.len() - 1
                    };
                    let _ = stream.write_all(&answer(number, &path));
                });
            }
        });
        Self { url, requests }
    }

    /// A service with these objects by their paths.
    pub(crate) fn with(objects: HashMap<String, Vec<u8>>) -> Self {
        Self::of(move |_, path| objects.get(path).map_or_else(not_found, |body| ok(body)))
    }

    /// The paths that were requested.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    response("200 OK", body)
}

pub(crate) fn not_found() -> Vec<u8> {
    response("404 Not Found", b"<html>404</html>")
}

pub(crate) fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Milan machines: the list of a fleet, and the objects of KDS by their paths, with the revocation list.
pub(crate) fn fleet(count: u16) -> (String, HashMap<String, Vec<u8>>) {
    let now = now();
    let tcb = MintProduct::Milan.tcb();
    let levels =
        Tcb { fmc: None, bootloader: tcb.bootloader, tee: tcb.tee, snp: tcb.snp, microcode: tcb.microcode };
    let mut list = "# A fleet of Milan machines.\n\n".to_owned();
    let mut objects = HashMap::from([("/vcek/v1/Milan/crl".to_owned(), crl("ARK-Milan", now))]);
    for number in 1..=count {
        let mut chip_id = [0x40; 64];
        chip_id[..2].copy_from_slice(&number.to_be_bytes());
        let question = Question::Vcek(Vcek::new(Product::Milan, &chip_id, levels).unwrap());
        let path = question.url(&Endpoints::vendors()).unwrap().path().to_owned();
        let machine =
            Machine::vcek(MintProduct::Milan).authority_keys(Kind::Rsa2048).at(now).chip_id(chip_id);
        objects.insert(path, machine.mint().unwrap().vek);
        let chip: String = chip_id.iter().map(|byte| format!("{byte:02x}")).collect();
        let Tcb { bootloader, tee, snp, microcode, .. } = levels;
        list.push_str(&format!("milan {chip} {bootloader} {tee} {snp} {microcode} # rack {number}\n"));
    }
    (list, objects)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A revocation list of AMD's CA with this common name, valid for 30 days.
pub(crate) fn crl(name: &str, now: u64) -> Vec<u8> {
    let validity = Validity::new(now - 1000, now + 1_000_000);
    let authority = Link::new(Certificate::new(Name::amd(name), validity), Key::fresh(Kind::P256));
    Crl::new(now - 1000, now + 30 * 86_400).sign(&authority).unwrap()
}

/// `teeproof cache serve` on a free port.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) address: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Served {
    pub(crate) fn start(kds: &str, cache: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_teeproof"));
        command.args(["cache", "serve", "--listen", "127.0.0.1:0", "--cache-dir"]).arg(cache).args(more);
        command.env("TEEPROOF_KDS_URL", kds).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, address, stderr }
    }

    /// The response to a request for this path: status line with headers, and body.
    pub(crate) fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: mirror\r\n\r\n").unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let end = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        (String::from_utf8(response[..end].to_vec()).unwrap(), response[end..].to_vec())
    }

    /// Ends it by SIGTERM; its exit code, and the rest of standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        let status = self.child.wait().unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (status.code(), said)
    }

    /// Ends it by SIGTERM while nobody reads standard error; its exit code.
    pub(crate) fn end_unread(mut self) -> Option<i32> {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        for _ in 0..300 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("it runs 30 s after SIGTERM")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
