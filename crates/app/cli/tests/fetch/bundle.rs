//! `teeproof bundle refresh`.

use std::slice::from_ref;

use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::Bundle;
use teeproof_mint::snp::Product;

use crate::kds::*;
use crate::support::*;

fn parts(bundle: &Bundle, kind: InputKind) -> Vec<Vec<u8>> {
    let parts = bundle.parts().iter().filter(|part| part.kind() == kind);
    parts.map(|part| part.bytes().to_vec()).collect()
}

#[test]
fn endorsements_are_replaced_and_evidence_is_not() {
    let minted = Minted::new("refresh", Product::Milan, 3);
    let (old, new) = (minted.kds(&[]), minted.kds(&[&[0x55]]));
    let (bundle, renewed) = (minted.file("old.bundle"), minted.file("new.bundle"));
    let run = teeproof(["fetch", "-o"]).args([&bundle]).args([minted.file("report.bin")]);
    with(run, &old.url, &minted.file("cache")).exits(0);
    let refresh = |kds: &str| {
        let run = teeproof(["bundle", "refresh"]).args([&bundle]).args(["-o"]).args([&renewed]);
        with(run, kds, &minted.file("cache"))
    };
    refresh(&new.url).exits(0);
    let read = |path| Bundle::parse(&std::fs::read(path).unwrap()).unwrap();
    let (before, after) = (read(&bundle), read(&renewed));
    assert_eq!(parts(&before, InputKind::SnpReport), parts(&after, InputKind::SnpReport));
    assert_eq!(parts(&after, InputKind::SnpReport), *from_ref(&minted.evidence.report));
    assert_eq!(parts(&after, InputKind::Certificate), *from_ref(&minted.evidence.vek));
    let (lists, renewed_lists) =
        (parts(&before, InputKind::RevocationList), parts(&after, InputKind::RevocationList));
    assert_eq!((lists.len(), renewed_lists.len()), (1, 1));
    assert_ne!(lists, renewed_lists);
    assert_eq!(before.collected(), after.collected());
    assert_eq!(new.connections(), 2);
    // A service that has nothing newer leaves everything as it is.
    let again = minted.file("again.bundle");
    let run = teeproof(["bundle", "refresh"]).args([&renewed]).args(["-o"]).args([&again]);
    with(run, &new.url, &minted.file("cache")).exits(0);
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&renewed).unwrap());
}

#[test]
fn nothing_is_written_if_a_service_fails() {
    let minted = Minted::new("refresh-down", Product::Milan, 3);
    let (bundle, renewed) = (minted.file("old.bundle"), minted.file("new.bundle"));
    let run = teeproof(["fetch", "-o"]).args([&bundle]).args([minted.file("report.bin")]);
    with(run, &minted.kds(&[]).url, &minted.file("cache")).exits(0);
    let refresh = |bundle| teeproof(["bundle", "refresh"]).args([bundle]).args(["-o"]).args([&renewed]);
    let cache = minted.file("cache");
    with(refresh(&bundle), &down(), &cache).fails(8, &["VCEK of a Milan chip", "does not answer"]);
    with(refresh(&bundle), &down(), &cache).args(["--offline"]).fails(7, &["offline"]);
    let redacted = minted.file("redacted.bundle");
    teeproof(["bundle", "redact"]).args([&bundle]).args(["-o"]).args([&redacted]).exits(0);
    with(refresh(&redacted), &down(), &cache).fails(2, &["redacted", "refresh the original"]);
    let fetched = with(teeproof(["fetch"]).args([&redacted]), &down(), &cache).exits(7);
    fetched
        .shows(&["✘ the evidence is redacted", "hint: fetch for the original, and redact the bundle again"]);
    with(refresh(&minted.file("report.bin")), &down(), &cache).fails(3, &["expected a bundle"]);
    assert!(!renewed.exists());
}
