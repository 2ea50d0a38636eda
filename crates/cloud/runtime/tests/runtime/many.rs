//! Many deployments: none waits for another, and all are listed with few calls.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::cloud::{Place, ignore, limits, owner, request};

/// In the time of the test's clock, which passes only while all tasks wait.
#[tokio::test(start_paused = true)]
async fn deployments_do_not_wait_for_one_another() {
    let place = Place::new();
    *place.cloud.delay.lock().unwrap() = Duration::from_secs(1);
    let begun = Instant::now();
    place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    let one = begun.elapsed();
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..50 {
        let runtime = Arc::clone(&place.runtime);
        tasks.spawn(async move {
            runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
            begun.elapsed()
        });
    }
    let longest = tasks.join_all().await.into_iter().max().unwrap();
    println!("one: {one:?}, the longest of 50: {longest:?}");
    assert!(longest < one.mul_f64(1.3), "{longest:?}");
    assert_eq!(place.cloud.running().len(), 51);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_one_call_of_a_provider() {
    let place = Place::new();
    for _ in 0..20 {
        place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    }
    let before = place.cloud.world().calls.len();
    assert_eq!(place.runtime.list(&owner(), &limits()).await.unwrap().deployments.len(), 20);
    assert_eq!(place.cloud.world().calls[before..], ["machines"]);
}
