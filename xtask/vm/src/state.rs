//! The state of the TPM before the machine is switched on, as Azure's paravisor would have left it:
//! an attestation key, its certificate, and the hardware report over both. Debian's tpm2-tools put it
//! there, so that what our code reads in the guest is not of its own making.

use crate::swtpm::Swtpm;
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use xtask_support::shell::{self, Outcome, capture, cargo};

/// Makes the state in the folder `tpm`, and in `minted` what it was made of.
pub(crate) fn prepare(folder: &Path) -> Outcome {
    let simulator = Simulator::start(folder)?;
    for line in KEY {
        simulator.tool(line)?;
    }
    // The clock of the guest is that of this machine.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?;
    let mut mint = cargo();
    mint.args(["run", "--quiet", "--locked", "-p", "xtask-vm", "--example", "vtpm_state", "--"]);
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

/// A software TPM that the tools can reach.
struct Simulator<'a> {
    _swtpm: Swtpm,
    port: u16,
    folder: &'a Path,
}

impl<'a> Simulator<'a> {
    fn start(folder: &'a Path) -> Outcome<Self> {
        let state = folder.join("tpm");
        fs::create_dir_all(&state).map_err(|e| format!("{}: {e}", state.display()))?;
        let mut last = String::from("no two free ports in a row");
        for port in (0..TRIES).filter_map(|_| free_pair()) {
            let [data, control] =
                [port, port + 1].map(|port| format!("type=tcp,port={port},bindaddr=127.0.0.1"));
            let flags = "not-need-init,startup-clear";
            match Swtpm::start(folder, &["--server", &data, "--ctrl", &control, "--flags", flags]) {
                Ok(swtpm) => return Ok(Self { _swtpm: swtpm, port, folder }),
                // Another process took the ports first.
                Err(reason) => last = format!("{reason} (port {port})"),
            }
        }
        Err(format!("the TPM's state: {last}"))
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

/// The first of two ports in a row that were free a moment ago. They lie below those that the system
/// gives to clients, of which each stands in the way for a while after its use.
fn free_pair() -> Option<u16> {
    // The seed of the hasher is random.
    let offset = RandomState::new().build_hasher().finish() % PORTS;
    let port = FIRST_PORT + u16::try_from(offset).ok()?;
    let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    let _first = listen(port)?;
    listen(port + 1).map(|_| port)
}

const TRIES: usize = 20;
const FIRST_PORT: u16 = 10_000;
/// Linux gives clients the ports from 32768 on.
const PORTS: u64 = 22_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_none_that_clients_get() {
        let found: Vec<u16> = (0..200).filter_map(|_| free_pair()).collect();
        assert!(!found.is_empty());
        assert!(found.iter().all(|port| (1024..32_767).contains(port)), "{found:?}");
    }
}
