//! Launch, stop and start: until the confidential part answers, and is attested.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::deployment::Record;
use crate::operation::Operation;
use crate::registry::Claim;
use crate::runtime::{Runtime, no_randomness, now};
use crate::{
    Attested, DeployRequest, Deployment, DeploymentId, DeploymentState, Event, EventSink, FailureClass,
    Launch, Limits, Machine, MachineId, MachineReport, MachineState, Provider, RuntimeError,
};

const LAUNCH: &str = "launch";
const START: &str = "start of the machine";
const READY: &str = "start on the machine";
const STOP: &str = "stop";

impl Runtime {
    /// Deploys: launches, waits until the confidential part answers, attests it, and marks the machine as ready. What a
    /// failed or cancelled launch has made is removed before this returns.
    ///
    /// # Errors
    /// Everything that can go wrong; [`RuntimeError::NotCleaned`] if something is left that may cost money.
    pub async fn deploy(
        &self,
        request: &DeployRequest,
        limits: &Limits,
        events: &dyn EventSink,
    ) -> Result<(Deployment, Attested), RuntimeError> {
        self.plan(request, limits).await?;
        let provider = self.provider(&request.provider)?;
        let id = DeploymentId::generate().map_err(no_randomness)?;
        let span = tracing::info_span!("deploy", deployment = %id, provider = provider.name());
        let limits =
            Limits { within: limits.within.min(request.launch_within), cancel: limits.cancel.clone() };
        let operation = Operation::begin(&id, &limits, self.settings.pace, events);
        let claim = self.claim(&id)?;
        let mut record = Record::new(id.clone(), request, now());
        claim.write(&record)?;
        operation.event(Event::Recorded { id: id.clone() });
        let launched = self.launch(provider, request, &operation, &claim, &mut record).instrument(span).await;
        let failure = match launched {
            Ok(attested) => return Ok((record.deployment(), attested)),
            Err(failure) => failure,
        };
        operation.event(Event::CleaningUp { id: id.clone(), because: failure.to_string() });
        let patience = Limits { within: self.settings.cleanup_within, cancel: CancellationToken::new() };
        let cleanup = Operation::begin(&id, &patience, self.settings.pace, events);
        // A launch that the cloud refused made nothing; whether one was done that was not answered, shows later.
        let is_refused =
            matches!(&failure, RuntimeError::Provider(refused) if refused.class != FailureClass::Transient);
        let settled =
            (record.machine.is_none() && !is_refused).then(|| Instant::now() + self.settings.settling);
        match self.remove(provider, &cleanup, &record, settled).await {
            Ok(()) => {
                claim.remove()?;
                cleanup.event(Event::Gone { id: id.clone() });
                Err(failure)
            }
            Err(error) => {
                record.state = DeploymentState::Failed;
                record.failure = Some(failure.to_string());
                record.updated = now();
                claim.write(&record)?;
                Err(RuntimeError::NotCleaned { id, failure: Box::new(failure), cleanup: Box::new(error) })
            }
        }
    }

    async fn launch(
        &self,
        provider: &dyn Provider,
        request: &DeployRequest,
        operation: &Operation<'_>,
        claim: &Claim,
        record: &mut Record,
    ) -> Result<Attested, RuntimeError> {
        let id = operation.id;
        let launch = Launch { id, request, created: record.created };
        let machine = operation.call(LAUNCH, || provider.launch(&launch)).await?;
        operation.event(Event::Launched { id: id.clone(), machine: machine.id.clone() });
        record.machine = Some(machine.id.clone());
        record.size = Some(machine.size.clone());
        record.updated = now();
        claim.write(record)?;
        let machine = self.running(provider, operation, &machine.id, START).await?;
        self.reported_ready(provider, operation, &machine).await?;
        let attested = self.attest_machine(provider, operation, record, &machine, None, None).await?;
        record.attested = Some(attested.record(provider.bindings(&machine)));
        claim.write(record)?;
        operation.call("marking the machine as ready", || provider.mark_ready(&machine)).await?;
        record.state = DeploymentState::Ready;
        record.updated = now();
        claim.write(record)?;
        operation.event(Event::Ready { id: id.clone() });
        Ok(attested)
    }

    /// Waits until a machine runs. It may be unknown for as long as the cloud takes to show what it has made.
    async fn running(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        id: &MachineId,
        step: &'static str,
    ) -> Result<Machine, RuntimeError> {
        let is_end = |state| !matches!(state, MachineState::Pending | MachineState::Running);
        let is_there = |state| state == MachineState::Running;
        let machine = self.reached(provider, operation, id, step, is_there, is_end).await?;
        if machine.is_confidential {
            return Ok(machine);
        }
        let state = "running without support for enclaves or confidential computing".to_owned();
        Err(RuntimeError::MachineState { step, state })
    }

