//! `teeproof cache`: a fleet is fetched, listed, moved to another machine, and mirrored.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::kds::{Kds, Served, crl, fleet, not_found, now, ok, response};
use crate::support::*;

fn cache(verb: &[&str], directory: &Path) -> Run {
    teeproof(["cache"]).args(verb).args(["--cache-dir"]).args([directory])
}

fn prefetch(list: &Path, directory: &Path, kds: &Kds) -> Run {
    cache(&["prefetch"], directory).args([list]).env("TEEPROOF_KDS_URL", &kds.url)
}

fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn counts(json: &Value) -> [&Value; 3] {
    [&json["fetched"], &json["cached"], &json["exit_code"]]
}

#[test]
fn a_fleet_is_fetched_from_a_service_that_refuses_half_of_all_requests() {
    const CHIPS: u16 = 60;
    let folder = folder("cache-fleet");
    let (list, objects) = fleet(CHIPS);
    let list = put(&folder, "fleet.txt", list);
    let kds = Kds::of(move |number, path| {
        // Half of them, in no order.
        let number = u64::try_from(number).unwrap();
        let refused = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) & 1 == 0;
        match objects.get(path) {
            _ if refused => response("429 Too Many Requests", b""),
            Some(body) => ok(body),
            None => not_found(),
        }
    });
    let directory = folder.join("cache");
    let json = prefetch(&list, &directory, &kds).args(["--retries", "8", "--format", "json"]).exits(0).json();
    assert_eq!(counts(&json), [CHIPS + 1, 0, 0]);
    let sent = kds.requests().len();
    assert!(sent > 90, "{sent}");
    let ran = prefetch(&list, &directory, &kds).args(["--offline"]).exits(0);
    assert_eq!(ran.first_line(), "fetched 0 endorsements, 61 were cached, 0 failed");
    assert_eq!(kds.requests().len(), sent);

    let listed =
        cache(&["list", "--format", "json"], &directory).env("TEEPROOF_KDS_URL", &kds.url).exits(0).json();
    let entries = listed["endorsements"].as_array().unwrap();
    assert_eq!(entries.len(), 61);
    assert_eq!(entries[0]["what"], "VCEK of a Milan chip");
    assert_eq!(entries[60]["what"], "revocation list of ARK-Milan");
    assert!(entries.iter().all(|entry| entry["expired"] == false), "{listed}");
    cache(&["list"], &directory).exits(0).shows(&["61 endorsements", "valid until", "/vcek/v1/Milan/crl"]);
    let quiet = cache(&["list", "-q"], &directory).exits(0);
    assert_eq!(quiet.stdout.lines().count(), 1);
    cache(&["prune"], &directory).exits(0).shows(&["removed 0 endorsements", "left 61"]);
}

#[test]
fn what_cannot_be_fetched_is_named() {
    let folder = folder("cache-failures");
    let directory = folder.join("cache");
    let (text, mut objects) = fleet(3);
    let missing = objects.keys().find(|path| path.contains("/0002")).unwrap().clone();
    objects.remove(&missing);
    let list = put(&folder, "fleet.txt", &text);
    let kds = Kds::with(objects);
    let ran = prefetch(&list, &directory, &kds).exits(7);
    assert!(ran.stdout.contains("FAILED VCEK of a Milan chip") && ran.stdout.contains(&missing), "{ran:#?}");
    assert!(ran.stdout.ends_with("fetched 3 endorsements, 0 were cached, 1 failed\n"), "{ran:#?}");
    // It is refused for a minute, and the rest is cached.
    let json = prefetch(&list, &directory, &kds).args(["--format", "json"]).exits(7).json();
    assert_eq!(counts(&json), [0, 3, 7]);
    assert_eq!(json["failed"][0]["what"], "VCEK of a Milan chip");

    let gone = Kds::of(|_, _| Vec::new());
    let other = folder.join("other");
    let ran = prefetch(&list, &other, &gone).args(["--retries", "0"]).exits(8);
    assert_eq!(ran.stdout.matches("FAILED").count(), 4, "{ran:#?}");

    for (name, text, place) in [
        ("short.txt", "milan 00 1 2 3 4\n", "short.txt:1"),
        ("levels.txt", "# x\nfmspc 90C06F000000\nmilan 40 256 2 3 4", "levels.txt:3"),
        ("word.txt", &format!("{text}naples 40 1 2 3 4"), "word.txt:6"),
        ("url.txt", "https://kdsintf.amd.com/", "url.txt:1"),
        ("url.txt", "https://evil.example/vcek/v1/Milan/crl", "url.txt:1"),
        ("fmspc.txt", "fmspc 90C06F", "fmspc.txt:1"),
    ] {
        let list = put(&folder, name, text);
        let ran = cache(&["prefetch", "--offline"], &directory).args([&list]).exits(3);
        assert!(ran.stdout.contains(place) && ran.stdout.contains("hint: "), "{ran:#?}");
    }
    let ran = cache(&["prefetch"], &directory).args([folder.join("no-such-file")]).exits(2);
    assert!(ran.stdout.contains("no such file"), "{ran:#?}");
}

