//! `teeproof cache` with directories that are no cache, with files that are hostile or old, and with mistakes in lists.

use std::path::Path;
use std::time::{Duration, Instant};

use teeproof_core::{Time, Validity};
use teeproof_endorse::{Cache, CacheEntry, CacheLimits, archive_head, archive_line};

use crate::kds::{Kds, crl, fleet, not_found, now, ok};
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
    // The list that the service lacks is a warning.
    let kds = Kds::of(|_, path| if path.ends_with("/crl") { not_found() } else { ok(&bytes(VCEK)) });
    cache(&["prefetch"], &directory).file(REPORT).env("TEEPROOF_KDS_URL", &kds.url).exits(0);
    for name in ["locks", "new", "refusals"] {
        std::fs::remove_dir_all(directory.join(name)).unwrap();
    }
    let run = verify(REPORT, &[&["--no-nonce", "--policy", "builtin:genuine"]]);
    run.args(["--cache-dir"]).args([&directory]).env("TEEPROOF_KDS_URL", &kds.url).exits(0);
    cache(&["list"], &directory).exits(0).shows(&["1 endorsement"]);
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

#[test]
fn refused_lines_are_counted_and_the_first_ones_named() {
    let folder = folder("cache-refused-lines");
    let line = archive_line(&CacheEntry { url: "https://evil.example/".to_owned(), ..list_of(now()) });
    let good = archive_line(&list_of(now()));
    let file = folder.join("cache.export");
    std::fs::write(&file, [archive_head(), &line.repeat(300), &good].concat()).unwrap();
    let import = || cache(&["import"], &folder.join("cache")).args([&file]);
    let json = import().args(["--format", "json"]).exits(3).json();
    assert_eq!((&json["refused_lines"], &json["added"]), (&300.into(), &1.into()));
    let refused = json["refused"].as_array().unwrap();
    assert_eq!((refused.len(), &refused[19]["line"]), (20, &21.into()));
    let ran = import().exits(3);
    assert_eq!(ran.stdout.matches("REFUSED line").count(), 20, "{ran:#?}");
    assert!(ran.stdout.contains("and 280 more refused lines\n"), "{ran:#?}");
    assert!(ran.stdout.contains("added 0 endorsements, 1 not newer, 0 expired, 300 refused"), "{ran:#?}");
}

#[test]
fn what_has_expired_is_moved_with_all() {
    let folder = folder("cache-expired");
    let (one, other) = (folder.join("one"), folder.join("other"));
    let old = now() - 365 * 86_400;
    let stored = Cache::open(&one, CacheLimits::DEFAULT).unwrap();
    let entry = CacheEntry { validity: Validity { not_before: Time(0), not_after: Time(1) }, ..list_of(old) };
    stored.store(&entry, entry.fetched_at).unwrap();
    let file = folder.join("cache.export");
    cache(&["export", "--all"], &one).args(["-o"]).args([&file]).exits(0);
    let import =
        |more: &[&str], file: &Path| cache(&["import"], &other).args(more).args([file]).exits(0).stdout;
    assert!(import(&[], &file).starts_with("added 0 endorsements, 0 not newer, 1 expired, 0 refused"));
    assert!(import(&["--all"], &file).starts_with("added 1 endorsement, 0 not newer, 0 expired"));
    cache(&["list"], &other).exits(0).shows(&["EXPIRED"]);
    // A valid one replaces it, and an older one does not replace the valid one, whenever it was fetched.
    for (issued, added) in [(now() - 86_400, 1), (now() - 2 * 86_400, 0), (now() - 3600, 1)] {
        let fetched_at = Time(i64::try_from(now()).unwrap() + 1000 * 86_400);
        let line = archive_line(&CacheEntry { fetched_at, ..list_of(issued) });
        let file = folder.join("next.export");
        std::fs::write(&file, [archive_head(), &line].concat()).unwrap();
        let said = import(&["--all"], &file);
        assert!(said.starts_with(&format!("added {added} endorsement")), "{issued}: {said}");
    }
    assert!(import(&["--all"], &file).starts_with("added 0 endorsements, 1 not newer"));
}

#[test]
fn another_process_is_not_awaited_for_longer_than_the_timeout() {
    let folder = folder("cache-locked");
    let directory = folder.join("cache");
    let kds = Kds::of(|_, _| ok(&bytes(VCEK)));
    let run = || {
        let run =
            verify(REPORT, &[&["--no-nonce", "--policy", "builtin:genuine", "--fetch", "--timeout", "1"]]);
        run.args(["--cache-dir"]).args([&directory]).env("TEEPROOF_KDS_URL", &kds.url)
    };
    run().run();
    let url = [kds.url.as_str(), kds.requests()[0].as_str()].concat();
    std::fs::remove_dir_all(&directory).unwrap();
    let other = Cache::open(&directory, CacheLimits::DEFAULT).unwrap();
    let lock = other.lock(&url, Duration::ZERO).unwrap().unwrap();
    let begun = Instant::now();
    run().fails(8, &["is being fetched by another process"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    drop(lock);
}

#[test]
fn mistakes_in_a_list_are_named_by_their_lines() {
    let folder = folder("cache-list-mistakes");
    let directory = folder.join("cache");
    let (text, _) = fleet(1);
    let chip = text.lines().find(|line| line.starts_with("milan")).unwrap();
    let typo = chip.replacen("milan", "mlian", 1);
    for (name, text, place) in [
        ("one.txt", typo.clone(), "one.txt:1: "),
        ("first.txt", format!("# x\n{typo}\n{chip}\n"), "first.txt:2: "),
        ("word.txt", format!("fmspcs 90C06F000000\n{chip}\n"), "word.txt:1: "),
    ] {
        let list = folder.join(name);
        std::fs::write(&list, text).unwrap();
        let ran = cache(&["prefetch", "--offline"], &directory).args([&list]).exits(3);
        assert!(ran.stdout.contains(place) && ran.stdout.contains("expected milan"), "{ran:#?}");
    }
    let siena = folder.join("siena.txt");
    std::fs::write(&siena, chip.replacen("milan", "Siena", 1)).unwrap();
    let ran = cache(&["prefetch", "--offline"], &directory).args([&siena]).exits(7);
    assert!(ran.stdout.contains("FAILED VCEK of a Genoa chip"), "{ran:#?}");
}

#[test]
fn a_mirror_listens_on_localhost_and_at_numeric_addresses() {
    let folder = folder("cache-serve-names");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let serve = |address: &str| cache(&["serve", "--listen", address], &folder);
    serve(&format!("localhost:{port}")).fails(2, &[&format!("cannot listen at 127.0.0.1:{port}")]);
    for wrong in ["mirror.example:80", "localhost", "localhost:http", "8081"] {
        let ran = serve(wrong).exits(2);
        let expected = "expected a numeric address and a port, such as 127.0.0.1:8081";
        assert!(ran.stderr.contains(expected) && ran.stderr.contains("hint: "), "{ran:#?}");
    }
    teeproof(["cache", "--help"]).exits(0).shows(&["Examples:", "teeproof cache export -o"]);
}
