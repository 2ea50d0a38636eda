//! TCB levels: the search for the one that a platform reaches, and the evaluation of all parts of a TCB.
//!
//! Source: Intel PCS API version 4, TCB info, `tcbLevels`: sorted, the first level that is reached counts.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use teeproof_core::Time;

use crate::TcbStatus;
use crate::json::{DateText, StatusText};

/// A level of signed collateral; `T` is what a TCB must reach.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Level<T> {
    tcb: T,
    #[serde(rename = "tcbDate")]
    date: DateText,
    #[serde(rename = "tcbStatus")]
    status: StatusText,
    #[serde(rename = "advisoryIDs", default)]
    advisories: Vec<String>,
}

/// The level of an enclave or a TDX module.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct IsvSvn {
    isvsvn: u16,
}

/// The TCB level that one part of a platform reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MatchedLevel {
    /// Its status.
    pub status: TcbStatus,
    /// `tcbDate`: no vulnerability that was published before is missing in the advisories.
    pub date: Time,
    /// `advisoryIDs`: Intel's advisories that concern this level, such as `INTEL-SA-01036`.
    pub advisories: Vec<String>,
    /// The date of the next better level, which the part does not reach; `None` if it reaches the first one.
    pub superseded: Option<Time>,
}

impl<T> Level<T> {
    /// The first level that fits.
    pub(crate) fn first(levels: &[Self], fits: impl Fn(&T) -> bool) -> Option<MatchedLevel> {
        let at = levels.iter().position(|level| fits(&level.tcb))?;
        let (better, rest) = levels.split_at_checked(at)?;
        let Self { date, status, advisories, .. } = rest.first()?;
        let superseded = better.iter().map(|level| level.date.0).filter(|other| *other > date.0).min();
        Some(MatchedLevel { status: status.0, date: date.0, advisories: advisories.clone(), superseded })
    }
}

impl Level<IsvSvn> {
    /// The first level that this security version reaches.
    pub(crate) fn reached_by(levels: &[Self], isvsvn: u16) -> Option<MatchedLevel> {
        Self::first(levels, |level| level.isvsvn <= isvsvn)
    }
}

/// The evaluation of a platform's TCB against verified collateral.
///
/// Made by [`crate::verify()`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcbEvaluation {
    platform: MatchedLevel,
    module: Option<MatchedLevel>,
    qe: MatchedLevel,
    /// Platform and module by `TEE_TCB_SVN2`: of the module that runs, where the quote names it.
    running: Option<(MatchedLevel, Option<MatchedLevel>)>,
    evaluation_data_number: u32,
    next_update: Time,
    at: Time,
}

impl TcbEvaluation {
    pub(crate) fn new(
        platform: MatchedLevel,
        module: Option<MatchedLevel>,
        qe: MatchedLevel,
        running: Option<(MatchedLevel, Option<MatchedLevel>)>,
        (evaluation_data_number, next_update, at): (u32, Time, Time),
    ) -> Self {
        Self { platform, module, qe, running, evaluation_data_number, next_update, at }
    }

    /// The level of processor and firmware.
    #[must_use]
    pub const fn platform(&self) -> &MatchedLevel {
        &self.platform
    }

    /// The level of the TDX module; `None` for a module of version 1.0, which has no levels of its own.
    #[must_use]
    pub const fn module(&self) -> Option<&MatchedLevel> {
        self.module.as_ref()
    }

    /// The level of the quoting enclave.
    #[must_use]
    pub const fn qe(&self) -> &MatchedLevel {
        &self.qe
    }

    /// The level of processor and firmware with the TDX module that runs, by `TEE_TCB_SVN2`; `None` where the quote
    /// does not name it (a body of TDX 1.0). It differs from [`TcbEvaluation::platform`] if the module was updated
    /// after the guest was launched.
    #[must_use]
    pub fn running_platform(&self) -> Option<&MatchedLevel> {
        self.running.as_ref().map(|(platform, _)| platform)
    }

    /// The level of the TDX module that runs, as [`TcbEvaluation::running_platform`].
    #[must_use]
    pub fn running_module(&self) -> Option<&MatchedLevel> {
        self.running.as_ref().and_then(|(_, module)| module.as_ref())
    }