/// Editors write a byte order mark, and a rack can be empty.
#[test]
fn a_list_has_a_byte_order_mark_or_comments_alone() {
    let folder = folder("cache-lists");
    let (text, objects) = fleet(1);
    let kds = Kds::with(objects);
    let marked = put(&folder, "marked.txt", format!("\u{feff}{text}"));
    let json = prefetch(&marked, &folder.join("cache"), &kds).args(["--format", "json"]).exits(0).json();
    assert_eq!(counts(&json), [2, 0, 0]);
    let wrong = put(&folder, "wrong.txt", "\u{feff}naples 40 1 2 3 4\nmilan 40 1 2 3");
    let ran = prefetch(&wrong, &folder.join("cache"), &kds).exits(3);
    assert!(ran.stdout.contains("wrong.txt:1") && ran.stdout.contains("got naples"), "{ran:#?}");
    let connections = kds.requests().len();
    for comments in ["# rack 1: empty\n\n", "\u{feff}# rack 1: empty"] {
        let list = put(&folder, "comments.txt", comments);
        let ran = prefetch(&list, &folder.join("cache"), &kds).exits(0);
        assert!(ran.stderr.contains("comments.txt: nothing to fetch"), "{ran:#?}");
    }
    assert_eq!(kds.requests().len(), connections);
    // An empty file is not a list.
    let list = put(&folder, "empty.txt", "\n");
    prefetch(&list, &folder.join("cache"), &kds).exits(3);
}

