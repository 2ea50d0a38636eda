//! TD quotes, collateral and CCELs made to cost: long lists of small things, many certificates, many documents.

use teeproof_fuzz::{Part, bounds, join, minted, verify};
use teeproof_mint::azure::{Event, EventLog};
use teeproof_mint::tdx::{IsvLevel, ModuleIdentity, TcbInfo, TdxMachine};
use teeproof_mint::x509::pem;
use teeproof_tdx::MAX_COLLATERAL_BYTES;

use crate::hostile::reached;
use crate::seeds::{complete, td, varied};

/// A document, its text repeated as often as there is room.
fn filled(machine: &TdxMachine, from: &str, with: &str) -> String {
    let text = machine.tcb_info.document().unwrap();
    let room = MAX_COLLATERAL_BYTES - 200 - text.len();
    text.replacen(from, &format!("{from}{}", with.repeat(room / with.len())), 1)
}

/// A TCB info with so many advisories without a name.
fn advisories(count: usize) -> String {
    let mut machine = TdxMachine::new();
    machine.tcb_info.levels.truncate(1);
    machine.tcb_info.levels[0].advisories = vec![String::new(); count];
    machine.tcb_info.document().unwrap()
}

/// TCB infos whose values take much room.
fn infos() -> Vec<String> {
    let changed = |change: &dyn Fn(&mut TcbInfo)| TdxMachine::new().with_tcb_info(change);
    let plain = || changed(&|info| info.levels.truncate(1));
    let level = IsvLevel::new(0, "2024-11-13T00:00:00Z", "Revoked", &[]);
    let mut levels = plain();
    levels.tcb_info.modules[1].levels = vec![level; 1_300];
    let mut modules = plain();
    modules.tcb_info.modules = vec![ModuleIdentity::new(3); 180];
    modules.tcb_info.modules.iter_mut().for_each(|module| module.levels.clear());
    let mut platforms = plain();
    platforms.tcb_info.levels = vec![platforms.tcb_info.levels[0].clone(); 100];
    vec![
        // One more than a list has room for before it grows again.
        advisories(32_769),
        advisories(43_000),
        filled(&plain(), "\"advisoryIDs\":[", "\"a\","),
        filled(&plain(), "{\"id\":", "\"TDX\",\"x\":"),
        filled(&plain(), "{", "\"a\":0,"),
        filled(&plain(), "{", "\"a\":[[[{}]]],"),
        filled(&plain(), "{", "\"\\u0061\":\"\\u0062\","),
        filled(&plain(), "\"advisoryIDs\":[", "\"\\u0061\","),
        plain().tcb_info.document().unwrap().replacen(
            '{',
            &format!("{{\"a\":\"{}\\n\",", "e".repeat(120_000)),
            1,
        ),
        format!("{{\"a\":{}", "[".repeat(100_000)),
        levels.tcb_info.document().unwrap(),
        modules.tcb_info.document().unwrap(),
        platforms.tcb_info.document().unwrap(),
    ]
}

/// A response with this document and a signature whose last byte is this.
fn response(name: &str, document: &str, last: &str) -> String {
    format!("{{\"{name}\":{document},\"signature\":\"{}{last}\"}}", "02".repeat(63))
}

#[test]
fn collateral_made_to_cost() {
    let mut accepted = 0;
    for info in infos() {
        accepted += usize::from(minted::tcb_info(&[&[0], info.as_bytes()].concat()));
        verify::signed_json(response("tcbInfo", &info, "02").as_bytes());
    }
    assert!(accepted >= 7, "{accepted}");
    for count in [10_000, 65_537 / 6, 20_000] {
        assert!(!verify::signed_json(format!("{{\"{}\":0}}", "\\u0061".repeat(count)).as_bytes()));
        assert!(!verify::signed_json(format!("{{\"\\n{}\":0}}", "a".repeat(count * 6)).as_bytes()));
    }
    assert!(!verify::signed_json("[".repeat(MAX_COLLATERAL_BYTES).as_bytes()));
    reached(&bounds::TDX_JSON, [50, 50, 0, 0]);
    reached(&bounds::TDX_VERIFY, [80, 80, 0, 0]);
    reached(&bounds::TDX_APPRAISE, [70, 70, 0, 0]);
}

