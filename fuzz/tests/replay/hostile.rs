//! Worst-case inputs: large, deep, with many parts, or with one small part repeated. The fuzz bodies check every
//! call against its bound.

use std::fmt::Write as _;

use teeproof_core::Time;
use teeproof_evidence::bundle::Collection;
use teeproof_evidence::{InputKind, Inputs};
use teeproof_fuzz::{
    Part, bounds, bundle, envelope, join, minted, nearest, path, text, verify, wire, work_of,
};
use teeproof_mint::azure::{Algorithm, Event, EventLog, Selection};
use teeproof_mint::snp::Product;
use teeproof_vtpm::Padding;

use crate::azure::{self, AMD, machine, plain};
use crate::long::{long_names, padded};
use crate::seeds;

const MIB: usize = 1 << 20;

/// The bounds of an entry are about what its worst input costs that is known: so much of the peak, of
/// the total, of the signatures and of the hash blocks, in percent.
#[track_caller]
pub(crate) fn reached(entry: &'static bounds::Entry, least: [u64; 4]) {
    let found = nearest().into_iter().find(|one| std::ptr::eq(one.entry, entry));
    let found = found.unwrap_or_else(|| panic!("{} was not called", entry.name)).percent;
    assert!(found.iter().zip(least).all(|(found, least)| *found >= least), "{}: {found:?}", entry.name);
}

