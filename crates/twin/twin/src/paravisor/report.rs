//! The paravisor's reports and their renewal.

use std::time::{Duration, Instant};

use teeproof_mint::azure::Vm;

use super::{Fault, Settings};
use crate::Error;

/// Most bytes of the guest's input in a report.
pub(super) const INPUT_BYTES: u16 = 64;
/// Stated size of the index under the fault `oversize`.
const OVERSIZE: u16 = 16_384;
/// The report type of machines without confidential hardware.
const TVM: u32 = 3;

/// Maker of reports, with the time of the last one.
#[derive(Debug)]
pub(super) struct Reporter {
    vm: Vm,
    fault: Option<Fault>,
    every: Duration,
    last: Instant,
}

/// Contents of the NV index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// The report for reads at offset 0.
    pub(super) head: Vec<u8>,
    /// The report for all other reads: the same, except under the fault `torn`.
    pub(super) rest: Vec<u8>,
}

impl Reporter {
    /// For a machine with its keys; the first report has no guest input.
    pub(super) fn new(mut vm: Vm, settings: &Settings, now: Instant) -> Result<(Self, Report), Error> {
        if settings.fault == Some(Fault::WrongType) {
            vm = vm.with_envelope(|envelope| {
                envelope.report_type = TVM;
                envelope.slot = Some(Vec::new());
            });
        }
        let this = Self { vm, fault: settings.fault, every: settings.refresh, last: now };
        let report = this.make(&[])?;
        this.fits(&report)?;
        Ok((this, report))
    }

    /// The size of the index.
    pub(super) fn index_bytes(&self) -> u16 {
        match self.fault {
            Some(Fault::Oversize) => OVERSIZE,
            _ => u16::try_from(self.vm.envelope.nv_bytes).unwrap_or(u16::MAX),
        }
    }

    /// Whether a read at offset 0 makes a new report now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.fault != Some(Fault::Renewal) && now.saturating_duration_since(self.last) > self.every
    }

    /// Makes a new report with the guest's input.
    pub(super) fn renew(&mut self, input: &[u8], now: Instant) -> Result<Report, Error> {
        let input = if self.fault == Some(Fault::Stale) { &[] } else { input };
        let report = self.make(input)?;
        self.last = now;
        Ok(report)
    }

    fn make(&self, input: &[u8]) -> Result<Report, Error> {
        let input = padded(input);
        let rest = with_input(&self.vm, &input).hcl_report()?;
        let head = match self.fault {
            Some(Fault::Torn) => self.other(&input).hcl_report()?,
            _ => rest.clone(),
        };
        Ok(Report { head, rest })
    }

    /// The same machine with other claims of the same length, for any generation.
    fn other(&self, input: &[u8]) -> Vm {
        let input: Vec<u8> = input.iter().map(|byte| !byte).collect();
        with_input(&self.vm, &input).with_claims(|claims| {
            claims.configuration.set("vmUniqueId", "00000000-0000-0000-0000-000000000000");
        })
    }

    fn fits(&self, report: &Report) -> Result<(), Error> {
        let (needs, has) = (report.rest.len(), usize::from(self.index_bytes()));
        if needs > has { Err(Error::IndexTooSmall { needs, has }) } else { Ok(()) }
    }
}

/// The input as the claims have it: 64 bytes, zeros at the end.
fn padded(input: &[u8]) -> Vec<u8> {
    let mut input = input.to_vec();
    input.resize(INPUT_BYTES.into(), 0);
    input
}

/// The oldest paravisor has no guest input in its claims.
fn with_input(vm: &Vm, input: &[u8]) -> Vm {
    let vm = vm.clone();
    if vm.claims.user_data.is_some() { vm.user_data(input) } else { vm }
}
