//! The runtime: one way of deploying for every provider.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::deployment::Record;
use crate::operation::Operation;
use crate::registry::Claim;
use crate::{
    DeployRequest, DeploymentId, DeploymentState, Event, Limits, Listed, Machine, MachineState, Owner, Pace,
    Plan, Problem, Provider, Registry, RuntimeError, Status,
};

/// What a runtime has.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RuntimeSettings {
    /// The records.
    pub registry: Registry,
    /// The clouds.
    pub providers: Vec<Arc<dyn Provider>>,
    /// The pauses of waiting.
    pub pace: Pace,
    /// How long a cloud may take to show what it has made: a launch that is in no list after this time did not happen.
    pub settling: Duration,
    /// The time for the removal of what a failed launch has made.
    pub cleanup_within: Duration,
    /// Roots of twins, in DER, besides the pinned ones. Results under them say so.
    pub anchors: Vec<Vec<u8>>,
}

impl RuntimeSettings {
    /// The usual settings.
    #[must_use]
    pub fn new(registry: Registry, providers: Vec<Arc<dyn Provider>>) -> Self {
        Self {
            registry,
            providers,
            pace: Pace::default(),
            settling: Duration::from_secs(120),
            cleanup_within: Duration::from_secs(600),
            anchors: Vec::new(),
        }
    }
}

/// Deploys, attests and removes confidential machines.
#[derive(Debug)]
pub struct Runtime {
    pub(crate) settings: RuntimeSettings,
}

/// All deployments of an owner.
#[derive(Debug)]
#[non_exhaustive]
pub struct List {
    /// Records and machines, joined by their ids, in their order.
    pub deployments: Vec<Listed>,
    /// Records that cannot be read.
    pub unreadable: Vec<RuntimeError>,
}

impl Runtime {
    /// A runtime with these settings.
    #[must_use]
    pub const fn new(settings: RuntimeSettings) -> Self {
        Self { settings }
    }

    pub(crate) fn provider(&self, name: &str) -> Result<&dyn Provider, RuntimeError> {
        let found = self.settings.providers.iter().find(|provider| provider.name() == name);
        found.map(AsRef::as_ref).ok_or_else(|| RuntimeError::NoProvider {
            name: name.to_owned(),
            providers: self.settings.providers.iter().map(|provider| provider.name().to_owned()).collect(),
        })
    }

    /// What a deployment would do; nothing is launched.
    ///
    /// # Errors
    /// All problems of the request; a call that failed.
    pub async fn plan(&self, request: &DeployRequest, limits: &Limits) -> Result<Plan, RuntimeError> {
        let provider = self.provider(&request.provider)?;
        crate::attest::parse_policy(&request.policy)?;
        let id = DeploymentId::generate().map_err(no_randomness)?;
        let operation = Operation::begin(&id, limits, self.settings.pace, &ignore);
        let planned = operation.call("plan", || provider.plan(request)).await?;
        match (planned, undelivered(request)) {
            (Ok(plan), None) => Ok(plan),
            (Ok(_), Some(problem)) => Err(RuntimeError::Problems(vec![problem])),
            (Err(problems), problem) => {
                Err(RuntimeError::Problems(problems.into_iter().chain(problem).collect()))
            }
        }
    }

    /// What the cloud and the machine say now.
    ///
    /// # Errors
    /// No such deployment; a call that failed.
    pub async fn status(&self, id: &DeploymentId, limits: &Limits) -> Result<Status, RuntimeError> {
        let record = self.record(id)?;
        let provider = self.provider(&record.provider)?;
        let operation = Operation::begin(id, limits, self.settings.pace, &ignore);
        let machine = self.machine_of(provider, &operation, &record).await?;
        let report = match &machine {
            Some(machine) if machine.state == MachineState::Running => {
                operation.call("report", || provider.report(machine)).await?
            }
            _ => None,
        };
        let addresses = machine.iter().flat_map(|machine| [machine.public_address, machine.private_address]);
        Ok(Status {
            deployment: record.deployment(),
            addresses: addresses.flatten().collect(),
            machine: machine.as_ref().map(|machine| machine.state),
            is_confidential: machine.as_ref().map(|machine| machine.is_confidential),
            reason: machine.and_then(|machine| machine.reason),
            report,
        })
    }

