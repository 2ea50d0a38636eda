//! Which paravisor this is, by the report that it left.

use teeproof_vtpm::{Error, Report, Tpm};
use teeproof_wire::hcl::HclReport;

use super::probe::Probe;

/// Looks at the paravisor's report, as it lies there.
pub(super) fn probe(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "paravisor";
    let report = match Report::read(tpm) {
        Ok(report) => report,
        Err(error @ Error::Torn { .. }) => return Probe::poor(NAME, error.to_string(), error.hint()),
        Err(error) => return Probe::failed(NAME, &error),
    };
    let Ok(envelope) = HclReport::parse(report.bytes()) else {
        return Probe::bad(
            NAME,
            "its report cannot be read",
            "teeproof vtpm report --boot and inspect show it",
        );
    };
    let found = format!(
        "{}, report of {} in {} bytes (version {})",
        style(envelope.claims()),
        envelope.report_type,
        report.bytes().len(),
        envelope.version
    );
    if report.user_data().is_none() {
        let fix =
            "its reports are of the last start: collect with --boot, and rely on the quote for freshness";
        return Probe::poor(NAME, format!("{found}, puts no user data into its reports"), fix);
    }
    Probe::good(NAME, found)
}

/// OpenHCL writes hexadecimal digits in lower case, the older paravisor in upper case.
fn style(claims: &[u8]) -> &'static str {
    const MEMBER: &[u8] = br#""vmUniqueId":""#;
    let identity = claims.windows(MEMBER.len()).position(|window| window == MEMBER);
    let identity = identity.and_then(|at| claims.get(at.checked_add(MEMBER.len())?..)?.get(..36));
    let has = |of: fn(&u8) -> bool| identity.is_some_and(|identity| identity.iter().any(of));
    match (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase)) {
        (true, false) => "the older paravisor",
        (false, true) => "OpenHCL",
        _ => "a paravisor of unknown kind",
    }
}
