//! What a policy demands and what it waives, rule by rule.

use serde::Serialize;
use teeproof::Policy;

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Demand {
    /// The technology that it is about.
    pub(super) technology: &'static str,
    /// The check that it belongs to.
    pub(super) check: &'static str,
    /// What is demanded; `None` where it is waived.
    pub(super) expected: Option<String>,
    /// Why nothing is demanded.
    pub(super) waived: Option<String>,
    /// The line of the policy.
    pub(super) line: Option<u32>,
}

/// Every rule, in the order of the fields.
pub(super) fn of(policy: &Policy) -> Vec<Demand> {
    let mut demands = Vec::new();
    policy.demands(&mut |technology, demand| {
        demands.push(Demand {
            technology: technology.as_str(),
            check: demand.check.id,
            expected: demand.expected.map(ToString::to_string),
            waived: demand.waived.map(ToString::to_string),
            line: demand.line,
        });
    });
    demands
}
