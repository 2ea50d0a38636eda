//! The plan: every call of the whole life of a deployment, and the IAM policy that allows these and nothing else.

use serde_json::{Value, json};
use teeproof_runtime::{DeployRequest, Plan, PlannedCall, Reach};

use crate::call::Ec2Call;
use crate::launch::HOP_LIMIT;
use crate::{Ec2Config, Ports, firewall, tag};

/// The plan of a request.
pub(crate) fn plan(config: &Ec2Config, request: &DeployRequest, region: &str, ports: Ports) -> Plan {
    let calls = calls(config, request, ports);
    let permissions = policy(config, request, region, &calls);
    let calls = calls.into_iter().map(|(operation, call, purpose)| PlannedCall {
        operation,
        call: call.name(),
        purpose,
    });
    Plan { calls: calls.collect(), permissions, notes: notes(config, request, ports) }
}

/// Operations with their calls.
type Calls = Vec<(&'static str, Ec2Call, String)>;

fn calls(config: &Ec2Config, request: &DeployRequest, ports: Ports) -> Calls {
    use Ec2Call as C;
    let rules = firewall::rules(request, ports);
    let group = config.security_group.as_deref();
    let Ec2Config { ami, instance_type, .. } = config;
    let allocation = config.allocation(&request.resources);
    let mut all: Calls = Vec::new();
    let mut add = |operation, call, purpose: String| all.push((operation, call, purpose));
    add(
        "plan",
        C::DescribeInstanceTypes,
        format!("whether {instance_type} has enclaves, vCPUs and memory enough"),
    );
    add("plan", C::DescribeImages, format!("architecture and volumes of {ami}"));
    if let Some(subnet) = &config.subnet {
        add("plan", C::DescribeSubnets, format!("VPC and free addresses of {subnet}"));
        if matches!(request.reach, Reach::Public { .. }) {
            add(
                "plan",
                C::DescribeRouteTables,
                format!("whether a route of {subnet} leads to an internet gateway"),
            );
        }
    }
    if let Some(group) = group {
        add("plan", C::DescribeSecurityGroups, format!("VPC of {group}"));
        if !rules.is_empty() {
            add("plan", C::DescribeSecurityGroupRules, format!("rules that {group} has already"));
        }
    }
    add("plan", C::RunInstances, "dry run: whether these credentials may launch this".to_owned());
    add("deploy", C::DescribeImages, format!("volumes of {ami}"));
    if let (Some(group), false) = (group, rules.is_empty()) {
        add("deploy", C::DescribeSecurityGroupRules, format!("rules that {group} has already"));
        let opened: Vec<_> =
            rules.iter().map(|rule| format!("TCP {} from {}", rule.port, rule.source)).collect();
        let purpose = format!("adds to {group}, tagged with the deployment: {}", opened.join(", "));
        add("deploy", C::AuthorizeSecurityGroupIngress, purpose);
    }
    add(
        "deploy",
        C::RunInstances,
        format!(
            "launches one {instance_type} of {ami} with enclaves, for {} vCPUs and {} MiB: client token, IMDSv2 with hop limit \
             {HOP_LIMIT}, encrypted volumes that end with it, tags on both, terminated by its own shutdown",
            allocation.processors, allocation.memory_mib
        ),
    );
    add(
        "deploy",
        C::DescribeInstances,
        "waits until it runs; EnclaveOptions are read again each time".to_owned(),
    );
    add("deploy", C::CreateTags, format!("{}={}, after its evidence was accepted", tag::STATE, tag::READY));
    removal("deploy", "if the launch fails: ", !rules.is_empty(), &mut add);
    add("attest", C::DescribeInstances, "state, address, EnclaveOptions".to_owned());
    add("status", C::DescribeInstances, "state, address, EnclaveOptions".to_owned());
    add("stop", C::DescribeInstances, "state, until it is stopped".to_owned());
    add("stop", C::StopInstances, "stops the instance: its enclave ends".to_owned());
    add("start", C::DescribeInstances, "state, until it runs; EnclaveOptions".to_owned());
    add("start", C::StartInstances, "starts the instance: its enclave is a new one".to_owned());
    removal("destroy", "", !rules.is_empty(), &mut add);
    add("list", C::DescribeInstances, "all instances of the owner, 1000 in each call".to_owned());
    removal("sweep", "of what is unfinished: ", !rules.is_empty(), &mut add);
    all
}

fn removal(
    operation: &'static str,
    when: &str,
    has_rules: bool,
    add: &mut impl FnMut(&'static str, Ec2Call, String),
) {
    add(
        operation,
        Ec2Call::DescribeInstances,
        format!("{when}instances of the owner, until they are terminated"),
    );
    add(
        operation,
        Ec2Call::TerminateInstances,
        format!("{when}terminates the instance, its volumes are deleted"),
    );
    add(operation, Ec2Call::DescribeSecurityGroupRules, format!("{when}rules with tags of the owner"));
    if has_rules {
        add(
            operation,
            Ec2Call::RevokeSecurityGroupIngress,
            format!("{when}removes the rules of the deployment"),
        );
    }
}

/// The partition of a region, for ARNs.
fn partition(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 6] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// The IAM policy: each planned call, limited by the tags of the owner where IAM can.
fn policy(config: &Ec2Config, request: &DeployRequest, region: &str, calls: &Calls) -> Value {
    let owner = request.owner.as_str();
    let partition = partition(region);
    let arn = |resource: &str| format!("arn:{partition}:ec2:{region}:*:{resource}");
    let has = |call| calls.iter().any(|(_, planned, _)| *planned == call);
    let request_tag = format!("aws:RequestTag/{}", tag::OWNER);
    let resource_tag = format!("aws:ResourceTag/{}", tag::OWNER);
    let mut statements = Vec::new();
    let mut reading: Vec<_> =
        calls.iter().filter(|(_, call, _)| call.is_describe()).map(|(_, call, _)| *call).collect();
    reading.sort_unstable();
    reading.dedup();
    let reading: Vec<_> = reading.into_iter().map(Ec2Call::action).collect();
    // IAM limits none of these to a resource.
    statements.push(json!({"Sid": "Describe", "Effect": "Allow", "Action": reading, "Resource": "*"}));
    let launch = Ec2Call::RunInstances.action();
    statements.push(json!({
        "Sid": "LaunchInstance", "Effect": "Allow", "Action": launch, "Resource": arn("instance/*"),
        "Condition": {"StringEquals": {
            request_tag.as_str(): owner,
            "ec2:InstanceType": config.instance_type,
            "ec2:MetadataHttpTokens": "required",
        }},
    }));
    statements.push(json!({
        "Sid": "LaunchVolume", "Effect": "Allow", "Action": launch, "Resource": arn("volume/*"),
        "Condition": {"StringEquals": {request_tag.as_str(): owner}, "Bool": {"ec2:Encrypted": "true"}},
    }));
    // Public machine images belong to no account.
    let mut used =
        vec![format!("arn:{partition}:ec2:{region}::image/{}", config.ami), arn("network-interface/*")];
    used.push(arn(&format!("subnet/{}", config.subnet.as_deref().unwrap_or("*"))));
    used.push(arn(&format!("security-group/{}", config.security_group.as_deref().unwrap_or("*"))));
    used.extend(config.key_name.iter().map(|key| arn(&format!("key-pair/{key}"))));
    statements.push(json!({"Sid": "LaunchWith", "Effect": "Allow", "Action": launch, "Resource": used}));
    let create_tags = Ec2Call::CreateTags.action();
    statements.push(json!({
        "Sid": "TagAtLaunch", "Effect": "Allow", "Action": create_tags,
        "Resource": [arn("instance/*"), arn("volume/*")],
        "Condition": {"StringEquals": {"ec2:CreateAction": Ec2Call::RunInstances.name(), request_tag.as_str(): owner}},
    }));
    statements.push(json!({
        "Sid": "TagAsReady", "Effect": "Allow", "Action": create_tags, "Resource": arn("instance/*"),
        "Condition": {
            "StringEquals": {resource_tag.as_str(): owner},
            "ForAllValues:StringEquals": {"aws:TagKeys": [tag::STATE]},
            "Null": {"aws:TagKeys": "false"},
        },
    }));
    let life =
        [Ec2Call::StopInstances, Ec2Call::StartInstances, Ec2Call::TerminateInstances].map(Ec2Call::action);
    statements.push(json!({
        "Sid": "OwnInstances", "Effect": "Allow", "Action": life, "Resource": arn("instance/*"),
        "Condition": {"StringEquals": {resource_tag.as_str(): owner}},
    }));
    if let (Some(group), true) = (&config.security_group, has(Ec2Call::AuthorizeSecurityGroupIngress)) {
        let rules = [Ec2Call::AuthorizeSecurityGroupIngress, Ec2Call::RevokeSecurityGroupIngress]
            .map(Ec2Call::action);
        statements.push(json!({
            "Sid": "Rules", "Effect": "Allow", "Action": rules,
            "Resource": [arn(&format!("security-group/{group}")), arn("security-group-rule/*")],
        }));
        statements.push(json!({
            "Sid": "TagRules", "Effect": "Allow", "Action": create_tags, "Resource": arn("security-group-rule/*"),
            "Condition": {"StringEquals": {
                "ec2:CreateAction": Ec2Call::AuthorizeSecurityGroupIngress.name(), request_tag.as_str(): owner,
            }},
        }));
    }
    if let Some(role) = &config.role {
        let service = if partition == "aws-cn" { "ec2.amazonaws.com.cn" } else { "ec2.amazonaws.com" };
        statements.push(json!({
            "Sid": "PassRole", "Effect": "Allow", "Action": "iam:PassRole", "Resource": role,
            "Condition": {"StringEquals": {"iam:PassedToService": service}},
        }));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn notes(config: &Ec2Config, request: &DeployRequest, ports: Ports) -> Vec<String> {
    let mut notes = vec![
        format!(
            "{} costs money from its launch until destroy, its volumes while it is stopped too",
            config.instance_type
        ),
        "a stop ends the enclave: start runs a new one, under a new module id".to_owned(),
    ];
    if request.reach == Reach::Private {
        let mut open = vec![ports.road, ports.status];
        open.extend(&request.ports);
        let open: Vec<_> = open.iter().map(u16::to_string).collect();
        notes.push(format!(
            "the machine is reached by its private address: its security group must let callers in at TCP {}, and no rule is \
             added",
            open.join(", ")
        ));
    }
    if config.profile.is_none() {
        notes.push(
            "without an instance profile no role is in PCR3, and the enclave has no credentials for KMS"
                .to_owned(),
        );
    }
    if config.key_name.is_some() {
        notes.push(
            "a key pair lets its owner log in to the parent, which can stop the enclave but not read it"
                .to_owned(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends")]

    use std::collections::BTreeSet;

    use super::*;
    use crate::samples;

    fn of(config: &Ec2Config, request: &DeployRequest) -> Plan {
        plan(config, request, "eu-west-1", Ports::default())
    }

    fn plans() -> [(Ec2Config, DeployRequest); 3] {
        [
            (samples::least(), samples::private()),
            (samples::full(), samples::private()),
            (samples::full(), samples::public()),
        ]
    }

    /// The actions of a policy.
    fn actions(policy: &Value) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for statement in policy["Statement"].as_array().unwrap() {
            match &statement["Action"] {
                Value::String(action) => all.extend([action.clone()]),
                other => {
                    let actions = other.as_array().unwrap().iter();
                    all.extend(actions.map(|action| action.as_str().unwrap().to_owned()));
                }
            }
        }
        all
    }

    #[test]
    fn the_policy_has_exactly_the_permissions_of_the_calls() {
        for (config, request) in plans() {
            let plan = of(&config, &request);
            let mut expected: BTreeSet<_> =
                plan.calls.iter().map(|call| format!("ec2:{}", call.call)).collect();
            expected.extend(config.role.iter().map(|_| "iam:PassRole".to_owned()));
            assert_eq!(actions(&plan.permissions), expected);
        }
    }

    #[test]
    fn every_call_of_the_crate_is_in_the_largest_plan() {
        let plan = of(&samples::full(), &samples::public());
        let planned: BTreeSet<_> = plan.calls.iter().map(|call| call.call).collect();
        assert_eq!(planned, Ec2Call::ALL.iter().map(|call| call.name()).collect());
    }

    #[test]
    fn every_operation_has_its_calls_in_order() {
        let plan = of(&samples::full(), &samples::public());
        let mut operations: Vec<_> = plan.calls.iter().map(|call| call.operation).collect();
        operations.dedup();
        assert_eq!(
            operations,
            ["plan", "deploy", "attest", "status", "stop", "start", "destroy", "list", "sweep"]
        );
        let is = |call: &PlannedCall, name: &str| call.operation == "deploy" && call.call == name;
        let at = |name: &str| plan.calls.iter().position(|call| is(call, name)).unwrap();
        assert!(at("AuthorizeSecurityGroupIngress") < at("RunInstances"));
        assert!(at("RunInstances") < at("CreateTags"));
        let run = &plan.calls[at("RunInstances")].purpose;
        for value in ["m5.2xlarge", "ami-0123456789abcdef0", "4 vCPUs", "4096 MiB", "hop limit 1"] {
            assert!(run.contains(value), "{value}: {run}");
        }
    }

    #[test]
    fn what_changes_something_is_limited() {
        for (config, request) in plans() {
            let policy = of(&config, &request).permissions;
            for statement in policy["Statement"].as_array().unwrap() {
                let sid = statement["Sid"].as_str().unwrap();
                if sid == "Describe" {
                    assert!(
                        actions(&json!({"Statement": [statement]}))
                            .iter()
                            .all(|a| a.starts_with("ec2:Describe"))
                    );
                    continue;
                }
                assert_ne!(statement["Resource"], json!("*"), "{sid}");
                let text = statement.to_string();
                // What a launch uses, and the rules of one group, have no tag of ours.
                let by_tag = text.contains("Tag/teeproof:owner") && text.contains("ci@team");
                assert!(by_tag || ["LaunchWith", "Rules", "PassRole"].contains(&sid), "{sid}");
            }
        }
    }

    #[test]
    fn the_policy_follows_the_configuration() {
        let policy = of(&samples::full(), &samples::public()).permissions.to_string();
        for part in [
            "arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0",
            "arn:aws:ec2:eu-west-1:*:security-group/sg-0123456789abcdef0",
            "arn:aws:ec2:eu-west-1:*:subnet/subnet-0123456789abcdef0",
            "arn:aws:ec2:eu-west-1:*:key-pair/ops",
            "\"Resource\":\"arn:aws:iam::123456789012:role/parent\"",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        let policy = of(&samples::least(), &samples::private()).permissions.to_string();
        for part in ["PassRole", "SecurityGroupIngress", "key-pair", "DescribeRouteTables"] {
            assert!(!policy.contains(part), "{part}");
        }
        assert!(policy.len() < 6144, "a managed policy has at most 6144 characters, got {}", policy.len());
    }

    #[test]
    fn partitions() {
        for (region, expected) in [
            ("eu-west-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition(region), expected);
        }
    }

    #[test]
    fn notes_name_the_ports_of_a_private_machine() {
        let mut request = samples::private();
        request.ports = vec![8443];
        assert!(of(&samples::least(), &request).notes.iter().any(|note| note.contains("5733, 5734, 8443")));
        assert!(
            !of(&samples::full(), &samples::public())
                .notes
                .iter()
                .any(|note| note.contains("private address"))
        );
    }
}
