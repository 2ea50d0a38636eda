//! `nsm serve` in the enclave, `collect nitro --from` and `nsm fetch` outside of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::enclave::{Enclave, NONCE};
use super::support::teeproof;

/// A running `nsm serve`.
struct Served {
    child: Child,
    address: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Served {
    fn start(enclave: &Enclave, listen: &str, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_teeproof"));
        command.args(["nsm", "serve", "--listen", listen, "--nsm", &enclave.address]).args(more);
        command.current_dir(&enclave.folder).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, address, stderr }
    }

    /// Ends it by SIGTERM; its exit code, and the rest of standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        let status = self.child.wait().unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (status.code(), said)
    }

    /// Ends it by SIGTERM while nobody reads standard error; its exit code.
    fn end_unread(mut self) -> Option<i32> {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        for _ in 0..300 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
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

#[test]
fn a_document_comes_over_the_road_and_is_accepted() {
    let enclave = Enclave::start("enclave-road");
    for listen in ["unix:road.sock", "tcp:127.0.0.1:0"] {
        let served = Served::start(&enclave, listen, &["-v", "--user-data", "utf8:data"]);
        let from = served.address.clone();
        // On the parent there is no module.
        let collect =
            format!("collect nitro --from {from} --nonce {NONCE} -o document.cose --nsm device:/dev/none");
        let ran = enclave.run(&collect).exits(0);
        assert!(ran.stderr.contains("not verified"), "{ran:#?}");
        let json = enclave.verify("document.cose", &["--nonce", NONCE, "--format", "json"]).exits(0).json();
        assert_eq!(json["claims"]["user_data"], "64617461", "{json:#}");
        enclave.run(&format!("nsm fetch {from} --nonce {NONCE} -o raw.cose")).exits(0);
        enclave.verify("raw.cose", &["--nonce", NONCE]).exits(0);
        enclave.run(&format!("nsm fetch {from} --nonce {NONCE} --bundle -o document.bundle")).exits(0);
        enclave.verify("document.bundle", &["--nonce", NONCE]).exits(0);
        enclave.verify("document.bundle", &["--nonce", "hex:ff"]).exits(5);
        let shown = teeproof(["bundle", "show"]).args([enclave.path("document.bundle")]).exits(0);
        assert!(shown.stdout.contains("nitro-document") || shown.stdout.contains("Nitro"), "{shown:#?}");
        std::fs::write(enclave.path("long"), [7; 513]).unwrap();
        let (huge, digits) = (std::fs::File::create(enclave.path("huge")).unwrap(), "07".repeat(2000));
        huge.set_len(20 << 20).unwrap();
        for words in [format!("nsm fetch {from}"), format!("collect nitro --from {from}")] {
            for (nonce, got) in [("@long", "more"), ("@huge", "more"), (&*format!("hex:{digits}"), "2000")] {
                let says = format!("--nonce: expected at most 512 bytes, got {got}\nhint: give a hash of it");
                let ran = enclave.run(&format!("{words} --nonce {nonce}")).fails(2, &[&says]);
                assert!(!ran.stderr.contains("--no-nonce"), "{ran:#?}");
            }
            let ran =
                enclave.run(&format!("{words} --nonce hex:")).fails(2, &["--nonce: the nonce is empty"]);
            assert!(!ran.stderr.contains("--no-nonce"), "{ran:#?}");
        }
        let from_here = format!("collect nitro --from {from} -o x");
        enclave.run(&from_here).fails(2, &["expected --nonce, got none"]);
        let (exit, said) = served.end();
        assert_eq!(exit, Some(0), "{said}");
        assert!(said.starts_with("module i-1234567890abcdef0-enc0123456789abcdef\n"), "{said}");
        assert_eq!(said.matches(" document, ").count(), 2, "{said}");
        assert_eq!(said.matches(" bundle, ").count(), 1, "{said}");
        assert!(said.ends_with("stopped\n"), "{said}");
        let gone = enclave.run(&format!("nsm fetch {from} --nonce {NONCE}"));
        gone.fails(8, &["the connection failed", "nsm serve"]);
    }
    assert!(!enclave.path("road.sock").exists());
}

#[test]
fn requests_over_the_rate_and_other_protocols_get_an_error() {
    let enclave = Enclave::start("enclave-road-rate");
    let served = Served::start(&enclave, "tcp:127.0.0.1:0", &["--rate", "1", "--burst", "1", "-v"]);
    let fetch = || enclave.run(&format!("nsm fetch {} --nonce {NONCE} -o raw.cose", served.address));
    let mut stream = TcpStream::connect(served.address.strip_prefix("tcp:").unwrap()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("frame: expected at most 1024 bytes"), "{answer:?}");
    fetch().exits(0);
    let ran = (0..20).map(|_| fetch().run()).find(|ran| ran.exit != 0).unwrap();
    assert_eq!(ran.exit, 8);
    assert!(ran.stderr.contains("the server refuses: rate limit: at most 1 documents a second"), "{ran:#?}");
    let (_, said) = served.end();
    assert!(said.contains("rate limit"), "{said}");
}

/// More lines than the pipe of standard error has room for, and than wait to be written.
#[test]
fn a_log_that_nobody_reads_stops_no_client() {
    let enclave = Enclave::start("enclave-road-log");
    let served = Served::start(&enclave, "tcp:127.0.0.1:0", &["-v"]);
    let address = served.address.strip_prefix("tcp:").unwrap();
    for number in 0..2500 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        stream.write_all(&[0; 4]).unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        assert!(read.is_ok_and(|read| read > 4), "{number}");
    }
    enclave.run(&format!("nsm fetch {} --nonce {NONCE} -o raw.cose", served.address)).exits(0);
    assert_eq!(served.end_unread(), Some(0));
}

#[test]
fn mistakes_are_refused_before_anything_is_sent() {
    let enclave = Enclave::start("enclave-road-usage");
    let from = "--from tcp:127.0.0.1:1";
    for (words, says) in [
        (format!("collect nitro {from} --nonce {NONCE} --user-data utf8:x"), "--user-data"),
        (format!("collect nitro {from} --nonce {NONCE} --public-key utf8:x"), "--public-key"),
        (format!("collect nitro {from} --no-nonce"), "--no-nonce"),
        (format!("collect nitro {from} --nonce {NONCE} --offline"), "--offline forbids a connection"),
        (format!("nsm fetch tcp:127.0.0.1:1 --nonce {NONCE} --offline"), "--offline forbids a connection"),
        (format!("nsm fetch 16:5733 --nonce {NONCE}"), "ADDRESS: 16:5733 is not the address"),
        (format!("collect nitro --from vsock:x --nonce {NONCE}"), "--from: vsock:x is not the address"),
        ("nsm serve --listen 127.0.0.1:5733".to_owned(), "--listen: 127.0.0.1:5733 is not the address"),
        ("nsm serve --listen tcp:192.0.2.1:5733".to_owned(), "cannot listen"),
        ("nsm serve --listen unix:no-such-folder/sock".to_owned(), "cannot listen"),
        ("nsm serve --listen tcp:127.0.0.1:0 --rate 0".to_owned(), "--rate"),
    ] {
        enclave.refuses(&words, says);
    }
    std::fs::write(enclave.path("long"), [0; 3600]).unwrap();
    let long = enclave.run("nsm serve --listen tcp:127.0.0.1:0 --public-key @long");
    long.fails(2, &["Attestation: expected a request of at most 4096 bytes"]);
}
