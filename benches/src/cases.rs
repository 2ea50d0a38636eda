//! List of all measured cases, shared by all ways of measuring.

mod azure;
mod files;
mod fixed;
mod log;
mod many;
mod nitro;
mod nitrotpm;
mod road;
mod snp;
mod tdx;

use teeproof::Policy;
use teeproof_core::Crypto;

use crate::{Case, Floor, Snp, tables};

/// A group of cases and what makes it: evidence is read, and floors are recorded, then.
type Group = (&'static str, fn() -> Vec<Case>);

const GROUPS: &[Group] = &[
    ("reference", reference),
    ("files", files::cases),
    ("fixed", fixed::cases),
    ("snp", snp::cases),
    ("azure", azure::cases),
    ("nitro", nitro::cases),
    ("nitro-tpm", nitrotpm::cases),
    ("tdx", tdx::cases),
    ("log", log::cases),
    ("front-door", road::cases),
    ("many", many::cases),
];

/// Every case.
#[must_use]
pub fn cases() -> Vec<Case> {
    GROUPS.iter().flat_map(|(_, make)| make()).collect()
}

/// The case of this id. Nothing of other groups is made ready.
#[must_use]
pub fn find(id: &str) -> Option<Case> {
    let (group, _) = id.split_once('/')?;
    let (_, make) = GROUPS.iter().find(|(name, _)| *name == group)?;
    make().into_iter().find(|case| case.id() == id)
}

/// Bare operations of each table, the reference of all other cases.
fn reference() -> Vec<Case> {
    let mut cases = Vec::new();
    let whole = Floor::of(|crypto| _ = Snp::MILAN.verify(crypto).expect("genuine"));
    let signature = leak(whole.last_signature().expect("a signature"));
    for crypto in tables() {
        let bare = move || std::hint::black_box(&*signature).again(crypto);
        cases.push(Case::new("reference", "p384", bare).under(crypto.name));
    }
    cases
}

/// Evidence lives as long as the process: it is read once.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A case under each of these tables, each with its floor: the operations that it calls in its
/// table for.
fn with_floor<T>(
    group: &'static str,
    [name, floor]: [&'static str; 2],
    tables: &[&'static Crypto<'static>],
    run: impl Fn(&'static Crypto<'static>) -> T + Copy + Send + Sync + 'static,
) -> Vec<Case> {
    let operations = leak(Floor::of(|crypto| _ = run(crypto)));
    let both = tables.iter().map(|&crypto| {
        let (case, again) = (move || run(crypto), move || operations.again(crypto));
        [Case::new(group, name, case), Case::new(group, floor, again)].map(|case| case.under(crypto.name))
    });
    both.flatten().collect()
}

fn policy(text: &str) -> &'static Policy {
    leak(Policy::from_toml("example", text).expect("the example is a policy"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_id_names_one_case() {
        let cases = cases();
        let ids: BTreeSet<_> = cases.iter().map(Case::id).collect();
        assert_eq!(ids.len(), cases.len());
        let last = cases.last().map(Case::id).unwrap_or_default();
        assert_eq!(find(&last).map(|case| case.id()), Some(last));
        assert!(find("snp/none").is_none());
        assert!(find("none").is_none());
    }

    #[test]
    fn what_has_a_floor_runs_beside_it() {
        let ids: BTreeSet<_> = cases().iter().map(Case::id).collect();
        for floor in ids.iter().filter(|id| id.contains("-floor")) {
            assert!(ids.contains(&floor.replace("-floor", "")), "{floor}");
        }
    }
}
