//! The dates of objects: stale answers, older answers, and the time of verification.

use std::time::Duration;

use teeproof_core::Time;
use teeproof_endorse::{AmdKey, Endorsement, Error, Fetcher, Prefetch, Question, Reuse, Stale};
use teeproof_wire::snp::Product;

use crate::fetcher::Setting;
use crate::minted::{NOW, crl_of};
use crate::server::{not_found, ok, status};

const LIST: Question = Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek };
const DAY: i64 = 86_400;
const DAILY: Reuse = Reuse::within(Duration::from_secs(DAY as u64)).stale(Stale::IfError);

/// A list from and until these days since [`NOW`].
fn list(from: i64, until: i64) -> Vec<u8> {
    crl_of("ARK-Milan", from * DAY, until * DAY)
}

/// A service that answers the first request with one response, and every other one with another.
fn then(first: Vec<u8>, other: Vec<u8>) -> Setting {
    Setting::of(move |received| if received.number == 0 { first.clone() } else { other.clone() })
}

fn day(number: i64) -> Time {
    NOW.plus(number * DAY)
}

fn body(fetched: &Result<Endorsement, Error>) -> (&[u8], bool) {
    let fetched = fetched.as_ref().unwrap();
    (fetched.answer.body(), fetched.from_cache)
}

#[test]
fn a_valid_list_is_used_whatever_the_service_answers() {
    let cached = list(-1, 30);
    for (name, answer) in [
        ("404", not_found()),
        ("400", status("400 Bad Request", "", b"")),
        ("410", status("410 Gone", "", b"")),
        ("403", status("403 Forbidden", "", b"")),
        ("301", status("301 Moved Permanently", "Location: http://127.0.0.1:1/\r\n", b"")),
        ("page", ok(b"<html>Sign in to the network</html>")),
        ("expired", ok(&list(-40, -1))),
        ("future", ok(&list(20, 40))),
    ] {
        let setting = then(ok(&cached), answer);
        setting.fetch(&LIST, DAILY, NOW).unwrap();
        // The second time, a refusal is remembered.
        for seconds in [2 * DAY, 2 * DAY + 5] {
            let fetched = setting.fetch(&LIST, DAILY, NOW.plus(seconds));
            assert_eq!(body(&fetched), (cached.as_slice(), true), "{name}");
        }
        assert!(setting.sent() >= 2, "{name}");
        let offline = setting.fetch(&LIST, Reuse::WHILE_VALID, day(3));
        assert_eq!(body(&offline), (cached.as_slice(), true), "{name}");
        // Once it has expired, it is no longer used.
        assert!(setting.fetch(&LIST, DAILY, day(31)).is_err() || name == "future", "{name}");
    }
}

#[test]
fn a_stale_answer_is_a_failure_of_the_service() {
    for (from, until) in [(-40, -1), (3, 30)] {
        let setting = then(ok(&list(from, until)), not_found());
        let answered = setting.fetch(&LIST, DAILY, NOW);
        let Err(error) = answered else { panic!("{answered:?}") };
        assert!(matches!(error, Error::OutOfDate { at: NOW, .. }), "{error:?}");
        assert!(error.hint().contains("mirror is stale"), "{}", error.hint());
        assert_eq!(setting.cache.list().len(), 0);
    }
    // Of another time of verification, the service has no object, which is not its failure.
    let setting = then(ok(&list(-1, 30)), not_found());
    let answered = setting.fetcher().valid_at(day(-10)).fetch(&LIST, DAILY, NOW);
    assert!(matches!(answered, Err(Error::OtherTime { .. })), "{answered:?}");
    assert_eq!(setting.cache.list().len(), 0);
}

