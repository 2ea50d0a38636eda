//! A machine to collect in.

use std::path::{Path, PathBuf};

use teeproof_twin::paravisor::{Fault, Paravisor, Running, Settings};

use super::support::{Ran, Run, folder, teeproof};

pub(crate) const NONCE: &str = "hex:00112233445566778899aabbccddeeff";

/// A twin and a folder.
pub(crate) struct Machine {
    pub(crate) twin: Running,
    pub(crate) folder: PathBuf,
}

impl Machine {
    /// A healthy one on Genoa.
    pub(crate) fn start(test: &str) -> Self {
        Self::with(test, &Settings::default())
    }

    pub(crate) fn faulty(test: &str, fault: Fault) -> Self {
        Self::with(test, &Settings { fault: Some(fault), ..Settings::default() })
    }

    pub(crate) fn with(test: &str, settings: &Settings) -> Self {
        let machine = Self { twin: Paravisor::start(settings).unwrap(), folder: folder(test) };
        std::fs::write(machine.path("root.der"), machine.twin.root_der()).unwrap();
        machine
    }

    /// The environment that the twin prints. A build without our own transport has only the port for
    /// the TPM software stack.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let all = self.twin.environment().into_iter();
        if cfg!(feature = "direct") {
            all.collect()
        } else {
            all.filter(|(name, _)| *name != "TEEPROOF_TPM").collect()
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The same as an argument.
    pub(crate) fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The command, in this machine.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.environment().iter().fold(teeproof(arguments), |run, (name, value)| run.env(name, value))
    }

    /// `collect azure` into a file of this name.
    pub(crate) fn collect(&self, name: &str, more: &[&str]) -> Run {
        self.run(&["collect", "azure"]).args(more).args([Path::new("-o"), &self.path(name)])
    }

    /// `verify` elsewhere, with the twin's root as an anchor.
    pub(crate) fn verify(&self, name: &str, more: &[&str]) -> Ran {
        let policy = ["--policy", "builtin:genuine"];
        let run = teeproof(["verify"]).args([self.path(name)]).args(policy).args(more);
        run.args([Path::new("--anchor"), &self.path("root.der")]).run()
    }
}
