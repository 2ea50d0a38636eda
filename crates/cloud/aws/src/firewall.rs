//! Rules of the security group: of the road and the requested ports, to the network of the request, for one deployment.
//!
//! A rule exists once in a group. One that another deployment has is refused, because its removal would close the port for
//! both; one that belongs to no deployment serves, and stays.

use teeproof_runtime::{DeployRequest, DeploymentId, Network, Reach};

use crate::Ports;
use crate::tags::{self, DescribedRule};

/// A rule to have: one TCP port from one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) port: u16,
    pub(crate) source: Network,
}

/// The rules that a request needs: none for a private address, because the group of the configuration lets its network in.
pub(crate) fn rules(request: &DeployRequest, ports: Ports) -> Vec<Rule> {
    let Reach::Public { source } = request.reach else { return Vec::new() };
    let mut all = vec![ports.road, ports.status];
    all.extend(&request.ports);
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|port| Rule { port, source }).collect()
}

/// What a group has of a rule already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Nothing: it is added.
    None,
    /// The rule, of this deployment or of none.
    Usable,
    /// The rule, of another deployment.
    Other { rule: String, deployment: DeploymentId },
}

/// Compares a rule with those of its group.
pub(crate) fn existing(rule: &Rule, group: &[DescribedRule], id: Option<&DeploymentId>) -> Existing {
    let port = Some(i32::from(rule.port));
    let source = rule.source.to_string();
    // EC2 takes two rules for the same if all of this is equal.
    let is_same = |other: &&DescribedRule| {
        let is_port = other.from_port == port && other.to_port == port;
        other.is_ingress && other.protocol == "tcp" && is_port && other.source.as_ref() == Some(&source)
    };
    match group.iter().find(is_same) {
        None => Existing::None,
        Some(found) => match tags::deployment(&found.tags) {
            Some(deployment) if Some(&deployment) != id => {
                Existing::Other { rule: found.id.clone(), deployment }
            }
            _ => Existing::Usable,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends")]

    use super::*;
    use crate::samples;

    fn described(rule: &Rule, id: Option<&DeploymentId>) -> DescribedRule {
        DescribedRule {
            id: "sgr-1".to_owned(),
            group: "sg-1".to_owned(),
            is_ingress: true,
            protocol: "tcp".to_owned(),
            from_port: Some(rule.port.into()),
            to_port: Some(rule.port.into()),
            source: Some(rule.source.to_string()),
            tags: id.map(|id| tags::of_rule(id, &"ci".parse().unwrap())).unwrap_or_default(),
        }
    }

    #[test]
    fn a_private_address_opens_nothing() {
        let mut request = samples::private();
        request.ports = vec![443];
        assert!(rules(&request, Ports::default()).is_empty());
    }

    #[test]
    fn a_public_address_opens_the_requested_ports_to_one_network() {
        let mut request = samples::public();
        request.ports = vec![8443, 8443, 5733];
        let rules = rules(&request, Ports::default());
        assert_eq!(rules.iter().map(|rule| rule.port).collect::<Vec<_>>(), [5733, 5734, 8443]);
        assert!(rules.iter().all(|rule| rule.source.to_string() == "203.0.113.0/24"));
    }

    #[test]
    fn a_rule_of_another_deployment_is_seen() {
        let (own, other) = (DeploymentId::generate().unwrap(), DeploymentId::generate().unwrap());
        let rule = rules(&samples::public(), Ports::default()).remove(0);
        let has = |id, group: &[DescribedRule]| existing(&rule, group, id);
        assert_eq!(has(Some(&own), &[]), Existing::None);
        assert_eq!(has(Some(&own), &[described(&rule, None)]), Existing::Usable);
        assert_eq!(has(Some(&own), &[described(&rule, Some(&own))]), Existing::Usable);
        let theirs = Existing::Other { rule: "sgr-1".to_owned(), deployment: other.clone() };
        assert_eq!(has(Some(&own), &[described(&rule, Some(&other))]), theirs);
        assert_eq!(has(None, &[described(&rule, Some(&other))]), theirs);
        let elsewhere = [
            DescribedRule { is_ingress: false, ..described(&rule, Some(&other)) },
            DescribedRule { protocol: "udp".to_owned(), ..described(&rule, Some(&other)) },
            DescribedRule { to_port: Some(9000), ..described(&rule, Some(&other)) },
            DescribedRule { source: Some("203.0.113.0/25".to_owned()), ..described(&rule, Some(&other)) },
            DescribedRule { source: None, ..described(&rule, Some(&other)) },
        ];
        assert_eq!(has(Some(&own), &elsewhere), Existing::None);
    }
}
