//! Probes of the TPM: vendor, and of Azure's paravisor, user data, attestation key, PCR banks, AK certificate and clock,
//! or of a NitroTPM its endorsement key, its PCR bank and the way to its vendor command.

use teeproof_core::Time;
use teeproof_vtpm::{
    Address, Error, Registers, Report, Tpm, ak_certificate, check_input, handles, hash_name,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::HclReport;
use teeproof_wire::tpm::Selection;

use super::probe::Probe;
use crate::input::time::now;
use crate::input::tpm::TpmArgs;
use crate::output::fault::Fault;

/// TPM_PT_MANUFACTURER, then the four parts of the vendor's string: four letters each.
const MANUFACTURER: u32 = 0x0105;
const VENDOR: std::ops::RangeInclusive<u32> = 0x0106..=0x0109;

/// The probes of a TPM.
pub(super) struct TpmProbes {
    pub(super) probes: Vec<Probe>,
    /// Whether it is the NitroTPM of an EC2 instance.
    pub(super) is_nitro_tpm: bool,
}

/// All probes of the TPM; only the first if it cannot be opened.
pub(super) fn probe_tpm(args: &TpmArgs) -> Result<TpmProbes, Fault> {
    const NAME: &str = "TPM";
    let address = args.address()?;
    let failed = |error| TpmProbes { probes: vec![Probe::failed(NAME, &error)], is_nitro_tpm: false };
    let mut tpm = match teeproof_vtpm::open(&address) {
        Ok(tpm) => tpm,
        Err(error) => return Ok(failed(error)),
    };
    let tpm = tpm.as_mut();
    let vendor = match vendor(tpm) {
        Ok(vendor) => vendor,
        Err(error) => return Ok(failed(error)),
    };
    if vendor.starts_with(AMAZON) {
        let first = Probe::good(NAME, format!("{address}, {vendor}: the NitroTPM of an EC2 instance"));
        let probes = vec![first, endorsement_key(tpm), sha384_bank(tpm), vendor_command(&address)];
        return Ok(TpmProbes { probes, is_nitro_tpm: true });
    }
    let first = Probe::good(NAME, format!("{address}, {vendor}"));
    let mut probes = vec![first, paravisor(tpm), input(tpm), key(tpm), banks(tpm)];
    probes.extend(certificate_and_clock(tpm));
    Ok(TpmProbes { probes, is_nitro_tpm: false })
}

/// The manufacturer of a NitroTPM.
const AMAZON: &str = "AMZN";

/// The endorsement key of a NitroTPM, to which the sessions of a request are salted.
fn endorsement_key(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "endorsement key";
    match tpm.read_public(handles::EK) {
        Ok(_) => Probe::good(NAME, "0x81010001"),
        Err(error) if error.is_absent() => Probe::bad(
            NAME,
            "expected a key at handle 0x81010001, found none",
            "restart the instance, which makes the key again",
        ),
        Err(error) => Probe::failed(NAME, &error),
    }
}

/// The PCR bank of NitroTPM documents.
fn sha384_bank(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "PCR banks";
    // TPM_ALG_SHA384.
    const ALL_SHA384: Selection = Selection { bank: 0x000c, bitmap: 0x00ff_ffff };
    match tpm.banks() {
        Ok(banks) if banks.contains(&ALL_SHA384) => Probe::good(NAME, "sha384, which documents have"),
        Ok(_) => Probe::bad(
            NAME,
            "expected SHA-384 with 24 PCRs",
            "allocate it with tpm2_pcrallocate sha384:all and restart the instance",
        ),
        Err(error) => Probe::failed(NAME, &error),
    }
}

/// Whether the vendor command gets through, as far as the address shows it. It is not sent.
fn vendor_command(address: &Address) -> Probe {
    const NAME: &str = "vendor command";
    match address {
        Address::Device(path) if path.to_string_lossy().starts_with("/dev/tpmrm") => Probe::poor(
            NAME,
            format!("not sent; the kernel's resource manager ({}) may withhold it", path.display()),
            "collect nitro-tpm uses /dev/tpm0 by itself; without --tpm, this user needs access to it",
        ),
        _ => Probe::skipped(NAME, "not sent; collect nitro-tpm sends it"),
    }
}

/// Manufacturer and vendor string of the TPM.
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

/// The NV index for user data, which collecting defines if it is missing.
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
            "expected a key at handle 0x81000003, found none",
            "restart the machine: the paravisor of a confidential VM creates the key; if it is still missing, this is another TPM",
        ),
        Err(error) => Probe::failed(NAME, &error),
    }
}

