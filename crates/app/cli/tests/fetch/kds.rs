//! A KDS on loopback, the machine whose certificates it has, and the command that requests it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_mint::Kind;
use teeproof_mint::snp::{Evidence, Machine, Product};

use crate::server::{Server, not_found, ok};
use crate::support::*;

/// The VCEK of [`REPORT`] at KDS.
pub(crate) const VCEK_PATH: &str = "/vcek/v1/Milan/d49554ec717f4e5b0fe6b143bcf0405bd7ae304727edf46603f2a76aef6a3abc15d7af38db757039029f0efacfd08e244324884738c72b082e2f87a44d541eb6?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115";
pub(crate) const GENUINE_WITHOUT_NONCE: [&str; 3] = ["--no-nonce", "--policy", "builtin:genuine"];

/// A server that has these bodies at these paths, and answers everything else with 404.
pub(crate) fn serving(bodies: impl IntoIterator<Item = (String, Vec<u8>)>) -> Server {
    let bodies: BTreeMap<String, Vec<u8>> = bodies.into_iter().collect();
    Server::of(move |received| bodies.get(&received.path).map_or_else(not_found, |body| ok(body)))
}

/// A KDS that has the VCEK of [`REPORT`] and no revocation list.
pub(crate) fn with_vcek() -> Server {
    serving([(VCEK_PATH.to_owned(), bytes(VCEK))])
}

/// The URL of a service that is down.
pub(crate) fn down() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The command with this KDS and cache, without pauses.
pub(crate) fn with(run: Run, kds: &str, cache: &Path) -> Run {
    run.env("TEEPROOF_KDS_URL", kds)
        .env("TEEPROOF_CACHE_DIR", cache.to_str().unwrap())
        .env("TEEPROOF_RETRIES", "0")
}

/// `verify` of [`REPORT`] alone, with this KDS and cache.
pub(crate) fn verify_report(kds: &str, cache: &Path) -> Run {
    with(verify(REPORT, &[&GENUINE_WITHOUT_NONCE]), kds, cache)
}

/// A minted machine whose certificates are valid now, as files.
pub(crate) struct Minted {
    pub(crate) machine: Machine,
    pub(crate) evidence: Evidence,
    pub(crate) folder: PathBuf,
}

impl Minted {
    pub(crate) fn new(test: &str, product: Product, version: u32) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let machine = Machine::vcek(product).at(now).authority_keys(Kind::Rsa2048).version(version);
        let evidence = machine.mint().unwrap();
        let folder = folder(test);
        std::fs::write(folder.join("report.bin"), &evidence.report).unwrap();
        std::fs::write(folder.join("ark.der"), &evidence.ark).unwrap();
        Self { machine, evidence, folder }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The path of this machine's VCEK at KDS.
    pub(crate) fn vcek_path(&self) -> String {
        let product = self.machine.product;
        let length = if product == Product::Turin { 8 } else { 64 };
        let chip = hex(&self.evidence.report[0x1a0..0x1a0 + length]);
        let tcb = product.tcb();
        let fmc = if product == Product::Turin { format!("fmcSPL={:02}&", tcb.fmc) } else { String::new() };
        format!(
            "/vcek/v1/{}/{chip}?{fmc}blSPL={:02}&teeSPL={:02}&snpSPL={:02}&ucodeSPL={:02}",
            product.name(),
            tcb.bootloader,
            tcb.tee,
            tcb.snp,
            tcb.microcode
        )
    }

    /// VCEK, CA chain and a list that revokes these serial numbers, by their paths at KDS.
    pub(crate) fn bodies(&self, revoked: &[&[u8]]) -> [(String, Vec<u8>); 3] {
        let product = self.machine.product.name();
        let chain = [pem("CERTIFICATE", &self.evidence.intermediate), pem("CERTIFICATE", &self.evidence.ark)];
        [
            (self.vcek_path(), self.evidence.vek.clone()),
            (format!("/vcek/v1/{product}/cert_chain"), chain.concat().into_bytes()),
            (format!("/vcek/v1/{product}/crl"), self.machine.mint_crl(revoked).unwrap()),
        ]
    }

    /// A KDS that has everything of this machine, with a list that revokes these serial numbers.
    pub(crate) fn kds(&self, revoked: &[&[u8]]) -> Server {
        serving(self.bodies(revoked))
    }

    /// `verify` of the report under the machine's own root, with this KDS and a cache in the folder.
    pub(crate) fn verify(&self, kds: &str) -> Run {
        let run = teeproof(["verify", "--no-nonce", "--anchor"]).args([self.file("ark.der")]).args(GENUINE);
        with(run.args([self.file("report.bin")]), kds, &self.file("cache"))
    }
}

/// The paths of the requests so far.
pub(crate) fn paths(server: &Server) -> Vec<String> {
    let paths = server.requests().into_iter();
    paths.map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect()
}

/// The sources of endorsements in a result: what, and from where.
pub(crate) fn sources(json: &serde_json::Value) -> Vec<(String, String)> {
    let text = |one: &serde_json::Value, member: &str| one[member].as_str().unwrap().to_owned();
    let all = json["endorsements"].as_array().unwrap().iter();
    all.map(|one| (text(one, "what"), text(one, "from"))).collect()
}
