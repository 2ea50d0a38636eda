//! Faults of an EC2, and of the network before it: which calls, and what happens to them.

use core::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::ErrorResponse;

/// A fault: calls that it is for, and what happens to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The action; `None` means every one.
    pub action: Option<String>,
    /// The number of the first call, from 1. Calls are counted from when the fault is set, and only those of the action.
    pub first: u64,
    /// How many calls; `None` means all that follow.
    pub count: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is refused before it reaches moto.
    Refuse(ErrorResponse),
    /// It reaches moto, and is answered with an error all the same.
    RefuseAfter(ErrorResponse),
    /// The connection is closed before it reaches moto.
    LoseRequest,
    /// It reaches moto, and the connection is closed before the answer.
    LoseAnswer,
    /// It reaches moto, and the connection is closed in the middle of the answer's body.
    CutAnswer,
    /// It reaches moto, and the answer's body is not XML.
    Garbage,
    /// A launch succeeds, and its instances are terminated at once: they are described as terminated, for this reason.
    /// Other actions have no such fault.
    Abort {
        /// The code of the reason, such as `Server.InsufficientInstanceCapacity`.
        code: String,
        /// Its sentence.
        message: String,
    },
    /// It reaches moto, and is not answered earlier than this after it was received.
    Slow(Duration),
}

/// Why a text is not a list of faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faults: {}", self.0)
    }
}

impl core::error::Error for FaultError {}

impl Fault {
    /// For every call of every action.
    #[must_use]
    pub const fn everywhere(effect: Effect) -> Self {
        Self { action: None, first: 1, count: None, effect }
    }

    /// For every call of an action.
    #[must_use]
    pub fn of(action: &str, effect: Effect) -> Self {
        Self { action: Some(action.to_owned()), ..Self::everywhere(effect) }
    }

    /// An error in place of every call of an action.
    #[must_use]
    pub fn refusal(action: &str, code: &str) -> Self {
        Self::of(action, Effect::Refuse(ErrorResponse::of(code)))
    }

    /// From the call of this number on; the first is 1.
    #[must_use]
    pub const fn from(mut self, first: u64) -> Self {
        self.first = first;
        self
    }

    /// For so many calls.
    #[must_use]
    pub const fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Reads a JSON list of faults.
    ///
    /// # Errors
    /// The text is something else.
    pub fn list(json: &str) -> Result<Vec<Self>, FaultError> {
        let rows: Vec<Row> = serde_json::from_str(json).map_err(|error| FaultError(error.to_string()))?;
        rows.into_iter().map(Self::try_from).collect()
    }
}

/// A fault in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    action: Option<String>,
    #[serde(default = "one")]
    first: u64,
    count: Option<u64>,
    effect: Name,
    code: Option<String>,
    message: Option<String>,
    status: Option<u16>,
    seconds: Option<f64>,
}

const fn one() -> u64 {
    1
}

/// The effects by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    Refuse,
    RefuseAfter,
    LoseRequest,
    LoseAnswer,
    CutAnswer,
    Garbage,
    Abort,
    Slow,
}

impl TryFrom<Row> for Fault {
    type Error = FaultError;

    fn try_from(row: Row) -> Result<Self, FaultError> {
        let wrong = |what: &str| FaultError(what.to_owned());
        let is_error = matches!(row.effect, Name::Refuse | Name::RefuseAfter);
        let has_reason = row.code.is_some() || row.message.is_some();
        if !is_error && (has_reason && row.effect != Name::Abort || row.status.is_some()) {
            return Err(wrong("code, message and status: expected with refuse, refuse-after or abort alone"));
        }
        if (row.effect == Name::Slow) != row.seconds.is_some() {
            return Err(wrong("seconds: expected with slow, and with nothing else"));
        }
        let error = || {
            let mut error = ErrorResponse::of(row.code.as_deref().ok_or_else(|| wrong("code: missing"))?);
            error.message = row.message.clone().unwrap_or(error.message);
            error.status = row.status.unwrap_or(error.status);
            let is_error = (400..600).contains(&error.status);
            is_error.then_some(error).ok_or_else(|| wrong("status: expected 400 to 599"))
        };
        let effect = match row.effect {
            Name::Refuse => Effect::Refuse(error()?),
            Name::RefuseAfter => Effect::RefuseAfter(error()?),
            Name::LoseRequest => Effect::LoseRequest,
            Name::LoseAnswer => Effect::LoseAnswer,
            Name::CutAnswer => Effect::CutAnswer,
            Name::Garbage => Effect::Garbage,
            Name::Abort => {
                let code = row.code.ok_or_else(|| wrong("code: missing"))?;
                let message = row.message.unwrap_or_else(|| format!("{code}: the launch was aborted"));
                Effect::Abort { code, message }
            }
            Name::Slow => {
                let seconds = Duration::try_from_secs_f64(row.seconds.unwrap_or_default());
                Effect::Slow(seconds.map_err(|error| FaultError(format!("seconds: {error}")))?)
            }
        };
        Ok(Self { action: row.action, first: row.first, count: row.count, effect })
    }
}

