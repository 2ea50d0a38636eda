//! Identifiers in random places and spellings: after redaction none is found in any encoding, by a
//! search that is not the one of redaction.

use std::sync::LazyLock;

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use teeproof_aws_lc::TABLE;
use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::Bundle;
use teeproof_mint::azure::{self, Vm};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::Product;
use teeproof_mint::x509::{Extension, Oid, der};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::HclReport;

use crate::decoding::{Id, dashed, decoded, hex, holds, mixed, wide};
use crate::quotes::td_quote;
use crate::support::bundle;

const SALT: &[u8] = b"sixteen random bytes, say";
const HOST: &str = "ABC012345678901";

/// The client information extension of Azure's AK certificates: who requested the certificate.
pub(crate) fn client_info(host: &str) -> Extension {
    let text = |text: &str| der::element(0x0c, text.as_bytes());
    let user = format!("WORKGROUP\\{host}$");
    let info = [der::integer(9), text(host), text(&user), text("VtpmManagementService.exe")];
    Extension::new(Oid::new(&[1, 3, 6, 1, 4, 1, 311, 21, 20]), der::sequence(&info))
}

static AZURE: LazyLock<azure::Evidence> = LazyLock::new(|| {
    let vm = Vm::snp(Product::Milan).nonce(b"challenge");
    let vm = vm.with_ak_chain(|chain| chain.leaf.certificate.extensions.push(client_info(HOST)));
    vm.evidence().unwrap()
});

static NITRO: LazyLock<Vec<u8>> =
    LazyLock::new(|| Enclave::new().user_data(&[0x55; 1000]).mint().unwrap().document);

/// The same file with another identifier of the same length.
fn with(file: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut file = file.to_vec();
    let places: Vec<_> = (0..=file.len() - old.len()).filter(|at| file[*at..].starts_with(old)).collect();
    assert!(!places.is_empty(), "{} is not there", hex(old));
    places.iter().for_each(|at| file[*at..*at + new.len()].copy_from_slice(new));
    file
}

/// A line ending and the indentation of a deep YAML.
const INDENTED: &str =
    "\n                                                                                \t\t";

/// How somebody wrote an identifier down.
#[derive(Clone, Copy, Debug)]
enum Spelled {
    Bytes,
    Text,
    Utf16,
    Utf16BigEndian,
    Colons,
    MixedOrder,
    HexOfText,
    /// Digits in groups of so many, with this between them.
    Grouped {
        size: usize,
        between: &'static str,
    },
    Base64 {
        url: bool,
        before: usize,
        between: Option<&'static str>,
        of: Inner,
    },
}

#[derive(Clone, Copy, Debug)]
enum Inner {
    Bytes,
    Text,
    Utf16,
}

fn spelled() -> impl Strategy<Value = Spelled> {
    use Spelled::*;
    let inner = select(&[Inner::Bytes, Inner::Text, Inner::Utf16][..]);
    prop_oneof![
        select(&[Bytes, Text, Utf16, Utf16BigEndian, Colons, MixedOrder, HexOfText][..]),
        (
            1..9_usize,
            select(&[INDENTED, "-", "_", ", ", ";", ".", " 0x", ", 0X", "\\x", "%", "\\n", " : "][..])
        )
            .prop_map(|(size, between)| Grouped { size, between }),
        (any::<bool>(), 0..6_usize, select(&[None, Some("\r\n"), Some(INDENTED), Some("\\n")][..]), inner)
            .prop_map(|(url, before, between, of)| Base64 { url, before, between, of }),
    ]
}

/// The identifier as text, in the letters that `upper` says.
fn text(id: &Id, upper: bool) -> String {
    let text = match id {
        Id::Bytes(bytes) => hex(bytes),
        Id::Guid(bytes) => dashed(bytes),
        Id::Text(text) => text.clone(),
    };
    if upper { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() }
}

fn bytes(id: &Id) -> Vec<u8> {
    match id {
        Id::Bytes(bytes) | Id::Guid(bytes) => bytes.clone(),
        Id::Text(text) => text.to_ascii_lowercase().into_bytes(),
    }
}

