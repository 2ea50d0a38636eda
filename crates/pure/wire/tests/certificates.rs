//! Every certificate that ships with the project is read.

#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "tests read the vectors from files")]

use std::path::Path;
use teeproof_wire::certificate::Certificate;

fn ders() -> impl Iterator<Item = std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    ["testdata/snp", "crates/pure/snp/anchors", "crates/pure/hcl/anchors", "crates/pure/nitro/anchors"]
        .into_iter()
        .flat_map(move |folder| std::fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "der"))
}

#[test]
fn all_parse() {
    let mut count = 0;
    for path in ders() {
        let der = std::fs::read(&path).unwrap();
        Certificate::parse(&der).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += 1;
    }
    assert_eq!(count, 14);
}

#[test]
fn none_parses_when_cut_or_extended() {
    for path in ders() {
        let der = std::fs::read(&path).unwrap();
        for length in 0..der.len() {
            assert!(Certificate::parse(&der[..length]).is_err(), "{} cut to {length}", path.display());
        }
        assert!(Certificate::parse(&[&der[..], &[0]].concat()).is_err());
    }
}

#[test]
fn a_certificate_has_its_subject_and_no_other() {
    let ders: Vec<_> = ders().map(|path| std::fs::read(path).unwrap()).collect();
    for der in &ders {
        let subject = Certificate::parse(der).unwrap().subject();
        for other in &ders {
            let same = Certificate::parse(other).unwrap().subject() == subject;
            assert_eq!(Certificate::has_subject(other, subject), same);
        }
        for length in 0..der.len() {
            let _ = Certificate::has_subject(&der[..length], subject);
        }
        assert!(!Certificate::has_subject(&[], subject));
    }
}
