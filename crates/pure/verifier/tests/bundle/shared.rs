//! The suite `shared`: redaction of every certificate, document, report, quote and log of real
//! machines in the folder that `TEEPROOF_SHARED_DATA` names. Without the variable nothing is tested;
//! with it, every file has to be there.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use teeproof_aws_lc::TABLE;
use teeproof_evidence::bundle::{Bundle, BundleError, Collection, Identifier};
use teeproof_evidence::{InputKind, Inputs, Part};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HclReport};

use crate::decoding::{Id, decoded, holds};
use crate::everywhere::{CLIENT_INFO, assert_none_left, assert_sound};
use crate::support::AT;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("TEEPROOF_SHARED_DATA").map(PathBuf::from);
    if folder.is_none() {
        // Not by a macro: those are kept back for tests that pass.
        let said = b"suite shared: not run, TEEPROOF_SHARED_DATA is not set (../shared/data)\n";
        std::io::stdout().write_all(said).unwrap();
    }
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .collect();
    files.sort();
    files
}

/// A bundle of one file; evidence is added where the file is not evidence.
fn bundle_of(bytes: &[u8]) -> Option<Bundle> {
    let mut inputs = Inputs::new();
    inputs.add(bytes, None).ok()?;
    if !inputs.parts().iter().any(|part| part.kind().is_evidence()) {
        inputs.add(&[7; 256], Some(InputKind::TpmSignature)).ok()?;
    }
    inputs.clone().into_bundle(Collection::at(AT)).ok()
}

/// What the bytes of a part say by other means than redaction's: ids that have to be gone.
fn ids(part: &Part) -> Vec<Id> {
    let mut ids = Vec::new();
    match part.kind() {
        InputKind::Certificate => {
            let certificate = Certificate::parse(part.bytes()).unwrap();
            let name = certificate.subject().common_name().unwrap_or_default();
            if let Some((id, _)) = name.split_once(".ConfidentialVM.") {
                ids.extend([Id::Text(id.to_owned()), Id::Bytes(certificate.serial().to_vec())]);
            }
        }
        InputKind::HclReport => {
            if let Hardware::Snp(report) = HclReport::parse(part.bytes()).unwrap().hardware() {
                ids.extend([&report[0x140..0x160], &report[0x1a0..0x1e0]].map(bytes));
            }
        }
        InputKind::SnpReport => {
            ids.extend([&part.bytes()[0x140..0x160], &part.bytes()[0x1a0..0x1e0]].map(bytes))
        }
        InputKind::TdQuote => {
            ids.push(bytes(&part.bytes()[28..44]));
            // PPID and platform instance id, wherever something decodes to Intel's extension.
            for (decoded, last) in decoded(part.bytes()).iter().flat_map(|all| [(all, 1), (all, 6)]) {
                let member = [&INTEL_SGX[..], &[last, 0x04, 0x10]].concat();
                let at = decoded.windows(14).position(|window| window == member);
                ids.extend(at.and_then(|at| decoded.get(at + 14..at + 30)).map(bytes));
            }
            assert!(ids.len() > 1, "no PCK certificate was found");
        }
        InputKind::NitroDocument => {
            let at = part.bytes().windows(9).position(|window| window == b"module_id").unwrap() + 11;
            let module = &part.bytes()[at..at + 39];
            let text = |digits: &[u8]| Id::Text(String::from_utf8(digits.to_vec()).unwrap());
            ids.extend([text(&module[2..19]), text(&module[23..39])]);
        }
        _ => {}
    }
    let is_blank =
        |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0) || bytes.iter().all(|byte| *byte == 0xff);
    ids.retain(|id| !matches!(id, Id::Bytes(bytes) if is_blank(bytes)));
    ids
}

/// 1.2.840.113741.1.13.1, and one number more.
const INTEL_SGX: [u8; 11] = [0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];

fn bytes(bytes: &[u8]) -> Id {
    Id::Bytes(bytes.to_vec())
}

