//! The machine: QEMU's Nitro enclave under plain emulation, and the backend of its vsock, which shows the enclave's ports
//! as Unix sockets. Nothing opens a vsock of this machine, and KVM is left alone.

use crate::parts::Parts;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use xtask_support::shell::Outcome;

/// What enclaves are booted with, in a folder.
pub(crate) struct Machine<'a> {
    pub(crate) qemu: &'a Path,
    pub(crate) parts: &'a Parts,
    pub(crate) folder: &'a Path,
}

impl Machine<'_> {
    /// Starts an enclave from an EIF. `append` goes on the kernel's command line, where no PCR measures it.
    pub(crate) fn start(&self, eif: &Path, append: &str) -> Outcome<Enclave> {
        // What an earlier enclave left would be taken for this one's.
        for name in [CONSOLE, BACKEND, HOST] {
            let _ = fs::remove_file(self.folder.join(name));
        }
        let backend = Process::start(&mut self.backend())?;
        let begin = Instant::now();
        while !self.folder.join(BACKEND).exists() {
            if begin.elapsed() > PATIENCE {
                return Err(format!("{} does not come up", self.parts.vsock.display()));
            }
            std::thread::sleep(TICK);
        }
        let qemu = Process::start(&mut self.qemu(eif, append))?;
        Ok(Enclave { console: self.folder.join(CONSOLE), begin, qemu, _backend: backend })
    }

    fn backend(&self) -> Command {
        // A longer packet is spread over descriptors of which the backend reads one; the rest would be lost.
        let machine = format!("guest-cid={CID},socket={BACKEND},uds-path={HOST},tx-buffer-size=16384");
        let mut backend = Command::new(&self.parts.vsock);
        backend.args(["--vm", &machine]).current_dir(self.folder);
        backend
    }

    fn qemu(&self, eif: &Path, append: &str) -> Command {
        let mut qemu = Command::new(self.qemu);
        // Debian's kernel finds the devices through ACPI, which this machine has off as Amazon's does.
        let machine = format!(
            "nitro-enclave,vsock=vsock,acpi=on,id={MODULE_ID},parent-role={ROLE},parent-id={INSTANCE}"
        );
        qemu.args(["-machine", &machine, "-accel", "tcg", "-cpu", "max", "-m", "512"]);
        qemu.args(["-no-user-config", "-display", "none", "-monitor", "none", "-no-reboot"]);
        qemu.args(["-serial", &format!("file:{CONSOLE}")]);
        qemu.args(["-chardev", &format!("socket,id=vsock,path={BACKEND}")]);
        for folder in &self.parts.firmware {
            qemu.arg("-L").arg(folder);
        }
        // With ACPI the guest has no timer to measure its processor's clock by.
        qemu.arg("-kernel").arg(eif).args(["-append", &format!("tsc_early_khz={} {append}", kilohertz())]);
        // It unpacks the EIF into the temporary directory.
        qemu.current_dir(self.folder).env("TMPDIR", ".");
        qemu
    }
}

/// The enclave's names: who it is, the role and the instance that started it.
pub(crate) const MODULE_ID: &str = "i-0123456789abcdef0-enc0123456789abcdef";
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/enclave";
pub(crate) const INSTANCE: &str = "i-0123456789abcdef0";

/// The socket on which this machine dials into the enclave: `CONNECT` and a port.
pub(crate) const HOST: &str = "vsock";
const BACKEND: &str = "backend";
const CONSOLE: &str = "console.log";
const CID: u32 = 4;

/// A running enclave, ended when it is dropped.
pub(crate) struct Enclave {
    console: PathBuf,
    begin: Instant,
    qemu: Process,
    _backend: Process,
}

impl Enclave {
    /// Everything on its console so far.
    pub(crate) fn console(&self) -> String {
        // What a program broke off or garbled is shown as far as it goes.
        String::from_utf8_lossy(&fs::read(&self.console).unwrap_or_default()).replace('\r', "")
    }

    /// Waits until a line of the console begins like this.
    pub(crate) fn wait_for(&mut self, prefix: &str) -> Outcome {
        loop {
            // The state first: what an ended machine wrote is all there.
            let ended = self.qemu.ended()?;
            if self.console().lines().any(|line| line.starts_with(prefix)) {
                return Ok(());
            }
            if ended || self.begin.elapsed() > LIMIT {
                let why = if ended { "the enclave ended" } else { "the enclave does not come to it" };
                return Err(format!("no line `{prefix}…`: {why}\n{}", self.console()));
            }
            std::thread::sleep(TICK);
        }
    }

    /// How long it has been running.
    pub(crate) fn age(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Waits for its end; gives back the console and how long it ran.
    pub(crate) fn finish(mut self) -> Outcome<(String, Duration)> {
        while !self.qemu.ended()? {
            if self.begin.elapsed() > LIMIT {
                return Err(format!("the enclave does not end\n{}", self.console()));
            }
            std::thread::sleep(TICK);
        }
        Ok((self.console(), self.begin.elapsed()))
    }
}

/// A process, ended when it is dropped.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Outcome<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        child.map(Self).map_err(|e| format!("cannot start {program}: {e}"))
    }

    fn ended(&mut self) -> Outcome<bool> {
        self.0.try_wait().map(|status| status.is_some()).map_err(|e| format!("cannot wait: {e}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The rate of this machine's processor, which is that of the emulated one's clock. Any near value does.
fn kilohertz() -> u64 {
    megahertz(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()).map_or(2_000_000, |rate| rate * 1000)
}

fn megahertz(cpuinfo: &str) -> Option<u64> {
    let line = cpuinfo.lines().find(|line| line.starts_with("cpu MHz"))?;
    line.split_once(':')?.1.trim().split('.').next()?.parse().ok()
}

const TICK: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);
/// Ten seconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        assert_eq!(megahertz("model name\t: x\ncpu MHz\t\t: 2596.152\ncpu MHz\t\t: 1.0\n"), Some(2596));
        assert_eq!(megahertz("processor\t: 0\n"), None);
    }
}