/// Logs of the size or the count at which none is read any more, or just so.
pub(crate) fn logs() -> Vec<Vec<u8>> {
    let head = EventLog::default().bytes().unwrap();
    let event = |event| EventLog::default().with(event).bytes().unwrap()[head.len()..].to_vec();
    let (empty, large) =
        (event(Event::new(0, Event::IPL, vec![])), event(Event::new(4, Event::IPL, vec![7; 200])));
    let noise: Vec<u8> =
        (0..4 * MIB).map(|at| (at.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let filled = |head: &[u8], event: &[u8]| {
        let mut log = [head, &event.repeat((4 * MIB - head.len()) / event.len())].concat();
        log.resize(4 * MIB, 0xff);
        log
    };
    let mut cut = filled(&head, &large);
    cut.truncate(head.len() + large.len() * 3 / 2);
    let mut zeros = head.clone();
    zeros.resize(4 * MIB - 1, 0);
    zeros.push(1);
    vec![
        [&head, &noise[head.len()..]].concat(),
        zeros,
        cut,
        filled(&head, &large),
        [&head[..], &empty.repeat(16_384)].concat(),
        [&head[..], &empty.repeat(16_385)].concat(),
        smallest(0, 16_384),
        smallest(7, 16_384),
        variables(),
        vec![0; 4 * MIB + 1],
    ]
}

/// As many events as a log can have: no data, and digests of one bank alone.
fn smallest(register: u32, count: usize) -> Vec<u8> {
    let log = || EventLog::default().algorithms(&[Algorithm::SHA256]);
    let (head, one) = (log().bytes().unwrap(), log().with(Event::new(register, Event::IPL, vec![])).bytes());
    let event = one.unwrap()[head.len()..].to_vec();
    [&head[..], &event.repeat(count)].concat()
}

/// The variables of secure boot, over and over, as long as they are read.
fn variables() -> Vec<u8> {
    let mut log = EventLog::booted_securely();
    let variables: Vec<_> = log.events.iter().filter(|event| event.register == 7).cloned().collect();
    while log.events.len() + variables.len() <= 4_000 {
        log.events.extend(variables.iter().cloned());
    }
    log.bytes().unwrap()
}

/// JSON that is no evidence, or too much of it.
fn json() -> Vec<String> {
    let evidence = plain().coco_json(2).unwrap();
    let (start, end) = evidence.split_once("\"hcl_report\":\"").unwrap();
    let end = end.split_once('"').unwrap().1;
    let with_report = |text: &str| format!("{start}\"hcl_report\":{text}{end}");
    let members =
        |members: &[&str], count: usize| members.iter().cycle().take(count).copied().collect::<String>();
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(10_000), "]".repeat(10_000));
    let all_but = |bytes: usize| MIB - 4_096 - bytes;
    vec![
        with_report(&format!("\"{}\"", "e".repeat(all_but(16_384)))),
        with_report(&format!("[{}0]", "123,".repeat(all_but(16_384) / 4))),
        with_report(&deep("1")),
        with_report(&"7".repeat(all_but(16_384))),
        with_report(&format!("\"{}\"", "\\u0065".repeat(all_but(16_384) / 6))),
        deep("1"),
        format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
        format!("{{\"version\":{}}}", "7".repeat(all_but(0))),
        // Many small values where a small one is meant.
        format!("{{\"version\":[{}0]}}", "7,".repeat(all_but(0) / 2)),
        format!("{{\"version\":[{}0]}}", "{\"\":0},".repeat(all_but(0) / 7)),
        format!("{{\"platform\":[{}0]}}", "[0],".repeat(all_but(0) / 4)),
        format!("{{\"vcekCert\":[{}0]}}", "{\"\":0},".repeat(all_but(0) / 7)),
        format!(
            "{{\"vcekCert\":\"\",\"certificateChain\":\"\"{}}}",
            (0..60_000).fold(String::new(), |mut text, at| {
                let _ = write!(text, ",\"{at}\":[0]");
                text
            })
        ),
        format!("{{{}\"z\":0}}", members(&["\"a\":0,"], all_but(0) / 6)),
        format!("{{{}\"z\":0}}", (0..80_000).map(|at| format!("\"{at}\":0,")).collect::<String>()),
        format!("{{\"__cmwc_t\":0,{}\"z\":0}}", members(&["\"a\":0,"], 8 * MIB / 6)),
        format!("{{\"a\":[\"\",\"{}\",0],\"__cmwc_t\":\"urn\"}}", "e".repeat(8 * MIB)),
        format!("{{\"__cmwc_t\":\"{}\"}}", "e".repeat(8 * MIB)),
        format!("{{\"a\":[\"{}\"", "e".repeat(10 * MIB)),
        "{".repeat(MIB),
    ]
}

/// Text that is neither JSON nor what it begins like.
fn text_of_people() -> Vec<String> {
    let pem = |count: usize| "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".repeat(count);
    let registers = |count: usize| format!("sha256:\n{}", "  0 : 0x00\n".repeat(count));
    vec![
        pem(10_000),
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "A".repeat(4 * MIB)),
        format!("-----BEGIN CERTIFICATE-----\n{}", "A\n".repeat(2 * MIB)),
        "-----BEGIN ".repeat(100_000),
        "ab".repeat(2 * MIB),
        "A".repeat(4 * MIB),
        "A ".repeat(2 * MIB),
        registers(100_000),
        format!("sha1:\n  0 : 0x{}\n", "0".repeat(4 * MIB)),
        format!("tdx_quote_base64: |-\n{}", "  AAAA\n".repeat(200_000)),
        format!("\"{}\"", "\\u0041".repeat(MIB)),
        format!("\"{}\"", "A".repeat(4 * MIB)),
        format!("[{}0]", "0,".repeat(256 * 1024 - 1)),
        format!("[{}0]", "0,".repeat(MIB)),
        format!("[{}0]", "[0],".repeat(MIB)),
        format!("-----BEGIN DATA-----\n{}-----END DATA-----\n", "AAAA\n".repeat(MIB)),
        layered(4, MIB),
        layered(6, MIB),
        hex_in_hex(3, MIB / 8),
    ]
}

/// Base64 of base64 of text, so often.
fn layered(layers: usize, bytes: usize) -> String {
    (0..layers).fold("A".repeat(bytes), |text, _| seeds::base64(text.as_bytes()))
}

fn hex_in_hex(layers: usize, bytes: usize) -> String {
    (0..layers).fold("A".repeat(bytes), |text, _| seeds::hex(text.as_bytes()))
}

