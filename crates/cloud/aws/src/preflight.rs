//! The check of a request before anything is launched: what EC2 says of the type, the machine image, the subnet and the
//! group, against what the request asks of them. All problems at once; ports and paths are checked by the user data.

use teeproof_runtime::{DeployRequest, Problem, Reach};

use crate::facts::{Facts, Found, GroupFacts, ImageFacts, SubnetFacts, TypeFacts};
use crate::firewall::{self, Existing};
use crate::variables::{
    AMI_ID, ENCLAVE_CPU_COUNT, ENCLAVE_MEMORY_MB, INSTANCE_TYPE, SECURITY_GROUP_ID, SUBNET_ID, Variable,
};
use crate::{Ec2Config, Ports};

/// What the parent keeps of the memory: Amazon Linux with nitro-cli, the proxy and the image file.
pub(crate) const PARENT_MEMORY_MIB: u64 = 1024;

/// Everything that keeps a request from being launched.
pub(crate) fn problems(
    config: &Ec2Config,
    request: &DeployRequest,
    ports: Ports,
    facts: &Facts,
) -> Vec<Problem> {
    let mut check = Check { problems: Vec::new() };
    check.instance_type(config, request, &facts.instance_type);
    check.image(config, &facts.image);
    if let (Found::There(size), Found::There(image)) = (&facts.instance_type, &facts.image)
        && !size.architectures.contains(&image.architecture)
    {
        let got = format!("{} of {}", image.architecture, config.ami);
        let expected =
            format!("expected {}, which {} runs", size.architectures.join(" or "), config.instance_type);
        check.add(
            &AMI_ID,
            format!("{expected}, got {got}"),
            "use a machine image and a type of one architecture",
        );
    }
    check.network(config, request, facts);
    check.rules(request, ports, &facts.group);
    check.problems
}

struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn field(&mut self, what: &str, why: String, hint: &str) {
        self.problems.push(Problem { what: what.to_owned(), why, hint: hint.to_owned() });
    }

    fn add(&mut self, variable: &Variable, why: String, hint: &str) {
        self.field(variable.name, why, hint);
    }

    fn instance_type(&mut self, config: &Ec2Config, request: &DeployRequest, found: &Found<TypeFacts>) {
        let name = &config.instance_type;
        let size = match found {
            Found::There(size) => size,
            Found::Missing(code) => {
                return self.add(
                    &INSTANCE_TYPE,
                    format!("{name} is not a type of this region ({code})"),
                    "use another type",
                );
            }
            Found::NotNamed => return,
        };
        if !size.has_enclaves || size.is_bare_metal {
            let why = if size.is_bare_metal { "is bare metal" } else { "does not support enclaves" };
            self.add(
                &INSTANCE_TYPE,
                format!("{name} {why}"),
                "use a Nitro type with at least 4 vCPUs, or 2 of Graviton: aws ec2 describe-instance-types --filters \
                 Name=nitro-enclaves-support,Values=supported",
            );
        }
        let allocation = config.allocation(&request.resources);
        let of_request =
            |is_there: bool, name, variable: &Variable| if is_there { name } else { variable.name };
        let processors = of_request(request.resources.processors.is_some(), "processors", &ENCLAVE_CPU_COUNT);
        let memory = of_request(request.resources.memory_mib.is_some(), "memory", &ENCLAVE_MEMORY_MB);
        let threads = size.threads_per_core.max(1);
        let most = size.processors.saturating_sub(threads);
        if allocation.processors == 0 || allocation.processors.checked_rem(threads) != Some(0) {
            let why = format!(
                "expected a multiple of {threads}, the threads of a core of {name}, got {}",
                allocation.processors
            );
            self.field(processors, why, "give whole cores");
        }
        if allocation.processors > most {
            let why = format!(
                "expected at most {most} of the {} vCPUs of {name}, got {}",
                size.processors, allocation.processors
            );
            self.field(processors, why, "one core stays with the parent: give fewer, or use a larger type");
        }
        let most = size.memory_mib.saturating_sub(PARENT_MEMORY_MIB);
        if allocation.memory_mib < 64 {
            let why = format!("expected at least 64 MiB, got {}", allocation.memory_mib);
            self.field(memory, why, "give at least four times the size of the enclave image file");
        }
        if u64::from(allocation.memory_mib) > most {
            let why = format!(
                "expected at most {most} of the {} MiB of {name}, got {}",
                size.memory_mib, allocation.memory_mib
            );
            self.field(memory, why, "the parent keeps 1024 MiB: give less, or use a larger type");
        }
    }

    fn image(&mut self, config: &Ec2Config, found: &Found<ImageFacts>) {
        let ami = &config.ami;
        let image = match found {
            Found::There(image) => image,
            Found::Missing(code) => {
                return self.add(
                    &AMI_ID,
                    format!("{ami} is not a machine image of this region ({code})"),
                    "use an image that this account can launch in this region",
                );
            }
            Found::NotNamed => return,
        };
        if image.state != "available" {
            self.add(
                &AMI_ID,
                format!("expected {ami} to be available, got {}", image.state),
                "wait, or use another image",
            );
        }
        if image.is_windows {
            self.add(&AMI_ID, format!("{ami} is of Windows"), "use Amazon Linux 2023 or 2");
        }
        if !image.has_ebs_root || image.volumes.is_empty() {
            self.add(
                &AMI_ID,
                format!("{ami} has no EBS root volume, which could be encrypted and kept while stopped"),
                "use an image with an EBS root volume",
            );
        }
    }

    fn network(&mut self, config: &Ec2Config, request: &DeployRequest, facts: &Facts) {
        if let (Found::Missing(code), Some(id)) = (&facts.subnet, &config.subnet) {
            self.add(
                &SUBNET_ID,
                format!("{id} is not a subnet of this region ({code})"),
                "use one of this region",
            );
        }
        if let (Found::Missing(code), Some(id)) = (&facts.group, &config.security_group) {
            self.add(
                &SECURITY_GROUP_ID,
                format!("{id} is not a group of this region ({code})"),
                "use one of this region",
            );
        }
        if let (Found::There(subnet), Found::There(group)) = (&facts.subnet, &facts.group)
            && subnet.vpc != group.vpc
        {
            let why = format!(
                "expected a group of {}, the VPC of the subnet, got one of {}",
                subnet.vpc, group.vpc
            );
            self.add(&SECURITY_GROUP_ID, why, "use a subnet and a group of one VPC");
        }
        if let Found::There(SubnetFacts { free_addresses: 0, .. }) = facts.subnet {
            self.add(
                &SUBNET_ID,
                "the subnet has no free address".to_owned(),
                "use another subnet, or free addresses",
            );
        }
        let Reach::Public { source } = request.reach else { return };
        if source.address().is_ipv6() {
            let why = format!("expected an IPv4 network, because the public address is one, got {source}");
            self.field("reach", why, "name the IPv4 network that callers come from");
        }
        for (variable, value) in [(&SUBNET_ID, &config.subnet), (&SECURITY_GROUP_ID, &config.security_group)]
        {
            if value.is_none() {
                let hint = "set it, or reach the machine by its private address";
                self.add(
                    variable,
                    "missing: a public address needs a subnet with a gateway, and a group for its rules"
                        .to_owned(),
                    hint,
                );
            }
        }
        if let Found::There(SubnetFacts { has_gateway: Some(false), .. }) = facts.subnet {
            self.add(
                &SUBNET_ID,
                "no route of the subnet leads to an internet gateway, so that a public address is not reached".to_owned(),
                "use a public subnet, or reach the machine by its private address",
            );
        }
    }

    fn rules(&mut self, request: &DeployRequest, ports: Ports, found: &Found<GroupFacts>) {
        let Found::There(group) = found else { return };
        for rule in firewall::rules(request, ports) {
            if let Existing::Other { rule: id, deployment } = firewall::existing(&rule, &group.rules, None) {
                let why =
                    format!("port {} is open to {} by the rule {id} of {deployment}", rule.port, rule.source);
                self.add(
                    &SECURITY_GROUP_ID,
                    why,
                    "use another group: the rule is removed with its deployment",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends")]

    use teeproof_runtime::DeploymentId;

    use super::*;
    use crate::samples;
    use crate::tags::{self, DescribedRule};

    fn facts() -> Facts {
        Facts {
            instance_type: Found::There(TypeFacts {
                has_enclaves: true,
                is_bare_metal: false,
                processors: 8,
                threads_per_core: 2,
                memory_mib: 32 * 1024,
                architectures: vec!["x86_64".to_owned()],
            }),
            image: Found::There(ImageFacts {
                state: "available".to_owned(),
                architecture: "x86_64".to_owned(),
                is_windows: false,
                has_ebs_root: true,
                volumes: samples::volumes(),
            }),
            subnet: Found::There(SubnetFacts {
                vpc: "vpc-1".to_owned(),
                free_addresses: 9,
                has_gateway: Some(true),
            }),
            group: Found::There(GroupFacts { vpc: "vpc-1".to_owned(), rules: Vec::new() }),
        }
    }

    fn of(facts: &Facts, request: &DeployRequest) -> Vec<Problem> {
        problems(&samples::full(), request, Ports::default(), facts)
    }

    /// The only problem.
    fn only(facts: &Facts, request: &DeployRequest, what: &str, part: &str) {
        let problems = of(facts, request);
        assert_eq!(problems.len(), 1, "{part}: {problems:?}");
        assert_eq!(problems[0].what, what);
        assert!(problems[0].why.contains(part), "{}", problems[0]);
    }

    #[test]
    fn a_request_that_fits_has_no_problem() {
        assert_eq!(of(&facts(), &samples::private()), []);
        assert_eq!(of(&facts(), &samples::public()), []);
        let unnamed = Facts { subnet: Found::NotNamed, group: Found::NotNamed, ..facts() };
        assert_eq!(problems(&samples::least(), &samples::private(), Ports::default(), &unnamed), []);
    }

    fn size(change: impl Fn(&mut TypeFacts)) -> Facts {
        let mut facts = facts();
        if let Found::There(size) = &mut facts.instance_type {
            change(size);
        }
        facts
    }

    fn image(change: impl Fn(&mut ImageFacts)) -> Facts {
        let mut facts = facts();
        if let Found::There(image) = &mut facts.image {
            change(image);
        }
        facts
    }

    #[test]
    fn types_that_run_no_such_enclave() {
        let request = samples::private();
        only(
            &size(|size| size.has_enclaves = false),
            &request,
            INSTANCE_TYPE.name,
            "does not support enclaves",
        );
        only(&size(|size| size.is_bare_metal = true), &request, INSTANCE_TYPE.name, "bare metal");
        only(&size(|size| size.processors = 4), &request, ENCLAVE_CPU_COUNT.name, "at most 2 of the 4 vCPUs");
        only(
            &size(|size| size.memory_mib = 4096),
            &request,
            ENCLAVE_MEMORY_MB.name,
            "at most 3072 of the 4096 MiB",
        );
        only(
            &Facts { instance_type: Found::Missing("InvalidInstanceType".to_owned()), ..facts() },
            &request,
            INSTANCE_TYPE.name,
            "InvalidInstanceType",
        );
        let mut odd = samples::private();
        odd.resources.processors = Some(3);
        only(&facts(), &odd, "processors", "a multiple of 2");
        assert_eq!(of(&size(|size| size.threads_per_core = 1), &odd), []);
        odd.resources.processors = Some(0);
        only(&facts(), &odd, "processors", "got 0");
        let mut small = samples::private();
        small.resources.memory_mib = Some(63);
        only(&facts(), &small, "memory", "at least 64");
    }

    #[test]
    fn machine_images_that_no_parent_runs() {
        let request = samples::private();
        only(&image(|image| image.state = "pending".to_owned()), &request, AMI_ID.name, "got pending");
        only(&image(|image| image.is_windows = true), &request, AMI_ID.name, "Windows");
        only(&image(|image| image.has_ebs_root = false), &request, AMI_ID.name, "no EBS root volume");
        only(&image(|image| image.volumes.clear()), &request, AMI_ID.name, "no EBS root volume");
        only(
            &image(|image| image.architecture = "arm64".to_owned()),
            &request,
            AMI_ID.name,
            "expected x86_64",
        );
        only(
            &Facts { image: Found::Missing("InvalidAMIID.NotFound".to_owned()), ..facts() },
            &request,
            AMI_ID.name,
            "NotFound",
        );
    }

    fn subnet(free_addresses: u32, has_gateway: bool) -> Found<SubnetFacts> {
        Found::There(SubnetFacts { vpc: "vpc-1".to_owned(), free_addresses, has_gateway: Some(has_gateway) })
    }

    #[test]
    fn networks_that_have_no_such_road() {
        let (private, public) = (samples::private(), samples::public());
        only(&Facts { subnet: subnet(0, true), ..facts() }, &private, SUBNET_ID.name, "no free address");
        only(&Facts { subnet: subnet(1, false), ..facts() }, &public, SUBNET_ID.name, "internet gateway");
        assert_eq!(of(&Facts { subnet: subnet(1, false), ..facts() }, &private), []);
        let missing = || Found::Missing("NotFound".to_owned());
        only(
            &Facts { subnet: Found::Missing("InvalidSubnetID.NotFound".to_owned()), ..facts() },
            &private,
            SUBNET_ID.name,
            "NotFound",
        );
        only(&Facts { group: missing(), ..facts() }, &private, SECURITY_GROUP_ID.name, "NotFound");
        let group = Found::There(GroupFacts { vpc: "vpc-2".to_owned(), rules: Vec::new() });
        only(&Facts { group, ..facts() }, &private, SECURITY_GROUP_ID.name, "vpc-2");
        let mut six = samples::public();
        six.reach = Reach::Public { source: "2001:db8::/32".parse().unwrap() };
        only(&facts(), &six, "reach", "IPv4");
        let unnamed = Facts { subnet: Found::NotNamed, group: Found::NotNamed, ..facts() };
        let problems = problems(&samples::least(), &public, Ports::default(), &unnamed);
        let names: Vec<_> = problems.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(names, [SUBNET_ID.name, SECURITY_GROUP_ID.name]);
    }

    #[test]
    fn rules_of_other_deployments() {
        let id = DeploymentId::generate().unwrap();
        let rule = DescribedRule {
            id: "sgr-7".to_owned(),
            is_ingress: true,
            protocol: "tcp".to_owned(),
            from_port: Some(8443),
            to_port: Some(8443),
            source: Some("203.0.113.0/24".to_owned()),
            tags: tags::of_rule(&id, &"other".parse().unwrap()),
            ..DescribedRule::default()
        };
        let group = Found::There(GroupFacts { vpc: "vpc-1".to_owned(), rules: vec![rule] });
        only(&Facts { group, ..facts() }, &samples::public(), SECURITY_GROUP_ID.name, "sgr-7");
    }

    #[test]
    fn all_problems_at_once() {
        let facts = Facts {
            instance_type: Found::There(TypeFacts {
                architectures: vec!["arm64".to_owned()],
                ..TypeFacts::default()
            }),
            image: Found::There(ImageFacts { is_windows: true, ..ImageFacts::default() }),
            subnet: subnet(0, false),
            group: Found::There(GroupFacts { vpc: "vpc-2".to_owned(), rules: Vec::new() }),
        };
        // Enclaves, CPUs, memory; state, Windows, volume, architecture; VPC, addresses, gateway.
        assert_eq!(of(&facts, &samples::public()).len(), 10);
    }
}
