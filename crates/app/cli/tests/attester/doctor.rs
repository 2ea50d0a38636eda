//! What the doctor finds, and what it says to do.

use teeproof_twin::paravisor::{Fault, Model, Settings};
use teeproof_twin::swtpm::Swtpm;

use super::machine::Machine;
use super::support::teeproof;

#[test]
fn a_healthy_machine_can_be_attested() {
    let machine = Machine::start("doctor-healthy");
    machine.run(&["doctor"]).exits(0).shows(&[
        "✔ TPM ",
        "✔ paravisor ",
        "report of SNP in 2600 bytes",
        "0x01400002 is not defined yet",
        "✔ attestation key ",
        "sha256",
        "✔ AK certificate ",
        "days old",
        "✔ clock ",
        "✔ permissions ",
        "✔ event log ",
        "✔ instance metadata ",
        "Evidence can be collected on this machine",
    ]);
    let json = machine.run(&["doctor", "--format", "json", "--offline"]).exits(0).json();
    assert_eq!(json["schema"], "teeproof/doctor/2");
    assert_eq!(json["probes"].as_array().unwrap().len(), 10);
    assert!(json["probes"].as_array().unwrap().iter().any(|probe| probe["outcome"] == "skip"));
}

#[test]
fn which_paravisor_it_is() {
    for (test, model, says) in [
        ("doctor-turin", Model::Turin, "OpenHCL, report of SNP"),
        ("doctor-milan", Model::Milan, "the older paravisor, report of SNP"),
        ("doctor-tdx", Model::Tdx, "OpenHCL, report of TDX"),
    ] {
        let machine = Machine::with(test, &Settings { model, ..Settings::default() });
        machine.run(&["doctor"]).exits(0).shows(&[says]);
    }
}

#[test]
fn a_tpm_that_is_not_azures_is_reported() {
    let swtpm = Swtpm::start_tcp().unwrap();
    let run = teeproof(["doctor", "--offline", "--event-log", "/nowhere", "--tpm", &swtpm.address()]);
    run.exits(9).shows(&[
        "✔ TPM ",
        "✘ paravisor ",
        "NV index 0x01400001",
        "✘ attestation key ",
        "! AK certificate ",
        "! event log ",
        "hint: ",
        "No evidence can be collected on this machine",
    ]);
}

#[test]
fn an_absent_report_says_that_this_is_no_confidential_vm() {
    let swtpm = Swtpm::start_tcp().unwrap();
    let says = ["0x01400001", "not an Azure confidential VM, or it has no paravisor"];
    let run = |arguments: &[&str]| teeproof(arguments).args(["--tpm", &swtpm.address()]);
    run(&["vtpm", "nv", "read", "0x01400001"]).fails(9, &says);
    run(&["vtpm", "report", "--boot"]).fails(9, &says);
    // Defined by somebody, and never written.
    run(&["vtpm", "nv", "define", "0x01400001", "--size", "2048"]).exits(0);
    run(&["vtpm", "nv", "read", "0x01400001"]).fails(9, &says);
    run(&["vtpm", "report", "--boot"]).fails(9, &says);
}

#[test]
fn a_faulty_paravisor_is_reported() {
    for (test, fault, exit, says) in [
        ("doctor-torn", Fault::Torn, 0, "is torn"),
        ("doctor-oversize", Fault::Oversize, 9, "16384 bytes"),
        ("doctor-wrong-type", Fault::WrongType, 9, "TVM (3)"),
    ] {
        Machine::faulty(test, fault).run(&["doctor"]).exits(exit).shows(&[says]);
    }
}

#[test]
fn an_index_that_is_in_the_way_is_reported() {
    let machine = Machine::start("doctor-input");
    machine.run(&["vtpm", "nv", "define", "0x01400002", "--size", "8"]).exits(0);
    machine.run(&["doctor"]).exits(0).shows(&["! user data ", "expected 64 bytes, got 8", "hint: "]);
}
