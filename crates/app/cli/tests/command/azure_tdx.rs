//! Minted Azure VMs on TDX: accepted with their TD quote and collateral, refused without either, and with another's.

use std::slice::from_ref;

use teeproof_mint::azure::Vm;

use crate::machine::*;
use crate::support::*;

/// A VM on TDX with TD quote and collateral that quoted for [`CHALLENGE`].
pub(crate) fn td_vm() -> Vm {
    Vm::tdx_with_quote().nonce(&CHALLENGE)
}

/// A VM on TDX whose TD quote was not collected.
fn without_quote() -> Vm {
    Vm::tdx().nonce(&CHALLENGE)
}

const PASSED: [&str; 12] = [
    "✔ hcl.format",
    "✔ hcl.td-report ",
    "✔ hcl.td-quote",
    "✔ tdx.chain",
    "✔ tdx.qe.signature",
    "✔ tdx.signature",
    "✔ tdx.tcb ",
    "✔ hcl.td-report.quote",
    "✔ hcl.binding",
    "✔ ak.chain",
    "✔ quote.signature",
    "✔ quote.pcrs",
];

#[test]
fn a_machine_is_accepted_under_its_own_roots() {
    let machine = Machine::new("azure-tdx", &td_vm());
    let ran = machine.verify_all().exits(0).shows(&PASSED);
    let first = "ACCEPTED  azure-tdx  policy builtin:genuine  exit 0  NON-PRODUCTION ANCHOR";
    assert!(ran.first_line().starts_with(first), "{ran:#?}");
    for table in ["aws-lc", "rustcrypto"] {
        let json = machine.verify_all().args(["--crypto", table, "--format", "json"]).exits(0).json();
        assert_eq!((&json["technology"], &json["anchor"]), (&"azure-tdx".into(), &"added".into()));
        let tcb = json["checks"].as_array().unwrap().iter().find(|check| check["id"] == "tdx.tcb").unwrap();
        assert_eq!(tcb["outcome"], "pass", "{tcb}");
    }
    let bundle = machine.bundle();
    let run = machine.verify().args(nonce(&CHALLENGE)).args([bundle]);
    run.exits(0).shows(&PASSED);
    // Without the root of PCK certificates, nobody vouches for the quote.
    let ak_root = machine.put("ak-root.der", &machine.minted.ak_root);
    let run = teeproof(["verify"]).args(GENUINE).args(AT).args(nonce(&CHALLENGE)).args(["--anchor"]);
    run.args([ak_root]).args(machine.files()).exits(4).shows(&["✘ tdx.chain", "--anchor FILE"]);
}

/// The formats of other attesters have the TD quote as a member.
#[test]
fn evidence_of_other_attesters_is_accepted_with_the_collateral() {
    // Version 2 of Trustee's has the nonce in the claims too.
    let machine = Machine::new("azure-tdx-json", &td_vm().user_data(&CHALLENGE));
    let json = [
        machine.minted.coco_json(0),
        machine.minted.coco_json(1),
        machine.minted.coco_json(2),
        machine.minted.attestation_rs_json(),
        machine.minted.flashbots_json(),
    ];
    let dcap = machine.minted.td.as_ref().unwrap().dcap_qvl_json().unwrap();
    let dcap = machine.put("collateral.json", dcap);
    for json in json {
        let json = machine.put("evidence.json", json.unwrap());
        let run = || machine.verify().args(nonce(&CHALLENGE)).args([&json]);
        run().args([&dcap]).exits(0).shows(&["✔ tdx.tcb ", "✔ hcl.td-report.quote", "✔ hcl.binding"]);
        run().exits(7).shows(&["✔ hcl.td-report", "✔ tdx.signature", "✘ tdx.collateral"]);
    }
}

#[test]
fn a_tdreport_without_its_td_quote_is_incomplete() {
    let machine = Machine::new("azure-tdx-report", &without_quote());
    let checked = ["✔ hcl.format", "✔ hcl.td-report", "✘ hcl.td-quote"];
    let ran = machine.verify_all().exits(7).shows(&checked);
    assert!(ran.first_line().starts_with("REFUSED  azure-tdx"), "{ran:#?}");
    ran.shows(&["the TD quote is missing"]);
}

#[test]
fn missing_collateral_is_named_with_the_urls_to_fetch_it_from() {
    let machine = Machine::new("azure-tdx-collateral", &td_vm());
    let run = |more: &[std::path::PathBuf]| {
        let certificates = machine.certificates().into_iter();
        let files = certificates.map(|(name, der)| machine.put(&format!("{name}.der"), der));
        machine.verify().args(nonce(&CHALLENGE)).args(machine.guest()).args(files).args(more)
    };
    let ran = run(&[]).exits(7).shows(&["✔ tdx.signature", "✘ tdx.collateral"]);
    names_collateral(&ran, "90C06F000000");
    let [tcb, qe] = machine.collateral().try_into().unwrap();
    run(from_ref(&tcb)).exits(7).shows(&["✘ tdx.collateral ", "the QE identity for FMSPC"]);
    run(from_ref(&qe)).exits(7).shows(&["✘ tdx.collateral ", "the TCB info of FMSPC"]);
    run(&[tcb, qe]).exits(0);
}

