//! Redaction: nothing of an identifier is left, everything still parses, and the bundle says what
//! it can no longer prove.

use base64ct::{Base64, Encoding as _};
use teeproof::{Evidence, find_check};
use teeproof_aws_lc::TABLE;
use teeproof_core::{Hex, Technology};
use teeproof_evidence::bundle::{Bundle, BundleError, Identifier, Redacted};
use teeproof_evidence::{InputKind, Inputs, sniff};
use teeproof_mint::azure::Vm;
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Hwid, Machine, Product};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::HclReport;

use crate::quotes::{ids, pck, pem, with_data};
use crate::support::{SNP, azure, bundle, small, stands_in, testdata};

const SALT: &[u8] = b"sixteen random bytes, say";

/// The redacted evidence of a file.
fn redacted(bundle: &Bundle) -> (Technology, Vec<&'static str>) {
    let mut inputs = Inputs::new();
    let sniffed = inputs.add(&bundle.to_cbor(), None).unwrap();
    assert_eq!(sniffed.note, Some("redacted"));
    match Evidence::from_inputs(&inputs).unwrap() {
        Evidence::Redacted(redacted @ Redacted { technology, .. }) => {
            let lost: Vec<_> = redacted.lost().map(|(id, _)| id).collect();
            for id in &lost {
                assert!(find_check(id).is_some(), "{id}");
            }
            (technology, lost)
        }
        other => panic!("{other:?}"),
    }
}

/// None of these stands anywhere in either form, nor in any part.
fn assert_gone(bundle: &Bundle, ids: &[Vec<u8>]) {
    let mut files = vec![bundle.to_cbor(), bundle.to_json().into_bytes()];
    files.extend(bundle.parts().iter().map(|part| part.bytes().to_vec()));
    for id in ids {
        let lower = Hex(id).to_string();
        for needle in [id.clone(), lower.to_uppercase().into_bytes(), lower.into_bytes()] {
            assert!(files.iter().all(|file| !stands_in(&needle, file)), "{}", Hex(id));
        }
    }
}

#[test]
fn an_azure_machine() {
    let bundle = azure(&SNP);
    let report = HclReport::parse(&SNP.hcl_report).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(report.claims()).unwrap();
    let vm_id = claims["vm-configuration"]["vmUniqueId"].as_str().unwrap();
    let chip_id = SNP.hcl_report[0x20 + 0x1a0..0x20 + 0x1e0].to_vec();
    let report_id = SNP.hcl_report[0x20 + 0x140..0x20 + 0x160].to_vec();
    let name = Certificate::parse(&SNP.ak_certificate).unwrap().subject();
    let ak_id = name.common_name().unwrap().split_once('.').unwrap().0;
    assert_eq!((chip_id.iter().all(|byte| *byte == 0), ak_id.len()), (false, 12));

    let clean = bundle.redact(SALT, &TABLE).unwrap();
    let ids = [
        chip_id,
        report_id,
        vm_id.as_bytes().to_vec(),
        vm_id.to_lowercase().into_bytes(),
        ak_id.as_bytes().to_vec(),
    ];
    for id in &ids[..3] {
        assert!(bundle.parts().iter().any(|part| stands_in(id, part.bytes())), "{}", Hex(id));
    }
    assert_gone(&clean, &ids);
    assert_eq!(
        redacted(&clean),
        (
            Technology::AzureSnp,
            vec!["log.replay", "snp.signature", "snp.vek.chip", "hcl.binding", "snp.chain", "ak.chain"]
        )
    );
    for what in [Identifier::ChipId, Identifier::ReportId, Identifier::VmId, Identifier::AkId] {
        assert!(clean.redactions().iter().any(|redaction| redaction.what == what), "{what:?}");
    }
    shape_is_kept(&bundle, &clean);
    // A guess cannot be tested without the salt, and the same salt gives the same.
    assert!(!stands_in(SALT, &clean.to_cbor()));
    assert_eq!(bundle.redact(SALT, &TABLE), Ok(clean.clone()));
    assert_ne!(bundle.redact(b"another sixteen bytes", &TABLE).unwrap().parts(), clean.parts());
}

