//! Event logs of every format: shown, replayed, and compared with the quote.

use std::collections::BTreeMap;
use std::path::Path;

use teeproof_mint::azure::{Algorithm, Event, EventLog, Guid};

use crate::machine::*;
use crate::support::*;

/// The banks of a log, by name.
const BANKS: [(&str, Algorithm); 3] =
    [("SHA-1", Algorithm::SHA1), ("SHA-256", Algorithm::SHA256), ("SHA-384", Algorithm::SHA384)];

fn json(path: &Path) -> serde_json::Value {
    teeproof(["inspect", "--format", "json"]).args([path]).exits(0).json()
}

#[test]
fn the_pcrs_of_a_log_are_shown_bank_by_bank() {
    let fewer = Event::new(12, Event::EVENT_TAG, b"loader".to_vec()).in_banks(&[Algorithm::SHA1]);
    for (name, log) in [
        ("whole", EventLog::booted_securely()),
        ("fewer", EventLog::booted_securely().with(fewer)),
        ("sha256-alone", EventLog::booted_securely().algorithms(&[Algorithm::SHA256])),
        ("tcg-1.2", EventLog::of_tcg_1_2()),
    ] {
        let path = file(&format!("log-{name}"), "event.log", log.bytes().unwrap());
        let (json, ran) = (json(&path), teeproof(["inspect"]).args([&path]).exits(0));
        assert_eq!(json["kind"], "event-log");
        for (bank, algorithm) in BANKS {
            let has = log.header.algorithms.contains(&algorithm);
            let name = format!("replayed PCRs, {bank}");
            let expected = log.replay(algorithm).into_iter();
            let expected = expected.map(|(index, value)| (format!("PCR{index}"), hex(&value))).collect();
            assert_eq!(structure_fields(&json, &name), has.then_some(expected), "{name}");
            assert_eq!(ran.stdout.contains(&name), has, "{ran:#?}");
        }
    }
}

#[test]
fn a_ccel_is_reported_with_its_rtmrs() {
    let log = EventLog::ccel();
    let path = file("log-ccel", "CCEL", log.bytes().unwrap());
    let json = json(&path);
    assert_eq!(
        (json["kind"].as_str(), json["note"].as_str()),
        (Some("cc-event-log"), Some("extends a TD's RTMRs, not PCRs"))
    );
    let expected = log.replay(Algorithm::SHA384).into_iter();
    let expected = expected.map(|(index, value)| (format!("RTMR{}", index - 1), hex(&value))).collect();
    assert_eq!(structure_fields(&json, "replayed measurement registers, SHA-384"), Some(expected));
    let ran = teeproof(["inspect"]).args([&path]).exits(0);
    ran.shows(&["confidential-computing event log (CCEL)", "mrIndex", "1 (RTMR0 on TDX)", "padding", "4096"]);
}

#[test]
fn the_attestation_agents_log_is_reported() {
    let log = EventLog::of_attestation_agent(23, &["coco.com start one", "coco.com start two"]);
    let path = file("log-agent", "eventlog", log.bytes().unwrap());
    let json = json(&path);
    let pcr = hex(&log.replay(Algorithm::SHA256)[&23]);
    assert_eq!(
        structure_fields(&json, "replayed PCRs, SHA-256"),
        Some(BTreeMap::from([("PCR23".to_owned(), pcr)]))
    );
    for bank in ["SHA-384", "SM3-256"] {
        assert_eq!(structure_fields(&json, &format!("replayed PCRs, {bank}")).unwrap().len(), 1);
    }
    let ran = teeproof(["inspect"]).args([&path]).exits(0);
    ran.shows(&[
        "Confidential Containers attestation agent",
        "header without a Spec ID",
        "tag 0x4141454c: coco.com start two",
    ]);
}

#[test]
fn a_broken_log_says_where_it_breaks() {
    for (name, log) in
        [("agile", EventLog::booted_securely()), ("ccel", EventLog::ccel()), ("sha1", EventLog::of_tcg_1_2())]
    {
        let bytes = log.bytes().unwrap();
        let path = file(&format!("log-broken-{name}"), "event.log", &bytes[..300]);
        teeproof(["inspect"]).args([&path]).fails(3, &["event-log", "the input ends too early at offset 0x"]);
    }
    let empty = file("log-empty", "event.log", b"");
    teeproof(["inspect"]).args([&empty]).fails(3, &["event.log: the file is empty"]);
}

#[test]
fn a_log_with_fewer_digests_explains_what_was_quoted() {
    let tag = |banks: &[Algorithm]| Event::new(12, Event::EVENT_TAG, b"loader".to_vec()).in_banks(banks);
    let noted = Event::new(u32::MAX, Event::EVENT_TAG, vec![7; 8]);
    let log =
        EventLog::booted_securely().with(tag(&[Algorithm::SHA256])).with(tag(&[Algorithm::SHA1])).with(noted);
    let machine = Machine::new("log-fewer-quoted", &genoa().log(log));
    machine
        .verify_all()
        .exits(0)
        .shows(&["✔ log.replay", "replayed values match: 0 1 2 3 4 5 6 7 8 9 11 12 14; differ: none"]);
}

#[test]
fn logs_without_pcrs_of_the_quoted_bank_are_refused_as_what_they_are() {
    let machine = Machine::new("log-other", &genoa());
    let run = |log: EventLog| {
        let log = machine.put("other.log", log.bytes().unwrap());
        let rest =
            [vec![machine.report()], machine.quote(), vec![machine.registers()], machine.endorsements()];
        machine.verify().args(nonce(&CHALLENGE)).args(rest.concat()).args([log])
    };
    run(EventLog::of_tcg_1_2()).exits(3).shows(&[
        "✘ log.replay",
        "event log: expected SHA-256 digests",
        "TCG 1.2",
        "crypto-agile",
    ]);
    run(EventLog::ccel()).fails(2, &["event log (CCEL)", "extends a TD's RTMRs", "binary_bios_measurements"]);
    // The agent's log is replayed on its own PCR, and explains no boot.
    let agent = EventLog::of_attestation_agent(23, &["coco.com start one"]);
    run(agent).exits(0).shows(&["! log.replay", "differ: 23", "the attestation agent's log"]);
}

