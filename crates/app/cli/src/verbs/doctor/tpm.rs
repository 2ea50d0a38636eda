//! Probes of the TPM: vendor, paravisor, user data, attestation key, PCR banks, AK certificate and clock.

use teeproof_core::Time;
use teeproof_vtpm::{Error, Registers, Report, Tpm, ak_certificate, check_input, handles, hash_name};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::HclReport;

use super::probe::Probe;
use crate::input::time::now;
use crate::input::tpm::TpmArgs;
use crate::output::fault::Fault;

/// TPM_PT_MANUFACTURER, then the four parts of the vendor's string: four letters each.
const MANUFACTURER: u32 = 0x0105;
const VENDOR: std::ops::RangeInclusive<u32> = 0x0106..=0x0109;

/// Looks at everything that a TPM has; without a TPM, at nothing more.
pub(super) fn probe_tpm(args: &TpmArgs) -> Result<Vec<Probe>, Fault> {
    const NAME: &str = "TPM";
    let address = args.address()?;
    let mut tpm = match teeproof_vtpm::open(&address) {
        Ok(tpm) => tpm,
        Err(error) => return Ok(vec![Probe::failed(NAME, &error)]),
    };
    let tpm = tpm.as_mut();
    match vendor(tpm) {
        Ok(vendor) => {
            let first = Probe::good(NAME, format!("{address}, {vendor}"));
            let mut probes = vec![first, paravisor(tpm), input(tpm), key(tpm), banks(tpm)];
            probes.extend(certificate_and_clock(tpm));
            Ok(probes)
        }
        Err(error) => Ok(vec![Probe::failed(NAME, &error)]),
    }
}

/// What the TPM says of itself.
fn vendor(tpm: &mut dyn Tpm) -> Result<String, Error> {
    let mut letters = Vec::new();
    for property in [MANUFACTURER].into_iter().chain(VENDOR) {
        let value = tpm.property(property)?.unwrap_or_default();
        if property == *VENDOR.start() {
            letters.push(b' ');
        }
        letters.extend(value.to_be_bytes().into_iter().filter(u8::is_ascii_graphic));
    }
    Ok(String::from_utf8_lossy(&letters).trim().to_owned())
}

/// The index for user data, which the collector defines where there is none.
fn input(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "user data";
    let public = match tpm.nv_public(handles::INPUT) {
        Ok(public) => public,
        Err(error) if error.is_absent() => {
            return Probe::good(NAME, "0x01400002 is not defined yet; collecting defines it");
        }
        Err(error) => return Probe::failed(NAME, &error),
    };
    match check_input(&public) {
        Ok(()) => Probe::good(NAME, "0x01400002, 64 bytes"),
        Err(error) => Probe::poor(NAME, error.to_string(), error.hint()),
    }
}

fn key(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "attestation key";
    match tpm.read_public(handles::AK) {
        Ok(_) => Probe::good(NAME, "0x81000003"),
        Err(error) if error.is_absent() => Probe::bad(
            NAME,
            "there is none at 0x81000003",
            "the paravisor of a confidential VM makes it; this TPM is another's, or somebody took it away: restart the machine",
        ),
        Err(error) => Probe::failed(NAME, &error),
    }
}

fn banks(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "registers";
    let banks = match tpm.banks() {
        Ok(banks) => banks,
        Err(error) => return Probe::failed(NAME, &error),
    };
    let named = |bank: u16| hash_name(bank).map_or_else(|| format!("{bank:#06x}"), str::to_owned);
    let used = banks.iter().filter(|bank| bank.bitmap != 0);
    let names: Vec<_> = used.map(|bank| named(bank.bank)).collect();
    if banks.contains(&Registers::ALL_SHA256.0) {
        Probe::good(NAME, format!("banks {}", names.join(", ")))
    } else {
        let found = format!("banks {}: no SHA-256 bank", names.join(", "));
        Probe::bad(NAME, found, "allocate it with tpm2_pcrallocate sha256:all and restart the machine")
    }
}

/// Looks at the paravisor's report, as it lies there.
fn paravisor(tpm: &mut dyn Tpm) -> Probe {
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

const DAY: i64 = 86_400;
/// A certificate that holds for less is worth a word.
const SOON: i64 = 30 * DAY;
const CERTIFICATE: &str = "AK certificate";
const RENEW: &str = "Azure's guest agent renews it; restart walinuxagent, or redeploy the machine";

/// Looks at the certificate, and at the clock beside it.
fn certificate_and_clock(tpm: &mut dyn Tpm) -> Vec<Probe> {
    let der = match ak_certificate(tpm) {
        Ok(Some(der)) => der,
        Ok(None) => {
            let fix = "origin then rests on the launch measurement alone; Azure's guest agent fetches one";
            return vec![Probe::poor(CERTIFICATE, "there is none", fix), clock(None)];
        }
        Err(error) => return vec![Probe::failed(CERTIFICATE, &error), clock(None)],
    };
    match Certificate::parse(&der) {
        Ok(certificate) => vec![age(&certificate, now()), clock(Some(&certificate))],
        Err(error) => {
            let fix = "teeproof vtpm ak --certificate writes it; teeproof inspect shows what is wrong";
            vec![Probe::poor(CERTIFICATE, format!("it cannot be read: {error}"), fix), clock(None)]
        }
    }
}

fn age(certificate: &Certificate<'_>, now: Time) -> Probe {
    let (from, until) = (Time(certificate.not_before()), Time(certificate.not_after()));
    let days = |seconds: i64| seconds.checked_div(DAY).unwrap_or_default();
    let subject = certificate.subject().common_name().unwrap_or("no name").to_owned();
    let found = format!("{subject}, {} days old, until {until}", days(now.since(from)));
    match until.since(now) {
        left if left < 0 => Probe::poor(CERTIFICATE, format!("{found}: expired"), RENEW),
        left if left < SOON => Probe::poor(CERTIFICATE, format!("{found}: {} days left", days(left)), RENEW),
        _ => Probe::good(CERTIFICATE, found),
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