/// Answers of services that hold much where a document may be.
fn answers() -> Vec<String> {
    let text = |bytes: usize| "A".repeat(bytes);
    let guest = |log: &str| {
        let tpm = "{\"PcrQuote\":\"AAAA\",\"PcrSignature\":\"AAAA\",\"PCRs\":[]}";
        let isolation = "{\"Type\":\"SevSnp\",\"Evidence\":{\"Proof\":\"AAAA\",\"RunTimeData\":\"AAAA\"}}";
        format!(
            "{{\"AttestationProtocolVersion\":\"2.0\",\"TcgLogs\":\"{log}\",\"TpmInfo\":{tpm},\"IsolationInfo\":{isolation}}}"
        )
    };
    let document = |value: String| format!("{{\"document\":{value}}}");
    let chain = |entry: &str| {
        format!(
            "{{\"attestation_report\":\"AAAA\",\"cert_chain\":[{}{entry}]}}",
            format!("{entry},").repeat(20_000)
        )
    };
    vec![
        document(format!("\"{}\"", text(MIB - 16))),
        document(format!("\"{}\"", "\\u0041".repeat(MIB / 6 - 8))),
        document(format!("[{}0]", "0,".repeat(MIB / 2 - 16))),
        document(format!("[\"{}\"]", text(MIB - 18))),
        document(format!("\"{}\"", layered(3, 256 * 1024))),
        format!("{{{}\"z\":0}}", format!("\"document\":\"{}\",", text(60_000)).repeat(16)),
        format!("{{{}\"z\":0}}", "\"document\":\"AAAA\",".repeat(50_000)),
        document("{\"document\":".repeat(100) + "0" + &"}".repeat(100)),
        guest(&text(MIB - 512)),
        format!("{{\"AttestationInfo\":\"{}\"}}", seeds::base64(guest(&text(700_000)).as_bytes())),
        format!("{{\"report\":\"{}\",\"runtimeData\":null}}", text(170_000)),
        chain("{\"cert_type\":\"VCEK\",\"data\":[0]}"),
        chain("{\"cert_type\":7,\"data\":[0]}"),
        format!("{{\"quote\":\"AAAA\",\"cc_eventlog\":\"{}\"}}", text(MIB - 64)),
    ]
}

#[test]
fn files_made_to_cost() {
    for input in json().iter().chain(&text_of_people()).chain(&answers()) {
        for kind in
            [None, Some(InputKind::EvidenceJson), Some(InputKind::Bundle), Some(InputKind::Certificate)]
        {
            text::sniff_as(input.as_bytes(), kind);
        }
        text::inputs(input.as_bytes());
    }
    for input in [[0x30, 0x82, 0xff, 0xff].repeat(MIB), vec![0xa1; 8 * MIB], vec![0; 8 * MIB]] {
        for kind in
            [None, Some(InputKind::SnpReport), Some(InputKind::Certificate), Some(InputKind::EventLog)]
        {
            text::sniff_as(&input, kind);
        }
        text::inputs(&input);
    }
    for kind in [InputKind::NitroDocument, InputKind::TpmSignature, InputKind::EventLog] {
        text::sniff_as(layered(4, MIB).as_bytes(), Some(kind));
    }
    for input in ["ab".repeat(MIB), "A".repeat(4 * MIB), "A".repeat(4 * MIB + 1)] {
        text::text_bytes(input.as_bytes());
    }
    reached(&bounds::BYTES, [60, 49, 0, 0]);
    reached(&bounds::SNIFF, [50, 50, 0, 0]);
    reached(&bounds::INPUTS, [50, 50, 0, 0]);
}