#[test]
fn evidence_is_a_fleet() {
    let folder = folder("cache-evidence");
    let directory = folder.join("cache");
    let fleet = folder.join("fleet");
    std::fs::create_dir(&fleet).unwrap();
    put(&fleet, "report.bin", bytes(REPORT));
    put(&fleet, "certificate.der", bytes(OTHER_VCEK));
    let kds = Kds::of(|_, path| match path.split('?').next().unwrap() {
        "/vcek/v1/Milan/crl" => ok(&crl("ARK-Milan", now())),
        path if path.starts_with("/vcek/v1/Milan/") => ok(&bytes(VCEK)),
        _ => not_found(),
    });
    let json = prefetch(&fleet, &directory, &kds).args(["--format", "json"]).exits(0).json();
    assert_eq!(
        (counts(&json), &json["unreadable"]),
        ([&2.into(), &0.into(), &0.into()], &serde_json::json!([]))
    );
    let sent = kds.requests();
    assert!(
        sent.iter().any(|path| path.contains("blSPL=")) && sent.iter().any(|path| path.ends_with("/crl")),
        "{sent:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn progress_is_reported_on_a_terminal() {
    let folder = folder("cache-progress");
    let (list, objects) = fleet(12);
    let list = put(&folder, "fleet.txt", list);
    let kds = Kds::of(move |_, path| {
        thread::sleep(Duration::from_millis(900));
        objects.get(path).map_or_else(not_found, |body| ok(body))
    });
    let (exit, shown) = prefetch(&list, &folder.join("cache"), &kds).on_terminal();
    let shown = String::from_utf8(shown).unwrap();
    assert_eq!(exit, Some(0), "{shown}");
    assert!(shown.contains(" of 13 endorsements …") || shown.contains(" of 12 endorsements …"), "{shown}");
    assert!(shown.contains("fetched 13 endorsements"), "{shown}");
}

#[test]
fn a_cache_is_moved_in_a_file() {
    let folder = folder("cache-moved");
    let (one, other) = (folder.join("one"), folder.join("other"));
    let (list, objects) = fleet(5);
    let list = put(&folder, "fleet.txt", list);
    let kds = Kds::with(objects);
    prefetch(&list, &one, &kds).exits(0);
    let file = folder.join("cache.export");
    let export =
        |directory: &Path, file: &Path| cache(&["export"], directory).args(["-o"]).args([file]).exits(0);
    let ran = export(&one, &file);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "exported 6 endorsements\n"));
    let import = |file: &Path| cache(&["import"], &other).args([file]).env("TEEPROOF_KDS_URL", &kds.url);
    import(&file).exits(0).shows(&["added 6 endorsements, 0 not newer, 0 expired, 0 refused"]);
    let json = import(&file).args(["--format", "json"]).exits(0).json();
    assert_eq!((&json["added"], &json["not_newer"]), (&0.into(), &6.into()));
    // The same entries are the same file.
    let again = folder.join("again.export");
    export(&other, &again);
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&again).unwrap());
    let sent = kds.requests().len();
    let ran = prefetch(&list, &other, &kds).args(["--offline"]).exits(0);
    assert!(ran.stdout.contains("6 were cached") && kds.requests().len() == sent, "{ran:#?}");

    // One certificate under the URL of another.
    let text = std::fs::read_to_string(&file).unwrap();
    let swapped = put(&folder, "swapped.export", text.replacen("/0001", "/0009", 1));
    let ran = import(&swapped).exits(3);
    assert!(ran.stdout.contains("REFUSED line") && ran.stdout.contains("hwID"), "{ran:#?}");
    let cut = put(&folder, "cut.export", &text[..text.len() - 10]);
    let json = import(&cut).args(["--format", "json"]).exits(3).json();
    assert_eq!(json["refused"][0]["line"], 7);
    import(&list).fails(3, &["fleet.txt: line 1", "export"]);
    // Without the overrides of the other machine, its URLs are no service's.
    let ran = cache(&["import"], &folder.join("third")).args([&file]).exits(3);
    assert!(ran.stdout.contains("is not the URL of an endorsement"), "{ran:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_fleet_asks_one_mirror() {
    let folder = folder("cache-serve");
    let (list, objects) = fleet(4);
    let list = put(&folder, "fleet.txt", list);
    let (path, body) = objects.iter().find(|(path, _)| path.contains("/0003")).unwrap();
    let (path, body) = (path.clone(), body.clone());
    let kds = Kds::with(objects);
    let served = Served::start(&kds.url, &folder.join("mirror"), &["-v"]);
    let mirror = Kds { url: format!("http://{}", served.address), ..Kds::with([].into()) };
    for client in ["one", "two", "three"] {
        let ran = prefetch(&list, &folder.join(client), &mirror).exits(0);
        assert!(ran.stdout.contains("fetched 5 endorsements"), "{ran:#?}");
    }
    assert_eq!(kds.requests().len(), 5);
    let (head, content) = served.get(&path);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && content == body, "{head}");
    let (head, reason) = served.get("/acc/tdquote");
    assert!(
        head.starts_with("HTTP/1.1 404 ") && String::from_utf8(reason).unwrap().contains("metadata"),
        "{head}"
    );
    assert!(served.get("/\u{1b}[31mred").0.starts_with("HTTP/1.1 400 "));
    assert!(served.get("/\u{202e}evil").0.starts_with("HTTP/1.1 404 "));
    let (exit, said) = served.end();
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.ends_with("stopped\n"), "{said}");
    let lines: Vec<_> = said.lines().filter(|line| line.contains(" GET ")).collect();
    assert_eq!(
        (lines.len(), said.matches(", service, ").count(), said.matches(", cache, ").count()),
        (18, 5, 11),
        "{said}"
    );
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
}

/// More lines than the pipe of standard error has room for, and than wait to be written.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_nobody_reads_stops_no_client() {
    let folder = folder("cache-serve-log");
    let served = Served::start("http://127.0.0.1:1", &folder.join("mirror"), &["-v", "--offline"]);
    let path = format!("/{}", "x".repeat(400));
    for number in 0..2000 {
        let (head, _) = served.get(&path);
        assert!(head.starts_with("HTTP/1.1 404 "), "{number}: {head}");
    }
    assert_eq!(served.end_unread(), Some(0));
}

#[test]
fn a_mirror_says_what_is_wrong_with_its_address() {
    let folder = folder("cache-serve-address");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let serve = |address: &str| cache(&["serve", "--listen", address], &folder);
    serve(&address).fails(2, &["cannot listen at 127.0.0.1:"]);
    serve("mirror.example:80").exits(2);
    let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    serve(&own).env("TEEPROOF_KDS_URL", &format!("http://{own}")).fails(2, &["TEEPROOF_KDS_URL", "itself"]);
}
