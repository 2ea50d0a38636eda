//! Tags: their names, those of a launch, and a machine read back from its description and its tags.

use std::net::IpAddr;

use teeproof_runtime::{
    Belonging, DeploymentId, Image, Launch, Machine, MachineId, MachineState, Owner, Reach,
};

use crate::Ec2Config;

/// Names and values of tags.
pub mod tag {
    /// The deployment: its id.
    pub const DEPLOYMENT: &str = "teeproof:deployment";
    /// The owner.
    pub const OWNER: &str = "teeproof:owner";
    /// When the deployment was created, in seconds since 1970.
    pub const CREATED: &str = "teeproof:created";
    /// [`LAUNCHING`], or [`READY`] after the evidence of the enclave was accepted.
    pub const STATE: &str = "teeproof:state";
    /// The SHA-256 of the enclave image file that was downloaded, in hex.
    pub const IMAGE: &str = "teeproof:image";
    /// How callers reach the machine: [`PRIVATE`] or [`PUBLIC`].
    pub const REACH: &str = "teeproof:reach";
    /// The ARN of the role in the instance profile.
    pub const ROLE: &str = "teeproof:role";
    /// The name that the console shows.
    pub const NAME: &str = "Name";

    /// A value of [`STATE`].
    pub const LAUNCHING: &str = "launching";
    /// A value of [`STATE`].
    pub const READY: &str = "ready";
    /// A value of [`REACH`].
    pub const PRIVATE: &str = "private";
    /// A value of [`REACH`].
    pub const PUBLIC: &str = "public";
}

/// Tags: names and values.
pub(crate) type Tags = Vec<(String, String)>;

fn tags(pairs: &[(&str, String)]) -> Tags {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The tags of an instance and of its volumes.
pub(crate) fn of_machine(config: &Ec2Config, launch: &Launch<'_>) -> Tags {
    let reach = match launch.request.reach {
        Reach::Private => tag::PRIVATE,
        Reach::Public { .. } => tag::PUBLIC,
    };
    let mut all = tags(&[
        (tag::NAME, format!("teeproof {}", launch.id)),
        (tag::DEPLOYMENT, launch.id.to_string()),
        (tag::OWNER, launch.request.owner.to_string()),
        (tag::CREATED, launch.created.to_string()),
        (tag::STATE, tag::LAUNCHING.to_owned()),
        (tag::REACH, reach.to_owned()),
    ]);
    if let Image::Url { sha256, .. } = &launch.request.image {
        all.push((tag::IMAGE.to_owned(), sha256.to_string()));
    }
    if let Some(role) = &config.role {
        all.push((tag::ROLE.to_owned(), role.clone()));
    }
    all
}

/// The tags of a security-group rule.
pub(crate) fn of_rule(id: &DeploymentId, owner: &Owner) -> Tags {
    tags(&[(tag::DEPLOYMENT, id.to_string()), (tag::OWNER, owner.to_string())])
}

/// An instance as DescribeInstances and RunInstances answer it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) size: String,
    pub(crate) private_address: Option<String>,
    pub(crate) public_address: Option<String>,
    pub(crate) has_enclaves: bool,
    /// The ARN of its instance profile.
    pub(crate) profile: Option<String>,
    pub(crate) tags: Tags,
}

/// The value of a tag.
pub(crate) fn value<'t>(tags: &'t Tags, name: &str) -> Option<&'t str> {
    tags.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
}

/// The deployment of tags; `None` if they have none, or a text that is no id.
pub(crate) fn deployment(tags: &Tags) -> Option<DeploymentId> {
    value(tags, tag::DEPLOYMENT)?.parse().ok()
}