/// Outside of the places nothing changed; the report, the claims and the certificates are read.
fn shape_is_kept(bundle: &Bundle, clean: &Bundle) {
    for ((name, before), (_, after)) in bundle.named().zip(clean.named()) {
        assert_eq!(before.bytes().len(), after.bytes().len());
        let places: Vec<_> = clean.redactions().iter().filter(|redaction| redaction.part == name).collect();
        for (at, (before, after)) in before.bytes().iter().zip(after.bytes()).enumerate() {
            let inside = places.iter().any(|place| (place.offset..place.offset + place.length).contains(&at));
            assert!(inside || before == after, "{name} at {at}");
        }
        if name.kind == InputKind::HclReport {
            let claims = HclReport::parse(after.bytes()).unwrap().claims();
            let claims: serde_json::Value = serde_json::from_slice(claims).unwrap();
            let id = claims["vm-configuration"]["vmUniqueId"].as_str().unwrap();
            assert_eq!(id.len(), 36);
            assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
            assert_eq!(id.to_uppercase(), id, "the case is kept");
        }
    }
    let read = Bundle::parse(&clean.to_cbor()).unwrap();
    assert_eq!(read, *clean);
    assert_eq!(Bundle::parse(clean.to_json().as_bytes()).unwrap(), *clean);
}

/// Where the same id stands elsewhere, it is the same replacement.
#[test]
fn an_id_is_replaced_wherever_it_stands() {
    let report = HclReport::parse(&SNP.hcl_report).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(report.claims()).unwrap();
    let vm_id = claims["vm-configuration"]["vmUniqueId"].as_str().unwrap();
    let digits: String = vm_id.chars().filter(|c| *c != '-').collect();
    let raw = teeproof_evidence::bytes::hex(&digits).unwrap();
    let mut guid = raw.clone();
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    let wide: Vec<u8> = vm_id.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let forms = [
        vm_id.to_lowercase().into_bytes(),
        vm_id.to_uppercase().into_bytes(),
        digits.to_lowercase().into_bytes(),
        raw,
        guid,
        wide,
        SNP.hcl_report[0x1c0..0x200].to_vec(),
    ];
    let log = [&[0; 40][..], &forms.join(&b"----"[..])].concat();
    let bundle = bundle(&[(InputKind::HclReport, &SNP.hcl_report), (InputKind::EventLog, &log)]);
    let clean = bundle.redact(SALT, &TABLE).unwrap();
    assert_gone(&clean, &forms);
    let places =
        clean.redactions().iter().filter(|redaction| redaction.part.kind == InputKind::EventLog).count();
    assert_eq!(places, forms.len());
    let of_log = clean.redactions().iter().find(|redaction| redaction.part.kind == InputKind::EventLog);
    assert_eq!(of_log.unwrap().lost(Technology::AzureSnp), ["log.replay"]);
    let after = clean.parts().iter().find(|part| part.kind() == InputKind::EventLog).unwrap().bytes();
    assert_eq!(after[40..76].to_ascii_uppercase(), after[80..116]);
}

#[test]
fn a_machine_without_a_paravisor() {
    for (product, form, bytes) in [
        (Product::Milan, Hwid::Long, 64),
        (Product::Genoa, Hwid::Wrapped, 64),
        (Product::Turin, Hwid::Short, 8),
    ] {
        let machine = Machine::vcek(product).with_report(|report| report.report_id = [0x5a; 32]).hwid(form);
        let minted = machine.mint().unwrap();
        let id = minted.report[0x1a0..0x1a0 + bytes].to_vec();
        let bundle = bundle(&[(InputKind::SnpReport, &minted.report), (InputKind::Certificate, &minted.vek)]);
        assert_eq!(bundle.parts().iter().filter(|part| stands_in(&id, part.bytes())).count(), 2);
        let clean = bundle.redact(SALT, &TABLE).unwrap();
        assert_gone(&clean, &[id, vec![0x5a; 32]]);
        let lost = redacted(&clean);
        assert_eq!(lost.0, Technology::Snp);
        assert_eq!(lost.1.len(), 3, "{lost:?}");
        let report = clean.parts().iter().find(|part| part.kind() == InputKind::SnpReport).unwrap().bytes();
        assert_eq!(report[0x1a0 + bytes..0x1e0], minted.report[0x1a0 + bytes..0x1e0]);
    }
}

