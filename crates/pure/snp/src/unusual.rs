//! What a genuine report says of itself that no guest of its own makes: the verdict stands, and a
//! person should read it.

use core::fmt::{self, Display};

use teeproof_core::Record;
use teeproof_wire::snp::Report;

use crate::{VekKind, checks};

/// What is unusual of a report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unusual {
    /// The host asked for it.
    pub(crate) host_requested: bool,
    /// It says that the key is masked which signed it.
    pub(crate) masked_chip_key: bool,
}

/// VMPL of a report that the host asked for.
const HOST: u32 = u32::MAX;

impl Unusual {
    /// What the report says of itself. The signature has to be verified before it is believed.
    pub(crate) fn of(report: Report<'_>, vek: VekKind) -> Self {
        let masked = report.key_info().mask_chip_key();
        Self { host_requested: report.vmpl() == HOST, masked_chip_key: masked && vek == VekKind::Vcek }
    }

    /// Records the verified signature: with a warning where something is unusual.
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
            f.write_str("VMPL is 0xffffffff: the host asked for the report, and no guest chose REPORT_DATA")?;
        }
        if self.host_requested && self.masked_chip_key {
            f.write_str("; ")?;
        }
        if self.masked_chip_key {
            f.write_str("KEY_INFO says MASK_CHIP_KEY, under which firmware signs no report with a VCEK")?;
        }
        Ok(())
    }
}
