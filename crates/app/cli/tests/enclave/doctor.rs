//! What the doctor finds in an enclave.

use std::net::TcpListener;

use super::enclave::Enclave;
use super::module::TestModule;
use super::support::teeproof;

#[test]
fn a_healthy_enclave_can_be_attested() {
    let enclave = Enclave::start("enclave-doctor");
    enclave.run("doctor").exits(0).shows(&[
        "✔ NSM ",
        "i-1234567890abcdef0-enc0123456789abcdef, version 1.0.2",
        "✔ PCRs ",
        "32 of SHA384, locked: 0-15",
        "✔ mode ",
        "production",
        " vsock ",
        "– KMS proxy ",
        "Evidence can be collected on this machine: teeproof collect nitro",
    ]);
    let json = enclave.run("doctor --format json").exits(0).json();
    assert_eq!(json["schema"], "teeproof/doctor/2");
    assert_eq!(json["probes"].as_array().unwrap().len(), 5);
}

#[test]
fn a_debug_enclave_and_open_pcrs_are_reported() {
    let enclave = Enclave::with("enclave-doctor-debug", TestModule::default());
    enclave.run("doctor").exits(0).shows(&[
        "! PCRs ",
        "locked: none; expected PCR0 to PCR15 locked",
        "lock-range 16",
        "! mode ",
        "debug: PCR0, PCR1 or PCR2 is zero",
        "--debug-mode",
    ]);
}

#[test]
fn a_missing_module_ends_in_9() {
    let run = teeproof(["doctor", "--nsm", "device:/dev/no-such-nsm"]).exits(9);
    run.shows(&["✘ NSM ", "/dev/no-such-nsm does not exist", "No evidence can be collected on this machine"]);
}

#[test]
fn the_proxy_is_connected_to_where_one_is_given() {
    let enclave = Enclave::start("enclave-doctor-proxy");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("tcp:{}", listener.local_addr().unwrap());
    let doctor = |more: &str| enclave.run(&format!("doctor {more}")).exits(0);
    doctor(&format!("--kms-proxy {proxy}")).shows(&["✔ KMS proxy ", "accepts connections"]);
    doctor(&format!("--kms-proxy {proxy} --offline")).shows(&["– KMS proxy ", "--offline was given"]);
    drop(listener);
    doctor(&format!("--kms-proxy {proxy}")).shows(&["! KMS proxy ", "nitro-enclaves-vsock-proxy"]);
    // Only an enclave's own device shows that this is one: no CID is dialled elsewhere.
    if !std::path::Path::new("/dev/nsm").exists() {
        doctor("--kms-proxy vsock:3:8000").shows(&["– KMS proxy ", "vsock:3:8000 not checked"]);
    }
    enclave.run("doctor --kms-proxy 3:8000").fails(2, &["--kms-proxy: 3:8000 is not the address"]);
}
