//! The pure crates with every set of their features, each crate by itself, because a workspace build unifies
//! features. Our own loop and not cargo-hack: docs/decisions/workshop.md.

use crate::graph::Graph;
use crate::pure;
use crate::shell::{self, Outcome, cargo};

/// Clippy over the library of each crate, for every subset of its features.
pub(crate) fn run(_: &[&str]) -> Outcome {
    let graph = Graph::read()?;
    let mut count = 0_usize;
    for package in pure::crates(&graph)? {
        let features: Vec<&str> = package.features.keys().map(String::as_str).collect();
        if features.len() > LIMIT {
            return Err(format!("{}: more than {LIMIT} features, choose sets by hand", package.name));
        }
        for set in subsets(&features) {
            let mut clippy = cargo();
            clippy.args(["clippy", "--quiet", "--locked", "--lib", "-p", &package.name]);
            clippy.args(["--no-default-features", "--features", &set.join(",")]);
            shell::run(clippy.args(["--", "-D", "warnings"]))?;
            count += 1;
        }
    }
    println!("features: {count} sets of features of the pure crates");
    Ok(())
}

/// Every subset but those that hold `default`, which only names others.
fn subsets<'a>(features: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut sets = vec![Vec::new()];
    for feature in features.iter().filter(|feature| **feature != "default") {
        let with: Vec<Vec<&str>> = sets.iter().map(|set| [set.as_slice(), &[*feature]].concat()).collect();
        sets.extend(with);
    }
    sets
}

/// 64 builds of one crate are enough.
const LIMIT: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subset_once() {
        let expected: [&[&str]; 4] = [&[], &["alloc"], &["serde"], &["alloc", "serde"]];
        assert_eq!(subsets(&["alloc", "default", "serde"]), expected);
    }
}