/// That a result names the platform, the URLs of its collateral, and the option that fetches it.
#[track_caller]
pub(crate) fn names_collateral(ran: &Ran, fmspc: &str) {
    let text = ran.stdout.split_whitespace().collect::<String>();
    for what in [
        format!("tcb?fmspc={fmspc}"),
        "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity".to_owned(),
        "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=p".to_owned(),
        "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der".to_owned(),
        format!("FMSPC{fmspc}"),
        "--fetch".to_owned(),
    ] {
        assert!(text.contains(&what), "{what}: {ran:#?}");
    }
}

/// Collateral is for one platform and one time.
#[test]
fn collateral_of_another_platform_and_of_another_time_is_refused() {
    let machine = Machine::new("azure-tdx-stale", &td_vm());
    let late = |at| {
        let run = teeproof(["verify", "--at", at]).args(GENUINE).args(machine.anchors());
        run.args(nonce(&CHALLENGE)).args(machine.files())
    };
    late("2026-03-15T00:00:00Z").exits(7).shows(&["✘ tdx.tcb-info", "--fetch, or --endorsements FILE"]);
    let fmspc = td_vm().with_td_machine(|one| one.with_tcb_info(|info| info.fmspc = [9; 6]));
    let other = Machine::new("azure-tdx-other", &fmspc);
    other.verify_all().exits(7).shows(&["✘ tdx.tcb-info"]);
    // Signed by a stranger of the same name.
    let own = td_vm().with_td_machine(|one| one.with_own_authorities()).td_evidence().unwrap().unwrap();
    let forged = [machine.put("tcb.json", own.tcb_info), machine.put("tcb-signing.der", own.tcb_signing)];
    let certificates = machine.certificates().into_iter().filter(|(name, _)| name != "tcb-signing");
    let files = certificates.map(|(name, der)| machine.put(&format!("{name}.der"), der));
    let qe = machine.put("qe.json", &machine.minted.td.as_ref().unwrap().qe_identity);
    let run = machine.verify().args(nonce(&CHALLENGE)).args(machine.guest()).args(files);
    run.args(forged).args([qe]).exits(4).shows(&["✘ tdx.collateral.signer"]);
}

#[test]
fn a_debug_guest_and_a_revoked_tcb_are_refused() {
    let debug = td_vm().with_td_report(|report| report.attributes[0] |= 1);
    Machine::new("azure-tdx-debug", &debug).verify_all().exits(6).shows(&["✔ tdx.tcb", "✘ tdx.debug"]);
    let ran = Machine::new("azure-tdx-revoked", &with_status("Revoked")).verify_all().exits(6);
    ran.shows(&["✘ tdx.tcb.status", "Revoked"]);
}

/// A VM whose platform reaches a level with this status.
fn with_status(status: &str) -> Vm {
    td_vm().with_td_machine(|machine| {
        machine.with_tcb_info(|info| {
            let older = info.levels.remove(1);
            let newest = info.levels.first_mut().unwrap();
            let mut reached = newest.clone();
            newest.sgx = [255; 16];
            reached.status = status.into();
            reached.date.clone_from(&older.date);
            reached.advisories = older.advisories;
            info.levels.insert(1, reached);
        })
    })
}

#[test]
fn a_tcb_that_is_out_of_date_is_a_warning_with_status_advisories_and_dates() {
    let machine = Machine::new("azure-tdx-late", &with_status("OutOfDate"));
    let ran = machine.verify_all().exits(0);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("! tdx.tcb "), "{ran:#?}");
    for what in ["OutOfDate", "INTEL-SA-01036, INTEL-SA-01079", "2024-03-13", "2024-11-13", "days behind"] {
        assert!(text.contains(what), "{what}: {ran:#?}");
    }
    let json = machine.verify_all().args(["--format", "json"]).exits(0).json();
    let tcb = json["checks"].as_array().unwrap().iter().find(|check| check["id"] == "tdx.tcb").unwrap();
    assert_eq!(tcb["outcome"], "warn", "{tcb}");
}

#[test]
fn a_td_quote_of_another_guest_is_not_bound() {
    let machine = Machine::new("azure-tdx-another", &td_vm());
    let other = td_vm().with_td_report(|report| report.mr_td = [9; 48]).evidence().unwrap();
    machine.verify_all().exits(0);
    let quote = machine.put("other-quote.bin", other.td_quote.unwrap());
    let files = machine.files().into_iter().filter(|file| !file.ends_with("td-quote.bin"));
    let run = machine.verify().args(nonce(&CHALLENGE)).args(files).args([quote]);
    run.exits(5).shows(&["✘ hcl.td-report.quote"]);
}

#[test]
fn a_td_quote_does_not_belong_to_an_snp_machine() {
    let snp = Machine::new("azure-td-quote-of-snp", &genoa());
    let quote = snp.put("td-quote.bin", td_vm().evidence().unwrap().td_quote.unwrap());
    let refused = ["does not belong to the HCL report of an SNP machine"];
    let run = || snp.verify().args(nonce(&CHALLENGE));
    run().args([&quote]).args(snp.files()).fails(2, &refused);
    run().args(snp.files()).args([&quote]).fails(2, &refused);
}
