//! Errors: what a cloud refused and whether it pays to try again, and everything else that ends an operation.

use core::fmt;
use core::time::Duration;
use std::io;
use std::path::PathBuf;

use crate::{DeploymentId, ProviderFailure};

/// A text that is not a value of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidValue {
    what: &'static str,
    text: String,
    why: &'static str,
}

impl InvalidValue {
    pub(crate) fn new(what: &'static str, text: &str, why: &'static str) -> Self {
        Self { what, text: text.to_owned(), why }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, got {:?}", self.what, self.why, self.text)
    }
}

impl core::error::Error for InvalidValue {}

/// A problem of a request, found before anything was launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable, option or field.
    pub what: String,
    /// What is wrong with it: expected and got.
    pub why: String,
    /// What to change.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// Why an operation failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The request cannot be deployed: all its problems.
    Problems(Vec<Problem>),
    /// No provider of this name.
    NoProvider {
        /// The name.
        name: String,
        /// The names that there are.
        providers: Vec<String>,
    },
    /// No record of this deployment.
    NoDeployment(DeploymentId),
    /// The cloud refused a call, or did not answer it.
    Provider(Box<ProviderFailure>),
    /// The deadline passed during this step.
    TimedOut {
        /// The step.
        step: &'static str,
        /// The time that it had.
        waited: Duration,
    },
    /// The caller cancelled the operation during this step.
    Cancelled {
        /// The step.
        step: &'static str,
    },
    /// The machine went into a state from which it does not come to the one that was waited for.
    MachineState {
        /// What was waited for.
        step: &'static str,
        /// The state, and the cloud's reason for it.
        state: String,
    },
    /// A step on the machine failed: what the machine reported.
    OnMachine {
        /// The step.
        step: String,
        /// Code, text and the end of the log.
        report: String,
    },
    /// Another process works on this deployment.
    Busy(DeploymentId),
    /// A record cannot be read or written.
    Registry {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A record that this version does not understand.
    Record {
        /// The file.
        path: PathBuf,
        /// What was expected, and found.
        reason: String,
    },
    /// The deployment is in a state that does not have this operation.
    State {
        /// The deployment.
        id: DeploymentId,
        /// Its state.
        state: &'static str,
        /// The operation that was requested.
        operation: &'static str,
    },
    /// The evidence of the machine was refused.
    Refused(Box<crate::Attested>),
    /// The evidence cannot be read, or is not verified.
    Evidence(String),
    /// The policy is not a policy file.
    Policy(String),
    /// The deployment failed for the first reason, and what it had was not removed for the second.
    NotCleaned {
        /// The deployment, whose record stays.
        id: DeploymentId,
        /// Why it failed.
        failure: Box<RuntimeError>,
        /// Why it was not removed.
        cleanup: Box<RuntimeError>,
    },
}

impl RuntimeError {
    pub(crate) fn registry(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Registry { path: path.into(), source }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Problems(_) => "nothing was launched; correct all of them".to_owned(),
            Self::NoProvider { providers, .. } => format!("the providers are: {}", providers.join(", ")),
            Self::NoDeployment(_) => {
                "list shows the deployments; sweep adopts those that the registry lost".to_owned()
            }
            Self::Provider(failure) => failure.hint.clone(),
            Self::TimedOut { .. } => {
                "allow more time, or look at status for the step that takes it".to_owned()
            }
            Self::Cancelled { .. } => "sweep removes what is unfinished".to_owned(),
            Self::MachineState { .. } | Self::OnMachine { .. } => {
                "status has the report of the machine; the deployment was terminated".to_owned()
            }
            Self::Busy(_) => "wait until the other operation has ended".to_owned(),
            Self::Registry { .. } => {
                "check the permissions and the space of the registry's directory".to_owned()
            }
            Self::Record { .. } => {
                "use the version that wrote it, or move the file away and run sweep, which makes it anew"
                    .to_owned()
            }
            Self::State { .. } => "status shows the state".to_owned(),
            Self::Refused(_) => "the failed checks say what differs".to_owned(),
            Self::Evidence(_) => "look at status, then attest again".to_owned(),
            Self::Policy(_) => "correct each mistake that it names".to_owned(),
            Self::NotCleaned { .. } => {
                "run sweep until it has removed the deployment: it may cost money".to_owned()
            }
        }
    }
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problems(problems) => {
                write!(f, "the request cannot be deployed:")?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            Self::NoProvider { name, .. } => write!(f, "no provider {name:?}"),
            Self::NoDeployment(id) => write!(f, "no deployment {id}"),
            Self::Provider(failure) => failure.fmt(f),
            Self::TimedOut { step, waited } => write!(f, "{step}: not done after {} s", waited.as_secs()),
            Self::Cancelled { step } => write!(f, "{step}: cancelled"),
            Self::MachineState { step, state } => write!(f, "{step}: the machine is {state}"),
            Self::OnMachine { step, report } => write!(f, "{step} failed on the machine: {report}"),
            Self::Busy(id) => write!(f, "{id}: another process works on it"),
            Self::Registry { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Record { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::State { id, state, operation } => {
                write!(f, "{id}: {operation} is not possible while {state}")
            }
            Self::Refused(attested) => write!(f, "evidence refused: {}", attested.failed_checks().join(", ")),
            Self::Evidence(reason) => write!(f, "evidence: {reason}"),
            Self::Policy(reason) => write!(f, "policy: {reason}"),
            Self::NotCleaned { id, failure, cleanup } => {
                write!(f, "{failure}; and {id} was not removed: {cleanup}")
            }
        }
    }
}

impl core::error::Error for RuntimeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Provider(failure) => Some(failure.as_ref()),
            Self::Registry { source, .. } => Some(source),
            Self::NotCleaned { failure, .. } => Some(failure.as_ref()),
            _ => None,
        }
    }
}

impl From<Box<ProviderFailure>> for RuntimeError {
    fn from(failure: Box<ProviderFailure>) -> Self {
        Self::Provider(failure)
    }
}