    /// Waits for a state of a machine; another state can end the wait.
    async fn reached(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        id: &MachineId,
        step: &'static str,
        is_there: impl Fn(MachineState) -> bool,
        is_end: impl Fn(MachineState) -> bool,
    ) -> Result<Machine, RuntimeError> {
        let unknown_until = Instant::now() + self.settings.settling;
        let mut seen = None;
        for attempt in 0_u32.. {
            let Some(machine) = operation.call(step, || provider.machine(id)).await? else {
                if Instant::now() >= unknown_until {
                    let state = "unknown to the cloud".to_owned();
                    return Err(RuntimeError::MachineState { step, state });
                }
                operation.pause(step, attempt).await?;
                continue;
            };
            if seen.replace(machine.state) != Some(machine.state) {
                operation.event(Event::State { id: operation.id.clone(), state: machine.state });
            }
            if is_there(machine.state) {
                return Ok(machine);
            }
            if is_end(machine.state) {
                let reason = machine.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                return Err(RuntimeError::MachineState {
                    step,
                    state: format!("{}{reason}", machine.state.word()),
                });
            }
            operation.pause(step, attempt).await?;
        }
        Err(RuntimeError::MachineState { step, state: "in no final state".to_owned() })
    }

    /// Waits until the machine says that its confidential part answers.
    async fn reported_ready(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        machine: &Machine,
    ) -> Result<(), RuntimeError> {
        let mut seen = None;
        for attempt in 0_u32.. {
            let report = operation.call(READY, || provider.report(machine)).await?;
            if let Some(report) = report {
                if seen.as_ref() != Some(&report) {
                    operation.event(Event::Report { id: operation.id.clone(), report: report.clone() });
                }
                match report {
                    MachineReport::Ready => return Ok(()),
                    MachineReport::Failed { step, report } => {
                        return Err(RuntimeError::OnMachine { step, report });
                    }
                    step @ MachineReport::Step { .. } => seen = Some(step),
                }
            } else if let Some(machine) = operation.call(READY, || provider.machine(&machine.id)).await?
                && machine.state != MachineState::Running
            {
                let state = machine.state.word().to_owned();
                return Err(RuntimeError::MachineState { step: READY, state });
            }
            operation.pause(READY, attempt).await?;
        }
        Err(RuntimeError::MachineState { step: READY, state: "silent".to_owned() })
    }

    /// Stops a machine. What its enclave had in memory is lost.
    ///
    /// # Errors
    /// No such deployment, or one that is not ready; a call that failed.
    pub async fn stop(
        &self,
        id: &DeploymentId,
        limits: &Limits,
        events: &dyn EventSink,
    ) -> Result<(), RuntimeError> {
        let (claim, mut record) = self.claimed(id, "stop")?;
        let provider = self.provider(&record.provider)?;
        let operation = Operation::begin(id, limits, self.settings.pace, events);
        let machine = self.existing(provider, &operation, &record, STOP).await?;
        // Evidence of the enclave that ends is evidence of no later one.
        record.attested = None;
        record.updated = now();
        claim.write(&record)?;
        if machine.state != MachineState::Stopped {
            operation.call(STOP, || provider.stop(&machine)).await?;
        }
        let is_there = |state| state == MachineState::Stopped;
        let is_end = |state| matches!(state, MachineState::Terminating | MachineState::Terminated);
        self.reached(provider, &operation, &machine.id, STOP, is_there, is_end).await.map(drop)
    }

    /// Starts a machine that was stopped, waits until its confidential part answers, and attests it.
    ///
    /// # Errors
    /// No such deployment, or one that is not ready; a call that failed; evidence that is refused.
    pub async fn start(
        &self,
        id: &DeploymentId,
        limits: &Limits,
        events: &dyn EventSink,
    ) -> Result<Attested, RuntimeError> {
        let (claim, mut record) = self.claimed(id, "start")?;
        let provider = self.provider(&record.provider)?;
        let operation = Operation::begin(id, limits, self.settings.pace, events);
        let machine = self.existing(provider, &operation, &record, START).await?;
        if !machine.is_confidential {
            let state =
                "without support for enclaves or confidential computing, which was switched off".to_owned();
            return Err(RuntimeError::MachineState { step: START, state });
        }
        if machine.state != MachineState::Running {
            let is_there = |state| state == MachineState::Stopped;
            let is_end = |state| matches!(state, MachineState::Terminating | MachineState::Terminated);
            self.reached(provider, &operation, &machine.id, STOP, is_there, is_end).await?;
            operation.call(START, || provider.start(&machine)).await?;
        }
        let is_end = |state| matches!(state, MachineState::Terminating | MachineState::Terminated);
        let is_there = |state| state == MachineState::Running;
        let machine = self.reached(provider, &operation, &machine.id, START, is_there, is_end).await?;
        self.reported_ready(provider, &operation, &machine).await?;
        let attested = self.attest_machine(provider, &operation, &record, &machine, None, None).await?;
        record.attested = Some(attested.record(provider.bindings(&machine)));
        record.updated = now();
        claim.write(&record)?;
        operation.event(Event::Ready { id: id.clone() });
        Ok(attested)
    }
}
