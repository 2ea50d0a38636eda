//! The directory of a cache: whose it is, its marker, and files that are not a cache's.

use std::fs;
use std::path::Path;

use teeproof_core::{Time, Validity};
use teeproof_endorse::{Cache, CacheEntry, CacheLimits, Error, Refusal};

use crate::folder::Folder;

const NOW: Time = Time(1_700_000_000);
const FOLDERS: [&str; 5] = ["objects", "entries", "refusals", "locks", "new"];

fn open(directory: &Path) -> Result<Cache, Error> {
    Cache::open(directory, CacheLimits::DEFAULT)
}

fn existing(directory: &Path) -> Result<Option<Cache>, Error> {
    Cache::open_existing(directory, CacheLimits::DEFAULT)
}

fn entry(url: &str) -> CacheEntry {
    CacheEntry {
        url: url.to_owned(),
        fetched_at: NOW,
        validity: Validity { not_before: NOW.plus(-10), not_after: NOW.plus(1000) },
        body: b"body".to_vec(),
        issuer_chain: None,
    }
}

/// Both ways to open the directory refuse it, and say this.
fn is_refused(directory: &Path, reason: &str) {
    for error in [open(directory).err(), existing(directory).err()] {
        let Some(error @ Error::CacheRefused { .. }) = &error else { panic!("{reason}: {error:?}") };
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.to_string().contains(directory.to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_directory_with_other_files_is_not_adopted() {
    let folder = Folder::new();
    let project = folder.0.join("project");
    fs::create_dir_all(project.join("objects")).unwrap();
    is_refused(&project, "CACHEDIR.TAG");
    fs::write(project.join("CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n# of a compiler\n")
        .unwrap();
    is_refused(&project, "CACHEDIR.TAG");
    assert_eq!(fs::read_dir(&project).unwrap().count(), 2);
    // A marker that a killed process left half is completed, unless there are other files.
    fs::write(project.join("CACHEDIR.TAG"), "Signature: 8a4").unwrap();
    fs::write(project.join("notes"), "").unwrap();
    is_refused(&project, "CACHEDIR.TAG");
    fs::remove_file(project.join("notes")).unwrap();
    assert!(existing(&project).unwrap().is_none());
    open(&project).unwrap();
    let tag = fs::read_to_string(project.join("CACHEDIR.TAG")).unwrap();
    assert_eq!(tag.lines().next(), Some("Signature: 8a477f597d28d172789f06886806bc55"));
    assert!(tag.contains("# teeproof"), "{tag}");
    // A cache of an older version has the five folders alone, and is marked when it is opened.
    fs::remove_file(project.join("CACHEDIR.TAG")).unwrap();
    assert!(existing(&project).unwrap().is_some());
    open(&project).unwrap();
    assert!(project.join("CACHEDIR.TAG").exists());
    for name in FOLDERS {
        fs::remove_file(project.join("CACHEDIR.TAG")).unwrap();
        fs::remove_dir(project.join(name)).unwrap();
        is_refused(&project, "CACHEDIR.TAG");
        fs::create_dir(project.join(name)).unwrap();
        open(&project).unwrap();
    }
    // A cache may have other files.
    fs::write(project.join("notes"), "").unwrap();
    open(&project).unwrap();
    assert!(existing(&project).unwrap().is_some());
}

#[test]
fn nothing_is_made_to_read() {
    let folder = Folder::new();
    let missing = folder.0.join("deep/cache");
    assert!(existing(&missing).unwrap().is_none());
    assert!(existing(&folder.0).unwrap().is_none());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    let cache = open(&missing).unwrap();
    cache.store(&entry("https://a/x"), NOW).unwrap();
    for name in ["refusals", "locks", "new"] {
        fs::remove_dir_all(missing.join(name)).unwrap();
    }
    let read = existing(&missing).unwrap().unwrap();
    assert_eq!(read.lookup("https://a/x", NOW), Some(entry("https://a/x")));
    assert!(!missing.join("new").exists());
}

/// Many processes make one cache at once: none of them takes the others' files for somebody else's.
#[test]
fn many_make_one_cache() {
    for _ in 0..20 {
        let folder = Folder::new();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let directory = folder.0.join("cache");
                scope.spawn(move || {
                    open(&directory).unwrap().store(&entry(&format!("https://a/{number}")), NOW).unwrap()
                });
            }
        });
        assert_eq!(open(&folder.0.join("cache")).unwrap().list().len(), 8);
    }
}

#[test]
fn only_files_of_a_cache_are_removed() {
    let folder = Folder::new();
    let cache = open(&folder.0).unwrap();
    cache.store(&entry("https://a/x"), NOW).unwrap();
    let (digest, upper) = ("0a".repeat(32), "0A".repeat(32));
    let own = [
        format!("entries/{digest}.json"),
        format!("objects/{digest}"),
        format!("refusals/{digest}.json"),
        "new/1-1".to_owned(),
    ];
    let foreign = [
        "entries/notes.json".to_owned(),
        "entries/notes".to_owned(),
        format!("entries/{digest}"),
        format!("entries/{upper}.json"),
        "objects/main.o".to_owned(),
        format!("objects/{upper}"),
        "refusals/notes.json".to_owned(),
        "new/notes".to_owned(),
        "locks/notes".to_owned(),
        "notes".to_owned(),
    ];
    for name in own.iter().chain(&foreign) {
        fs::write(folder.0.join(name), b"x").unwrap();
    }
    let long_after = Time(i64::from(u32::MAX));
    let _ = cache.prune(long_after);
    assert!(own.iter().all(|name| !folder.0.join(name).exists()), "{:?}", folder.files());
    assert!(foreign.iter().all(|name| folder.0.join(name).exists()), "{:?}", folder.files());
}

#[test]
fn refusals_are_bounded() {
    let folder = Folder::new();
    let cache = open(&folder.0).unwrap();
    let count = || fs::read_dir(folder.0.join("refusals")).unwrap().count();
    let url = |number: i64| format!("https://a/{number}");
    for number in 0..1500 {
        let refusal = Refusal { url: url(number), status: 404, until: NOW.0 + number + 60 };
        cache.store_refusal(&refusal, NOW.plus(number)).unwrap();
        assert!(number % 50 != 0 || count() <= 1024, "{number}: {}", count());
    }
    assert!((900..=1024).contains(&count()), "{}", count());
    // The newest ones are remembered.
    assert!((1450..1500).all(|number| cache.refusal(&url(number), NOW.plus(number)).is_some()));
    // Another process counts with its first one.
    for number in 0..500 {
        fs::write(folder.0.join(format!("refusals/{number:064x}.json")), "{}").unwrap();
    }
    open(&folder.0).unwrap().store_refusal(&Refusal { url: url(0), status: 404, until: NOW.0 }, NOW).unwrap();
    assert!(count() <= 1024, "{}", count());
}

#[cfg(unix)]
mod unix {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn links_are_not_followed() {
        let folder = Folder::new();
        let (real, link) = (folder.0.join("real"), folder.0.join("link"));
        let cache = open(&real).unwrap();
        cache.store(&entry("https://a/x"), NOW).unwrap();
        symlink(&real, &link).unwrap();
        is_refused(&link, "symbolic link");
        for name in FOLDERS {
            let (path, moved) = (real.join(name), folder.0.join(name));
            fs::rename(&path, &moved).unwrap();
            symlink(&moved, &path).unwrap();
            is_refused(path.parent().unwrap(), "symbolic link");
            fs::remove_file(&path).unwrap();
            fs::rename(&moved, &path).unwrap();
        }
        // Links in place of files.
        let target = folder.0.join("target");
        fs::write(&target, "precious").unwrap();
        let before = fs::metadata(&target).unwrap().modified().unwrap();
        let links = folder.files().into_iter().filter(|path| path.starts_with(&real) && path.is_file());
        for path in links.filter(|path| path.parent() != Some(&real)).collect::<Vec<_>>() {
            fs::remove_file(&path).unwrap();
            symlink(&target, &path).unwrap();
        }
        assert!(fs::symlink_metadata(real.join("locks/evict")).unwrap().is_symlink());
        assert_eq!((cache.lookup("https://a/x", NOW), cache.list()), (None, vec![]));
        cache.store(&entry("https://a/x"), NOW).unwrap();
        let lock = real.join("locks").join(&key("https://a/x")[..3]);
        symlink(&target, &lock).unwrap();
        assert!(matches!(cache.lock("https://a/x", Duration::ZERO), Err(Error::Cache { .. })));
        let _ = cache.prune(NOW);
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        assert_eq!(fs::metadata(&target).unwrap().modified().unwrap(), before);
        assert_eq!(cache.lookup("https://a/x", NOW), Some(entry("https://a/x")));
    }

    fn key(url: &str) -> String {
        use sha2::Digest as _;
        teeproof_core::Hex(sha2::Sha256::digest(url).as_slice()).to_string()
    }

    #[test]
    fn a_directory_that_others_may_write_is_refused() {
        let folder = Folder::new();
        let directory = folder.0.join("cache");
        open(&directory).unwrap();
        mode(&directory, 0o777);
        is_refused(&directory, "mode 0777");
        mode(&directory, 0o755);
        for name in FOLDERS {
            mode(&directory.join(name), 0o770);
            is_refused(&directory, "mode 0770");
            mode(&directory.join(name), 0o755);
        }
        open(&directory).unwrap();
    }

    #[test]
    fn a_directory_of_another_user_is_refused() {
        let folder = Folder::new();
        if fs::metadata(&folder.0).unwrap().uid() != 0 {
            // Only root can give files away; whoever is not root is refused the directories of all others but root.
            is_refused_to_us();
            return;
        }
        let directory = folder.0.join("cache");
        open(&directory).unwrap();
        for path in [directory.clone(), directory.join("entries"), directory.join("locks")] {
            chown(&path, Some(65_534), None).unwrap();
            is_refused(&directory, "belongs to user 65534, and this process is of user 0");
            chown(&path, Some(0), None).unwrap();
        }
        open(&directory).unwrap();
    }

    fn is_refused_to_us() {
        let error = open(Path::new("/usr")).unwrap_err();
        assert!(error.to_string().contains("belongs to user 0"), "{error}");
    }

    #[test]
    fn a_pipe_does_not_wait() {
        let folder = Folder::new();
        let cache = open(&folder.0).unwrap();
        cache.store(&entry("https://a/x"), NOW).unwrap();
        let pipes = [
            format!("entries/{}.json", key("https://a/x")),
            format!("entries/{}.json", "0a".repeat(32)),
            format!("refusals/{}.json", key("https://a/x")),
            format!("locks/{}", &key("https://a/x")[..3]),
        ];
        for pipe in pipes.map(|name| folder.0.join(name)) {
            let _ = fs::remove_file(&pipe);
            let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
            assert!(made.success());
        }
        let (done, ended) = mpsc::channel();
        let worker = cache.clone();
        std::thread::spawn(move || {
            assert_eq!(worker.lookup("https://a/x", NOW), None);
            assert_eq!((worker.list(), worker.refusal("https://a/x", NOW)), (vec![], None));
            assert!(worker.lock("https://a/x", Duration::ZERO).is_err());
            let _ = worker.prune(NOW);
            done.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_secs(20)).unwrap();
        cache.store(&entry("https://a/x"), NOW).unwrap();
        assert_eq!(cache.list().len(), 1);
    }
}
