//! The cache on disk: complete files, bounds, damage, and many writers.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use teeproof_core::{Time, Validity};
use teeproof_endorse::{Cache, CacheEntry, CacheLimits, Error, Refusal, default_cache_directory};

use crate::folder::Folder;

const NOW: Time = Time(1_700_000_000);

fn open(folder: &Folder) -> Cache {
    Cache::open(&folder.0, CacheLimits::DEFAULT).unwrap()
}

fn entry(url: &str, body: &[u8]) -> CacheEntry {
    CacheEntry {
        url: url.to_owned(),
        fetched_at: NOW,
        validity: Validity { not_before: NOW.plus(-10), not_after: NOW.plus(1000) },
        body: body.to_vec(),
        issuer_chain: None,
    }
}

fn refusal(url: &str, until: i64) -> Refusal {
    Refusal { url: url.to_owned(), status: 404, until: NOW.0 + until }
}

/// The files below one folder of the cache.
fn below(folder: &Folder, name: &str) -> Vec<PathBuf> {
    folder.files().into_iter().filter(|path| path.starts_with(folder.0.join(name))).collect()
}

#[test]
fn the_directory_follows_xdg() {
    let at = |xdg: Option<&str>, home: Option<&str>| {
        default_cache_directory(xdg.map(OsStr::new), home.map(OsStr::new))
    };
    assert_eq!(at(Some("/cache"), Some("/h")).as_deref(), Some(Path::new("/cache/teeproof")));
    assert_eq!(at(None, Some("/h")).as_deref(), Some(Path::new("/h/.cache/teeproof")));
    assert_eq!(at(Some("relative"), Some("/h")).as_deref(), Some(Path::new("/h/.cache/teeproof")));
    assert_eq!(at(Some(""), Some("/h")).as_deref(), Some(Path::new("/h/.cache/teeproof")));
    assert_eq!((at(None, None), at(None, Some("h"))), (None, None));
}

#[test]
fn an_entry_is_found_as_it_was_stored() {
    let folder = Folder::new();
    let cache = open(&folder);
    let mut stored = entry("https://a/x", b"\0body");
    stored.issuer_chain = Some("-----BEGIN%20\"\\\u{1}".to_owned());
    assert_eq!(cache.lookup("https://a/x", NOW), None);
    cache.store(&stored, NOW).unwrap();
    assert_eq!(cache.lookup("https://a/x", NOW), Some(stored.clone()));
    assert_eq!(open(&folder).lookup("https://a/x", NOW), Some(stored));
    assert_eq!(cache.lookup("https://a/y", NOW), None);
    let newer = CacheEntry { fetched_at: NOW.plus(5), ..entry("https://a/x", b"other") };
    cache.store(&newer, NOW).unwrap();
    assert_eq!(cache.lookup("https://a/x", NOW), Some(newer));
    assert_eq!(cache.list().len(), 1);
    assert!(below(&folder, "new").is_empty());
}

#[test]
fn equal_bodies_are_stored_once() {
    let folder = Folder::new();
    let cache = open(&folder);
    for number in 0..10 {
        cache.store(&entry(&format!("https://a/{number}"), b"the same"), NOW).unwrap();
    }
    assert_eq!((cache.list().len(), below(&folder, "objects").len()), (10, 1));
}

