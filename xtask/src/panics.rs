//! Proof that nothing in the pure crates can stop a program: every call of the compiler's panic
//! functions that is left in the optimised machine code is found, and each one has to be in
//! `docs/panics.md` with the reason why it is never reached.
//!
//! Looked at are each crate by itself, all that its public functions are made of; and one program
//! that reaches everything of the crates without an allocator, down into `core`.

mod build;
mod listing;
mod machinery;
mod sites;

use crate::setup;
use crate::shell::{Outcome, root};
use build::Linked;
use sites::{Place, Places, Site};
use std::collections::BTreeMap;

/// Finds what is left and compares it with the list; `--list` prints what was found instead.
pub(crate) fn run(words: &[&str]) -> Outcome {
    setup::need(&[setup::MACHINE_CODE])?;
    let linked = build::everything()?;
    let mut found = BTreeMap::new();
    for part in &linked {
        collect(part, &mut found)?;
    }
    if words == ["--list"] {
        found.iter().for_each(|(place, sites)| print!("{}", shown(place, sites)));
        return Ok(());
    }
    let path = root().join(LISTING);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{LISTING}: {e}"))?;
    let listed = listing::read(&text)?;
    compare(&found, &listed)?;
    summary(&linked, &found);
    Ok(())
}

fn collect(part: &Linked, found: &mut BTreeMap<Place, Vec<Site>>) -> Outcome {
    for site in sites::of(part)? {
        found.entry(site.place.clone()).or_default().push(site);
    }
    Ok(())
}

/// What was found and is not listed, and what is listed and was not found.
fn compare(found: &BTreeMap<Place, Vec<Site>>, listed: &Places) -> Outcome {
    let new = found.iter().filter(|(place, _)| !listed.contains(place));
    let mut text: String = new.map(|(place, sites)| shown(place, sites)).collect();
    if !text.is_empty() {
        text.insert_str(0, &format!("these can panic, and {LISTING} does not say why they never do:\n"));
    }
    let gone: Vec<String> = listed.iter().filter(|place| !found.contains_key(place)).map(row).collect();
    if !gone.is_empty() {
        text.push_str(&format!("{LISTING} lists what is not there any more:\n{}\n", gone.join("\n")));
    }
    if text.is_empty() { Ok(()) } else { Err(format!("{text}(found with {})", build::compiler()?)) }
}

/// A place as it would stand in the list, and the way to each of its sites, innermost call first.
fn shown(place: &Place, sites: &[Site]) -> String {
    let mut text = format!("{}\n", row(place));
    for site in sites.iter().take(SHOWN) {
        text.push_str(&format!("    {}\n", site.frames.join("\n      in ")));
    }
    text
}

fn row(place: &Place) -> String {
    format!("| {} | `{}` | `{}` |", place.part, place.at, place.kind)
}

fn summary(linked: &[Linked], found: &BTreeMap<Place, Vec<Site>>) {
    for part in linked {
        let rows = found.keys().filter(|place| place.part == part.name).count();
        println!("panics: {:<10} {rows:>3} listed: {}", part.name, part.what);
    }
}

/// So many calls of one place are shown; what is to be done about them is one thing.
const SHOWN: usize = 4;

const LISTING: &str = "docs/panics.md";
