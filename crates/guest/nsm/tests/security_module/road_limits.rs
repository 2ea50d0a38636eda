//! The bounds of a server: rate, connections, a slow module, slow readers, and its end.

use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use teeproof_nsm::road::{RoadAnswer, RoadError, RoadForm, RoadLimits};

use super::module::TestModule;
use super::road::{LIMITS, Served, read_answer, request};

#[test]
fn requests_over_the_rate_are_refused_and_the_rate_is_kept() {
    let served = Served::tcp(RoadLimits { rate: 50, burst: 10, ..LIMITS }, TestModule::default());
    let begun = Instant::now();
    let (mut documents, mut refusals) = (0, 0);
    while begun.elapsed() < Duration::from_secs(2) {
        match served.fetch(b"n", RoadForm::Document) {
            Ok(_) => documents += 1,
            Err(RoadError::Refused(text)) => {
                assert_eq!(text, "rate limit: at most 50 documents a second; try again");
                refusals += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let most = 10.0 + begun.elapsed().as_secs_f64() * 50.0 + 1.0;
    assert!(refusals > 0 && documents >= 10 && f64::from(documents) <= most, "{documents} {refusals}");
}

#[test]
fn connections_over_the_limit_wait_and_idle_ones_are_cut_off() {
    let served = Served::tcp(RoadLimits { connections: 2, ..LIMITS }, TestModule::default());
    // Before they are accepted, so that a slow machine shortens nothing.
    let begun = Instant::now();
    let idle = [served.connect(), served.connect()];
    served.fetch(b"n", RoadForm::Document).unwrap();
    // The idle ones had their time first.
    assert!(begun.elapsed() >= LIMITS.request, "{:?}", begun.elapsed());
    drop(idle);
}

#[test]
fn no_number_of_connections_stops_a_server() {
    // Nothing would be accepted, or the room for as many would not be there.
    for connections in [0, 1, usize::MAX] {
        let served = Served::tcp(RoadLimits { connections, ..LIMITS }, TestModule::default());
        for _ in 0..3 {
            served.fetch(b"n", RoadForm::Document).unwrap();
        }
    }
}

#[test]
fn a_slow_module_is_waited_for_until_the_deadline() {
    let served = Served::tcp(LIMITS, TestModule::slow(Duration::from_millis(250)));
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..6).map(|_| scope.spawn(|| served.fetch(b"n", RoadForm::Document))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // One at a time: some have to wait for too long, and the module gets no request for them.
    let served_in_time = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((1..=2).contains(&served_in_time), "{answers:?}");
    for answer in answers {
        if let Err(error) = answer {
            assert!(
                error.to_string().ends_with("the Nitro security module does not answer in time"),
                "{error}"
            );
        }
    }
    thread::sleep(Duration::from_millis(300));
    assert!(served.fetch(b"n", RoadForm::Document).is_ok());
}

#[test]
fn a_client_that_says_it_sends_no_more_gets_its_answer() {
    let served = Served::tcp(LIMITS, TestModule::default());
    let mut stream = served.connect();
    stream.write_all(&request(b"n")).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(read_answer(&mut stream), Some(RoadAnswer::Document(_))));
}

#[test]
fn a_server_that_is_stopped_answers_what_it_has_read() {
    let mut served = Served::tcp(LIMITS, TestModule::slow(Duration::from_millis(200)));
    let mut stream = served.connect();
    stream.write_all(&request(b"n")).unwrap();
    thread::sleep(Duration::from_millis(100));
    served.stop();
    assert!(matches!(read_answer(&mut stream), Some(RoadAnswer::Document(_))));
    assert!(served.fetch(b"n", RoadForm::Document).is_err());
}

#[test]
fn a_thousand_clients_at_once_are_all_answered() {
    let served = Served::tcp(RoadLimits { module: Duration::from_secs(20), ..LIMITS }, TestModule::default());
    let answered: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..20_u8)
            .map(|client| {
                let served = &served;
                scope.spawn(move || {
                    (0..50_u8).filter(|at| served.fetch(&[client, *at], RoadForm::Document).is_ok()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(answered, 1000);
}
