//! Moto as a child process, and the test as one with its environment: credentials, region and endpoint are read from there.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::proxy::Proxy;

/// The version that the tests were written against.
const MOTO: &str = "moto[server,ec2]==5.2.5";
/// Set for the process that has the environment.
const INSIDE: &str = "TEEPROOF_INSIDE_MOTO_TEST";

/// A running server, which ends with the value.
struct Moto {
    child: Child,
    address: SocketAddr,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a test named `name` in a process with credentials and the endpoint of a moto of its own.
pub(crate) fn with_moto<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Proxy) -> F) {
    if let Ok(address) = std::env::var(INSIDE) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (server, own): (SocketAddr, SocketAddr) = {
            let (server, own) = address.split_once(' ').unwrap();
            (server.parse().unwrap(), own.parse().unwrap())
        };
        runtime.block_on(async { test(Proxy::listen(own, server).await).await });
        return;
    }
    let moto = match start() {
        Ok(moto) => moto,
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "moto: {reason}");
            // Past the capture of the test harness.
            let _ = writeln!(std::io::stderr(), "SKIPPED: {name}: moto cannot be installed: {reason}");
            return;
        }
    };
    let own = free_port();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env_clear()
        .env(INSIDE, format!("{} {own}", moto.address))
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL_EC2", format!("http://{own}"))
        // No file of the user.
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .status()
        .unwrap();
    assert!(status.success(), "{name}: {status}");
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn start() -> Result<Moto, String> {
    let program = install()?;
    let address = free_port();
    let child = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("moto_server: {error}"))?;
    let moto = Moto { child, address };
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err("moto_server does not listen after 60 s".to_owned());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(moto)
}

/// The server, installed if it is missing. Two tests may come at the same time: the second one waits.
fn install() -> Result<PathBuf, String> {
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target directory")?.join("moto");
    let program = folder.join("bin/moto_server");
    // Written last, so that an installation that was cut off is made again.
    let mark = folder.join("teeproof-installed");
    if std::fs::read_to_string(&mark).is_ok_and(|text| text == MOTO) {
        return Ok(program);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", MOTO]))?;
    std::fs::write(&mark, MOTO).map_err(|error| error.to_string())?;
    Ok(program)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}")) }
}

/// A call of the EC2 Query API that the provider does not make, and the text of the answer.
pub(crate) fn query(server: SocketAddr, parameters: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    let scope = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
    let body = format!("Version=2016-11-15&{parameters}");
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nAuthorization: {scope}\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{parameters}: {answer}");
    answer
}

/// The text of the first element of this name.
pub(crate) fn element(answer: &str, name: &str) -> String {
    let (_, rest) = answer.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name}: {answer}"));
    rest.split('<').next().unwrap().to_owned()
}
