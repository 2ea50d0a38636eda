//! Evidence of an Azure confidential VM as one bundle: report, quote, PCR values, AK certificate, event log.

use core::fmt;
use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use teeproof_core::Time;
use teeproof_evidence::bundle::{Bundle, BundleError, Collection, ReportAge};
use teeproof_evidence::pcrs::Sha256Pcrs;
use teeproof_evidence::{InputError, InputKind, Inputs, Part};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::ReportType;
use teeproof_wire::tpm::{MAX_NONCE, SHA256, Selection};

use crate::{
    EVENT_LOG, Error, NoLog, Patience, PcrValues, Registers, Report, Tpm, USER_DATA_BYTES, ak_certificate,
    fresh_report, handles, quote, read_event_log,
};

/// What to collect, for which nonce.
#[derive(Clone, Debug)]
pub struct CollectRequest<'a> {
    nonce: &'a [u8],
    report: ReportRequest,
    pcrs: Selection,
    event_log: Option<&'a Path>,
    patience: Patience,
}

/// The user data of the report, or that the report of the boot is enough.
#[derive(Clone, Debug)]
enum ReportRequest {
    /// The nonce, or random bytes without one.
    ForNonce,
    UserData([u8; USER_DATA_BYTES]),
    Boot,
}

impl<'a> CollectRequest<'a> {
    /// A report made for the nonce, a quote for it over all PCRs of the SHA-256 bank, and the kernel's event log.
    ///
    /// `nonce` is the verifier's, of at most [`MAX_NONCE`] bytes; empty for none. The report's user data is the
    /// nonce, zero-extended; without a nonce it is random, so that no older report has it.
    #[must_use]
    pub fn new(nonce: &'a [u8]) -> Self {
        Self {
            nonce,
            report: ReportRequest::ForNonce,
            pcrs: Registers::ALL_SHA256.0,
            event_log: Some(Path::new(EVENT_LOG)),
            patience: Patience::default(),
        }
    }

    /// Has other user data than the nonce in the report, zero-extended.
    ///
    /// # Errors
    /// More than [`USER_DATA_BYTES`] bytes.
    pub fn user_data(self, bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { report: ReportRequest::UserData(zero_extended(bytes)?), ..self })
    }

    /// Takes the report of the last renewal, which may be as old as the boot, instead of a new one.
    #[must_use]
    pub fn boot_report(self) -> Self {
        Self { report: ReportRequest::Boot, ..self }
    }

    /// Quotes these PCRs of the SHA-256 bank: bit `i` is PCR `i`.
    #[must_use]
    pub const fn pcrs(self, bitmap: u32) -> Self {
        Self { pcrs: Selection { bank: SHA256, bitmap }, ..self }
    }

    /// Reads the event log from this file, or leaves it out.
    #[must_use]
    pub const fn event_log(self, path: Option<&'a Path>) -> Self {
        Self { event_log: path, ..self }
    }

    /// Waits so long for a new report.
    #[must_use]
    pub const fn patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The user data to put into the report, 64 bytes; `None` where no new report is made. Without a nonce they
    /// are random, others at each call.
    ///
    /// # Errors
    /// A nonce of more than [`MAX_NONCE`] bytes; the operating system gives no random bytes.
    pub fn report_user_data(&self) -> Result<Option<[u8; USER_DATA_BYTES]>, CollectError> {
        if self.nonce.len() > MAX_NONCE {
            return Err(CollectError::Tpm(Error::NonceLength(self.nonce.len())));
        }
        match &self.report {
            ReportRequest::Boot => Ok(None),
            ReportRequest::UserData(bytes) => Ok(Some(*bytes)),
            ReportRequest::ForNonce if self.nonce.is_empty() => {
                let mut bytes = [0; USER_DATA_BYTES];
                getrandom::fill(&mut bytes).map_err(CollectError::Random)?;
                Ok(Some(bytes))
            }
            ReportRequest::ForNonce => zero_extended(self.nonce).map(Some).map_err(CollectError::Tpm),
        }
    }

    /// Whether the nonce is in the report's user data too.
    const fn nonce_in_user_data(&self) -> bool {
        matches!(self.report, ReportRequest::ForNonce) && !self.nonce.is_empty()
    }
}

fn zero_extended(bytes: &[u8]) -> Result<[u8; USER_DATA_BYTES], Error> {
    let mut extended = [0; USER_DATA_BYTES];
    let place = extended.get_mut(..bytes.len()).ok_or(Error::UserDataLength(bytes.len()))?;
    place.copy_from_slice(bytes);
    Ok(extended)
}

