//! An enclave for tests: a module whose documents `teeproof-mint` signs, at a TCP port of this machine.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use ciborium::Value;
use teeproof_mint::nitro;

use super::module::{TestModule, serve};
use super::support::{Run, folder, teeproof};

pub(crate) const NONCE: &str = "hex:00112233445566778899aabbccddeeff";

/// The chain and the keys of all enclaves of this suite.
static MINTED: LazyLock<nitro::Enclave> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    nitro::Enclave::with_identity(&nitro::Identity::default(), now)
});

/// A running module, and a folder for outputs.
pub(crate) struct Enclave {
    pub(crate) address: String,
    pub(crate) folder: PathBuf,
}

impl Enclave {
    /// An enclave in production.
    pub(crate) fn start(test: &str) -> Self {
        let mut module = TestModule { is_production: true, maker: Some(minted), ..TestModule::default() };
        lock_as_launched(&mut module);
        Self::with(test, module)
    }

    pub(crate) fn with(test: &str, module: TestModule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp:{}", listener.local_addr().unwrap());
        thread::spawn(move || serve(listener.incoming().map(Result::unwrap), module));
        let enclave = Self { address, folder: folder(test) };
        std::fs::write(enclave.path("root.der"), MINTED.mint().unwrap().root()).unwrap();
        enclave
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The command in this enclave.
    pub(crate) fn run(&self, words: &str) -> Run {
        teeproof(words.split_whitespace()).env("TEEPROOF_NSM", &self.address).in_folder(&self.folder)
    }

    /// Runs words that the command line does not have.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &str, says: &str) {
        let ran = self.run(words).exits(2);
        assert!(ran.stderr.contains(says) && ran.stderr.contains("\nhint: "), "{says}: {ran:#?}");
    }

    /// `verify` elsewhere, with the root of this suite as an anchor.
    pub(crate) fn verify(&self, file: &str, more: &[&str]) -> Run {
        let policy = ["--policy", "builtin:genuine"];
        let run = teeproof(["verify"]).args([self.path(file)]).args(policy).args(more);
        run.args([Path::new("--anchor"), &self.path("root.der")])
    }
}

/// PCR0 to PCR15 are locked when an enclave starts.
pub(crate) fn lock_as_launched(module: &mut TestModule) {
    let request = teeproof_nsm::Request::LockPcrs { range: 16 };
    assert_eq!(module.answer(&request.to_cbor().unwrap()), b"\x68LockPCRs");
}

/// A document under the chain of this suite.
fn minted([user_data, nonce, public_key]: [Value; 3]) -> Vec<u8> {
    let mut enclave = MINTED.clone();
    for (key, value) in [("user_data", user_data), ("nonce", nonce), ("public_key", public_key)] {
        if let Value::Bytes(bytes) = value {
            enclave = enclave.with_entry(key, bytes);
        }
    }
    enclave.mint().unwrap().document
}