/// The machine of an instance; `None` if it is of no deployment.
pub(crate) fn machine(described: Described, region: &str) -> Option<Machine> {
    let Described { id, state, reason, size, private_address, public_address, has_enclaves, profile, tags } =
        described;
    let deployment = deployment(&tags)?;
    let address = |text: Option<String>| text.and_then(|text| text.parse::<IpAddr>().ok());
    // Without a readable time it counts as old, so that no sweep waits for it.
    let created = value(&tags, tag::CREATED).and_then(|text| text.parse().ok()).unwrap_or(0);
    let details = [tag::REACH, tag::ROLE].into_iter().filter_map(|name| Some((name, value(&tags, name)?)));
    let details = details.chain(profile.as_deref().map(|profile| (PROFILE, profile)));
    Some(Machine {
        id: MachineId { region: region.to_owned(), id },
        deployment,
        created,
        is_ready: value(&tags, tag::STATE) == Some(tag::READY),
        state: machine_state(&state),
        reason: reason.filter(|reason| !reason.is_empty()),
        size,
        private_address: address(private_address),
        public_address: address(public_address),
        is_confidential: has_enclaves,
        image: value(&tags, tag::IMAGE).and_then(|text| text.parse().ok()),
        details: details.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    })
}

/// The detail with the ARN of the instance profile, which is no tag.
pub(crate) const PROFILE: &str = "instance-profile";

/// The role that PCR3 must be of: that of the tags, or for an instance with a profile that of the configuration, so that
/// whoever removes a tag removes no check.
pub(crate) fn role<'m>(machine: &'m Machine, config: &'m Ec2Config) -> Option<&'m str> {
    let configured = || detail(machine, PROFILE).and(config.role.as_deref());
    detail(machine, tag::ROLE).or_else(configured)
}

/// A value of [`Machine::details`].
pub(crate) fn detail<'m>(machine: &'m Machine, name: &str) -> Option<&'m str> {
    value(&machine.details, name)
}

/// The address at which callers reach a machine.
pub(crate) fn address(machine: &Machine) -> Option<IpAddr> {
    match detail(machine, tag::REACH) {
        Some(tag::PUBLIC) => machine.public_address,
        _ => machine.private_address,
    }
}

/// The state of an instance. One that AWS invents later is neither an end nor what anybody waits for.
fn machine_state(name: &str) -> MachineState {
    match name {
        "running" => MachineState::Running,
        "stopping" => MachineState::Stopping,
        "stopped" => MachineState::Stopped,
        "shutting-down" => MachineState::Terminating,
        "terminated" => MachineState::Terminated,
        _ => MachineState::Pending,
    }
}

/// A security-group rule as DescribeSecurityGroupRules answers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DescribedRule {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) is_ingress: bool,
    pub(crate) protocol: String,
    pub(crate) from_port: Option<i32>,
    pub(crate) to_port: Option<i32>,
    /// The source network in CIDR notation; `None` of prefix lists and groups.
    pub(crate) source: Option<String>,
    pub(crate) tags: Tags,
}

/// What belongs to a deployment; `None` of a rule that belongs to none.
pub(crate) fn belonging(rule: &DescribedRule, region: &str) -> Option<Belonging> {
    Some(Belonging {
        deployment: deployment(&rule.tags)?,
        kind: RULE.to_owned(),
        id: rule.id.clone(),
        parent: Some(rule.group.clone()),
        region: region.to_owned(),
    })
}

