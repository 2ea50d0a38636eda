//! One moto for all tests of this program, and a stand-in for it where a test is about its answers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use teeproof_twin::ec2::{Ec2, Moto, Running, Settings};

/// Ended by its guard, since a static is not dropped.
static MOTO: LazyLock<Option<Moto>> = LazyLock::new(|| Some(Moto::start(&Moto::installed()?).unwrap()));

/// The address of moto, or `None` after having said that the test was not run.
pub(crate) fn address() -> Option<SocketAddr> {
    let address = MOTO.as_ref().map(Moto::address);
    if address.is_none() {
        skip();
    }
    address
}

/// The moto itself, for requests that no twin sees.
pub(crate) fn moto() -> Option<&'static Moto> {
    address().and(MOTO.as_ref())
}

/// The Python with moto, boto3 and botocore.
pub(crate) fn python() -> Option<Command> {
    let Some(python) = Moto::installed().and_then(|program| Some(program.parent()?.join("python"))) else {
        skip();
        return None;
    };
    Some(Command::new::<PathBuf>(python))
}

fn skip() {
    // Not by a macro: those are kept back for tests that pass.
    let name = thread::current().name().unwrap_or_default().to_owned();
    let said = format!("ec2_twin: {name} not run, moto is not installed (cargo xtask setup)\n");
    std::io::stdout().write_all(said.as_bytes()).unwrap();
}

/// A twin before moto, in a region of its own, so that no other test's instances are there.
pub(crate) fn twin(region: &str, change: impl FnOnce(&mut Settings)) -> Option<Running> {
    let mut settings = Settings::new(address()?).unwrap();
    settings.region = region.to_owned();
    change(&mut settings);
    Some(Ec2::start(settings).unwrap())
}

/// A twin before a stand-in for moto that answers every request with these bytes.
pub(crate) fn before_stand_in(answer: &[u8], change: impl FnOnce(&mut Settings)) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = Settings::new(listener.local_addr().unwrap()).unwrap();
    change(&mut settings);
    let answer = answer.to_vec();
    // Ends with the process.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut request = Vec::new();
            let mut part = [0; 65_536];
            while !is_whole(&request) {
                match stream.read(&mut part) {
                    Ok(len) if len > 0 => request.extend_from_slice(&part[..len]),
                    _ => break,
                }
            }
            let _ = stream.write_all(&answer);
        }
    });
    Ec2::start(settings).unwrap()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let len = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    body.len() >= len.parse::<usize>().unwrap()
}

/// An answer of the stand-in.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
