//! The life of an instance: planned, launched, described, stopped, started, marked, terminated.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use teeproof_aws::{Ec2, Ec2Config, Ec2Settings, Parent};
use teeproof_runtime::{
    Binding, DeployRequest, DeploymentId, Event, FailureClass, Image, Launch, Limits, MachineId,
    MachineState, Pace, PolicyText, Provider as _, Registry, Runtime, RuntimeError, RuntimeSettings, Sha256,
};

use crate::proxy::Proxy;
use crate::server::with_moto;

/// An Amazon Linux 2 of the machine images that moto has, for x86_64.
pub(crate) const AMI: &str = "ami-04681a1dbd79675a5";

pub(crate) fn request() -> DeployRequest {
    let image = Image::Url { url: "https://images.example/a.eif".to_owned(), sha256: Sha256([7; 32]) };
    let policy = PolicyText { name: "policy".to_owned(), text: String::new() };
    DeployRequest::new("aws", "ci@team".parse().unwrap(), image, policy)
}

pub(crate) async fn ec2(variables: &[(&str, &str)]) -> Ec2 {
    let variables: Vec<_> = [&[("AWS_NITRO_AMI_ID", AMI)], variables].concat();
    let value = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| value.into());
    let config = Ec2Config::from_variables(value).unwrap();
    Ec2::new(config, Ec2Settings::default(), Parent::default()).await.unwrap()
}

#[test]
fn an_instance_lives_as_it_was_planned() {
    with_moto("life::an_instance_lives_as_it_was_planned", life);
}

async fn life(proxy: Proxy) {
    let ec2 = ec2(&[]).await;
    assert_eq!(ec2.region(), "us-east-1");
    let request = request();
    let plan = ec2.plan(&request).await.unwrap().unwrap();
    let planned = |operation: &str| -> BTreeSet<String> {
        let calls = plan.calls.iter().filter(|call| call.operation == operation);
        calls.map(|call| call.call.to_owned()).collect()
    };
    assert_eq!(proxy.actions(), planned("plan"));

    let id = DeploymentId::generate().unwrap();
    let launch = Launch { id: &id, request: &request, created: 1_790_000_000 };
    let launched = ec2.launch(&launch).await.unwrap();
    let run = proxy.take().into_iter().find(|request| request["Action"] == "RunInstances").unwrap();
    for (name, value) in [
        ("ClientToken", id.as_str()),
        ("EnclaveOptions.Enabled", "true"),
        ("MetadataOptions.HttpTokens", "required"),
        ("MetadataOptions.HttpPutResponseHopLimit", "1"),
        ("InstanceInitiatedShutdownBehavior", "terminate"),
        ("BlockDeviceMapping.1.Ebs.Encrypted", "true"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
        ("TagSpecification.2.ResourceType", "volume"),
    ] {
        assert_eq!(run.get(name).map(String::as_str), Some(value), "{name}");
    }

    let machine = ec2.machine(&launched.id).await.unwrap().unwrap();
    assert_eq!((machine.deployment.clone(), machine.created), (id.clone(), 1_790_000_000));
    assert_eq!((machine.state, machine.size.as_str()), (MachineState::Running, "m5.xlarge"));
    assert_eq!(machine.image, Some(Sha256([7; 32])));
    assert!(machine.private_address.is_some() && !machine.is_ready);
    assert_eq!(ec2.bindings(&machine), [Binding::NitroInstance(machine.id.id.clone())]);
    // Moto drops EnclaveOptions, and so does whoever switches enclaves off: it is read, and not remembered.
    assert!(!machine.is_confidential);
    assert_eq!(ec2.machines(&request.owner).await.unwrap(), std::slice::from_ref(&machine));
    assert!(ec2.machines(&"other".parse().unwrap()).await.unwrap().is_empty());

    ec2.mark_ready(&machine).await.unwrap();
    assert!(ec2.machine(&machine.id).await.unwrap().unwrap().is_ready);
    assert_eq!(ec2.machines(&request.owner).await.unwrap().len(), 1, "a tag replaces one, and no other");
    assert!(proxy.actions().is_subset(&planned("deploy")));

    ec2.stop(&machine).await.unwrap();
    let state = |id: MachineId| {
        let ec2 = &ec2;
        async move { ec2.machine(&id).await.unwrap().map(|machine| machine.state) }
    };
    assert_eq!(state(machine.id.clone()).await, Some(MachineState::Stopped));
    assert!(proxy.actions().is_subset(&planned("stop")));
    ec2.start(&machine).await.unwrap();
    assert_eq!(state(machine.id.clone()).await, Some(MachineState::Running));
    assert!(proxy.actions().is_subset(&planned("start")));

    assert!(ec2.belongings(&request.owner).await.unwrap().is_empty());
    ec2.terminate(&machine.id).await.unwrap();
    assert!(matches!(state(machine.id.clone()).await, None | Some(MachineState::Terminated)));
    assert!(ec2.machines(&request.owner).await.unwrap().is_empty());
    assert!(proxy.actions().is_subset(&planned("destroy")));

    let unknown = MachineId { region: "us-east-1".to_owned(), id: "i-0123456789abcdef0".to_owned() };
    assert_eq!(ec2.machine(&unknown).await.unwrap(), None);
    let failure = ec2.terminate(&unknown).await.unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_deref()),
        (FailureClass::NotFound, Some("InvalidInstanceID.NotFound"))
    );
    assert!(failure.request_id.is_some(), "{failure}");
}

