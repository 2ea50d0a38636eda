//! TD quotes without a paravisor: minted ones under roots of their own, and those that ship with the test data.

use std::ffi::OsString;
use std::path::PathBuf;

use teeproof_mint::azure::EventLog;
use teeproof_mint::tdx::{MintedQuote, TdxMachine};

use crate::azure_tdx::names_collateral;
use crate::machine::{AT, CHALLENGE, nonce, put};
use crate::support::*;

/// A minted machine, and the folder with its files.
pub(crate) struct TdMachine {
    pub(crate) folder: PathBuf,
    pub(crate) minted: MintedQuote,
}

/// A machine whose guest had [`CHALLENGE`] quoted.
pub(crate) fn guest() -> TdxMachine {
    TdxMachine::new().nonce(&CHALLENGE)
}

/// A machine whose platform lacks an update of 2025-06-01, and reaches a level with this status.
pub(crate) fn late(status: &str) -> TdxMachine {
    guest().with_tcb_info(|info| {
        let mut reached = info.levels[0].clone();
        reached.status = status.into();
        reached.advisories = vec!["INTEL-SA-00837".into()];
        let newest = &mut info.levels[0];
        newest.sgx = [255; 16];
        newest.date = "2025-06-01T00:00:00Z".into();
        info.levels.insert(1, reached);
    })
}

impl TdMachine {
    pub(crate) fn new(test: &str, machine: &TdxMachine) -> Self {
        Self { folder: folder(test), minted: machine.mint().unwrap() }
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        put(&self.folder, name, content)
    }

    pub(crate) fn quote(&self) -> PathBuf {
        self.put("quote.bin", &self.minted.quote)
    }

    /// TCB info, QE identity, and the certificate of their signer.
    pub(crate) fn collateral(&self) -> Vec<PathBuf> {
        let MintedQuote { tcb_info, qe_identity, tcb_signing, .. } = &self.minted;
        vec![
            self.put("tcb.json", tcb_info),
            self.put("qe.json", qe_identity),
            self.put("tcb-signing.der", tcb_signing),
        ]
    }

    /// The lists of the root and of the authority of PCK certificates.
    pub(crate) fn lists(&self) -> Vec<PathBuf> {
        vec![self.put("root.crl", &self.minted.root_crl), self.put("pck.crl", &self.minted.pck_crl)]
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        [vec![self.quote()], self.collateral()].concat()
    }

    pub(crate) fn anchors(&self) -> Vec<OsString> {
        vec!["--anchor".into(), self.put("root.der", &self.minted.root).into()]
    }

    /// A bundle of the quote and all of its collateral.
    pub(crate) fn bundle(&self) -> PathBuf {
        let path = self.folder.join("machine.bundle");
        let run = teeproof(["bundle", "create", "--collected", AT[1]]).args(self.files()).args(self.lists());
        run.args(["-o"]).args([&path]).exits(0);
        path
    }

    /// `verify` under builtin:genuine at the minted time, with the machine's root and the nonce; files are to be added.
    pub(crate) fn verify(&self) -> Run {
        teeproof(["verify"]).args(GENUINE).args(AT).args(nonce(&CHALLENGE)).args(self.anchors())
    }
}

