//! Minted Azure machines as files, for the tests of every verb that reads them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use teeproof_mint::azure::{Evidence, Vm};
use teeproof_mint::snp::Product;

use crate::support::*;

/// When minted certificates are valid.
pub(crate) const AT: [&str; 2] = ["--at", "2026-01-15T12:00:00Z"];
/// The nonce of minted quotes.
pub(crate) const CHALLENGE: [u8; 32] = *b"a challenge of thirty-two bytes!";

/// A minted machine, and the folder with its files.
pub(crate) struct Machine {
    pub(crate) folder: PathBuf,
    pub(crate) minted: Evidence,
}

/// A machine on Genoa that quoted for [`CHALLENGE`].
pub(crate) fn genoa() -> Vm {
    Vm::snp(Product::Genoa).nonce(&CHALLENGE)
}

/// A file with this content.
pub(crate) fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// `--nonce` with these bytes.
pub(crate) fn nonce(bytes: &[u8]) -> [String; 2] {
    ["--nonce".to_string(), format!("hex:{}", hex(bytes))]
}

impl Machine {
    /// Mints the machine; the test's name becomes the folder's.
    pub(crate) fn new(test: &str, vm: &Vm) -> Self {
        Self { folder: folder(test), minted: vm.evidence().unwrap() }
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        put(&self.folder, name, content)
    }

    pub(crate) fn report(&self) -> PathBuf {
        self.put("hcl-report.bin", &self.minted.hcl_report)
    }

    /// The quote's message and its signature.
    pub(crate) fn quote(&self) -> Vec<PathBuf> {
        let message = self.put("quote.msg", &self.minted.quote_message);
        vec![message, self.put("quote.sig", &self.minted.quote_signature)]
    }

    /// The registers as `tpm2_pcrread` prints them.
    pub(crate) fn registers(&self) -> PathBuf {
        self.put("pcrs.txt", self.minted.pcrs_yaml())
    }

    pub(crate) fn log(&self) -> Vec<PathBuf> {
        self.minted.event_log.iter().map(|log| self.put("event.log", log)).collect()
    }

    /// The TD quote, on TDX with one.
    pub(crate) fn td_quote(&self) -> Vec<PathBuf> {
        self.minted.td_quote.iter().map(|quote| self.put("td-quote.bin", quote)).collect()
    }

    /// What the guest gives: report, TD quote, quote, registers and log.
    pub(crate) fn guest(&self) -> Vec<PathBuf> {
        let report = [vec![self.report()], self.td_quote()];
        [report.concat(), self.quote(), vec![self.registers()], self.log()].concat()
    }

    /// VEK and its authority, or the TCB signing certificate; AK certificate and its authorities; each by its name.
    pub(crate) fn certificates(&self) -> Vec<(String, Vec<u8>)> {
        let Evidence { vek, intermediate, ak_certificate, td, .. } = &self.minted;
        let named = [("vek", vek), ("sev", intermediate), ("ak", ak_certificate)];
        let mut all: Vec<_> = named.map(|(name, der)| (name.to_string(), der.clone())).into();
        all.extend(td.iter().map(|td| ("tcb-signing".to_string(), td.tcb_signing.clone())));
        let authorities = self.minted.ak_intermediates.iter().enumerate();
        all.extend(authorities.map(|(at, der)| (format!("ak-authority-{at}"), der.clone())));
        all.retain(|(_, der)| !der.is_empty());
        all
    }

    /// TCB info and QE identity of a machine on TDX with a TD quote.
    pub(crate) fn collateral(&self) -> Vec<PathBuf> {
        let documents = self.minted.td.iter().flat_map(|td| [("tcb", &td.tcb_info), ("qe", &td.qe_identity)]);
        documents.map(|(name, document)| self.put(&format!("{name}.json"), document)).collect()
    }

    /// Certificates and collateral as files.
    pub(crate) fn endorsements(&self) -> Vec<PathBuf> {
        let files = self.certificates().into_iter();
        let certificates = files.map(|(name, der)| self.put(&format!("{name}.der"), der));
        certificates.chain(self.collateral()).collect()
    }

    /// Everything that belongs to the machine, as loose files.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        [self.guest(), self.endorsements()].concat()
    }

    /// `--anchor` with the machine's ARK or its root of PCK certificates, where it has one, and with its root of virtual
    /// TPMs.
    pub(crate) fn anchors(&self) -> Vec<OsString> {
        let roots = [("ark.der", &self.minted.ark), ("ak-root.der", &self.minted.ak_root)];
        let intel = self.minted.td.iter().map(|td| ("intel-root.der", &td.root));
        let roots = roots.into_iter().chain(intel).filter(|(_, der)| !der.is_empty());
        roots.flat_map(|(name, der)| ["--anchor".into(), self.put(name, der).into()]).collect()
    }

    /// `verify` under builtin:genuine, at the minted time and with the machine's anchors; files and
    /// a nonce are to be added.
    pub(crate) fn verify(&self) -> Run {
        teeproof(["verify"]).args(GENUINE).args(AT).args(self.anchors())
    }

    /// The same with everything of the machine, and the nonce.
    pub(crate) fn verify_all(&self) -> Run {
        self.verify().args(nonce(&CHALLENGE)).args(self.files())
    }

    /// A bundle of everything of the machine.
    pub(crate) fn bundle(&self) -> PathBuf {
        let path = self.folder.join("machine.bundle");
        let collected = ["--collected", "2026-01-15T12:00:00Z"];
        teeproof(["bundle", "create"]).args(self.files()).args(collected).args(["-o"]).args([&path]).exits(0);
        path
    }
}
