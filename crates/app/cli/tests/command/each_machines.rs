//! `verify --each` with Azure machines: bundles, shared endorsements, anchors, and the same verdicts
//! as one by one.

use crate::machine::*;
use crate::support::*;

const JSON: [&str; 2] = ["--format", "json"];

#[test]
fn verdicts_are_those_of_one_by_one() {
    let machine = Machine::new("each-machines", &genoa());
    let bundle = machine.bundle();
    let damaged = |name: &str, at: usize| {
        let mut bytes = std::fs::read(&bundle).unwrap();
        bytes[at] ^= 1;
        machine.put(name, bytes)
    };
    let whole = std::fs::read(&bundle).unwrap();
    let middle = position(&whole, &machine.minted.hcl_report) + 300;
    let quote = position(&whole, &machine.minted.quote_signature) + 40;
    let files = [
        bundle.clone(),
        damaged("report.bundle", middle),
        bundle.clone(),
        damaged("quote.bundle", quote),
        damaged("shape.bundle", 0),
        bundle.clone(),
    ];
    let run = || machine.verify().args(nonce(&CHALLENGE));
    let json = run().args(["--each"]).args(&files).args(JSON).run().json();
    let entries = json["files"].as_array().unwrap();
    let mut exits = Vec::new();
    for (entry, file) in entries.iter().zip(&files) {
        let alone = run().args([file]).args(JSON).run();
        let content = if entry["result"].is_null() { &entry["error"] } else { &entry["result"] };
        let mut expected = alone.json();
        if !entry["result"].is_null() {
            expected.as_object_mut().unwrap().remove("exit_code");
        }
        assert_eq!(*content, expected, "{}", file.display());
        assert_eq!(entry["exit_code"], alone.exit);
        exits.push(alone.exit);
    }
    assert_eq!((exits[0], exits[2], exits[5]), (0, 0, 0));
    assert!(exits[1] == 4 && exits[3] == 4 && exits[4] == 3, "{exits:?}");
    let ran = run().args(["--each"]).args(&files).exits(4).shows(&[
        "machine.bundle  azure-snp  accepted  exit 0  NON-PRODUCTION ANCHOR  36 checks waived\n",
        "accepted 3 of 6, refused 2, unreadable 1  policy builtin:genuine  exit 4",
        "The chain ends at an anchor of --anchor, which proves nothing about hardware.",
    ]);
    // The anchors are read once.
    assert_eq!(ran.stderr.matches("trust anchor").count(), 2, "{ran:#?}");
}

#[test]
fn endorsements_are_shared() {
    let folder = folder("each-endorsements");
    let files = ["one.bin", "two.bin"].map(|name| put(&folder, name, bytes(REPORT)));
    let run = || teeproof(["verify", "--each", "--no-nonce"]).args(GENUINE).args(&files);
    run().exits(7).shows(&["    snp.chain  ", "accepted 0 of 2, refused 2  "]);
    let ran = run().args(["--endorsements"]).file(VCEK).exits(0);
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
    ran.shows(&["one.bin  snp  accepted  exit 0  22 checks waived\n", "accepted 2 of 2  "]);
    // A file that cannot be shared ends the run, before any other is looked at.
    run().args(["--endorsements"]).file(PRODUCTION).fails(2, &["found a Nitro document"]);
    // What belongs to no document belongs to none of many.
    let ran = run().file(PRODUCTION).args(["--endorsements"]).file(VCEK).exits(2);
    ran.shows(&["accepted 2 of 3, unreadable 1  ", "do not belong to the Nitro document"]);
}
