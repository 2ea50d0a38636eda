//! What a client sees under each fault, and what moto has received.

use std::thread;
use std::time::{Duration, Instant};

use teeproof_twin::ec2::{Effect, ErrorResponse, Fault, Running};

use crate::client::{Answer, Call, call, code, described, launch, refused, run};
use crate::moto::{before_stand_in, ok, twin};

const REGION: &str = "sa-east-1";
const VPCS: &str = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>";

fn stand_in() -> Running {
    before_stand_in(&ok(VPCS), |_| {})
}

fn send(twin: &Running, action: &str) -> Result<Answer, Vec<u8>> {
    Call::new(twin, action, &[]).sign().send(twin)
}

#[test]
fn every_class_of_error_has_its_code_and_status() {
    let twin = stand_in();
    for (code, status) in [
        ("RequestLimitExceeded", 503),
        ("InsufficientInstanceCapacity", 500),
        ("VcpuLimitExceeded", 400),
        ("UnauthorizedOperation", 403),
        ("AuthFailure", 401),
        ("InternalError", 500),
        ("Unavailable", 503),
        ("PendingVerification", 400),
        ("InvalidParameterValue", 400),
    ] {
        twin.set_faults(vec![Fault::refusal("DescribeVpcs", code)]);
        let answer = refused(&send(&twin, "DescribeVpcs").unwrap());
        assert_eq!((answer.code.as_str(), answer.status), (code, status));
        assert!(!answer.message.is_empty());
    }
    twin.clear_faults();
    assert_eq!(send(&twin, "DescribeVpcs").unwrap().body, VPCS);
}

#[test]
fn a_storm_of_throttling_ends() {
    let twin = stand_in();
    twin.add_fault(Fault::everywhere(Effect::Refuse(ErrorResponse::of("RequestLimitExceeded"))).times(5));
    for _ in 0..5 {
        assert_eq!(code(&twin, "DescribeVpcs", &[]), "RequestLimitExceeded");
    }
    assert!(call(&twin, "DescribeVpcs", &[]).is_ok());
}

#[test]
fn the_call_of_a_number_fails_and_no_other() {
    let twin = stand_in();
    twin.add_fault(Fault::everywhere(Effect::Refuse(ErrorResponse::of("InternalError"))).from(3).times(1));
    let outcomes: Vec<bool> = (0..5).map(|_| call(&twin, "DescribeVpcs", &[]).is_ok()).collect();
    assert_eq!(outcomes, [true, true, false, true, true]);
}

#[test]
fn what_moto_has_after_each_fault() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let count = || {
        let answer = call(&twin, "DescribeInstances", &[]).unwrap();
        answer.all("reservationSet/item/instancesSet/item").len()
    };
    let error = || ErrorResponse::of("InternalError");
    let performed = || twin.recorded().last().unwrap().was_performed;
    for (effect, launches) in [
        (Effect::Refuse(error()), false),
        (Effect::LoseRequest, false),
        (Effect::RefuseAfter(error()), true),
        (Effect::LoseAnswer, true),
        (Effect::CutAnswer, true),
        (Effect::Garbage, true),
    ] {
        let before = count();
        twin.set_faults(vec![Fault::of("RunInstances", effect.clone())]);
        let outcome = Call::new(&twin, "RunInstances", &launch(&[])).sign().send(&twin);
        assert_eq!(performed(), launches, "{effect:?}");
        assert_eq!(count(), before + usize::from(launches), "{effect:?}");
        match (&effect, outcome) {
            (Effect::Refuse(_) | Effect::RefuseAfter(_), Ok(answer)) => {
                assert_eq!(refused(&answer).code, "InternalError");
            }
            (Effect::LoseRequest | Effect::LoseAnswer, Err(received)) => assert!(received.is_empty()),
            (Effect::CutAnswer, Err(received)) => {
                let text = String::from_utf8(received).unwrap();
                assert!(text.contains("\r\n\r\n<?xml"), "{text}");
            }
            (Effect::Garbage, Ok(answer)) => {
                assert_eq!((answer.status, answer.body.as_str()), (200, "<html>Bad Gateway"))
            }
            (effect, outcome) => panic!("{effect:?}: {outcome:?}"),
        }
    }
    twin.clear_faults();
    run(&twin, &[]);
}

