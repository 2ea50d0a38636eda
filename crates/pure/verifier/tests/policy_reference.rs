//! The tables of `docs/policy.md` are those of the policy's fields: `cargo xtask checks` writes them,
//! and a stale page fails here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "the page is a file")]
#![cfg(feature = "policy-file")]

use std::fmt::Write;
use std::path::Path;

use teeproof::{Policy, PolicyKey};

/// The tables: the mark in the page, the section, and the section whose keys are left out of it.
const TABLES: [(&str, &str, Option<&str>); 5] = [
    ("snp", "snp", None),
    ("azure", "azure-snp", Some("snp")),
    ("tdx", "tdx", None),
    ("nitro", "nitro", None),
    ("nitro-tpm", "nitro-tpm", None),
];

fn keys(section: &str) -> Vec<PolicyKey> {
    Policy::keys().into_iter().filter(|key| key.technology.as_str() == section).collect()
}

fn table(section: &str, without: Option<&str>) -> String {
    let left_out = without.map(keys).unwrap_or_default();
    let mut text = String::from(HEAD);
    for key in keys(section) {
        if left_out.iter().any(|other| other.key == key.key) {
            continue;
        }
        let PolicyKey { key, kind, expectations, about, check, each, .. } = key;
        let (mut expectations, mut checks) = (expectations.join(", "), format!("`{}`", check.id));
        if let (Some(first), Some(last)) = (each.first(), each.last()) {
            expectations = format!("of each: {expectations}");
            checks = format!("`{}` to `{}`; {checks} where they are waived", first.id, last.id);
        }
        writeln!(text, "| `{key}` | {kind} | {expectations} | {about} | {checks} |").unwrap();
    }
    text
}

const HEAD: &str = "| key | kind | expectations | what it speaks of | check |\n|---|---|---|---|---|\n";

/// The page with the tables as they are now.
fn page(kept: &str) -> String {
    let mut page = kept.to_string();
    for (mark, section, without) in TABLES {
        let (begin, end) =
            (format!("<!-- begin fields: {mark} -->\n"), format!("<!-- end fields: {mark} -->"));
        let (before, rest) = page.split_once(&begin).expect(mark);
        let (_, after) = rest.split_once(&end).expect(mark);
        page = format!("{before}{begin}{}{end}{after}", table(section, without));
    }
    page
}

#[test]
fn the_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/policy.md");
    let kept = std::fs::read_to_string(&path).unwrap();
    let page = page(&kept);
    if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
        std::fs::write(&path, &page).unwrap();
        return;
    }
    assert!(kept == page, "docs/policy.md is stale: run cargo xtask checks");
}

/// Every rule of a policy is a key of its section, and every key makes a rule: nothing that a file
/// demands is left out of `policy check`, and no rule of it is missing from the file format.
#[test]
fn every_key_is_a_demand_and_every_demand_a_key() {
    let text = "version = 1\n\
        [snp]\nunlisted = { waived = \"w\" }\n[tdx]\nunlisted = { waived = \"w\" }\n[azure-snp]\nunlisted = { waived = \"w\" }\n\
        [azure-tdx]\nunlisted = { waived = \"w\" }\n[nitro]\nunlisted = { waived = \"w\" }\n\
        [nitro-tpm]\nunlisted = { waived = \"w\" }\n";
    for policy in [Policy::from_toml("all waived", text).unwrap(), Policy::genuine()] {
        let mut demands = Vec::new();
        policy.field_rules(&mut |technology, demand| {
            assert!(demand.expected.is_some() != demand.waived.is_some(), "{}", demand.key);
            demands.push((technology, demand.key, demand.check.id));
        });
        let keys: Vec<_> = Policy::keys().iter().map(|key| (key.technology, key.key, key.check.id)).collect();
        assert_eq!(demands, keys);
    }
}
