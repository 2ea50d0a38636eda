//! Seeds of Azure VMs: recorded evidence, and minted evidence of each kind.

use std::sync::LazyLock;

use teeproof_core::Time;
use teeproof_evidence::bundle::Collection;
use teeproof_evidence::{InputKind, Inputs};
use teeproof_fuzz::{Part, join};
use teeproof_mint::azure::{AkChain, Algorithm, Event, EventLog, Evidence, SignatureForm, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::{DEFAULT_TIME, Kind as KeyKind};
use teeproof_wire::eventlog::Format;

use crate::seeds::{ARCHIVED, NO_POLICY, base64, file, hex, modulus};

/// What every minted quote answers.
const NONCE: &[u8] = b"challenge";
/// The policy that speaks of Azure's machines.
pub(crate) const AMD: u8 = 1 << 6;

/// A machine whose processor maker has small keys, which are made quickly.
pub(crate) fn machine(product: Product) -> Vm {
    let vm = Vm::snp(product).nonce(NONCE).user_data(NONCE);
    vm.with_machine(|machine| *machine = machine.clone().authority_keys(KeyKind::Rsa2048))
}

fn tdx() -> Vm {
    Vm::tdx_with_quote().nonce(NONCE).user_data(NONCE)
}

/// Machines of every kind, the plain one first, each with its evidence: they are made once.
fn vms() -> &'static [(Vm, Evidence)] {
    static VMS: LazyLock<Vec<(Vm, Evidence)>> =
        LazyLock::new(|| machines().into_iter().map(|vm| (vm.clone(), vm.evidence().unwrap())).collect());
    &VMS
}

/// The evidence of the plain machine.
pub(crate) fn plain() -> &'static Evidence {
    &vms()[0].1
}

/// The evidence of a machine with TDX.
pub(crate) fn tdx_evidence() -> &'static Evidence {
    static TDX: LazyLock<Evidence> = LazyLock::new(|| tdx().evidence().unwrap());
    &TDX
}

fn machines() -> Vec<Vm> {
    let cloud = machine(Product::Genoa);
    let cloud = cloud.clone().with_ak_chain(|chain| *chain = AkChain::cloud(&cloud.ak, DEFAULT_TIME));
    vec![
        machine(Product::Milan),
        cloud.pcr_selection(&[0, 4, 7, 23]),
        machine(Product::Turin).log(EventLog::booted_insecurely()),
        machine(Product::Milan).with_quote(|quote| {
            quote.sized = true;
            quote.form = SignatureForm::TPMT;
        }),
    ]
}

/// Registers as the front door keeps them.
fn registers(pcrs: &[[u8; 32]; 24]) -> Vec<u8> {
    (0_u8..).zip(pcrs).flat_map(|(index, value)| [&[index], value.as_slice()].concat()).collect()
}

/// A recorded quote: signature, message and registers, each counted.
fn recorded() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let bytes = file("testdata/azure/quote.bin");
    let (head, registers) = bytes.split_at(bytes.len() - 24 * 32);
    (head[8..264].to_vec(), head[272..head.len() - 8].to_vec(), registers.to_vec())
}

/// The modulus of the key that signed it.
fn recorded_key() -> Vec<u8> {
    let pem = String::from_utf8(file("testdata/azure/akpub.pem")).unwrap();
    let mut inputs = pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>().into_bytes();
    inputs.retain(|byte| !byte.is_ascii_whitespace());
    let der = teeproof_evidence::bytes::base64(std::str::from_utf8(&inputs).unwrap()).unwrap();
    modulus(&der).to_vec()
}

fn logs() -> Vec<EventLog> {
    let mut padded = EventLog::booted_securely();
    padded.padding = vec![0xff; 40];
    vec![EventLog::booted_securely(), EventLog::booted_insecurely(), padded]
}

pub(crate) fn tpm_quote() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = vms().iter().map(|(_, evidence)| evidence.quote_message.clone()).collect();
    seeds.extend([
        recorded().1,
        file("testdata/tpm/quote-0-1.msg"),
        file("testdata/tpm/quote-16-23.tss.msg"),
    ]);
    seeds
}

pub(crate) fn tpm_signature() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = vms().iter().map(|(_, evidence)| evidence.quote_signature.clone()).collect();
    seeds.extend([recorded().0, file("testdata/tpm/quote-0-1.tss")]);
    seeds
}

