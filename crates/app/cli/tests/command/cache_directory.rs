//! `teeproof cache` with directories that are no cache, with files that are hostile or old, and with mistakes in lists.

use std::path::Path;
use std::time::{Duration, Instant};

use teeproof_core::{Time, Validity};
use teeproof_endorse::{Cache, CacheEntry, CacheLimits, archive_head, archive_line};

use crate::kds::{Kds, crl, fleet, now, ok};
use crate::support::*;

const CRL_URL: &str = "https://kdsintf.amd.com/vcek/v1/Milan/crl";

fn cache(verb: &[&str], directory: &Path) -> Run {
    teeproof(["cache"]).args(verb).args(["--cache-dir"]).args([directory])
}

/// A revocation list that was issued at this time.
fn list_of(issued: u64) -> CacheEntry {
    let validity = Validity { not_before: Time(0), not_after: Time(i64::MAX) };
    CacheEntry {
        url: CRL_URL.to_owned(),
        fetched_at: Time(i64::try_from(issued).unwrap()),
        validity,
        body: crl("ARK-Milan", issued),
        issuer_chain: None,
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_cache_that_is_missing_is_not_made_to_read_it() {
    let folder = folder("cache-missing");
    let missing = folder.join("cache");
    for verb in ["list", "prune"] {
        let ran = cache(&[verb], &missing).exits(0);
        assert!(ran.first_line().starts_with("there is no cache in "), "{ran:#?}");
    }
    let json = cache(&["list", "--format", "json"], &missing).exits(0).json();
    assert_eq!(json["endorsements"], serde_json::json!([]));
    let out = folder.join("cache.export");
    cache(&["export"], &missing)
        .args(["-o"])
        .args([&out])
        .fails(2, &["there is no cache in ", "--cache-dir"]);
    verify(REPORT, &[&["--no-nonce", "--policy", "builtin:genuine"]])
        .args(["--cache-dir"])
        .args([&missing])
        .exits(7);
    assert_eq!(names(&folder), Vec::<String>::new());
}

#[test]
fn a_cache_is_read_without_its_other_folders() {
    let folder = folder("cache-read-only");
    let directory = folder.join("cache");
    let kds =
        Kds::of(|_, path| ok(&if path.ends_with("/crl") { crl("ARK-Milan", now()) } else { bytes(VCEK) }));
    let verified = |more: &[&str]| {
        let run = verify(REPORT, &[&["--no-nonce", "--policy", "builtin:genuine"], more]);
        run.args(["--cache-dir"]).args([&directory]).env("TEEPROOF_KDS_URL", &kds.url).exits(0)
    };
    verified(&["--fetch"]);
    for name in ["locks", "new", "refusals"] {
        std::fs::remove_dir_all(directory.join(name)).unwrap();
    }
    verified(&[]);
    cache(&["list"], &directory).exits(0).shows(&["2 endorsements"]);
    assert_eq!(names(&directory), ["CACHEDIR.TAG", "entries", "objects"]);
}

#[test]
fn a_directory_with_other_files_is_not_a_cache() {
    let folder = folder("cache-foreign");
    let objects = folder.join("objects");
    std::fs::create_dir(&objects).unwrap();
    std::fs::write(objects.join("main.o"), "").unwrap();
    for verb in [&["list"][..], &["prune"], &["prefetch", "list.txt"], &["serve"]] {
        cache(verb, &folder).fails(2, &["CACHEDIR.TAG", "hint: ", "--cache-dir"]);
    }
    assert_eq!((names(&folder), names(&objects)), (vec!["objects".to_owned()], vec!["main.o".to_owned()]));
}