    /// Whether a new launch of the guest would update its TCB: the TDX module that runs lacks no update, and the one
    /// under which the guest was launched does.
    #[must_use]
    pub fn is_relaunch_advised(&self) -> bool {
        let late = |levels: &[Option<&MatchedLevel>]| {
            levels.iter().flatten().any(|level| level.status.lacks_an_update())
        };
        let launched = [Some(&self.platform), self.module.as_ref()];
        self.running
            .as_ref()
            .is_some_and(|(platform, module)| late(&launched) && !late(&[Some(platform), module.as_ref()]))
    }

    fn parts(&self) -> impl Iterator<Item = &MatchedLevel> {
        let running = [self.running_platform(), self.running_module()];
        [Some(&self.platform), self.module.as_ref(), Some(&self.qe)].into_iter().chain(running).flatten()
    }

    /// The status of all parts together.
    #[must_use]
    pub fn status(&self) -> TcbStatus {
        self.parts().fold(TcbStatus::UpToDate, |status, part| status.and(part.status))
    }

    /// Every advisory that concerns a part, sorted, each once.
    #[must_use]
    pub fn advisories(&self) -> Vec<&str> {
        let mut all: Vec<&str> =
            self.parts().flat_map(|part| part.advisories.iter().map(String::as_str)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The least `tcbEvaluationDataNumber` of TCB info and QE identity: which of Intel's TCB recoveries they
    /// take into account.
    #[must_use]
    pub const fn evaluation_data_number(&self) -> u32 {
        self.evaluation_data_number
    }

    /// The least `tcbDate` of all parts.
    #[must_use]
    pub fn date(&self) -> Time {
        self.parts().map(|part| part.date).fold(self.platform.date, Time::min)
    }

    /// The first `nextUpdate` of TCB info and QE identity: until then the evaluation is current.
    #[must_use]
    pub const fn next_update(&self) -> Time {
        self.next_update
    }

    /// The parts that lack an update: out of date, or revoked.
    fn behind(&self) -> impl Iterator<Item = &MatchedLevel> {
        self.parts().filter(|part| part.status.lacks_an_update())
    }

    /// The date of the first update that the platform lacks; `None` if it lacks none. `None` as well if one of the
    /// parts that lack an update has no date: that part may be behind for longer than all others.
    #[must_use]
    pub fn behind_since(&self) -> Option<Time> {
        let mut parts = self.behind().map(|part| part.superseded);
        let first = parts.next()??;
        parts.try_fold(first, |first, date| date.map(|date| first.min(date)))
    }

    /// The whole days from [`TcbEvaluation::behind_since`] to the time of verification: 0 for a TCB that lacks no
    /// update; `None` for one that lacks an update without a date.
    #[must_use]
    pub fn days_behind(&self) -> Option<u32> {
        if self.behind().next().is_none() {
            return Some(0);
        }
        let seconds = self.at.since(self.behind_since()?);
        u32::try_from(seconds.div_euclid(86_400).max(0)).ok()
    }
}

/// `OutOfDate, TCB of 2024-03-13T…, 343 days behind 2024-11-13T…; INTEL-SA-01036, …`.
impl fmt::Display for TcbEvaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, TCB of {}", self.status(), self.date())?;
        if self.is_relaunch_advised() {
            f.write_str(", launch the guest again: the TDX module was updated after its launch")?;
        }
        if let (Some(since), Some(days)) = (self.behind_since(), self.days_behind()) {
            write!(f, ", {days} days behind the update of {since}")?;
        }
        let separators = core::iter::once("; ").chain(core::iter::repeat(", "));
        let advisories = self.advisories();
        advisories.iter().zip(separators).try_for_each(|(advisory, separator)| {
            // Signed by Intel, but foreign text all the same: bounded and printable.
            let plain = advisory.bytes().all(|byte| byte.is_ascii_graphic());
            write!(f, "{separator}{}", if plain { *advisory } else { "an advisory with an unprintable name" })
        })
    }
}