#[test]
fn an_aborted_launch_is_described_with_its_reason() {
    let Some(twin) = twin(REGION, |_| {}) else { return };
    let (code, message) = ("Server.InsufficientInstanceCapacity".to_owned(), "None left & gone".to_owned());
    twin.add_fault(Fault::everywhere(Effect::Abort { code, message }).times(1));
    let answer = call(&twin, "RunInstances", &launch(&[])).unwrap();
    assert_eq!(answer.get("instancesSet/item/instanceState/name").as_deref(), Some("pending"));
    let id = answer.get("instancesSet/item/instanceId").unwrap();
    let instance = described(&twin, &id);
    assert_eq!(instance.get("instanceState/name").as_deref(), Some("terminated"));
    assert_eq!(instance.get("stateReason/code").as_deref(), Some("Server.InsufficientInstanceCapacity"));
    assert_eq!(instance.get("stateReason/message").as_deref(), Some("None left &amp; gone"));
    // The client did not terminate it.
    assert_eq!(twin.calls().get("TerminateInstances"), None);
    // The next one runs.
    assert_eq!(described(&twin, &run(&twin, &[])).get("instanceState/name").as_deref(), Some("running"));
}

#[test]
fn a_lost_connection_leaves_the_others_alone() {
    let twin = stand_in();
    twin.add_fault(Fault::of("DescribeVpcs", Effect::LoseAnswer).times(1));
    assert!(send(&twin, "DescribeVpcs").is_err());
    assert!(send(&twin, "DescribeVpcs").is_ok());
}

#[test]
fn slow_answers_are_late_and_leave_others_in_time() {
    let twin = stand_in();
    let slow = Duration::from_millis(1500);
    twin.add_fault(Fault::of("DescribeVpcs", Effect::Slow(slow)).times(1));
    thread::scope(|scope| {
        let begin = Instant::now();
        let late = scope.spawn(|| send(&twin, "DescribeVpcs").unwrap());
        while twin.calls().is_empty() {
            thread::sleep(Duration::from_millis(5));
        }
        let second = send(&twin, "DescribeVpcs").unwrap();
        assert!(begin.elapsed() < slow, "{:?}", begin.elapsed());
        assert_eq!(second.status, 200);
        assert_eq!(late.join().unwrap().status, 200);
        assert!(begin.elapsed() >= slow);
    });
}

#[test]
fn a_fixed_delay_is_that_of_each_call_however_many_there_are() {
    let delay = Duration::from_millis(800);
    let twin = before_stand_in(&ok(VPCS), |settings| settings.delay = delay);
    let begin = Instant::now();
    assert_eq!(send(&twin, "DescribeVpcs").unwrap().status, 200);
    assert!(begin.elapsed() >= delay);
    let begin = Instant::now();
    thread::scope(|scope| {
        let all: Vec<_> =
            (0..50).map(|_| scope.spawn(|| send(&twin, "DescribeVpcs").unwrap().status)).collect();
        assert!(all.into_iter().all(|one| one.join().unwrap() == 200));
    });
    assert!(begin.elapsed() >= delay);
    assert!(begin.elapsed() < delay * 3, "{:?}", begin.elapsed());
}

#[test]
fn calls_are_counted_and_recorded() {
    let twin = stand_in();
    twin.add_fault(Fault::refusal("StopInstances", "UnauthorizedOperation"));
    call(&twin, "DescribeVpcs", &[("VpcId.1", "vpc-1")]).unwrap();
    let _ = send(&twin, "StopInstances");
    let _ = send(&twin, "DescribeVpcs");
    let counts = twin.calls();
    assert_eq!(
        counts.iter().map(|(name, count)| (name.as_str(), *count)).collect::<Vec<_>>(),
        [("DescribeVpcs", 2), ("StopInstances", 1)]
    );
    let recorded = twin.recorded();
    assert_eq!(recorded[0].parameters[2], ("VpcId.1".to_owned(), "vpc-1".to_owned()));
    let outcomes: Vec<_> = recorded.iter().map(|call| (call.was_performed, call.status)).collect();
    assert_eq!(outcomes, [(true, Some(200)), (false, Some(403)), (true, Some(200))]);
    twin.forget_calls();
    assert!(twin.calls().is_empty() && twin.recorded().is_empty());
}
