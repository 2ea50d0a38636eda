//! Files of a sender who hides newer revocation lists or newer collateral of services and cache.

use std::path::PathBuf;

use teeproof_mint::snp::Product;
use teeproof_mint::x509::{Crl, Link};
use teeproof_mint::{Key, Kind};

use crate::kds::*;
use crate::pcs::*;
use crate::server::{Server, not_found};
use crate::support::*;

const DAY: u64 = 86_400;

/// A list in the name of this authority that another key signed, and that nobody revoked anything in.
pub(crate) fn foreign_list(authority: &Link, kind: Kind, this_update: u64) -> Vec<u8> {
    let mut other = authority.clone();
    other.key = Key::fresh(kind);
    Crl::new(this_update, this_update + 100 * DAY).sign(&other).unwrap()
}

/// The lists of a sender who does not want to be revoked: one of a key of their own, and an older genuine one.
fn lists(minted: &Minted) -> [PathBuf; 2] {
    let mut older = Crl::new(now() - 40 * DAY, now() + 100 * DAY);
    older.seal = minted.machine.crl().seal;
    let lists = [
        ("own.crl", foreign_list(&minted.machine.ark, Kind::Rsa2048, now() - DAY)),
        ("older.crl", older.sign(&minted.machine.ark).unwrap()),
    ];
    lists.map(|(name, list)| {
        std::fs::write(minted.file(name), list).unwrap();
        minted.file(name)
    })
}

#[test]
fn a_list_of_the_sender_hides_no_revocation() {
    let minted = Minted::new("senders-lists", Product::Milan, 3);
    let serial = minted.machine.intermediate.certificate.serial.clone();
    let kds = minted.kds(&[&serial]);
    std::fs::write(minted.file("vek.der"), &minted.evidence.vek).unwrap();
    std::fs::write(minted.file("ask.der"), &minted.evidence.intermediate).unwrap();
    let lists = lists(&minted);
    let run = |list: &PathBuf, url: &str| {
        let run = minted.verify(url).args([minted.file("vek.der"), minted.file("ask.der")]);
        run.args(["--endorsements"]).args([list])
    };
    // Nothing is cached yet.
    lists.iter().for_each(|list| drop(run(list, &kds.url).exits(0)));
    for list in &lists {
        run(list, &kds.url).args(["--fetch"]).exits(7).shows(&["✘ snp.revocation"]);
        run(list, &kds.url).exits(7).shows(&["✘ snp.revocation"]);
        let says = ["revocation list of ARK-Milan", "does not answer"];
        let ran = run(list, &down()).args(["--fetch"]).fails(8, &says);
        assert!(ran.stderr.contains("verify without --fetch"), "{ran:#?}");
    }
    // The list alone, and once more because the second run was refused with what is from the cache.
    assert_eq!(paths(&kds), ["/vcek/v1/Milan/crl"; 2]);
}

/// A forged certificate of another product line does not decide which list is requested.
#[test]
fn a_certificate_of_the_sender_hides_no_list() {
    let minted = Minted::new("senders-line", Product::Genoa, 2);
    let serial = minted.machine.intermediate.certificate.serial.clone();
    let kds = minted.kds(&[&serial]);
    let other = teeproof_mint::snp::Machine::vcek(Product::Milan).at(now()).authority_keys(Kind::Rsa2048);
    let mut chip_id = [0; 64];
    chip_id.copy_from_slice(&minted.evidence.report[0x1a0..0x1e0]);
    let other = other.chip_id(chip_id).tcb(Product::Genoa.tcb()).mint().unwrap();
    for (name, bytes) in [
        ("vek.der", &minted.evidence.vek),
        ("ask.der", &minted.evidence.intermediate),
        ("other.der", &other.vek),
        ("other-ask.der", &other.intermediate),
    ] {
        std::fs::write(minted.file(name), bytes).unwrap();
    }
    let files = ["vek.der", "ask.der", "other.der", "other-ask.der"].map(|name| minted.file(name));
    let revoked = |run: Run| run.args(&files).exits(7).shows(&["✘ snp.revocation"]);
    revoked(minted.verify(&kds.url).args(["--fetch"]));
    revoked(minted.verify(&kds.url));
}

/// The collateral of a platform sixty days ago as files, and its platform of today.
fn old_and_current(test: &str) -> (Platform, Vec<PathBuf>, teeproof_mint::tdx::MintedQuote) {
    let then = now() - 60 * DAY;
    let machine = platform();
    let old = machine.clone().with(|machine| {
        machine.tcb_info.issue(then);
        machine.qe_identity.issue(then);
        let list = Crl::new(then - DAY, then + 29 * DAY);
        (machine.root_crl, machine.pck_crl) = (list.clone(), list);
    });
    let old = Platform::new(test, &old);
    let files = collateral(&old);
    (old, files, machine.mint().unwrap())
}

