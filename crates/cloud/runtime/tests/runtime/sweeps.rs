//! Sweeps: whose deployments, and what they spare.

use std::time::Duration;

use teeproof_runtime::{DeploymentId, Event, SweepAction, SweepOptions};

use crate::cloud::{Place, ignore, limits, owner, request};

/// Sweeps for good, without grace, and returns what was done.
pub(crate) async fn swept(place: &Place) -> Vec<(DeploymentId, SweepAction)> {
    let mut options = SweepOptions::dry_run(owner());
    (options.dry_run, options.grace) = (false, Duration::ZERO);
    let report = place.runtime.sweep(&options, &limits(), &ignore).await.unwrap();
    assert!(report.unreadable.is_empty());
    let failures: Vec<_> = report.deployments.iter().filter_map(|one| one.failure.as_ref()).collect();
    assert!(failures.is_empty(), "{failures:?}");
    report.deployments.into_iter().map(|one| (one.id, one.action)).collect()
}

#[tokio::test(start_paused = true)]
async fn nobody_elses_deployments_are_touched() {
    let mut place = Place::new();
    let mut of_others = request();
    of_others.owner = "others".parse().unwrap();
    place.runtime.deploy(&of_others, &limits(), &ignore).await.unwrap();
    place.again(false);
    assert!(swept(&place).await.is_empty());
    let mut all = SweepOptions::dry_run(owner());
    (all.dry_run, all.all) = (false, true);
    assert!(place.runtime.sweep(&all, &limits(), &ignore).await.unwrap().deployments.is_empty());
    assert_eq!(place.cloud.running().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_launch_under_way_is_spared() {
    let place = Place::new();
    let runtime = std::sync::Arc::clone(&place.runtime);
    // Swept at each event of the launch, with the registry and as from another computer.
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let launch = tokio::spawn(async move {
        let sink = move |event: &Event| sender.send(event.clone()).unwrap();
        runtime.deploy(&request(), &limits(), &sink).await.map(drop)
    });
    let other = Place::of(std::sync::Arc::clone(&place.cloud));
    while let Some(event) = receiver.recv().await {
        if !matches!(event, Event::Ready { .. }) {
            for (_, action) in swept(&place).await {
                // Finished by now, or not.
                assert!(matches!(action, SweepAction::Wait | SweepAction::Keep), "{event:?}: {action:?}");
            }
            let mut options = SweepOptions::dry_run(owner());
            options.dry_run = false;
            for one in other.runtime.sweep(&options, &limits(), &ignore).await.unwrap().deployments {
                // Once it is marked as ready, the other computer may have a record of it, too.
                assert_ne!(one.action, SweepAction::Remove, "{event:?}: {one:?}");
            }
        }
    }
    launch.await.unwrap().unwrap();
    assert_eq!(place.cloud.running().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_is_all_of_the_owner() {
    let place = Place::new();
    for _ in 0..3 {
        place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    }
    let mut all = SweepOptions::dry_run(owner());
    all.all = true;
    let planned = place.runtime.sweep(&all, &limits(), &ignore).await.unwrap();
    assert!(planned.deployments.iter().all(|one| one.action == SweepAction::Remove));
    assert_eq!(place.cloud.running().len(), 3);
    all.dry_run = false;
    place.runtime.sweep(&all, &limits(), &ignore).await.unwrap();
    assert!(place.cloud.running().is_empty());
}
