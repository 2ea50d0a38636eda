//! SigV4: what is not signed by the credentials is refused, and nothing is done for it.

use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use teeproof_twin::kms::{Credentials, Running};

use crate::client::{Call, OPEN, date, start};

fn call(kms: &Running) -> Call {
    Call::new(kms, "GenerateRandom", &json!({ "NumberOfBytes": 16 }))
}

fn kind((status, body): (u16, Value)) -> String {
    assert_ne!(status, 200, "{body}");
    body["__type"].as_str().unwrap().to_owned()
}

#[test]
fn a_signed_request_is_answered() {
    let kms = start(OPEN, |_| {});
    let (status, body) = call(&kms).sign().send(&kms);
    assert_eq!(status, 200, "{body}");
    assert_eq!(body.as_object().unwrap().len(), 1);
}

#[test]
fn whatever_is_changed_after_the_signature_is_refused() {
    let kms = start(OPEN, |_| {});
    let bent = |bend: &dyn Fn(&mut Call)| {
        let mut call = call(&kms).sign();
        bend(&mut call);
        kind(call.send(&kms))
    };
    let mismatch = "InvalidSignatureException";
    assert_eq!(bent(&|call| call.body = json!({ "NumberOfBytes": 17 }).to_string()), mismatch);
    assert_eq!(bent(&|call| *call.header("x-amz-target") = "TrentService.CreateKey".into()), mismatch);
    assert_eq!(bent(&|call| *call.header("content-type") = "text/plain".into()), mismatch);
    assert_eq!(bent(&|call| *call.header("host") = "kms.example".into()), mismatch);
    let later = date(SystemTime::now() + Duration::from_secs(60));
    assert_eq!(bent(&|call| call.header("x-amz-date").clone_from(&later)), mismatch);
    // Single digits of the signature.
    for at in [1, 2, 33, 64] {
        let flip = |call: &mut Call| {
            let text = call.header("authorization");
            let place = text.len() - at;
            let digit = if text.as_bytes()[place] == b'0' { "1" } else { "0" };
            text.replace_range(place..=place, digit);
        };
        assert_eq!(bent(&flip), mismatch);
    }
    assert_eq!(bent(&|call| call.headers.retain(|(name, _)| *name != "content-type")), mismatch);
    let cut = |call: &mut Call| {
        let text = call.header("authorization");
        text.truncate(text.len() - 1);
    };
    assert_eq!(bent(&cut), mismatch);
}

#[test]
fn what_has_to_be_signed_is_signed() {
    let kms = start(OPEN, |_| {});
    let signing = |signed: &'static str| {
        let mut call = call(&kms);
        call.signed = signed;
        call.sign().send(&kms)
    };
    for signed in [
        "host;x-amz-date",
        "content-type;host;x-amz-target",
        "x-amz-date;x-amz-target",
        "x-amz-target;host;x-amz-date",
        "host;x-amz-date;x-amz-missing;x-amz-target",
    ] {
        assert_eq!(kind(signing(signed)), "InvalidSignatureException", "{signed}");
    }
    // Without the type of the contents, as some clients sign.
    assert_eq!(signing("host;x-amz-date;x-amz-target").0, 200);
}

#[test]
fn other_credentials_scopes_and_times_are_refused() {
    let kms = start(OPEN, |_| {});
    let with = |change: &dyn Fn(&mut Call)| {
        let mut call = call(&kms);
        change(&mut call);
        kind(call.sign().send(&kms))
    };
    let invalid = "InvalidSignatureException";
    let other = Credentials::random().unwrap();
    assert_eq!(with(&|call| call.secret.clone_from(&other.secret_access_key)), invalid);
    let unknown = "UnrecognizedClientException";
    assert_eq!(with(&|call| call.access_key_id.clone_from(&other.access_key_id)), unknown);
    assert_eq!(with(&|call| call.headers.push(("x-amz-security-token", "t".into()))), unknown);
    assert_eq!(with(&|call| call.scope = call.scope.replace("eu-central-1", "us-east-1")), invalid);
    assert_eq!(with(&|call| call.scope = call.scope.replace("kms", "ec2")), invalid);
    for seconds in [600, 100_000] {
        let old = date(SystemTime::now() - Duration::from_secs(seconds));
        let aged = |call: &mut Call| {
            call.scope = format!("{}/eu-central-1/kms/aws4_request", &old[..8]);
            call.header("x-amz-date").clone_from(&old);
        };
        assert_eq!(with(&aged), invalid);
    }
    assert_eq!(with(&|call| *call.header("x-amz-date") = "yesterday".into()), invalid);
}

#[test]
fn requests_without_a_signature_are_refused() {
    let kms = start(OPEN, |_| {});
    assert_eq!(kind(call(&kms).send(&kms)), "MissingAuthenticationTokenException");
    let fields = "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=x";
    for value in ["Bearer x", "AWS4-HMAC-SHA256", fields] {
        let mut call = call(&kms);
        call.headers.push(("authorization", value.to_owned()));
        assert_eq!(kind(call.send(&kms)), "IncompleteSignatureException", "{value}");
    }
    let mut get = call(&kms).sign();
    get.method = "GET";
    assert_eq!(kind(get.send(&kms)), "UnknownOperationException");
    let mut path = call(&kms).sign();
    path.path = "/?Action=GenerateRandom";
    assert_eq!(kind(path.send(&kms)), "UnknownOperationException");
    let mut large = call(&kms);
    large.body = " ".repeat(600_000);
    assert_eq!(large.sign().send(&kms).0, 413);
}

/// A signer by other authors.
#[test]
fn the_signatures_of_curl_are_accepted() {
    let kms = start(OPEN, |_| {});
    let credentials = kms.credentials();
    let folder = std::env::temp_dir().join(format!("twin-kms-curl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let user = format!("user = \"{}:{}\"", credentials.access_key_id, credentials.secret_access_key);
    std::fs::write(folder.join("user"), user).unwrap();
    let sigv4 = format!("aws:amz:{}:kms", kms.region());
    let done = Command::new("curl")
        .args(["-sS", "--config", "user", "--aws-sigv4", &sigv4, "-d", r#"{"NumberOfBytes":16}"#])
        .args(["-H", "Content-Type: application/x-amz-json-1.1"])
        .args(["-H", "X-Amz-Target: TrentService.GenerateRandom", &format!("{}/", kms.url())])
        .current_dir(&folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let body: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{said}"));
    assert!(body["Plaintext"].is_string(), "{body} {said}");
}