#[test]
fn who_extends_pcr_10_is_said() {
    let vm = genoa().with_log(|log| log.events.push(Event::new(10, Event::IPL, b"boot_aggregate".to_vec())));
    let machine = Machine::new("log-ima", &vm);
    let ran = machine.verify_all().exits(0);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("differ: 10; no events for"), "{text}");
    assert!(text.contains("IMA extends PCR 10, systemd PCR 11 and from version 255 PCR 9"), "{text}");
    teeproof(["explain", "log.replay"]).exits(0).shows(&["IMA extends PCR 10"]);
}

/// Secure boot is not known: the reason names the event, and is never "give the log", which was given.
#[test]
fn the_event_that_hides_secure_boot_is_named() {
    let policy = "version = 1\n[azure-snp]\nsecure-boot = { exactly = true }\n\
                  unlisted = { waived = \"only secure boot matters here\" }\n";
    // Two bytes more than an old shim may have logged.
    let mut authority = Event::authority(Guid::SHIM, "MokList", &[0x5a; 48]);
    authority.measured = Some(authority.data.clone());
    authority.data.extend([0, 0]);
    let log = EventLog::booted_securely().with(authority);
    let number = log.events.len();
    let machine = Machine::new("log-shim", &genoa().log(log));
    let policy = machine.put("sb.toml", policy);
    let ran =
        teeproof(["verify", "--format", "json", "--policy"]).args([&policy]).args(AT).args(machine.anchors());
    let json = ran.args(nonce(&CHALLENGE)).args(machine.files()).exits(6).json();
    let checks = json["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["id"] == "log.secure-boot").unwrap();
    let because = found["because"].as_str().unwrap();
    assert!(because.starts_with(&format!("event {number} of the log (PCR 7, offset 0x")), "{because}");
    assert!(because.ends_with("the data is not a UEFI_VARIABLE_DATA"), "{because}");
}

#[test]
fn what_tpm2_quote_prints_is_accepted() {
    let machine = Machine::new("quote-text", &genoa());
    let signature = &machine.minted.quote_signature;
    let text = format!(
        "quoted: {}\nsignature:\n  alg: rsassa\n  sig: {}\npcrs:\n{}calcDigest: {}\n",
        hex(&machine.minted.quote_message),
        hex(signature),
        machine.minted.pcrs_yaml(),
        "00".repeat(32)
    );
    let quote = machine.put("quote.txt", &text);
    let run = |quote: &Path| {
        let rest = [vec![machine.report()], machine.log(), machine.endorsements()].concat();
        machine.verify().args(nonce(&CHALLENGE)).args(rest).args([quote])
    };
    run(&quote).exits(0).shows(&["✔ quote.signature", "✔ quote.pcrs", "✔ log.replay"]);
    teeproof(["inspect"]).args([&quote]).exits(0).shows(&[
        "tpm-quote-text (tpm2_quote text)",
        "TPM_ST_ATTEST_QUOTE",
        "PCR23",
    ]);
    let other = text.replace("alg: rsassa", "alg: rsapss");
    let other = machine.put("rsapss.txt", other);
    run(&other).exits(3).shows(&["✘ quote.signature", "this is an RSAPSS signature"]);
}

/// A bare list says neither its bank nor its numbers.
#[test]
fn the_bank_of_bare_values_is_recognised_or_requested() {
    let machine = Machine::new("bare-values", &genoa());
    let sha1: Vec<u8> = (0..24).flat_map(|index| Algorithm::SHA1.digest(&[index])).collect();
    let values = machine.put("pcrs.sha1", &sha1);
    let rest = [vec![machine.report()], machine.quote(), machine.endorsements()].concat();
    let ran = machine.verify().args(nonce(&CHALLENGE)).args(&rest).args([&values]).exits(3);
    ran.shows(&[
        "✘ quote.pcrs",
        "expected 768 bytes of PCR values (24 of SHA-256), got 480: 24 values of SHA-1",
    ]);
    teeproof(["inspect"]).args([&values]).exits(0).shows(&[
        "SHA-1",
        "would be 24 values",
        "would be 15 values",
    ]);
    let alone = [vec![machine.report()], machine.endorsements()].concat();
    machine
        .verify()
        .args(nonce(&CHALLENGE))
        .args(alone)
        .args([&values])
        .fails(2, &["of which bank", "tpm2_pcrread"]);
}

/// An error about several files names the file at fault, in any order of the files.
#[test]
fn an_error_names_the_file_that_it_is_about() {
    let machine = Machine::new("blamed-file", &genoa());
    let ccel = machine.put("CCEL", EventLog::ccel().bytes().unwrap());
    let quote = machine.quote();
    let cases = [
        (vec![quote[0].clone(), quote[1].clone(), machine.registers()], "quote.msg: a TPM quote without"),
        (
            vec![ccel, machine.report(), machine.registers()],
            "CCEL: a confidential-computing event log (CCEL)",
        ),
        (vec![machine.log().remove(0), machine.report()], "event.log: an event log without PCR values"),
        (vec![machine.registers(), machine.report()], "pcrs.txt: PCR values without a TPM quote"),
    ];
    for (files, error) in cases {
        machine.verify().args(["--no-nonce"]).args(files).fails(2, &[error]);
    }
}
