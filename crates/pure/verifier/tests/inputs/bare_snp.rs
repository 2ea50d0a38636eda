//! SEV-SNP evidence without a vTPM as JSON: the report is rebuilt to the byte.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use teeproof::Evidence;
use teeproof_evidence::{InputError, InputKind, InputWarning, Inputs, JsonProblem, sniff};
use teeproof_mint::snp::{Machine, Product};

use crate::support::testdata;

fn word(report: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(report[at..at + 4].try_into().unwrap())
}

fn long(report: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(report[at..at + 8].try_into().unwrap())
}

/// The fields that every version of the sev crate writes.
fn common(report: &[u8], tcb: impl Fn(usize) -> Value) -> Value {
    json!({
        "version": word(report, 0),
        "guest_svn": word(report, 4),
        "policy": long(report, 8),
        "family_id": report[0x10..0x20],
        "image_id": report[0x20..0x30],
        "vmpl": word(report, 0x30),
        "sig_algo": word(report, 0x34),
        "current_tcb": tcb(0x38),
        "plat_info": long(report, 0x40),
        "report_data": report[0x50..0x90],
        "measurement": report[0x90..0xc0],
        "host_data": report[0xc0..0xe0],
        "id_key_digest": report[0xe0..0x110],
        "author_key_digest": report[0x110..0x140],
        "report_id": report[0x140..0x160],
        "report_id_ma": report[0x160..0x180],
        "reported_tcb": tcb(0x180),
        "chip_id": report[0x1a0..0x1e0],
        "committed_tcb": tcb(0x1e0),
        "launch_tcb": tcb(0x1f0),
    })
}

/// As the sev crate wrote a report up to its version 4.
fn old(report: &[u8]) -> Value {
    let mut fields = common(report, |at| {
        json!({
            "bootloader": report[at], "tee": report[at + 1], "_reserved": report[at + 2..at + 6],
            "snp": report[at + 6], "microcode": report[at + 7],
        })
    });
    for (name, value) in [
        ("_author_key_en", json!(word(report, 0x48))),
        ("_reserved_0", json!(word(report, 0x4c))),
        ("_reserved_1", json!(report[0x188..0x1a0])),
        ("current_build", json!(report[0x1e8])),
        ("current_minor", json!(report[0x1e9])),
        ("current_major", json!(report[0x1ea])),
        ("_reserved_2", json!(report[0x1eb])),
        ("committed_build", json!(report[0x1ec])),
        ("committed_minor", json!(report[0x1ed])),
        ("committed_major", json!(report[0x1ee])),
        ("_reserved_3", json!(report[0x1ef])),
        ("_reserved_4", json!(report[0x1f8..0x2a0])),
        (
            "signature",
            json!({"r": report[0x2a0..0x2e8], "s": report[0x2e8..0x330], "_reserved": report[0x330..0x4a0]}),
        ),
    ] {
        fields[name] = value;
    }
    fields
}

/// As it writes one from version 5 on.
fn new(report: &[u8], product: Product) -> Value {
    let mut fields = common(report, |at| {
        let tcb = &report[at..at + 8];
        match product {
            Product::Turin => {
                json!({"fmc": tcb[0], "bootloader": tcb[1], "tee": tcb[2], "snp": tcb[3], "microcode": tcb[7]})
            }
            _ => {
                json!({"fmc": null, "bootloader": tcb[0], "tee": tcb[1], "snp": tcb[6], "microcode": tcb[7]})
            }
        }
    });
    let (cpuid, vectors) = (word(report, 0) >= 3, word(report, 0) >= 5);
    let firmware = |at: usize| json!({"major": report[at + 2], "minor": report[at + 1], "build": report[at]});
    for (name, value) in [
        ("key_info", json!(word(report, 0x48))),
        ("cpuid_fam_id", cpuid.then_some(report[0x188]).into()),
        ("cpuid_mod_id", cpuid.then_some(report[0x189]).into()),
        ("cpuid_step", cpuid.then_some(report[0x18a]).into()),
        ("current", firmware(0x1e8)),
        ("committed", firmware(0x1ec)),
        ("launch_mit_vector", vectors.then_some(long(report, 0x1f8)).into()),
        ("current_mit_vector", vectors.then_some(long(report, 0x200)).into()),
        ("signature", json!({"r": report[0x2a0..0x2e8], "s": report[0x2e8..0x330]})),
    ] {
        fields[name] = value;
    }
    fields
}