/// A list from the future would stay in place of the one that revokes now.
#[test]
fn a_list_from_the_future_is_neither_stored_nor_used() {
    let hours = |from: i64, until| crl_of("ARK-Milan", from * 3600, until);
    let (current, future) = (hours(-24, 30 * DAY), hours(1, 31 * DAY));
    let setting = then(ok(&current), ok(&future));
    setting.fetch(&LIST, DAILY, NOW.plus(-3600)).unwrap();
    for reuse in [DAILY, Reuse::NEVER.stale(Stale::IfError)] {
        let fetched = setting.fetch(&LIST, reuse, NOW);
        assert_eq!(body(&fetched), (current.as_slice(), true));
    }
    let anew = setting.fetcher().refresh(&LIST, NOW);
    assert!(matches!(anew, Err(Error::OutOfDate { .. })), "{anew:?}");
    assert_eq!(body(&setting.fetch(&LIST, Reuse::WHILE_VALID, NOW)), (current.as_slice(), true));
    // One that another clock has stored is no hit.
    let url = LIST.url(&setting.endpoints).unwrap().to_string();
    let mut entry = setting.cache.lookup(&url, NOW).unwrap();
    entry.body = future;
    setting.cache.store(&entry, NOW).unwrap();
    let offline = Fetcher::offline(&setting.endpoints).cache(&setting.cache);
    assert!(offline.fetch(&LIST, Reuse::WHILE_VALID, NOW).is_err());
    assert!(offline.fetch(&LIST, Reuse::WHILE_VALID, NOW.plus(3600)).is_ok());
}

#[test]
fn an_older_list_replaces_no_newer_one() {
    let (newer, older) = (list(-1, 30), list(-5, 26));
    let setting = then(ok(&newer), ok(&older));
    setting.fetch(&LIST, DAILY, NOW).unwrap();
    for reuse in [DAILY, DAILY.stale(Stale::Refused)] {
        assert_eq!(body(&setting.fetch(&LIST, reuse, day(2))), (newer.as_slice(), true));
    }
    assert_eq!(body(&setting.fetch(&LIST, Reuse::WHILE_VALID, day(2))), (newer.as_slice(), true));
    assert_eq!(setting.sent(), 3);
    // Of the past, the older one is used and not stored.
    let past = setting.fetcher().valid_at(day(-3)).fetch(&LIST, DAILY, day(2));
    assert_eq!(body(&past), (older.as_slice(), false));
    assert_eq!(body(&setting.fetch(&LIST, Reuse::WHILE_VALID, day(2))), (newer.as_slice(), true));
    let anew = Reuse::NEVER.keeping_newer();
    assert_eq!(body(&setting.fetch(&LIST, anew, day(2))), (newer.as_slice(), true));
    // A forged date must not keep a list in the cache for good.
    assert_eq!(body(&setting.fetcher().refresh(&LIST, day(2))), (older.as_slice(), false));
    assert_eq!(body(&setting.fetch(&LIST, Reuse::WHILE_VALID, day(2))), (older.as_slice(), true));
    // The newer one replaces the older one.
    let setting = then(ok(&older), ok(&newer));
    setting.fetch(&LIST, DAILY, NOW).unwrap();
    assert_eq!(body(&setting.fetch(&LIST, DAILY, day(2))), (newer.as_slice(), false));
}

#[test]
fn the_cache_has_what_was_valid_at_the_time_of_verification() {
    let past = list(-40, -10);
    let setting = then(ok(&past), not_found());
    let at = |time| setting.fetcher().valid_at(time);
    assert_eq!(body(&at(day(-20)).fetch(&LIST, DAILY, NOW)), (past.as_slice(), false));
    assert_eq!(body(&at(day(-20)).fetch(&LIST, DAILY, NOW)), (past.as_slice(), true));
    // Its age is that at present.
    assert_eq!(body(&at(day(-20)).fetch(&LIST, DAILY, day(2))), (past.as_slice(), true));
    assert_eq!(setting.sent(), 2);
    assert!(setting.fetch(&LIST, DAILY, NOW).is_err());
}

#[test]
fn a_prefetch_of_expired_objects_has_failed() {
    let setting = then(ok(&list(-40, -1)), ok(&list(-40, -1)));
    let prefetch = Prefetch { workers: 1, reuse: |_| DAILY, clock: || NOW, patience: Duration::from_secs(1) };
    let result = prefetch.run(&setting.fetcher(), &[LIST], &|| ());
    assert_eq!((result.fetched, result.cached), (0, 0));
    assert!(matches!(result.failed.as_slice(), [(0, Error::OutOfDate { .. })]), "{:?}", result.failed);
}

#[test]
fn the_hint_of_a_404_fits_the_object() {
    let vcek = crate::minted::milan().1;
    for (question, part) in
        [(vcek, "chip id"), (LIST, "URL of the service"), (Question::TdQeIdentity, "URL of")]
    {
        let setting = Setting::of(|_| not_found());
        let Err(error) = setting.fetch(&question, DAILY, NOW) else { panic!("{question:?}") };
        assert!(error.hint().contains(part), "{}", error.hint());
    }
}