/// Attestations of every kind, signatures of every scheme, and the table of a CCEL.
pub(crate) fn tpm_described() -> Vec<Vec<u8>> {
    let sized = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let (name, digest, word) = (sized(&[0x0b; 34]), sized(&[0x5a; 32]), [7; 8]);
    let head =
        [&sized(&[0x0b; 34])[..], &sized(b"nonce"), &word, &[0, 0, 0, 1, 0, 0, 0, 2, 1], &word].concat();
    let bodies: [(u8, Vec<u8>); 7] = [
        (0x14, [&name[..], &[0, 4], &sized(b"content")].concat()),
        (0x15, [&word[..], &[0, 0x0b], &digest, &digest].concat()),
        (0x16, [&[1][..], &digest].concat()),
        (0x17, [&name[..], &name].concat()),
        (0x19, [&word[..], &word, &[0, 0, 0, 1, 0, 0, 0, 2, 0], &word].concat()),
        (0x1a, [&name[..], &digest].concat()),
        (0x1c, [&name[..], &digest].concat()),
    ];
    let mut seeds = tpm_quote();
    seeds.retain(|seed| seed.starts_with(b"\xffTCG"));
    seeds.extend(bodies.map(|(kind, body)| [&b"\xffTCG\x80"[..], &[kind], &head, &body].concat()));
    let signatures: [(u8, Vec<u8>); 4] =
        [(0x14, sized(&[3; 256])), (0x16, sized(&[3; 256])), (0x18, digest.repeat(2)), (0x05, vec![4; 32])];
    seeds.extend(signatures.map(|(scheme, value)| [&[0, scheme, 0, 0x0b][..], &value].concat()));
    let mut table = b"CCEL\x38\0\0\0\x01\0TWIN  TEEPROOF".to_vec();
    table.resize(56, 2);
    seeds.push(table);
    seeds
}

pub(crate) fn event_log() -> Vec<Vec<u8>> {
    let fewer = Event::new(12, Event::EVENT_TAG, vec![1; 9]).in_banks(&[Algorithm::SHA1]);
    let others = [
        EventLog::booted_securely().with(fewer).with(Event::new(u32::MAX, Event::EVENT_TAG, vec![7])),
        EventLog::ccel(),
        EventLog::of_attestation_agent(23, &["coco.com start one", "coco.com start two"]),
        EventLog::of_tcg_1_2(),
    ];
    logs().iter().chain(&others).map(|log| log.bytes().unwrap()).collect()
}

/// What the events of register 7 hold.
pub(crate) fn efi() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for log in event_log() {
        let log = teeproof_wire::eventlog::EventLog::parse(&log).unwrap();
        let events = log.events().filter(|event| event.index == 7 && event.data.len() > 32);
        for event in events {
            let Ok(variable) = teeproof_wire::eventlog::EfiVariable::parse(event.data) else { continue };
            seeds.push(event.data.to_vec());
            let lists = teeproof_wire::eventlog::SignatureLists::parse(variable.data);
            seeds.extend(lists.ok().filter(|_| variable.data.len() > 16).map(|_| variable.data.to_vec()));
        }
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

/// The claims of each generation of paravisors, with the quote of the template's key and without.
pub(crate) fn minted_claims() -> Vec<Vec<u8>> {
    let claims: Vec<_> = vms().iter().map(|(_, evidence)| evidence.claims()).collect();
    let template = plain().claims();
    let bare = claims.iter().map(|claims| [&[0x80], &claims[..]].concat());
    bare.chain([[&[0], &template[..]].concat()]).collect()
}

pub(crate) fn minted_log() -> Vec<Vec<u8>> {
    // Those that are replayed: a CCEL and a log of TCG 1.2 are not.
    let replayed = |log: &&Vec<u8>| {
        let format = Format::peek(log).unwrap();
        !matches!(format, Format::ConfidentialComputing | Format::Sha1)
    };
    event_log().iter().filter(replayed).map(|log| [&[0], &log[..]].concat()).collect()
}

/// The parts of evidence that stands in JSON.
pub(crate) fn evidence_json() -> Vec<Vec<u8>> {
    let parts = |evidence: &Evidence| {
        let parts = [
            Part::Evidence(&evidence.hcl_report),
            Part::Certificate(&evidence.vek),
            Part::Message(&evidence.quote_message),
            Part::Signature(&evidence.quote_signature),
        ];
        join(0, &parts)[1..].to_vec()
    };
    vms().iter().map(|(_, evidence)| parts(evidence)).collect()
}

pub(crate) fn hcl_report() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = vms().iter().map(|(_, evidence)| evidence.hcl_report.clone()).collect();
    seeds.push(tdx_evidence().hcl_report.clone());
    seeds.extend([file("testdata/azure/hcl-report-snp.bin"), file("testdata/azure/hcl-report-tdx.bin")]);
    seeds
}

pub(crate) fn td_report() -> Vec<Vec<u8>> {
    let reports = [tdx_evidence().hcl_report.clone(), file("testdata/azure/hcl-report-tdx.bin")];
    reports.map(|report| report[0x20..0x420].to_vec()).to_vec()
}