/// An identifier in one spelling; what surrounds it in base64 is always the same.
fn spell(id: &Id, how: Spelled, upper: bool) -> Vec<u8> {
    match how {
        Spelled::Bytes => bytes(id),
        Spelled::Text => text(id, upper).into_bytes(),
        Spelled::Utf16 => wide(&text(id, upper)),
        Spelled::Utf16BigEndian => text(id, upper).encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Spelled::Colons => {
            let pairs: Vec<_> = bytes(id).iter().map(|byte| format!("{byte:02x}")).collect();
            if upper { pairs.join(":").to_ascii_uppercase() } else { pairs.join(":") }.into_bytes()
        }
        Spelled::MixedOrder => match id {
            Id::Guid(bytes) => mixed(bytes),
            other => bytes(other),
        },
        Spelled::HexOfText => hex(text(id, upper).as_bytes()).into_bytes(),
        Spelled::Grouped { size, between } => {
            let digits = match id {
                Id::Text(text) if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => text.clone(),
                other => hex(&bytes(other)),
            };
            let digits = if upper { digits.to_ascii_uppercase() } else { digits.to_ascii_lowercase() };
            digits.as_bytes().chunks(size).collect::<Vec<_>>().join(between.as_bytes())
        }
        Spelled::Base64 { url, before, between, of } => {
            let inner = match of {
                Inner::Bytes => bytes(id),
                Inner::Text => text(id, upper).into_bytes(),
                Inner::Utf16 => wide(&text(id, upper)),
            };
            let all = [&b"before"[..before], &inner, &b"behind"[before..]].concat();
            let all = if url { Base64UrlUnpadded::encode_string(&all) } else { Base64::encode_string(&all) };
            let lines: Vec<_> = all.as_bytes().chunks(between.map_or(usize::MAX, |_| 20)).collect();
            lines.join(between.unwrap_or_default().as_bytes())
        }
    }
}

/// Random bytes, with these spellings among them, each apart, as many as there is room for.
pub(crate) fn scattered(ids: &[Id], random: &Random, room: usize) -> (Vec<u8>, Vec<usize>) {
    let Random { planted, noise, .. } = random;
    let mut file = Vec::new();
    let mut places = Vec::new();
    for ((id, how, upper), noise) in planted.iter().zip(noise.chunks(11).cycle()) {
        let spelled = spell(&ids[id % ids.len()], *how, *upper);
        if file.len() + noise.len() + spelled.len() + 4 > room {
            break;
        }
        file.extend(noise);
        // Neither a digit nor a letter, so that no other text goes on in this one.
        file.extend(b"{\"");
        places.push(file.len());
        file.extend(spelled);
        file.extend(b"\"}");
    }
    (file, places)
}

/// None of these is in the bundle in either form, nor in a part, however it is decoded.
pub(crate) fn assert_none_left(bundle: &Bundle, ids: &[Id]) {
    let forms = [("CBOR", bundle.to_cbor()), ("JSON", bundle.to_json().into_bytes())];
    let parts = bundle.parts().iter().map(|part| (part.kind().as_str(), part.bytes().to_vec()));
    for (what, bytes) in parts.chain(forms) {
        let decoded = decoded(&bytes);
        for id in ids {
            assert!(!holds(&decoded, id), "{id:?} is left in {what}");
        }
    }
}

/// Both forms are read back, parts have their lengths, and outside of the places nothing changed.
pub(crate) fn assert_sound(before: &Bundle, after: &Bundle) {
    assert_eq!(Bundle::parse(&after.to_cbor()).as_ref(), Ok(after));
    assert_eq!(Bundle::parse(after.to_json().as_bytes()).as_ref(), Ok(after));
    for ((name, before), (_, after_part)) in before.named().zip(after.named()) {
        let mut same = before.bytes().to_vec();
        assert_eq!(same.len(), after_part.bytes().len());
        let mut end = 0;
        for place in after.redactions().iter().filter(|place| place.part == name) {
            assert!(place.offset >= end && place.length > 0, "{place:?} overlaps");
            end = place.offset + place.length;
            same[place.offset..end].copy_from_slice(&after_part.bytes()[place.offset..end]);
        }
        assert!(same == after_part.bytes(), "{name} changed outside of its places");
    }
}

