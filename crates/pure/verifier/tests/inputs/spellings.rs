//! Text encodings of a document that users pass around: all decoded to the same bytes.

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding as _};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use teeproof_evidence::{DocumentMember, InputClass, InputError, InputKind, NitroForm, sniff};
use teeproof_mint::nitro::Enclave;
use teeproof_wire::{DescribedField, Visitor};

use crate::support::{SNP, TDX, testdata};

fn document() -> Vec<u8> {
    testdata("nitro/production-us-east-2-2024-12.cose")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Text in lines of this many characters.
fn wrapped(text: &str, width: usize, end: &str) -> String {
    text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line) + end).collect()
}

#[track_caller]
fn reads(text: impl AsRef<[u8]>, kind: InputKind, bytes: &[u8]) {
    let sniffed = sniff(text.as_ref(), None).unwrap();
    assert_eq!(sniffed.kind, kind);
    assert_eq!(sniffed.parts.len(), 1);
    assert_eq!(sniffed.parts[0].bytes(), bytes);
    // What is said of the file changes nothing where it is true.
    let said = if sniffed.encoding == teeproof_evidence::Encoding::Json { None } else { Some(kind) };
    assert_eq!(sniff(text.as_ref(), said).unwrap().parts, sniffed.parts);
}

#[test]
fn a_nitro_document_in_the_spellings_of_services() {
    let document = document();
    let base64 = Base64::encode_string(&document);
    let spellings = [
        base64.clone(),
        wrapped(&base64, 76, "\n"),
        wrapped(&base64, 64, "\r\n"),
        Base64Url::encode_string(&document),
        Base64UrlUnpadded::encode_string(&document),
        Base64Unpadded::encode_string(&document),
        Base64::encode_string(base64.as_bytes()),
        hex(&document),
        hex(&document).to_ascii_uppercase() + "\n",
        format!("0x{}", hex(&document)),
        format!("0X{}", hex(&document).to_ascii_uppercase()),
        json!(base64).to_string(),
        json!(document).to_string(),
        format!("-----BEGIN ATTESTATION-----\n{}-----END ATTESTATION-----\n", wrapped(&base64, 64, "\n")),
        json!({"type": "Buffer", "data": document}).to_string(),
        json!({"Platform": "nitro", "PlAttests": [base64]}).to_string(),
        json!({"TeePublicKey": {"public_key": "00", "attestation_document": base64}}).to_string(),
        json!({"document": {"type": "Buffer", "data": document}}).to_string(),
        format!("\u{feff}{}", json!({"document": base64, "name": "naïve"})),
    ];
    for text in spellings {
        reads(text, InputKind::NitroDocument, &document);
    }
    for member in DocumentMember::ALL.iter().filter(|member| **member != DocumentMember::Data) {
        for value in [json!(base64), json!(hex(&document)), json!(document), json!([base64])] {
            reads(json!({ member.as_str(): value }).to_string(), InputKind::NitroDocument, &document);
        }
    }
    let tpm = Enclave::nitrotpm().mint().unwrap().document;
    reads(json!({"document": hex(&tpm)}).to_string(), InputKind::NitroTpmDocument, &tpm);
}

#[test]
fn an_answer_with_several_documents_names_their_members() {
    let base64 = Base64::encode_string(&document());
    let text = json!({"document": base64, "inner": {"attestation_doc": base64}, "attestation": "none"});
    let error = sniff(text.to_string().as_bytes(), None).unwrap_err();
    assert!(matches!(error, InputError::SeveralDocuments(_)), "{error}");
    for said in [error.to_string(), error.hint().into_owned()] {
        assert!(said.contains("`document`") && said.contains("`attestation_doc`"), "{said}");
        assert!(!said.contains("`attestation`"), "{said}");
    }
    let twice = format!("{{\"document\":{base64:?},\"document\":{base64:?}}}");
    assert!(matches!(sniff(twice.as_bytes(), None), Err(InputError::SeveralDocuments(_))));
    for value in [json!("none"), json!([1, 2]), json!(""), json!([]), json!(Base64::encode_string(&SNP.vek))]
    {
        let text = json!({"document": value}).to_string();
        let error = sniff(text.as_bytes(), None).unwrap_err();
        assert!(matches!(error, InputError::NoDocument(_)) && error.to_string().contains("`document`"));
    }
}

