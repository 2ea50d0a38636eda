//! The machine: QEMU's emulation with a software TPM behind a CRB device. The kernel talks to one
//! serial line and the steps to another, each of which ends up in a file.

use crate::parts::Parts;
use crate::swtpm::Swtpm;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use xtask_support::shell::{Outcome, run_within};

/// A machine that can be booted once. `tpm` in its folder is the state of its TPM.
pub(crate) struct Machine<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) folder: &'a Path,
}

impl Machine<'_> {
    /// Boots, waits for the end, and gives back what the steps said.
    pub(crate) fn boot(&self) -> Outcome<String> {
        let control = format!("type=unixio,path={SOCKET}");
        let log = "file=tpm.log,level=1";
        let tpm = Swtpm::start(self.folder, &["--terminate", "--ctrl", &control, "--log", log])?;
        let begin = Instant::now();
        let outcome = run_within(&mut self.qemu(), LIMIT);
        drop(tpm);
        if let Err(reason) = outcome {
            println!("{}", self.console());
            return Err(format!("the machine: {reason}"));
        }
        println!("vm: booted, ran and ended in {:.1} s", begin.elapsed().as_secs_f64());
        Ok(self.read(STEPS))
    }

    /// What the kernel said.
    pub(crate) fn console(&self) -> String {
        self.read(CONSOLE)
    }

    fn read(&self, name: &str) -> String {
        // What a program broke off or garbled is shown as far as it goes.
        let bytes = fs::read(self.folder.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }

    fn qemu(&self) -> Command {
        let mut qemu = Command::new(&self.parts.qemu);
        // KVM is left alone: not every machine's boots a kernel as it is.
        qemu.args(["-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", "512"]);
        qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        qemu.args(["-serial", &format!("file:{CONSOLE}"), "-serial", &format!("file:{STEPS}")]);
        qemu.arg("-kernel").arg(&self.parts.kernel).args(["-initrd", "initramfs"]);
        qemu.args(["-append", "console=ttyS0 panic=-1"]);
        qemu.args(["-chardev", &format!("socket,id=tpm-socket,path={SOCKET}")]);
        qemu.args(["-tpmdev", "emulator,id=tpm,chardev=tpm-socket", "-device", "tpm-crb,tpmdev=tpm"]);
        if let Some(libraries) = &self.parts.libraries {
            qemu.env("LD_LIBRARY_PATH", libraries);
        }
        qemu.current_dir(self.folder).stdin(Stdio::null());
        qemu
    }
}

const CONSOLE: &str = "console.log";
const STEPS: &str = "steps.log";
const SOCKET: &str = "tpm.sock";
/// Ten seconds or less on an idle machine.
const LIMIT: Duration = Duration::from_secs(180);