/// The identifiers as an Azure bundle has them in its structures.
pub(crate) fn azure_ids(bundle: &Bundle) -> Vec<Id> {
    let part = |kind: InputKind, number: usize| {
        let named = bundle.named().find(|(name, _)| name.kind == kind && name.number == number);
        named.unwrap().1.bytes().to_vec()
    };
    let report = part(InputKind::HclReport, 0);
    let claims: serde_json::Value =
        serde_json::from_slice(HclReport::parse(&report).unwrap().claims()).unwrap();
    let guid = claims["vm-configuration"]["vmUniqueId"].as_str().unwrap().replace('-', "");
    let ak = part(InputKind::Certificate, 1);
    let certificate = Certificate::parse(&ak).unwrap();
    let name = certificate.subject().common_name().unwrap().split_once('.').unwrap().0.to_owned();
    let info = ak.windows(9).position(|window| window == CLIENT_INFO).unwrap() + 9;
    // OCTET STRING, SEQUENCE, INTEGER of one byte, the header of the text.
    let host = String::from_utf8(ak[info + 2 + 2 + 3 + 2..][..HOST.len()].to_vec()).unwrap();
    vec![
        Id::Bytes(report[0x1c0..0x200].to_vec()),
        Id::Bytes(report[0x160..0x180].to_vec()),
        Id::Guid(teeproof_evidence::bytes::hex(&guid).unwrap()),
        Id::Text(name),
        Id::Text(host),
        Id::Bytes(certificate.serial().to_vec()),
    ]
}

pub(crate) const CLIENT_INFO: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x15, 0x14];

#[derive(Clone, Debug)]
pub(crate) struct Random {
    pub(crate) chip: Vec<u8>,
    report: Vec<u8>,
    guid: Vec<u8>,
    digits: Vec<u8>,
    serial: Vec<u8>,
    noise: Vec<u8>,
    planted: Vec<(usize, Spelled, bool)>,
}

pub(crate) fn random() -> impl Strategy<Value = Random> {
    let bytes = |length: usize| prop::collection::vec(any::<u8>(), length);
    let planted = prop::collection::vec((any::<usize>(), spelled(), any::<bool>()), 1..24);
    let ids = (bytes(64), bytes(32), bytes(16), bytes(14), bytes(16)).no_shrink();
    (ids, bytes(99).no_shrink(), planted).prop_map(
        |((chip, report, guid, mut digits, mut serial), noise, planted)| {
            // With a letter, so that upper case shows, and other digits.
            digits[..2].copy_from_slice(&[0xab, 0x1c]);
            serial[0] = serial[0] & 0x3f | 0x40;
            Random { chip, report, guid, digits, serial, noise, planted }
        },
    )
}

/// A machine on Azure with these identifiers, and a log that spells them in many ways.
fn azure_bundle(random: &Random) -> (Bundle, Vec<usize>) {
    let old_chip = &AZURE.hcl_report[0x1c0..0x200];
    let old_report = &AZURE.hcl_report[0x160..0x180];
    let report = with(&AZURE.hcl_report, old_chip, &random.chip);
    let report = with(&report, old_report, &random.report);
    let claims: serde_json::Value = serde_json::from_slice(&AZURE.claims()).unwrap();
    let guid = claims["vm-configuration"]["vmUniqueId"].as_str().unwrap();
    let report = with(&report, guid.as_bytes(), dashed(&random.guid).to_ascii_uppercase().as_bytes());
    let vek = with(&AZURE.vek, old_chip, &random.chip);
    let ak = with(&AZURE.ak_certificate, b"0123456789ab", &hex(&random.digits).as_bytes()[..12]);
    let ak = with(&ak, &[0x64; 16], &random.serial);
    let host = format!("HST{}", &hex(&random.digits[6..]).to_ascii_uppercase()[..12]);
    let ak = with(&ak, HOST.as_bytes(), host.as_bytes());
    let certificates = [(InputKind::Certificate, &vek[..]), (InputKind::Certificate, &ak)];
    let files = [&[(InputKind::HclReport, &report[..])], &certificates[..]].concat();
    let ids = azure_ids(&bundle(&files));
    let (log, places) = scattered(&ids, random, usize::MAX);
    (bundle(&[&files[..], &[(InputKind::EventLog, &log)]].concat()), places)
}

