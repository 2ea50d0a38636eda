//! Foreign text that would steer a terminal, in TD quotes, their certificates, collateral and event logs.

use std::ffi::OsString;

use teeproof_mint::azure::{Event, EventLog};
use teeproof_mint::tdx::TdxMachine;

use crate::clean::HOSTILE;
use crate::hostile::{call, hostile};
use crate::machine::AT;
use crate::support::*;
use crate::tdx::{guest, late};

/// Machines of which each has hostile text in another place.
fn machines() -> Vec<TdxMachine> {
    let advised = late("OutOfDate").with_tcb_info(|info| {
        info.levels[1].advisories = vec![HOSTILE.to_owned(), "INTEL-SA-00837".to_owned()];
    });
    let identity = guest().with_qe_identity(|identity| {
        for level in &mut identity.levels {
            level.status = "OutOfDate".to_owned();
            level.advisories = vec![HOSTILE.to_owned()];
        }
    });
    let module = guest().with_tcb_info(|info| {
        for module in &mut info.modules {
            module.id = HOSTILE.to_owned();
        }
    });
    let status = guest().with_tcb_info(|info| info.levels[0].status = HOSTILE.to_owned());
    let date = guest().with_tcb_info(|info| info.levels[0].date = HOSTILE.to_owned());
    let named = |change: fn(&mut TdxMachine)| guest().with(change);
    vec![
        advised,
        identity,
        module,
        status,
        date,
        guest().with_tcb_info(|info| info.id = HOSTILE.to_owned()),
        guest().with_qe_identity(|identity| identity.id = HOSTILE.to_owned()),
        named(|one| one.root.certificate.subject.set_common_name(HOSTILE)),
        named(|one| one.pck_ca.certificate.subject.set_common_name(HOSTILE)),
        named(|one| one.pck.certificate.subject.set_common_name(HOSTILE)),
        named(|one| one.tcb_signing.certificate.subject.set_common_name(HOSTILE)),
        named(|one| one.certification.inner = Some(HOSTILE.as_bytes().to_vec())),
        named(|one| one.certification.authentication = HOSTILE.as_bytes().to_vec()),
        named(|one| one.certification.trailing = HOSTILE.as_bytes().to_vec()),
    ]
}

#[test]
fn evidence_of_tdx_comes_out_raw_of_no_verb() {
    let folder = folder("hostile-tdx");
    let log = EventLog::ccel().with(Event::ipl(2, HOSTILE, HOSTILE.as_bytes()));
    let log = log.with(Event::action(2, HOSTILE)).bytes().unwrap();
    let log = hostile(&folder, "CCEL", log);
    let more: Vec<OsString> =
        [&AT[..], &GENUINE, &["--no-nonce"]].concat().into_iter().map(Into::into).collect();
    for (at, machine) in machines().iter().enumerate() {
        let minted = machine.mint().unwrap();
        let dcap = minted.dcap_qvl_json().unwrap();
        let [quote, tcb, qe, signer, root, dcap] = [
            ("quote.bin", &minted.quote[..]),
            ("tcb.json", minted.tcb_info.as_bytes()),
            ("qe.json", minted.qe_identity.as_bytes()),
            ("signer.der", &minted.tcb_signing),
            ("root.der", &minted.root),
            ("dcap.json", dcap.as_bytes()),
        ]
        .map(|(name, bytes)| hostile(&folder, &format!("{at}-{name}"), bytes));
        let all = [quote.clone(), tcb.clone(), qe, signer];
        let anchored = |verb: &[&str]| call(verb, &all, &more).and(["--anchor"]).and([&root]);
        anchored(&["verify"]).and([&log]).is_clean();
        call(&["verify"], &[&quote, &dcap], &more).is_clean();
        call(&["inspect"], std::slice::from_ref(&tcb), &[]).is_clean();
        if at == 0 {
            call(&["inspect"], &[&log], &[]).is_clean();
            call(&["inspect"], &[&dcap], &[]).is_clean();
        }
        let suggest = call(&["policy", "suggest"], &[quote], &AT.map(Into::into));
        suggest.and(["--anchor"]).and([&root]).and(["--endorsements"]).and([dcap]).is_clean();
    }
}
