//! Collateral, PCK certificates and CCELs around an input, with a quote that matches them.

use std::sync::LazyLock;

use teeproof_mint::tdx::{MintedQuote, TdxMachine, sgx_oid};
use teeproof_mint::x509::{Extension, mint_chain, pem};
use teeproof_rustcrypto::TABLE;
use teeproof_tdx::{TdxEvidence, TdxVerification, verify_signatures};
use teeproof_wire::eventlog::EventLog;
use teeproof_x509::Anchors;

use crate::believe::Belief;
use crate::parts::{Part, join};
use crate::verify;

/// A machine, its evidence, and a quote of it whose certification data have the root alone.
struct Template {
    machine: TdxMachine,
    minted: MintedQuote,
    short: Vec<u8>,
}

static TEMPLATE: LazyLock<Option<Template>> = LazyLock::new(|| {
    let machine = TdxMachine::new();
    let minted = machine.mint().ok()?;
    let root = pem(&minted.root).into_bytes();
    let short = machine.clone().with(|machine| machine.certification.inner = Some(root)).mint().ok()?.quote;
    Some(Template { machine, minted, short })
});

/// RTMR0 in a quote of version 4.
const RTMRS: usize = 48 + 328;

/// A document with a signature that half of the tables accept.
fn signed(name: &str, document: &[u8]) -> Vec<u8> {
    let signature = "02".repeat(64);
    [b"{\"", name.as_bytes(), b"\":", document, b",\"signature\":\"", signature.as_bytes(), b"\"}"].concat()
}

/// A quote with the TCB info of the input. The first byte is what it is for `verify::tdx`.
pub fn tcb_info(input: &[u8]) -> bool {
    let (Some(template), Some((switches, text))) = (&*TEMPLATE, input.split_first()) else { return false };
    let info = signed("tcbInfo", text);
    with_documents(*switches, &template.minted, &info, template.minted.qe_identity.as_bytes())
}

/// A quote with the QE identity of the input. The first byte is what it is for `verify::tdx`.
pub fn qe_identity(input: &[u8]) -> bool {
    let (Some(template), Some((switches, text))) = (&*TEMPLATE, input.split_first()) else { return false };
    let identity = signed("enclaveIdentity", text);
    with_documents(*switches, &template.minted, template.minted.tcb_info.as_bytes(), &identity)
}

fn with_documents(switches: u8, minted: &MintedQuote, info: &[u8], identity: &[u8]) -> bool {
    verify::tdx(&join(
        switches,
        &[
            Part::Evidence(&minted.quote),
            Part::Anchor(&minted.root),
            Part::Certificate(&minted.tcb_signing),
            Part::Document(info),
            Part::Document(identity),
        ],
    ))
}

/// A quote under a PCK certificate with the SGX extension of the input. The first byte is what it is for
/// `verify::tdx`.
pub fn pck(input: &[u8]) -> bool {
    let (Some(template), Some((switches, value))) = (&*TEMPLATE, input.split_first()) else { return false };
    let Template { machine, minted, short } = template;
    let mut leaf = machine.pck.clone();
    leaf.certificate.set_extension(Extension::new(sgx_oid(&[]), value.to_vec()));
    let Ok(chain) = mint_chain(&[machine.root.clone(), machine.pck_ca.clone(), leaf]) else { return false };
    let Some(leaf) = chain.last() else { return false };
    verify::tdx(&join(
        *switches,
        &[
            Part::Evidence(short),
            Part::Anchor(&minted.root),
            Part::Certificate(leaf),
            Part::Certificate(&minted.pck_ca),
            Part::Certificate(&minted.tcb_signing),
            Part::Document(minted.tcb_info.as_bytes()),
            Part::Document(minted.qe_identity.as_bytes()),
        ],
    ))
}

/// A CCEL, and a quote with the RTMRs that it extends.
pub fn ccel(log: &[u8]) -> bool {
    let Some(template) = &*TEMPLATE else { return false };
    let mut quote = template.minted.quote.clone();
    quote[RTMRS..RTMRS + 4 * 48].copy_from_slice(rtmrs(log).as_flattened());
    let crypto = Belief::All.table();
    let roots = [&template.minted.root[..]];
    let at = teeproof_core::Time(1_768_478_400);
    let waived = teeproof_core::Freshness::Waived("a fuzzer");
    let verification = TdxVerification::new(waived, at, &crypto).anchors(Anchors::and(&roots));
    let Ok(evidence) = TdxEvidence::parse(&quote) else { return false };
    let Ok(signed) = verify_signatures(&evidence, &[], &verification, &mut ()) else { return false };
    let accepted = verify::replayed(log, &signed);
    if accepted {
        let found = teeproof_tdx::replay_rtmrs(log, &signed, &crypto, &mut ());
        let unexplained = teeproof_tdx::RtmrExplanation::Unexplained;
        assert!(found.is_ok_and(|found| !found.rtmrs().contains(&unexplained)));
    }
    accepted
}

/// The RTMRs after everything that a log says, by another way than the verifier's.
fn rtmrs(log: &[u8]) -> [[u8; 48]; 4] {
    let mut rtmrs = [[0; 48]; 4];
    let Ok(log) = EventLog::parse(log) else { return rtmrs };
    for event in log.events().filter(teeproof_wire::eventlog::Event::extends) {
        let index = usize::try_from(event.index).unwrap_or(usize::MAX).wrapping_sub(1);
        if let (Some(rtmr), Some(digest)) = (rtmrs.get_mut(index), event.digest(0x000c)) {
            *rtmr = TABLE.sha384.digest(&[&*rtmr, digest]);
        }
    }
    rtmrs
}
