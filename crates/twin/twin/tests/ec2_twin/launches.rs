//! Client tokens: a repeated launch launches nothing, and another one under the token is refused.

use std::thread;

use teeproof_twin::ec2::{Effect, Fault};

use crate::client::{Call, call, code, described, launch, run};
use crate::moto::{moto, twin};

const REGION: &str = "us-east-2";

fn with_token<'a>(token: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    launch(&[&[("ClientToken", token), ("EnclaveOptions.Enabled", "true")], more].concat())
}

fn count(twin: &teeproof_twin::ec2::Running, token: &str) -> usize {
    let answer = call(twin, "DescribeInstances", &[("MaxResults", "1000")]).unwrap();
    let instances = answer.all("reservationSet/item/instancesSet/item");
    instances.iter().filter(|instance| instance.get("clientToken").as_deref() == Some(token)).count()
}

#[test]
fn the_same_request_is_answered_with_the_same_instance() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let id = |answer: &crate::xml::Xml| answer.get("instancesSet/item/instanceId").unwrap();
    let first = call(&twin, "RunInstances", &with_token("same", &[])).unwrap();
    // The order of parameters is not part of a request.
    let mut reversed = with_token("same", &[]);
    reversed.reverse();
    let second = call(&twin, "RunInstances", &reversed).unwrap();
    assert_eq!(id(&first), id(&second));
    assert_eq!(first.get("reservationId"), second.get("reservationId"));
    assert_eq!(second.get("instancesSet/item/enclaveOptions/enabled").as_deref(), Some("true"));
    let address = |answer: &crate::xml::Xml| answer.get("instancesSet/item/privateIpAddress");
    assert_eq!(address(&first), address(&second));
    // The state of now, not of then.
    call(&twin, "StopInstances", &[("InstanceId.1", &id(&first))]).unwrap();
    let third = call(&twin, "RunInstances", &with_token("same", &[])).unwrap();
    assert_eq!(third.get("instancesSet/item/instanceState/name").as_deref(), Some("stopped"));
    assert_eq!(count(&twin, "same"), 1);
}

#[test]
fn another_request_under_the_token_is_refused() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    call(&twin, "RunInstances", &with_token("other", &[])).unwrap();
    let mismatch = "IdempotentParameterMismatch";
    for more in [("InstanceInitiatedShutdownBehavior", "terminate"), ("UserData", "eA==")] {
        assert_eq!(code(&twin, "RunInstances", &with_token("other", &[more])), mismatch);
    }
    let without = launch(&[("ClientToken", "other")]);
    assert_eq!(code(&twin, "RunInstances", &without), mismatch);
    assert_eq!(count(&twin, "other"), 1);
    // Another token, and none, are other launches.
    call(&twin, "RunInstances", &with_token("another", &[])).unwrap();
    assert_ne!(run(&twin, &[]), run(&twin, &[]));
}

#[test]
fn two_requests_at_once_launch_one_instance() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let launch = || {
        call(&twin, "RunInstances", &with_token("at once", &[])).unwrap().get("instancesSet/item/instanceId")
    };
    let ids: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(launch)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(count(&twin, "at once"), 1);
}

#[test]
fn a_launch_whose_answer_was_lost_is_found_by_its_token() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    twin.add_fault(Fault::of("RunInstances", Effect::LoseAnswer).times(1));
    let lost = Call::new(&twin, "RunInstances", &with_token("lost", &[])).sign().send(&twin);
    assert_eq!(lost.unwrap_err(), b"");
    assert_eq!(count(&twin, "lost"), 1);
    call(&twin, "RunInstances", &with_token("lost", &[])).unwrap();
    assert_eq!(count(&twin, "lost"), 1);
    assert_eq!(twin.calls()["RunInstances"], 2);
}

#[test]
fn a_token_is_not_used_up_by_what_launched_nothing() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    assert_eq!(code(&twin, "RunInstances", &with_token("unused", &[("DryRun", "true")])), "DryRunOperation");
    let subnet = ("SubnetId", "subnet-0123456789abcdef0");
    assert_eq!(code(&twin, "RunInstances", &with_token("unused", &[subnet])), "InvalidSubnetID.NotFound");
    twin.add_fault(Fault::refusal("RunInstances", "InsufficientInstanceCapacity").times(1));
    assert_eq!(code(&twin, "RunInstances", &with_token("unused", &[])), "InsufficientInstanceCapacity");
    call(&twin, "RunInstances", &with_token("unused", &[("InstanceInitiatedShutdownBehavior", "stop")]))
        .unwrap();
    assert_eq!(count(&twin, "unused"), 1);
    let long = "x".repeat(65);
    for token in [long.as_str(), "\u{e4}"] {
        assert_eq!(code(&twin, "RunInstances", &with_token(token, &[])), "InvalidParameterValue");
    }
}

#[test]
fn a_token_whose_instance_was_terminated_launches_no_other() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let answer = call(&twin, "RunInstances", &with_token("gone", &[])).unwrap();
    let id = answer.get("instancesSet/item/instanceId").unwrap();
    call(&twin, "TerminateInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(code(&twin, "RunInstances", &with_token("gone", &[])), "IdempotentInstanceTerminated");
}

#[test]
fn a_dry_run_has_its_status() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let refused = call(&twin, "RunInstances", &launch(&[("DryRun", "true")])).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (412, "DryRunOperation"));
}

/// As EC2 takes the size of a root volume from its AMI.
#[test]
fn an_encrypted_volume_needs_no_size() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let volume = [
        ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
        ("BlockDeviceMapping.1.Ebs.Encrypted", "true"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
    ];
    let id = run(&twin, &volume);
    let filter = [("Filter.1.Name", "attachment.instance-id"), ("Filter.1.Value.1", id.as_str())];
    let volumes = call(&twin, "DescribeVolumes", &filter).unwrap();
    assert_eq!(volumes.get("volumeSet/item/encrypted").as_deref(), Some("true"));
}

/// An instance profile is made in IAM, which is not the twin's: EC2 refuses one that it does not know yet.
#[test]
fn an_instance_profile_is_that_of_moto() {
    let (Some(moto), Some(twin)) = (moto(), twin(REGION, |_| {})) else { return };
    let profile = [("IamInstanceProfile.Name", "enclave-profile")];
    let refused = call(&twin, "RunInstances", &launch(&profile)).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidParameterValue"), "{refused:?}");
    let message = "Value (enclave-profile) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
    assert_eq!(refused.message, message);
    let iam = |parameters: &[(&str, &str)]| {
        moto.call("iam", "us-east-1", &[&[("Version", "2010-05-08")], parameters].concat())
    };
    let create = [("Action", "CreateInstanceProfile"), ("InstanceProfileName", "enclave-profile")];
    assert!(iam(&create).unwrap().contains("enclave-profile"));
    // Again: it is there.
    assert!(iam(&create).unwrap_err().to_string().contains("EntityAlreadyExists"));
    let instance = described(&twin, &run(&twin, &profile));
    let arn = instance.get("iamInstanceProfile/arn").unwrap();
    assert!(arn.ends_with(":instance-profile/enclave-profile"), "{arn}");
}