fn reads(evidence: &Value, report: &[u8], certificates: &[&[u8]]) {
    let mut inputs = Inputs::new();
    let sniffed = inputs.add(evidence.to_string().as_bytes(), None).unwrap();
    assert_eq!(sniffed.kind, InputKind::EvidenceJson);
    assert_eq!(Evidence::from_inputs(&inputs), Ok(Evidence::Snp(report)));
    let found: Vec<_> = inputs.certificates().iter().map(|one| one.der().to_vec()).collect();
    assert_eq!(found, certificates);
    assert_eq!(inputs.warnings(), []);
}

#[test]
fn fields_of_the_sev_crate_become_the_report_that_was_signed() {
    for (product, versions) in [(Product::Milan, 2..=3), (Product::Genoa, 3..=5), (Product::Turin, 4..=5)] {
        for version in versions {
            let minted = Machine::vcek(product).version(version).mint().unwrap();
            let chain = json!([
                {"cert_type": "ARK", "data": minted.ark},
                {"cert_type": "VCEK", "data": minted.vek},
                {"cert_type": "ASK", "data": minted.intermediate},
                {"cert_type": "VLEK", "data": []},
            ]);
            let certificates: [&[u8]; 3] = [&minted.ark, &minted.vek, &minted.intermediate];
            let mut forms = vec![new(&minted.report, product)];
            // The older crate lays every TCB out as Milan's, byte for byte.
            forms.push(old(&minted.report));
            for fields in forms {
                reads(
                    &json!({"attestation_report": fields, "cert_chain": chain}),
                    &minted.report,
                    &certificates,
                );
                reads(&json!({"attestation_report": fields, "cert_chain": null}), &minted.report, &[]);
                reads(&json!({"attestation_report": fields}), &minted.report, &[]);
            }
        }
    }
}

#[test]
fn attestation_rs_has_base64_and_certificates_by_name() {
    let report = testdata("snp/milan-report.bin");
    let vcek = testdata("snp/milan-vcek.der");
    let text = |bytes: &[u8]| Base64::encode_string(bytes);
    let evidence = json!({"attestation_report": text(&report), "cert_chain": {"vcek": text(&vcek)}});
    let mut inputs = Inputs::new();
    inputs.add(json!({"platform": "snp", "evidence": evidence}).to_string().as_bytes(), None).unwrap();
    assert_eq!(Evidence::from_inputs(&inputs), Ok(Evidence::Snp(&report)));
    reads(&evidence, &report, &[&vcek]);
    reads(&json!({"platform": "snp", "evidence": {"attestation_report": text(&report)}}), &report, &[]);
}

#[test]
fn a_field_that_is_missing_or_wrong_is_said() {
    let report = testdata("snp/milan-report.bin");
    let fields = old(&report);
    let problem = |fields: &Value, chain: Value| {
        let text = json!({"attestation_report": fields, "cert_chain": chain}).to_string();
        match sniff(text.as_bytes(), None) {
            Err(InputError::Evidence { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    };
    let bent = |name: &str, value: Value| {
        let mut fields = fields.clone();
        fields[name] = value;
        fields
    };
    for name in ["version", "report_data", "chip_id", "signature", "reported_tcb"] {
        let mut fields = fields.clone();
        fields.as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(problem(&fields, Value::Null), JsonProblem::Missing, "{name}");
    }
    for (name, value) in [
        ("report_data", json!(vec![0; 63])),
        ("report_data", json!("AAAA")),
        ("version", json!("2")),
        ("version", json!(1_u64 << 32)),
        ("policy", json!(-1)),
        ("current_tcb", json!(7)),
    ] {
        assert_eq!(problem(&bent(name, value.clone()), Value::Null), JsonProblem::Type, "{name} {value}");
    }
    assert_eq!(problem(&bent("report_data", json!(vec![0; 65])), Value::Null), JsonProblem::TooLarge);
    assert_eq!(
        problem(&fields, json!([{"cert_type": "VCEK", "data": vec![0; 65537]}])),
        JsonProblem::TooLarge
    );
    assert_eq!(problem(&fields, json!(7)), JsonProblem::Type);
    let other = json!([{"cert_type": {"OTHER": "12345678-1234-1234-1234-123456789abc"}, "data": [1]}]);
    let text = json!({"attestation_report": fields, "cert_chain": other}).to_string();
    assert_eq!(sniff(text.as_bytes(), None).unwrap().warnings, [InputWarning::TableEntry]);
    let not_one =
        json!({"attestation_report": fields, "cert_chain": [{"cert_type": "VCEK", "data": [1, 2]}]});
    assert!(matches!(
        sniff(not_one.to_string().as_bytes(), None),
        Err(InputError::Wire(InputKind::Certificate, _))
    ));
}
