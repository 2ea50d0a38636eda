//! The identifiers of each structure, one test each: replaced, and the structure still parses.

use base64ct::{Base64, Encoding as _};
use teeproof::find_check;
use teeproof_aws_lc::TABLE;
use teeproof_core::Technology;
use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::{Bundle, Identifier, PartName, Redaction};
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::azure::Vm;
use teeproof_mint::nitro::{Enclave, Identity};
use teeproof_mint::snp::Product;
use teeproof_mint::x509::Name;
use teeproof_wire::certificate::Certificate;

use crate::everywhere::{TDX, assert_sound, client_info};
use crate::quotes::td_quote;
use crate::support::{SNP, azure, bundle, stands_in, testdata};

const SALT: &[u8] = b"sixteen random bytes, say";

/// The serial number of an enclave's certificate has the enclave's id in it, as bytes.
#[test]
fn the_serial_number_of_an_enclaves_certificate() {
    let identity = Identity { enclave: 0x018d_1234_5678_9abc, ..Identity::default() };
    let document = Enclave::with_identity(&identity, DEFAULT_TIME).mint().unwrap().document;
    let id = identity.enclave.to_be_bytes();
    assert!(stands_in(&id, &document));
    let clean = bundle(&[(InputKind::NitroDocument, &document)]).redact(SALT, &TABLE).unwrap();
    assert!(!stands_in(&id, clean.parts()[0].bytes()), "the enclave's id is left in a serial number");
}

/// An instance and an enclave of one digit are not searched, and replaced wherever the document names
/// them: in the module id, in subjects, in issuers.
#[test]
fn an_enclave_of_constant_digits() {
    let instance = "i-11111111111111111".to_owned();
    let identity = Identity { instance, enclave: 0x2222_2222_2222_2222, ..Identity::default() };
    let document = Enclave::with_identity(&identity, DEFAULT_TIME).mint().unwrap().document;
    let before = bundle(&[(InputKind::NitroDocument, &document)]);
    let after = before.redact(SALT, &TABLE).unwrap();
    assert_sound(&before, &after);
    for id in [&b"11111111111111111"[..], b"2222222222222222", &[0x22; 8]] {
        assert!(stands_in(id, &document) && !stands_in(id, after.parts()[0].bytes()));
    }
    // In the module id, as subject of the instance and of the leaf, and as issuer of the leaf.
    let instances = after.redactions().iter().filter(|place| place.length == 17);
    assert_eq!(instances.filter(|place| place.what == Identifier::InstanceId).count(), 4);
}

/// The requester in an AK certificate is the physical host.
#[test]
fn the_host_in_an_ak_certificate() {
    let host = "ABC251061909001";
    let vm = Vm::snp(Product::Milan).nonce(b"challenge");
    let vm = vm.with_ak_chain(|chain| chain.leaf.certificate.extensions.push(client_info(host)));
    let evidence = vm.evidence().unwrap();
    assert!(stands_in(host.as_bytes(), &evidence.ak_certificate));
    let clean = azure(&evidence).redact(SALT, &TABLE).unwrap();
    let text = |part: &teeproof_evidence::Part| String::from_utf8_lossy(part.bytes()).to_ascii_uppercase();
    assert!(clean.parts().iter().all(|part| !text(part).contains(host)), "the host is left");
    assert!(clean.parts().iter().any(|part| text(part).contains("WORKGROUP\\")));
}

/// The serial number of an AK certificate stays one: positive, and of the same length.
#[test]
fn serial_numbers_stay_positive() {
    for serial in [&[0x01][..], &[0x7f], &[0x00, 0x80], &[0x00, 0xff, 0x12, 0x34, 0x56], &[0x64; 20]] {
        let vm = Vm::snp(Product::Milan).nonce(b"challenge");
        let vm = vm.with_ak_chain(|chain| chain.leaf.certificate.serial = serial.to_vec());
        let before = azure(&vm.evidence().unwrap());
        let after = before.redact(SALT, &TABLE).unwrap();
        let of = |bundle: &Bundle| {
            let ak = bundle.parts().iter().find(|part| stands_in(b".ConfidentialVM.", part.bytes())).unwrap();
            Certificate::parse(ak.bytes()).unwrap().serial().to_vec()
        };
        assert_eq!((of(&before) == serial, of(&after).len()), (true, serial.len()));
        assert_ne!(of(&after), serial);
        assert_sound(&before, &after);
    }
}

