//! The fetcher: cache, retries, refusals, staleness, and being offline.

use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use teeproof_core::{Time, Validity};
use teeproof_endorse::{
    AmdKey, Cache, CacheLimits, Endorsement, Endpoints, Error, Fetcher, Http, Question, Request, Response,
    Retries, Reuse, Service, Stale, Transport,
};
use teeproof_wire::snp::Product;

use crate::folder::Folder;
use crate::minted::{NOW, PRODUCTS, chain, crl, issuers, machine, milan, vcek};
use crate::questions::IDENTITY;
use crate::server::{Received, Server, not_found, ok, status};

const QUICK: Retries = Retries {
    attempts: 4,
    first_pause: Duration::from_millis(8),
    longest_pause: Duration::from_millis(40),
    total: Duration::from_secs(5),
    lock_patience: Duration::from_secs(5),
    refusals: Duration::from_secs(60),
};

/// A server, a cache and what a fetcher is made of.
pub(crate) struct Setting {
    server: Server,
    folder: Folder,
    pub(crate) cache: Cache,
    pub(crate) endpoints: Endpoints,
    http: Http,
}

impl Setting {
    pub(crate) fn of(answer: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::around(Server::of(answer))
    }

    fn around(server: Server) -> Self {
        let folder = Folder::new();
        let cache = Cache::open(&folder.0, CacheLimits::DEFAULT).unwrap();
        let mut endpoints = Endpoints::vendors();
        for service in Service::ALL {
            endpoints.set(*service, &server.url).unwrap();
        }
        let http = Http::with_hosts(Duration::from_secs(5), endpoints.allowed_hosts().unwrap());
        Self { server, folder, cache, endpoints, http }
    }

    pub(crate) fn fetcher(&self) -> Fetcher<'_> {
        self.fetcher_with(QUICK)
    }

    fn fetcher_with(&self, retries: Retries) -> Fetcher<'_> {
        Fetcher::new(&self.http, &self.endpoints, retries, &|| u32::MAX / 2).cache(&self.cache)
    }

    pub(crate) fn fetch(&self, question: &Question, reuse: Reuse, now: Time) -> Result<Endorsement, Error> {
        self.fetcher().fetch(question, reuse, now)
    }

    pub(crate) fn sent(&self) -> usize {
        self.server.requests().len()
    }
}

/// Whether it is from the cache, whether a refresh is due, and when it was fetched, in whole minutes since [`NOW`]:
/// the clock moves while a test waits.
fn origin(endorsement: &Endorsement) -> (bool, bool, i64) {
    let minutes = endorsement.fetched_at.since(NOW).div_euclid(60);
    (endorsement.from_cache, endorsement.refresh_due, minutes)
}

#[test]
fn a_vcek_is_requested_once() {
    let (vek, question) = milan();
    let body = vek.clone();
    let setting = Setting::of(move |_| ok(&body));
    let fetched = setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
    assert_eq!((fetched.answer.body(), origin(&fetched)), (vek.as_slice(), (false, false, 0)));
    assert_eq!(fetched.not_stored, None);
    assert!(fetched.url.starts_with(&setting.server.url));
    assert_eq!(fetched.valid_until(), fetched.answer.validity().not_after);
    let again = setting.fetch(&question, Reuse::WHILE_VALID, NOW.plus(86_400)).unwrap();
    assert_eq!((again.answer.clone(), origin(&again)), (fetched.answer, (true, false, 0)));
    assert_eq!(setting.sent(), 1);
    let path = setting.server.requests().remove(0);
    assert!(path.starts_with("GET /vcek/v1/Milan/4041"), "{path}");
    // Another endpoint is another cache.
    let mut elsewhere = setting.endpoints.clone();
    elsewhere.set(Service::Kds, &[setting.server.url.as_str(), "/other"].concat()).unwrap();
    let fetcher = Fetcher::new(&setting.http, &elsewhere, QUICK, &|| 0).cache(&setting.cache);
    assert!(!fetcher.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap().from_cache);
}

#[test]
fn what_has_expired_is_fetched_again() {
    let (vek, question) = milan();
    let setting = Setting::of(move |_| ok(&vek));
    let fetched = setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
    let until = fetched.valid_until();
    assert!(setting.fetch(&question, Reuse::WHILE_VALID, until).unwrap().from_cache);
    let from = fetched.answer.validity().not_before;
    // A clock that is an hour behind does not make a request each time.
    assert!(setting.fetch(&question, Reuse::WHILE_VALID, from.plus(-3600)).unwrap().from_cache);
    for outside in [until.plus(1), from.plus(-2 * 86_400)] {
        // The service has nothing else, which is its failure.
        let answered = setting.fetch(&question, Reuse::WHILE_VALID, outside);
        assert!(matches!(answered, Err(Error::OutOfDate { .. })), "{outside}: {answered:?}");
    }
    assert_eq!(setting.sent(), 3);
}

