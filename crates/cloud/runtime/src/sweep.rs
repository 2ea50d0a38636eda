//! The sweep: records and clouds compared, and whatever is unfinished removed.
//!
//! A deployment is unfinished if its machine is not marked as ready, or its record says that it is being launched or
//! removed, and no process has its claim. A machine that is marked as ready and has no record is adopted. Machines of other
//! owners are never seen: providers list those of one owner.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::deployment::Record;
use crate::operation::Operation;
use crate::runtime::{Runtime, ignore, no_randomness, now};
use crate::{
    Belonging, DeploymentId, DeploymentState, Event, EventSink, Limits, Machine, MachineId, MachineState,
    Owner, Provider, RuntimeError,
};

/// What a sweep may do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SweepOptions {
    /// Whose deployments.
    pub owner: Owner,
    /// Says what it would do, and does nothing.
    pub dry_run: bool,
    /// Removes healthy deployments too.
    pub all: bool,
    /// How old an unfinished machine without a record has to be: another machine of the owner may be launching it.
    pub grace: Duration,
}

impl SweepOptions {
    /// A dry run for an owner, which spares unfinished machines without a record for 30 minutes.
    #[must_use]
    pub const fn dry_run(owner: Owner) -> Self {
        Self { owner, dry_run: true, all: false, grace: Duration::from_secs(30 * 60) }
    }
}

/// What a sweep did or, in a dry run, would do.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SweepReport {
    /// Each deployment that it looked at, in the order of their ids.
    pub deployments: Vec<Sweep>,
    /// Records that cannot be read: their machines are left alone.
    pub unreadable: Vec<RuntimeError>,
}

/// One deployment in a sweep.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sweep {
    /// The deployment.
    pub id: DeploymentId,
    /// The provider.
    pub provider: String,
    /// Its machines.
    pub machines: Vec<MachineId>,
    /// What is done with it.
    pub action: SweepAction,
    /// Why.
    pub because: &'static str,
    /// Why that failed; `None` if it was done, or is a dry run.
    pub failure: Option<RuntimeError>,
}

/// What is done with a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SweepAction {
    /// Nothing: it is healthy.
    Keep,
    /// Nothing yet: it is younger than the time after which it counts as unfinished, or somebody works on it.
    Wait,
    /// It gets a record.
    Adopt,
    /// Its machines and everything else are removed, then its record.
    Remove,
}

impl SweepAction {
    /// The word for users.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Wait => "wait",
            Self::Adopt => "adopt",
            Self::Remove => "remove",
        }
    }
}

/// What is known of a deployment: its record, and what the cloud has of it.
#[derive(Debug, Default)]
struct Known {
    record: Option<Record>,
    machines: Vec<Machine>,
    belongings: Vec<Belonging>,
}

impl Runtime {
    /// Compares the registry with every cloud. Removes what is unfinished, adopts what the registry lost, and keeps
    /// everything else.
    ///
    /// # Errors
    /// The registry cannot be read, or a cloud does not list its machines. The failure of one deployment is in its
    /// [`Sweep`], and the others go on.
    pub async fn sweep(
        &self,
        options: &SweepOptions,
        limits: &Limits,
        events: &dyn EventSink,
    ) -> Result<SweepReport, RuntimeError> {
        let mut report = SweepReport::default();
        let (records, unreadable) = self.settings.registry.read_all()?;
        // A record that cannot be read may be of a healthy deployment.
        let unread = self.settings.registry.ids()?;
        let mut of_provider: BTreeMap<String, BTreeMap<DeploymentId, Known>> = BTreeMap::new();
        let read: BTreeSet<_> = records.iter().map(|record| record.id.clone()).collect();
        for record in records.into_iter().filter(|record| record.owner == options.owner) {
            let known =
                of_provider.entry(record.provider.clone()).or_default().entry(record.id.clone()).or_default();
            known.record = Some(record);
        }
        report.unreadable = unreadable;
        let none = DeploymentId::generate().map_err(no_randomness)?;
        for provider in &self.settings.providers {
            let known = of_provider.entry(provider.name().to_owned()).or_default();
            let listing = Operation::begin(&none, limits, self.settings.pace, &ignore);
            for machine in listing.call("sweep", || provider.machines(&options.owner)).await? {
                if machine.state != MachineState::Terminated {
                    known.entry(machine.deployment.clone()).or_default().machines.push(machine);
                }
            }
            for belonging in listing.call("sweep", || provider.belongings(&options.owner)).await? {
                known.entry(belonging.deployment.clone()).or_default().belongings.push(belonging);
            }
            for (id, known) in core::mem::take(known) {
                if unread.contains(&id) && !read.contains(&id) {
                    continue;
                }
                let operation = Operation::begin(&id, limits, self.settings.pace, events);
                let sweep = self.sweep_one(provider.as_ref(), &operation, options, known).await;
                report.deployments.push(sweep);
            }
        }
        report.deployments.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(report)
    }

