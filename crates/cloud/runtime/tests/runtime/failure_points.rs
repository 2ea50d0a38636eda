//! Every failure point: at each call of a deployment and of a removal, before and after the cloud has done it, the process
//! dies, the call fails with each class, or the network is gone from then on. A sweep, with the registry or without it,
//! leaves nothing that is not listed.

use teeproof_runtime::{DeploymentState, FailureClass, MachineState, SweepAction, SweepOptions};

use crate::cloud::{Fault, Place, When, ignore, limits, owner, request};
use crate::sweeps::swept;

const FAULTS: [Fault; 10] = [
    Fault::Killed,
    Fault::Outage,
    Fault::Fails(FailureClass::Transient),
    Fault::Fails(FailureClass::Capacity),
    Fault::Fails(FailureClass::Quota),
    Fault::Fails(FailureClass::Permission),
    Fault::Fails(FailureClass::Credentials),
    Fault::Fails(FailureClass::NotFound),
    Fault::Fails(FailureClass::Invalid),
    Fault::Fails(FailureClass::Other),
];

/// What became of one machine.
#[derive(Debug, Default)]
struct Counts {
    points: usize,
    succeeded: usize,
    adopted: usize,
    removed_by_sweep: usize,
    removed_at_once: usize,
}

/// Deploys, and returns whether that succeeded; `None` if the process died.
async fn deploy(place: &Place) -> Option<bool> {
    let (request, limits) = (request(), limits());
    tokio::select! {
        biased;
        () = place.cloud.killed.notified() => None,
        done = place.runtime.deploy(&request, &limits, &ignore) => Some(done.is_ok()),
    }
}

async fn destroy(place: &Place) -> Option<bool> {
    let limits = limits();
    let id = place.runtime.list(&owner(), &limits).await.unwrap().deployments[0].id.clone();
    tokio::select! {
        biased;
        () = place.cloud.killed.notified() => None,
        done = place.runtime.destroy(&id, &limits, &ignore) => Some(done.is_ok()),
    }
}

/// After the sweep: all that runs is listed as ready, with a record; all that is listed runs; nothing else is left.
async fn is_settled(place: &Place, what: &str) -> usize {
    let running = place.cloud.running();
    let list = place.runtime.list(&owner(), &limits()).await.unwrap();
    assert!(list.unreadable.is_empty(), "{what}");
    for machine in &running {
        let listed = list.deployments.iter().find(|one| one.machine.as_ref() == Some(&machine.id));
        assert_eq!(listed.map(|one| one.state), Some(Some(DeploymentState::Ready)), "{what}: {machine:?}");
        assert!(machine.is_ready && machine.state == MachineState::Running, "{what}: {machine:?}");
    }
    assert_eq!(list.deployments.len(), running.len(), "{what}: {:?}", list.deployments);
    for belonging in &place.cloud.world().belongings {
        let owned = running.iter().any(|machine| machine.deployment == belonging.deployment);
        assert!(owned, "{what}: {belonging:?}");
    }
    // A second sweep has nothing to do.
    let again = swept(place).await;
    assert!(again.iter().all(|(_, action)| *action == SweepAction::Keep), "{what}: {again:?}");
    running.len()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_or_left_at_any_failure_point_of_a_deployment() {
    let place = Place::new();
    assert_eq!(deploy(&place).await, Some(true));
    let calls = place.cloud.world().calls.clone();
    let mut counts = Counts::default();
    for (number, call) in calls.iter().enumerate() {
        for when in [When::Before, When::After] {
            for fault in FAULTS {
                for keep in [true, false] {
                    let what = format!("{call} ({number}), {when:?}, {fault:?}, registry kept: {keep}");
                    let mut place = Place::new();
                    place.cloud.world().fault = Some((number, when, fault));
                    let deployed = deploy(&place).await;
                    place.cloud.repair();
                    if deployed == Some(false) && fault != Fault::Outage {
                        assert!(place.cloud.running().is_empty(), "{what}: failed, and costs money");
                        counts.removed_at_once += 1;
                    }
                    place.again(keep);
                    let before = place.cloud.running().len();
                    let actions = swept(&place).await;
                    let left = is_settled(&place, &what).await;
                    counts.points += 1;
                    match deployed {
                        Some(true) => {
                            assert_eq!(left, 1, "{what}");
                            counts.succeeded += 1;
                        }
                        // What failed is gone, unless nobody remembers that it failed: marked, and the registry lost.
                        Some(false) => {
                            let is_forgotten = !keep && fault == Fault::Outage && *call == "mark";
                            assert!(left == 0 || is_forgotten, "{what}");
                        }
                        None => {}
                    }
                    counts.removed_by_sweep += before - left;
                    counts.adopted +=
                        actions.iter().filter(|(_, action)| *action == SweepAction::Adopt).count();
                }
            }
        }
    }
    println!("deploy: {} calls, {counts:?}", calls.len());
    assert!(counts.adopted > 0 && counts.removed_by_sweep > 0 && counts.succeeded > 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_or_left_at_any_failure_point_of_a_removal() {
    let place = Place::new();
    assert_eq!(deploy(&place).await, Some(true));
    let first = place.cloud.world().calls.len() + 1;
    assert_eq!(destroy(&place).await, Some(true));
    let calls = place.cloud.world().calls.clone().split_off(first);
    let mut counts = Counts::default();
    for (number, call) in calls.iter().enumerate() {
        for when in [When::Before, When::After] {
            for fault in FAULTS {
                for keep in [true, false] {
                    let what = format!("{call} ({number}), {when:?}, {fault:?}, registry kept: {keep}");
                    let mut place = Place::new();
                    assert_eq!(deploy(&place).await, Some(true), "{what}");
                    let start = place.cloud.world().calls.len() + 1;
                    place.cloud.world().fault = Some((start + number, when, fault));
                    let destroyed = destroy(&place).await;
                    place.cloud.repair();
                    place.again(keep);
                    let before = place.cloud.running().len();
                    let actions = swept(&place).await;
                    let left = is_settled(&place, &what).await;
                    counts.points += 1;
                    if destroyed == Some(true) {
                        assert_eq!(left, 0, "{what}");
                        counts.succeeded += 1;
                    }
                    // A removal that was recorded is finished.
                    assert!(!keep || left == 0, "{what}");
                    counts.removed_by_sweep += before - left;
                    counts.adopted +=
                        actions.iter().filter(|(_, action)| *action == SweepAction::Adopt).count();
                }
            }
        }
    }
    println!("destroy: {} calls, {counts:?}", calls.len());
    assert!(counts.adopted > 0 && counts.removed_by_sweep > 0 && counts.succeeded > 0);
}

/// What a dry run says is what a run does, and it does nothing.
#[tokio::test(start_paused = true)]
async fn a_dry_run_changes_nothing() {
    let place = Place::new();
    place.cloud.world().fault = Some((3, When::After, Fault::Killed));
    assert_eq!(deploy(&place).await, None);
    place.cloud.repair();
    let mut options = SweepOptions::dry_run(owner());
    options.grace = std::time::Duration::ZERO;
    let report = place.runtime.sweep(&options, &limits(), &ignore).await.unwrap();
    assert_eq!(report.deployments[0].action, SweepAction::Remove);
    assert_eq!(place.cloud.running().len(), 1);
    assert_eq!(swept(&place).await[0].1, SweepAction::Remove);
    assert!(place.cloud.running().is_empty());
}