/// A result on one line.
fn words(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_form_of_a_quote_is_accepted_under_its_own_root() {
    for (name, machine) in [
        ("tdx-4", guest()),
        ("tdx-5", guest().version_5()),
        ("tdx-1-5", guest().tdx_1_5()),
        ("tdx-processor", guest().processor_ca()),
    ] {
        let machine = TdMachine::new(name, &machine);
        let run = || machine.verify().args(machine.files());
        let ran = run().exits(0).shows(&["✔ tdx.signature", "✔ tdx.tcb ", "✔ tdx.nonce", "✔ tdx.debug"]);
        let first = "ACCEPTED  tdx  policy builtin:genuine  exit 0  NON-PRODUCTION ANCHOR";
        assert_eq!(ran.first_line(), first);
        ran.shows(&["waived: no revocation list was given: tdx.revocation"]);
        run().args(machine.lists()).exits(0).shows(&["✔ tdx.revocation"]);
        run().args(["--crypto", "rustcrypto"]).exits(0);
        let json = run().args(["--format", "json"]).exits(0).json();
        assert_eq!((&json["technology"], &json["anchor"]), (&"tdx".into(), &"added".into()));
        let other = teeproof(["verify"]).args(GENUINE).args(AT).args(machine.anchors()).args(machine.files());
        other.args(nonce(b"another nonce of thirty-two byte")).exits(5).shows(&["✘ tdx.nonce"]);
        // Only the vendor's root is trusted by itself.
        let run = teeproof(["verify", "--no-nonce"]).args(GENUINE).args(AT).args(machine.files());
        run.exits(4).shows(&["✘ tdx.chain", "--anchor FILE"]);
        machine.verify().args([machine.bundle()]).exits(0).shows(&["✔ tdx.revocation"]);
    }
}

#[test]
fn the_collateral_of_other_tools_is_read() {
    let machine = TdMachine::new("tdx-dcap-qvl", &guest());
    let json = machine.put("collateral.json", machine.minted.dcap_qvl_json().unwrap());
    machine.verify().args([machine.quote(), json.clone()]).exits(0).shows(&["✔ tdx.revocation"]);
    machine.verify().args([machine.quote()]).args(["--endorsements"]).args([json]).exits(0);
}

#[test]
fn missing_collateral_is_named() {
    let machine = TdMachine::new("tdx-missing", &guest());
    let ran =
        machine.verify().args([machine.quote()]).exits(7).shows(&["✔ tdx.signature", "✘ tdx.collateral "]);
    names_collateral(&ran, "90C06F000000");
    let json = machine.verify().args([machine.quote()]).args(["--format", "json"]).exits(7).json();
    assert_eq!((&json["exit_code"], &json["class"]), (&7.into(), &"incomplete".into()));
    let [tcb, qe, signer] = machine.collateral().try_into().unwrap();
    let run = |files: &[&PathBuf]| machine.verify().args([machine.quote()]).args(files);
    run(&[&tcb, &signer]).exits(7).shows(&["✘ tdx.collateral ", "the QE identity for FMSPC"]);
    run(&[&qe, &signer]).exits(7).shows(&["✘ tdx.collateral ", "the TCB info of FMSPC"]);
    run(&[&tcb, &qe]).exits(7).shows(&["✘ tdx.collateral.signer", "TCB signing certificate is missing"]);
}

/// Each is refused by one check, with one exit code.
#[test]
fn what_is_wrong_with_quote_and_collateral_is_refused() {
    let revoked = guest();
    let serial = revoked.pck.certificate.serial.clone();
    for (name, machine, at, exit, says) in [
        ("debug", guest().debug(), AT[1], 6, "✘ tdx.debug"),
        ("revoked-tcb", late("Revoked"), AT[1], 6, "✘ tdx.tcb.status"),
        ("stale", guest(), "2026-03-15T00:00:00Z", 7, "✘ tdx.tcb-info"),
        ("early", guest(), "2026-01-01T00:00:00Z", 7, "✘ tdx.tcb-info"),
        ("fmspc", guest().with_tcb_info(|info| info.fmspc = [9; 6]), AT[1], 7, "✘ tdx.tcb-info"),
        ("another-qe", guest().with_enclave(|qe| qe.mr_signer = [7; 32]), AT[1], 4, "✘ tdx.qe "),
        ("tampered", guest().tamper(200, &[0xff]), AT[1], 4, "✘ tdx.signature"),
        ("pck-revoked", revoked.pck_ca_revokes(&serial), AT[1], 7, "✘ tdx.revocation"),
    ] {
        let machine = TdMachine::new(&format!("tdx-{name}"), &machine);
        let run = || {
            let run = teeproof(["verify", "--at", at]).args(GENUINE).args(nonce(&CHALLENGE));
            let lists = if name == "pck-revoked" { machine.lists() } else { Vec::new() };
            run.args(machine.anchors()).args(machine.files()).args(lists)
        };
        let ran = run().exits(exit).shows(&[says]);
        assert!(ran.stdout.contains("hint: ") || exit == 6, "{ran:#?}");
        let json = run().args(["--format", "json"]).exits(exit).json();
        let failed = json["checks"].as_array().unwrap().iter().find(|check| check["outcome"] == "fail");
        assert_eq!(failed.unwrap()["id"], says.trim_start_matches("✘ ").trim_end(), "{json:#}");
    }
}

#[test]
fn a_tcb_that_is_out_of_date_is_a_warning_with_status_advisories_and_dates() {
    let machine = TdMachine::new("tdx-late", &late("OutOfDate"));
    let ran = machine.verify().args(machine.files()).exits(0);
    let text = words(&ran);
    for what in ["! tdx.tcb ", "OutOfDate", "INTEL-SA-00837", "2024-11-13", "2025-06-01", "days behind"] {
        assert!(text.contains(what), "{what}: {ran:#?}");
    }
    let json = machine.verify().args(machine.files()).args(["--format", "json"]).exits(0).json();
    let tcb = json["checks"].as_array().unwrap().iter().find(|check| check["id"] == "tdx.tcb").unwrap();
    assert_eq!(tcb["outcome"], "warn", "{tcb}");
}

#[test]
fn an_event_log_is_replayed_against_the_rtmrs() {
    let log = EventLog::ccel();
    let bytes = log.bytes().unwrap();
    for (name, machine, says) in [
        ("tdx-ccel", guest().event_log(&log), "✔ tdx.log.replay"),
        ("tdx-ccel-other", guest(), "! tdx.log.replay"),
    ] {
        let machine = TdMachine::new(name, &machine);
        let ccel = machine.put("CCEL", &bytes);
        machine.verify().args(machine.files()).args([&ccel]).exits(0).shows(&["✔ tdx.log.format", says]);
        let without = machine.verify().args(machine.files()).exits(0);
        without.shows(&["– tdx.log.replay", "the event log (CCEL) is missing"]);
    }
    let machine = TdMachine::new("tdx-ccel-cut", &guest());
    let cut = machine.put("CCEL", &bytes[..200]);
    let run = machine.verify().args(machine.files()).args([cut]);
    run.exits(3).shows(&["✘ tdx.log.format", "(teeproof inspect FILE)"]);
    // A log of a TPM is of PCRs.
    let machine = TdMachine::new("tdx-tpm-log", &guest());
    let log = machine.put("event.log", EventLog::booted_securely().bytes().unwrap());
    machine.verify().args(machine.files()).args([log]).fails(2, &["event.log: "]);
}

/// Quotes that this version does not verify are named for what they are.
#[test]
fn other_quotes_are_named_as_not_supported() {
    let machine = TdMachine::new("tdx-other-quotes", &guest());
    let mut sgx = b"\x03\x00\x02\x00\x00\x00\x00\x00\x0a\x00\x0f\x00".to_vec();
    sgx.extend(b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07");
    sgx.resize(4600, 1);
    let sgx = machine.put("sgx.bin", sgx);
    for verb in [&["verify", "--no-nonce", "--policy", "builtin:genuine"][..], &["inspect"]] {
        teeproof(verb).args([&sgx]).fails(3, &["an SGX quote, version 3: not supported", "another verifier"]);
    }
    let extended = || teeproof(["verify", "--no-nonce"]).args(GENUINE).file("tdx/quote-td15ex.bin");
    let said = words(&extended().exits(3).shows(&["✘ tdx.format"]));
    for what in ["body type", "not the extended body of TDX 1.5", "got 4", "need another verifier"] {
        assert!(said.contains(what), "{what}: {said}");
    }
    let ran = teeproof(["inspect"]).file("tdx/quote-td15ex.bin").run();
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("may be cut"), "{ran:#?}");
}

/// TCB info of other platforms is named as not used, and more of it than is verified is refused as input.
#[test]
fn collateral_of_other_platforms_is_named() {
    let machine = TdMachine::new("tdx-unused", &guest());
    let other = |number: u8| {
        let minted = guest().fmspc([number; 6], [0, 0]).mint().unwrap();
        machine.put(&format!("tcb-{number}.json"), &minted.tcb_info)
    };
    let ran = machine.verify().args(machine.files()).args([other(1)]).exits(0);
    let said = words(&ran);
    for what in ["! collateral.unused", "TCB info: for FMSPC 010101010101, the platform has 90C06F000000"] {
        assert!(said.contains(what), "{what}: {ran:#?}");
    }
    let many: Vec<_> = (1..=16).map(other).collect();
    let says = ["too many parts of kind tcb-info: at most 16", "the endorsements of this machine alone"];
    machine.verify().args(machine.files()).args(many).fails(2, &says);
}

/// An event log by itself is no evidence of a machine: the hint is how to give both together.
#[test]
fn a_log_next_to_its_quote_is_to_be_one_bundle() {
    let log = EventLog::ccel();
    let machine = TdMachine::new("tdx-suggest-ccel", &guest().event_log(&log));
    let ccel = machine.put("CCEL", log.bytes().unwrap());
    let run = teeproof(["policy", "suggest"]).args(AT).args(machine.anchors());
    let ran = run.args([machine.bundle(), ccel]).exits(2);
    assert!(ran.stderr.contains("into one bundle with teeproof bundle create"), "{ran:#?}");
    assert!(!ran.stderr.contains("binary_bios_measurements"), "{ran:#?}");
}

#[test]
fn many_quotes_are_verified_in_one_run() {
    let [one, other] = ["tdx-each-1", "tdx-each-2"].map(|name| TdMachine::new(name, &guest()));
    let debug = TdMachine::new("tdx-each-debug", &guest().debug());
    let run = || {
        let run = teeproof(["verify", "--each"]).args(GENUINE).args(AT).args(nonce(&CHALLENGE));
        let run = run.args(one.anchors()).args([one.quote(), debug.quote(), other.quote()]);
        one.collateral().into_iter().fold(run, |run, file| run.args(["--endorsements"]).args([file]))
    };
    let json = run().args(["--format", "json"]).exits(6).json();
    let files = json["files"].as_array().unwrap().iter();
    let exits: Vec<_> = files.map(|file| file["exit_code"].as_u64().unwrap()).collect();
    assert_eq!(exits, [0, 6, 0], "{json:#}");
    run().exits(6).shows(&["tdx.debug"]);
}

#[test]
fn lists_can_be_required_of_every_issuer() {
    let machine = TdMachine::new("tdx-require-lists", &guest());
    let run = |lists: &[PathBuf]| {
        machine.verify().args(["--require-revocation-lists"]).args(machine.files()).args(lists)
    };
    run(&machine.lists()).exits(0).shows(&["✔ tdx.revocation"]);
    let [root, pck] = machine.lists().try_into().unwrap();
    for lists in [vec![], vec![root], vec![pck]] {
        run(&lists).exits(7).shows(&["✘ tdx.revocation", "--fetch, or --endorsements FILE"]);
    }
}

/// Requests that make no sense for a TD quote.
#[test]
fn a_td_quote_has_neither_a_time_nor_user_data_of_azure() {
    let machine = TdMachine::new("tdx-requests", &guest());
    let run = |more: &[&str]| {
        teeproof(["verify"]).args(GENUINE).args(machine.anchors()).args(machine.files()).args(more)
    };
    run(&["--no-nonce", "--at", "document"]).fails(2, &["evidence of tdx carries no time", "--at now"]);
    run(&["--no-nonce", "--user-data", "hex:00"]).fails(2, &["leave --user-data out", "report-data"]);
    run(&["--nonce", &format!("hex:{}", "11".repeat(65))]).args(AT).exits(5).shows(&["✘ tdx.nonce"]);
    run(&["--no-nonce", "--accept", "nitro"]).exits(6).shows(&["✘ policy.technology"]);
    run(&["--no-nonce", "--accept", "tdx"]).args(AT).exits(0);
}

/// The sample quotes of dcap-qvl, under Intel's own root.
#[test]
fn quotes_of_real_platforms_are_verified_with_their_collateral() {
    let run = |name: &str, at: &str| {
        verify(&format!("tdx/quote-{name}.bin"), &[&GENUINE, &["--no-nonce", "--at", at]])
            .file(&format!("tdx/collateral-{name}.json"))
    };
    let ran = run("v4", "2025-06-25T00:00:00Z").exits(0).shows(&[
        "Intel SGX Root CA",
        "(pinned)",
        "✔ tdx.revocation",
        "✔ tdx.tcb                UpToDate",
    ]);
    assert_eq!(ran.first_line(), "ACCEPTED  tdx  policy builtin:genuine  exit 0");
    run("v4", "2025-06-25T00:00:00Z").args(["--crypto", "rustcrypto"]).exits(0);
    run("v4", "2025-06-01T00:00:00Z").exits(7);
    run("v4", "2025-08-01T00:00:00Z").exits(7).shows(&["--fetch"]);
    let ran = run("v5", "2026-02-25T00:00:00Z").exits(4).shows(&["✔ tdx.signature", "✘ tdx.tcb "]);
    ran.shows(&["reaches no TCB level", "update its firmware"]);
    let ran = run("td15ex", "2026-02-25T00:00:00Z").exits(3);
    ran.shows(&["✘ tdx.format", "body type: not supported", "got 4"]);
    // Collateral of another platform.
    let other = verify("tdx/quote-v4.bin", &[&GENUINE, &["--no-nonce", "--at", "2026-02-25T00:00:00Z"]]);
    other.file("tdx/collateral-v5.json").exits(7).shows(&["✘ tdx.tcb-info", "FMSPC"]);
}