/// The kind of the belongings of EC2.
pub(crate) const RULE: &str = "security-group-rule";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends")]

    use proptest::prelude::*;
    use teeproof_runtime::{DeployRequest, PolicyText, Sha256};

    use super::*;
    use crate::samples;

    fn described(tags: Tags) -> Described {
        Described {
            id: "i-0123456789abcdef0".to_owned(),
            state: "running".to_owned(),
            size: "m5.xlarge".to_owned(),
            private_address: Some("10.0.0.7".to_owned()),
            public_address: Some("203.0.113.7".to_owned()),
            has_enclaves: true,
            tags,
            ..Described::default()
        }
    }

    proptest! {
        #[test]
        fn a_machine_is_read_as_its_launch_was_tagged(
            owner in "[A-Za-z0-9._@-]{1,64}",
            created: u64,
            image in any::<Option<[u8; 32]>>(),
            is_public: bool,
            has_role: bool,
            order: prop::sample::Index,
        ) {
            let id = DeploymentId::generate().unwrap();
            let image = match image {
                Some(digest) => Image::Url { url: "https://a/b".to_owned(), sha256: Sha256(digest) },
                None => Image::InMachineImage { path: "/opt/a.eif".to_owned() },
            };
            let policy = PolicyText { name: "p".to_owned(), text: String::new() };
            let mut request = DeployRequest::new("aws", owner.parse().unwrap(), image.clone(), policy);
            if is_public {
                request.reach = Reach::Public { source: "203.0.113.0/24".parse().unwrap() };
            }
            let config = if has_role { samples::full() } else { samples::least() };
            let mut tags = of_machine(&config, &Launch { id: &id, request: &request, created });
            prop_assert!(tags.iter().all(|(name, value)| name.len() <= 128 && value.len() <= 256));
            prop_assert_eq!(value(&tags, tag::OWNER), Some(owner.as_str()));
            // EC2 keeps no order.
            let first = order.index(tags.len());
            tags.rotate_left(first);
            let machine = machine(described(tags.clone()), "eu-west-1").unwrap();
            prop_assert_eq!(&machine.deployment, &id);
            prop_assert_eq!(machine.created, created);
            prop_assert!(!machine.is_ready && machine.is_confidential);
            let expected = match image { Image::Url { sha256, .. } => Some(sha256), _ => None };
            prop_assert_eq!(machine.image, expected);
            prop_assert_eq!(detail(&machine, tag::ROLE).is_some(), has_role);
            let address = address(&machine).unwrap().to_string();
            prop_assert_eq!(address, if is_public { "203.0.113.7" } else { "10.0.0.7" });
            // The mark of a finished machine is one tag that replaces another.
            for (name, value) in &mut tags {
                if name == tag::STATE {
                    tag::READY.clone_into(value);
                }
            }
            prop_assert!(super::machine(described(tags), "eu-west-1").unwrap().is_ready);
        }

        #[test]
        fn foreign_tags_make_no_machine_and_no_panic(tags in prop::collection::vec((".{0,40}", ".{0,40}"), 0..8)) {
            prop_assert!(machine(described(tags.clone()), "eu-west-1").is_none());
            let rule = DescribedRule { tags, ..DescribedRule::default() };
            prop_assert!(belonging(&rule, "eu-west-1").is_none());
        }
    }

    #[test]
    fn a_removed_tag_removes_no_check_of_the_role() {
        let id = DeploymentId::generate().unwrap();
        let tags = || vec![(tag::DEPLOYMENT.to_owned(), id.to_string())];
        let profile = Some("arn:aws:iam::123456789012:instance-profile/parent".to_owned());
        let with = machine(Described { profile, ..described(tags()) }, "eu-west-1").unwrap();
        assert_eq!(role(&with, &samples::full()), Some("arn:aws:iam::123456789012:role/parent"));
        assert_eq!(role(&with, &samples::least()), None);
        let without = machine(described(tags()), "eu-west-1").unwrap();
        assert_eq!(role(&without, &samples::full()), None);
        let tagged =
            [tags(), vec![(tag::ROLE.to_owned(), "arn:aws:iam::123456789012:role/other".to_owned())]]
                .concat();
        let tagged = machine(described(tagged), "eu-west-1").unwrap();
        assert_eq!(role(&tagged, &samples::full()), Some("arn:aws:iam::123456789012:role/other"));
    }

    #[test]
    fn states_of_instances() {
        for (name, state) in [
            ("pending", MachineState::Pending),
            ("running", MachineState::Running),
            ("stopping", MachineState::Stopping),
            ("stopped", MachineState::Stopped),
            ("shutting-down", MachineState::Terminating),
            ("terminated", MachineState::Terminated),
        ] {
            assert_eq!(machine_state(name), state);
        }
    }

    #[test]
    fn rules_belong_to_the_deployment_of_their_tags() {
        let id = DeploymentId::generate().unwrap();
        let rule = DescribedRule {
            id: "sgr-1".to_owned(),
            group: "sg-1".to_owned(),
            tags: of_rule(&id, &"ci".parse().unwrap()),
            ..DescribedRule::default()
        };
        let belonging = belonging(&rule, "eu-west-1").unwrap();
        assert_eq!((belonging.deployment, belonging.id.as_str()), (id, "sgr-1"));
        assert_eq!(belonging.parent.as_deref(), Some("sg-1"));
    }
}
