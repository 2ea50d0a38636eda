//! What the SDK sends and reads, against a client that answers from a list: requests as EC2 would get them, and answers that
//! no emulator gives.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_sdk_ec2::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use teeproof_runtime::{DeployRequest, FailureClass, Launch, MachineState};

use super::Api;
use crate::facts::Found;
use crate::launch::LaunchBody;
use crate::{Ec2Config, samples, tag, tags};

/// A client that answers from a list.
#[derive(Clone, Debug, Default)]
struct Canned {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    requests: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let parameters = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        self.requests.lock().unwrap().push(parameters);
        let (status, answer) = self.answers.lock().unwrap().pop_front().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer))))
    }
}

impl HttpClient for Canned {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The API, which gets these answers, and the client.
fn api(answers: &[(u16, &str)]) -> (Api, Canned) {
    let client = Canned::default();
    client.answers.lock().unwrap().extend(answers.iter().map(|(status, text)| (*status, (*text).to_owned())));
    let config = aws_sdk_ec2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .http_client(client.clone())
        .build();
    (Api { client: aws_sdk_ec2::Client::from_conf(config), region: "eu-west-1".to_owned() }, client)
}

fn requests(client: &Canned) -> Vec<BTreeMap<String, String>> {
    core::mem::take(&mut *client.requests.lock().unwrap())
}

fn body(config: &Ec2Config, request: &DeployRequest) -> LaunchBody {
    let id = samples::id();
    let launch = Launch { id: &id, request, created: 1_790_000_000 };
    LaunchBody::new(config, &launch, samples::volumes(), "#cloud-config\n").unwrap()
}

const INSTANCE: &str = "<instanceId>i-0123456789abcdef0</instanceId><instanceState><code>16</code><name>running</name>\
    </instanceState><instanceType>m5.xlarge</instanceType><privateIpAddress>10.0.0.7</privateIpAddress>";

fn launched() -> String {
    format!(
        "<RunInstancesResponse><instancesSet><item>{INSTANCE}</item></instancesSet></RunInstancesResponse>"
    )
}

#[tokio::test]
async fn a_launch_is_on_the_wire_as_it_is_planned() {
    for (config, request) in [
        (samples::least(), samples::private()),
        (samples::full(), samples::private()),
        (samples::full(), samples::public()),
    ] {
        let body = body(&config, &request);
        let (api, client) = api(&[(200, &launched())]);
        let described = api.run(&body).await.unwrap();
        assert_eq!(described.tags, body.tags, "those of the request, where the answer has none");
        let mut sent = requests(&client).remove(0);
        assert_eq!(sent.remove("Action").as_deref(), Some("RunInstances"));
        assert_eq!(sent.remove("Version").as_deref(), Some("2016-11-15"));
        assert_eq!(sent, body.parameters().into_iter().collect());
    }
}

fn described(instance: &str, token: &str) -> String {
    format!(
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>{instance}</item></instancesSet></item>\
         </reservationSet><nextToken>{token}</nextToken></DescribeInstancesResponse>"
    )
}

#[tokio::test]
async fn enclave_options_and_reasons_are_read_again_each_time() {
    let tags = "<tagSet><item><key>teeproof:deployment</key><value>tp-abcdefghijklmnopqrstuvwxyz</value></item></tagSet>";
    let on = format!("{INSTANCE}<enclaveOptions><enabled>true</enabled></enclaveOptions>{tags}");
    let off = format!("{INSTANCE}<enclaveOptions><enabled>false</enabled></enclaveOptions>{tags}");
    let ended = format!(
        "<instanceId>i-0123456789abcdef0</instanceId><instanceState><code>48</code><name>terminated</name></instanceState>\
         <stateReason><code>Server.InsufficientInstanceCapacity</code><message>No capacity</message></stateReason>{tags}"
    );
    let answers = [on, off, ended].map(|instance| described(&instance, ""));
    let (api, _) = api(&[(200, &answers[0]), (200, &answers[1]), (200, &answers[2])]);
    let mut machines = Vec::new();
    for _ in 0..3 {
        let described = api.instance("i-0123456789abcdef0").await.unwrap().unwrap();
        machines.push(tags::machine(described, api.region()).unwrap());
    }
    assert_eq!(
        machines.iter().map(|machine| machine.is_confidential).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert_eq!(
        (machines[2].state, machines[2].reason.as_deref()),
        (MachineState::Terminated, Some("No capacity"))
    );
    assert_eq!(machines[0].private_address.unwrap().to_string(), "10.0.0.7");
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let (api, client) = api(&[(200, &described(INSTANCE, "more")), (200, &described(INSTANCE, ""))]);
    assert_eq!(api.instances(tag::OWNER, "ci").await.unwrap().len(), 2);
    let sent = requests(&client);
    assert_eq!(sent[0]["Filter.1.Name"], "tag:teeproof:owner");
    assert_eq!((sent[0]["MaxResults"].as_str(), sent[1]["NextToken"].as_str()), ("1000", "more"));
}

fn refusal(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>\
         </Errors><RequestID>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestID></Response>"
    )
}

#[tokio::test]
async fn refusals_have_code_message_and_request_id() {
    let request = samples::private();
    for (status, code, class) in [
        (500, "InsufficientInstanceCapacity", FailureClass::Capacity),
        (400, "VcpuLimitExceeded", FailureClass::Quota),
        (403, "UnauthorizedOperation", FailureClass::Permission),
        (503, "RequestLimitExceeded", FailureClass::Transient),
        (400, "IdempotentParameterMismatch", FailureClass::Invalid),
        (401, "AuthFailure", FailureClass::Credentials),
        (400, "SomethingNew", FailureClass::Other),
    ] {
        let (api, _) = api(&[(status, &refusal(code, "because"))]);
        let failure = api.run(&body(&samples::least(), &request)).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (class, Some(code)));
        assert_eq!(failure.message, "because");
        assert_eq!(failure.request_id.as_deref(), Some("7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"));
        assert!(!failure.hint.is_empty());
    }
}