#[test]
fn policies_made_to_cost() {
    const MOST: usize = 256 * 1024;
    let section = "version = 1\n[snp]\n";
    let keys = |count: usize| (0..count).map(|at| format!("{at:x}=0\n")).collect::<String>();
    let deep = |open: &str, close: &str| format!("a = {}{}", open.repeat(10_000), close.repeat(10_000));
    let policies = [
        "\n".repeat(MOST),
        "\n".repeat(4 * MIB),
        keys(MOST / 9),
        format!("{section}{}", keys(MOST / 9)),
        format!("{section}measurement = [{}]", "0,".repeat(MOST / 2 - 64)),
        format!("{section}measurement = [{}]", "\"\",".repeat(MOST / 3 - 64)),
        format!("{section}measurement = [{}]", "{},".repeat(MOST / 3 - 64)),
        format!(
            "version = 1\n[azure-snp]\npcrs = {{ {} }}",
            (0..20_000).map(|at| format!("{at} = 0, ")).collect::<String>()
        ),
        deep("[", "]"),
        deep("{a=", "}"),
        format!("{} = 1", "a.".repeat(MOST / 2 - 8) + "a"),
        format!("version = \"{}\"", "e".repeat(MOST - 64)),
        "[a]\n".repeat(MOST / 4),
        "[[a]]\n".repeat(MOST / 6),
        (0..MOST / 12).map(|at| format!("[a{at:x}.b]\n")).collect(),
        format!("x = \"\"\"{}", "\\u0065".repeat(MOST / 6 - 8)),
    ];
    for policy in policies {
        assert!(!text::policy(policy.as_bytes()));
    }
    reached(&bounds::POLICY, [50, 50, 0, 0]);
}

#[test]
fn logs_made_to_cost() {
    let mut taken = 0;
    for log in logs() {
        wire::event_log(&log);
        taken += usize::from(minted::log(&[&[0], &log[..]].concat()));
        let evidence = plain();
        let mut parts = vec![Part::Evidence(&evidence.hcl_report), Part::Certificate(&evidence.vek)];
        parts.extend([Part::Certificate(&evidence.intermediate), Part::Anchor(&evidence.ark)]);
        let values = evidence.pcr_concatenation();
        parts.extend([Part::Message(&evidence.quote_message), Part::Signature(&evidence.quote_signature)]);
        parts.extend([Part::Values(&values), Part::Log(&log)]);
        for switches in [0, AMD] {
            verify::front_door(&join(switches, &parts));
        }
        verify::azure_snp(&join(0, &parts));
    }
    assert!(taken >= 4, "{taken} logs are read");
    reached(&bounds::TPM_REPLAY, [0, 0, 0, 50]);
}

/// Results repeat names of certificates and what was booted: the longest, and the most.
#[test]
fn results_made_to_cost() {
    let mut log = EventLog::default().algorithms(&[Algorithm::SHA256]);
    log.events = vec![Event::new(4, Event::BOOT_APPLICATION, vec![]); 16_384];
    let booted = machine(Product::Milan).log(log).evidence().unwrap();
    for (evidence, switches) in [(booted, 0), (long_names().evidence().unwrap(), AMD)] {
        assert!(verify::front_door(&azure::whole(switches, &evidence)));
    }
    reached(&bounds::VERIFY, [40, 40, 0, 0]);
    reached(&bounds::PROPOSAL, [1, 1, 0, 0]);
}

#[test]
fn quotes_made_to_cost() {
    for count in [8, 9, 500, 10_000] {
        let many = vec![Selection::sha256(&[0, 1, 2]); count];
        let vm = machine(Product::Milan).with_quote(|quote| quote.selections = many);
        let (evidence, key) = (vm.evidence().unwrap(), vm.ak.modulus().unwrap());
        wire::tpm_quote(&evidence.quote_message);
        let quote = [Part::Message(&evidence.quote_message), Part::Signature(&evidence.quote_signature)];
        verify::tpm(&join(0, &[&[Part::Key(&key)], &quote[..]].concat()));
    }
}

/// What the hashes of a key and of its certification can be made to cost.
#[test]
fn keys_made_to_cost() {
    for count in [1, 64, 4_096] {
        // A message that is hashed before it is refused, and a public area after that.
        let message = vec![0xff; 64 * count];
        let parts = [Part::Key(&[0xc1; 256]), Part::Signature(&[0; 256]), Part::Message(&message)];
        assert!(!verify::certification(&join(0, &parts)));
        assert!(!minted::key(&vec![0; 64 * count]));
    }
    reached(&bounds::TPM_CERTIFY, [0, 0, 100, 90]);
    assert!(verify::certification(&seeds::all_registers()));
    reached(&bounds::TPM_POLICY, [0, 0, 0, 90]);
}