    async fn sweep_one(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        options: &SweepOptions,
        known: Known,
    ) -> Sweep {
        let id = operation.id.clone();
        let (action, because) = self.judge(&known, options);
        let machines = known.machines.iter().map(|machine| machine.id.clone()).collect();
        let mut sweep =
            Sweep { id, provider: provider.name().to_owned(), machines, action, because, failure: None };
        if matches!(action, SweepAction::Keep | SweepAction::Wait) {
            return sweep;
        }
        let claim = match self.settings.registry.claim(operation.id) {
            Ok(Some(claim)) => claim,
            Ok(None) => {
                (sweep.action, sweep.because) = (SweepAction::Wait, "another process works on it");
                return sweep;
            }
            Err(error) => {
                sweep.failure = Some(error);
                return sweep;
            }
        };
        // Judged again under the claim: whoever had it may have changed everything.
        let record = match claim.read() {
            Ok(record) => record,
            Err(error) => {
                sweep.failure = Some(error);
                return sweep;
            }
        };
        let known = Known { record, ..known };
        (sweep.action, sweep.because) = self.judge(&known, options);
        let done = if options.dry_run {
            claim.release()
        } else {
            self.act(provider, operation, options, known, sweep.action, claim).await
        };
        sweep.failure = done.err();
        sweep
    }

    async fn act(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        options: &SweepOptions,
        known: Known,
        action: SweepAction,
        claim: crate::registry::Claim,
    ) -> Result<(), RuntimeError> {
        match action {
            SweepAction::Keep | SweepAction::Wait => claim.release(),
            SweepAction::Adopt => {
                let Some(machine) = known.machines.first() else { return claim.release() };
                let record = match known.record {
                    // Killed between the mark of the machine and that of the record.
                    Some(record) => Record {
                        state: DeploymentState::Ready,
                        machine: Some(machine.id.clone()),
                        size: Some(machine.size.clone()),
                        updated: now(),
                        ..record
                    },
                    None => Record::adopted(provider.name(), &options.owner, machine, now()),
                };
                claim.write(&record)
            }
            SweepAction::Remove => {
                let record = known.record.or_else(|| {
                    let machine = known.machines.first()?;
                    Some(Record::adopted(provider.name(), &options.owner, machine, now()))
                });
                match record {
                    Some(record) => {
                        let record = Record { state: DeploymentState::Destroying, updated: now(), ..record };
                        claim.write(&record)?;
                        self.remove(provider, operation, &record, None).await?;
                    }
                    // Neither a record nor a machine: what is left of one.
                    None => {
                        for belonging in &known.belongings {
                            operation.call("removal", || provider.remove(belonging)).await?;
                            let what = format!("{} {}", belonging.kind, belonging.id);
                            operation.event(Event::Removed { id: operation.id.clone(), what });
                        }
                    }
                }
                claim.remove()?;
                operation.event(Event::Gone { id: operation.id.clone() });
                Ok(())
            }
        }
    }

    /// What is to be done with a deployment, and why.
    fn judge(&self, known: &Known, options: &SweepOptions) -> (SweepAction, &'static str) {
        use SweepAction::{Adopt, Keep, Remove, Wait};
        let age = |since: u64| Duration::from_secs(now().saturating_sub(since));
        let is_marked = known.machines.iter().any(|machine| {
            machine.is_ready && !matches!(machine.state, MachineState::Terminating | MachineState::Terminated)
        });
        let several = known.machines.len() > 1;
        let Some(record) = &known.record else {
            return match known.machines.iter().map(|machine| machine.created).max() {
                None => (Remove, "left over: no record and no machine"),
                Some(_) if options.all => (Remove, "all of the owner was requested"),
                Some(_) if is_marked && !several => (Adopt, "healthy, without a record"),
                Some(created) if age(created) < options.grace => {
                    (Wait, "unfinished without a record, but young")
                }
                Some(_) => (Remove, "unfinished, without a record"),
            };
        };
        let is_settling = age(record.updated) < self.settings.settling;
        match record.state {
            _ if options.all => (Remove, "all of the owner was requested"),
            DeploymentState::Destroying => (Remove, "its removal was interrupted"),
            DeploymentState::Failed if known.machines.is_empty() && is_settling => {
                (Wait, "failed: a late launch would show soon")
            }
            DeploymentState::Failed => (Remove, "failed"),
            DeploymentState::Launching if is_marked && !several => {
                (Adopt, "healthy, its record was not finished")
            }
            DeploymentState::Launching if known.machines.is_empty() && is_settling => {
                (Wait, "unfinished: a late launch would show soon")
            }
            DeploymentState::Launching => (Remove, "its launch was interrupted"),
            DeploymentState::Ready if known.machines.is_empty() && !is_settling => {
                (Remove, "the cloud has no machine of it any more")
            }
            DeploymentState::Ready => (Keep, "healthy"),
        }
    }
}