/// The certificates and anchors of a machine.
fn endorsed(evidence: &Evidence) -> Vec<Part<'_>> {
    let mut parts = vec![Part::Certificate(&evidence.vek), Part::Certificate(&evidence.intermediate)];
    parts.push(Part::Certificate(&evidence.ak_certificate));
    parts.extend(evidence.ak_intermediates.iter().map(|der| Part::Certificate(der)));
    parts.extend([Part::Anchor(&evidence.ark), Part::Anchor(&evidence.ak_root)]);
    parts.retain(|part| !matches!(part, Part::Certificate([]) | Part::Anchor([])));
    parts
}

/// Everything that a machine is verified with.
pub(crate) fn whole(switches: u8, evidence: &Evidence) -> Vec<u8> {
    let (registers, nothing) = (registers(&evidence.pcrs), Vec::new());
    let log = evidence.event_log.as_ref().unwrap_or(&nothing);
    let mut parts = vec![Part::Evidence(&evidence.hcl_report)];
    parts.extend(endorsed(evidence));
    parts.extend([Part::Message(&evidence.quote_message), Part::Signature(&evidence.quote_signature)]);
    parts.extend([Part::Registers(&registers), Part::Log(log), Part::Nonce(NONCE)]);
    parts.extend(evidence.td_quote.as_ref().map(|quote| Part::TdQuote(quote)));
    if let Some(td) = &evidence.td {
        parts.extend([Part::Anchor(&td.root), Part::Certificate(&td.tcb_signing)]);
        parts.extend([&td.tcb_info, &td.qe_identity].map(|text| Part::Document(text.as_bytes())));
    }
    join(switches, &parts)
}

pub(crate) fn verify_tpm() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (vm, evidence) in vms() {
        let key = vm.ak.modulus().unwrap();
        let (registers, log) = (registers(&evidence.pcrs), evidence.event_log.as_ref().unwrap());
        let quote = [Part::Message(&evidence.quote_message), Part::Signature(&evidence.quote_signature)];
        let rest = [Part::Registers(&registers), Part::Log(log), Part::Nonce(NONCE)];
        seeds.push(join(0, &[&[Part::Key(&key)], &quote[..], &rest].concat()));
    }
    let ((signature, message, values), key) = (recorded(), recorded_key());
    let parts = [Part::Key(&key), Part::Message(&message), Part::Signature(&signature)];
    seeds.push(join(0, &parts));
    seeds.push(join(0, &[&parts[..], &[Part::Values(&values), Part::Nonce(b"challenge")]].concat()));
    seeds
}

/// A quote with as many small events as fit into one part, and how many they are.
pub(crate) fn longest_log() -> (Vec<u8>, usize) {
    let events = 400;
    let log =
        (0..events).fold(EventLog::default(), |log, at| log.with(Event::new(at % 7, Event::IPL, vec![1])));
    let vm = machine(Product::Milan).log(log);
    let (evidence, key) = (vm.evidence().unwrap(), vm.ak.modulus().unwrap());
    let (registers, log) = (registers(&evidence.pcrs), evidence.event_log.unwrap());
    let parts = [
        Part::Key(&key),
        Part::Message(&evidence.quote_message),
        Part::Signature(&evidence.quote_signature),
        Part::Registers(&registers),
        Part::Log(&log),
    ];
    (join(0, &parts), usize::try_from(events).unwrap())
}

pub(crate) fn verify_azure_snp() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = vms().iter().map(|(_, evidence)| whole(0, evidence)).collect();
    // The nonce in user-data alone, what user-data has to hold, bare values, nothing of the TPM's.
    let evidence = plain();
    let report = [&[Part::Evidence(&evidence.hcl_report)], endorsed(evidence).as_slice()].concat();
    seeds.push(join(ARCHIVED, &[&report[..], &[Part::Nonce(NONCE), Part::UserData(NONCE)]].concat()));
    let values = evidence.pcr_concatenation();
    let quote = [Part::Message(&evidence.quote_message), Part::Signature(&evidence.quote_signature)];
    seeds.push(join(0, &[&report[..], &quote, &[Part::Values(&values)]].concat()));
    seeds
}

/// The evidence of a machine, and further evidence of it: the same, and without quote and log.
pub(crate) fn verify_azure_again() -> Vec<Vec<u8>> {
    let whole = whole(0, plain());
    let mut parts = vec![Part::Evidence(&plain().hcl_report)];
    parts.extend(endorsed(plain()));
    let bare = join(0, &parts);
    vec![
        crate::seeds::pair(&whole, &whole),
        crate::seeds::pair(&whole, &bare),
        crate::seeds::pair(&bare, &whole),
    ]
}

