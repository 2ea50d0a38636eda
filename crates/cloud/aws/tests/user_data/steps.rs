//! Each step of `setup`: how it goes, and what the report says when it fails.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use teeproof_aws::user_data::{AmazonLinux, Download, ParentFile, ParentReport, ParentState, StepState};

use crate::machine::{AL2, Machine, sha256};
use crate::servers::{Answer, free_port};

const STEPS: [&str; 8] =
    ["system", "install", "allocator", "program", "image", "kms-proxy", "enclave", "road"];

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write_files();
    machine
}

#[track_caller]
fn assert_ready(machine: &Machine) -> ParentReport {
    let (is_ready, report) = machine.setup();
    assert!(is_ready, "{report:?}");
    assert_eq!(report.state, ParentState::Ready);
    assert!(report.steps.iter().all(|step| step.state == StepState::Ok), "{report:?}");
    let steps: Vec<&str> = report.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps, STEPS);
    report
}

/// The step, code and text of a failure.
#[track_caller]
fn assert_failed(machine: &Machine, step: &str, code: &str, text: &str) -> String {
    let failed = machine.failed();
    assert_eq!((failed.step.as_str(), failed.code.as_str()), (step, code), "{failed:?}");
    assert!(failed.text.contains(text), "{failed:?}");
    failed.log
}

fn has_call(machine: &Machine, beginning: &str) -> bool {
    machine.calls().iter().any(|call| call.starts_with(beginning))
}

#[test]
fn an_enclave_runs_on_amazon_linux_2023() {
    let machine = machine();
    machine.run_commands();
    let report = assert_ready(&machine);
    assert_eq!(report.boot, "boot-1");
    let road = machine.config.road_port;
    let calls = machine.calls();
    let nonce = calls.iter().rposition(|call| call.starts_with("teeproof nsm fetch")).unwrap();
    assert_eq!(
        calls[..nonce],
        [
            "systemctl daemon-reload",
            "systemctl enable teeproof-status.socket teeproof-enclave.service",
            "systemctl start teeproof-status.socket",
            "systemctl start --no-block teeproof-enclave.service",
            "dnf install -y aws-nitro-enclaves-cli",
            "modprobe nitro_enclaves",
            "nitro-cli terminate-enclave --all",
            "systemctl enable nitro-enclaves-allocator.service",
            "systemctl restart nitro-enclaves-allocator.service",
            "systemctl restart teeproof-kms-proxy.service",
            "vsock-proxy 8000 kms.eu-central-1.amazonaws.com 443 --config /etc/teeproof/vsock-proxy.yaml",
            "systemctl is-active teeproof-kms-proxy.service",
            "nitro-cli run-enclave --cpu-count 2 --memory 512 --eif-path /var/lib/teeproof/image.eif",
            "systemctl stop teeproof-road.service",
            "systemctl restart teeproof-road.socket",
        ]
    );
    // The CID is the one of nitro-cli's answer.
    assert_eq!(calls[nonce + 1], format!("vsock connect 19 {road}"));
    assert_eq!(
        machine.read("root/etc/nitro_enclaves/allocator.yaml"),
        "---\nmemory_mib: 512\ncpu_count: 2\n"
    );
    assert_eq!(machine.downloads.requests(), ["GET /teeproof HTTP/1.1", "GET /app.eif HTTP/1.1"]);
    // Neither the metadata service nor anything else got a request.
    assert_eq!(machine.elsewhere.requests(), [""; 0]);
}

#[test]
fn an_enclave_runs_on_amazon_linux_2() {
    let mut machine = Machine::new();
    machine.config.region = "cn-north-1".to_owned();
    machine.config.system = Some(AmazonLinux::Al2);
    machine.config.cid = Some(19);
    machine.config.image = ParentFile::InAmi("/opt/app.eif".to_owned());
    machine.write_files();
    machine.put("root/etc/os-release", AL2);
    machine.put("root/opt/app.eif", "an image");
    assert_ready(&machine);
    let calls = machine.calls();
    assert_eq!(
        calls[..3],
        [
            "amazon-linux-extras enable aws-nitro-enclaves-cli",
            "yum clean metadata",
            "yum install -y aws-nitro-enclaves-cli",
        ]
    );
    assert!(has_call(&machine, "vsock-proxy 8000 kms.cn-north-1.amazonaws.com.cn 443 "), "{calls:?}");
    let run = "nitro-cli run-enclave --cpu-count 2 --memory 512 --eif-path /opt/app.eif --enclave-cid 19";
    assert!(calls.contains(&run.to_owned()), "{calls:?}");
}

