//! The example policy for TDX, applied to minted machines with its measurements: a late update within its month.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#![cfg(feature = "policy-file")]

use teeproof::{Evidence, Policy, Request, verify};
use teeproof_core::{Freshness, Outcome, Technology, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::tdx::TdxMachine;
use teeproof_x509::{Anchors, Revocation};

const EXAMPLE: &str = include_str!("../../../../examples/policies/tdx.toml");

/// The digest that the example has for a field.
fn digest(field: &str) -> [u8; 48] {
    let line = EXAMPLE.lines().find(|line| line.starts_with(&format!("{field} ="))).unwrap();
    let hex = line.split('"').nth(1).unwrap();
    let mut bytes = [0; 48];
    for (slot, at) in bytes.iter_mut().zip((0..96).step_by(2)) {
        *slot = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    }
    bytes
}

/// A machine with the measurements of the example.
fn measured() -> TdxMachine {
    TdxMachine::new().with_body(|body| {
        body.mr_td = digest("mrtd");
        (body.rtmrs[1], body.rtmrs[2]) = (digest("rtmr1"), digest("rtmr2"));
    })
}

/// The same on a platform that reaches a level of this status, below one of this date.
fn late(status: &str, date: &str) -> TdxMachine {
    measured().with_tcb_info(|info| {
        let mut reached = info.levels[0].clone();
        reached.status = status.into();
        reached.advisories = vec!["INTEL-SA-00837".into()];
        info.levels[0].sgx = [255; 16];
        info.levels[0].date = date.into();
        info.levels.insert(1, reached);
    })
}

/// The checks of the example that a machine fails.
fn failures(machine: &TdxMachine) -> Vec<&'static str> {
    let minted = machine.mint().unwrap();
    let mut inputs = Inputs::new();
    inputs.add(&minted.quote, Some(InputKind::TdQuote)).unwrap();
    for file in [minted.tcb_info.as_bytes(), minted.qe_identity.as_bytes()] {
        inputs.add(file, None).unwrap();
    }
    for file in [&minted.tcb_signing, &minted.root_crl, &minted.pck_crl] {
        inputs.add(file, None).unwrap();
    }
    let (endorsements, anchors) = (inputs.endorsements(), [&minted.root[..]]);
    let policy = Policy::from_toml("example", EXAMPLE).unwrap();
    let lists = &endorsements.revocation_lists;
    let at = Time(i64::try_from(DEFAULT_TIME).unwrap());
    let crypto = teeproof_aws_lc::TABLE;
    let request =
        Request::for_inputs(&endorsements, Technology::ALL, Freshness::Waived("a test"), at, &crypto)
            .anchors(Anchors::and(&anchors))
            .revocation(Revocation::Lists(lists))
            .policy(Some(&policy));
    let result = verify(&Evidence::from_inputs(&inputs).unwrap(), &request).unwrap();
    let failed = result.findings().iter().filter(|finding| finding.outcome == Outcome::Fail);
    failed.map(|finding| finding.check.id).collect()
}

/// A date this many days before the time of verification.
fn days_before(days: i64) -> String {
    Time(i64::try_from(DEFAULT_TIME).unwrap()).plus(-86_400 * days).to_string()
}

#[test]
fn the_grace_period_of_the_example_takes_effect() {
    assert_eq!(failures(&measured()), [""; 0]);
    assert_eq!(failures(&late("OutOfDate", &days_before(20))), [""; 0]);
    assert_eq!(failures(&late("SWHardeningNeeded", &days_before(20))), [""; 0]);
    assert_eq!(failures(&late("OutOfDate", &days_before(40))), ["tdx.tcb.days-behind"]);
    assert_eq!(failures(&late("ConfigurationNeeded", &days_before(20))), ["tdx.tcb.status"]);
    let moved = measured().with_body(|body| body.attributes[3] |= 0x20);
    assert_eq!(failures(&moved), ["tdx.migration"]);
}
