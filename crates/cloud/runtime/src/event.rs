//! Progress: what an operation does, as values. The same goes to `tracing`.

use core::fmt;
use core::time::Duration;

use serde::Serialize;

use crate::{DeploymentId, MachineId, MachineReport, MachineState};

/// Something that an operation did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The record was written: the launch begins.
    Recorded {
        /// The deployment.
        id: DeploymentId,
    },
    /// The cloud has launched a machine.
    Launched {
        /// The deployment.
        id: DeploymentId,
        /// The machine.
        machine: MachineId,
    },
    /// The machine has another state.
    State {
        /// The deployment.
        id: DeploymentId,
        /// The state.
        state: MachineState,
    },
    /// The machine reports another step.
    Report {
        /// The deployment.
        id: DeploymentId,
        /// The report.
        report: MachineReport,
    },
    /// Fresh evidence was requested.
    EvidenceRequested {
        /// The deployment.
        id: DeploymentId,
    },
    /// Evidence was accepted.
    Attested {
        /// The deployment.
        id: DeploymentId,
    },
    /// The deployment is finished.
    Ready {
        /// The deployment.
        id: DeploymentId,
    },
    /// An operation failed, and what it had made is being removed.
    CleaningUp {
        /// The deployment.
        id: DeploymentId,
        /// Why.
        because: String,
    },
    /// Termination was requested.
    Terminating {
        /// The deployment.
        id: DeploymentId,
        /// The machine.
        machine: MachineId,
    },
    /// Something else of the deployment was removed.
    Removed {
        /// The deployment.
        id: DeploymentId,
        /// What it was.
        what: String,
    },
    /// The cloud has nothing of the deployment any more, and the record is removed.
    Gone {
        /// The deployment.
        id: DeploymentId,
    },
    /// A transient failure: the call is repeated.
    Retry {
        /// The deployment.
        id: DeploymentId,
        /// The failure.
        because: String,
        /// The pause before the next attempt.
        pause: Duration,
    },
}

impl Event {
    /// The deployment.
    #[must_use]
    pub const fn id(&self) -> &DeploymentId {
        match self {
            Self::Recorded { id }
            | Self::Launched { id, .. }
            | Self::State { id, .. }
            | Self::Report { id, .. }
            | Self::EvidenceRequested { id }
            | Self::Attested { id }
            | Self::Ready { id }
            | Self::CleaningUp { id, .. }
            | Self::Terminating { id, .. }
            | Self::Removed { id, .. }
            | Self::Gone { id }
            | Self::Retry { id, .. } => id,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded { .. } => f.write_str("recorded"),
            Self::Launched { machine, .. } => write!(f, "launched {machine}"),
            Self::State { state, .. } => write!(f, "machine {}", state.word()),
            Self::Report { report: MachineReport::Ready, .. } => {
                f.write_str("the machine reports that it is ready")
            }
            Self::Report { report: MachineReport::Step { step }, .. } => write!(f, "on the machine: {step}"),
            Self::Report { report: MachineReport::Failed { step, .. }, .. } => {
                write!(f, "on the machine: {step} failed")
            }
            Self::EvidenceRequested { .. } => f.write_str("fresh evidence requested"),
            Self::Attested { .. } => f.write_str("evidence accepted"),
            Self::Ready { .. } => f.write_str("ready"),
            Self::CleaningUp { because, .. } => write!(f, "removing what was launched: {because}"),
            Self::Terminating { machine, .. } => write!(f, "terminating {machine}"),
            Self::Removed { what, .. } => write!(f, "removed {what}"),
            Self::Gone { .. } => f.write_str("gone"),
            Self::Retry { because, pause, .. } => {
                write!(f, "again in {} ms: {because}", pause.as_millis())
            }
        }
    }
}

/// Takes events. Called from the tasks of the operations, so it must not wait.
pub trait EventSink: Send + Sync {
    /// Takes one.
    fn event(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> EventSink for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}
