//! Prefetching of a fleet: nothing is lost while the service answers half of the requests, and no time while it
//! answers none.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use teeproof_endorse::{
    AmdKey, Cache, CacheLimits, Endpoints, Error, Fetcher, Http, Prefetch, Prefetched, Question, Retries,
    Reuse, Service, Vcek,
};
use teeproof_mint::snp::Product as MintProduct;
use teeproof_wire::snp::Product;

use crate::folder::Folder;
use crate::minted::{NOW, machine, tcb};
use crate::server::{Server, not_found, ok, status};

const QUICK: Retries = Retries {
    attempts: 4,
    first_pause: Duration::from_millis(4),
    longest_pause: Duration::from_millis(16),
    total: Duration::from_secs(5),
    lock_patience: Duration::from_secs(5),
    refusals: Duration::from_secs(60),
};

const PREFETCH: Prefetch =
    Prefetch { workers: 8, reuse: |_| Reuse::WHILE_VALID, clock: || NOW, patience: Duration::from_secs(1) };

/// A fleet of Milan chips: the questions, and the certificates by the path of their requests.
fn fleet(count: u16) -> (Vec<Question>, HashMap<String, Vec<u8>>) {
    let (mut questions, mut certificates) = (Vec::new(), HashMap::new());
    for number in 1..=count {
        let mut chip_id = [0x40; 64];
        chip_id[..2].copy_from_slice(&number.to_be_bytes());
        let question = Question::Vcek(Vcek::new(Product::Milan, &chip_id, tcb(Product::Milan)).unwrap());
        let path = question.url(&Endpoints::vendors()).unwrap().path().to_owned();
        certificates.insert(path, machine(MintProduct::Milan).chip_id(chip_id).mint().unwrap().vek);
        questions.push(question);
    }
    (questions, certificates)
}

struct Setting {
    server: Server,
    _folder: Folder,
    cache: Cache,
    endpoints: Endpoints,
    http: Http,
}

impl Setting {
    fn around(server: Server) -> Self {
        let folder = Folder::new();
        let cache = Cache::open(&folder.0, CacheLimits::DEFAULT).unwrap();
        let mut endpoints = Endpoints::vendors();
        endpoints.set(Service::Kds, &server.url).unwrap();
        let http = Http::with_hosts(Duration::from_secs(5), endpoints.allowed_hosts().unwrap());
        Self { server, _folder: folder, cache, endpoints, http }
    }

    fn prefetch(&self, questions: &[Question]) -> (Prefetched, usize) {
        let done = AtomicUsize::new(0);
        let fetcher = Fetcher::new(&self.http, &self.endpoints, QUICK, &|| 99).cache(&self.cache);
        let result = PREFETCH.run(&fetcher, questions, &|| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        (result, done.into_inner())
    }
}

#[test]
fn a_fleet_of_500_is_complete_though_half_of_the_requests_are_refused() {
    let (questions, certificates) = fleet(500);
    let setting = Setting::around(Server::of(move |received| {
        // Half of them, in no order.
        let number = u64::try_from(received.number).unwrap();
        let refused = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) & 1 == 0;
        match certificates.get(&received.path) {
            _ if refused => status("429 Too Many Requests", "", b""),
            Some(certificate) => ok(certificate),
            None => not_found(),
        }
    }));
    let (result, done) = setting.prefetch(&questions);
    assert_eq!(result, Prefetched { fetched: 500, cached: 0, failed: Vec::new() });
    assert_eq!((done, setting.cache.list().len()), (500, 500));
    let sent = setting.server.requests().len();
    assert!((800..1400).contains(&sent), "{sent}");
    let (again, _) = setting.prefetch(&questions);
    assert_eq!(again, Prefetched { fetched: 0, cached: 500, failed: Vec::new() });
    assert_eq!(setting.server.requests().len(), sent);
}

#[test]
fn a_service_that_is_gone_costs_another_service_nothing() {
    let (chips, certificates) = fleet(30);
    let mut setting = Setting::around(Server::of(move |received| {
        certificates.get(&received.path).map_or_else(not_found, |certificate| ok(certificate))
    }));
    // A port of this machine on which nobody listens any more.
    let gone = Server::of(|_| not_found());
    setting.endpoints.set(Service::Pcs, &gone.url).unwrap();
    drop(gone);
    setting.http = Http::with_hosts(Duration::from_secs(5), setting.endpoints.allowed_hosts().unwrap());
    let platforms = (0..20).map(|number| Question::TdxTcbInfo { fmspc: [number; 6] });
    let questions: Vec<_> = platforms.chain(chips).collect();
    let (result, done) = setting.prefetch(&questions);
    assert_eq!((result.fetched, result.failed.len(), done), (30, 20, 50));
    assert_eq!(setting.server.requests().len(), 30);
}

#[test]
fn what_the_service_does_not_have_is_named_and_the_rest_fetched() {
    let (questions, mut certificates) = fleet(40);
    let missing = questions[17].url(&Endpoints::vendors()).unwrap().path().to_owned();
    certificates.remove(&missing);
    let setting = Setting::around(Server::of(move |received| {
        certificates.get(&received.path).map_or_else(not_found, |certificate| ok(certificate))
    }));
    let (result, done) = setting.prefetch(&questions);
    assert_eq!((result.fetched, result.cached, result.failed.len(), done), (39, 0, 1, 40));
    let (index, error) = &result.failed[0];
    assert_eq!(*index, 17);
    assert!(matches!(error, Error::Status { status: 404, .. }), "{error:?}");
}

#[test]
fn a_service_that_refuses_everything_is_given_up() {
    let (questions, _) = fleet(3);
    let setting = Setting::around(Server::of(|_| status("429 Too Many Requests", "", b"")));
    let (result, done) = setting.prefetch(&questions);
    assert_eq!((result.fetched, result.failed.len(), done), (0, 3, 3));
    // Three rounds, of four requests at most.
    assert!(setting.server.requests().len() <= 36, "{}", setting.server.requests().len());
    let setting =
        Setting::around(Server::of(|_| status("429 Too Many Requests", "Retry-After: 900\r\n", b"")));
    let begun = Instant::now();
    let (result, _) = setting.prefetch(&questions);
    assert_eq!(result.failed.len(), 3);
    assert_eq!(setting.server.requests().len(), 3);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_service_that_is_gone_costs_no_time() {
    let (mut questions, _) = fleet(100);
    questions.push(Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek });
    let setting = Setting::around(Server::of(|_| Vec::new()));
    let (result, done) = setting.prefetch(&questions);
    assert_eq!((result.failed.len(), done), (101, 101));
    assert!(result.failed.iter().all(|(_, error)| matches!(error, Error::Unreachable { .. })));
    let sent = setting.server.requests().len();
    assert!(sent <= 16 * 4, "{sent}");
}
