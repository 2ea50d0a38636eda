//! `inspect` of what Azure machines give: every field, every claim, every event.

use std::path::Path;

use teeproof_mint::azure::{Generation, Vm};

use crate::machine::*;
use crate::support::*;

fn inspect(path: &Path) -> Ran {
    let ran = teeproof(["inspect"]).args([path]).exits(0);
    // The first line has the path of the file.
    for line in ran.stdout.lines().skip(1) {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(ran.first_line().ends_with(", not checked"), "{ran:#?}");
    ran
}

fn inspect_json(path: &Path) -> serde_json::Value {
    let json = teeproof(["inspect", "--format", "json"]).args([path]).exits(0).json();
    assert_eq!(json["schema"], "teeproof/inspection/2");
    assert_eq!(json["status"], "not checked");
    json
}

/// The names of the structures that are shown.
fn structures(json: &serde_json::Value) -> Vec<&str> {
    let structures = json["structures"].as_array().unwrap();
    structures.iter().map(|structure| structure["name"].as_str().unwrap()).collect()
}

/// The names of all members, with those of objects within.
fn members(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(object) => {
            object.iter().flat_map(|(name, value)| [vec![name.clone()], members(value)].concat()).collect()
        }
        serde_json::Value::Array(values) => values.iter().flat_map(members).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_report_is_shown_with_its_hardware_report_and_its_claims() {
    for (test, generation) in [
        ("inspect-legacy", Generation::Legacy2022),
        ("inspect-openhcl", Generation::OpenHcl2026),
        ("inspect-openvmm", Generation::OpenVmm),
    ] {
        let machine = Machine::new(test, &genoa().generation(generation));
        let report = machine.report();
        let ran = inspect(&report).shows(&[
            "hcl-report (raw), not checked",
            "HCL report",
            "HCLA",
            "ATTESTATION_REPORT",
            "050..090  REPORT_DATA",
            "runtime claims",
            "HCLAkPub",
        ]);
        assert!(ran.stdout.to_ascii_uppercase().contains("7EE79200-F000-4000-8000-0123456789AB"), "{ran:#?}");
        let claims: serde_json::Value = serde_json::from_slice(&machine.minted.claims()).unwrap();
        for name in members(&claims).iter().filter(|name| *name != "keys") {
            assert!(ran.stdout.contains(name.as_str()), "{name}: {ran:#?}");
        }
        let json = inspect_json(&report);
        assert_eq!(json["kind"], "hcl-report");
        assert_eq!(json["flaw"], serde_json::Value::Null);
        assert_eq!(structures(&json), ["HCL report", "ATTESTATION_REPORT", "runtime claims"]);
    }
}

#[test]
fn a_report_of_tdx_is_shown_with_its_tdreport() {
    let machine = Machine::new("inspect-tdx", &Vm::tdx());
    let report = machine.report();
    inspect(&report).shows(&["TDREPORT_STRUCT", "MRTD", "runtime claims", "HCLEkPub", "user-data"]);
    assert_eq!(structures(&inspect_json(&report)), ["HCL report", "TDREPORT_STRUCT", "runtime claims"]);
}

#[test]
fn what_is_not_verified_can_be_looked_at() {
    let other = genoa().with_envelope(|envelope| {
        envelope.report_type = 1;
        envelope.slot = Some(vec![0x11; 0x230]);
    });
    let machine = Machine::new("inspect-vbs", &other);
    inspect(&machine.report()).shows(&["flaw: ", "VBS", "HCLAkPub"]);
    machine.verify().args(["--no-nonce"]).args([machine.report()]).exits(3).shows(&["✘ hcl.format"]);
    // Claims that are not JSON are shown as text.
    let machine = Machine::new(
        "inspect-no-json",
        &genoa().with_claims(|claims| {
            claims.raw = Some(b"no \x1b[2J JSON".to_vec());
        }),
    );
    let ran = inspect(&machine.report()).shows(&["runtime claims", "no JSON"]);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:#?}");
    let cut = machine.put("cut.bin", &machine.minted.hcl_report[..0x4c0]);
    teeproof(["inspect"]).args([&cut]).fails(3, &["read as hcl-report"]);
}

#[test]
fn a_quote_its_signature_and_registers_are_shown() {
    let machine = Machine::new("inspect-quote", &genoa());
    let [message, signature] = machine.quote().try_into().unwrap();
    let registers = machine.registers();
    inspect(&message).shows(&[
        "tpm-quote (raw)",
        "TPMS_ATTEST",
        "made by a TPM",
        &hex(&CHALLENGE),
        "resetCount    2",
        "2020031200120003",
        "SHA-256  0 1 2 3 4 5 6 7 8",
    ]);
    inspect(&signature).shows(&["tpm-signature (raw)", &hex(&machine.minted.quote_signature[..32])]);
    inspect(&registers).shows(&["pcr-values (tpm2_pcrread text)", "PCR7", &hex(&machine.minted.pcrs[7])]);
    let json = inspect_json(&registers);
    let fields = json["structures"][0]["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 24);
    assert_eq!(fields[4]["name"], "PCR4");
    assert_eq!(fields[4]["value"], hex(&machine.minted.pcrs[4]));
    let bincode = machine.put("quote.bin", machine.minted.quote_bincode());
    inspect(&bincode).shows(&["bincode-quote (raw; kinvolk's Quote)", "TPMS_ATTEST", "PCR23"]);
    assert_eq!(inspect_json(&bincode)["note"], "kinvolk's Quote");
}

/// The first field of this name, in groups too.
fn value<'j>(nodes: &'j serde_json::Value, name: &str) -> Option<&'j serde_json::Value> {
    nodes.as_array()?.iter().find_map(|node| match node["name"] == *name {
        true => node.get("value"),
        false => value(&node["fields"], name),
    })
}

#[test]
fn values_keep_their_types() {
    let given = genoa().with_claims(|claims| {
        claims.raw = Some(br#"{"null":null,"yes":true,"least":-9223372036854775808,"most":18446744073709551615,"half":0.5,"text":"1"}"#.to_vec());
    });
    let machine = Machine::new("inspect-types", &given);
    let [message, _] = machine.quote().try_into().unwrap();
    let nitro = root().join("testdata/nitro/production-eu-central-1-2025-01.cose");
    let expected = [
        (machine.report(), "VERSION", serde_json::json!(5)),
        (machine.report(), "POLICY", serde_json::json!("0x3001f")),
        (machine.report(), "CPUID_STEP", serde_json::json!(1)),
        (machine.report(), "null", serde_json::Value::Null),
        (machine.report(), "yes", serde_json::json!(true)),
        (machine.report(), "least", serde_json::json!(i64::MIN)),
        (machine.report(), "most", serde_json::json!(u64::MAX)),
        (machine.report(), "half", serde_json::json!("0.5")),
        (machine.report(), "text", serde_json::json!("1")),
        (message.clone(), "clockInfo.resetCount", serde_json::json!(2)),
        (message.clone(), "clockInfo.safe", serde_json::json!(true)),
        (message.clone(), "extraData", serde_json::json!(hex(&CHALLENGE))),
        (message.clone(), "SHA-256", serde_json::json!((0..24).collect::<Vec<_>>())),
        (nitro.clone(), "alg", serde_json::json!(-35)),
        (nitro, "nonce", serde_json::Value::Null),
    ];
    for (path, name, expected) in expected {
        assert_eq!(value(&inspect_json(&path)["structures"], name), Some(&expected), "{name}");
    }
}

/// What a TPM signs of a key has the head of a quote, and says of itself what it is.
#[test]
fn a_certification_is_shown_as_one() {
    teeproof(["inspect"]).file("tpm/certified-key.msg").exits(0).shows(&[
        "TPM_ST_ATTEST_CERTIFY",
        "extraData",
        "00ff55aa",
        "of the key that is certified",
        "qualifiedName",
    ]);
    // Cut, it is neither, and is shown as the quote that it may have been.
    let message = std::fs::read(root().join("testdata/tpm/certified-key.msg")).unwrap();
    let cut = file("inspect-certification", "cut.msg", &message[..100]);
    teeproof(["inspect"]).args([cut]).fails(3, &["TPMS_ATTEST"]);
}

#[test]
fn every_event_of_a_log_is_shown() {
    let machine = Machine::new("inspect-log", &genoa());
    let log = machine.log().remove(0);
    let ran = inspect(&log).shows(&[
        "event-log (raw)",
        "EV_EFI_VARIABLE_DRIVER_CONFIG",
        "SecureBoot of 8be4df61-93ca-11d2-aa0d-00e098032b8c",
        "EV_EFI_BOOT_SERVICES_APPLICATION",
        "EV_IPL",
        "kernel_cmdline",
    ]);
    assert_eq!(ran.stdout.matches("pcrIndex").count(), 35, "{ran:#?}");
    assert_eq!(
        structures(&inspect_json(&log)),
        ["TCG event log", "replayed PCRs, SHA-1", "replayed PCRs, SHA-256", "replayed PCRs, SHA-384"]
    );
}

#[test]
fn a_bundle_and_evidence_as_json_are_shown_part_by_part() {
    let machine = Machine::new("inspect-bundle", &genoa());
    let bundle = machine.bundle();
    inspect(&bundle).shows(&[
        "bundle (raw), not checked",
        "TPMS_ATTEST",
        "TCG event log",
        "HCLAkPub",
        "PCR23",
    ]);
    let json = inspect_json(&bundle);
    assert_eq!(json["kind"], "bundle");
    assert_eq!(json["note"], serde_json::Value::Null);
    let shown = structures(&json);
    assert_eq!(shown.iter().filter(|name| **name == "Certificate").count(), 4);
    for name in ["ATTESTATION_REPORT", "runtime claims", "TPMS_ATTEST", "TCG event log", "tpm-signature"] {
        assert!(shown.contains(&name), "{name}: {shown:?}");
    }
    let evidence = machine.put("evidence.json", machine.minted.coco_json(1).unwrap());
    let ran = inspect(&evidence).shows(&["ATTESTATION_REPORT", "TPMS_ATTEST", "PCR0", "SEV-VCEK"]);
    assert!(ran.first_line().contains("evidence-json (JSON; az-snp evidence, version 1)"), "{ran:#?}");
}

/// The fields and groups of the claims, as `name = value`, groups with their members in braces.
fn shown(nodes: &serde_json::Value) -> Vec<String> {
    let node = |node: &serde_json::Value| {
        let name = node["name"].as_str().unwrap();
        match node["fields"].is_array() {
            true => format!("{name} {{ {} }}", shown(&node["fields"]).join("; ")),
            false => match &node["value"] {
                serde_json::Value::String(text) => format!("{name} = {text}"),
                other => format!("{name} = {other}"),
            },
        }
    };
    nodes.as_array().unwrap().iter().map(node).collect()
}

#[test]
fn members_that_are_there_twice_are_a_flaw_and_none_takes_anothers_place() {
    let raw = r#"{"keys":[{"kid":"vm-configuration","secure-boot":"forged"}],"vm-configuration":{"secure-boot":true,
        "secure-boot":false},"value":{"vm-configuration":{"secure-boot":"forged"}},"user-data":"00","user-data":"01",
        "value":[1,{"a":2}]}"#;
    let machine = Machine::new(
        "inspect-twice",
        &genoa().with_claims(|claims| claims.raw = Some(raw.replace('\n', "").into_bytes())),
    );
    let report = machine.report();
    let json = inspect_json(&report);
    assert_eq!(json["flaw"]["what"], "runtime claims: member");
    assert!(json["flaw"]["message"].as_str().unwrap().contains("given twice"));
    let claims = &json["structures"].as_array().unwrap()[2];
    assert_eq!(claims["name"], "runtime claims");
    assert_eq!(
        shown(&claims["fields"]),
        [
            "keys[0] { kid = vm-configuration; secure-boot = forged }",
            "vm-configuration { secure-boot = true; secure-boot = false }",
            "value { vm-configuration { secure-boot = forged } }",
            "user-data = 00",
            "user-data = 01",
            "value[0] = 1",
            "value[1] { member = given again; a = 2 }",
        ]
    );
    inspect(&report).shows(&["flaw: runtime claims: member: given twice", "(given again)"]);
    // Claims without a repeated member have no such flaw.
    let machine = Machine::new("inspect-once", &genoa());
    assert_eq!(inspect_json(&machine.report())["flaw"], serde_json::Value::Null);
}