/// The same cases in every run.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(13);
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(48))]

    /// An Azure machine's identifiers are found in no encoding, and each is replaced by the same one
    /// wherever it stands and however it is spelled.
    #[test]
    fn no_identifier_of_an_azure_machine_is_left(random in random()) {
        let (before, places) = azure_bundle(&random);
        let ids = azure_ids(&before);
        let decoded: Vec<_> = before.parts().iter().flat_map(|part| decoded(part.bytes())).collect();
        prop_assert!(ids.iter().all(|id| holds(&decoded, id)), "an identifier was never there");
        let after = before.redact(SALT, &TABLE).unwrap();
        assert_none_left(&after, &ids);
        assert_sound(&before, &after);
        let new = azure_ids(&after);
        let log = after.parts().iter().find(|part| part.kind() == InputKind::EventLog).unwrap().bytes();
        for (place, (id, how, upper)) in places.iter().zip(&random.planted) {
            let expected = spell(&new[id % new.len()], *how, *upper);
            let found = &log[*place..*place + expected.len()];
            // Which base64 it was does not show where no character tells,
            // nor the case of digits without a letter.
            let either = |bytes: &[u8]| {
                let text = String::from_utf8_lossy(bytes).replace('+', "-").replace('/', "_");
                let is_hex = matches!(how, Spelled::Colons | Spelled::HexOfText | Spelled::Grouped { .. });
                if is_hex { text.to_ascii_lowercase() } else { text }
            };
            prop_assert_eq!(either(found), either(&expected), "{:?}", how);
        }
    }

    /// The same for an enclave, whose user data the enclave writes.
    #[test]
    fn no_identifier_of_an_enclave_is_left(random in random()) {
        let (instance, enclave) = (&hex(&random.chip)[..17], &random.chip[16..24]);
        let document = with(&NITRO, b"0123456789abcdef0", instance.as_bytes());
        let document = with(&document, b"0123456789abcdef", hex(enclave).as_bytes());
        let enclave = [&[enclave[0] & 0x3f | 0x40], &enclave[1..]].concat();
        let document = with(&document, &[0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef], &enclave);
        let zone = hex(&random.guid[..8]);
        let document = with(&document, b"edbf01d65003f42f", zone.as_bytes());
        let texts = [instance.to_owned(), hex(&random.chip[16..24]), zone].map(Id::Text);
        let ids = [&texts[..], &serial_and_pcr(&document)].concat();
        let (mut data, _) = scattered(&ids, &random, 1000);
        data.resize(1000, 0x55);
        let document = with(&document, &[0x55; 1000], &data);
        let before = bundle(&[(InputKind::NitroDocument, &document)]);
        let after = before.redact(SALT, &TABLE).unwrap();
        assert_none_left(&after, &ids);
        assert_sound(&before, &after);
    }

    /// Identifiers of few bytes, of few different bytes, and of constant bytes: what is made can be
    /// read back, or the bundle is refused.
    #[test]
    fn whatever_is_redacted_can_be_read_back(
        id in prop_oneof![0..24_u8, any::<u8>()], other in 0..24_u8, different in prop_oneof![Just(0), 0..16_usize],
    ) {
        let mut qe = [id; 16];
        qe[..different].fill(other);
        let quote = td_quote(&qe, &qe);
        let log = [&[0xee][..], &[id; 64], &qe, &[0; 40]].concat();
        let values: Vec<u8> = (0..24_u8).flat_map(|index| [&[index][..], &[id; 32]].concat()).collect();
        let files = [
            (InputKind::HclReport, &TDX.hcl_report[..]),
            (InputKind::TdQuote, &quote),
            (InputKind::PcrValues, &values),
            (InputKind::EventLog, &log),
        ];
        let before = bundle(&files);
        if let Ok(after) = before.redact(SALT, &TABLE) {
            assert_sound(&before, &after);
        }
    }
}

pub(crate) static TDX: LazyLock<azure::Evidence> = LazyLock::new(|| Vm::tdx().evidence().unwrap());

/// The serial number of a document's leaf, and its PCR4.
fn serial_and_pcr(document: &[u8]) -> [Id; 2] {
    use teeproof_wire::{cose::Sign1, nitro::Document, nitro::Limits};
    let envelope = Sign1::parse(document).unwrap();
    let limits = Limits::of_fields(16384);
    let parsed = Document::parse(envelope.payload(), envelope.payload_offset(), &limits).unwrap();
    let serial = Certificate::parse(parsed.certificate).unwrap().serial();
    [serial, parsed.pcrs.get(4).unwrap()].map(|bytes| Id::Bytes(bytes.to_vec()))
}