#[test]
fn after_a_stop_and_a_start_the_enclave_runs_again() {
    let machine = machine();
    assert_ready(&machine);
    machine.reboot();
    let report = assert_ready(&machine);
    assert_eq!(report.boot, "boot-2");
    let calls = machine.calls();
    assert!(has_call(&machine, "nitro-cli run-enclave"), "{calls:?}");
    for needless in ["dnf", "modprobe", "systemctl restart nitro-enclaves-allocator"] {
        assert!(!has_call(&machine, needless), "{calls:?}");
    }
    // Files are kept, and compared with their digests again.
    assert_eq!(machine.downloads.requests().len(), 2);
    machine.reboot();
    machine.put("root/var/lib/teeproof/image.eif", "another image");
    assert_ready(&machine);
    assert_eq!(machine.downloads.requests().len(), 3);
}

/// The units that the first boot enables are started by systemd at later ones.
#[test]
fn units_are_enabled_for_later_boots() {
    let machine = machine();
    for (unit, target) in
        [("teeproof-enclave.service", "multi-user.target"), ("teeproof-status.socket", "sockets.target")]
    {
        let text = machine.read(&format!("root/etc/systemd/system/{unit}"));
        assert!(text.contains(&format!("[Install]\nWantedBy={target}\n")), "{text}");
    }
}

