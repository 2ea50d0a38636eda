//! Reports and evidence of parents, which are servers on loopback here. No call of EC2 is made.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::Duration;

use teeproof_aws::{Ec2, Ec2Config, Ec2Settings, Parent, Ports, tag};
use teeproof_nsm::frame;
use teeproof_nsm::road::RoadAnswer;
use teeproof_runtime::{FailureClass, Machine, MachineId, MachineReport, MachineState, Provider as _};

/// A server that answers each connection with these bytes, after it has read something, and closes it.
fn server(answer: impl Into<Vec<u8>>) -> u16 {
    let (listener, answer) = (TcpListener::bind("127.0.0.1:0").unwrap(), answer.into());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&answer);
        }
    });
    port
}

/// A port at which nobody listens.
fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn report(body: &[u8]) -> Result<MachineReport, String> {
    match body {
        b"ready" => Ok(MachineReport::Ready),
        other => Err(String::from_utf8_lossy(other).into_owned()),
    }
}

async fn ec2(ports: Ports) -> Ec2 {
    let config =
        Ec2Config::from_variables(|name| (name == "AWS_NITRO_AMI_ID").then(|| "ami-12c6146b".into()))
            .unwrap();
    let mut settings = Ec2Settings::default();
    settings.region = Some("eu-west-1".to_owned());
    settings.url = Some("http://127.0.0.1:1".to_owned());
    settings.ports = ports;
    settings.road_timeout = Duration::from_secs(2);
    settings.report_timeout = Duration::from_secs(2);
    let parent = Parent { user_data: |_| Ok(String::new()), report };
    Ec2::new(config, settings, parent).await.unwrap()
}

fn machine(reach: &str) -> Machine {
    let loopback = |last| Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)));
    let is_private = reach == tag::PRIVATE;
    Machine {
        id: MachineId { region: "eu-west-1".to_owned(), id: "i-0123456789abcdef0".to_owned() },
        deployment: "tp-abcdefghijklmnopqrstuvwxyz".parse().unwrap(),
        created: 0,
        is_ready: false,
        state: MachineState::Running,
        reason: None,
        size: "m5.xlarge".to_owned(),
        // Nobody listens at the other one.
        private_address: loopback(if is_private { 1 } else { 9 }),
        public_address: loopback(if is_private { 9 } else { 1 }),
        is_confidential: true,
        image: None,
        details: vec![(tag::REACH.to_owned(), reach.to_owned())],
    }
}

#[tokio::test]
async fn reports() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nready";
    let other = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    let refused = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n{}", "x".repeat(70_000));
    for (status, expected) in [
        (server(ok), Some(MachineReport::Ready)),
        (server(refused), None),
        (server(long), None),
        (server(""), None),
        (nobody(), None),
    ] {
        let ec2 = ec2(Ports { road: nobody(), status }).await;
        for reach in [tag::PRIVATE, tag::PUBLIC] {
            assert_eq!(ec2.report(&machine(reach)).await.unwrap(), expected, "{reach}");
        }
    }
    let ec2 = ec2(Ports { road: nobody(), status: server(other) }).await;
    let failure = ec2.report(&machine(tag::PRIVATE)).await.unwrap_err();
    assert_eq!((failure.class, failure.message.as_str()), (FailureClass::Other, "hello"));
    let unaddressed = Machine { private_address: None, ..machine(tag::PRIVATE) };
    assert_eq!(ec2.report(&unaddressed).await.unwrap(), None);
}

fn answer(answer: &RoadAnswer) -> Vec<u8> {
    frame(&answer.to_cbor()).unwrap().to_vec()
}

#[tokio::test]
async fn evidence_comes_over_the_road() {
    let refused = |text: &str| answer(&RoadAnswer::Error(text.to_owned()));
    for (road, expected) in [
        (server(answer(&RoadAnswer::Document(b"document".to_vec()))), Ok(b"document".to_vec())),
        (server(refused("busy: too many requests wait; try again")), Err(FailureClass::Transient)),
        (server(refused("the module is gone")), Err(FailureClass::Other)),
        (server(answer(&RoadAnswer::Bundle(b"bundle".to_vec()))), Err(FailureClass::Other)),
        (server(""), Err(FailureClass::Transient)),
        (nobody(), Err(FailureClass::Transient)),
    ] {
        let ec2 = ec2(Ports { road, status: nobody() }).await;
        for reach in [tag::PRIVATE, tag::PUBLIC] {
            let machine = machine(reach);
            let evidence = ec2.evidence(&machine, b"nonce").await;
            assert_eq!(evidence.map_err(|failure| failure.class), expected, "{reach}");
        }
    }
    let ec2 = ec2(Ports { road: nobody(), status: nobody() }).await;
    let unaddressed = Machine { public_address: None, ..machine(tag::PUBLIC) };
    assert_eq!(ec2.evidence(&unaddressed, b"nonce").await.unwrap_err().class, FailureClass::Transient);
    assert_eq!(ec2.evidence(&machine(tag::PUBLIC), b"").await.unwrap_err().class, FailureClass::Other);
}

#[tokio::test]
async fn a_url_in_the_clear_is_refused() {
    let config = || {
        Ec2Config::from_variables(|name| (name == "AWS_NITRO_AMI_ID").then(|| "ami-12c6146b".into())).unwrap()
    };
    let parent = Parent { user_data: |_| Ok(String::new()), report };
    let mut settings = Ec2Settings::default();
    settings.region = Some("eu-west-1".to_owned());
    settings.url = Some("http://ec2.example".to_owned());
    let failure = Ec2::new(config(), settings, parent).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Invalid);
    assert!(failure.message.contains("plain HTTP"), "{failure}");
}
