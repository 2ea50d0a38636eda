//! The control endpoint, for tests of other programs: faults, counts, recorded calls, console output.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use teeproof_twin::ec2::Running;

use crate::client::{call, code};
use crate::moto::{before_stand_in, ok};

const VPCS: &str = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>";

fn twin() -> Running {
    before_stand_in(&ok(VPCS), |_| {})
}

/// Status and body of a request without a signature.
fn control(twin: &Running, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(twin.listens_on()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let len = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: twin\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn faults_are_set_added_and_removed() {
    let twin = twin();
    let refuse = |code: &str| format!(r#"[{{"action":"DescribeVpcs","effect":"refuse","code":"{code}"}}]"#);
    assert_eq!(control(&twin, "PUT", "/twin/faults", &refuse("VcpuLimitExceeded")).0, 204);
    assert_eq!(code(&twin, "DescribeVpcs", &[]), "VcpuLimitExceeded");
    // The first of several wins.
    assert_eq!(control(&twin, "POST", "/twin/faults", &refuse("InternalError")).0, 204);
    assert_eq!(code(&twin, "DescribeVpcs", &[]), "VcpuLimitExceeded");
    assert_eq!(control(&twin, "PUT", "/twin/faults", &refuse("InternalError")).0, 204);
    assert_eq!(code(&twin, "DescribeVpcs", &[]), "InternalError");
    // A list that is wrong changes nothing.
    let (status, why) = control(&twin, "PUT", "/twin/faults", r#"[{"effect":"explode"}]"#);
    assert_eq!(status, 400);
    assert!(why.starts_with("faults: unknown variant `explode`"), "{why}");
    assert_eq!(code(&twin, "DescribeVpcs", &[]), "InternalError");
    assert_eq!(control(&twin, "DELETE", "/twin/faults", "").0, 204);
    assert!(call(&twin, "DescribeVpcs", &[]).is_ok());
}

#[test]
fn calls_are_read_and_forgotten() {
    let twin = twin();
    call(&twin, "DescribeVpcs", &[("VpcId.1", "vpc-1")]).unwrap();
    let json = |path: &str| -> Value { serde_json::from_str(&control(&twin, "GET", path, "").1).unwrap() };
    assert_eq!(json("/twin/calls"), json!({ "DescribeVpcs": 1 }));
    let parameters = json!({ "Action": "DescribeVpcs", "Version": "2016-11-15", "VpcId.1": "vpc-1" });
    let call =
        json!({ "action": "DescribeVpcs", "parameters": parameters, "was-performed": true, "status": 200 });
    assert_eq!(json("/twin/recorded"), json!([call]));
    assert_eq!(control(&twin, "DELETE", "/twin/calls", "").0, 204);
    assert_eq!((json("/twin/calls"), json("/twin/recorded")), (json!({}), json!([])));
}

#[test]
fn other_requests_are_refused() {
    let twin = twin();
    assert_eq!(control(&twin, "GET", "/twin/faults", "").0, 405);
    assert_eq!(control(&twin, "GET", "/twin/other", "").0, 400);
    assert_eq!(control(&twin, "PUT", "/twin/faults", &" ".repeat(300_000)).0, 413);
    assert_eq!(control(&twin, "PUT", "/twin/console-output/i-1", "boot").0, 204);
    assert_eq!(control(&twin, "PUT", "/twin/hidden-seconds", "1.5\n").0, 204);
    for seconds in ["", "soon", "-1", "NaN", "1e300"] {
        assert_eq!(control(&twin, "PUT", "/twin/hidden-seconds", seconds).0, 400, "{seconds}");
    }
}