#[tokio::test]
async fn answers_that_are_none_are_failures() {
    let body = body(&samples::least(), &samples::private());
    for (status, text, class) in [
        (503, "", FailureClass::Transient),
        (429, "slow down", FailureClass::Transient),
        (200, "<RunInstancesResponse/>", FailureClass::Other),
        (404, "<html>", FailureClass::Other),
    ] {
        let (api, _) = api(&[(status, text)]);
        assert_eq!(api.run(&body).await.unwrap_err().class, class, "{status} {text}");
    }
    // Cut, or of something else: whether the launch was done, its repetition shows.
    for text in ["<RunInstancesResponse><instancesSet>", "{}", ""] {
        let (api, _) = api(&[(200, text)]);
        let failure = api.run(&body).await.unwrap_err();
        assert!(matches!(failure.class, FailureClass::Transient | FailureClass::Other), "{failure:?}");
    }
}

#[tokio::test]
async fn a_dry_run_launches_nothing() {
    let body = body(&samples::least(), &samples::private());
    let passed = refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
    let (api, client) = api(&[(412, &passed), (200, &launched())]);
    assert_eq!(api.dry_run(&body).await.unwrap(), None);
    assert_eq!(api.dry_run(&body).await.unwrap().as_deref(), Some("i-0123456789abcdef0"));
    assert!(requests(&client).iter().all(|request| request["DryRun"] == "true"));
}

#[tokio::test]
async fn what_is_missing_is_no_failure() {
    let missing = refusal("InvalidInstanceID.NotFound", "The instance ID does not exist");
    let failed = refusal("UnauthorizedOperation", "no");
    let (api, _) = api(&[(400, &missing), (403, &failed), (400, &refusal("InvalidAMIID.NotFound", "no"))]);
    assert_eq!(api.instance("i-0123456789abcdef0").await.unwrap(), None);
    assert_eq!(api.instance("i-0123456789abcdef0").await.unwrap_err().class, FailureClass::Permission);
    assert!(matches!(api.image("ami-12c6146b").await.unwrap(), Found::Missing(_)));
}
