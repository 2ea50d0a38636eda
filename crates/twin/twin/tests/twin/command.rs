//! The command: its output, its files, and its end by a signal.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The running command in its own folder.
pub(crate) struct Twin {
    pub(crate) child: Child,
    pub(crate) folder: PathBuf,
    pub(crate) lines: Vec<String>,
}

impl Twin {
    pub(crate) fn start(name: &str, flags: &[&str]) -> Self {
        let folder = folder(name);
        fs::create_dir_all(&folder).unwrap();
        Self::start_in(folder, flags)
    }

    pub(crate) fn start_in(folder: PathBuf, flags: &[&str]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_teeproof-twin")), folder, flags)
    }

    /// The twin with this limit of open files.
    fn start_with_files(name: &str, files: u32) -> Self {
        let folder = folder(name);
        fs::create_dir_all(&folder).unwrap();
        let mut shell = Command::new("sh");
        let line = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        shell.args(["-c", &line, env!("CARGO_BIN_EXE_teeproof-twin")]);
        Self::start_by(shell, folder, &[])
    }

    fn start_by(mut command: Command, folder: PathBuf, flags: &[&str]) -> Self {
        let mut child = command
            .args(["paravisor", "--listen", "127.0.0.1:0"])
            .args(flags)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::from(
                OpenOptions::new().append(true).create(true).open(folder.join("said")).unwrap(),
            ))
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines = out.lines().map(Result::unwrap).take(6).collect();
        Self { child, folder, lines }
    }

    /// Its standard error, and that of all earlier twins of this folder.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.folder.join("said")).unwrap()
    }

    /// The folder of its software TPM.
    fn tpm_folder(&self) -> PathBuf {
        Path::new(self.value("TEEPROOF_EVENT_LOG")).parent().unwrap().to_owned()
    }

    /// The process of its software TPM.
    pub(crate) fn swtpm(&self) -> u32 {
        fs::read_to_string(self.tpm_folder().join("pid")).unwrap().trim().parse().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        let head = format!("export {name}=");
        self.lines.iter().find_map(|line| line.strip_prefix(&head)).unwrap()
    }
}

/// A folder for one test.
pub(crate) fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("twin-command-{}-{name}", std::process::id()))
}

impl Drop for Twin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_output_is_the_environment_for_clients() {
    let twin = Twin::start("says", &["--product", "turin", "--root", "root.der"]);
    assert!(twin.lines[0].starts_with("# A TWIN"), "{:?}", twin.lines);
    assert!(twin.lines[1].contains("root.der"));
    // Our client keeps its connection; the TPM software stack opens one for each command.
    assert!(twin.value("TEEPROOF_TPM").starts_with("tpmrm:host=127.0.0.1,port="));
    assert!(twin.value("TPM2TOOLS_TCTI").starts_with("swtpm:host=127.0.0.1,port="));
    assert!(twin.value("TEEPROOF_IMDS").starts_with("http://127.0.0.1:"));
    assert!(fs::metadata(twin.value("TEEPROOF_EVENT_LOG")).unwrap().len() > 1000);
    let root = fs::read(twin.folder.join("root.der")).unwrap();
    assert!(root.windows(9).any(|window| window == b"ARK-Turin"));
}

#[test]
fn a_kill_leaves_no_tpm_behind() {
    let mut twin = Twin::start("killed", &[]);
    let swtpm = twin.swtpm();
    let folder = twin.tpm_folder();
    let lives = || fs::read_to_string(format!("/proc/{swtpm}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    assert!(lives() && folder.exists());
    // SIGKILL: the twin itself cannot clean up.
    twin.child.kill().unwrap();
    twin.child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while (lives() || folder.exists()) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    assert!(!lives() && !folder.exists());
}

/// Exit code and standard error of a start with only these flags.
fn usage_of(flags: &[&str]) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_teeproof-twin");
    let done = Command::new(program).arg("paravisor").args(flags).output().unwrap();
    (done.status.code(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn impossible_settings_are_reported() {
    let started = |flags: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_teeproof-twin"))
            .args(["paravisor", "--listen", "127.0.0.1:0"])
            .args(flags)
            .output()
            .unwrap();
        assert!(done.stdout.is_empty());
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    let (code, said) = started(&["--nv-size", "2000"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("does not fit an NV index of 2000 bytes"), "{said}");
    assert_eq!(started(&["--fault", "none"]).0, Some(2));
    let (code, said) = usage_of(&["--listen", "127.0.0.1:65535"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("65535 is the last one"), "{said}");
    let (code, said) = started(&["--root", "/nowhere/root.der"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("writing /nowhere/root.der: "), "{said}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = started(&["--thim", &address]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("listening on {address}: ")), "{said}");
}

#[test]
fn the_limit_of_connections_is_in_the_help() {
    let program = env!("CARGO_BIN_EXE_teeproof-twin");
    for flag in ["-h", "--help"] {
        let done = Command::new(program).args(["paravisor", flag]).output().unwrap();
        let help = String::from_utf8(done.stdout).unwrap();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.matches("at most 64 connections at a time").count(), 3, "{help}");
    }
}

#[test]
fn a_connection_beyond_the_limit_is_reported() {
    let twin = Twin::start("limit", &["--product", "tdx"]);
    let (_, port) = twin.value("TPM2TOOLS_TCTI").rsplit_once("port=").unwrap();
    let connect = || TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    let open: Vec<_> = (0..64).map(|_| connect()).collect();
    for _ in 0..3 {
        assert_eq!(connect().read(&mut [0]).unwrap_or_default(), 0);
    }
    let says = "teeproof-twin: 64 connections are open: further ones are closed without a response\n";
    assert_eq!(twin.said(), says, "once");
    drop(open);
}

/// The response of the certificate service at this address.
fn asks_for_versions(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = "GET /metadata/versions HTTP/1.1\r\nHost: x\r\nMetadata: true\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    // A connection that was reset has nothing to read.
    let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
    answer
}

/// Waits until the service has free slots: connections end asynchronously.
fn answers_again(address: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !asks_for_versions(address).contains("2021-12-13") {
        assert!(Instant::now() < deadline, "no answer any more");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn both_services_are_there_again_after_files_ran_out() {
    let twin = Twin::start_with_files("files", 48);
    let address = twin.value("TEEPROOF_IMDS").strip_prefix("http://").unwrap().to_owned();
    let (_, port) = twin.value("TPM2TOOLS_TCTI").rsplit_once("port=").unwrap();
    let open: Vec<_> = (0..100).filter_map(|_| TcpStream::connect(&address).ok()).collect();
    // The service reaches its limit when it accepts them.
    thread::sleep(Duration::from_millis(300));
    drop(open);
    answers_again(&address);
    // TPM2_GetRandom.
    let mut tpm = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    tpm.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    tpm.write_all(&[0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 4]).unwrap();
    tpm.read_exact(&mut [0; 16]).unwrap();
}

#[test]
fn the_service_for_certificates_has_a_limit_of_connections() {
    let twin = Twin::start("certificates", &[]);
    let address = twin.value("TEEPROOF_IMDS").strip_prefix("http://").unwrap().to_owned();
    let open: Vec<_> = (0..64).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for _ in 0..3 {
        assert_eq!(asks_for_versions(&address), "");
    }
    let says = "teeproof-twin: 64 connections are open: further ones are closed without a response\n";
    assert_eq!(twin.said(), says, "once");
    drop(open);
    answers_again(&address);
}