/// Its collateral as files.
fn collateral(platform: &Platform) -> Vec<PathBuf> {
    let minted = &platform.minted;
    let files = [
        ("tcb.json", minted.tcb_info.as_bytes()),
        ("qe.json", minted.qe_identity.as_bytes()),
        ("tcb-signing.der", &minted.tcb_signing),
        ("root.crl", &minted.root_crl),
        ("pck.crl", &minted.pck_crl),
    ];
    let put = |(name, bytes): (&str, &[u8])| {
        std::fs::write(platform.file(name), bytes).unwrap();
        platform.file(name)
    };
    files.map(put).into()
}

#[test]
fn collateral_of_the_sender_hides_no_newer_one() {
    let machine = platform();
    let serial = machine.pck.certificate.serial.clone();
    let (given, revoking) =
        (Platform::new("senders-collateral", &machine), machine.pck_ca_revokes(&serial).mint().unwrap());
    let (files, pcs) = (collateral(&given), pcs(&revoking));
    let run = |url: &str| given.verify(url).args(&files);
    run(&pcs.url).exits(0);
    run(&pcs.url).args(["--fetch"]).exits(7).shows(&["✘ tdx.revocation"]);
    assert_eq!(paths(&pcs), PATHS);
    run(&pcs.url).exits(7).shows(&["✘ tdx.revocation"]);
    run(&pcs.url).args(["--offline"]).exits(7).shows(&["✘ tdx.revocation"]);
    // A service that is down is not replaced by the files, and the hint says how to do without it.
    given
        .verify(&down())
        .args(&files)
        .args(["--fetch"])
        .fails(8, &["TDX TCB info", "does not answer", "verify without --fetch"]);
    assert_eq!(pcs.connections(), 4);
}

/// Recorded evidence is verified with its own collateral, because the service has none of that time any more.
#[test]
fn collateral_of_the_time_of_verification_is_among_the_files() {
    let (old, files, current) = old_and_current("senders-recorded");
    let pcs = pcs(&current);
    let then = rfc3339(now() - 50 * DAY);
    let run = || old.verify(&pcs.url).args(&files);
    run().args(["--at", &then]).exits(0);
    let ran = run().args(["--fetch", "--at", &then]).exits(0).shows(&["✔ tdx.revocation"]);
    for title in TITLES {
        let warning = format!("warning: {title}: the one among the files is used: not fetched: ");
        assert!(ran.stderr.contains(&warning), "{ran:#?}");
    }
    // Nobody but the user names the time: at present, stale files stand in for nothing.
    run().args(["--fetch"]).exits(0).shows(&["✔ tdx.tcb-info"]);
    run().args(["--fetch", "--at", &then]).env("TEEPROOF_PCS_URL", &down()).fails(8, &["does not answer"]);
    old.verify(&pcs.url).args(["--fetch", "--at", &then]).fails(7, &["TDX TCB info", "not at"]);
}

/// TCB info and QE identity alone, as a response's body is saved.
#[test]
fn collateral_without_its_signing_chain_is_completed() {
    let given = Platform::new("senders-chain", &platform());
    let files: Vec<_> =
        collateral(&given).into_iter().filter(|path| !path.ends_with("tcb-signing.der")).collect();
    let pcs = pcs(&given.minted);
    let run = || given.verify(&pcs.url).args(&files);
    let says = ["✘ tdx.collateral.signer", "TCB-Info-Issuer-Chain"];
    run().exits(7).shows(&says);
    run().args(["--fetch"]).exits(0).shows(&["✔ tdx.collateral.signer"]);
    run().exits(0);
    // The value of the header, as a client of HTTP prints it.
    let header = given.file("chain.txt");
    std::fs::write(&header, percent_encoded(&given.minted.tcb_signing_chain())).unwrap();
    let run = given.verify(&down()).args(&files).args([&header]);
    let ran = run.exits(0).shows(&["✔ tdx.collateral.signer"]);
    assert!(ran.stderr.contains("certificate × 2 (URL-encoded PEM)"), "{ran:#?}");
}

/// Collateral of a service that is not genuine is not hidden by the sender's genuine one, which can be old.
#[test]
fn collateral_of_the_sender_hides_no_forgery() {
    let machine = platform();
    let given = Platform::new("senders-forgery", &machine);
    let mut forged = given.minted.clone();
    // A digit of the signature is another.
    let at = forged.tcb_info.rfind("\"signature\":\"").unwrap() + 13;
    let digit = if forged.tcb_info[at..].starts_with('0') { "1" } else { "0" };
    forged.tcb_info.replace_range(at..=at, digit);
    let (files, all) = (collateral(&given), responses(&forged));
    let pcs = Server::of(move |received| all.get(&received.path).cloned().unwrap_or_else(not_found));
    let run = || given.verify(&pcs.url).args(&files);
    run().args(["--fetch"]).fails(8, &["TDX TCB info of FMSPC 90C06F000000", TCB_PATH, "tdx.tcb-info"]);
    // Without a network, the object of the cache is named.
    let ran = run().exits(0);
    assert!(ran.stderr.contains("warning: TDX TCB info of FMSPC 90C06F000000, fetched from "), "{ran:#?}");
}