#[test]
fn every_real_piece_is_redacted() {
    let Some(folder) = folder() else { return };
    let mut refused = Vec::new();
    let mut pieces: BTreeMap<&str, usize> = BTreeMap::new();
    let mut replaced: BTreeMap<&str, usize> = BTreeMap::new();
    for name in ["real", "azure", "nitro"] {
        for path in files(&folder.join(name)) {
            let file = std::fs::read(&path).unwrap();
            let Some(before) = bundle_of(&file).filter(|bundle| !bundle.is_redacted()) else { continue };
            let after = match before.redact(b"sixteen random bytes, say", &TABLE) {
                Ok(after) => after,
                Err(BundleError::NothingToRedact) => continue,
                Err(BundleError::Unreadable { .. }) => {
                    refused.push(path.file_name().unwrap().to_string_lossy().into_owned());
                    continue;
                }
                Err(error) => panic!("{}: {error}", path.display()),
            };
            assert_sound(&before, &after);
            let old: Vec<_> = before.parts().iter().flat_map(ids).collect();
            for part in after.parts() {
                let decoded = decoded(part.bytes());
                *pieces.entry(part.kind().as_str()).or_default() += 1;
                for id in &old {
                    assert!(!holds(&decoded, id), "{}: {id:?} is left in {}", path.display(), part.kind());
                }
            }
            for place in after.redactions() {
                *replaced.entry(place.what.as_str()).or_default() += 1;
            }
        }
    }
    // A report of version 1, a quote with other bytes behind it, and one whose certificates are no PEM.
    assert_eq!(refused, ["maa-request.json", "tdq-6dde5548bec9.bin", "tdq-aa2cafadb32b.bin"]);
    for (kind, least) in [("certificate", 19), ("hcl-report", 7), ("nitro-document", 14), ("td-quote", 16)] {
        assert!(pieces[kind] >= least, "{pieces:?}");
    }
    assert!(replaced["platform-id"] >= 45 && replaced["serial-number"] >= 61, "{replaced:?}");
}

/// The certificate of a real attestation key: its digits, its serial number and its host, which the
/// account has once more.
#[test]
fn a_real_ak_certificate() {
    let Some(folder) = folder() else { return };
    let yaml = std::fs::read_to_string(folder.join("azure/fb-az-tdx-1764662251.yaml")).unwrap();
    let certificates: Vec<Vec<u8>> = yaml
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|text| text.split("-----END").next().unwrap().split_whitespace().collect::<String>())
        .map(|text| teeproof_evidence::bytes::base64(&text).unwrap())
        .collect();
    let is_named = |der: &&Vec<u8>| der.windows(9).any(|window| window == CLIENT_INFO);
    let der = certificates.iter().find(is_named).expect("the AK certificate is not there");
    let bundle = bundle_of(der).unwrap();
    let part = bundle.parts().iter().find(|part| part.kind() == InputKind::Certificate).unwrap();
    let at = part.bytes().windows(9).position(|window| window == CLIENT_INFO).unwrap() + 9 + 2 + 2 + 3;
    // UTF8String, as long as the byte before it says.
    let (length, text) = (usize::from(part.bytes()[at + 1]), &part.bytes()[at + 2..]);
    let host = String::from_utf8(text[..length].to_vec()).unwrap();
    let account = String::from_utf8(text[length + 2..][..usize::from(text[length + 1])].to_vec()).unwrap();
    assert!(host.len() > 8 && account.contains(&host));
    let after = bundle.redact(b"sixteen random bytes, say", &TABLE).unwrap();
    assert_sound(&bundle, &after);
    for what in [Identifier::AkId, Identifier::SerialNumber, Identifier::HostName] {
        assert!(after.redactions().iter().any(|place| place.what == what), "{what:?}");
    }
    let ids = [vec![Id::Text(host)], ids(part)].concat();
    assert_eq!(ids.len(), 3);
    assert_none_left(&after, &ids);
}