/// A step of [`collect`], for a caller that shows progress.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// Waiting until the paravisor renews its report.
    Waiting(Duration),
    /// The last report was read, without a new one being made.
    BootReport,
    /// A report with the requested user data was read.
    FreshReport {
        /// How often the report was read.
        tries: u32,
        /// How long the paravisor was waited for.
        waited: Duration,
    },
    /// PCRs were quoted, and their values read.
    Quote(Selection),
    /// The attestation key's certificate was read.
    AkCertificate,
    /// The event log was read.
    EventLog {
        /// Its size.
        bytes: usize,
    },
    /// A part is missing, which ends nothing.
    Missing(&'a Missing),
}

/// A part that a bundle may lack, and why it does.
#[derive(Debug)]
#[non_exhaustive]
pub enum Missing {
    /// The TPM has no certificate of the attestation key.
    AkCertificate,
    /// The NV index of the AK certificate holds something else.
    AkCertificateForm(teeproof_wire::Error),
    /// The event log was not requested.
    EventLogNotRequested,
    /// The event log cannot be read.
    EventLog(NoLog),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AkCertificate => f.write_str("this TPM has no certificate of the attestation key"),
            Self::AkCertificateForm(error) => write!(f, "NV index 0x01c101d0 has no certificate: {error}"),
            Self::EventLogNotRequested => f.write_str("the event log was not requested"),
            Self::EventLog(error) => error.fmt(f),
        }
    }
}

/// Evidence of a VM before it is a bundle: certificates of the chip can still be added.
#[derive(Debug)]
pub struct Collected {
    inputs: Inputs,
    report_type: ReportType,
    age: ReportAge,
    nonce_in_user_data: bool,
    missing: Vec<Missing>,
}

/// The evidence was not collected.
#[derive(Debug)]
#[non_exhaustive]
pub enum CollectError {
    /// The TPM refused or failed, or its report is not fresh.
    Tpm(Error),
    /// There is no attestation key at its handle.
    NoAttestationKey,
    /// The operating system gives no random bytes.
    Random(getrandom::Error),
    /// A part exceeds the limits of evidence, or there are two of a kind.
    Part(InputError),
}

