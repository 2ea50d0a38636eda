//! An instance in a folder: the files that cloud-init writes, and stand-ins for the programs of Amazon Linux.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use teeproof_aws::user_data::{Download, ParentConfig, ParentFile, ParentReport, ParentStep, UserData};

use crate::servers::{Downloads, enclave, free_port};

/// The programs that are not real ones. `yum` is the one of `dnf`.
pub(crate) const STAND_INS: &[&str] = &[
    "amazon-linux-extras",
    "dnf",
    "journalctl",
    "modprobe",
    "nitro-cli",
    "python3",
    "sleep",
    "socket_activation.py",
    "systemctl",
    "teeproof",
    "vsock-proxy",
];

pub(crate) const AL2023: &str = "NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nVERSION_ID=\"2023\"\n";
pub(crate) const AL2: &str = "NAME=\"Amazon Linux\"\nVERSION=\"2\"\nID=\"amzn\"\nVERSION_ID=\"2\"\n";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// An instance.
pub(crate) struct Machine {
    pub(crate) folder: PathBuf,
    pub(crate) downloads: Downloads,
    /// Where requests to any other host arrive.
    pub(crate) elsewhere: Downloads,
    pub(crate) config: ParentConfig,
}

/// SHA-256, by another program than ours.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let done = child.wait_with_output().unwrap();
    let digits = str::from_utf8(&done.stdout[..64]).unwrap();
    core::array::from_fn(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
}

fn stand_ins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/user_data/stand_ins")
}

impl Machine {
    /// An Amazon Linux 2023 as it is launched: without nitro-cli, and without the driver.
    pub(crate) fn new() -> Self {
        for program in ["bash", "curl", "python3"] {
            let is_there = ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(program).exists());
            assert!(is_there, "{program} is not installed: apt-get install {program}");
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("parent-{}-{number}", std::process::id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let (downloads, elsewhere) = (Downloads::start(), Downloads::start());
        let (program, image) = (fs::read(stand_ins().join("teeproof")).unwrap(), vec![0xe1; 100_000]);
        downloads.put("/teeproof", 200, &program);
        downloads.put("/app.eif", 200, &image);
        let image = ParentFile::Url(Download { url: downloads.url("/app.eif"), sha256: sha256(&image) });
        let program = Download { url: downloads.url("/teeproof"), sha256: sha256(&program) };
        let mut config = ParentConfig::new("tp-abc", "eu-central-1", image);
        config.program = Some(ParentFile::Url(program));
        (config.road_port, config.status_port, config.ports) = (free_port(), free_port(), vec![free_port()]);
        config.road_seconds = 1;
        let machine = Self { folder, downloads, elsewhere, config };
        machine.lay_out();
        machine
    }

    fn lay_out(&self) {
        for name in ["bin", "packages", "fail"] {
            fs::create_dir_all(self.folder.join(name)).unwrap();
        }
        for name in STAND_INS {
            let folder = if ["nitro-cli", "vsock-proxy"].contains(name) { "packages" } else { "bin" };
            self.program(folder, name, name);
        }
        self.program("bin", "dnf", "yum");
        for size in ["2048", "1048576"] {
            self.put(&format!("root/sys/kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages"), "0\n");
        }
        self.put("root/etc/os-release", AL2023);
        self.put("root/proc/sys/kernel/random/boot_id", "boot-1\n");
        self.put("cid", "19\n");
        self.put("enclave", &enclave().to_string());
    }

    fn program(&self, folder: &str, name: &str, new_name: &str) {
        let path = self.folder.join(folder).join(new_name);
        fs::copy(stand_ins().join(name), &path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn put(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap_or_default()
    }

    /// Makes a stand-in fail, as far as it knows this word.
    pub(crate) fn fail(&self, what: &str, with: &str) {
        self.put(&format!("fail/{what}"), with);
    }

    /// What cloud-init does at the first boot. Scripts find their files in the folder: that line alone is another one.
    pub(crate) fn write_files(&self) {
        let root = self.folder.join("root");
        for file in self.config.user_data().unwrap().files() {
            let mut text = file.text.clone();
            let place = root.display();
            if file.path.ends_with("/setup") || file.path.ends_with("/status") {
                assert_eq!(text.matches("\nroot=\n").count(), 1, "{}", file.path);
                text = text.replace("\nroot=\n", &format!("\nroot='{place}'\n"));
            }
            if file.path.ends_with("/relay") {
                assert_eq!(text.matches("\"/run/").count(), 1);
                text = text.replace("\"/run/", &format!("\"{place}/run/"));
            }
            let path = root.join(file.path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let mode = u32::from_str_radix(file.mode, 8).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    /// A command on the machine, with nothing of this process' environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.folder.join("bin").display()))
            .env("STAND_IN", &self.folder)
            .env("http_proxy", format!("http://127.0.0.1:{}", self.elsewhere.port))
            .env("no_proxy", "127.0.0.1")
            .stdin(Stdio::null());
        command
    }

    /// What systemd starts at every boot: whether it succeeded, and its report.
    pub(crate) fn setup(&self) -> (bool, ParentReport) {
        let done = self.run("usr/local/libexec/teeproof/setup");
        let report = fs::read(self.folder.join("root/run/teeproof/report.json")).unwrap_or_else(|error| {
            panic!("no report: {error}: {}", String::from_utf8_lossy(&done.stderr));
        });
        let read = ParentReport::from_json(&report);
        let read = read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&report)));
        (done.status.success(), read)
    }

    pub(crate) fn run(&self, script: &str) -> Output {
        self.command(&self.folder.join("root").join(script)).output().unwrap()
    }

    /// The step that failed: the report says so, and nothing was done after it.
    pub(crate) fn failed(&self) -> ParentStep {
        let (is_ready, report) = self.setup();
        assert!(!is_ready, "{report:?}");
        assert_eq!(report.state, teeproof_aws::user_data::ParentState::Failed);
        assert_eq!(report.deployment, "tp-abc");
        let failed = report.failed_step().unwrap_or_else(|| panic!("{report:?}")).clone();
        assert_eq!(report.steps.last(), Some(&failed));
        failed
    }

    /// The commands of the first boot.
    pub(crate) fn run_commands(&self) {
        for words in UserData::commands() {
            let done =
                self.command(&self.folder.join("bin").join(words[0])).args(&words[1..]).output().unwrap();
            assert!(done.status.success(), "{words:?}");
        }
    }

    /// The calls of stand-ins so far, without the folder.
    pub(crate) fn calls(&self) -> Vec<String> {
        let root = format!("{}", self.folder.join("root").display());
        self.read("calls").lines().map(|line| line.replace(&root, "")).collect()
    }

    /// The instance starts again: its memory is new, its disk the same.
    pub(crate) fn reboot(&self) {
        self.stop_relay();
        let _ = fs::remove_dir_all(self.folder.join("root/run"));
        let _ = fs::remove_file(self.folder.join("calls"));
        self.put("root/proc/sys/kernel/random/boot_id", "boot-2\n");
    }

    fn stop_relay(&self) {
        let pid = self.read("relay");
        if !pid.is_empty() {
            let _ = Command::new("kill").arg(pid.trim()).status();
            let _ = fs::remove_file(self.folder.join("relay"));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop_relay();
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
