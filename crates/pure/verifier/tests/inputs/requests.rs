//! Requests of Microsoft's clients to Azure Attestation: verified as the same evidence in separate files.

use base64ct::{Base64, Base64Url, Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};
use teeproof::{Evidence, Policy, Request, verify};
use teeproof_core::{Class, Freshness, Outcome, Technology, Time};
use teeproof_evidence::{InputError, InputWarning, Inputs, JsonProblem, JsonShape, sniff};
use teeproof_mint::azure::{self, Vm};
use teeproof_mint::snp::{Machine, Product};
use teeproof_mint::{DEFAULT_TIME, Kind as KeyKind};
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_x509::{Anchors, Revocation};

use crate::support::{SNP, td_quote};

type Encode = fn(&[u8]) -> String;

/// The alphabets that clients use: outside, for the report, for the chain.
const ALPHABETS: [[Encode; 3]; 3] = [
    [Base64::encode_string, Base64UrlUnpadded::encode_string, Base64::encode_string],
    [Base64Url::encode_string, Base64Url::encode_string, Base64Url::encode_string],
    [Base64UrlUnpadded::encode_string, Base64UrlUnpadded::encode_string, Base64UrlUnpadded::encode_string],
];

fn pem(der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn proof(minted: &azure::Evidence, [_, report, chain]: [Encode; 3]) -> Value {
    let certificates: String = [&minted.vek, &minted.intermediate].map(|der| pem(der)).concat();
    json!({
        "SnpReport": report(&minted.hcl_report[0x20..0x4c0]),
        "VcekCertChain": chain(certificates.as_bytes()),
    })
}

/// What a client sends about a guest.
fn guest(minted: &azure::Evidence, alphabets: [Encode; 3]) -> Value {
    let [text, ..] = alphabets;
    let pcrs: Vec<_> = minted
        .pcrs
        .iter()
        .enumerate()
        .map(|(index, value)| json!({"Index": index, "Digest": Base64::encode_string(value)}))
        .collect();
    json!({
        "AttestationProtocolVersion": "2.0",
        "OSType": text(b"Linux"),
        "OSDistro": text(b"Ubuntu"),
        "OSVersionMajor": 24,
        "OSVersionMinor": "4",
        "OSBuild": text(b"NotApplication"),
        "TcgLogs": text(minted.event_log.as_deref().unwrap()),
        "ClientPayload": {"nonce": "YWJj"},
        "TpmInfo": {
            "AikCert": text(&minted.ak_certificate_nv()),
            "AikPub": text(&[0; 312]),
            "PcrQuote": text(&minted.quote_message),
            "PcrSignature": text(&minted.quote_signature),
            "PcrSet": (0..24).collect::<Vec<_>>(),
            "PCRs": pcrs,
            "EncKeyPub": text(&[0; 312]),
            "EncKeyCertifyInfo": text(&[0; 145]),
            "EncKeyCertifyInfoSignature": text(&[0; 256]),
        },
        "IsolationInfo": {
            "Type": "SevSnp",
            "Evidence": {
                "Proof": text(proof(minted, alphabets).to_string().as_bytes()),
                "RunTimeData": text(&minted.claims()),
            },
        },
    })
}

fn inputs(text: &str) -> Inputs {
    let mut inputs = Inputs::new();
    inputs.add(text.as_bytes(), None).unwrap();
    inputs
}

/// The exit code, and the checks that pass.
fn verified(inputs: &Inputs, minted: &azure::Evidence) -> (u8, Vec<&'static str>) {
    let mut inputs = inputs.clone();
    for der in &minted.ak_intermediates {
        inputs.add(der, None).unwrap();
    }
    let certificates = inputs.certificates();
    let policy = Policy::genuine();
    let anchors = [&minted.ark[..], &minted.ak_root];
    let request = Request::new(
        Technology::ALL,
        Freshness::Waived("old evidence"),
        Time(i64::try_from(DEFAULT_TIME).unwrap()),
        &teeproof_aws_lc::TABLE,
    )
    .endorsements(&certificates)
    .revocation(Revocation::Unchecked("the test gives no list"))
    .anchors(Anchors::and(&anchors))
    .input_warnings(inputs.warnings())
    .policy(&policy);
    let evidence = Evidence::from_inputs(&inputs).unwrap();
    let result = verify(&evidence, &request).unwrap();
    let passed = result.findings().iter().filter(|finding| finding.outcome == Outcome::Pass);
    (crate::code::code(result.class()), passed.map(|finding| finding.check.id).collect())
}

#[test]
fn a_request_about_a_guest_is_evidence_of_its_vm() {
    let minted = Vm::snp(Product::Genoa)
        .nonce(b"")
        .with_machine(|machine| *machine = machine.clone().authority_keys(KeyKind::Rsa3072))
        .evidence()
        .unwrap();
    for alphabets in ALPHABETS {
        let inner = guest(&minted, alphabets).to_string();
        let outer =
            |member: &str| json!({member: Base64UrlUnpadded::encode_string(inner.as_bytes())}).to_string();
        for text in [inner.clone(), outer("AttestationInfo"), outer("attestationInfo")] {
            let inputs = inputs(&text);
            let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
            // The envelope is written anew; what it holds is what was signed and hashed.
            let report = HclReport::parse(evidence.report).unwrap();
            let Hardware::Snp(hardware) = report.hardware() else { panic!() };
            assert_eq!(hardware[..], minted.hcl_report[0x20..0x4c0]);
            assert_eq!(report.claims(), minted.claims());
            assert_eq!(evidence.log, minted.event_log.as_deref());
            let quote = evidence.quote.unwrap();
            assert_eq!(
                (quote.message, quote.signature),
                (&minted.quote_message[..], &minted.quote_signature[..])
            );
            let shown: Vec<_> = inputs.warnings().iter().map(ToString::to_string).collect();
            assert_eq!(shown.len(), 2);
            assert!(shown[0].contains("`EncKeyPub`") && shown[1].contains("`ClientPayload`"), "{shown:?}");
            let (exit, passed) = verified(&inputs, &minted);
            assert_eq!(exit, 0, "{passed:?}");
            for check in
                ["snp.signature", "hcl.binding", "ak.chain", "quote.signature", "quote.pcrs", "log.replay"]
            {
                assert!(passed.contains(&check), "{check}: {passed:?}");
            }
        }
    }
}

/// Nothing of a request is believed: claims that are not those of the report, values of another PCR.
#[test]
fn a_request_that_was_altered_is_refused() {
    let alphabets = ALPHABETS[0];
    let refused = |change: &dyn Fn(&mut Value), exit: u8| {
        let mut request = guest(&SNP, alphabets);
        change(&mut request);
        assert_eq!(verified(&inputs(&request.to_string()), &SNP).0, exit);
    };
    refused(&|_| (), 0);
    let mut claims = SNP.claims();
    let last = claims.len() - 2;
    claims[last] ^= 1;
    refused(
        &|request| {
            request["IsolationInfo"]["Evidence"]["RunTimeData"] = json!(Base64::encode_string(&claims))
        },
        5,
    );
    refused(&|request| request["TpmInfo"]["PCRs"][4]["Digest"] = json!(Base64::encode_string(&[7; 32])), 5);
    refused(&|request| request["TpmInfo"]["PcrSignature"] = json!(Base64::encode_string(&[7; 256])), 4);
}

#[test]
fn a_request_is_read_exactly() {
    let problem = |change: &dyn Fn(&mut Value)| {
        let mut request = guest(&SNP, ALPHABETS[0]);
        change(&mut request);
        match sniff(request.to_string().as_bytes(), None) {
            Err(InputError::Evidence { problem, shape: JsonShape::AzureGuest, .. }) => problem,
            other => panic!("{other:?}"),
        }
    };
    type Change<'c> = &'c dyn Fn(&mut Value);
    let cases: [(Change<'_>, JsonProblem); 5] = [
        (&|request| request["IsolationInfo"]["Type"] = json!("Tdx"), JsonProblem::GuestOfTdx),
        (&|request| request["IsolationInfo"]["Type"] = json!("TrustedLaunch"), JsonProblem::TrustedLaunch),
        (&|request| request["IsolationInfo"]["Evidence"] = json!(null), JsonProblem::Missing),
        (
            &|request| drop(request["TpmInfo"].as_object_mut().unwrap().remove("PcrQuote")),
            JsonProblem::Missing,
        ),
        (&|request| request["TpmInfo"]["PcrQuote"] = json!("!"), JsonProblem::Base64),
    ];
    for (change, expected) in cases {
        assert_eq!(problem(change), expected);
    }
    let sha1 = json!(Base64::encode_string(&[7; 20]));
    let values: [(Change<'_>, &str); 6] = [
        (
            &|request| request["AttestationProtocolVersion"] = json!("3.0"),
            r#"read as AzureGuest request: `AttestationProtocolVersion` is "3.0"; supported: "2.0""#,
        ),
        (
            &|request| request["IsolationInfo"]["Type"] = json!("Other"),
            r#"read as AzureGuest request: `IsolationInfo.Type` is "Other"; supported: "SevSnp""#,
        ),
        (
            &|request| request["IsolationInfo"]["Type"] = json!("TDX"),
            "read as AzureGuest request, protocol 2.0: a guest on TDX is not supported: the request has a TD quote \
             and no TDREPORT",
        ),
        (
            &|request| request["TpmInfo"]["PCRs"][1]["Index"] = json!(0),
            "read as AzureGuest request: `TpmInfo.PCRs[1].Index`: PCR 0 is given twice",
        ),
        (
            &|request| request["TpmInfo"]["PCRs"][1]["Index"] = json!(24),
            "read as AzureGuest request: `TpmInfo.PCRs[1].Index`: expected 0 to 23, got 24",
        ),
        (
            &|request| request["TpmInfo"]["PCRs"][3]["Digest"] = sha1.clone(),
            "read as AzureGuest request: `TpmInfo.PCRs[3].Digest`: expected 32 bytes (SHA-256), got 20",
        ),
    ];
    for (change, expected) in values {
        let mut request = guest(&SNP, ALPHABETS[0]);
        change(&mut request);
        assert_eq!(sniff(request.to_string().as_bytes(), None).unwrap_err().to_string(), expected);
    }
    assert!(JsonProblem::GuestOfTdx.is_unsupported() && JsonProblem::TrustedLaunch.is_unsupported());
    // Without a log or a certificate, which clients may not have been able to read.
    let mut request = guest(&SNP, ALPHABETS[0]);
    request["TcgLogs"] = json!("");
    request["TpmInfo"]["AikCert"] = json!("");
    let inputs = inputs(&request.to_string());
    let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
    assert!(evidence.log.is_none());
    assert_eq!(inputs.certificates().len(), 2);
    for (outer, error) in [
        (json!({"AttestationInfo": "AAAA"}), JsonProblem::Base64),
        (json!({"AttestationInfo": 7}), JsonProblem::Type),
    ] {
        let found = sniff(outer.to_string().as_bytes(), None);
        assert!(matches!(found, Err(InputError::Evidence { problem, .. }) if problem == error), "{found:?}");
    }
    let other =
        json!({"AttestationInfo": Base64::encode_string(b"{\"vcekCert\":\"\",\"certificateChain\":\"\"}")});
    assert!(sniff(other.to_string().as_bytes(), None).is_err());
}

#[test]
fn a_request_about_a_report_is_evidence_of_what_its_runtime_data_are() {
    let alphabets = ALPHABETS[2];
    let report = Base64UrlUnpadded::encode_string(proof(&SNP, alphabets).to_string().as_bytes());
    let request = |data: &[u8]| {
        let data = Base64UrlUnpadded::encode_string(data);
        json!({"report": report, "runtimeData": {"data": data, "dataType": "JSON"}, "nonce": "1"}).to_string()
    };
    let vm = inputs(&request(&SNP.claims()));
    let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&vm).unwrap() else { panic!() };
    assert_eq!(HclReport::parse(evidence.report).unwrap().claims(), SNP.claims());
    assert_eq!(vm.warnings(), []);
    assert_eq!(verified(&vm, &SNP).0, 0);
    for data in [&b"{\"keys\":[{\"kid\":\"HCLTransferKey\"}]}"[..], b"{}", b"not JSON"] {
        let bare = inputs(&request(data));
        assert_eq!(Evidence::from_inputs(&bare), Ok(Evidence::Snp(&SNP.hcl_report[0x20..0x4c0])));
        assert!(matches!(bare.warnings(), [InputWarning::UnusedMember { member: "runtimeData", .. }]));
    }
    assert_eq!(inputs(&request(b"")).warnings(), []);
    let plain = Machine::vcek(Product::Milan).mint().unwrap();
    let bare = json!({"SnpReport": Base64Url::encode_string(&plain.report)}).to_string();
    let text = json!({"report": Base64Url::encode_string(bare.as_bytes()), "runtimeData": null}).to_string();
    assert_eq!(Evidence::from_inputs(&inputs(&text)), Ok(Evidence::Snp(&plain.report)));
    let td = json!({"quote": Base64Url::encode_string(&td_quote()), "runtimeData": null}).to_string();
    let td = inputs(&td);
    let Evidence::Tdx { quote, log: None } = Evidence::from_inputs(&td).unwrap() else { panic!() };
    assert_eq!(quote.bytes(), td_quote());
}

/// The event log of the guest components is read where present; null means that it is absent.
#[test]
fn the_event_log_of_the_guest_components_is_read() {
    let log = SNP.event_log.as_deref().unwrap();
    for version in [1, 2] {
        let mut value: Value = serde_json::from_str(&SNP.coco_json(version).unwrap()).unwrap();
        for (text, expected) in [
            (json!(Base64::encode_string(log)), Some(log)),
            (json!(Base64UrlUnpadded::encode_string(log)), Some(log)),
            (Value::Null, None),
        ] {
            value["cc_eventlog"] = text;
            let inputs = inputs(&value.to_string());
            let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
            assert_eq!((evidence.log, inputs.warnings()), (expected, &[][..]));
        }
        // A log that cannot be decoded is left out, which is said; another type is not this format.
        value["cc_eventlog"] = json!("!");
        let without = inputs(&value.to_string());
        let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&without).unwrap() else { panic!() };
        assert_eq!(evidence.log, None);
        let [warning] = without.warnings() else { panic!("{:?}", without.warnings()) };
        assert!(warning.to_string().contains("`cc_eventlog` was not used: it is not base64"), "{warning}");
        // Whether base64 is a log is for `log.format` to say.
        value["cc_eventlog"] = json!("AAEC");
        assert_eq!(inputs(&value.to_string()).warnings(), []);
        for other in [json!(7), json!([1, 2]), json!({}), json!(true)] {
            value["cc_eventlog"] = other;
            let error = sniff(value.to_string().as_bytes(), None).unwrap_err();
            let InputError::Evidence { problem: JsonProblem::Type, member: Some("cc_eventlog"), .. } = error
            else {
                panic!("{error:?}")
            };
        }
    }
}

/// A request that is made of files uses the revocation lists among them.
#[test]
fn a_list_among_the_files_is_used() {
    let machine = Machine::vcek(Product::Genoa);
    let minted = machine.mint().unwrap();
    let revoked = machine.mint_crl(&[&machine.intermediate.certificate.serial]).unwrap();
    let (now, anchors) = (Time(i64::try_from(DEFAULT_TIME).unwrap()), [minted.ark.as_slice()]);
    for (list, class) in [(None, None), (Some(&revoked), Some(Class::Incomplete))] {
        let mut inputs = Inputs::new();
        for file in [&minted.report, &minted.vek, &minted.intermediate].into_iter().chain(list) {
            inputs.add(file, None).unwrap();
        }
        let endorsements = inputs.endorsements();
        let (freshness, crypto) = (Freshness::Waived("a test"), &teeproof_aws_lc::TABLE);
        let policy = Policy::genuine();
        let request = Request::for_inputs(&endorsements, Technology::Snp, freshness, now, crypto)
            .anchors(Anchors::and(&anchors))
            .policy(&policy);
        let result = verify(&Evidence::from_inputs(&inputs).unwrap(), &request).unwrap();
        assert_eq!(result.class(), class);
        assert_eq!(result.accepted().is_some(), list.is_none());
    }
}
