//! The TPM that is meant, its keys and its report; and the event log and instance metadata of an Azure VM.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use teeproof_endorse::{AZURE_METADATA, Http};
use teeproof_vtpm::{
    Address, Class, EVENT_LOG, Error, Patience, Report, Tpm, ak_certificate, ek_certificate, handles,
};

use crate::output::fault::Fault;
use crate::output::hints;
use crate::output::streams::Messages;

/// The TPM that is used.
#[derive(Clone, Debug, Args)]
pub(crate) struct TpmArgs {
    /// The TPM: device:PATH, swtpm:host=…,port=…, swtpm:path=…, mssim:host=…,port=…, tpmrm:host=…,port=…,
    /// or tss:TCTI
    ///
    /// Without this option, the address is that of TPM2TOOLS_TCTI or TCTI, as in the TPM software stack, and otherwise
    /// device:/dev/tpmrm0. A device must be a character device. `tpmrm:` is a resource manager over TCP, such as
    /// that of teeproof-twin, over one connection. `tss:` needs a build with the feature tss.
    #[arg(long = "tpm", global = true, value_name = "ADDRESS", env = "TEEPROOF_TPM", hide_env_values = true)]
    address: Option<String>,
}

impl TpmArgs {
    /// The address of the TPM.
    pub(crate) fn address(&self) -> Result<Address, Fault> {
        let (text, name) = match &self.address {
            Some(text) => (text.clone(), "--tpm"),
            None => match STACK_VARIABLES.iter().find_map(|name| Some((set(name)?, *name))) {
                Some(found) => found,
                None => return Ok(Address::default()),
            },
        };
        text.parse().map_err(|error| tpm_fault(&error).in_file(name))
    }

    /// Opens the TPM.
    pub(crate) fn open(&self) -> Result<Box<dyn Tpm>, Fault> {
        teeproof_vtpm::open(&self.address()?).map_err(|error| tpm_fault(&error))
    }
}

/// A variable that is empty counts as one that is not set.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variables of tpm2-tools and of the TPM software stack.
const STACK_VARIABLES: [&str; 2] = ["TPM2TOOLS_TCTI", "TCTI"];

/// The fault of a TPM error, with its exit code.
pub(crate) fn tpm_fault(error: &Error) -> Fault {
    let (message, hint) = (error.to_string(), hints::of_tpm(error));
    match error.class() {
        Class::Usage => Fault::usage(message, hint),
        Class::Malformed => Fault::malformed(message, hint),
        Class::NotFresh => Fault::not_fresh(message, hint),
        Class::Unsteady => Fault::not_bound(message, hint),
        _ => Fault::device(message, hint),
    }
}

/// Reads a certificate; none if it is missing.
type Fetch = fn(&mut dyn Tpm) -> Result<Option<Vec<u8>>, Error>;

/// One of the two keys that have certificates.
pub(crate) struct TpmKey {
    pub(crate) handle: u32,
    pub(crate) name: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) certificate: Fetch,
}

/// The attestation key.
pub(crate) const AK: TpmKey = TpmKey {
    handle: handles::AK,
    name: "attestation key",
    hint: "run teeproof doctor, which shows which TPM this is: the paravisor of a confidential VM creates the key",
    certificate: ak_certificate,
};

/// The endorsement key.
pub(crate) const EK: TpmKey = TpmKey {
    handle: handles::EK,
    name: "endorsement key",
    hint: "make the key persistent at its handle first: Azure's paravisor does not, the operating system may",
    certificate: ek_certificate,
};

/// The fault of a command that uses the key; a missing key is named.
pub(crate) fn key_fault(which: &TpmKey, error: &Error) -> Fault {
    if error.is_absent() {
        return Fault::device(
            format!("expected the {} at handle {:#010x}, found none", which.name, which.handle),
            which.hint,
        );
    }
    tpm_fault(error)
}

/// The hint for a paravisor that takes no user data.
const BOOT: &str =
    "use the report of the last boot with --boot; the nonce of the quote shows that the evidence is fresh";

/// Reads the report of the last boot.
pub(crate) fn read_boot_report(tpm: &mut dyn Tpm, messages: &Messages) -> Result<Report, Fault> {
    let report = Report::read(tpm).map_err(|error| tpm_fault(&error))?;
    say_boot_report(messages);
    Ok(report)
}

/// Reads a fresh report with this user data.
pub(crate) fn read_fresh_report(
    tpm: &mut dyn Tpm,
    user_data: &[u8],
    timeout: Option<Duration>,
    messages: &Messages,
) -> Result<Report, Fault> {
    let mut pausing = |pause| say_waiting(pause, messages);
    let fresh = teeproof_vtpm::fresh_report(tpm, user_data, patience(timeout), &mut pausing)
        .map_err(|error| report_fault(&error))?;
    say_fresh_report(fresh.tries, fresh.waited, messages);
    Ok(fresh.report)
}

/// The time limit for a fresh report.
pub(crate) fn patience(timeout: Option<Duration>) -> Patience {
    let patience = Patience::default();
    Patience { deadline: timeout.unwrap_or(patience.deadline), ..patience }
}

/// The fault of a report that cannot be read.
pub(crate) fn report_fault(error: &Error) -> Fault {
    match error {
        Error::NoUserData => Fault::device(error.to_string(), BOOT),
        error => tpm_fault(error),
    }
}

/// Announces a wait for a fresh report.
pub(crate) fn say_waiting(pause: Duration, messages: &Messages) {
    let seconds = pause.as_secs_f64();
    messages.announce(&format!("waiting {seconds:.1} s until the paravisor renews its report …"));
}

/// Reports that the report of the last boot is used.
pub(crate) fn say_boot_report(messages: &Messages) {
    messages.say("report: of the last boot, of unknown age");
}

/// Reports how a fresh report was read.
pub(crate) fn say_fresh_report(tries: u32, waited: Duration, messages: &Messages) {
    let waited = waited.as_secs_f64();
    messages.say(&match tries {
        1 => "report: fresh at the first read".to_owned(),
        tries => format!("report: fresh at read {tries}, after {waited:.1} s of waiting"),
    });
}

/// The event log.
#[derive(Debug, Args)]
pub(crate) struct EventLogArgs {
    /// The file of the event log
    #[arg(long, value_name = "FILE", default_value = EVENT_LOG)]
    #[arg(env = "TEEPROOF_EVENT_LOG", hide_env_values = true)]
    pub(crate) event_log: PathBuf,
}

/// Azure's instance metadata.
#[derive(Debug, Args)]
pub(crate) struct MetadataArgs {
    /// The address of Azure's instance metadata, which has the VCEK chain
    #[arg(long, value_name = "URL", default_value = AZURE_METADATA)]
    #[arg(env = "TEEPROOF_IMDS", hide_env_values = true)]
    pub(crate) imds: String,
}

/// The time limit for the metadata service, which is on the same host.
const PATIENCE: Duration = Duration::from_secs(3);

/// The client of the metadata service.
pub(crate) fn http(timeout: Option<Duration>) -> Http {
    Http::new(timeout.unwrap_or(PATIENCE))
}
