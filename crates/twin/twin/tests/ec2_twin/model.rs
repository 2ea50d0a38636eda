//! The wire forms that the twin writes and changes, against botocore's model of EC2; and boto3 as a client.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use teeproof_twin::ec2::Running;

use crate::client::{Answer, Call, launch, run};
use crate::moto::{python, twin};
use crate::xml::Xml;

const REGION: &str = "ap-south-1";

/// Prints the model.
const MODEL: &str = "
import botocore, gzip, os, sys
path = os.path.join(os.path.dirname(botocore.__file__), 'data/ec2/2016-11-15/service-2.json.gz')
sys.stdout.buffer.write(gzip.open(path).read())
";

/// What boto3 sees of an instance: launched twice under a token, described, stopped, modified, terminated.
const CLIENT: &str = "
import boto3, json
ec2 = boto3.client('ec2')
def launch(**more):
    return ec2.run_instances(ImageId='ami-760aaa0f', InstanceType='m5.xlarge', MinCount=1, MaxCount=1,
        EnclaveOptions={'Enabled': True}, ClientToken='boto3',
        MetadataOptions={'HttpTokens': 'required', 'HttpEndpoint': 'enabled', 'HttpPutResponseHopLimit': 1},
        TagSpecifications=[{'ResourceType': 'instance', 'Tags': [{'Key': 'a b', 'Value': 'c&d=\\u00e4'}]}],
        **more)['Instances'][0]
