//! The suite `shared`: a real quote with its collateral, as attested-tls keeps them, and older bundles, from the
//! folder of `TEEPROOF_SHARED_DATA`. Without the variable the tests check nothing; with it, every file must exist.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value};
use teeproof_evidence::bundle::{Bundle, Collection};
use teeproof_evidence::{InputKind, Inputs, sniff};

fn read(path: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("TEEPROOF_SHARED_DATA").map(PathBuf::from) else {
        // Not by a macro: those are kept back for tests that pass.
        let said = b"suite shared: not run, TEEPROOF_SHARED_DATA is not set (../shared/data)\n";
        std::io::stdout().write_all(said).unwrap();
        return None;
    };
    let path = folder.join(path);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The members of a YAML file of block texts (`|-`), indented by two spaces, as a JSON object.
fn block_texts(yaml: &str) -> Value {
    let mut members = Map::new();
    let mut name = None;
    let mut lines: Vec<&str> = Vec::new();
    for line in yaml.lines().chain(["end: |-"]) {
        if let Some(text) = line.strip_prefix("  ") {
            lines.push(text);
        } else if let Some(next) = line.strip_suffix(": |-") {
            if let Some(name) = name.replace(next.to_owned()) {
                members.insert(name, lines.join("\n").into());
            }
            lines.clear();
        } else {
            assert!(line.is_empty(), "{line}");
        }
    }
    Value::Object(members)
}

#[test]
fn collateral_of_attested_tls() {
    let Some(yaml) = read("azure/fb-az-collateral-1764662251.yaml") else { return };
    let yaml = String::from_utf8(yaml).unwrap();
    let members = block_texts(&yaml);
    assert_eq!(members.as_object().unwrap().len(), 9);
    let mut inputs = Inputs::new();
    let summary = inputs.add(members.to_string().as_bytes(), None).unwrap();
    assert_eq!(summary.kind, InputKind::CollateralJson);
    assert!(summary.warnings.is_empty());
    // PCK Platform CA, the root and TCB Signing; the root is in three chains.
    assert_eq!((inputs.certificates().len(), inputs.revocation_lists().len()), (3, 2));
    let names: Vec<_> =
        inputs.certificates().iter().map(|one| one.subject().common_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["Intel SGX PCK Platform CA", "Intel SGX Root CA", "Intel SGX TCB Signing"]);
    // The signed bytes are those of the file, and the signatures too.
    let found = inputs.collateral();
    for (text, member) in found.iter().zip(["tcb_info", "qe_identity"]) {
        for part in [member.to_owned(), format!("{member}_signature")] {
            let signed = members[&part].as_str().unwrap();
            assert!(yaml.contains(signed) && text.contains(signed), "{part}");
        }
    }
    assert_eq!(found.len(), 2);
    // YAML itself is named, and not guessed.
    assert!(sniff(yaml.as_bytes(), None).is_err());
}

/// Quotes of many clouds with this collateral: as a bundle in either form they say the same.
#[test]
fn real_quotes_in_bundles() {
    let (Some(yaml), Some(log)) =
        (read("azure/fb-az-collateral-1764662251.yaml"), read("real/named-logs/goel-cos-113-intel-tdx.bin"))
    else {
        return;
    };
    let collateral = block_texts(std::str::from_utf8(&yaml).unwrap()).to_string();
    for name in ["tdq-0171fb9535ce.bin", "tdq-a4bbf545b89c.bin", "tdq-cf77a6e91e48.bin"] {
        let quote = read(&format!("real/tdq/{name}")).unwrap();
        let mut inputs = Inputs::new();
        for (file, kind) in [
            (&quote[..], InputKind::TdQuote),
            (&log, InputKind::CcEventLog),
            (collateral.as_bytes(), InputKind::CollateralJson),
        ] {
            assert_eq!(inputs.add(file, None).unwrap().kind, kind);
        }
        let bundle = inputs.clone().into_bundle(Collection::at(teeproof_core::Time(0))).unwrap();
        for form in [bundle.to_cbor(), bundle.to_json().into_bytes()] {
            let mut again = Inputs::new();
            again.add(&form, None).unwrap();
            assert_eq!(again.collateral(), inputs.collateral());
            assert_eq!(again.bytes_of(InputKind::TdQuote), Some(&quote[..]));
            assert_eq!(again.bytes_of(InputKind::CcEventLog), Some(&log[..]));
        }
    }
}

/// A bundle that an earlier version wrote is read, and written again byte for byte.
#[test]
fn an_older_bundle_stays_as_it_is() {
    let Some(file) = read("real/repro/b.bundle") else { return };
    let bundle = Bundle::parse(&file).unwrap();
    let again = if file.starts_with(b"{") { bundle.to_json().into_bytes() } else { bundle.to_cbor() };
    assert_eq!(again, file);
}