#[test]
fn an_enclave() {
    let minted = Enclave::new().mint().unwrap().document;
    let real = testdata("nitro/production-us-east-2-2024-12.cose");
    for document in [minted, real] {
        let bundle = bundle(&[(InputKind::NitroDocument, &document)]);
        let at = document.windows(2).position(|window| window == b"i-").unwrap();
        let module = document[at..]
            .iter()
            .position(|byte| !matches!(byte, b'i' | b'-' | b'n' | b'c' | b'e' | b'0'..=b'9' | b'a'..=b'f'));
        let module = &document[at..at + module.unwrap().min(39)];
        assert_eq!(module.len(), 39, "{}", String::from_utf8_lossy(module));
        let clean = bundle.redact(SALT, &TABLE).unwrap();
        assert_gone(&clean, &[module[2..19].to_vec(), module[23..39].to_vec()]);
        assert_eq!(redacted(&clean), (Technology::Nitro, vec!["nitro.chain", "nitro.signature"]));
        shape_is_kept(&bundle, &clean);
        // The module id, and the subject of the leaf.
        let places = clean.redactions().iter().filter(|place| place.what == Identifier::InstanceId).count();
        assert!(places >= 2, "{places}");
    }
}

/// The instance is replaced; the zeros behind `-tpm` name nothing, and PCR4 is of the boot loader.
#[test]
fn an_instance_with_nitrotpm() {
    let document = Enclave::nitrotpm().pcr(4, &[0x44; 48]).mint().unwrap().document;
    let bundle = bundle(&[(InputKind::NitroTpmDocument, &document)]);
    let clean = bundle.redact(SALT, &TABLE).unwrap();
    assert_gone(&clean, &[b"0123456789abcdef0".to_vec()]);
    assert_eq!(redacted(&clean), (Technology::NitroTpm, vec!["nitro-tpm.chain", "nitro-tpm.signature"]));
    shape_is_kept(&bundle, &clean);
    let left = clean.parts()[0].bytes();
    assert!(stands_in(b"-tpm0000000000000000", left) && stands_in(&[0x44; 48], left));
    assert!(clean.redactions().iter().all(|place| place.what != Identifier::EnclaveId));
}

/// A TD quote tells its platform in its header and in the PCK certificate, which is PEM.
#[test]
fn a_td_quote() {
    let der = pck(&ids(b"PPID of platform", b"instance of plat"));
    let pem = format!("{}\0", pem(&der));
    let quote = with_data(b"id of the QE 16b", 5, pem.as_bytes());
    let body = Base64::encode_string(&der);
    let mut vm = Vm::tdx();
    vm.td_quote = Some(quote.clone());
    let evidence = vm.evidence().unwrap();
    let bundle = bundle(&[(InputKind::HclReport, &evidence.hcl_report), (InputKind::TdQuote, &quote)]);
    let clean = bundle.redact(SALT, &TABLE).unwrap();
    let gone = [&b"PPID of platform"[..], b"instance of plat", b"id of the QE 16b", body.as_bytes()];
    assert_gone(&clean, &gone.map(<[u8]>::to_vec));
    let after = clean.parts().iter().find(|part| part.kind() == InputKind::TdQuote).unwrap().bytes();
    let text = String::from_utf8_lossy(&after[PEM..]).into_owned();
    let text: String =
        text.lines().filter(|line| !line.starts_with('-') && !line.starts_with('\0')).collect();
    let after = Base64::decode_vec(&text).unwrap();
    assert_eq!(after.len(), der.len());
    assert!(Certificate::parse(&after).is_ok() && !stands_in(b"PPID of platform", &after));
    shape_is_kept_in_quote(&bundle, &clean);
    assert_eq!(redacted(&clean).0, Technology::AzureTdx);
    // The QE id in the signed header, the platform in its certificate.
    assert!(["tdx.signature", "tdx.chain"].iter().all(|id| redacted(&clean).1.contains(id)));

    // Without a certificate nobody knows what it tells.
    let bare = [
        (InputKind::HclReport, &evidence.hcl_report[..]),
        (InputKind::TdQuote, &with_data(b"id of the QE 16b", 5, b"\0")),
    ];
    assert!(matches!(
        crate::support::bundle(&bare).redact(SALT, &TABLE),
        Err(BundleError::Unreadable { .. })
    ));
}

