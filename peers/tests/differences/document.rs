//! `docs/differences.md` is the table of the classes, generated: `cargo xtask peers --write`. A
//! stale page fails the run.

use std::fmt::Write;
use std::path::Path;

use crate::class::Class;
use crate::classes;

const HEAD: &str = "# Where published verifiers answer otherwise

Generated from `peers/tests/differences` by `cargo xtask peers --write`. The test puts the same
evidence to teeproof and to each published verifier: real vectors as they are, with bits turned over,
cut, extended and reframed, and minted evidence in which one thing is wrong. Every disagreement is
in one of these classes; one that is in none fails the test, and so does a class that no longer
occurs.

The peers: `sev` 8.0.0, over its pure-Rust cryptography (`crypto_nossl`) and over OpenSSL;
`nitro_attest` 0.2.0; `attestation-doc-validation` 0.10.1; `az-snp-vtpm` and `az-cvm-vtpm` 0.8.2; `dcap-qvl` 0.7.1 over ring.
Not every one of them sets out to check everything: where a peer leaves a check to its caller, the
class says so.

";

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/differences.md");
    let page = page();
    if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/differences.md is stale: run cargo xtask peers --write");
}

#[test]
fn every_class_has_a_name_of_its_own() {
    let mut ids: Vec<_> = Class::all().map(|class| class.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

fn page() -> String {
    let mut text = String::from(HEAD);
    for (title, classes) in classes::TITLES.iter().zip(classes::ALL) {
        let _ = writeln!(
            text,
            "## {title}\n\n| class | evidence | accepted by | refused by | who is right | by |"
        );
        text.push_str("|---|---|---|---|---|---|\n");
        for class in *classes {
            row(&mut text, class);
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn row(text: &mut String, class: &Class) {
    let [accept, refuse, panic] = class.sides();
    let mut refuse: Vec<String> = refuse.into_iter().map(str::to_owned).collect();
    refuse.extend(panic.into_iter().map(|name| format!("{name} (**panics**)")));
    let Class { id, what, right, line, .. } = class;
    let (accept, refuse) = (accept.join(", "), refuse.join(", "));
    let _ = writeln!(text, "| `{id}` | {what} | {accept} | {refuse} | {right} | {line} |");
}