/// A name of one letter is replaced where it stands, and not wherever there is such a letter.
#[test]
fn a_name_of_one_letter() {
    for name in ["a", "7", "g", "Z"] {
        let log = [&[0xee][..], &vec![name.as_bytes()[0]; 64 * 1024]].concat();
        let vm = Vm::snp(Product::Milan).nonce(b"challenge");
        let subject = format!("{name}.ConfidentialVM.Azure.windows.net");
        let vm = vm.with_ak_chain(|chain| chain.leaf.certificate.subject = Name::common(&subject));
        let evidence = vm.evidence().unwrap();
        let files = [
            (InputKind::HclReport, &evidence.hcl_report[..]),
            (InputKind::Certificate, &evidence.ak_certificate),
            (InputKind::EventLog, &log),
        ];
        let before = bundle(&files);
        let after = before.redact(SALT, &TABLE).unwrap();
        assert_sound(&before, &after);
        assert!(after.parts().iter().any(|part| part.bytes() == log), "{name}");
        assert!(after.parts().iter().all(|part| !stands_in(subject.as_bytes(), part.bytes())), "{name}");
    }
}

/// Where identifying fields are constant bytes, what else is of these bytes stays what it is.
#[test]
fn a_td_quote_of_constant_bytes() {
    for byte in 1..=u8::MAX {
        let values: Vec<u8> =
            (0..24_u8).flat_map(|index| [[index].as_slice(), &[byte; 32]].concat()).collect();
        let quote = td_quote(&[byte; 16], &[byte; 16]);
        let evidence = &*TDX;
        let files = [
            (InputKind::HclReport, &evidence.hcl_report[..]),
            (InputKind::TdQuote, &quote),
            (InputKind::PcrValues, &values),
        ];
        let before = bundle(&files);
        let after = before.redact(SALT, &TABLE).unwrap();
        assert_sound(&before, &after);
        let after = after.parts().iter().find(|part| part.kind() == InputKind::TdQuote).unwrap().bytes();
        assert!(byte == 0xff || after[28..44] != [byte; 16], "{byte}");
    }
}

/// A certificate in base64url in JSON stays base64url: which alphabet it is shows around the place.
#[test]
fn the_alphabet_of_base64_is_kept() {
    let chip = &SNP.hcl_report[0x1c0..0x200];
    for (alphabet, frame) in [("-_", "url"), ("+/", "standard")] {
        let before = (0..=u8::MAX).map(|byte| byte.wrapping_mul(167));
        let all: Vec<u8> = before.chain(chip.iter().copied()).chain([0xfb, 0xef, 0xbe, 0xff]).collect();
        let text = match frame {
            "url" => base64ct::Base64UrlUnpadded::encode_string(&all),
            _ => Base64::encode_string(&all),
        };
        let log = [b"\xee{\"n\":\"", text.as_bytes(), b"\"}"].concat();
        let clean = bundle(&[(InputKind::HclReport, &SNP.hcl_report), (InputKind::EventLog, &log)]);
        let clean = clean.redact(SALT, &TABLE).unwrap();
        let log = clean.parts().iter().find(|part| part.kind() == InputKind::EventLog).unwrap().bytes();
        let others = if frame == "url" { b"+/" } else { b"-_" };
        assert!(!log.iter().any(|byte| others.contains(byte)), "{alphabet}");
        let text = std::str::from_utf8(&log[7..log.len() - 2]).unwrap();
        let decoded = teeproof_evidence::bytes::base64(text).unwrap();
        assert_eq!((&decoded[..256], &decoded[320..]), (&all[..256], &all[320..]));
        assert_ne!(decoded[256..320], *chip);
    }
}

/// docs/bundle.md has a row for each identifier, in their order, and no other.
#[test]
fn the_documented_identifiers() {
    let page = String::from_utf8(testdata("../docs/bundle.md")).unwrap();
    let table = page.split("| `what` |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows: Vec<_> = table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect();
    let all: Vec<_> = Identifier::ALL.iter().map(|what| what.as_str()).collect();
    assert_eq!(rows, all);
}

/// Whatever is replaced in whatever part, the checks that it costs are known ones.
#[test]
fn every_replaced_place_names_checks_that_there_are() {
    let kinds = [
        InputKind::SnpReport,
        InputKind::HclReport,
        InputKind::TdQuote,
        InputKind::TpmQuote,
        InputKind::TpmSignature,
        InputKind::PcrValues,
        InputKind::PcrConcatenation,
        InputKind::EventLog,
        InputKind::CcEventLog,
        InputKind::TcbInfo,
        InputKind::QeIdentity,
        InputKind::NitroDocument,
        InputKind::Certificate,
        InputKind::RevocationList,
    ];
    let mut costly = 0;
    for (kind, what) in kinds.iter().flat_map(|kind| Identifier::ALL.iter().map(move |what| (kind, what))) {
        let part = PartName { kind: *kind, number: 0 };
        // In a header, and in the certificates of a quote.
        for place in [0, 4000].map(|offset| Redaction::new(*what, part, offset, 1)) {
            for id in Technology::ALL.iter().flat_map(|technology| place.lost(*technology)) {
                assert!(find_check(id).is_some(), "{kind}: {id}");
                costly += 1;
            }
        }
    }
    assert!(costly > 100, "{costly}");
}