#[cfg(unix)]
#[test]
fn the_cache_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let cache = Cache::open(&folder.0.join("deep/cache"), CacheLimits::DEFAULT).unwrap();
    cache.store(&entry("https://a/x", b"body"), NOW).unwrap();
    for path in folder.files() {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let mode = fs::metadata(folder.0.join("deep")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn damage_counts_as_absent() {
    let stored = entry("https://a/x", b"body");
    let damages: [(&str, &[u8]); 6] = [
        ("objects", b"bodY"),
        ("objects", b""),
        ("entries", b""),
        ("entries", b"{}"),
        ("entries", b"not json"),
        ("entries", &[b'['; 100_000]),
    ];
    for (name, damage) in damages {
        let folder = Folder::new();
        let cache = open(&folder);
        cache.store(&stored, NOW).unwrap();
        fs::write(below(&folder, name).remove(0), damage).unwrap();
        assert_eq!(cache.lookup("https://a/x", NOW), None, "{name}: {} bytes", damage.len());
        // It is repaired by the next one that stores it.
        cache.store(&stored, NOW).unwrap();
        assert_eq!(cache.lookup("https://a/x", NOW), Some(stored.clone()));
    }
}

#[test]
fn an_entry_of_no_date_counts_as_absent() {
    let folder = Folder::new();
    let cache = open(&folder);
    for fetched_at in [i64::MIN, -1, 253_402_300_800, i64::MAX] {
        cache.store(&CacheEntry { fetched_at: Time(fetched_at), ..entry("https://a/", b"a") }, NOW).unwrap();
        assert!(cache.lookup("https://a/", NOW).is_none() && cache.list().is_empty(), "{fetched_at}");
    }
}

#[test]
fn an_entry_cannot_name_a_file_elsewhere_or_another_url() {
    let folder = Folder::new();
    let cache = open(&folder);
    cache.store(&entry("https://a/x", b"body"), NOW).unwrap();
    let path = below(&folder, "entries").remove(0);
    let object = below(&folder, "objects").remove(0);
    let text = fs::read_to_string(&path).unwrap();
    let digest = object.file_name().unwrap().to_str().unwrap();
    fs::write(folder.0.join("secret"), b"body").unwrap();
    for name in ["../secret", "../../secret", "", "/etc/passwd"] {
        fs::write(&path, text.replace(digest, name)).unwrap();
        assert_eq!(cache.lookup("https://a/x", NOW), None, "{name}");
    }
    fs::write(&path, text.replace("https://a/x", "https://a/y")).unwrap();
    assert_eq!((cache.lookup("https://a/x", NOW), cache.lookup("https://a/y", NOW)), (None, None));
    fs::write(&path, text.replace("\"version\":1", "\"version\":2")).unwrap();
    assert_eq!(cache.lookup("https://a/x", NOW), None);
}

#[test]
fn a_full_cache_removes_what_was_not_used_longest() {
    let folder = Folder::new();
    let cache = Cache::open(&folder.0, CacheLimits { max_entries: 3, ..CacheLimits::DEFAULT }).unwrap();
    let url = |number: i64| format!("https://a/{number}");
    for number in 0..3 {
        cache.store(&entry(&url(number), url(number).as_bytes()), NOW.plus(number)).unwrap();
    }
    assert!(cache.lookup(&url(0), NOW.plus(10)).is_some());
    cache.store(&entry(&url(3), b"3"), NOW.plus(11)).unwrap();
    let left: Vec<_> = cache.list().into_iter().map(|row| (row.url, row.last_used)).collect();
    assert_eq!(left, [(url(2), NOW.plus(2)), (url(0), NOW.plus(10)), (url(3), NOW.plus(11))]);
    assert_eq!(below(&folder, "objects").len(), 3);
    // An entry that is written under a clock that is behind is not removed at once.
    cache.store(&entry(&url(4), b"4"), Time(0)).unwrap();
    assert!(cache.lookup(&url(4), NOW).is_some());
}

#[test]
fn a_cache_is_bounded_in_bytes() {
    let folder = Folder::new();
    let limits = CacheLimits { max_bytes: 20_000, ..CacheLimits::DEFAULT };
    let cache = Cache::open(&folder.0, limits).unwrap();
    for number in 0..100_u8 {
        let body = vec![number; 1000];
        cache.store(&entry(&format!("https://a/{number}"), &body), NOW.plus(number.into())).unwrap();
        let bytes: u64 = folder.files().iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(bytes <= 20_000, "{number}: {bytes}");
    }
    assert!(cache.list().len() > 10);
    let refused = cache.store(&entry("https://a/large", &[0; 20_000]), NOW);
    assert!(matches!(refused, Err(Error::Cache { .. })), "{refused:?}");
    assert!(cache.list().len() > 10);
}

/// Two values of one cache, as two processes have it, and entries that both do not count: the limits hold all the same.
#[test]
fn the_limits_hold_for_writers_that_do_not_see_each_other() {
    let folder = Folder::new();
    let limits = CacheLimits { max_entries: 40, ..CacheLimits::DEFAULT };
    let caches = [Cache::open(&folder.0, limits).unwrap(), Cache::open(&folder.0, limits).unwrap()];
    for number in 0..200_i64 {
        let cache = &caches[usize::from(number % 2 == 0)];
        cache.store(&entry(&format!("https://a/{number}"), &number.to_le_bytes()), NOW.plus(number)).unwrap();
        assert!(cache.list().len() <= 40, "{number}");
    }
    // Without an estimate, or with a wrong one, the next store counts.
    for estimate in [&b""[..], b"short", &[0xff; 24]] {
        fs::write(folder.0.join("locks/evict"), estimate).unwrap();
        caches[0].store(&entry("https://a/again", b"again"), NOW.plus(1000)).unwrap();
        let usage = fs::read(folder.0.join("locks/evict")).unwrap();
        assert_eq!(u64::from_le_bytes(*usage.first_chunk().unwrap()), caches[0].list().len() as u64);
    }
    assert!(caches[0].list().len() >= 30);
}

/// An estimate that is too low is corrected after a while.
#[test]
fn an_estimate_is_counted_again() {
    let folder = Folder::new();
    let cache = Cache::open(&folder.0, CacheLimits { max_entries: 16, ..CacheLimits::DEFAULT }).unwrap();
    for number in 0..16 {
        cache.store(&entry(&format!("https://a/{number}"), b"body"), NOW.plus(number)).unwrap();
    }
    // Entries of a process that was killed before it counted them.
    let entry_file = below(&folder, "entries").remove(0);
    for number in 0..50 {
        fs::copy(&entry_file, folder.0.join("entries").join(format!("{number:064x}.json"))).unwrap();
    }
    assert_eq!(cache.list().len(), 66);
    fs::write(folder.0.join("locks/evict"), [0; 24]).unwrap();
    for _ in 0..1024 {
        cache.store(&entry("https://a/15", b"body"), NOW.plus(2000)).unwrap();
    }
    assert!(cache.list().len() <= 16, "{}", cache.list().len());
}

#[test]
fn pruning_removes_what_has_expired() {
    let folder = Folder::new();
    let cache = open(&folder);
    for (url, until) in [("https://a/old", 10), ("https://a/new", 1000)] {
        let mut entry = entry(url, url.as_bytes());
        entry.validity.not_after = NOW.plus(until);
        cache.store(&entry, NOW).unwrap();
        cache.store_refusal(&refusal(&url.replace('a', "b"), until), NOW).unwrap();
    }
    fs::write(folder.0.join("new/1-1"), b"left by a killed process").unwrap();
    let key = "0a".repeat(32);
    fs::write(folder.0.join(format!("entries/{key}.json")), b"").unwrap();
    fs::write(folder.0.join(format!("objects/{key}")), b"").unwrap();
    let kept = cache.prune(NOW.plus(10));
    assert_eq!(kept.entries, 0);
    let pruned = cache.prune(NOW.plus(11));
    assert_eq!(pruned.entries, 1);
    assert!(pruned.bytes > 100, "{pruned:?}");
    assert_eq!(cache.list().into_iter().map(|row| row.url).collect::<Vec<_>>(), ["https://a/new"]);
    for (name, count) in [("entries", 1), ("objects", 1), ("refusals", 1)] {
        assert_eq!(below(&folder, name).len(), count, "{name}");
    }
    // The file is younger than an hour by the clock of the system, and older than one a year later.
    assert_eq!(below(&folder, "new").len(), 1);
    let later = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let _ = cache.prune(Time(i64::try_from(later).unwrap() + 365 * 86_400));
    assert_eq!(below(&folder, "new").len(), 0);
}

#[test]
fn refusals_end() {
    let folder = Folder::new();
    let cache = open(&folder);
    let remembered = refusal("https://a/x", 60);
    cache.store_refusal(&remembered, NOW).unwrap();
    assert_eq!(cache.refusal("https://a/x", NOW), Some(remembered.clone()));
    assert_eq!(cache.refusal("https://a/x", NOW.plus(59)), Some(remembered));
    assert_eq!(cache.refusal("https://a/x", NOW.plus(60)), None);
    assert_eq!(cache.refusal("https://a/y", NOW), None);
    // A clock that is set back by a year does not keep it alive.
    assert_eq!(cache.refusal("https://a/x", NOW.plus(-365 * 86_400)), None);
    cache.store(&entry("https://a/x", b"body"), NOW).unwrap();
    assert_eq!(cache.refusal("https://a/x", NOW), None);
}

#[test]
fn a_lock_excludes_threads_and_ends_with_its_value() {
    let folder = Folder::new();
    let cache = open(&folder);
    let lock = cache.lock("https://a/x", Duration::ZERO).unwrap().unwrap();
    assert!(!lock.was_contended());
    let begun = Instant::now();
    assert!(cache.lock("https://a/x", Duration::from_millis(100)).unwrap().is_none());
    assert!(begun.elapsed() >= Duration::from_millis(100));
    let other = cache.lock("https://a/another", Duration::ZERO).unwrap();
    assert!(other.is_some());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| cache.lock("https://a/x", Duration::from_secs(5)).unwrap().unwrap());
        thread::sleep(Duration::from_millis(50));
        drop(lock);
        assert!(waiting.join().unwrap().was_contended());
    });
}

