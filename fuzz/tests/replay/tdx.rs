//! Seeds of TD quotes, collateral and CCELs, all minted.

use std::sync::LazyLock;

use teeproof_fuzz::{Part, join};
use teeproof_mint::azure::{Algorithm, Event, EventLog};
use teeproof_mint::tdx::{MintedQuote, TdxMachine};

use crate::seeds::LISTS;

/// The lists of the issuers are required.
const REQUIRED: u8 = LISTS | 64;

/// Machines of both versions of quotes, one of them out of date: they are made once.
fn machines() -> &'static [(TdxMachine, MintedQuote)] {
    static MACHINES: LazyLock<Vec<(TdxMachine, MintedQuote)>> = LazyLock::new(|| {
        let machines = [
            TdxMachine::new().nonce(b"a nonce").event_log(&EventLog::ccel()),
            TdxMachine::new().tdx_1_5().processor_ca(),
            TdxMachine::new().version_5().with_sgx(|sgx| sgx.components[0] = 2).debug(),
        ];
        machines.map(|machine| (machine.clone(), machine.mint().unwrap())).to_vec()
    });
    &MACHINES
}

/// The evidence of the plain machine.
pub(crate) fn td() -> &'static MintedQuote {
    &machines()[0].1
}

/// A quote with everything that it is verified with.
pub(crate) fn complete(minted: &MintedQuote) -> Vec<Part<'_>> {
    vec![
        Part::Evidence(&minted.quote),
        Part::Anchor(&minted.root),
        Part::Certificate(&minted.tcb_signing),
        Part::Document(minted.tcb_info.as_bytes()),
        Part::Document(minted.qe_identity.as_bytes()),
        Part::List(&minted.root_crl),
        Part::List(&minted.pck_crl),
    ]
}

pub(crate) fn verify_tdx() -> Vec<Vec<u8>> {
    let log = EventLog::ccel().bytes().unwrap();
    let mut seeds: Vec<_> = machines().iter().map(|(_, minted)| join(0, &complete(minted))).collect();
    let mut whole = complete(td());
    whole.extend([Part::Nonce(b"a nonce"), Part::Log(&log)]);
    seeds.extend([join(LISTS, &whole), join(REQUIRED, &complete(td()))]);
    seeds
}

pub(crate) fn signed_json() -> Vec<Vec<u8>> {
    let texts = machines().iter().flat_map(|(_, minted)| [&minted.tcb_info, &minted.qe_identity]);
    texts.map(|text| text.clone().into_bytes()).collect()
}

/// The first byte of an input, and the rest.
fn after(switches: u8, text: &str) -> Vec<u8> {
    [&[switches], text.as_bytes()].concat()
}

pub(crate) fn minted_tcb_info() -> Vec<Vec<u8>> {
    let infos = machines().iter().map(|(machine, _)| machine.tcb_info.document().unwrap());
    let mut seeds: Vec<_> = infos.map(|info| after(0, &info)).collect();
    // Of one level, to be short: most of what changes is then something else than a component.
    let short = TdxMachine::new().with_tcb_info(|info| {
        info.levels.truncate(1);
        info.modules.truncate(2);
    });
    seeds.push(after(0, &short.tcb_info.document().unwrap()));
    seeds
}

pub(crate) fn minted_qe_identity() -> Vec<Vec<u8>> {
    let identity = TdxMachine::new().qe_identity.document().unwrap();
    vec![after(0, &identity), after(1, &identity)]
}

pub(crate) fn minted_pck() -> Vec<Vec<u8>> {
    let value = |machine: TdxMachine| [&[0][..], &machine.sgx().value()].concat();
    vec![
        value(TdxMachine::new()),
        value(TdxMachine::new().processor_ca()),
        value(TdxMachine::new().with_sgx(|sgx| sgx.pce_svn = 0xffff)),
    ]
}

pub(crate) fn minted_ccel() -> Vec<Vec<u8>> {
    let logs = [
        EventLog::ccel(),
        EventLog::ccel().with(Event::new(4, Event::IPL, vec![7; 40])),
        EventLog::ccel().algorithms(&[Algorithm::SHA256, Algorithm::SHA384]),
    ];
    logs.map(|log| log.bytes().unwrap()).to_vec()
}
