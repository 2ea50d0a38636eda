//! Enclave options, which moto drops: answered as they were set, and changed while an instance is stopped alone.

use crate::client::{call, code, described, launch, run};
use crate::moto::twin;

const REGION: &str = "us-east-1";

fn is_enabled(twin: &teeproof_twin::ec2::Running, id: &str) -> [String; 2] {
    let attribute =
        call(twin, "DescribeInstanceAttribute", &[("InstanceId", id), ("Attribute", "enclaveOptions")])
            .unwrap();
    assert_eq!(attribute.get("instanceId").as_deref(), Some(id));
    let instance = described(twin, id).get("enclaveOptions/enabled").unwrap();
    [instance, attribute.get("enclaveOptions/enabled").unwrap()]
}

#[test]
fn options_of_the_launch_are_answered() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let with = |value: &str| {
        let answer = call(&twin, "RunInstances", &launch(&[("EnclaveOptions.Enabled", value)])).unwrap();
        let instance = answer.all("instancesSet/item")[0].clone();
        assert_eq!(instance.get("enclaveOptions/enabled").as_deref(), Some(value));
        instance.get("instanceId").unwrap()
    };
    assert_eq!(is_enabled(&twin, &with("true")), ["true"; 2]);
    assert_eq!(is_enabled(&twin, &with("false")), ["false"; 2]);
    assert_eq!(is_enabled(&twin, &run(&twin, &[])), ["false"; 2]);
    let maybe = code(&twin, "RunInstances", &launch(&[("EnclaveOptions.Enabled", "maybe")]));
    assert_eq!(maybe, "InvalidParameterValue");
}

#[test]
fn options_are_changed_while_an_instance_is_stopped_alone() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let id = run(&twin, &[("EnclaveOptions.Enabled", "true")]);
    let disable = [("InstanceId", id.as_str()), ("EnclaveOptions.Enabled", "false")];
    assert_eq!(code(&twin, "ModifyInstanceAttribute", &disable), "IncorrectInstanceState");
    assert_eq!(is_enabled(&twin, &id), ["true"; 2]);

    call(&twin, "StopInstances", &[("InstanceId.1", &id)]).unwrap();
    let dry = [&disable[..], &[("DryRun", "true")]].concat();
    assert_eq!(code(&twin, "ModifyInstanceAttribute", &dry), "DryRunOperation");
    assert_eq!(is_enabled(&twin, &id), ["true"; 2]);
    let answer = call(&twin, "ModifyInstanceAttribute", &disable).unwrap();
    assert_eq!(answer.get("return").as_deref(), Some("true"));
    assert_eq!(is_enabled(&twin, &id), ["false"; 2]);
    // The other form.
    let enable = [("InstanceId", id.as_str()), ("Attribute", "enclaveOptions"), ("Value", "true")];
    call(&twin, "ModifyInstanceAttribute", &enable).unwrap();
    assert_eq!(is_enabled(&twin, &id), ["true"; 2]);

    call(&twin, "StartInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(is_enabled(&twin, &id), ["true"; 2]);
    assert_eq!(code(&twin, "ModifyInstanceAttribute", &disable), "IncorrectInstanceState");
    call(&twin, "TerminateInstances", &[("InstanceId.1", &id)]).unwrap();
    assert_eq!(code(&twin, "ModifyInstanceAttribute", &disable), "IncorrectInstanceState");
}

#[test]
fn other_attributes_are_those_of_moto() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let id = run(&twin, &[("EnclaveOptions.Enabled", "true")]);
    let kind = [("InstanceId", id.as_str()), ("Attribute", "instanceType")];
    let answer = call(&twin, "DescribeInstanceAttribute", &kind).unwrap();
    assert_eq!(answer.get("instanceType/value").as_deref(), Some("m5.xlarge"));
    let protect = [("InstanceId", id.as_str()), ("DisableApiTermination.Value", "true")];
    call(&twin, "ModifyInstanceAttribute", &protect).unwrap();
    let protection = [("InstanceId", id.as_str()), ("Attribute", "disableApiTermination")];
    let answer = call(&twin, "DescribeInstanceAttribute", &protection).unwrap();
    assert_eq!(answer.get("disableApiTermination/value").as_deref(), Some("true"));
}

#[test]
fn an_unknown_instance_has_no_options() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let id = ("InstanceId", "i-0123456789abcdef0");
    assert_eq!(
        code(&twin, "DescribeInstanceAttribute", &[id, ("Attribute", "enclaveOptions")]),
        "InvalidInstanceID.NotFound"
    );
    assert_eq!(
        code(&twin, "ModifyInstanceAttribute", &[id, ("EnclaveOptions.Enabled", "true")]),
        "InvalidInstanceID.NotFound"
    );
    assert_eq!(
        code(&twin, "ModifyInstanceAttribute", &[("EnclaveOptions.Enabled", "true")]),
        "MissingParameter"
    );
    assert_eq!(
        code(&twin, "ModifyInstanceAttribute", &[id, ("Attribute", "enclaveOptions")]),
        "MissingParameter"
    );
}
