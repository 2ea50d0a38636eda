//! The pure crates, as the gates that build them alone take them from `cargo metadata`.

use crate::graph::{Graph, Package};
use crate::shell::{Outcome, root};

/// The published crates under `crates/pure`, by name.
pub(crate) fn crates(graph: &Graph) -> Outcome<Vec<&Package>> {
    let folder = root().join("crates/pure");
    let pure = |member: &&Package| member.is_published() && member.manifest_path.starts_with(&folder);
    let found: Vec<&Package> = graph.members().into_iter().filter(pure).collect();
    if found.is_empty() { Err(format!("no crate in {}", folder.display())) } else { Ok(found) }
}

/// `-p NAME` for each of them.
pub(crate) fn words<'a>(crates: &[&'a Package]) -> Vec<&'a str> {
    crates.iter().flat_map(|each| ["-p", each.name.as_str()]).collect()
}