#[test]
fn what_was_done_to_a_document_is_named() {
    let document = document();
    let mangled = String::from_utf8_lossy(&document).into_owned().into_bytes();
    let payload = &document[10..document.len() - 98];
    assert!(payload[1..].starts_with(b"\x69module_id"));
    let end = document.len();
    for (bytes, form, hint) in [
        ([&[0xd2], &document[..]].concat(), NitroForm::Tagged, "CBOR tag"),
        ([&document[..], b"\n"].concat(), NitroForm::LineBreak { end }, "line break"),
        ([&document[..], b"\r\n \n"].concat(), NitroForm::LineBreak { end }, "line break"),
        ([&document[..], &[0; 40]].concat(), NitroForm::Trailing { end }, "buffer"),
        (document[..4000].to_vec(), NitroForm::Truncated { bytes: 4000 }, "cut"),
        (document[..end - 1].to_vec(), NitroForm::Truncated { bytes: end - 1 }, "cut"),
        (payload.to_vec(), NitroForm::PayloadOnly, "COSE_Sign1"),
    ] {
        for text in [bytes.clone(), Base64::encode_string(&bytes).into_bytes(), hex(&bytes).into_bytes()] {
            let error = sniff(&text, None).unwrap_err();
            assert_eq!(error, InputError::NitroForm(form));
            assert!(
                error.class() == InputClass::Malformed && error.hint().contains(hint),
                "{error}: {}",
                error.hint()
            );
        }
    }
    let error = sniff(&mangled, None).unwrap_err();
    assert_eq!(error, InputError::Mangled);
    assert!(error.hint().contains("UTF-8") && error.class() == InputClass::Malformed);
}

#[test]
fn what_is_no_encoding_is_said() {
    for (text, error) in [
        ("\"AAEC", InputError::Json { line: 1, column: 5 }),
        ("[1, 2, 256]", InputError::Integers { line: 1, column: 10 }),
        ("[1, \"a\"]", InputError::Integers { line: 1, column: 7 }),
        ("[1, 2", InputError::Json { line: 1, column: 5 }),
        ("[]", InputError::EmptyList),
        ("\"\"", InputError::Empty),
        ("tdx_quote_base64: |-\n  AAEC\n", InputError::Yaml),
        ("---\nname: x\n", InputError::Text),
        ("no: such thing, he said", InputError::Text),
        ("hello there", InputError::Text),
        ("0x", InputError::Empty),
        ("0xabc", InputError::Text),
    ] {
        assert_eq!(sniff(text.as_bytes(), None), Err(error), "{text}");
        assert!(!error.hint().is_empty() && error.class() == InputClass::Malformed);
    }
    for utf16 in [u16::to_le_bytes, u16::to_be_bytes] {
        let text = format!("\u{feff}{}", hex(&document()));
        let bytes: Vec<u8> = text.encode_utf16().flat_map(utf16).collect();
        assert_eq!(sniff(&bytes, None), Err(InputError::Utf16));
    }
    assert!(InputError::Yaml.hint().contains("yq -o json"));
    let five = (0..5).fold(document(), |bytes, _| Base64::encode_string(&bytes).into_bytes());
    assert_eq!(sniff(&five, None), Err(InputError::TooDeep));
    for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
        let text = format!("-----BEGIN {label}-----\nAAEC\n-----END {label}-----\n");
        assert_eq!(sniff(text.as_bytes(), None), Err(InputError::PrivateKey));
    }
}