#[test]
fn many_writers_never_show_half_an_entry() {
    let folder = Folder::new();
    let limits = CacheLimits { max_entries: 20, ..CacheLimits::DEFAULT };
    let cache = Cache::open(&folder.0, limits).unwrap();
    thread::scope(|scope| {
        for writer in 0..8_u8 {
            let cache = &cache;
            scope.spawn(move || {
                for round in 0..40_u8 {
                    let url = format!("https://a/{}", (round + writer) % 30);
                    let body = vec![round; 500 + usize::from(writer)];
                    cache.store(&entry(&url, &body), NOW.plus(round.into())).unwrap();
                    if let Some(found) = cache.lookup(&url, NOW) {
                        assert_eq!(found.url, url);
                        assert!(found.body.iter().all(|byte| *byte == found.body[0]));
                    }
                }
            });
        }
    });
    let _ = cache.prune(NOW);
    assert!(cache.list().len() <= 20, "{}", cache.list().len());
    assert_eq!(below(&folder, "new").len(), 0);
}

#[test]
fn a_cache_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    fs::write(folder.0.join("file"), b"").unwrap();
    let opened = Cache::open(&folder.0.join("file/cache"), CacheLimits::DEFAULT);
    match opened {
        Err(error @ Error::Cache { .. }) => assert!(error.to_string().contains("file/cache"), "{error}"),
        other => panic!("{other:?}"),
    }
}
