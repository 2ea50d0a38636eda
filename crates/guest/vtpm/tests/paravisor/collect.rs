//! Bundles of evidence, as the library collects them and as the crate's example does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use teeproof_core::Time;
use teeproof_evidence::bundle::{Bundle, ReportAge};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_vtpm::{
    CollectError, CollectRequest, Collected, Error, Missing, NvAttributes, Registers, ReportType, Step, Tpm,
    collect, handles, read_registers, write_index,
};
use teeproof_wire::tpm::Attest;

use crate::machine::{Machine, PATIENCE, Transport, bare};

#[path = "../../examples/collect.rs"]
#[allow(dead_code, reason = "its main is for the command line")]
mod example;

const NONCE: &[u8] = b"the verifier's nonce";
const AT: Duration = Duration::from_secs(1_760_000_000);

/// What a caller sees of the steps.
fn name(step: Step<'_>) -> String {
    match step {
        Step::Waiting(_) => "waiting".into(),
        Step::FreshReport { tries, .. } => format!("fresh at try {tries}"),
        Step::EventLog { bytes } => format!("log of {bytes}"),
        Step::Quote(selection) => Registers(selection).to_string(),
        Step::Missing(missing) => format!("missing: {missing}"),
        other => format!("{other:?}"),
    }
}

fn collected(
    tpm: &mut dyn Tpm,
    request: &CollectRequest<'_>,
) -> (Result<Collected, CollectError>, Vec<String>) {
    let mut steps = Vec::new();
    let collected = collect(tpm, request, &mut |step| steps.push(name(step)));
    (collected, steps)
}

fn bundle(collected: Collected) -> Bundle {
    let bundle = collected.into_bundle(UNIX_EPOCH + AT).unwrap();
    // What is written is read, in both forms.
    assert_eq!(Bundle::from_cbor(&bundle.to_cbor()).unwrap(), bundle);
    assert_eq!(Bundle::from_json(&bundle.to_json()).unwrap(), bundle);
    assert_eq!(bundle.collected().at, Time(1_760_000_000));
    bundle
}

fn inputs(bundle: &Bundle) -> Inputs {
    let mut inputs = Inputs::new();
    inputs.add(&bundle.to_cbor(), None).unwrap();
    inputs
}

fn has(bundle: &Bundle, user_data: &[u8]) -> bool {
    let digits: String = user_data.iter().map(|byte| format!("{byte:02x}")).collect();
    let inputs = inputs(bundle);
    let report = inputs.bytes_of(InputKind::HclReport).unwrap();
    String::from_utf8_lossy(report).to_ascii_lowercase().contains(&format!("\"user-data\":\"{digits}"))
}

pub(crate) fn everything_in_one_bundle(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let log = std::env::temp_dir().join(format!("teeproof-collect-log-{}-{transport:?}", std::process::id()));
    std::fs::write(&log, b"an event log").unwrap();
    let request = CollectRequest::new(NONCE).event_log(Some(&log)).patience(PATIENCE);
    let (whole, steps) = collected(tpm.as_mut(), &request);
    std::fs::remove_file(&log).unwrap();
    let mut whole = whole.unwrap();
    let all = Registers::ALL_SHA256;
    assert_eq!(
        steps,
        ["fresh at try 1".to_owned(), all.to_string(), "AkCertificate".into(), "log of 12".into()]
    );
    assert!(whole.missing().is_empty());
    assert_eq!(whole.report_type(), ReportType::SNP);
    // A certificate that the caller fetched is added to that of the attestation key.
    let der = teeproof_vtpm::ak_certificate(tpm.as_mut()).unwrap().unwrap();
    whole.add_certificates([&der]).unwrap();
    assert!(matches!(whole.add_certificates([b"no certificate"]), Err(CollectError::Part(_))));

    let bundle = bundle(whole);
    assert_eq!(bundle.collected().report, Some(ReportAge::Fresh));
    assert!(bundle.collected().nonce_in_user_data && has(&bundle, &[NONCE, &[0; 44]].concat()));
    let inputs = inputs(&bundle);
    let parsed = teeproof_wire::certificate::Certificate::parse(&der).unwrap();
    let certificates = inputs.certificates();
    assert_eq!(certificates.iter().map(|found| found.tbs()).collect::<Vec<_>>(), [parsed.tbs(); 2]);
    assert_eq!(inputs.bytes_of(InputKind::EventLog), Some(&b"an event log"[..]));
    let attest = Attest::parse(inputs.bytes_of(InputKind::TpmQuote).unwrap()).unwrap();
    assert_eq!(attest.head.extra_data, NONCE);
    assert!(inputs.bytes_of(InputKind::TpmSignature).is_some());
    // The values that the TPM has, each under its number.
    let values = read_registers(tpm.as_mut(), all.0).unwrap().values;
    let found: Vec<_> = inputs.pcrs().unwrap().iter().map(|value| value.unwrap().to_vec()).collect();
    assert_eq!(found, values);
}

