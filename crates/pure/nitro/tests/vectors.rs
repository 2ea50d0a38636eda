//! Real documents under both crypto tables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "tests read the vectors from files")]

use std::path::{Path, PathBuf};

use teeproof_core::{Class, Crypto, Freshness, Time};
use teeproof_nitro::{
    Appraisal, Error, Moment, NitroPolicy, NitroVerification, VerifiedDocument, appraise, verify,
};
use teeproof_x509::Revocation;

fn documents() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata/nitro");
    let mut documents: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cose"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    documents.sort();
    assert_eq!(documents.len(), 9, "the nine documents of testdata/nitro");
    documents
}

/// The documents that are genuine; the ninth was altered by whoever published it.
fn genuine() -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    documents().into_iter().filter(|(path, _)| !name(path).starts_with("tampered-"))
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn tables() -> [Crypto<'static>; 2] {
    [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE]
}

fn check<'a>(document: &'a [u8], at: Moment, crypto: &'a Crypto<'a>) -> Result<VerifiedDocument<'a>, Error> {
    let verification = NitroVerification::new(Freshness::Waived("a recorded vector"), at, crypto)
        .revocation(Revocation::Unchecked("no list is published with the vector"));
    verify(document, &verification, &mut ())
}

#[test]
fn every_document_is_genuine_at_its_time() {
    for crypto in &tables() {
        for (path, document) in genuine() {
            let verified = check(&document, Moment::OfDocument, crypto)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(verified.is_production());
            let name = name(&path);
            assert_eq!(verified.is_debug(), name.starts_with("debug-"), "{name}");
            let expected = if verified.is_debug() { Appraisal::Refused } else { Appraisal::Accepted };
            assert_eq!(appraise(&verified, &NitroPolicy::genuine(), crypto, &mut ()), expected, "{name}");
        }
    }
}

#[test]
fn every_document_is_stale_by_now() {
    for (_, document) in genuine() {
        let error = check(&document, Moment::At(Time(1_790_000_000)), &teeproof_aws_lc::TABLE).unwrap_err();
        assert_eq!(error.class(), Class::Incomplete, "{error}");
    }
}

#[test]
fn the_altered_document_is_refused_at_its_signature() {
    let (_, document) =
        documents().into_iter().find(|(path, _)| name(path).starts_with("tampered-")).unwrap();
    for crypto in &tables() {
        assert_eq!(check(&document, Moment::OfDocument, crypto).unwrap_err(), Error::Signature);
        // Its signature is checked before its age.
        assert_eq!(check(&document, Moment::At(Time(1_790_000_000)), crypto).unwrap_err(), Error::Signature);
    }
}
