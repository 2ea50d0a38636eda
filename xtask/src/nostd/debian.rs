//! Debian's own Rust compiler with the source of its standard library, unpacked and not installed.

use crate::debian::{depends, unpacked};
use crate::shell::Outcome;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The folder with the compiler; fetched and unpacked the first time.
pub(super) fn compiler() -> Outcome<PathBuf> {
    unpacked("debian-rust", packages)
}

/// The compiler and its own parts; common libraries are on every machine that has apt.
fn packages() -> Outcome<BTreeSet<String>> {
    let mut wanted = BTreeSet::new();
    let mut open: Vec<String> = ROOTS.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = open.pop() {
        let parts = depends(&name)?;
        open.extend(parts.into_iter().filter(|name| OWN.iter().any(|own| name.starts_with(own))));
        wanted.insert(name);
    }
    Ok(wanted)
}

const ROOTS: &[&str] = &["rustc-web", "rust-web-src"];
const OWN: &[&str] = &["libstd-rust-web", "libllvm"];
