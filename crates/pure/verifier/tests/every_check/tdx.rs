//! The checks of TD quotes, bare and of Azure VMs.

use teeproof_core::{Outcome, Rule, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_mint::azure::{EventLog, Vm};
use teeproof_mint::tdx::{MintedQuote, TdxMachine};
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{AllowedAdvisories, DaysBehind, TcbDate, TcbStatus, TdxPolicy};

use crate::ask::{Ask, holds, make_fail};

fn files(minted: &MintedQuote) -> Inputs {
    let mut inputs = Inputs::new();
    inputs.add(&minted.quote, Some(InputKind::TdQuote)).unwrap();
    add_collateral(&mut inputs, minted);
    inputs
}

fn add_collateral(inputs: &mut Inputs, minted: &MintedQuote) {
    for file in [minted.tcb_info.as_bytes(), minted.qe_identity.as_bytes(), &minted.tcb_signing] {
        inputs.add(file, None).unwrap();
    }
}

fn ask(machine: &TdxMachine) -> Ask {
    let minted = machine.mint().unwrap();
    Ask::about(files(&minted), &[&minted.root])
}

fn bent(bend: impl FnOnce(TdxMachine) -> TdxMachine) -> Ask {
    ask(&bend(TdxMachine::new()))
}

fn straight() -> Ask {
    bent(|machine| machine)
}

/// A straight quote under a policy that demands one thing that is not so.
fn demanded(demand: impl FnOnce(&mut TdxPolicy<'static>)) -> Ask {
    straight().with(|ask| demand(ask.policy.tdx.as_mut().unwrap()))
}

/// A quote of an out-of-date platform under a policy.
fn late(demand: impl FnOnce(&mut TdxPolicy<'static>)) -> Ask {
    let machine = TdxMachine::new().with_tcb_info(|info| {
        let level = info.levels.last_mut().unwrap();
        level.status = "OutOfDate".into();
        level.advisories = vec!["INTEL-SA-00837".into()];
        let last = info.levels.pop().unwrap();
        let mut newer = last.clone();
        newer.sgx = [255; 16];
        newer.date = "2025-06-01T00:00:00Z".into();
        newer.status = "UpToDate".into();
        info.levels = vec![newer, last];
    });
    ask(&machine).with(|ask| demand(ask.policy.tdx.as_mut().unwrap()))
}

/// The chain of another root of the same name.
fn strangers_anchor() -> Ask {
    let own = TdxMachine::new().with_own_authorities().mint().unwrap();
    straight().with(|ask| ask.anchors = vec![own.root])
}

fn revoked() -> Ask {
    let machine = TdxMachine::new();
    let serial = machine.pck.certificate.serial.clone();
    let machine = machine.pck_ca_revokes(&serial);
    let minted = machine.mint().unwrap();
    ask(&machine).with(|ask| {
        ask.inputs.add(&minted.root_crl, None).unwrap();
        ask.inputs.add(&minted.pck_crl, None).unwrap();
    })
}

fn without_collateral() -> Ask {
    let minted = TdxMachine::new().mint().unwrap();
    let mut inputs = Inputs::new();
    inputs.add(&minted.quote, None).unwrap();
    Ask::about(inputs, &[&minted.root])
}

fn without_signer() -> Ask {
    let minted = TdxMachine::new().mint().unwrap();
    let mut inputs = Inputs::new();
    for file in [&minted.quote[..], minted.tcb_info.as_bytes(), minted.qe_identity.as_bytes()] {
        inputs.add(file, None).unwrap();
    }
    Ask::about(inputs, &[&minted.root])
}

fn with_log(log: &[u8]) -> Ask {
    straight().with(|ask| {
        ask.inputs.add(log, Some(InputKind::CcEventLog)).unwrap();
    })
}

/// An Azure VM with its quote and collateral.
fn vm(bend: impl FnOnce(Vm) -> Vm) -> Ask {
    let evidence = bend(Vm::tdx_with_quote()).evidence().unwrap();
    let mut inputs = Inputs::new();
    inputs.add(&evidence.hcl_report, Some(InputKind::HclReport)).unwrap();
    let mut anchors = vec![&evidence.ak_root[..]];
    if let Some(minted) = &evidence.td {
        inputs.add(&minted.quote, Some(InputKind::TdQuote)).unwrap();
        add_collateral(&mut inputs, minted);
        anchors.push(&minted.root);
    }
    Ask::about(inputs, &anchors)
}

/// The report of a VM with the quote of another one, over the same claims.
fn report_of_another() -> Ask {
    let evidence = Vm::tdx_with_quote().with_td_report(|report| report.mr_td = [9; 48]).evidence().unwrap();
    let other = Vm::tdx_with_quote().evidence().unwrap().td.unwrap();
    let mut inputs = Inputs::new();
    inputs.add(&evidence.hcl_report, Some(InputKind::HclReport)).unwrap();
    inputs.add(&other.quote, Some(InputKind::TdQuote)).unwrap();
    add_collateral(&mut inputs, &other);
    Ask::about(inputs, &[&evidence.ak_root, &other.root])
}

make_fail! {
    another_version: "tdx.format" = bent(|machine| machine.with(|one| one.header.key_type = 3));
    another_root: "tdx.chain" = strangers_anchor();
    no_extension: "tdx.pck" = bent(|one| one.with_sgx(|sgx| sgx.pce_svn = 1 << 20));
    another_pck: "tdx.qe.signature" =
        bent(|one| one.with(|one| one.enclave_signer = Some(Key::fresh(Kind::P256))));
    another_key: "tdx.qe.binding" = bent(|one| one.with_enclave(|qe| qe.report_data = Some([7; 64])));
    another_signer: "tdx.signature" =
        bent(|one| one.with(|one| one.quote_signer = Some(Key::fresh(Kind::P256))));
    years_later: "tdx.validity" = straight().with(|ask| ask.at += 3_000_000_000);
    on_the_list: "tdx.revocation" = revoked();
    no_collateral: "tdx.collateral" = without_collateral();
    no_signer: "tdx.collateral.signer" = without_signer();
    another_platform: "tdx.tcb-info" = bent(|one| one.with_tcb_info(|info| info.fmspc = [9; 6]));
    a_month_later: "tdx.tcb-info" = straight().with(|ask| ask.at += 60 * 86_400);
    another_identity: "tdx.qe-identity" = bent(|one| one.with_qe_identity(|qe| qe.id = "QE".into()));
    another_enclave: "tdx.qe" = bent(|one| one.with_enclave(|qe| qe.mr_signer = [7; 32]));
    another_module: "tdx.module" = bent(|one| one.with_body(|body| body.mr_signer_seam = [7; 48]));
    no_level: "tdx.tcb" =
        bent(|one| one.with_tcb_info(|info| info.levels.iter_mut().for_each(|one| one.pce_svn = u16::MAX)));
    another_nonce: "tdx.nonce" = straight().with(|ask| ask.nonce = Some(vec![9; 32]));
    no_log: "tdx.log.format" = with_log(&[0; 64]);
    debug: "tdx.debug" = bent(|one| one.with_body(|body| body.attributes[0] |= 1));
    migration: "tdx.migration" = bent(|one| one.with_body(|body| body.attributes[3] |= 0x20));
    attributes: "tdx.attributes" = demanded(|policy| policy.attributes = Rule::exactly(u64::MAX));
    xfam: "tdx.xfam" = demanded(|policy| policy.xfam = Rule::exactly(u64::MAX));
    revoked_tcb: "tdx.tcb.status" = bent(|one| {
        one.with_tcb_info(|info| info.levels.iter_mut().for_each(|level| level.status = "Revoked".into()))
    });
    status: "tdx.tcb.status" = late(|policy| policy.tcb_status = Rule::exactly(TcbStatus::UpToDate));
    days: "tdx.tcb.days-behind" = late(|policy| policy.days_behind = DaysBehind::at_most(30));
    date: "tdx.tcb.date" = late(|policy| policy.tcb_date = Rule::at_least(TcbDate(Time(1_900_000_000))));
    number: "tdx.tcb.evaluation-data-number" =
        demanded(|policy| policy.evaluation_number = Rule::at_least(u32::MAX));
    advisories: "tdx.tcb.advisories" = late(|policy| policy.advisories = AllowedAdvisories::only(vec![]));
    no_lists: "tdx.revocation-list" = demanded(|policy| policy.revocation_list = Rule::exactly(true));
    fmspc: "tdx.fmspc" = demanded(|policy| policy.fmspc = Rule::exactly([0xee; 6]));
    mrseam: "tdx.mrseam" = demanded(|policy| policy.mrseam = Rule::exactly([0xee; 48]));
    mrtd: "tdx.mrtd" = demanded(|policy| policy.mrtd = Rule::exactly([0xee; 48]));
    mrconfigid: "tdx.mrconfigid" = demanded(|policy| policy.mrconfigid = Rule::exactly([0xee; 48]));
    mrowner: "tdx.mrowner" = demanded(|policy| policy.mrowner = Rule::exactly([0xee; 48]));
    mrownerconfig: "tdx.mrownerconfig" = demanded(|policy| policy.mrownerconfig = Rule::exactly([0xee; 48]));
    mrservicetd: "tdx.mrservicetd" = demanded(|policy| policy.mrservicetd = Rule::exactly([0; 48]));
    rtmr0: "tdx.rtmr0" = demanded(|policy| policy.rtmr0 = Rule::exactly([0xee; 48]));
    rtmr1: "tdx.rtmr1" = demanded(|policy| policy.rtmr1 = Rule::exactly([0xee; 48]));
    rtmr2: "tdx.rtmr2" = demanded(|policy| policy.rtmr2 = Rule::exactly([0xee; 48]));
    rtmr3: "tdx.rtmr3" = demanded(|policy| policy.rtmr3 = Rule::exactly([0xee; 48]));
    report_data: "tdx.report-data" = demanded(|policy| policy.report_data = Rule::exactly([0xee; 64]));
    another_hash: "hcl.td-report" = vm(|vm| vm.with_td_report(|report| report.tee_info_hash = Some([9; 48])));
    another_report: "hcl.td-report.quote" = report_of_another();
    no_quote: "hcl.td-quote" = vm(|mut vm| {
        vm.td_machine = None;
        vm
    });
}

fn more() -> Vec<crate::Case> {
    let of = |id: &str, test: &str| (id.to_owned(), format!("{}::{test}", module_path!()));
    vec![
        of("tdx.service-tds", "service_tds_are_a_warning"),
        of("collateral.unused", "collateral_of_another_platform"),
        of("tdx.log.replay", "a_log_of_another_guest"),
        of("tdx.tcb.exceptions", "an_exception_applies"),
    ]
}

/// Service TDs that no rule names are a warning: a policy pins them.
#[test]
fn service_tds_are_a_warning() {
    let ask = bent(|one| one.tdx_1_5().with_body(|body| body.mr_service_td = [7; 48]));
    holds(&ask);
    let found = ask.findings("tdx.service-tds");
    assert!(
        matches!(&found[..], [(Outcome::Warn, because)] if because.starts_with("MRSERVICETD is not zero")),
        "{found:?}"
    );
}

/// TCB info of another platform next to the right one is a warning, for bare quotes and those of Azure.
#[test]
fn collateral_of_another_platform() {
    let other = TdxMachine::new().fmspc([1, 2, 3, 4, 5, 6], [0, 0]).mint().unwrap();
    let identity = TdxMachine::new().with_qe_identity(|qe| qe.evaluation_data_number = 3).mint().unwrap();
    for ask in [straight(), vm(|vm| vm)] {
        assert_eq!(ask.findings("collateral.unused"), []);
        let ask = ask.with(|ask| {
            ask.inputs.add(other.tcb_info.as_bytes(), None).unwrap();
            ask.inputs.add(identity.qe_identity.as_bytes(), None).unwrap();
        });
        holds(&ask);
        let found = ask.findings("collateral.unused");
        let [(Outcome::Warn, because)] = &found[..] else { panic!("{found:?}") };
        for words in ["TCB info: for FMSPC 010203040506", "QE identity: older than the one that was used"] {
            assert!(because.contains(words), "{because}");
        }
    }
}

/// As many responses of a kind as verification takes are accepted as input, and no more.
#[test]
fn the_limit_of_collateral_is_that_of_verification() {
    let text = TdxMachine::new().mint().unwrap().tcb_info;
    let mut ask = straight();
    for spaces in 1..teeproof_tdx::MAX_DOCUMENTS {
        let other = text.replacen(":{", &format!(":{{{}", " ".repeat(spaces)), 1);
        ask.inputs.add(other.as_bytes(), None).unwrap();
    }
    holds(&ask);
    let error = ask.inputs.add(text.as_bytes(), None).unwrap_err();
    let limit = teeproof_tdx::MAX_DOCUMENTS;
    assert_eq!(error, teeproof_evidence::InputError::TooMany { kind: InputKind::TcbInfo, limit });
}

/// A log that does not explain the RTMRs is a warning: a policy pins the RTMRs.
#[test]
fn a_log_of_another_guest() {
    let log = EventLog::ccel().bytes().unwrap();
    let ask = with_log(&log);
    holds(&ask);
    let found = ask.findings("tdx.log.replay");
    assert!(
        matches!(&found[..], [(Outcome::Warn, because)] if because.contains("RTMR0 unexplained")),
        "{found:?}"
    );
}

/// An exception is a warning, and waives the rules for the TCB until its end.
#[test]
fn an_exception_applies() {
    let excepted = |until| {
        late(|policy| {
            policy.tcb_status = Rule::exactly(TcbStatus::UpToDate);
            let fmspc = TdxMachine::new().tcb_info.fmspc;
            let exception = teeproof_tdx::TcbException { fmspc, until: Time(until) };
            policy.exceptions = teeproof_tdx::TcbExceptions::list(vec![exception]);
        })
    };
    let now = straight().at;
    let ask = excepted(now);
    holds(&ask);
    let found = ask.findings("tdx.tcb.exceptions");
    assert!(
        matches!(&found[..], [(Outcome::Warn, because)] if because.starts_with("applies: ")),
        "{found:?}"
    );
    crate::ask::fails("tdx.tcb.status", &excepted(now - 1));
}

#[test]
fn the_straight_quote_and_vm_are_accepted() {
    holds(&straight());
    holds(&vm(|vm| vm));
    holds(&bent(TdxMachine::version_5));
    holds(&bent(TdxMachine::tdx_1_5));
}