def code(call, **parameters):
    try:
        call(**parameters)
    except ec2.exceptions.ClientError as error:
        return [error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode']]
first, second = launch(), launch()
id = first['InstanceId']
seen = {'enclave': first['EnclaveOptions'], 'same': second['InstanceId'] == id}
seen['mismatch'] = code(launch, UserData='x')
ec2.get_waiter('instance_running').wait(InstanceIds=[id], WaiterConfig={'Delay': 1})
described = ec2.describe_instances(InstanceIds=[id])['Reservations'][0]['Instances'][0]
seen['address'] = described['PrivateIpAddress']
seen['tag'] = described['Tags'][0]['Value']
seen['running'] = code(ec2.modify_instance_attribute, InstanceId=id, EnclaveOptions={'Enabled': False})
ec2.stop_instances(InstanceIds=[id])
ec2.get_waiter('instance_stopped').wait(InstanceIds=[id], WaiterConfig={'Delay': 1})
ec2.modify_instance_attribute(InstanceId=id, EnclaveOptions={'Enabled': False})
attribute = ec2.describe_instance_attribute(InstanceId=id, Attribute='enclaveOptions')
seen['modified'] = attribute['EnclaveOptions']
ec2.terminate_instances(InstanceIds=[id])
ec2.get_waiter('instance_terminated').wait(InstanceIds=[id], WaiterConfig={'Delay': 1})
seen['terminated'] = code(launch)
seen['unknown'] = code(ec2.describe_instances, InstanceIds=['i-0123456789abcdef0'])
print(json.dumps(seen))
";

fn output(mut command: Command, script: &str) -> String {
    let done = command.args(["-c", script]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The service model.
struct Model(Value);

impl Model {
    fn read() -> Option<Self> {
        Some(Self(serde_json::from_str(&output(python()?, MODEL)).unwrap()))
    }

    fn shape(&self, name: &str) -> &Value {
        &self.0["shapes"][name]
    }

    /// The shape of what an operation takes or answers.
    fn operation(&self, name: &str, side: &str) -> Option<&str> {
        self.0["operations"][name][side]["shape"].as_str()
    }

    /// The names of parameters below a shape, with `N` in the place of the index of a list.
    fn parameters(&self, shape: &str, prefix: &str, depth: usize, found: &mut BTreeMap<String, String>) {
        let shape = self.shape(shape);
        if depth == 0 {
            return;
        }
        for (name, member) in shape["members"].as_object().into_iter().flatten() {
            let wire = member["queryName"]
                .as_str()
                .map(str::to_owned)
                .unwrap_or_else(|| capital(member["locationName"].as_str().unwrap_or(name)));
            let (target, path) = (member["shape"].as_str().unwrap(), format!("{prefix}{wire}"));
            match self.shape(target)["type"].as_str().unwrap() {
                "structure" => self.parameters(target, &format!("{path}."), depth - 1, found),
                "list" => {
                    let item = self.shape(target)["member"]["shape"].as_str().unwrap();
                    found.insert(format!("{path}.N"), self.shape(item)["type"].as_str().unwrap().to_owned());
                    self.parameters(item, &format!("{path}.N."), depth - 1, found);
                }
                kind => {
                    found.insert(path, kind.to_owned());
                }
            }
        }
    }

    /// Checks that every element is a member with a value of its type.
    fn check(&self, element: &Xml, shape: &str, path: &str) {
        let shape = self.shape(shape);
        match shape["type"].as_str().unwrap() {
            "structure" => {
                let members = shape["members"].as_object().unwrap();
                let mut seen: Vec<&str> = Vec::new();
                for child in &element.children {
                    let path = format!("{path}/{}", child.name);
                    assert!(!seen.contains(&child.name.as_str()), "{path}: twice");
                    seen.push(&child.name);
                    let of = |(name, member): &(&String, &Value)| {
                        member["locationName"].as_str().unwrap_or(name) == child.name
                    };
                    let member =
                        members.iter().find(of).unwrap_or_else(|| panic!("{path}: no member of the model"));
                    self.check(child, member.1["shape"].as_str().unwrap(), &path);
                }
                assert!(element.text.trim().is_empty(), "{path}: {:?}", element.text);
            }
            "list" => {
                let item = &shape["member"];
                for child in &element.children {
                    assert_eq!(child.name, item["locationName"].as_str().unwrap(), "{path}");
                    self.check(child, item["shape"].as_str().unwrap(), path);
                }
            }
            kind => {
                assert!(element.children.is_empty(), "{path}");
                let text = element.text.as_str();
                let is_value = match kind {
                    "boolean" => ["true", "false"].contains(&text),
                    "integer" | "long" => text.parse::<i64>().is_ok(),
                    "double" | "float" => text.parse::<f64>().is_ok(),
                    "timestamp" => text.len() >= 20 && text.contains('T') && text.ends_with('Z'),
                    _ => true,
                };
                assert!(is_value, "{path}: expected {kind}, got {text:?}");
                if let Some(values) = shape["enum"].as_array() {
                    assert!(
                        values.iter().any(|value| value == text),
                        "{path}: {text:?} is not in {values:?}"
                    );
                }
            }
        }
    }

    /// Checks a whole answer; `requestId` is in every one, and in no model.
    fn check_answer(&self, action: &str, answer: &Answer) {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let namespace = self.0["metadata"]["xmlNamespace"].as_str().unwrap();
        assert!(answer.body.contains(&format!("<{action}Response xmlns=\"{namespace}")), "{}", answer.body);
        let mut xml = Xml::parse(&answer.body);
        let ids = xml.children.len();
        xml.children.retain(|child| child.name != "requestId");
        assert_eq!(xml.children.len() + 1, ids, "{}", answer.body);
        match self.operation(action, "output") {
            Some(shape) => self.check(&xml, shape, action),
            // EC2 answers operations without members so.
            None => assert_eq!(xml.get("return").as_deref(), Some("true"), "{}", answer.body),
        }
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn send(twin: &Running, action: &str, parameters: &[(&str, &str)]) -> Answer {
    Call::new(twin, action, parameters).sign().send(twin).unwrap()
}

#[test]
fn answers_have_the_members_and_types_of_the_model() {
    let (Some(model), Some(twin)) = (Model::read(), twin(REGION, |_| {})) else { return };
    let parameters = launch(&[
        ("EnclaveOptions.Enabled", "true"),
        ("ClientToken", "model"),
        ("NetworkInterface.1.DeviceIndex", "0"),
        ("NetworkInterface.1.AssociatePublicIpAddress", "true"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "k"),
        ("TagSpecification.1.Tag.1.Value", "v"),
    ]);
    // The first is moto's with changes, the second is the twin's.
    let first = send(&twin, "RunInstances", &parameters);
    model.check_answer("RunInstances", &first);
    model.check_answer("RunInstances", &send(&twin, "RunInstances", &parameters));
    let id = Xml::parse(&first.body).get("instancesSet/item/instanceId").unwrap();
    let id = id.as_str();
    model.check_answer("DescribeInstances", &send(&twin, "DescribeInstances", &[("InstanceId.1", id)]));
    model.check_answer("DescribeInstanceStatus", &send(&twin, "DescribeInstanceStatus", &[]));
    model.check_answer("DescribeTags", &send(&twin, "DescribeTags", &[]));
    twin.set_console_output(id, "boot");
    model.check_answer("GetConsoleOutput", &send(&twin, "GetConsoleOutput", &[("InstanceId", id)]));
    let attribute = [("InstanceId", id), ("Attribute", "enclaveOptions")];
    model.check_answer("DescribeInstanceAttribute", &send(&twin, "DescribeInstanceAttribute", &attribute));
    send(&twin, "StopInstances", &[("InstanceId.1", id)]);
    let modify = [("InstanceId", id), ("EnclaveOptions.Enabled", "false")];
    model.check_answer("ModifyInstanceAttribute", &send(&twin, "ModifyInstanceAttribute", &modify));
    send(&twin, "TerminateInstances", &[("InstanceId.1", id)]);
}

#[test]
fn parameters_have_the_names_and_types_of_the_model() {
    let Some(model) = Model::read() else { return };
    for (action, name, kind) in [
        ("RunInstances", "EnclaveOptions.Enabled", "boolean"),
        ("RunInstances", "ClientToken", "string"),
        ("RunInstances", "DryRun", "boolean"),
        ("RunInstances", "BlockDeviceMapping.N.Ebs.VolumeSize", "integer"),
        ("RunInstances", "BlockDeviceMapping.N.Ebs.SnapshotId", "string"),
        ("DescribeInstances", "InstanceId.N", "string"),
        ("DescribeInstanceStatus", "InstanceId.N", "string"),
        ("DescribeInstanceAttribute", "InstanceId", "string"),
        ("DescribeInstanceAttribute", "Attribute", "string"),
        ("ModifyInstanceAttribute", "InstanceId", "string"),
        ("ModifyInstanceAttribute", "EnclaveOptions.Enabled", "boolean"),
        ("ModifyInstanceAttribute", "Attribute", "string"),
        ("ModifyInstanceAttribute", "Value", "string"),
        ("ModifyInstanceAttribute", "DryRun", "boolean"),
        ("TerminateInstances", "InstanceId.N", "string"),
        ("CreateTags", "ResourceId.N", "string"),
        ("GetConsoleOutput", "InstanceId", "string"),
    ] {
        let mut found = BTreeMap::new();
        model.parameters(model.operation(action, "input").unwrap(), "", 4, &mut found);
        assert_eq!(found.get(name).map(String::as_str), Some(kind), "{action}: {name}");
    }
    let attributes = model.shape("InstanceAttributeName")["enum"].as_array().unwrap();
    assert!(attributes.iter().any(|name| name == "enclaveOptions"));
    assert_eq!(model.0["metadata"]["apiVersion"], "2016-11-15");
    assert_eq!(model.0["metadata"]["protocol"], "ec2");
}

/// A client by other authors: its signatures, its forms, its reader of answers and errors.
#[test]
fn boto3_deploys_and_destroys() {
    let (Some(mut python), Some(twin)) = (python(), twin(REGION, |_| {})) else { return };
    python.envs(twin.environment()).env("AWS_DEFAULT_REGION", twin.region());
    let seen: Value = serde_json::from_str(&output(python, CLIENT)).unwrap();
    let expected = serde_json::json!({
        "enclave": { "Enabled": true },
        "same": true,
        "mismatch": ["IdempotentParameterMismatch", 400],
        "address": "127.0.0.2",
        "tag": "c&d=\u{e4}",
        "running": ["IncorrectInstanceState", 400],
        "modified": { "Enabled": false },
        "terminated": ["IdempotentInstanceTerminated", 400],
        "unknown": ["InvalidInstanceID.NotFound", 400],
    });
    assert_eq!(seen, expected);
    let counts = twin.calls();
    assert_eq!((counts["RunInstances"], counts["TerminateInstances"]), (4, 1), "{counts:?}");
    run(&twin, &[]);
}