/// One thing that is done to bytes before they are passed on.
#[derive(Clone, Debug)]
enum Layer {
    Base64 {
        url: bool,
        padded: bool,
        width: usize,
        crlf: bool,
    },
    Hex {
        prefix: bool,
        upper: bool,
        width: usize,
    },
    Integers,
    Pem(&'static str),
    /// A JSON string; of text alone.
    Quoted,
}

impl Layer {
    fn around(&self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Base64 { url, padded, width, crlf } => {
                let text = match (url, padded) {
                    (false, true) => Base64::encode_string(bytes),
                    (false, false) => Base64Unpadded::encode_string(bytes),
                    (true, true) => Base64Url::encode_string(bytes),
                    (true, false) => Base64UrlUnpadded::encode_string(bytes),
                };
                wrapped(&text, *width, if *crlf { "\r\n" } else { "\n" })
            }
            Self::Hex { prefix, upper, width } => {
                let digits = hex(bytes);
                let digits = if *upper { digits.to_ascii_uppercase() } else { digits };
                let text = wrapped(&digits, *width, "\n");
                if *prefix { format!("0x{text}") } else { text }
            }
            Self::Integers => serde_json::to_string(bytes).unwrap(),
            Self::Pem(label) => {
                let body = wrapped(&Base64::encode_string(bytes), 64, "\n");
                format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
            }
            Self::Quoted => Value::from(String::from_utf8_lossy(bytes).into_owned()).to_string(),
        }
        .into_bytes()
    }
}

fn layer() -> impl Strategy<Value = Layer> {
    let width = || select(vec![60_usize, 64, 76, 1 << 20]);
    prop_oneof![
        3 => (any::<bool>(), any::<bool>(), width(), any::<bool>())
            .prop_map(|(url, padded, width, crlf)| Layer::Base64 { url, padded, width, crlf }),
        3 => (any::<bool>(), any::<bool>(), width())
            .prop_map(|(prefix, upper, width)| Layer::Hex { prefix, upper, width }),
        1 => Just(Layer::Integers),
        1 => select(vec!["ATTESTATION", "NITRO ATTESTATION DOCUMENT", "DATA"]).prop_map(Layer::Pem),
        2 => Just(Layer::Quoted),
    ]
}

/// Up to four, the first of which makes text of bytes.
fn layers() -> impl Strategy<Value = Vec<Layer>> {
    prop::collection::vec(layer(), 1..=4).prop_filter("text around bytes, within bounds", |layers| {
        let numbers = layers.iter().filter(|layer| matches!(layer, Layer::Integers)).count();
        !matches!(layers[0], Layer::Quoted) && numbers <= 1
    })
}

/// Something of each kind that has one part.
fn documents() -> Vec<(InputKind, Vec<u8>)> {
    vec![
        (InputKind::NitroDocument, document()),
        (InputKind::NitroDocument, Enclave::new().nonce(b"a nonce").mint().unwrap().document),
        (InputKind::NitroTpmDocument, Enclave::nitrotpm().mint().unwrap().document),
        (InputKind::SnpReport, testdata("snp/milan-report.bin")),
        (InputKind::HclReport, SNP.hcl_report.clone()),
        (InputKind::TdReport, TDX.hcl_report[0x20..0x420].to_vec()),
        (InputKind::TpmQuote, SNP.quote_message.clone()),
        (InputKind::TpmSignature, SNP.quote_signature.clone()),
        (InputKind::EventLog, SNP.event_log.clone().unwrap()),
        (InputKind::Certificate, SNP.vek.clone()),
    ]
}

/// A visitor that looks at nothing.
struct Blind;

impl Visitor for Blind {
    fn open(&mut self, _: &str) {}
    fn field(&mut self, shown: DescribedField<'_>) {
        let _ = (shown.value.to_string(), shown.note.map(ToString::to_string));
    }
    fn close(&mut self) {}
}

