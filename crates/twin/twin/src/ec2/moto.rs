//! A moto of its own for tests: the server of EC2 behind the twin, ended on drop.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::form::Form;
use super::upstream::Upstream;
use crate::guard::Guard;
use crate::{Error, ports};

const PROGRAM: &str = "moto_server";
/// The environment variable that names the program.
const VARIABLE: &str = "TEEPROOF_MOTO";
/// Where `cargo xtask setup` installs it, below the folder of builds.
const INSTALLED: &str = "moto/bin/moto_server";
/// Attempts with other ports.
const TRIES: u32 = 20;
/// Time limit for its start, which takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);
/// How much of its output an error has, in bytes.
const SAID: usize = 2000;

/// A running moto, without any instance.
///
/// Dropping it ends the process; a guard process does so if the program that started it is killed.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    address: SocketAddr,
    guard: Guard,
    folder: PathBuf,
}

impl Moto {
    /// The program: that of the variable `TEEPROOF_MOTO`, or the one that `cargo xtask setup` installed below the folder
    /// of builds that this program is in.
    #[must_use]
    pub fn installed() -> Option<PathBuf> {
        if let Some(path) = std::env::var_os(VARIABLE) {
            return Some(path.into());
        }
        let this = std::env::current_exe().ok()?;
        this.ancestors().map(|folder| folder.join(INSTALLED)).find(|program| program.is_file())
    }

    /// Starts this program on any free port of the loopback interface.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(program: &Path) -> Result<Self, Error> {
        let mut tries = TRIES;
        loop {
            // Another process may take the port before moto does: then moto ends, and another port follows.
            match Self::on(program, free_port()?) {
                Err(Error::Program { .. }) if tries > 0 => tries = tries.saturating_sub(1),
                started => return started,
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks any service that moto plays, such as `iam`, for what EC2's requests name: the body of its answer. These
    /// parameters are `Action`, `Version` and those of the action. No twin sees the request.
    ///
    /// # Errors
    /// It is refused.
    pub fn call(&self, service: &str, region: &str, parameters: &[(&str, &str)]) -> Result<String, Error> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=none/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=none"
        );
        let form = parameters.iter().fold(Form::default(), |form, (name, value)| form.with(name, value));
        let failed = |said: String| Error::io(format!("moto: {service}"))(std::io::Error::other(said));
        let upstream = Upstream { address: self.address, authorization: &authorization };
        let reply = upstream.call(&form).map_err(|error| failed(error.message))?;
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        if reply.status == 200 { Ok(body) } else { Err(failed(body)) }
    }

    fn on(program: &Path, port: u16) -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("twin-moto-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).map_err(Error::io(format!("creating {}", folder.display())))?;
        let log = fs::File::create(folder.join("log")).map_err(Error::io("creating the log of moto"))?;
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(Error::io(format!("starting {}", program.display())))?;
        let guard = Guard::over(child.id(), &folder).unwrap_or_default();
        // From here on, dropping `this` ends the child.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut this = Self { child, address, guard, folder };
        this.wait_until_up()?;
        Ok(this)
    }

    /// Waits until it answers. A server of somebody else on the port would answer too: then moto has ended.
    fn wait_until_up(&mut self) -> Result<(), Error> {
        let deadline = Instant::now().checked_add(PATIENCE);
        loop {
            let ended = self.child.try_wait().map_err(Error::io("waiting for moto"))?;
            if ended.is_some() || deadline.is_none_or(|deadline| Instant::now() > deadline) {
                return Err(Error::Program { program: PROGRAM, said: self.said() });
            }
            if self.answers() {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    fn answers(&self) -> bool {
        let request = b"GET /moto-api/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
        let answer = || -> std::io::Result<[u8; 12]> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request)?;
            let mut status = [0; 12];
            stream.read_exact(&mut status)?;
            Ok(status)
        };
        answer().is_ok_and(|status| status.ends_with(b" 200"))
    }

    /// The end of its output.
    fn said(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        let end = log.get(log.len().saturating_sub(SAID)..).unwrap_or_default();
        let text = String::from_utf8_lossy(end).trim().replace('\n', "; ");
        if text.is_empty() { "it said nothing".into() } else { text }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.guard.dismiss();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, Error> {
    let (listener, _) = ports::bind_any_pair(Ipv4Addr::LOCALHOST.into())?;
    listener.local_addr().map(|address| address.port()).map_err(Error::io("looking for a port"))
}