/// Heads as large as they can be, and larger ones.
#[test]
fn envelopes_made_to_cost() {
    for (public, wrapped) in [(512, 256), (513, 256), (512, 257), (0xffff, 0xffff)] {
        let head = seeds::envelope_head(Padding::Rsaes, &vec![0; public], &vec![0; wrapped]);
        let whole = [head, vec![0; MIB]].concat();
        assert_eq!(envelope::envelope(&whole), (public, wrapped) == (512, 256));
    }
    reached(&bounds::ENVELOPE, [80, 80, 0, 0]);
    assert!(envelope::envelope(&seeds::envelope()[0]));
    reached(&bounds::ENCRYPT, [50, 50, 0, 0]);
}

/// Claims of all sizes that an envelope holds, of values that take much room.
#[test]
fn claims_made_to_cost() {
    for most in [64, 1_000, 2_862, 4_000] {
        let of = |one: &str| one.repeat(most / one.len());
        for claims in [
            format!("{{\"keys\":[{}0]}}", of("0,")),
            format!("[{}0]", of("[0],")),
            format!("[{}0]", of("{\"\":0},")),
            format!("{{{}\"z\":0}}", (0..most / 8).map(|at| format!("\"{at}\":0,")).collect::<String>()),
            of("["),
            of("{\"\":"),
            format!("\"{}\"", of("\\u0065")),
            format!("{{\"keys\":[{}0]}}", of("{\"kid\":\"\"},")),
        ] {
            minted::claims(&[&[0x80], claims.as_bytes()].concat());
        }
    }
    reached(&bounds::HCL_SNP, [50, 50, 0, 0]);
    reached(&bounds::INSPECT, [50, 20, 0, 0]);
}

#[test]
fn chains_made_to_cost() {
    assert!(verify::nitro(&seeds::longest_chain()));
    verify::snp(&seeds::many_paths(0));
    verify::snp(&seeds::many_paths(3));
    verify::azure_snp(&seeds::many_ak_paths(3));
    for switches in [0, 3] {
        verify::snp(&longest_certificates(switches));
        verify::azure_snp(&longest_ak_certificates(switches));
    }
    // The intermediate's signature is accepted, the VEK's is not: two verifications for each path.
    let half = [seeds::many_paths_half_believed(), longest_half_believed()];
    for input in half {
        assert!(!verify::snp(&input));
        assert_eq!(work_of(&bounds::SNP_VERIFY).signatures, teeproof_snp::MAX_SIGNATURES);
    }
    for seed in seeds::path() {
        path::path(&seed);
    }
    reached(&bounds::NITRO_VERIFY, [0, 0, 100, 10]);
    reached(&bounds::SNP_VERIFY, [0, 0, 90, 50]);
    reached(&bounds::PATH, [0, 0, 50, 30]);
}

/// Everything of [`seeds::many_paths`] as long as it can be.
fn longest_certificates(switches: u8) -> Vec<u8> {
    let evidence = seeds::turin();
    let [vek, intermediate, ark] =
        [&evidence.vek, &evidence.intermediate, &evidence.ark].map(|der| padded(der));
    let (intermediates, roots) = (seeds::varied(&intermediate, 5), seeds::varied(&ark, 5));
    let mut parts = vec![Part::Evidence(&evidence.report), Part::Certificate(&vek)];
    parts.extend(intermediates.iter().map(|der| Part::Certificate(der)));
    parts.extend(roots.iter().map(|der| Part::Anchor(der)));
    join(switches, &parts)
}

/// A VEK as long as it can be, whose signature is not believed.
fn longest_half_believed() -> Vec<u8> {
    let evidence = seeds::turin();
    seeds::half_believed(evidence, &padded(&evidence.vek))
}