/// Where the certificates of such a quote begin.
const PEM: usize = 48 + 584 + 4 + 64 + 64 + 6 + 384 + 64 + 2 + 6;

fn shape_is_kept_in_quote(bundle: &Bundle, clean: &Bundle) {
    let of = |bundle: &Bundle| {
        bundle.parts().iter().find(|part| part.kind() == InputKind::TdQuote).unwrap().bytes().to_vec()
    };
    let (before, after) = (of(bundle), of(clean));
    assert_eq!(before.len(), after.len());
    assert_eq!((&before[..28], &before[44..PEM + 30]), (&after[..28], &after[44..PEM + 30]));
    assert!(sniff(&after, None).is_ok());
}

#[test]
fn what_cannot_be_redacted_is_refused() {
    let bundle = azure(&SNP);
    assert_eq!(bundle.redact(&[1; 15], &TABLE), Err(BundleError::ShortSalt));
    let clean = bundle.redact(SALT, &TABLE).unwrap();
    assert_eq!(clean.redact(SALT, &TABLE), Err(BundleError::AlreadyRedacted));
    // A report that cannot be read may hold anything.
    assert!(matches!(small().redact(SALT, &TABLE), Err(BundleError::Unreadable { .. })));
    let quote = crate::support::bundle(&[(InputKind::TpmSignature, &[7; 256])]);
    assert_eq!(quote.redact(SALT, &TABLE), Err(BundleError::NothingToRedact));
    // Escapes in the claims hide an id from a search, not from whoever reads them.
    let at = SNP.hcl_report.windows(12).position(|window| window == b"\"vmUniqueId\"").unwrap() + 15;
    let escaped = format!("\\u{:04x}", SNP.hcl_report[at]);
    let end = 0x4d4 + usize::from(u16::from_le_bytes([SNP.hcl_report[0x4d0], SNP.hcl_report[0x4d1]]));
    let mut report = SNP.hcl_report.clone();
    report.splice(at..=at, escaped.bytes());
    report.truncate(report.len() - 5);
    for (field, value) in [(0x08, end + 5), (0x4c0, end + 5 - 0x4c0), (0x4d0, end + 5 - 0x4d4)] {
        report[field..field + 4].copy_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
    }
    let hidden = crate::support::bundle(&[(InputKind::HclReport, &report)]);
    let result = hidden.redact(SALT, &TABLE);
    assert!(matches!(result, Err(BundleError::Unreadable { .. })), "{:?}", result.map(|_| ()));
}

/// Places in a bundle that is added to other files keep pointing at the right certificates.
#[test]
fn places_move_with_their_parts() {
    let clean = azure(&SNP).redact(SALT, &TABLE).unwrap();
    let mut inputs = Inputs::new();
    inputs.add(&SNP.intermediate, None).unwrap();
    inputs.add(&clean.to_cbor(), None).unwrap();
    let moved = |bundle: &[teeproof_evidence::bundle::Redaction]| -> Vec<usize> {
        bundle
            .iter()
            .filter(|place| place.part.kind == InputKind::Certificate)
            .map(|place| place.part.number)
            .collect()
    };
    let before = moved(clean.redactions());
    assert!(!before.is_empty());
    assert_eq!(moved(inputs.redactions()), before.iter().map(|number| number + 1).collect::<Vec<_>>());
}
