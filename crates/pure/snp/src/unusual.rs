//! Warnings about an authentic report: requested by the host, or with MASK_CHIP_KEY set under a VCEK.

use core::fmt::{self, Display};

use teeproof_core::Record;
use teeproof_wire::snp::Report;

use crate::{VekKind, checks};

/// The fields of an authentic report that get a warning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unusual {
    /// VMPL is 0xffffffff: the host requested it.
    pub(crate) host_requested: bool,
    /// KEY_INFO.MASK_CHIP_KEY is set, although a VCEK signed.
    pub(crate) masked_chip_key: bool,
}

/// VMPL of a report that the host requested.
const HOST: u32 = u32::MAX;

impl Unusual {
    /// Reads VMPL and KEY_INFO. Only valid after the signature was verified.
    pub(crate) fn of(report: Report<'_>, vek: VekKind) -> Self {
        let masked = report.key_info().mask_chip_key();
        Self { host_requested: report.vmpl() == HOST, masked_chip_key: masked && vek == VekKind::Vcek }
    }

    /// Records the verified signature, as a warning where a field is unusual.
    pub(crate) fn record(self, how: &dyn Display, record: &mut dyn Record) {
        if self.host_requested || self.masked_chip_key {
            record.warn(checks::SIGNATURE, &format_args!("{how}; {self}"));
        } else {
            record.pass(checks::SIGNATURE, how);
        }
    }
}

impl Display for Unusual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host_requested {
            f.write_str("VMPL is 0xffffffff: the host requested the report, and no guest chose REPORT_DATA")?;
        }
        if self.host_requested && self.masked_chip_key {
            f.write_str("; ")?;
        }
        if self.masked_chip_key {
            f.write_str(
                "KEY_INFO.MASK_CHIP_KEY is set, and firmware with that setting signs no report with a VCEK",
            )?;
        }
        Ok(())
    }
}