pub(crate) fn what_a_request_changes(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let request = CollectRequest::new(NONCE).event_log(None).patience(PATIENCE);
    // Some PCRs alone.
    tpm.pcr_extend(7, 0x000b, &[1; 32]).unwrap();
    let (some, steps) = collected(tpm.as_mut(), &request.clone().pcrs(0x81));
    assert_eq!(steps[1], "sha256:0,7");
    let some = bundle(some.unwrap());
    let numbers = |bundle: &Bundle| -> Vec<usize> {
        let inputs = inputs(bundle);
        let pcrs = inputs.pcrs().unwrap();
        (0..24).filter(|index| pcrs[*index].is_some()).collect()
    };
    assert_eq!(numbers(&some), [0, 7]);
    // Other user data than the nonce.
    let own =
        bundle(collected(tpm.as_mut(), &request.clone().user_data(b"a key's hash").unwrap()).0.unwrap());
    assert!(has(&own, b"a key's hash") && !own.collected().nonce_in_user_data);
    assert!(matches!(request.clone().user_data(&[1; 65]), Err(Error::UserDataLength(65))));
    // The report as it is.
    let (boot, steps) = collected(tpm.as_mut(), &request.clone().boot_report());
    assert_eq!(steps[0], "BootReport");
    let boot = bundle(boot.unwrap());
    assert_eq!(
        (boot.collected().report, boot.collected().nonce_in_user_data),
        (Some(ReportAge::Boot), false)
    );
    assert!(has(&boot, b"a key's hash"));
    // No nonce: user data that no other report has.
    let none = CollectRequest::new(b"").event_log(None).patience(PATIENCE);
    let bundles = [(); 2].map(|()| bundle(collected(tpm.as_mut(), &none).0.unwrap()));
    let reports =
        bundles.each_ref().map(|bundle| inputs(bundle).bytes_of(InputKind::HclReport).unwrap().to_vec());
    assert_ne!(reports[0], reports[1]);
    assert!(bundles.iter().all(|bundle| !bundle.collected().nonce_in_user_data && !has(bundle, &[0; 64])));
}

pub(crate) fn what_is_missing_is_named(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let nowhere = std::path::Path::new("/nowhere/log");
    let request = CollectRequest::new(NONCE).event_log(Some(nowhere)).patience(PATIENCE);
    let (partial, steps) = collected(tpm.as_mut(), &request);
    assert_eq!(steps[3], "missing: /nowhere/log is not there");
    let partial = partial.unwrap();
    assert!(matches!(partial.missing(), [Missing::EventLog(_)]), "{:?}", partial.missing());
    assert_eq!(inputs(&bundle(partial)).bytes_of(InputKind::EventLog), None);
    // An index that holds something else, and one that was never defined.
    let public = tpm.nv_public(handles::AK_CERTIFICATE).unwrap();
    let by_owner = public.attributes.contains(NvAttributes::OWNERWRITE);
    if by_owner {
        write_index(tpm.as_mut(), handles::AK_CERTIFICATE, 0, b"no certificate").unwrap();
    }
    let (partial, _) = collected(tpm.as_mut(), &request.clone().event_log(None));
    let partial = partial.unwrap();
    let named: Vec<_> = partial.missing().iter().map(ToString::to_string).collect();
    assert_eq!(named.last().unwrap(), "the event log was not requested");
    assert_eq!(named.len() == 2, by_owner, "{named:?}");
}

pub(crate) fn what_ends_a_collection(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    // A nonce that no TPM accepts, before any command is sent.
    for length in [51, 65] {
        let nonce = vec![1; length];
        let (refused, steps) = collected(tpm.as_mut(), &CollectRequest::new(&nonce));
        assert!(matches!(refused, Err(CollectError::Tpm(Error::NonceLength(found))) if found == length));
        assert!(steps.is_empty());
    }
    let (_swtpm, mut bare) = bare(transport);
    let (refused, _) = collected(bare.as_mut(), &CollectRequest::new(NONCE).boot_report());
    assert!(matches!(refused, Err(CollectError::Tpm(Error::NoReport))), "{refused:?}");
}

pub(crate) fn the_example_writes_a_bundle(transport: Transport) {
    let machine = Machine::healthy(transport);
    let file = std::env::temp_dir().join(format!("teeproof-collect-{}-{transport:?}", std::process::id()));
    let address = machine.address();
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    example::collect_to_file(&address, NONCE, file.to_str().unwrap()).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    let bundle = Bundle::from_cbor(&bytes).unwrap();
    assert!(has(&bundle, NONCE));
    assert!(bundle.collected().at >= Time(i64::try_from(before).unwrap()));
    let mut inputs = Inputs::new();
    inputs.add(&bytes, None).unwrap();
    for kind in [
        InputKind::HclReport,
        InputKind::TpmQuote,
        InputKind::TpmSignature,
        InputKind::PcrValues,
        InputKind::Certificate,
    ] {
        assert!(inputs.bytes_of(kind).is_some(), "{kind:?}");
    }
}
