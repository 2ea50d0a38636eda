//! The state of the TPM before the machine is switched on, as Azure's paravisor would have left it:
//! an attestation key, its certificate, and the hardware report over both. Debian's tpm2-tools put it
//! there, so that what our code reads in the guest is not of its own making.

use crate::shell::{self, Outcome, capture, cargo};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Makes the state in the folder `tpm`, and in `minted` what it was made of.
pub(super) fn prepare(folder: &Path) -> Outcome {
    let simulator = Simulator::start(folder)?;
    for line in KEY {
        simulator.tool(line)?;
    }
    // The clock of the guest is that of this machine.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?;
    let mut mint = cargo();
    mint.args(["run", "--quiet", "--locked", "-p", "xtask", "--example", "vtpm_state", "--"]);
    mint.arg(folder.join("ak.der")).arg(now.as_secs().to_string()).arg(folder.join("minted"));
    shell::run(&mut mint)?;
    for line in INDEXES {
        simulator.tool(line)?;
    }
    Ok(())
}

/// The attestation key, made as the paravisor makes its own.
const KEY: &[&str] = &[
    "tpm2_createprimary --quiet -C e -G rsa2048:rsassa-sha256:null -g sha256 \
     -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda -c ak.ctx",
    "tpm2_evictcontrol --quiet -C o -c ak.ctx 0x81000003",
    "tpm2_flushcontext --quiet -t",
    "tpm2_readpublic --quiet -c 0x81000003 -f der -o ak.der",
];

/// The paravisor's indexes, of the sizes that a software TPM can hold; and an orderly end, as
/// firmware expects it.
const INDEXES: &[&str] = &[
    "tpm2_nvdefine --quiet 0x01400001 -C p -s 2048 -a platformcreate|authwrite|authread|ownerread|no_da",
    "tpm2_nvwrite --quiet 0x01400001 -C 0x01400001 -i minted/report.bin",
    "tpm2_nvdefine --quiet 0x01c101d0 -C p -s 2048 -a platformcreate|authwrite|authread|ownerread|no_da",
    "tpm2_nvwrite --quiet 0x01c101d0 -C 0x01c101d0 -i minted/ak-certificate.nv",
    "tpm2_shutdown -c",
];

/// A software TPM on this machine, ended when it is dropped.
struct Simulator<'a> {
    child: Child,
    port: u16,
    folder: &'a Path,
}

impl<'a> Simulator<'a> {
    fn start(folder: &'a Path) -> Outcome<Self> {
        let state = folder.join("tpm");
        fs::create_dir_all(&state).map_err(|e| format!("{}: {e}", state.display()))?;
        let mut last = String::from("no two free ports in a row");
        for port in (0..TRIES).filter_map(|_| free_pair()) {
            match Self::on(port, folder) {
                Ok(simulator) => return Ok(simulator),
                // Somebody else took the ports first.
                Err(reason) => last = reason,
            }
        }
        Err(format!("swtpm: {last}"))
    }

    fn on(port: u16, folder: &'a Path) -> Outcome<Self> {
        let socket = |port| format!("type=tcp,port={port},bindaddr=127.0.0.1");
        let mut swtpm = Command::new("swtpm");
        swtpm.args(["socket", "--tpm2", "--tpmstate", "dir=tpm", "--pid", "file=tpm.pid"]);
        swtpm.args(["--server", &socket(port), "--ctrl", &socket(port + 1)]);
        swtpm.args(["--flags", "not-need-init,startup-clear"]);
        swtpm.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = swtpm.spawn().map_err(|e| e.to_string())?;
        let mut simulator = Self { child, port, folder };
        simulator.wait_until_up()?;
        Ok(simulator)
    }

    /// It writes its number last, when it has its sockets.
    fn wait_until_up(&mut self) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let number = fs::read_to_string(self.folder.join("tpm.pid")).unwrap_or_default();
            if number.trim() == self.child.id().to_string() {
                return Ok(());
            }
            let ended = self.child.try_wait().map_err(|e| e.to_string())?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(format!("does not start on port {}", self.port));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs one of Debian's tools in the folder.
    fn tool(&self, line: &str) -> Outcome {
        let mut words = line.split_whitespace();
        let mut tool = Command::new(words.next().unwrap_or_default());
        tool.args(words);
        tool.env("TPM2TOOLS_TCTI", format!("swtpm:host=127.0.0.1,port={}", self.port));
        capture(tool.current_dir(self.folder)).map(|_| ())
    }
}

impl Drop for Simulator<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of two ports in a row that were free a moment ago.
fn free_pair() -> Option<u16> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    let port = first.local_addr().ok()?.port();
    let next = TcpListener::bind((Ipv4Addr::LOCALHOST, port.checked_add(1)?));
    next.is_ok().then_some(port)
}

const TRIES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(30);
