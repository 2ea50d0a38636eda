//! Wall time of refusing hostile inputs: large, deep, or of many parts.
//!
//! `cargo bench -p teeproof-benches -- hostile --quick` for a first look.

#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use teeproof::{Evidence, Policy, Request, Verdict};
use teeproof_core::{Freshness, Technology, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_hcl::HclEvidence;
use teeproof_mint::azure::{Algorithm, Event, EventLog, Evidence as Minted, Selection, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::{DEFAULT_TIME, Kind as KeyKind};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

const MIB: usize = 1 << 20;
fn hostile(criterion: &mut Criterion) {
    let minted = vm().evidence().expect("a machine");
    let many = vm().with_quote(|quote| quote.selections = vec![Selection::sha256(&[0, 1, 2]); 10_000]);
    let many = many.evidence().expect("a machine");
    measure(criterion, "selections, 10000", || is_refused(&many, &many.hcl_report, None));
    // A claims object so large that no envelope can hold it.
    let (envelope, mut huge) = (&minted.hcl_report, minted.hcl_report[..0x4d4].to_vec());
    huge.resize(0x4d4 + MIB, b'{');
    for (at, extra) in [(8, 0x4d4), (0x4c0, 20), (0x4d0, 0)] {
        huge[at..at + 4].copy_from_slice(&u32::try_from(MIB + extra).unwrap().to_le_bytes());
    }
    measure(criterion, "claims, 1 MiB, in an envelope", || is_refused(&minted, &huge, None));
    measure(criterion, "claims, 1 MiB, in a file", || is_no_input(&huge, None));
    measure(criterion, "claims, 1 MiB, said to be a report", || {
        is_no_input(&huge, Some(InputKind::HclReport))
    });
    for (name, log) in logs() {
        measure(criterion, name, || is_refused(&minted, envelope, Some(&log)));
    }
    for (name, text) in texts(&minted, &huge) {
        measure(criterion, name, || is_no_input(&text, None));
        measure(criterion, &format!("{name}, said to be evidence"), || {
            is_no_input(&text, Some(InputKind::EvidenceJson))
        });
        measure(criterion, &format!("{name}, said to be a bundle"), || {
            is_no_input(&text, Some(InputKind::Bundle))
        });
    }
}

fn vm() -> Vm {
    let vm = Vm::snp(Product::Milan);
    vm.with_machine(|machine| *machine = machine.clone().authority_keys(KeyKind::Rsa2048))
}

/// Measures a refusal.
fn measure(criterion: &mut Criterion, name: &str, mut refuse: impl FnMut()) {
    criterion.benchmark_group("hostile").bench_function(name, |bencher| {
        bencher.iter(&mut refuse);
    });
}

/// Logs of the size at which none is read any more, or just so.
fn logs() -> Vec<(&'static str, Vec<u8>)> {
    let head = EventLog::default().bytes().expect("a header");
    let one = EventLog::default().with(Event::new(0, Event::IPL, Vec::new())).bytes().expect("an event");
    let event = &one[head.len()..];
    let noise: Vec<u8> =
        (0..4 * MIB).map(|at| (at.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let plausible = |length: usize| {
        let mut log = EventLog::booted_securely().bytes().expect("a log");
        log.extend(event.repeat((length - log.len()) / event.len()));
        log
    };
    let mut cut = plausible(4 * MIB);
    cut.extend(&event[..4 * MIB - cut.len()]);
    let mut zeros = head.clone();
    zeros.resize(4 * MIB - 1, 0);
    zeros.push(1);
    vec![
        ("log, 4 MiB of noise", noise.clone()),
        ("log, 4 MiB of noise behind a header", [&head, &noise[head.len()..]].concat()),
        ("log, 4 MiB of zeros and a one", zeros),
        ("log, 4 MiB of events, the last one cut", cut),
        ("log, 4 MiB of events", plausible(4 * MIB)),
        ("log, 4 MiB of the smallest events", smallest()),
        ("log, 5 MiB of events", plausible(5 * MIB)),
    ]
}

/// As many events as a log can have: no data, and digests of one bank alone.
fn smallest() -> Vec<u8> {
    let log = || EventLog::default().algorithms(&[Algorithm::SHA256]);
    let (head, one) = (log().bytes(), log().with(Event::new(7, Event::IPL, Vec::new())).bytes());
    let (mut head, one) = (head.expect("a header"), one.expect("an event"));
    let event = &one[head.len()..];
    head.extend(event.repeat((4 * MIB - head.len()) / event.len()));
    head
}

/// Text that is no evidence, or too much of it.
fn texts(minted: &Minted, huge: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let json = minted.coco_json(2).expect("evidence");
    let (start, end) = json.split_once("\"hcl_report\":\"").expect("a report");
    let end = end.split_once('"').expect("an end").1;
    let with_claims = |text: &str| format!("{start}\"hcl_report\":{text}{end}").into_bytes();
    let letters: String = huge.iter().map(|_| 'e').collect();
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(10_000), "]".repeat(10_000));
    let digits = "7".repeat(4 * MIB);
    vec![
        ("json, a report of 1 MiB", with_claims(&format!("\"{letters}\""))),
        ("json, a report of 1 MiB as numbers", with_claims(&format!("[{}0]", "123,".repeat(MIB / 4)))),
        ("json, 10000 deep", deep("1").into_bytes()),
        (
            "json, 10000 objects deep",
            format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)).into_bytes(),
        ),
        ("json, a member 10000 deep", with_claims(&deep("1"))),
        ("json, 4 MiB of digits", digits.clone().into_bytes()),
        ("json, a member of 4 MiB of digits", with_claims(&digits)),
        ("json, a version of 4 MiB of digits", format!("{{\"version\":{digits}}}").into_bytes()),
        ("json, 4 MiB of numbers", with_claims(&format!("[{}0]", "7,".repeat(2 * MIB)))),
        ("json, 4 MiB of members", format!("{{{}\"z\":0}}", "\"a\":0,".repeat(4 * MIB / 6)).into_bytes()),
        (
            "json, a bundle of 4 MiB of members",
            format!("{{\"__cmwc_t\":0,{}\"z\":0}}", "\"a\":0,".repeat(4 * MIB / 6)).into_bytes(),
        ),
    ]
}

fn is_no_input(bytes: &[u8], kind: Option<InputKind>) {
    let mut inputs = Inputs::new();
    let taken = inputs.add(black_box(bytes), kind).is_ok();
    assert!(!taken || Evidence::from_inputs(&inputs).is_err());
}

/// Verifies a machine with another envelope or log, and finds it refused.
fn is_refused(minted: &Minted, report: &[u8], log: Option<&[u8]>) {
    let mut certificates = vec![&minted.vek, &minted.intermediate, &minted.ak_certificate];
    certificates.extend(&minted.ak_intermediates);
    let certificates: Vec<_> =
        certificates.into_iter().map(|der| Certificate::parse(der).expect("a certificate")).collect();
    let anchors = [minted.ark.as_slice(), &minted.ak_root];
    let values = minted.pcrs.map(Some);
    let quote = Quote::new(&minted.quote_message, &minted.quote_signature);
    let evidence = Evidence::AzureSnp(
        HclEvidence::new(black_box(report))
            .quote(quote)
            .pcrs(PcrValues::Indexed(&values))
            .log(log.or(minted.event_log.as_deref())),
    );
    let policy = policy();
    let request = Request::new(
        Technology::ALL,
        Freshness::Waived("a bench"),
        Time(i64::try_from(DEFAULT_TIME).unwrap()),
        &teeproof_aws_lc::TABLE,
    )
    .endorsements(&certificates)
    .revocation(Revocation::Unchecked("minted"))
    .anchors(Anchors::and(&anchors))
    .policy(&policy);
    let result = teeproof::verify(&evidence, &request).expect("a request");
    assert_eq!(result.verdict(), Verdict::Refused);
}

/// A policy with every rule for the log.
fn policy() -> Policy {
    let text = "version = 1\n[azure-snp]\norigin = { waived = \"a bench\" }\n\
                event-log = { exactly = true }\nunlisted = { waived = \"a bench\" }\n";
    Policy::from_toml("bench", text).expect("a policy")
}

criterion_group!(benches, hostile);
criterion_main!(benches);