/// And of [`seeds::many_ak_paths`].
fn longest_ak_certificates(switches: u8) -> Vec<u8> {
    let evidence = plain();
    let leaf = padded(&evidence.ak_certificate);
    let (authority, root) = (padded(&evidence.ak_intermediates[0]), padded(&evidence.ak_root));
    let mut parts = vec![Part::Evidence(&evidence.hcl_report), Part::Certificate(&leaf)];
    let (authorities, roots) = (seeds::varied(&authority, 4), seeds::varied(&root, 4));
    parts.extend(authorities.iter().map(|der| Part::Certificate(der)));
    parts.extend(roots.iter().flat_map(|der| [Part::Certificate(der), Part::Anchor(der)]));
    join(switches, &parts)
}

#[test]
fn bundles_made_to_cost() {
    let collection = || Collection::at(Time(1_768_478_400));
    // The largest logs, and as many certificates as a bundle holds.
    let evidence = plain();
    for log in logs().drain(3..6) {
        let mut inputs = Inputs::new();
        inputs.add(&evidence.coco_json(2).unwrap().into_bytes(), None).unwrap();
        if inputs.add(&log, Some(InputKind::EventLog)).is_err() {
            continue;
        }
        for _ in 0..31 {
            inputs.add(&evidence.ak_certificate, None).unwrap();
        }
        if let Ok(made) = inputs.clone().into_bundle(collection()) {
            assert!(bundle::bundle(&made.to_cbor()));
        }
    }
    // A log full of the machine's own identifier, each of which is a place to redact; and a little less.
    let chip = &evidence.hcl_report[0x20 + 0x1a0..0x20 + 0x1e0];
    for count in [100, 4_000, 60_000] {
        let log = EventLog::default().with(Event::new(4, Event::IPL, chip.repeat(count)));
        let mut inputs = Inputs::new();
        inputs.add(&evidence.coco_json(2).unwrap().into_bytes(), None).unwrap();
        inputs.add(&log.bytes().unwrap(), Some(InputKind::EventLog)).unwrap();
        assert!(bundle::bundle(&inputs.clone().into_bundle(collection()).unwrap().to_cbor()));
    }
    // The largest log, with the identifier in it once, so that it is read once more.
    let log = EventLog::default().with(Event::new(4, Event::IPL, [&vec![7; 3 * MIB], chip].concat()));
    let mut inputs = Inputs::new();
    inputs.add(&evidence.hcl_report, None).unwrap();
    inputs.add(&log.bytes().unwrap(), Some(InputKind::EventLog)).unwrap();
    assert!(bundle::bundle(&inputs.clone().into_bundle(collection()).unwrap().to_cbor()));
    // As many identifiers as certificates have: 32 chips.
    let mut inputs = Inputs::new();
    inputs.add(&evidence.hcl_report, None).unwrap();
    for number in 1..=32_u8 {
        let other: Vec<u8> = chip.iter().map(|byte| byte.wrapping_mul(number).wrapping_add(number)).collect();
        let mut vek = evidence.vek.clone();
        let at = vek.windows(chip.len()).position(|window| window == chip).unwrap();
        vek[at..at + chip.len()].copy_from_slice(&other);
        inputs.add(&vek, None).unwrap();
    }
    assert!(bundle::bundle(&inputs.clone().into_bundle(collection()).unwrap().to_cbor()));
    for bytes in [
        [&[0xb8, 80, 0x68][..], b"__cmwc_t", &[0x60; 400]].concat(),
        [&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x68][..], b"__cmwc_t"].concat(),
        vec![0xa1; 7 * MIB],
    ] {
        assert!(!bundle::bundle(&bytes));
    }
    for text in json() {
        assert!(!bundle::bundle(text.as_bytes()));
    }
    reached(&bounds::BUNDLE, [40, 25, 0, 0]);
    reached(&bounds::BUNDLE_WRITE, [50, 50, 0, 0]);
    reached(&bounds::REDACT, [50, 50, 0, 0]);
}

/// What libFuzzer found: a size inside of a size, and no quote in either.
#[test]
fn a_size_inside_of_a_size_is_no_quote() {
    assert!(!wire::tpm_quote(&[0, 2, 0, 0]));
    assert!(!wire::tpm_quote(&[0, 4, 0, 2, 0, 0]));
}
