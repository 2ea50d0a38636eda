//! A temporary software TPM: swtpm with a folder of its own, both removed on drop.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::guard::Guard;
use crate::{Error, ports};

/// A running swtpm with a fresh TPM 2.0, started up and ready for commands.
///
/// It serves one connection at a time, as swtpm does. Dropping it ends the process and removes its
/// folder; a guard process does so if the program that started it is killed.
#[derive(Debug)]
pub struct Swtpm {
    child: Child,
    sockets: Sockets,
    // Dropped before the folder, which it would otherwise remove.
    guard: Guard,
    folder: Folder,
}

/// The first of two consecutive ports that were free a moment ago.
fn free_port() -> Result<u16, Error> {
    let (data, _control) = ports::bind_any_pair(Ipv4Addr::LOCALHOST.into())?;
    data.local_addr().map(|address| address.port()).map_err(Error::io("looking for a port"))
}

/// Sockets of swtpm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sockets {
    /// Data and control sockets in the folder.
    Unix,
    /// Data on this port of the loopback interface, control on the next one.
    Tcp(u16),
}

/// Attempts with other ports.
const TRIES: u32 = 50;
/// Time limit for swtpm's start. It takes some hundredths of a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(2);
/// The control channel's command for a reset.
const CMD_INIT: u32 = 2;

impl Swtpm {
    /// Starts one that listens on a socket in the file system.
    ///
    /// # Errors
    /// swtpm is not installed or does not start.
    pub fn start() -> Result<Self, Error> {
        Self::on(Sockets::Unix)
    }

    /// Starts one that listens on two consecutive free ports of the loopback interface, which the
    /// TPM software stack requires: data, then control.
    ///
    /// # Errors
    /// swtpm is not installed or does not start.
    pub fn start_tcp() -> Result<Self, Error> {
        let mut tries = TRIES;
        loop {
            // Another process may take the ports before swtpm does: then swtpm ends, and other ports follow.
            match Self::on(Sockets::Tcp(free_port()?)) {
                Err(Error::Program { .. }) if tries > 0 => tries -= 1,
                started => return started,
            }
        }
    }

    /// Its address for `teeproof_vtpm::Address`.
    #[must_use]
    pub fn address(&self) -> String {
        match self.sockets {
            Sockets::Unix => format!("swtpm:path={}", self.folder.socket().display()),
            Sockets::Tcp(port) => format!("swtpm:host=127.0.0.1,port={port}"),
        }
    }

    /// Its address for the TPM software stack (libtss2), as in `TPM2TOOLS_TCTI`.
    ///
    /// The stack supports Unix sockets from its version 4; [`Self::start_tcp`] serves all versions.
    #[must_use]
    pub fn tcti(&self) -> String {
        self.address()
    }

    /// The Unix data socket, if it has one.
    #[must_use]
    pub fn socket(&self) -> Option<PathBuf> {
        (self.sockets == Sockets::Unix).then(|| self.folder.socket())
    }

    /// Resets the TPM like a power cycle: the next command must be TPM2_Startup.
    ///
    /// # Errors
    /// It does not listen on a Unix socket, or its control channel refuses.
    pub(crate) fn reset(&self) -> Result<(), Error> {
        let path = self.folder.control_socket();
        let mut result = [0; 4];
        UnixStream::connect(path)
            .and_then(|mut control| {
                control.write_all(&[CMD_INIT.to_be_bytes(), [0; 4]].concat())?;
                control.read_exact(&mut result)
            })
            .map_err(Error::io("resetting swtpm"))?;
        match u32::from_be_bytes(result) {
            0 => Ok(()),
            code => Err(Error::Program { program: "swtpm", said: format!("it was not reset: {code:#x}") }),
        }
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its own folder, removed on drop.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    fn on(sockets: Sockets) -> Result<Self, Error> {
        let folder = Folder::make()?;
        let child = spawn(&folder, sockets)?;
        let guard = Guard::over(child.id(), &folder.0);
        // From here on, dropping `this` ends the child.
        let mut this = Self { child, sockets, guard: guard.unwrap_or_default(), folder };
        this.wait_until_up()?;
        Ok(this)
    }

    /// swtpm opens its sockets first and writes its process number last. Waiting for the number
    /// shows that it is this swtpm that has the ports, which connecting would not.
    fn wait_until_up(&mut self) -> Result<(), Error> {
        let expected = self.child.id().to_string();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let number = fs::read_to_string(self.folder.pid_file()).unwrap_or_default();
            if number.trim() == expected {
                return Ok(());
            }
            let ended = self.child.try_wait().map_err(Error::io("looking after swtpm"))?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(Error::Program { program: "swtpm", said: self.folder.said() });
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.guard.dismiss();
    }
}

fn spawn(folder: &Folder, sockets: Sockets) -> Result<Child, Error> {
    let (server, control) = match sockets {
        Sockets::Unix => (
            format!("type=unixio,path={}", folder.socket().display()),
            format!("type=unixio,path={}", folder.control_socket().display()),
        ),
        Sockets::Tcp(port) => (
            format!("type=tcp,port={port},bindaddr=127.0.0.1"),
            format!("type=tcp,port={},bindaddr=127.0.0.1", port.saturating_add(1)),
        ),
    };
    let child = Command::new("swtpm")
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .args(["--server", &server, "--ctrl", &control])
        .args(["--tpmstate", &format!("dir={}", folder.0.display())])
        .args(["--pid", &format!("file={}", folder.pid_file().display())])
        .args(["--log", &format!("file={},level=1", folder.log().display())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::Missing { program: "swtpm", package: "swtpm" },
        _ => Error::Io { what: "starting swtpm".into(), source },
    })
}

/// The folder of one swtpm, removed when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            // Short, for the path of a socket may have no more than about a hundred bytes.
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("twin-{}-{number}", std::process::id()));
            let path = std::path::absolute(&path).unwrap_or(path);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                // Left by an earlier process with the same PID.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(source) => {
                    return Err(Error::Io { what: format!("creating {}", path.display()), source });
                }
            }
        }
    }

    fn socket(&self) -> PathBuf {
        self.0.join("tpm")
    }

    fn control_socket(&self) -> PathBuf {
        self.0.join("tpm.ctrl")
    }

    fn pid_file(&self) -> PathBuf {
        self.0.join("pid")
    }

    fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// The output of swtpm.
    fn said(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        if log.trim().is_empty() { "it said nothing".into() } else { log.trim().replace('\n', "; ") }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(Path::new(&self.0));
    }
}