/// Collects evidence of an Azure confidential VM from its TPM and kernel.
///
/// The order: report, quote with the PCR values that it is over, AK certificate, event log. The report is
/// requested until it has the user data, the quote until its PCRs hold still: see [`fresh_report`] and
/// [`quote()`]. Nothing is fetched from the network, and nothing is verified.
///
/// # Errors
/// Those of [`fresh_report`] and [`quote()`]; no attestation key. A missing AK certificate or event log is no
/// error: [`Collected::missing`] has the reasons.
pub fn collect(
    tpm: &mut dyn Tpm,
    request: &CollectRequest<'_>,
    progress: &mut dyn FnMut(Step<'_>),
) -> Result<Collected, CollectError> {
    let user_data = request.report_user_data()?;
    let (report, age) = match user_data {
        None => (Report::read(tpm).map_err(CollectError::Tpm)?, ReportAge::Boot),
        Some(user_data) => {
            let mut waiting = |pause| progress(Step::Waiting(pause));
            let fresh = fresh_report(tpm, &user_data, request.patience, &mut waiting);
            let fresh = fresh.map_err(CollectError::Tpm)?;
            progress(Step::FreshReport { tries: fresh.tries, waited: fresh.waited });
            (fresh.report, ReportAge::Fresh)
        }
    };
    if age == ReportAge::Boot {
        progress(Step::BootReport);
    }
    let mut collected = Collected {
        inputs: Inputs::new(),
        report_type: report.report_type(),
        age,
        nonce_in_user_data: request.nonce_in_user_data(),
        missing: Vec::new(),
    };
    collected.add(InputKind::HclReport, report.into_bytes())?;
    collected.quote(tpm, request)?;
    progress(Step::Quote(request.pcrs));
    collected.ak_certificate(tpm, progress)?;
    collected.event_log(request.event_log, progress)?;
    Ok(collected)
}

impl Collected {
    /// The technology of the hardware report: the VCEK's chain is one of SNP alone.
    #[must_use]
    pub const fn report_type(&self) -> ReportType {
        self.report_type
    }

    /// What the bundle lacks, and why.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// The same, taken out for a caller that makes a bundle next.
    #[must_use]
    pub fn take_missing(&mut self) -> Vec<Missing> {
        core::mem::take(&mut self.missing)
    }

    /// Adds certificates that the caller fetched, DER: the VCEK's chain, for one.
    ///
    /// # Errors
    /// One of them is no certificate.
    pub fn add_certificates<D: AsRef<[u8]>>(
        &mut self,
        certificates: impl IntoIterator<Item = D>,
    ) -> Result<(), CollectError> {
        certificates.into_iter().try_for_each(|der| self.add(InputKind::Certificate, der.as_ref()))
    }

    /// The bundle, collected at this time by the caller's clock.
    ///
    /// # Errors
    /// More certificates or bytes than a bundle holds; a time outside of the years 1950 to 9999.
    pub fn into_bundle(self, at: SystemTime) -> Result<Bundle, BundleError> {
        let mut collection = Collection::at(unix_seconds(at));
        collection.report = Some(self.age);
        collection.nonce_in_user_data = self.nonce_in_user_data;
        self.inputs.into_bundle(collection)
    }

    fn quote(&mut self, tpm: &mut dyn Tpm, request: &CollectRequest<'_>) -> Result<(), CollectError> {
        let quoted = quote(tpm, handles::AK, request.nonce, &[request.pcrs]);
        let quoted = quoted.map_err(|error| match error.is_absent() {
            true => CollectError::NoAttestationKey,
            false => CollectError::Tpm(error),
        })?;
        self.add(InputKind::TpmQuote, quoted.signed.message)?;
        self.add(InputKind::TpmSignature, quoted.signed.signature)?;
        quoted
            .registers
            .iter()
            .filter_map(sha256)
            .try_for_each(|values| self.add_part(Part::Pcrs(Box::new(values))))
    }

    fn ak_certificate(
        &mut self,
        tpm: &mut dyn Tpm,
        progress: &mut dyn FnMut(Step<'_>),
    ) -> Result<(), CollectError> {
        let Some(der) = ak_certificate(tpm).map_err(CollectError::Tpm)? else {
            self.lacks(Missing::AkCertificate, progress);
            return Ok(());
        };
        if let Err(error) = Certificate::parse(&der) {
            self.lacks(Missing::AkCertificateForm(error), progress);
            return Ok(());
        }
        progress(Step::AkCertificate);
        self.add(InputKind::Certificate, der)
    }

    /// The PCRs are quoted with or without the log, which explains their values.
    fn event_log(
        &mut self,
        path: Option<&Path>,
        progress: &mut dyn FnMut(Step<'_>),
    ) -> Result<(), CollectError> {
        match path.map(read_event_log) {
            None => self.lacks(Missing::EventLogNotRequested, progress),
            Some(Err(error)) => self.lacks(Missing::EventLog(error), progress),
            Some(Ok(log)) => {
                progress(Step::EventLog { bytes: log.len() });
                self.add(InputKind::EventLog, log)?;
            }
        }
        Ok(())
    }

    fn lacks(&mut self, missing: Missing, progress: &mut dyn FnMut(Step<'_>)) {
        progress(Step::Missing(&missing));
        self.missing.push(missing);
    }

    fn add<'b>(&mut self, kind: InputKind, bytes: impl Into<Cow<'b, [u8]>>) -> Result<(), CollectError> {
        let part = Part::new(kind, bytes).map_err(|error| CollectError::Part(error.into()))?;
        self.add_part(part)
    }

    fn add_part(&mut self, part: Part) -> Result<(), CollectError> {
        self.inputs.add_part(part).map_err(CollectError::Part)
    }
}

/// SHA-256 values by PCR number; [`read_registers`](crate::read_registers) has checked their lengths.
fn sha256(values: &PcrValues) -> Option<Sha256Pcrs> {
    let numbered = values.selection.indices().zip(&values.values);
    Sha256Pcrs::from_numbered(
        numbered.filter_map(|(index, value)| Some((index, value.as_slice().try_into().ok()?))),
    )
}

fn unix_seconds(at: SystemTime) -> Time {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Time(match at.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => seconds(before.duration()).saturating_neg(),
    })
}

impl fmt::Display for CollectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tpm(error) => error.fmt(f),
            Self::NoAttestationKey => {
                write!(f, "this TPM has no attestation key ({:#010x})", handles::AK)
            }
            Self::Random(error) => write!(f, "the operating system gives no random bytes: {error}"),
            Self::Part(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CollectError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Tpm(error) => Some(error),
            Self::Part(error) => Some(error),
            Self::NoAttestationKey | Self::Random(_) => None,
        }
    }
}
