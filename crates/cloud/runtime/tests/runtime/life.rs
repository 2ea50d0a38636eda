//! The life of one deployment, and what is refused on the way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use teeproof_mint::nitro::Document;
use teeproof_runtime::{
    DeploymentState, Event, FailureClass, MachineReport, MachineState, Problem, RuntimeError, SecretText,
};

use crate::cloud::{Place, failure, ignore, limits, owner, policy, request};

#[tokio::test(start_paused = true)]
async fn a_whole_life() {
    let place = Place::new();
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let events = Arc::clone(&events);
        move |event: &Event| events.lock().unwrap().push(event.to_string())
    };
    let (deployment, attested) = place.runtime.deploy(&request(), &limits(), &sink).await.unwrap();
    assert_eq!(deployment.state, DeploymentState::Ready);
    assert!(attested.result.is_accepted());
    let id = deployment.id.clone();
    let machine = deployment.machine.clone().unwrap();
    let log = events.lock().unwrap().join("\n");
    for part in [
        "recorded",
        &format!("launched {machine}"),
        "machine pending",
        "machine running",
        "evidence accepted",
        "ready",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
    let status = place.runtime.status(&id, &limits()).await.unwrap();
    assert_eq!((status.machine, status.report), (Some(MachineState::Running), Some(MachineReport::Ready)));
    // What was accepted is returned again, with its age, without a document more.
    let documents = place.cloud.documents.load(std::sync::atomic::Ordering::SeqCst);
    let cached = place.runtime.cached_attestation(&id, None).unwrap();
    assert_eq!(cached.attested.evidence, attested.evidence);
    assert!(cached.age < Duration::from_secs(60));
    assert_eq!(place.cloud.documents.load(std::sync::atomic::Ordering::SeqCst), documents);
    // The nonce is the caller's, or another one each time.
    let fresh = place.runtime.attest(&id, Some(b"a nonce of mine"), None, &limits(), &ignore).await.unwrap();
    assert_eq!(fresh.nonce, b"a nonce of mine");
    let again = place.runtime.attest(&id, None, None, &limits(), &ignore).await.unwrap();
    assert_ne!(again.nonce, attested.nonce);
    assert_eq!(again.module_id, attested.module_id);

    place.runtime.stop(&id, &limits(), &ignore).await.unwrap();
    let stopped = place.runtime.attest(&id, None, None, &limits(), &ignore).await.unwrap_err();
    assert!(matches!(stopped, RuntimeError::MachineState { .. }), "{stopped}");
    let forgotten = place.runtime.cached_attestation(&id, None).unwrap_err();
    assert!(matches!(forgotten, RuntimeError::Evidence(_)), "{forgotten}");
    let restarted = place.runtime.start(&id, &limits(), &ignore).await.unwrap();
    assert_ne!(restarted.module_id, attested.module_id, "the enclave runs anew");

    place.runtime.destroy(&id, &limits(), &ignore).await.unwrap();
    assert!(place.cloud.running().is_empty() && place.cloud.world().belongings.is_empty());
    assert!(place.runtime.list(&owner(), &limits()).await.unwrap().deployments.is_empty());
    let unknown = place.runtime.status(&id, &limits()).await.unwrap_err();
    assert!(matches!(unknown, RuntimeError::NoDeployment(_)), "{unknown}");
    assert_eq!(std::fs::read_dir(&place.directory).unwrap().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn all_problems_before_anything_is_launched() {
    let place = Place::new();
    let problem =
        |what: &str| Problem { what: what.to_owned(), why: "wrong".to_owned(), hint: "change it".to_owned() };
    place.cloud.world().problems = vec![problem("one"), problem("two")];
    let error = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap_err();
    assert_eq!(error.to_string(), "the request cannot be deployed:\n  one: wrong\n  two: wrong");
    place.cloud.world().problems.clear();
    let mut wrong = request();
    wrong.provider = "other".to_owned();
    let error = place.runtime.deploy(&wrong, &limits(), &ignore).await.unwrap_err();
    assert_eq!(error.hint(), "the providers are: test");
    let mut wrong = request();
    wrong.policy.text = "version = 1\n[nitro]\n".to_owned();
    let error = place.runtime.deploy(&wrong, &limits(), &ignore).await.unwrap_err();
    assert!(matches!(error, RuntimeError::Policy(_)), "{error}");
    assert!(place.cloud.running().is_empty());
    assert_eq!(std::fs::read_dir(&place.directory).unwrap().count(), 0);
}

/// What it is, how it is made, and the check that refuses it.
type Forgery = (&'static str, fn(&mut Document), &'static str);

/// What an enclave must not say, and the check that refuses it. Its machine is terminated.
#[tokio::test(start_paused = true)]
async fn evidence_that_is_refused() {
    let forgeries: [Forgery; 4] = [
        ("another image", |document| document.set_pcr(0, &[1; 48]), "nitro.pcr0"),
        ("debug", |document| (0..3).for_each(|index| document.set_pcr(index, &[0; 48])), "nitro.debug"),
        ("another instance", |document| document.set_pcr(4, &[9; 48]), "nitro.instance"),
        ("no nonce", |document| document.remove("nonce"), "nitro.nonce"),
    ];
    for (what, forge, check) in forgeries {
        let place = Place::new();
        place.cloud.world().forge = Some(forge);
        let error = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap_err();
        let RuntimeError::Refused(attested) = &error else { panic!("{what}: {error}") };
        assert!(attested.failed_checks().contains(&check), "{what}: {error}");
        assert!(place.cloud.running().is_empty(), "{what}");
        assert!(place.runtime.list(&owner(), &limits()).await.unwrap().deployments.is_empty(), "{what}");
    }
    // A replayed document is one of another nonce.
    let place = Place::new();
    let (deployment, attested) = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    place.cloud.world().replayed = Some(attested.evidence);
    let error = place.runtime.attest(&deployment.id, None, None, &limits(), &ignore).await.unwrap_err();
    let RuntimeError::Refused(attested) = &error else { panic!("{error}") };
    assert_eq!(attested.failed_checks(), ["nitro.nonce"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_machine_reports_is_an_error_with_its_text() {
    let place = Place::new();
    let report = "E39 Enclave process connection failure\nlog".to_owned();
    place.cloud.world().report = Some(MachineReport::Failed { step: "run-enclave".to_owned(), report });
    let error = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap_err();
    assert!(error.to_string().starts_with("run-enclave failed on the machine: E39"), "{error}");
    assert!(place.cloud.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn deadline_and_cancellation_remove_what_was_launched() {
    let place = Place::new();
    place.cloud.world().report = Some(MachineReport::Step { step: "allocator".to_owned() });
    let mut short = request();
    short.launch_within = Duration::from_secs(5);
    let error = place.runtime.deploy(&short, &limits(), &ignore).await.unwrap_err();
    assert!(matches!(error, RuntimeError::TimedOut { .. }), "{error}");
    assert!(place.cloud.running().is_empty());
    let limits = limits();
    let cancel = limits.cancel.clone();
    let sink = move |event: &Event| {
        if matches!(event, Event::Launched { .. }) {
            cancel.cancel();
        }
    };
    let error = place.runtime.deploy(&request(), &limits, &sink).await.unwrap_err();
    assert!(matches!(error, RuntimeError::Cancelled { .. }), "{error}");
    assert!(place.cloud.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_switched_off_enclave_support_is_seen() {
    let place = Place::new();
    let (deployment, _) = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    place.runtime.stop(&deployment.id, &limits(), &ignore).await.unwrap();
    place.cloud.switch_enclaves_off();
    let error = place.runtime.start(&deployment.id, &limits(), &ignore).await.unwrap_err();
    assert!(error.to_string().contains("without support for enclaves"), "{error}");
    assert_eq!(place.runtime.status(&deployment.id, &limits()).await.unwrap().is_confidential, Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_the_one_of_the_evidence_or_none() {
    let place = Place::new();
    let (deployment, _) = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    let id = &deployment.id;
    let error = place.runtime.attested_public_key(id, None, &limits(), &ignore).await.unwrap_err();
    assert!(error.to_string().contains("no public key"), "{error}");
    place.cloud.world().forge = Some(|document| document.set("public_key", &b"no key"[..]));
    let error = place.runtime.attested_public_key(id, None, &limits(), &ignore).await.unwrap_err();
    assert!(error.to_string().contains("no public key"), "{error}");
    place.cloud.world().forge =
        Some(|document| document.set("public_key", crate::cloud::P256_KEY.as_slice()));
    let (key, attested) = place.runtime.attested_public_key(id, None, &limits(), &ignore).await.unwrap();
    assert!(attested.result.is_accepted() && attested.result.is_production() == Some(false));
    assert_eq!(key.as_der(), crate::cloud::P256_KEY.as_slice());
    // Evidence that is refused has no key to encrypt to.
    place.cloud.world().forge = Some(|document| {
        document.set("public_key", crate::cloud::P256_KEY.as_slice());
        document.set_pcr(0, &[1; 48]);
    });
    let error = place.runtime.attested_public_key(id, None, &limits(), &ignore).await.unwrap_err();
    let RuntimeError::Refused(attested) = &error else { panic!("{error}") };
    assert_eq!(attested.public_key, None);
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_repeated_and_others_are_not() {
    let place = Place::new();
    place.cloud.world().fault =
        Some((1, crate::cloud::When::After, crate::cloud::Fault::Fails(FailureClass::Transient)));
    let (deployment, _) = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    assert_eq!(place.cloud.running().len(), 1, "the client token launches one machine");
    place.runtime.destroy(&deployment.id, &limits(), &ignore).await.unwrap();
    let number = place.cloud.world().calls.len() + 1;
    place.cloud.world().fault =
        Some((number, crate::cloud::When::Before, crate::cloud::Fault::Fails(FailureClass::Quota)));
    let error = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap_err();
    assert_eq!(error.to_string(), failure("launch", FailureClass::Quota).to_string());
}

/// Nobody delivers variables yet: a request with some is refused by their names, and their values are nowhere.
#[tokio::test(start_paused = true)]
async fn variables_are_refused_by_their_names() {
    let place = Place::new();
    let mut with_secret = request();
    with_secret.environment.insert("TOKEN".to_owned(), SecretText::new("hunter2".to_owned()));
    for error in [
        place.runtime.plan(&with_secret, &limits()).await.unwrap_err(),
        place.runtime.deploy(&with_secret, &limits(), &ignore).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, RuntimeError::Problems(_)) && error.to_string().contains("got TOKEN"),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    assert!(!format!("{with_secret:?}").contains("hunter2"));
    assert!(place.cloud.running().is_empty());
    assert_eq!(std::fs::read_dir(&place.directory).unwrap().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_adopted_deployment_needs_its_policy() {
    let mut place = Place::new();
    let (deployment, _) = place.runtime.deploy(&request(), &limits(), &ignore).await.unwrap();
    place.again(false);
    crate::sweeps::swept(&place).await;
    let id = &deployment.id;
    let error = place.runtime.attest(id, None, None, &limits(), &ignore).await.unwrap_err();
    assert!(matches!(error, RuntimeError::Policy(_)), "{error}");
    let attested = place.runtime.attest(id, None, Some(&policy()), &limits(), &ignore).await.unwrap();
    assert!(attested.result.is_accepted());
}