/// As many certificates as are attempted: PCK certificates that no authority signed under many authorities; signers of
/// collateral, and documents that none of them signed, but for one.
#[test]
fn signatures_made_to_cost() {
    let minted = td();
    let quote = signed_for_some(&minted.quote);
    let ending = |der: &[u8], last: u8| [&der[..der.len() - 1], &[last]].concat();
    // Of certificates that end with an even byte, the signature is accepted.
    let (leaves, authorities) = (varied(&ending(&minted.pck, 1), 31), varied(&ending(&minted.pck_ca, 2), 20));
    let mut parts = vec![Part::Evidence(&quote), Part::Anchor(&minted.root)];
    parts.extend(leaves.iter().chain(&authorities).map(|der| Part::Certificate(der)));
    assert!(!verify::tdx(&join(2, &parts)));
    reached(&bounds::TDX_SIGNATURES, [25, 25, 90, 1]);

    let (leaf, authority) = (ending(&minted.pck, 2), ending(&minted.pck_ca, 2));
    let signers = varied(&ending(&minted.tcb_signing, 2), 32);
    let filler = |count: usize| format!("{{{}}}", " ".repeat(4_000 + count));
    let info = TdxMachine::new().tcb_info.document().unwrap();
    let mut documents = vec![response("tcbInfo", &info, "02")];
    documents.extend((0..15).map(|count| response("tcbInfo", &filler(count), "01")));
    documents.extend((0..16).map(|count| response("enclaveIdentity", &filler(count), "01")));
    let mut parts = vec![Part::Evidence(&quote), Part::Anchor(&minted.root)];
    parts.extend([Part::Certificate(&leaf), Part::Certificate(&authority)]);
    parts.extend(signers.iter().map(|der| Part::Certificate(der)));
    parts.extend(documents.iter().map(|text| Part::Document(text.as_bytes())));
    assert!(!verify::tdx(&join(2, &parts)));
    reached(&bounds::TDX_VERIFY, [0, 0, 90, 30]);
}

/// A quote whose signatures end with an even byte: that over the body, and that over the report.
fn signed_for_some(quote: &[u8]) -> Vec<u8> {
    let mut quote = quote.to_vec();
    for last in [636 + 63, 636 + 581] {
        quote[last] &= 0xfe;
    }
    quote
}

/// Quotes with as many certificates and other sections as they have room for.
#[test]
fn quotes_made_to_cost() {
    let minted = td();
    let text = |text: String| {
        let whole = TdxMachine::new().with(|machine| machine.certification.inner = Some(text.into_bytes()));
        whole.mint().unwrap().quote
    };
    let chain = minted.pck_chain();
    let short = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    for inner in [
        chain.repeat(4),
        pem(&minted.root).repeat(15),
        short.repeat(270),
        "-----BEGIN A-----\n-----END A-----\n".repeat(400),
        format!("-----BEGIN A-----\n{}\n-----END A-----\n", "A".repeat(14_000)),
        "A".repeat(14_000),
        "\n".repeat(14_000),
        "-----BEGIN ".repeat(1_300),
    ] {
        let quote = text(inner);
        assert!(quote.len() < 16 * 1024);
        let mut parts = complete(minted);
        parts[0] = Part::Evidence(&quote);
        verify::tdx(&join(0, &parts));
    }
    reached(&bounds::TDX_PARSE, [40, 35, 0, 0]);
}

/// As many events as a log has, of one RTMR and without data.
#[test]
fn ccels_made_to_cost() {
    let head = EventLog::ccel();
    let log = |events: Vec<Event>| {
        let mut log = head.clone();
        log.events = events;
        log.padding = Vec::new();
        log.bytes().unwrap()
    };
    assert!(minted::ccel(&log(vec![Event::new(1, Event::IPL, vec![]); 16_000])));
    assert!(minted::ccel(&log(vec![Event::new(4, Event::IPL, vec![7; 200]); 15_000])));
    assert!(!minted::ccel(&vec![0; 4 << 20]));
    reached(&bounds::TDX_REPLAY, [0, 0, 0, 90]);
}
