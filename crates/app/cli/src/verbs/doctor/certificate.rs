//! The attestation key's certificate, its age, and what that says about the clock.

use teeproof_core::Time;
use teeproof_vtpm::{Tpm, ak_certificate};
use teeproof_wire::certificate::Certificate;

use super::probe::Probe;
use crate::input::time::now;

const DAY: i64 = 86_400;
/// A certificate that holds for less is worth a word.
const SOON: i64 = 30 * DAY;
const NAME: &str = "AK certificate";
const RENEW: &str = "Azure's guest agent renews it; restart walinuxagent, or redeploy the machine";

/// Looks at the certificate, and at the clock beside it.
pub(super) fn probes(tpm: &mut dyn Tpm) -> Vec<Probe> {
    let der = match ak_certificate(tpm) {
        Ok(Some(der)) => der,
        Ok(None) => {
            let fix = "origin then rests on the launch measurement alone; Azure's guest agent fetches one";
            return vec![Probe::poor(NAME, "there is none", fix), clock(None)];
        }
        Err(error) => return vec![Probe::failed(NAME, &error), clock(None)],
    };
    match Certificate::parse(&der) {
        Ok(certificate) => vec![age(&certificate, now()), clock(Some(&certificate))],
        Err(error) => {
            let fix = "teeproof vtpm ak --certificate writes it; teeproof inspect shows what is wrong";
            vec![Probe::poor(NAME, format!("it cannot be read: {error}"), fix), clock(None)]
        }
    }
}

fn age(certificate: &Certificate<'_>, now: Time) -> Probe {
    let (from, until) = (Time(certificate.not_before()), Time(certificate.not_after()));
    let days = |seconds: i64| seconds.checked_div(DAY).unwrap_or_default();
    let subject = certificate.subject().common_name().unwrap_or("no name").to_owned();
    let found = format!("{subject}, {} days old, until {until}", days(now.since(from)));
    match until.since(now) {
        left if left < 0 => Probe::poor(NAME, format!("{found}: expired"), RENEW),
        left if left < SOON => Probe::poor(NAME, format!("{found}: {} days left", days(left)), RENEW),
        _ => Probe::good(NAME, found),
    }
}

/// The clock: nothing here knows the time, but it cannot be before the certificate was made.
fn clock(certificate: Option<&Certificate<'_>>) -> Probe {
    const CLOCK: &str = "clock";
    let now = now();
    match certificate.map(|certificate| Time(certificate.not_before())) {
        Some(made) if made.since(now) > 0 => Probe::poor(
            CLOCK,
            format!("{now}, before the AK certificate was made"),
            "set the clock: timedatectl set-ntp true",
        ),
        Some(_) => Probe::good(CLOCK, format!("{now}, not before the AK certificate was made")),
        None => Probe::skipped(CLOCK, format!("{now}, with nothing to hold it against")),
    }
}