fn banks(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "PCR banks";
    let banks = match tpm.banks() {
        Ok(banks) => banks,
        Err(error) => return Probe::failed(NAME, &error),
    };
    let named = |bank: u16| hash_name(bank).map_or_else(|| format!("{bank:#06x}"), str::to_owned);
    let used = banks.iter().filter(|bank| bank.bitmap != 0);
    let names: Vec<_> = used.map(|bank| named(bank.bank)).collect();
    if banks.contains(&Registers::ALL_SHA256.0) {
        Probe::good(NAME, names.join(", "))
    } else {
        let found = format!("{}: expected SHA-256 with 24 PCRs", names.join(", "));
        Probe::bad(NAME, found, "allocate it with tpm2_pcrallocate sha256:all and restart the machine")
    }
}

/// The paravisor, by the report of the last boot.
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
            "its report is not a valid HCL report",
            "write it with teeproof vtpm report --boot, and see what is wrong with teeproof inspect",
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
        let fix = "collect with --boot: its report is of the last boot, and only the quote shows freshness";
        return Probe::poor(NAME, format!("{found}, without user data in its reports"), fix);
    }
    Probe::good(NAME, found)
}

/// The kind of paravisor: OpenHCL writes hexadecimal digits in lower case, the older paravisor in upper case.
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
/// A certificate that expires sooner than this gets a warning.
const SOON: i64 = 30 * DAY;
const CERTIFICATE: &str = "AK certificate";
const RENEW: &str = "restart walinuxagent, Azure's guest agent, which renews it; or redeploy the machine";

/// The AK certificate, and the clock compared with it.
fn certificate_and_clock(tpm: &mut dyn Tpm) -> Vec<Probe> {
    let der = match ak_certificate(tpm) {
        Ok(Some(der)) => der,
        Ok(None) => {
            let fix = "install walinuxagent, Azure's guest agent, which fetches it; without it, a policy needs the measurement";
            return vec![Probe::poor(CERTIFICATE, "missing", fix), clock(None)];
        }
        Err(error) => return vec![Probe::failed(CERTIFICATE, &error), clock(None)],
    };
    match Certificate::parse(&der) {
        Ok(certificate) => vec![age(&certificate, now()), clock(Some(&certificate))],
        Err(error) => {
            let fix =
                "write it with teeproof vtpm ak --certificate, and see what is wrong with teeproof inspect";
            vec![Probe::poor(CERTIFICATE, format!("not a valid certificate: {error}"), fix), clock(None)]
        }
    }
}

fn age(certificate: &Certificate<'_>, now: Time) -> Probe {
    let (from, until) = (Time(certificate.not_before()), Time(certificate.not_after()));
    let days = |seconds: i64| seconds.checked_div(DAY).unwrap_or_default();
    let subject = certificate.subject().common_name().unwrap_or("no common name").to_owned();
    let found = format!("{subject}, {} days old, until {until}", days(now.since(from)));
    match until.since(now) {
        left if left < 0 => Probe::poor(CERTIFICATE, format!("{found}: expired"), RENEW),
        left if left < SOON => Probe::poor(CERTIFICATE, format!("{found}: {} days left", days(left)), RENEW),
        _ => Probe::good(CERTIFICATE, found),
    }
}

/// The clock: it cannot be before notBefore of the certificate.
fn clock(certificate: Option<&Certificate<'_>>) -> Probe {
    const CLOCK: &str = "clock";
    let now = now();
    match certificate.map(|certificate| Time(certificate.not_before())) {
        Some(made) if made.since(now) > 0 => Probe::poor(
            CLOCK,
            format!("{now}, before notBefore of the AK certificate"),
            "set the clock: timedatectl set-ntp true",
        ),
        Some(_) => Probe::good(CLOCK, format!("{now}, not before notBefore of the AK certificate")),
        None => Probe::skipped(CLOCK, format!("{now}, with nothing to compare it with")),
    }
}
