//! Removal: machines first, then everything else of a deployment, its record last.

use tokio::time::Instant;

use crate::deployment::Record;
use crate::operation::Operation;
use crate::runtime::{Runtime, now};
use crate::{
    DeploymentId, DeploymentState, Event, EventSink, FailureClass, Limits, MachineId, MachineState, Provider,
    RuntimeError,
};

const TERMINATE: &str = "termination";

impl Runtime {
    /// Destroys a deployment: its machine, and everything else that it has in the cloud. The record is removed last.
    ///
    /// # Errors
    /// No such deployment; a call that failed: the record stays, and a repetition goes on.
    pub async fn destroy(
        &self,
        id: &DeploymentId,
        limits: &Limits,
        events: &dyn EventSink,
    ) -> Result<(), RuntimeError> {
        let claim = self.claim(id)?;
        let Some(mut record) = claim.read()? else {
            claim.release()?;
            return Err(RuntimeError::NoDeployment(id.clone()));
        };
        let provider = self.provider(&record.provider)?;
        let operation = Operation::begin(id, limits, self.settings.pace, events);
        let was_launching = record.state == DeploymentState::Launching;
        record.state = DeploymentState::Destroying;
        record.updated = now();
        claim.write(&record)?;
        let settled =
            (was_launching && record.machine.is_none()).then(|| Instant::now() + self.settings.settling);
        self.remove(provider, &operation, &record, settled).await?;
        claim.remove()?;
        operation.event(Event::Gone { id: id.clone() });
        Ok(())
    }

    /// Removes all that a deployment has in the cloud. `settled` is when a launch without an answer would show.
    pub(crate) async fn remove(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        record: &Record,
        settled: Option<Instant>,
    ) -> Result<(), RuntimeError> {
        let mut machines: Vec<MachineId> = record.machine.iter().cloned().collect();
        for attempt in 0_u32.. {
            let all = operation.call(TERMINATE, || provider.machines(&record.owner)).await?;
            let of_deployment = all.into_iter().filter(|machine| machine.deployment == record.id);
            let found: Vec<_> = of_deployment.map(|machine| machine.id).collect();
            machines.extend(found);
            machines.sort();
            machines.dedup();
            let is_settled = settled.is_none_or(|settled| Instant::now() >= settled);
            if !machines.is_empty() || is_settled {
                break;
            }
            operation.pause(TERMINATE, attempt).await?;
        }
        for machine in &machines {
            self.terminate(provider, operation, machine).await?;
        }
        let belongings = operation.call("removal", || provider.belongings(&record.owner)).await?;
        for belonging in belongings.iter().filter(|belonging| belonging.deployment == record.id) {
            operation.call("removal", || provider.remove(belonging)).await?;
            let what = format!("{} {}", belonging.kind, belonging.id);
            operation.event(Event::Removed { id: record.id.clone(), what });
        }
        Ok(())
    }

    /// Terminates a machine, and waits until the cloud says that it is gone.
    async fn terminate(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        machine: &MachineId,
    ) -> Result<(), RuntimeError> {
        let unknown_until = Instant::now() + self.settings.settling;
        operation.event(Event::Terminating { id: operation.id.clone(), machine: machine.clone() });
        let mut is_requested = false;
        for attempt in 0_u32.. {
            if !is_requested {
                match operation.call(TERMINATE, || provider.terminate(machine)).await {
                    Ok(()) => is_requested = true,
                    Err(RuntimeError::Provider(failure)) if failure.class == FailureClass::NotFound => {}
                    Err(failure) => return Err(failure),
                }
            }
            match operation.call(TERMINATE, || provider.machine(machine)).await? {
                Some(machine) if machine.state == MachineState::Terminated => return Ok(()),
                Some(_) => {}
                // A machine that was launched just now may be unknown for a while.
                None if is_requested || Instant::now() >= unknown_until => return Ok(()),
                None => {}
            }
            operation.pause(TERMINATE, attempt).await?;
        }
        Ok(())
    }
}
