//! TCB status: Intel's judgement of a TCB level, and the combination of several.
//!
//! Source: Intel PCS API version 4, TCB info, `tcbStatus`; Intel SGX and TDX DCAP quote verification library,
//! convergence of the platform's, the module's and the quoting enclave's status.

use core::fmt;

/// The status of a TCB level, by the names of Intel's collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TcbStatus {
    /// `UpToDate`: no known vulnerability at the date of the level.
    UpToDate,
    /// `SWHardeningNeeded`: up to date, if the software of the guest has the mitigations of the advisories.
    SwHardeningNeeded,
    /// `ConfigurationNeeded`: up to date, if the platform is configured as the advisories say.
    ConfigurationNeeded,
    /// `ConfigurationAndSWHardeningNeeded`: both.
    ConfigurationAndSwHardeningNeeded,
    /// `OutOfDate`: firmware or microcode with known vulnerabilities.
    OutOfDate,
    /// `OutOfDateConfigurationNeeded`: out of date, and its configuration matters.
    OutOfDateConfigurationNeeded,
    /// `Revoked`: the TCB must not be trusted.
    Revoked,
}

impl TcbStatus {
    /// Every status.
    pub const ALL: &'static [Self; 7] = &[
        Self::UpToDate,
        Self::SwHardeningNeeded,
        Self::ConfigurationNeeded,
        Self::ConfigurationAndSwHardeningNeeded,
        Self::OutOfDate,
        Self::OutOfDateConfigurationNeeded,
        Self::Revoked,
    ];

    /// Every status but `Revoked`.
    pub const NOT_REVOKED: &'static [Self; 6] = &[
        Self::UpToDate,
        Self::SwHardeningNeeded,
        Self::ConfigurationNeeded,
        Self::ConfigurationAndSwHardeningNeeded,
        Self::OutOfDate,
        Self::OutOfDateConfigurationNeeded,
    ];

    /// The name in Intel's collateral.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "UpToDate",
            Self::SwHardeningNeeded => "SWHardeningNeeded",
            Self::ConfigurationNeeded => "ConfigurationNeeded",
            Self::ConfigurationAndSwHardeningNeeded => "ConfigurationAndSWHardeningNeeded",
            Self::OutOfDate => "OutOfDate",
            Self::OutOfDateConfigurationNeeded => "OutOfDateConfigurationNeeded",
            Self::Revoked => "Revoked",
        }
    }

    /// Whether the status is one of those that say so: `OutOfDate` and `OutOfDateConfigurationNeeded`.
    #[must_use]
    pub const fn is_out_of_date(self) -> bool {
        matches!(self, Self::OutOfDate | Self::OutOfDateConfigurationNeeded)
    }

    /// Whether Intel has published an update that the TCB lacks: it is out of date, or revoked.
    pub(crate) const fn lacks_an_update(self) -> bool {
        self.is_out_of_date() || matches!(self, Self::Revoked)
    }

    const fn needs_configuration(self) -> bool {
        matches!(
            self,
            Self::ConfigurationNeeded
                | Self::ConfigurationAndSwHardeningNeeded
                | Self::OutOfDateConfigurationNeeded
        )
    }

    const fn needs_hardening(self) -> bool {
        matches!(self, Self::SwHardeningNeeded | Self::ConfigurationAndSwHardeningNeeded)
    }

    /// The status of two parts of one TCB: everything that is wrong with either. No status names hardening
    /// together with `OutOfDate`, which says more.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        if matches!(self, Self::Revoked) || matches!(other, Self::Revoked) {
            return Self::Revoked;
        }
        let out_of_date = self.is_out_of_date() || other.is_out_of_date();
        let configuration = self.needs_configuration() || other.needs_configuration();
        let hardening = self.needs_hardening() || other.needs_hardening();
        match (out_of_date, configuration, hardening) {
            (true, true, _) => Self::OutOfDateConfigurationNeeded,
            (true, false, _) => Self::OutOfDate,
            (false, true, true) => Self::ConfigurationAndSwHardeningNeeded,
            (false, true, false) => Self::ConfigurationNeeded,
            (false, false, true) => Self::SwHardeningNeeded,
            (false, false, false) => Self::UpToDate,
        }
    }
}

impl fmt::Display for TcbStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_statuses_make_the_worse_one() {
        use TcbStatus as S;
        for one in *S::ALL {
            assert_eq!(one.and(one), one);
            assert_eq!(one.and(S::UpToDate), one);
            assert_eq!(one.and(S::Revoked), S::Revoked);
            for other in *S::ALL {
                assert_eq!(one.and(other), other.and(one));
                for third in *S::ALL {
                    assert_eq!(one.and(other).and(third), one.and(other.and(third)));
                }
            }
        }
        assert_eq!(S::OutOfDate.and(S::ConfigurationNeeded), S::OutOfDateConfigurationNeeded);
        assert_eq!(S::OutOfDate.and(S::ConfigurationAndSwHardeningNeeded), S::OutOfDateConfigurationNeeded);
        assert_eq!(S::OutOfDate.and(S::SwHardeningNeeded), S::OutOfDate);
        assert_eq!(S::SwHardeningNeeded.and(S::ConfigurationNeeded), S::ConfigurationAndSwHardeningNeeded);
    }
}