#[test]
fn a_404_page_is_remembered_briefly_and_never_stored() {
    let (vek, question) = milan();
    let setting = Setting::of(move |received| if received.number == 0 { not_found() } else { ok(&vek) });
    let missing = setting.fetch(&question, Reuse::WHILE_VALID, NOW);
    assert!(matches!(missing, Err(Error::Status { status: 404, .. })), "{missing:?}");
    let refused = setting.fetch(&question, Reuse::WHILE_VALID, NOW.plus(59));
    let Err(Error::Refused { status: 404, until, .. }) = refused else { panic!("{refused:?}") };
    assert!(until.since(NOW) >= 60, "{until}");
    assert_eq!((setting.sent(), setting.cache.list().len()), (1, 0));
    let other = Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek };
    assert!(setting.fetch(&other, Reuse::WHILE_VALID, NOW).is_err());
    assert!(!setting.fetch(&question, Reuse::WHILE_VALID, until).unwrap().from_cache);
}

#[test]
fn wrong_answers_are_not_repeated_and_never_stored() {
    let (vek, question) = milan();
    let genoa = machine(PRODUCTS[1].1).mint().unwrap().vek;
    let page = b"<html>Sign in to the network</html>".to_vec();
    for wrong in [ok(&genoa), ok(&page), ok(b""), ok(&vek[..vek.len() - 1])] {
        let setting = Setting::of(move |_| wrong.clone());
        let answered = setting.fetch(&question, Reuse::WHILE_VALID, NOW);
        assert!(matches!(answered, Err(Error::Malformed { .. } | Error::Mismatch { .. })), "{answered:?}");
        assert_eq!((setting.sent(), setting.cache.list().len()), (1, 0));
        assert_eq!(setting.cache.refusal(question.url(&setting.endpoints).unwrap().as_str(), NOW), None);
    }
    let elsewhere = status("302 Found", "Location: http://127.0.0.1:1/\r\n", b"");
    let setting = Setting::of(move |_| elsewhere.clone());
    let answered = setting.fetch(&question, Reuse::WHILE_VALID, NOW);
    assert!(matches!(answered, Err(Error::Redirect { .. })), "{answered:?}");
    assert_eq!(setting.sent(), 1);
}

#[test]
fn a_service_that_recovers_is_waited_for() {
    let (vek, question) = milan();
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\ncut".to_vec();
    for trouble in [
        status("503 Service Unavailable", "", b""),
        status("500 Internal Server Error", "", b""),
        cut,
        Vec::new(),
    ] {
        let body = vek.clone();
        let setting =
            Setting::of(move |received| if received.number < 3 { trouble.clone() } else { ok(&body) });
        let fetched = setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
        assert_eq!((fetched.answer.body(), setting.sent()), (vek.as_slice(), 4));
    }
}

#[test]
fn a_storm_of_429_ends_after_four_requests() {
    let (_, question) = milan();
    let setting = Setting::of(|_| status("429 Too Many Requests", "", b""));
    let begun = Instant::now();
    let answered = setting.fetch(&question, Reuse::WHILE_VALID, NOW);
    assert!(matches!(answered, Err(Error::Status { status: 429, .. })), "{answered:?}");
    assert_eq!(setting.sent(), 4);
    // Half of 8, 16 and 32 ms, and some of the other halves.
    assert!(begun.elapsed() >= Duration::from_millis(28), "{:?}", begun.elapsed());
}

#[test]
fn a_storm_of_429_ends_for_all_that_wait() {
    let (_, question) = milan();
    let setting = Setting::of(|_| status("429 Too Many Requests", "", b""));
    let retries = Retries { longest_pause: Duration::from_secs(60), ..QUICK };
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let answered = setting.fetcher_with(retries).fetch(&question, Reuse::WHILE_VALID, NOW);
                let is_429 = matches!(
                    answered,
                    Err(Error::Status { status: 429, .. } | Error::Refused { status: 429, .. })
                );
                assert!(is_429, "{answered:?}");
            });
        }
    });
    assert_eq!(setting.sent(), 4);
}