/// The faults that are set, each with the calls that it has counted.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(Fault, u64)>);

/// What happens to one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// How late the answer is.
    pub(super) delay: Duration,
    /// What happens besides: the first fault wins.
    pub(super) effect: Option<Effect>,
}

impl Faults {
    pub(super) fn replace(&mut self, faults: Vec<Fault>) {
        self.0 = faults.into_iter().map(|fault| (fault, 0)).collect();
    }

    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    /// Counts a call, and says what happens to it.
    pub(super) fn decide(&mut self, action: &str) -> Decision {
        let mut decision = Decision::default();
        for (fault, seen) in &mut self.0 {
            if fault.action.as_deref().is_some_and(|expected| expected != action) {
                continue;
            }
            *seen = seen.saturating_add(1);
            let after = fault.count.map_or(u64::MAX, |count| fault.first.saturating_add(count));
            if *seen < fault.first || *seen >= after {
                continue;
            }
            match &fault.effect {
                Effect::Slow(delay) => decision.delay = decision.delay.max(*delay),
                effect => {
                    decision.effect.get_or_insert_with(|| effect.clone());
                }
            }
        }
        decision
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn calls_are_counted_by_action() {
        let mut faults = Faults::default();
        faults.add(Fault::of("RunInstances", Effect::LoseAnswer).from(2).times(2));
        faults.add(Fault::everywhere(Effect::Slow(Duration::from_secs(1))).from(3));
        faults.add(Fault::everywhere(Effect::LoseRequest).from(4));
        let mut decide = |action| {
            let decision = faults.decide(action);
            (decision.delay.as_secs(), decision.effect)
        };
        assert_eq!(decide("RunInstances"), (0, None));
        assert_eq!(decide("StopInstances"), (0, None));
        assert_eq!(decide("RunInstances"), (1, Some(Effect::LoseAnswer)));
        assert_eq!(decide("RunInstances"), (1, Some(Effect::LoseAnswer)));
        assert_eq!(decide("RunInstances"), (1, Some(Effect::LoseRequest)));
    }

    #[test]
    fn a_fault_without_a_count_never_ends() {
        let mut faults = Faults::default();
        faults.add(Fault::refusal("RunInstances", "VcpuLimitExceeded"));
        for _ in 0..3 {
            assert!(matches!(faults.decide("RunInstances").effect, Some(Effect::Refuse(_))));
        }
        faults.replace(Vec::new());
        assert_eq!(faults.decide("RunInstances"), Decision::default());
    }

    #[test]
    fn faults_are_read_from_json() {
        let text = r#"[{"action":"RunInstances","first":2,"count":1,"effect":"refuse","code":"VcpuLimitExceeded"},
            {"effect":"slow","seconds":0.5},
            {"action":"RunInstances","effect":"abort","code":"Server.InternalError","message":"m"},
            {"effect":"refuse-after","code":"X","message":"m","status":599}]"#;
        let expected = [
            Fault::refusal("RunInstances", "VcpuLimitExceeded").from(2).times(1),
            Fault::everywhere(Effect::Slow(Duration::from_millis(500))),
            Fault::of(
                "RunInstances",
                Effect::Abort { code: "Server.InternalError".to_owned(), message: "m".to_owned() },
            ),
            Fault::everywhere(Effect::RefuseAfter(ErrorResponse::of("X").message("m").status(599))),
        ];
        assert_eq!(Fault::list(text).unwrap(), expected);
        for wrong in [
            "{}",
            r#"[{}]"#,
            r#"[{"effect":"explode"}]"#,
            r#"[{"effect":"refuse"}]"#,
            r#"[{"effect":"refuse","code":"X","status":200}]"#,
            r#"[{"effect":"slow"}]"#,
            r#"[{"effect":"slow","seconds":-1}]"#,
            r#"[{"effect":"slow","seconds":1e300}]"#,
            r#"[{"effect":"lose-answer","code":"X"}]"#,
            r#"[{"effect":"abort"}]"#,
            r#"[{"effect":"abort","code":"X","status":400}]"#,
            r#"[{"effect":"lose-answer","cuont":1}]"#,
        ] {
            assert!(Fault::list(wrong).is_err(), "{wrong}");
        }
    }
}
