//! Hostile bodies of clients and of moto: an error, and a service that goes on.

use std::net::TcpListener;

use teeproof_twin::ec2::{Ec2, Running, Settings};

use crate::client::{Call, Refused, call, refused};
use crate::moto::{before_stand_in, ok};

const VPCS: &str = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>";

fn answer(twin: &Running, body: &[u8]) -> Refused {
    refused(&Call::of_body(twin, body).sign().send(twin).unwrap())
}

#[test]
fn bodies_that_are_no_forms_are_refused() {
    let twin = before_stand_in(&ok(VPCS), |_| {});
    for body in [
        &b"Action=DescribeVpcs&x=%"[..],
        b"Action=DescribeVpcs&x=%zz",
        b"Action=DescribeVpcs&x=\xff\xfe",
        b"Action=DescribeVpcs&Action=RunInstances",
        b"\0\0\0\0",
    ] {
        let refused = answer(&twin, body);
        assert!(["MalformedQueryString", "MissingAction"].contains(&refused.code.as_str()), "{refused:?}");
    }
    assert_eq!(answer(&twin, b"").code, "MissingAction");
    assert_eq!(answer(&twin, b"Action=").code, "MissingAction");
    let many = format!("Action=DescribeVpcs{}", (0..5000).map(|n| format!("&p{n}=")).collect::<String>());
    assert_eq!(answer(&twin, many.as_bytes()).code, "MalformedQueryString");
    // Markup of a client is not markup of the answer.
    let id = answer(&twin, b"Action=RunInstances&EnclaveOptions.Enabled=%3Cx%3E%26");
    assert_eq!(
        (id.code.as_str(), id.message.contains("(&lt;x&gt;&amp;)")),
        ("InvalidParameterValue", true),
        "{id:?}"
    );
    let large = vec![b'x'; 2 * 1024 * 1024];
    assert_eq!(Call::of_body(&twin, &large).sign().send(&twin).map(|answer| answer.status), Ok(413));
    assert!(call(&twin, "DescribeVpcs", &[]).is_ok());
}

#[test]
fn answers_of_moto_that_are_no_xml_are_errors() {
    let deep = "<a>".repeat(200_000);
    for (body, kept) in [
        ("", false),
        ("<html>", false),
        ("<RunInstancesResponse>", false),
        ("<!DOCTYPE x [<!ENTITY e 'e'>]><x>&e;</x>", false),
        (deep.as_str(), false),
        ("{\"json\": 1}", false),
        // Unexpected, and XML all the same.
        ("<other/>", true),
        ("<RunInstancesResponse><instancesSet><item/></instancesSet></RunInstancesResponse>", true),
    ] {
        let twin = before_stand_in(&ok(body), |_| {});
        let answer = Call::new(&twin, "RunInstances", &[("ClientToken", "t")]).sign().send(&twin).unwrap();
        let shown: String = body.chars().take(40).collect();
        if kept {
            assert_eq!(answer.status, 200, "{shown}");
            continue;
        }
        let refused = refused(&answer);
        assert_eq!((refused.status, refused.code.as_str()), (500, "InternalError"), "{shown}");
        assert!(refused.message.starts_with("moto: expected an answer of EC2, got "), "{}", refused.message);
    }
}

#[test]
fn answers_of_moto_that_are_no_http_are_errors() {
    for bytes in [
        &b""[..],
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let twin = before_stand_in(bytes, |_| {});
        let refused = call(&twin, "DescribeVpcs", &[]).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (503, "Unavailable"), "{bytes:?}");
    }
    // Nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings::new(listener.local_addr().unwrap()).unwrap();
    drop(listener);
    let twin = Ec2::start(settings).unwrap();
    let refused = call(&twin, "DescribeVpcs", &[]).unwrap_err();
    assert!(refused.message.starts_with("moto: 127.0.0.1:"), "{}", refused.message);
}

#[test]
fn errors_of_moto_are_passed_on() {
    let body = "<Response><Errors><Error><Code>X</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>";
    let error = format!("HTTP/1.1 404 NOT FOUND\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let twin = before_stand_in(error.as_bytes(), |_| {});
    for action in ["RunInstances", "DescribeInstances", "TerminateInstances", "DescribeVpcs"] {
        let refused = call(&twin, action, &[]).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (404, "X"), "{action}");
    }
}