#[test]
fn retry_after_is_waited_for() {
    let (vek, question) = milan();
    let setting = Setting::of(move |received| match received.number {
        0 => status("429 Too Many Requests", "Retry-After: 1\r\n", b""),
        _ => ok(&vek),
    });
    let begun = Instant::now();
    let fetched = setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    // The clock has moved since the call.
    assert_eq!(setting.sent(), 2);
    assert!(fetched.fetched_at.since(NOW) >= 1, "{}", fetched.fetched_at);
}

#[test]
fn a_long_retry_after_is_remembered_for_every_process() {
    let (_, question) = milan();
    for (header, until) in [
        ("120".to_owned(), 120),
        ("999999999999999999999999".to_owned(), 3600),
        // 2026-01-15T12:05:00Z, five minutes after NOW.
        ("Thu, 15 Jan 2026 12:05:00 GMT".to_owned(), 300),
    ] {
        let setting =
            Setting::of(move |_| status("429 Too Many Requests", &format!("Retry-After: {header}\r\n"), b""));
        let begun = Instant::now();
        assert!(matches!(
            setting.fetch(&question, Reuse::WHILE_VALID, NOW),
            Err(Error::Status { status: 429, .. })
        ));
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        let refused = setting.fetch(&question, Reuse::WHILE_VALID, NOW.plus(until - 1));
        assert!(matches!(refused, Err(Error::Refused { status: 429, .. })), "{refused:?}");
        assert_eq!(setting.sent(), 1);
        assert!(setting.fetch(&question, Reuse::WHILE_VALID, NOW.plus(until + 30)).is_err());
        assert!(setting.sent() > 1);
    }
}

#[test]
fn who_wants_everything_anew_does_not_wait_for_a_remembered_refusal() {
    let (vek, question) = milan();
    for refusal in [not_found(), status("429 Too Many Requests", "Retry-After: 99999999\r\n", b"")] {
        let body = vek.clone();
        let setting = Setting::of(move |received| match received.number {
            0 => refusal.clone(),
            _ => ok(&body),
        });
        assert!(setting.fetch(&question, Reuse::WHILE_VALID, NOW).is_err());
        let refused = setting.fetch(&question, Reuse::WHILE_VALID, NOW);
        assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
        assert_eq!(setting.fetcher().refresh(&question, NOW).unwrap().answer.body(), vek);
        assert_eq!(setting.sent(), 2);
        assert!(setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap().from_cache);
    }
}

#[test]
fn pauses_have_jitter() {
    let (_, question) = milan();
    let elapsed = |random: &(dyn Fn() -> u32 + Sync)| {
        let setting = Setting::of(|_| status("503 Service Unavailable", "", b""));
        let retries = Retries { first_pause: Duration::from_millis(200), attempts: 2, ..QUICK };
        let retries = Retries { longest_pause: Duration::from_millis(200), ..retries };
        let fetcher = Fetcher::new(&setting.http, &setting.endpoints, retries, random);
        let begun = Instant::now();
        assert!(fetcher.fetch(&question, Reuse::WHILE_VALID, NOW).is_err());
        begun.elapsed()
    };
    let (least, most) = (elapsed(&|| 0), elapsed(&|| u32::MAX));
    assert!(least >= Duration::from_millis(100) && most >= Duration::from_millis(200), "{least:?} {most:?}");
    assert!(least < most, "{least:?} {most:?}");
}

/// The revocation list of a product line, and its question.
fn list() -> (Vec<u8>, Question) {
    (crl("ARK-Milan"), Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek })
}

const HOUR: Reuse = Reuse::within(Duration::from_secs(3600));

#[test]
fn stale_endorsements_are_used_as_the_caller_says() {
    let (body, question) = list();
    let setting = Setting::of(move |received| match received.number {
        0 | 2 => ok(&body),
        _ => status("503 Service Unavailable", "", b""),
    });
    setting.fetch(&question, HOUR, NOW).unwrap();
    assert_eq!(origin(&setting.fetch(&question, HOUR, NOW.plus(3599)).unwrap()), (true, false, 0));
    // At once, without a request.
    let later = NOW.plus(3720);
    let stale = setting.fetch(&question, HOUR.stale(Stale::WhileRevalidate), later).unwrap();
    assert_eq!((origin(&stale), setting.sent()), ((true, true, 0), 1));
    // The service fails once; then it answers.
    let refreshed = setting.fetcher().refresh(&question, later).unwrap();
    assert_eq!((origin(&refreshed), setting.sent()), ((false, false, 62), 3));
    // From here on it fails.
    let later = NOW.plus(7440);
    assert!(setting.fetch(&question, HOUR, later).is_err());
    let fallback = setting.fetch(&question, HOUR.stale(Stale::IfError), later).unwrap();
    assert_eq!(origin(&fallback), (true, true, 62));
    // An expired list is never used.
    let expired = fallback.valid_until().plus(1);
    for stale in [Stale::Refused, Stale::IfError, Stale::WhileRevalidate] {
        assert!(setting.fetch(&question, HOUR.stale(stale), expired).is_err(), "{stale:?}");
    }
}

