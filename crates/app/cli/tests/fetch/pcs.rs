//! A PCS on loopback, the TDX platform whose collateral it has, and the command that requests it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_mint::tdx::{MintedQuote, TdxMachine};

use crate::kds::{down, with};
use crate::server::{Server, not_found, ok, status};
use crate::support::*;

pub(crate) const TCB_PATH: &str = "/tdx/certification/v4/tcb?fmspc=90C06F000000";
pub(crate) const QE_PATH: &str = "/tdx/certification/v4/qe/identity";
pub(crate) const PCK_CRL_PATH: &str = "/sgx/certification/v4/pckcrl?ca=platform&encoding=der";
pub(crate) const ROOT_CRL_PATH: &str = "/IntelSGXRootCA.der";
/// In the order of the requests.
pub(crate) const PATHS: [&str; 4] = [TCB_PATH, QE_PATH, PCK_CRL_PATH, ROOT_CRL_PATH];
pub(crate) const TITLES: [&str; 4] = [
    "TDX TCB info of FMSPC 90C06F000000",
    "identity of the TD quoting enclave",
    "revocation list of Intel SGX PCK Platform CA",
    "revocation list of Intel SGX Root CA",
];

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Seconds since 1970 as `date` writes them.
pub(crate) fn rfc3339(seconds: u64) -> String {
    let mut date = std::process::Command::new("date");
    let date = date.args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ"]).output();
    String::from_utf8(date.unwrap().stdout).unwrap().trim().to_owned()
}

/// A platform whose certificates and collateral are current now.
pub(crate) fn platform() -> TdxMachine {
    TdxMachine::new().at(now())
}

/// A minted platform as files.
pub(crate) struct Platform {
    pub(crate) minted: MintedQuote,
    pub(crate) folder: PathBuf,
}

impl Platform {
    pub(crate) fn new(test: &str, machine: &TdxMachine) -> Self {
        let (minted, folder) = (machine.mint().unwrap(), folder(test));
        std::fs::write(folder.join("quote.bin"), &minted.quote).unwrap();
        std::fs::write(folder.join("root.der"), &minted.root).unwrap();
        Self { minted, folder }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// `verify` of the quote under the platform's own root, with this PCS and a cache in the folder.
    pub(crate) fn verify(&self, pcs: &str) -> Run {
        let run = teeproof(["verify", "--no-nonce", "--anchor"]).args([self.file("root.der")]).args(GENUINE);
        self.with(run.args([self.file("quote.bin")]), pcs)
    }

    /// The command with this PCS and a cache in the folder; every other service is down.
    pub(crate) fn with(&self, run: Run, pcs: &str) -> Run {
        let root_crl = format!("{pcs}{ROOT_CRL_PATH}");
        with(run, &down(), &self.file("cache"))
            .env("TEEPROOF_PCS_URL", pcs)
            .env("TEEPROOF_INTEL_ROOT_CRL_URL", &root_crl)
    }
}

/// The responses of a PCS for this collateral, by their paths.
pub(crate) fn responses(minted: &MintedQuote) -> BTreeMap<String, Vec<u8>> {
    let signed = |header: &str, chain: &str, body: &str| {
        let headers = format!("Content-Type: application/json\r\n{header}: {}\r\n", percent_encoded(chain));
        status("200 OK", &headers, body.as_bytes())
    };
    let chain = minted.tcb_signing_chain();
    let list = |chain: &str, body: &[u8]| {
        status("200 OK", &format!("SGX-PCK-CRL-Issuer-Chain: {}\r\n", percent_encoded(chain)), body)
    };
    let all = [
        signed("TCB-Info-Issuer-Chain", &chain, &minted.tcb_info),
        signed("SGX-Enclave-Identity-Issuer-Chain", &chain, &minted.qe_identity),
        list(&minted.pck_issuers(), &minted.pck_crl),
        ok(&minted.root_crl),
    ];
    PATHS.iter().map(ToString::to_string).zip(all).collect()
}

/// A PCS with this collateral.
pub(crate) fn pcs(minted: &MintedQuote) -> Server {
    pcs_but(minted, "", Vec::new())
}

/// A PCS with this collateral, whose response to one path is another.
pub(crate) fn pcs_but(minted: &MintedQuote, path: &str, response: Vec<u8>) -> Server {
    let mut all = responses(minted);
    all.insert(path.to_owned(), response);
    Server::of(move |received| all.get(&received.path).cloned().unwrap_or_else(not_found))
}

/// A text as Intel writes it into a header: every byte but letters, digits and some marks as `%` and two digits.
pub(crate) fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encoded = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
}