    pub(crate) async fn machine_of(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        record: &Record,
    ) -> Result<Option<Machine>, RuntimeError> {
        match &record.machine {
            Some(machine) => operation.call("status", || provider.machine(machine)).await,
            None => Ok(None),
        }
    }

    /// All deployments of an owner, of the registry and of every cloud.
    ///
    /// # Errors
    /// The registry cannot be read; a call that failed.
    pub async fn list(&self, owner: &Owner, limits: &Limits) -> Result<List, RuntimeError> {
        let (records, unreadable) = self.settings.registry.read_all()?;
        let none = DeploymentId::generate().map_err(no_randomness)?;
        let operation = Operation::begin(&none, limits, self.settings.pace, &ignore);
        let mut deployments = BTreeMap::new();
        for record in records.into_iter().filter(|record| record.owner == *owner) {
            let listed = Listed {
                id: record.id.clone(),
                provider: record.provider,
                state: Some(record.state),
                machine: record.machine,
                machine_state: None,
                size: record.size,
                created: record.created,
                attested: record.attested.map(|attested| attested.at),
            };
            deployments.insert(record.id, listed);
        }
        for provider in &self.settings.providers {
            for machine in operation.call("list", || provider.machines(owner)).await? {
                if machine.state == MachineState::Terminated {
                    continue;
                }
                let listed = deployments.entry(machine.deployment.clone()).or_insert_with(|| Listed {
                    id: machine.deployment.clone(),
                    provider: provider.name().to_owned(),
                    state: None,
                    machine: None,
                    machine_state: None,
                    size: None,
                    created: machine.created,
                    attested: None,
                });
                listed.machine = Some(machine.id);
                listed.machine_state = Some(machine.state);
                listed.size = Some(machine.size);
            }
        }
        Ok(List { deployments: deployments.into_values().collect(), unreadable })
    }

    pub(crate) fn claim(&self, id: &DeploymentId) -> Result<Claim, RuntimeError> {
        self.settings.registry.claim(id)?.ok_or_else(|| RuntimeError::Busy(id.clone()))
    }

    pub(crate) fn record(&self, id: &DeploymentId) -> Result<Record, RuntimeError> {
        self.settings.registry.read(id)?.ok_or_else(|| RuntimeError::NoDeployment(id.clone()))
    }

    /// A ready deployment, claimed.
    pub(crate) fn claimed(
        &self,
        id: &DeploymentId,
        operation: &'static str,
    ) -> Result<(Claim, Record), RuntimeError> {
        let claim = self.claim(id)?;
        let Some(record) = claim.read()? else {
            claim.release()?;
            return Err(RuntimeError::NoDeployment(id.clone()));
        };
        if record.state != DeploymentState::Ready {
            return Err(RuntimeError::State { id: id.clone(), state: record.state.word(), operation });
        }
        Ok((claim, record))
    }

    pub(crate) async fn existing(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        record: &Record,
        step: &'static str,
    ) -> Result<Machine, RuntimeError> {
        let machine = self.machine_of(provider, operation, record).await?;
        machine.ok_or_else(|| RuntimeError::MachineState { step, state: "unknown to the cloud".to_owned() })
    }
}

/// Variables of the workload are refused: no provider delivers them to the attested key yet, and a launch without them would
/// be another workload.
fn undelivered(request: &DeployRequest) -> Option<Problem> {
    let names: Vec<_> = request.environment.keys().map(String::as_str).collect();
    (!names.is_empty()).then(|| Problem {
        what: "environment".to_owned(),
        why: format!("variables are not delivered to the machine: expected none, got {}", names.join(", ")),
        hint: "put them into the image, or have the workload request its secrets with its evidence"
            .to_owned(),
    })
}

/// Takes no events.
pub(crate) fn ignore(_: &Event) {}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

pub(crate) fn no_randomness(error: getrandom::Error) -> RuntimeError {
    RuntimeError::registry("/dev/urandom", std::io::Error::other(error.to_string()))
}