#[test]
fn a_wrong_answer_replaces_nothing() {
    let (body, question) = list();
    let setting = Setting::of(move |received| match received.number {
        0 => ok(&body),
        _ => ok(&crl("ARK-Turin")),
    });
    setting.fetch(&question, HOUR, NOW).unwrap();
    let answered = setting.fetch(&question, HOUR, NOW.plus(3720));
    assert!(matches!(answered, Err(Error::Mismatch { .. })), "{answered:?}");
    // Whatever the service says, a valid list is better than none.
    let fallback = setting.fetch(&question, HOUR.stale(Stale::IfError), NOW.plus(3720)).unwrap();
    assert_eq!(origin(&fallback), (true, true, 0));
    // The list that was there is still there.
    assert!(setting.fetch(&question, Reuse::WHILE_VALID, NOW.plus(3600)).unwrap().from_cache);
}

#[test]
fn offline_uses_the_cache_and_opens_no_socket() {
    let (vek, question) = milan();
    let setting = Setting::of(move |_| ok(&vek));
    setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
    let before = setting.server.connections();
    let offline = Fetcher::offline(&setting.endpoints).cache(&setting.cache);
    assert!(offline.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap().from_cache);
    assert!(offline.fetch(&question, HOUR.stale(Stale::IfError), NOW.plus(9999)).unwrap().from_cache);
    // Another process that fetches the same object is not waited for.
    let missing = Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek };
    let url = missing.url(&setting.endpoints).unwrap();
    let _lock = setting.cache.lock(url.as_str(), Duration::ZERO).unwrap().unwrap();
    let begun = Instant::now();
    let answered = offline.fetch(&missing, Reuse::WHILE_VALID, NOW);
    assert_eq!(answered, Err(Error::Offline { url: url.to_string() }));
    assert!(matches!(offline.refresh(&question, NOW), Err(Error::Offline { .. })));
    assert!(begun.elapsed() < Duration::from_secs(1));
    thread::sleep(Duration::from_millis(50));
    assert_eq!(setting.server.connections(), before);
}

#[test]
fn a_cached_answer_is_compared_with_the_question_again() {
    let (vek, question) = milan();
    let setting = Setting::of(move |_| ok(&vek));
    let fetched = setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
    // Somebody stores another chip's certificate under this URL.
    let mut entry = setting.cache.lookup(&fetched.url, NOW).unwrap();
    entry.body = machine(PRODUCTS[0].1).chip_id([9; 64]).mint().unwrap().vek;
    setting.cache.store(&entry, NOW).unwrap();
    let again = setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
    assert_eq!((again.from_cache, again.answer), (false, fetched.answer));
}

#[test]
fn a_cache_that_cannot_be_written_is_reported_with_the_answer() {
    let (vek, question) = milan();
    let setting = Setting::of(move |_| ok(&vek));
    for name in ["objects", "locks"] {
        let folder = setting.folder.0.join(name);
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, b"").unwrap();
        let fetched = setting.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
        assert!(matches!(fetched.not_stored, Some(Error::Cache { .. })), "{:?}", fetched.not_stored);
    }
}