#[test]
fn every_problem_is_found_before_a_launch() {
    with_moto("life::every_problem_is_found_before_a_launch", problems);
}

async fn problems(proxy: Proxy) {
    let ec2 = ec2(&[
        ("AWS_NITRO_INSTANCE_TYPE", "t3.large"),
        ("AWS_NITRO_ENCLAVE_CPU_COUNT", "64"),
        ("AWS_NITRO_ENCLAVE_MEMORY_MB", "1048576"),
        ("AWS_NITRO_SUBNET_ID", "subnet-0123456789abcdef0"),
        ("AWS_NITRO_SECURITY_GROUP_ID", "sg-0123456789abcdef0"),
    ]);
    let mut request = request();
    request.ports = vec![5733];
    let problems = ec2.await.plan(&request).await.unwrap().unwrap_err();
    let names: BTreeSet<_> = problems.iter().map(|problem| problem.what.as_str()).collect();
    let expected = [
        "AWS_NITRO_ENCLAVE_CPU_COUNT",
        "AWS_NITRO_ENCLAVE_MEMORY_MB",
        "AWS_NITRO_INSTANCE_TYPE",
        "AWS_NITRO_SECURITY_GROUP_ID",
        "AWS_NITRO_SUBNET_ID",
        "ports",
    ];
    assert_eq!(names, BTreeSet::from(expected), "{problems:?}");
    assert!(!proxy.actions().contains("RunInstances"));
}

#[test]
fn a_launch_that_fails_half_way_leaves_nothing() {
    with_moto("life::a_launch_that_fails_half_way_leaves_nothing", half_way);
}

async fn half_way(proxy: Proxy) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("half-way-{}", std::process::id()));
    let registry = Registry::open(&folder).unwrap();
    let ec2 = ec2(&[]).await;
    let mut settings = RuntimeSettings::new(registry, vec![Arc::new(ec2.clone())]);
    settings.pace = Pace { first: Duration::from_millis(20), longest: Duration::from_millis(100) };
    let runtime = Runtime::new(settings);
    let mut request = request();
    request.policy.text = include_str!("../../../../../examples/policies/nitro.toml").to_owned();
    let limits = Limits::within(Duration::from_secs(60));
    // Moto's instance runs without enclaves.
    let failure = runtime.deploy(&request, &limits, &|_: &Event| ()).await.unwrap_err();
    assert!(matches!(failure, RuntimeError::MachineState { .. }), "{failure}");
    let actions = proxy.actions();
    assert!(actions.contains("RunInstances") && actions.contains("TerminateInstances"), "{actions:?}");
    assert!(ec2.machines(&request.owner).await.unwrap().is_empty());
    let list = runtime.list(&request.owner, &limits).await.unwrap();
    assert!(list.deployments.is_empty() && list.unreadable.is_empty(), "{list:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
