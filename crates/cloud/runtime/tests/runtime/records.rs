//! Records: whole, private, of a version, and of one process at a time.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use teeproof_runtime::{Event, RuntimeError, SweepOptions};

use crate::cloud::{Place, ignore, limits, owner, request};

#[tokio::test(start_paused = true)]
async fn records_are_the_users_alone() {
    let place = Place::new();
    place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.directory), 0o700);
    for entry in std::fs::read_dir(&place.directory).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[tokio::test(start_paused = true)]
async fn one_process_at_a_time() {
    let place = Place::new();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let runtime = std::sync::Arc::clone(&place.runtime);
    let launch = tokio::spawn(async move {
        let sink = move |event: &Event| sender.send(event.id().clone()).unwrap();
        runtime.deploy(&request(), &limits(), &sink).await.map(drop)
    });
    let id = receiver.recv().await.unwrap();
    let error = place.runtime.destroy(&id, &limits(), &ignore).await.unwrap_err();
    assert!(matches!(error, RuntimeError::Busy(_)), "{error}");
    // Reading needs no claim.
    place.runtime.status(&id, &limits()).await.unwrap();
    drop(receiver);
    launch.abort();
}

/// A record of another version, a damaged one, and one under another name: named, and never replaced or swept.
#[tokio::test(start_paused = true)]
async fn records_that_are_not_understood_are_left_alone() {
    let place = Place::new();
    let (deployment, _) = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    let path = place.directory.join(format!("{}.json", deployment.id));
    let good = std::fs::read_to_string(&path).unwrap();
    let later = good.replacen("\"version\": 1", "\"version\": 2", 1);
    let other = good.replacen(deployment.id.as_str(), "tp-aaaaaaaaaaaaaaaaaaaaaaaaaa", 1);
    for (text, says) in [
        (later.as_str(), "expected a record of version 1, got one of version 2"),
        (&good[..good.len() / 2], "EOF"),
        ("", "EOF"),
        (&other, "expected the record of"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = place.runtime.status(&deployment.id, &limits()).await.unwrap_err();
        assert!(matches!(error, RuntimeError::Record { .. }) && error.to_string().contains(says), "{error}");
        let list = place.runtime.list(&owner(), &limits()).await.unwrap();
        assert_eq!(list.unreadable.len(), 1);
        let mut options = SweepOptions::dry_run(owner());
        (options.dry_run, options.grace) = (false, Duration::ZERO);
        let report = place.runtime.sweep(&options, &limits(), &ignore).await.unwrap();
        assert!(report.deployments.is_empty() && report.unreadable.len() == 1, "{report:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(place.cloud.running().len(), 1);
}

/// Records with members that this version does not know are read.
#[tokio::test(start_paused = true)]
async fn members_of_later_versions_are_ignored() {
    let place = Place::new();
    let (deployment, _) = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    let path = place.directory.join(format!("{}.json", deployment.id));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen('{', "{\"later\": true,", 1)).unwrap();
    assert_eq!(place.runtime.status(&deployment.id, &limits()).await.unwrap().deployment.id, deployment.id);
}
