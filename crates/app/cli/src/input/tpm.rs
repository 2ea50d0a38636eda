//! The TPM that is meant, its keys and its report; and the event log and instance metadata of an Azure VM.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use teeproof_endorse::{AZURE_METADATA, Http};
use teeproof_vtpm::{
    Address, Class, EVENT_LOG, Error, Patience, Report, Tpm, ak_certificate, ek_certificate, handles,
};

use crate::output::fault::Fault;
use crate::output::streams::Messages;

/// Which TPM.
#[derive(Clone, Debug, Args)]
pub(crate) struct TpmArgs {
    /// The TPM: device:PATH, swtpm:host=…,port=…, swtpm:path=…, mssim:host=…,port=…, tpmrm:host=…,port=…,
    /// or tss:TCTI
    ///
    /// Only a character device is opened as a device. Without it, TPM2TOOLS_TCTI and TCTI are looked at, as the TPM software stack does, and then
    /// it is device:/dev/tpmrm0. `tpmrm:` is a resource manager over TCP, such as that of teeproof-twin:
    /// one connection is kept. `tss:` needs a build with the feature tss.
    #[arg(long = "tpm", global = true, value_name = "ADDRESS", env = "TEEPROOF_TPM", hide_env_values = true)]
    address: Option<String>,
}

impl TpmArgs {
    /// Where the TPM is.
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

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Box<dyn Tpm>, Fault> {
        teeproof_vtpm::open(&self.address()?).map_err(|error| tpm_fault(&error))
    }
}

/// A variable that is empty counts as one that is not set.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What tpm2-tools and the TPM software stack look at.
const STACK_VARIABLES: [&str; 2] = ["TPM2TOOLS_TCTI", "TCTI"];

/// The failure of a TPM, with its exit code.
pub(crate) fn tpm_fault(error: &Error) -> Fault {
    let (message, hint) = (error.to_string(), error.hint());
    match error.class() {
        Class::Usage => Fault::usage(message, hint),
        Class::Malformed => Fault::malformed(message, hint),
        Class::NotFresh => Fault::not_fresh(message, hint),
        Class::Unsteady => Fault::not_bound(message, hint),
        _ => Fault::device(message, hint),
    }
}

/// Reads a certificate, if there is one.
type Fetch = fn(&mut dyn Tpm) -> Result<Option<Vec<u8>>, Error>;

/// TpmKey of the two keys.
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
    hint: "the paravisor of a confidential VM makes one; teeproof doctor tells which TPM this is",
    certificate: ak_certificate,
};

/// The endorsement key.
pub(crate) const EK: TpmKey = TpmKey {
    handle: handles::EK,
    name: "endorsement key",
    hint: "Azure's paravisor does not keep it at a handle; the operating system may",
    certificate: ek_certificate,
};

/// What was asked of the key failed; that there is no such key is said in words of its own.
pub(crate) fn key_fault(which: &TpmKey, error: &Error) -> Fault {
    if error.is_absent() {
        return Fault::device(format!("this TPM has no {} ({:#010x})", which.name, which.handle), which.hint);
    }
    tpm_fault(error)
}

/// What is left for a paravisor that takes no user data.
const BOOT: &str =
    "take the report as it lies there, with --boot; the nonce of the quote shows that it is no old evidence";

/// The report as it lies there.
pub(crate) fn read_boot_report(tpm: &mut dyn Tpm, messages: &Messages) -> Result<Report, Fault> {
    let report = Report::read(tpm).map_err(|error| tpm_fault(&error))?;
    say_boot_report(messages);
    Ok(report)
}

/// The report with this user data in it.
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

/// How long the paravisor is waited for.
pub(crate) fn patience(timeout: Option<Duration>) -> Patience {
    let patience = Patience::default();
    Patience { deadline: timeout.unwrap_or(patience.deadline), ..patience }
}

/// The failure of a report, with what is left to do.
pub(crate) fn report_fault(error: &Error) -> Fault {
    match error {
        Error::NoUserData => Fault::device(error.to_string(), BOOT),
        error => tpm_fault(error),
    }
}

/// Announces a wait for a new report.
pub(crate) fn say_waiting(pause: Duration, messages: &Messages) {
    let seconds = pause.as_secs_f64();
    messages.announce(&format!("waiting {seconds:.1} s until the paravisor renews its report …"));
}

/// Reports that the last report was taken.
pub(crate) fn say_boot_report(messages: &Messages) {
    messages.say("report: as it lay there, of whatever age");
}

/// Reports how a fresh report was read.
pub(crate) fn say_fresh_report(tries: u32, waited: Duration, messages: &Messages) {
    let waited = waited.as_secs_f64();
    messages.say(&match tries {
        1 => "report: proven fresh at the first try".to_owned(),
        tries => format!("report: proven fresh at try {tries}, after {waited:.1} s of waiting"),
    });
}

/// Where the boot log is.
#[derive(Debug, Args)]
pub(crate) struct EventLogArgs {
    /// The boot log
    #[arg(long, value_name = "FILE", default_value = EVENT_LOG)]
    #[arg(env = "TEEPROOF_EVENT_LOG", hide_env_values = true)]
    pub(crate) event_log: PathBuf,
}

/// Where Azure's instance metadata is.
#[derive(Debug, Args)]
pub(crate) struct MetadataArgs {
    /// Azure's instance metadata, which has the VCEK's chain
    #[arg(long, value_name = "URL", default_value = AZURE_METADATA)]
    #[arg(env = "TEEPROOF_IMDS", hide_env_values = true)]
    pub(crate) imds: String,
}

/// How long the metadata service is waited for. It is on the same host.
const PATIENCE: Duration = Duration::from_secs(3);

/// The client of the metadata service.
pub(crate) fn http(timeout: Option<Duration>) -> Http {
    Http::new(timeout.unwrap_or(PATIENCE))
}