#[test]
fn every_kind_of_object_is_cached() {
    let milan = chain(&machine(PRODUCTS[0].1).mint().unwrap());
    let setting = Setting::of(move |received| {
        let header =
            |name: &str, body: &str| status("200 OK", &format!("{name}: {}\r\n", issuers()), body.as_bytes());
        let signed = |text: &str| text.replace("SIGNATURE", &"0a".repeat(64));
        match received.path.as_str() {
            "/vcek/v1/Milan/cert_chain" => ok(milan.as_bytes()),
            "/vcek/v1/Milan/crl" => ok(&crl("ARK-Milan")),
            "/tdx/certification/v4/qe/identity" => {
                header("SGX-Enclave-Identity-Issuer-Chain", &signed(IDENTITY))
            }
            _ => not_found(),
        }
    });
    let (product, key) = (Product::Milan, AmdKey::Vcek);
    let questions =
        [Question::AmdChain { product, key }, Question::AmdCrl { product, key }, Question::TdQeIdentity];
    for question in &questions {
        let fetched = setting.fetch(question, Reuse::WHILE_VALID, NOW).unwrap();
        let cached = setting.fetch(question, Reuse::WHILE_VALID, NOW).unwrap();
        assert_eq!((fetched.answer, cached.from_cache), (cached.answer, true), "{question:?}");
    }
    assert_eq!((setting.sent(), setting.cache.list().len()), (3, 3));
    let identity = setting.fetch(&questions[2], Reuse::WHILE_VALID, NOW).unwrap();
    assert_eq!(identity.answer.issuer_chain(), Some(issuers()));
    assert_eq!(identity.valid_until().to_string(), "2026-02-09T00:00:00Z");
}

/// A transport that records how many requests are in flight.
struct Counting<'a> {
    inner: &'a Http,
    /// Now, and the most at once.
    in_flight: Mutex<(usize, usize)>,
}

impl Transport for Counting<'_> {
    fn send(&self, request: &Request) -> Result<Response, Error> {
        let change = |by: isize| {
            let mut in_flight = self.in_flight.lock().unwrap();
            let now = in_flight.0.checked_add_signed(by).unwrap();
            *in_flight = (now, in_flight.1.max(now));
        };
        change(1);
        let sent = self.inner.send(request);
        change(-1);
        sent
    }
}

#[test]
fn threads_make_one_request() {
    let (vek, question) = milan();
    let setting = Setting::of(move |_| {
        thread::sleep(Duration::from_millis(100));
        ok(&vek)
    });
    let transport = Counting { inner: &setting.http, in_flight: Mutex::new((0, 0)) };
    let fetcher = Fetcher::new(&transport, &setting.endpoints, QUICK, &|| 0).cache(&setting.cache);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| fetcher.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap());
        }
    });
    assert_eq!((setting.sent(), *transport.in_flight.lock().unwrap()), (1, (0, 1)));
    // Those that wait for a refresh take its answer, too.
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| fetcher.refresh(&question, NOW).unwrap());
        }
    });
    assert!(setting.sent() <= 3, "{}", setting.sent());
}

#[test]
fn the_patience_for_another_process_ends() {
    let (vek, question) = milan();
    let setting = Setting::of(move |_| ok(&vek));
    let url = question.url(&setting.endpoints).unwrap();
    let _lock = setting.cache.lock(url.as_str(), Duration::ZERO).unwrap().unwrap();
    let retries = Retries { lock_patience: Duration::from_millis(60), ..QUICK };
    let answered = setting.fetcher_with(retries).fetch(&question, Reuse::WHILE_VALID, NOW);
    assert_eq!(answered, Err(Error::Locked { url: url.to_string() }));
    assert_eq!(setting.sent(), 0);
}

const SPAN: Validity = Validity { not_before: NOW, not_after: NOW };

#[test]
fn every_error_has_a_message_and_a_hint() {
    let url = "http://127.0.0.1/metadata/x".to_owned();
    let what = "something".to_owned();
    let errors = [
        Error::Address(url.clone()),
        Error::NotEncrypted { url: url.clone() },
        Error::HostNotAllowed { url: url.clone() },
        Error::Offline { url: url.clone() },
        Error::Unreachable { url: url.clone(), reason: what.clone() },
        Error::Late { url: url.clone() },
        Error::Status { url: url.clone(), status: 500 },
        Error::Redirect { url: url.clone(), to: what.clone() },
        Error::Refused { url: url.clone(), status: 404, until: NOW },
        Error::TooLarge { url: url.clone(), limit: 1 },
        Error::Malformed { url: url.clone(), what: what.clone() },
        Error::Mismatch { url: url.clone(), what: what.clone() },
        Error::OutOfDate { url: url.clone(), validity: SPAN, at: NOW },
        Error::OtherTime { url: url.clone(), validity: SPAN, at: NOW },
        Error::Locked { url: url.clone() },
        Error::Archive { line: 1, what: url.clone() },
        Error::Listen { address: url.clone(), reason: what.clone() },
    ];
    for error in errors {
        assert!(error.to_string().contains(&url), "{error}");
        assert!(error.hint().len() > 10, "{error}");
    }
    assert_eq!(vcek(Product::Turin).title(), "VCEK of a Turin chip");
}
