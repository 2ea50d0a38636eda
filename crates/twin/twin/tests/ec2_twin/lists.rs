//! Addresses, eventual consistency, terminated instances, console output, and long lists.

use std::thread;
use std::time::{Duration, Instant};

use teeproof_twin::ec2::Running;

use crate::client::{Call, call, code, described, launch, run};
use crate::moto::twin;
use crate::xml::Xml;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);
const NOT_FOUND: &str = "InvalidInstanceID.NotFound";

fn ids(twin: &Running, parameters: &[(&str, &str)]) -> Vec<String> {
    let answer = call(twin, "DescribeInstances", parameters).unwrap();
    let instances = answer.all("reservationSet/item/instancesSet/item");
    instances.iter().map(|instance| instance.get("instanceId").unwrap()).collect()
}

/// Everything in a text that looks like an IPv4 address.
fn addresses(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|word| word.parse::<std::net::Ipv4Addr>().is_ok())
        .collect()
}

#[test]
fn all_addresses_are_of_the_loopback_interface() {
    let Some(twin) = twin("us-west-1", |settings| settings.first_address = [127, 0, 0, 77].into()) else {
        return;
    };
    // A second interface with a public address.
    let public =
        [("NetworkInterface.1.DeviceIndex", "0"), ("NetworkInterface.1.AssociatePublicIpAddress", "true")];
    let answer = Call::new(&twin, "RunInstances", &launch(&public)).sign().send(&twin).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (first, second) = (addresses(&answer.body).len(), run(&twin, &[]));
    assert!(first > 0);
    let answer = Call::new(&twin, "DescribeInstances", &[]).sign().send(&twin).unwrap();
    let found = addresses(&answer.body);
    assert!(found.len() > 4, "{}", answer.body);
    assert!(found.iter().all(|address| ["127.0.0.77", "127.0.0.78"].contains(address)), "{found:?}");
    assert!(!answer.body.contains("amazonaws.com<") && !answer.body.contains(".internal"), "{}", answer.body);
    let instance = described(&twin, &second);
    assert_eq!(instance.get("privateIpAddress").as_deref(), Some("127.0.0.78"));
}

#[test]
fn a_new_instance_is_found_after_some_time() {
    let Some(twin) = twin("us-west-2", |settings| settings.hidden = LONG) else { return };
    let tagged = [
        ("ClientToken", "eventual"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "owner"),
        ("TagSpecification.1.Tag.1.Value", "test"),
    ];
    let id = run(&twin, &tagged);
    let by_tag = [("Filter.1.Name", "tag:owner"), ("Filter.1.Value.1", "test")];
    let refused = call(&twin, "DescribeInstances", &[("InstanceId.1", &id)]).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, NOT_FOUND));
    assert_eq!(refused.message, format!("The instance ID '{id}' does not exist"));
    assert_eq!(ids(&twin, &by_tag), [""; 0]);
    assert_eq!(ids(&twin, &[]), [""; 0]);
    for (action, name) in [
        ("DescribeInstanceStatus", "InstanceId.1"),
        ("TerminateInstances", "InstanceId.1"),
        ("StopInstances", "InstanceId.1"),
        ("GetConsoleOutput", "InstanceId"),
        ("CreateTags", "ResourceId.1"),
    ] {
        assert_eq!(code(&twin, action, &[(name, &id), ("Tag.1.Key", "k")]), NOT_FOUND, "{action}");
    }
    let tags = call(&twin, "DescribeTags", &[]).unwrap();
    assert!(tags.all("tagSet/item").iter().all(|tag| tag.get("resourceId").as_deref() != Some(&id)));
    assert!(call(&twin, "DescribeInstanceStatus", &[]).unwrap().all("instanceStatusSet/item").is_empty());
    // The token finds it at once.
    assert_eq!(run(&twin, &tagged), id);
    let some = Duration::from_millis(200);
    thread::sleep(some);
    twin.set_hidden(some);
    assert_eq!(ids(&twin, &by_tag), [id.as_str()]);
    assert_eq!(described(&twin, &id).get("instanceId"), Some(id.clone()));
    call(&twin, "TerminateInstances", &[("InstanceId.1", &id)]).unwrap();
}

#[test]
fn a_terminated_instance_is_described_for_some_time() {
    let Some(twin) = twin("eu-west-1", |settings| settings.terminated = Some(LONG)) else { return };
    let id = run(&twin, &[]);
    call(&twin, "TerminateInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(described(&twin, &id).get("instanceState/name").as_deref(), Some("terminated"));
    let some = Duration::from_millis(200);
    thread::sleep(some);
    twin.set_terminated(Some(some));
    assert_eq!(code(&twin, "DescribeInstances", &[("InstanceId.1", &id)]), NOT_FOUND);
    assert_eq!(code(&twin, "TerminateInstances", &[("InstanceId.1", &id)]), NOT_FOUND);
    assert_eq!(ids(&twin, &[]), [""; 0]);
}

#[test]
fn console_output_is_that_of_the_test() {
    let Some(twin) = twin("eu-west-2", |_| {}) else { return };
    let id = run(&twin, &[]);
    let output = || call(&twin, "GetConsoleOutput", &[("InstanceId", &id)]).unwrap().get("output").unwrap();
    // moto invents one.
    assert_eq!(output(), "");
    twin.set_console_output(&id, "boot\n");
    assert_eq!(output(), "Ym9vdAo=");
}

#[test]
fn the_lifecycle_is_that_of_moto() {
    let Some(twin) = twin("eu-west-3", |_| {}) else { return };
    let id = run(&twin, &[]);
    let state = || described(&twin, &id).get("instanceState/name").unwrap();
    assert_eq!(state(), "running");
    call(&twin, "StopInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(state(), "stopped");
    call(&twin, "StartInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(state(), "running");
    call(&twin, "TerminateInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(state(), "terminated");
    let types = [("InstanceType.1", "m5.xlarge"), ("InstanceType.2", "t3.micro")];
    let types = call(&twin, "DescribeInstanceTypes", &types).unwrap();
    let support: Vec<_> = types.all("instanceTypeSet/item/nitroEnclavesSupport");
    assert_eq!(support.len(), 2);
}

/// Once moto has answered, the twin takes a fraction of a second for a list as long as a fleet.
#[test]
fn a_thousand_instances_are_listed() {
    let Some(twin) = twin("ca-central-1", |settings| settings.repeats_lists = true) else { return };
    let many = [
        ("ImageId", "ami-760aaa0f"),
        ("InstanceType", "m5.xlarge"),
        ("MinCount", "1000"),
        ("MaxCount", "1000"),
        ("EnclaveOptions.Enabled", "true"),
    ];
    call(&twin, "RunInstances", &many).unwrap();
    let list = || {
        let begin = Instant::now();
        let answer =
            Call::new(&twin, "DescribeInstances", &[("MaxResults", "1000")]).sign().send(&twin).unwrap();
        (answer.body, begin.elapsed())
    };
    let (first, slow) = list();
    let options = "<enclaveOptions><enabled>true</enabled></enclaveOptions>";
    assert_eq!(first.matches(options).count(), 1000);
    let (second, fast) = list();
    assert!(first == second);
    println!("1000 instances, {} bytes: {} ms, then {} ms", first.len(), slow.as_millis(), fast.as_millis());
    assert!(fast < slow / 2, "{slow:?} {fast:?}");
    // A change is seen.
    let id = Xml::parse(&first).get("reservationSet/item/instancesSet/item/instanceId").unwrap();
    call(&twin, "TerminateInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(list().0.matches("<name>terminated</name>").count(), 1);
}
