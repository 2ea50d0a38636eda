//! SigV4: what is not signed by the credentials is refused, and nothing is done for it.

use std::process::Command;
use std::time::{Duration, SystemTime};

use teeproof_twin::ec2::{Credentials, Running};

use crate::client::{Answer, Call, date, refused};
use crate::moto::{before_stand_in, ok};

const ANSWER: &str = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>";

fn twin() -> Running {
    before_stand_in(&ok(ANSWER), |_| {})
}

fn call(twin: &Running) -> Call {
    Call::new(twin, "DescribeVpcs", &[("VpcId.1", "vpc-1")])
}

fn outcome(answer: Result<Answer, Vec<u8>>) -> (u16, String) {
    let refused = refused(&answer.unwrap());
    (refused.status, refused.code)
}

fn failure(code: &str) -> (u16, String) {
    (401, code.to_owned())
}

#[test]
fn a_signed_request_is_answered() {
    let twin = twin();
    let answer = call(&twin).sign().send(&twin).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, ANSWER));
    assert!(answer.head.contains("content-type: text/xml"), "{}", answer.head);
}

#[test]
fn whatever_is_changed_after_the_signature_is_refused() {
    let twin = twin();
    let bent = |bend: &dyn Fn(&mut Call)| {
        let mut call = call(&twin).sign();
        bend(&mut call);
        outcome(call.send(&twin))
    };
    let mismatch = failure("AuthFailure");
    assert_eq!(bent(&|call| call.body.push(b'x')), mismatch);
    assert_eq!(bent(&|call| *call.header("content-type") = "text/plain".into()), mismatch);
    assert_eq!(bent(&|call| *call.header("host") = "ec2.example".into()), mismatch);
    let later = date(SystemTime::now() + Duration::from_secs(60));
    assert_eq!(bent(&|call| call.header("x-amz-date").clone_from(&later)), mismatch);
    let cut = |call: &mut Call| {
        let text = call.header("authorization");
        text.truncate(text.len() - 1);
    };
    assert_eq!(bent(&cut), mismatch);
    assert!(twin.calls().is_empty());
}

#[test]
fn other_credentials_scopes_and_times_are_refused() {
    let twin = twin();
    let with = |change: &dyn Fn(&mut Call)| {
        let mut call = call(&twin);
        change(&mut call);
        outcome(call.sign().send(&twin))
    };
    let invalid = failure("AuthFailure");
    let other = Credentials::random().unwrap();
    assert_eq!(with(&|call| call.secret.clone_from(&other.secret_access_key)), invalid);
    assert_eq!(with(&|call| call.access_key_id.clone_from(&other.access_key_id)), invalid);
    assert_eq!(with(&|call| call.headers.push(("x-amz-security-token", "t".into()))), invalid);
    assert_eq!(with(&|call| call.scope = call.scope.replace("eu-central-1", "us-east-1")), invalid);
    assert_eq!(with(&|call| call.scope = call.scope.replace("ec2", "kms")), invalid);
    assert_eq!(with(&|call| call.signed = "host"), invalid);
    assert_eq!(with(&|call| call.signed = "content-type;x-amz-date"), invalid);
    let old = date(SystemTime::now() - Duration::from_secs(600));
    let aged = |call: &mut Call| {
        call.scope = format!("{}/eu-central-1/ec2/aws4_request", &old[..8]);
        call.header("x-amz-date").clone_from(&old);
    };
    assert_eq!(with(&aged), (400, "RequestExpired".to_owned()));
    // The type of the contents need not be signed.
    let mut call = call(&twin);
    call.signed = "host;x-amz-date";
    assert_eq!(call.sign().send(&twin).unwrap().status, 200);
}

#[test]
fn requests_without_a_signature_or_of_another_form_are_refused() {
    let twin = twin();
    assert_eq!(outcome(call(&twin).send(&twin)), (403, "MissingAuthenticationToken".to_owned()));
    for value in
        ["Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=x"]
    {
        let mut call = call(&twin);
        call.headers.push(("authorization", value.to_owned()));
        assert_eq!(outcome(call.send(&twin)), (400, "IncompleteSignature".to_owned()), "{value}");
    }
    let mut get = call(&twin).sign();
    get.method = "GET";
    assert_eq!(outcome(get.send(&twin)), (400, "InvalidRequest".to_owned()));
    let mut path = call(&twin).sign();
    path.path = "/?Action=DescribeVpcs";
    assert_eq!(outcome(path.send(&twin)), (400, "InvalidRequest".to_owned()));
    assert!(twin.calls().is_empty());
}

/// A signer by other authors.
#[test]
fn the_signatures_of_curl_are_accepted() {
    let twin = twin();
    let credentials = twin.credentials();
    let folder = std::env::temp_dir().join(format!("twin-ec2-curl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let user = format!("user = \"{}:{}\"", credentials.access_key_id, credentials.secret_access_key);
    std::fs::write(folder.join("user"), user).unwrap();
    let sigv4 = format!("aws:amz:{}:ec2", twin.region());
    let done = Command::new("curl")
        .args(["-sS", "--config", "user", "--aws-sigv4", &sigv4])
        .args(["-d", "Action=DescribeVpcs&Version=2016-11-15", &format!("{}/", twin.url())])
        .current_dir(&folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), ANSWER, "{said}");
}