#[test]
fn another_system_is_refused() {
    let machine = machine();
    machine.put("root/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    assert_failed(&machine, "system", "os-release", "expected Amazon Linux 2023 or 2, got debian:12");
    let mut machine = Machine::new();
    machine.config.system = Some(AmazonLinux::Al2);
    machine.write_files();
    assert_failed(&machine, "system", "os-release", "expected al2, got al2023");
}

#[test]
fn packages_fail() {
    let machine = machine();
    machine.fail("dnf", "");
    let log = assert_failed(&machine, "install", "exit-1", "cannot install aws-nitro-enclaves-cli");
    assert!(log.contains("Error: Unable to find a match"), "{log}");
    machine.put("root/etc/os-release", AL2);
    machine.fail("amazon-linux-extras", "");
    assert_failed(&machine, "install", "exit-1", "cannot install aws-nitro-enclaves-cli");
    assert!(!has_call(&machine, "yum"));
    fs::remove_file(machine.folder.join("fail/amazon-linux-extras")).unwrap();
    machine.fail("yum", "");
    assert_failed(&machine, "install", "exit-1", "cannot install aws-nitro-enclaves-cli");
}

#[test]
fn the_driver_fails() {
    let machine = machine();
    machine.fail("modprobe", "");
    let log = assert_failed(&machine, "install", "modprobe", "the driver nitro_enclaves cannot be loaded");
    assert!(log.contains("FATAL"), "{log}");
}

#[test]
fn the_allocator_fails() {
    let machine = machine();
    machine.fail("systemctl-restart-nitro-enclaves-allocator.service", "1");
    let log = assert_failed(&machine, "allocator", "exit-1", "nitro-enclaves-allocator.service failed");
    assert!(log.contains("the journal of nitro-enclaves-allocator.service"), "{log}");
    fs::remove_file(machine.folder.join("fail/systemctl-restart-nitro-enclaves-allocator.service")).unwrap();
    machine.fail("systemctl-enable-nitro-enclaves-allocator.service", "4");
    assert_failed(&machine, "allocator", "exit-4", "nitro-enclaves-allocator.service failed");
}

#[test]
fn an_allocator_that_reserves_nothing_and_succeeds_is_seen() {
    let machine = machine();
    machine.fail("reservation", "");
    assert_failed(&machine, "allocator", "reserved", "did not reserve 2 CPUs and 512 MiB");
}

#[test]
fn downloads_fail() {
    let mut machine = Machine::new();
    machine.config.program = Some(file(&machine, "/missing", b""));
    machine.write_files();
    assert_failed(&machine, "program", "curl-22", "404");
    machine.config.program = None;
    machine.config.image = file(&machine, "/absent.eif", b"");
    machine.write_files();
    let log = assert_failed(&machine, "image", "curl-22", "/absent.eif");
    assert!(log.contains("curl: (22) The requested URL returned error: 404"), "{log}");
}

fn file(machine: &Machine, path: &str, body: &[u8]) -> ParentFile {
    ParentFile::Url(Download { url: machine.downloads.url(path), sha256: sha256(body) })
}

#[test]
fn a_download_is_repeated() {
    let mut machine = Machine::new();
    machine.downloads.put("/later.eif", 503, b"");
    machine.downloads.put("/later.eif", 200, b"an image");
    machine.config.image = file(&machine, "/later.eif", b"an image");
    machine.write_files();
    assert_ready(&machine);
    let tries = machine.downloads.requests().iter().filter(|line| line.contains("/later.eif")).count();
    assert_eq!(tries, 2);
}

#[test]
fn other_bytes_are_not_used() {
    let mut machine = Machine::new();
    machine.downloads.put("/other.eif", 200, b"another image");
    machine.config.image = file(&machine, "/other.eif", b"an image");
    machine.write_files();
    assert_failed(&machine, "image", "sha256", ": expected ");
    assert!(!has_call(&machine, "nitro-cli run-enclave"));
    let kept = fs::read_dir(machine.folder.join("root/var/lib/teeproof")).unwrap();
    let kept: Vec<_> = kept.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(kept, ["teeproof"]);
    machine.config.program =
        Some(ParentFile::Url(Download { url: machine.downloads.url("/teeproof"), sha256: [0; 32] }));
    machine.write_files();
    let failed = machine.failed();
    assert_eq!((failed.step.as_str(), failed.code.as_str()), ("program", "sha256"));
    assert!(failed.text.contains(&"0".repeat(64)), "{failed:?}");
}

/// An image that is too long for the enclave's memory is not downloaded to its end, whether its length is known or not.
#[test]
fn a_download_is_bounded() {
    for is_chunked in [false, true] {
        let mut machine = Machine::new();
        let body = vec![0; 17 << 20];
        machine.downloads.add("/long.eif", Answer { status: 200, body: body.clone(), is_chunked });
        machine.config.image = file(&machine, "/long.eif", &body);
        machine.config.memory_mib = 64;
        machine.write_files();
        let failed = machine.failed();
        assert!(["curl-63", "curl-153", "curl-23"].contains(&failed.code.as_str()), "{failed:?}");
        assert!(failed.text.contains("more than 16777216 bytes"), "{failed:?}");
        assert!(!machine.folder.join("root/var/lib/teeproof/image.eif.part").exists());
    }
}

#[test]
fn an_image_is_missing_in_the_machine_image() {
    let mut machine = Machine::new();
    machine.config.image = ParentFile::InAmi("/opt/app.eif".to_owned());
    machine.write_files();
    assert_failed(&machine, "image", "missing", "/opt/app.eif: not a file of the AMI");
}

#[test]
fn the_proxy_to_kms_fails() {
    let machine = machine();
    machine.fail("vsock-proxy", "");
    let log = assert_failed(&machine, "kms-proxy", "exit-3", "failed for kms.eu-central-1.amazonaws.com");
    assert!(log.contains("the journal of teeproof-kms-proxy.service"), "{log}");
    assert!(!has_call(&machine, "nitro-cli run-enclave"));
}

/// E00 to E60: code, sentence and log path of each.
#[test]
fn every_error_of_nitro_cli_is_reported() {
    let machine = machine();
    assert_ready(&machine);
    for number in 0..=60 {
        let code = format!("E{number:02}");
        machine.fail("nitro-cli", &code);
        let failed = machine.failed();
        assert_eq!((failed.step.as_str(), failed.code.as_str()), ("enclave", code.as_str()), "{failed:?}");
        let path = "/var/log/nitro_enclaves/err2026-12-01T00:00:00.000000000+00:00.log";
        assert_eq!(failed.text, format!("The \"sentence\" of {code}: 1 \\ 2. (log: {path})"));
        let log = failed.log;
        assert!(log.contains(&format!("Action: Run Enclave, the backtrace of {code}")), "{log}");
        assert!(log.contains("[ E39 ] Enclave process connection failure."), "{log}");
    }
}

#[test]
fn other_failures_of_nitro_cli_are_reported() {
    let mut machine = Machine::new();
    machine.config.cid = Some(20);
    machine.write_files();
    assert_failed(&machine, "enclave", "json", "expected EnclaveCID 20, got 19");
    for (cid, found) in [("3", "3"), ("null", "none"), ("-1", "none"), ("99999999999", "none")] {
        machine.put("cid", cid);
        let log = assert_failed(&machine, "enclave", "json", &format!("from 4 upwards, got {found}"));
        assert!(log.contains("\"EnclaveName\": \"image\""), "{log}");
    }
    machine.fail("silent-nitro-cli", "");
    assert_failed(&machine, "enclave", "exit-7", "nitro-cli run-enclave failed");
}

#[test]
fn the_road_fails() {
    let machine = machine();
    machine.fail("teeproof", "");
    let log = assert_failed(&machine, "road", "exit-8", " after 1 s");
    assert!(
        log.contains("connection refused") && log.contains("the journal of teeproof-road.service"),
        "{log}"
    );
    machine.fail("systemctl-restart-teeproof-road.socket", "1");
    assert_failed(&machine, "road", "exit-1", "teeproof-road.socket failed");
}

/// Without a program nobody requests a document, but the enclave has to accept a connection.
#[test]
fn without_a_program_the_enclave_has_to_listen() {
    let mut machine = Machine::new();
    machine.config.program = None;
    machine.write_files();
    assert_ready(&machine);
    let road = machine.config.road_port;
    assert_eq!(machine.calls().last(), Some(&format!("vsock connect 19 {road}")));
    assert!(!has_call(&machine, "teeproof"));
    machine.put("enclave", &free_port().to_string());
    let log =
        assert_failed(&machine, "road", "exit-1", &format!("has not answered at port {road} after 1 s"));
    assert!(log.contains(&format!("vsock port {road}: [Errno 111] Connection refused")), "{log}");
}

#[test]
fn a_program_of_the_machine_image_is_used() {
    let mut machine = Machine::new();
    machine.config.program = Some(ParentFile::InAmi("/opt/teeproof".to_owned()));
    machine.write_files();
    assert_failed(&machine, "program", "missing", "/opt/teeproof: not a program of the AMI");
    let path = machine.folder.join("root/opt/teeproof");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(machine.folder.join("bin/teeproof"), &path).unwrap();
    assert_ready(&machine);
    assert!(has_call(&machine, "teeproof nsm fetch"));
}

/// A log with any bytes is a string of the report.
#[test]
fn a_report_is_json_whatever_the_log_is() {
    let machine = machine();
    let dnf = machine.folder.join("bin/dnf");
    let noise = "#!/bin/bash\nfor n in {0..255}; do printf \"\\\\x$(printf %02x \"$n\")\"; done\necho '\"\\'\nexit 9\n";
    fs::write(&dnf, noise).unwrap();
    let log = assert_failed(&machine, "install", "exit-9", "cannot install");
    assert!(log.contains(" !\"#$%&'()*+") && log.contains("XYZ[\\]^_"), "{log}");
    assert!(log.is_ascii());
    fs::write(&dnf, "#!/bin/bash\nyes '\"\\' | head -c 1000000\nexit 9\n").unwrap();
    let log = assert_failed(&machine, "install", "exit-9", "cannot install");
    assert_eq!(log.len() / 10, 200);
}

#[test]
fn a_setup_that_is_stopped_says_so() {
    let machine = machine();
    let dnf = machine.folder.join("bin/dnf");
    fs::write(&dnf, "#!/bin/bash\nkill -TERM $(ps -o ppid= $PPID)\n").unwrap();
    assert_failed(&machine, "install", "stopped", "stopped by a signal");
}

/// The status port: one HTTP answer on each connection, before and after the first step.
#[test]
fn the_report_is_served() {
    let machine = machine();
    let status = machine.folder.join("root/usr/local/libexec/teeproof/status");
    let get = |request: &[u8]| {
        let mut command = machine.command(&status);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(request);
        let done = child.wait_with_output().unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}"));
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
        ParentReport::from_json(body.as_bytes()).unwrap()
    };
    let request = b"GET /status HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(get(request).state, ParentState::Starting);
    assert_ready(&machine);
    assert_eq!(get(request).state, ParentState::Ready);
    for other in [&b""[..], b"\0\xff\r\n", b"$(id)`id`\n\n", &[b'a'; 100_000]] {
        assert_eq!(get(other).steps.len(), STEPS.len());
    }
}