pub(crate) fn verify_azure_tdx() -> Vec<Vec<u8>> {
    let vm = tdx().with_td_machine(TdxMachine::tdx_1_5).evidence().unwrap();
    vec![whole(0, tdx_evidence()), whole(0, &vm)]
}

/// A machine among many authorities and anchors of the right names for its AK certificate.
pub(crate) fn many_ak_paths(switches: u8) -> Vec<u8> {
    let evidence = plain();
    let mut parts = vec![Part::Evidence(&evidence.hcl_report), Part::Certificate(&evidence.ak_certificate)];
    for _ in 0..5 {
        parts.push(Part::Certificate(&evidence.ak_intermediates[0]));
        parts.push(Part::Anchor(&evidence.ak_root));
    }
    join(switches, &parts)
}

/// Azure's machines through the front door, under each policy that speaks of them, and none.
pub(crate) fn verify_azure() -> Vec<Vec<u8>> {
    let policies = [0, AMD, NO_POLICY].into_iter().cycle();
    vms().iter().zip(policies).map(|((_, evidence), policy)| whole(policy, evidence)).collect()
}

/// Each file of Azure's that is known by itself.
pub(crate) fn files_of_azure() -> Vec<Vec<u8>> {
    let evidence = plain();
    let mut files = whole_files_of_azure();
    files.extend([
        file("testdata/azure/quote.bin"),
        file("testdata/azure/certs.pem"),
        evidence.quote_json().unwrap().into_bytes(),
        evidence.event_log.clone().unwrap(),
        base64(&evidence.quote_message).into_bytes(),
        hex(&evidence.quote_signature).into_bytes(),
        evidence.pcr_concatenation(),
        evidence.ak_certificate_nv(),
        pcrs_text(&evidence.pcrs),
    ]);
    files
}

fn pcrs_text(pcrs: &[[u8; 32]; 24]) -> Vec<u8> {
    let lines = pcrs.iter().enumerate().map(|(index, value)| format!("    {index:<2}: 0x{}\n", hex(value)));
    ["  sha256:\n".to_string()].into_iter().chain(lines).collect::<String>().into_bytes()
}

/// Each file of Azure's that is evidence by itself: reports, evidence in the JSON of others, bundles.
pub(crate) fn whole_files_of_azure() -> Vec<Vec<u8>> {
    let mut files = hcl_report();
    for evidence in [plain(), tdx_evidence()] {
        files.extend((0..=2).map(|version| evidence.coco_json(version).unwrap().into_bytes()));
        files.push(evidence.attestation_rs_json().unwrap().into_bytes());
    }
    files.push(tdx_evidence().flashbots_json().unwrap().into_bytes());
    // But for the one whose certificate is no certificate, which inspect calls a flaw.
    files.extend(bundles(&[in_files(), bare()]));
    files
}

/// A machine with TDX, whose quote brings a certificate that names its platform.
fn with_td_quote() -> Inputs {
    let pem = teeproof_mint::x509::pem(&crate::forms::pck());
    let mut evidence = tdx_evidence().clone();
    evidence.td_quote = Some(crate::forms::a_td_quote(4, pem.as_bytes()));
    let mut inputs = Inputs::new();
    inputs.add(evidence.coco_json(2).unwrap().as_bytes(), None).unwrap();
    inputs
}

/// A machine's evidence of several files.
fn in_files() -> Inputs {
    let snp = plain();
    let mut inputs = Inputs::new();
    inputs.add(&snp.coco_json(2).unwrap().into_bytes(), None).unwrap();
    inputs.add(&snp.ak_certificate, None).unwrap();
    inputs.add(snp.event_log.as_ref().unwrap(), Some(InputKind::EventLog)).unwrap();
    inputs
}

/// A report with its certificate.
fn bare() -> Inputs {
    let mut bare = Inputs::new();
    bare.add(&file("testdata/snp/milan-report.bin"), None).unwrap();
    bare.add(&file("testdata/snp/milan-vcek.der"), None).unwrap();
    bare
}

pub(crate) fn bundle() -> Vec<Vec<u8>> {
    bundles(&[in_files(), bare(), with_td_quote(), crate::forms::of_td_quote()])
}

/// Each as a bundle in both forms, and redacted.
fn bundles(all: &[Inputs]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for inputs in all {
        let bundle = inputs.clone().into_bundle(Collection::at(Time(1_768_478_400))).unwrap();
        let redacted = bundle.redact(&[7; 16], &teeproof_rustcrypto::TABLE).unwrap();
        for bundle in [bundle, redacted] {
            seeds.extend([bundle.to_cbor(), bundle.to_json().into_bytes()]);
        }
    }
    seeds
}
