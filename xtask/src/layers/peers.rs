//! The lock file of the peers, a workspace of its own: it has the dependencies of our crates as they are now. A stale one
//! makes every `--locked` build of the peers fail, and no other step builds them.

use crate::graph::Package;
use crate::shell::{Outcome, root};
use serde::Deserialize;
use std::collections::BTreeMap;

const LOCK: &str = "peers/Cargo.lock";

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// What the lock file lacks.
pub(super) fn check(members: &[&Package]) -> Outcome<Vec<String>> {
    let text = std::fs::read_to_string(root().join(LOCK)).map_err(|e| format!("{LOCK}: {e}"))?;
    faults(members, &text)
}

fn faults(members: &[&Package], text: &str) -> Outcome<Vec<String>> {
    let lock: Lock = toml::from_str(text).map_err(|e| format!("{LOCK}: {e}"))?;
    let locked: BTreeMap<&str, &Locked> = lock.package.iter().map(|one| (one.name.as_str(), one)).collect();
    let mut wrong = Vec::new();
    for member in members {
        let Some(locked) = locked.get(member.name.as_str()) else { continue };
        // An optional dependency is in the lock file only where a peer switches its feature on.
        let demanded = member.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev") && !d.optional);
        for dependency in demanded {
            let is_locked =
                locked.dependencies.iter().any(|one| one.split(' ').next() == Some(dependency.name.as_str()));
            if !is_locked {
                wrong.push(format!(
                    "{LOCK}: {} lacks {}; run cargo metadata in peers",
                    member.name, dependency.name
                ));
            }
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;

    #[test]
    fn a_dependency_that_is_not_locked_is_named() -> Outcome {
        let graph = Graph::read()?;
        let members = graph.members();
        let text = std::fs::read_to_string(root().join(LOCK)).map_err(|e| e.to_string())?;
        assert_eq!(faults(&members, &text)?, Vec::<String>::new());
        let stale = text.replace(" \"teeproof-eif\",\n", "");
        assert_ne!(stale, text);
        let wrong = faults(&members, &stale)?;
        assert_eq!(
            wrong,
            ["peers/Cargo.lock: teeproof-benches lacks teeproof-eif; run cargo metadata in peers"]
        );
        Ok(())
    }
}