/// What is recognised can be described, and every error has a text and a hint.
fn is_answered(bytes: &[u8], kind: Option<InputKind>) {
    match sniff(bytes, kind) {
        Ok(sniffed) => drop(teeproof::inspect(&sniffed, &mut Blind)),
        Err(error) => assert!(!error.to_string().is_empty() && !error.hint().is_empty()),
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,40}".prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..80)
            .prop_map(|bytes| Value::from(Base64::encode_string(&bytes))),
        prop::collection::vec(any::<u8>(), 0..80).prop_map(Value::from),
    ];
    let names = select(vec![
        "document",
        "attestation",
        "PlAttests",
        "data",
        "type",
        "version",
        "quote",
        "report",
        "vcek",
        "tpm_quote",
        "hcl_report",
        "td_quote",
        "platform",
        "evidence",
        "runtimeData",
        "attestation_report",
        "cert_chain",
        "cc_eventlog",
        "AttestationInfo",
        "AttestationProtocolVersion",
        "TpmInfo",
        "IsolationInfo",
        "schema",
        "vcekCert",
        "tpm_attestation",
        "message",
        "signature",
        "pcrs",
        "extra",
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Any document in any spelling, encodings around encodings, is read back to the same bytes.
    #[test]
    fn a_document_is_read_back_from_every_spelling(which in 0..10_usize, layers in layers()) {
        let (kind, bytes) = &documents()[which];
        let text = layers.iter().fold(bytes.clone(), |bytes, layer| layer.around(&bytes));
        for said in [None, Some(*kind)] {
            let sniffed = sniff(&text, said).unwrap();
            prop_assert_eq!(sniffed.kind, *kind);
            prop_assert_eq!(sniffed.parts[0].bytes(), bytes);
        }
    }

    /// As a member of an answer, too, however deep its objects.
    #[test]
    fn a_document_is_read_back_from_an_answer(
        nested in 0..4_usize,
        member in select(DocumentMember::ALL),
        layers in prop::collection::vec(layer(), 1..=2),
        list in any::<bool>(),
    ) {
        prop_assume!(!matches!(layers[0], Layer::Quoted) && member != DocumentMember::Data);
        let bytes = document();
        let inner = layers.iter().fold(bytes.clone(), |bytes, layer| layer.around(&bytes));
        let inner = String::from_utf8(inner).unwrap();
        let value = if list { json!([inner]) } else { json!(inner) };
        let answer = json!({ member.as_str(): value, "status": 200, "other": [{"document": 1}] });
        let answer = (0..nested).fold(answer, |inner, _| json!({"result": inner, "ok": true}));
        let sniffed = sniff(answer.to_string().as_bytes(), None).unwrap();
        prop_assert_eq!(sniffed.kind, InputKind::NitroDocument);
        prop_assert_eq!(sniffed.parts[0].bytes(), &bytes);
    }

    #[test]
    fn bytes_of_any_kind_are_answered(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        kind in prop::option::of(select(InputKind::NAMED)),
    ) {
        is_answered(&bytes, kind);
    }

    #[test]
    fn text_of_any_kind_is_answered(text in "[ -~\n]{0,200}", kind in prop::option::of(select(InputKind::NAMED))) {
        is_answered(text.as_bytes(), kind);
    }

    #[test]
    fn json_of_any_kind_is_answered(value in value(), kind in prop::option::of(select(InputKind::NAMED))) {
        is_answered(value.to_string().as_bytes(), kind);
    }

    /// A document with anything behind its first bytes.
    #[test]
    fn damaged_documents_are_answered(which in 0..10_usize, at in 0..4000_usize, byte in any::<u8>(), cut in 0..4000_usize) {
        let (_, mut bytes) = documents().swap_remove(which);
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        is_answered(&bytes, None);
        is_answered(&bytes[..cut.min(bytes.len())], None);
    }
}
