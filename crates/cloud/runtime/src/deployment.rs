//! A deployment as users see it, and its record in the registry.

use serde::{Deserialize, Serialize};

use crate::{
    Binding, DeployRequest, DeploymentId, Image, Machine, MachineId, MachineReport, MachineState, Owner,
    PolicyText, Reach, Resources,
};

/// The version of records that this version writes. Others are refused in words.
pub(crate) const RECORD_VERSION: u32 = 1;

/// The record of a deployment: written before the first call to the cloud, removed after the cloud says that everything is
/// gone. It has no secret: of the environment, only names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Record {
    pub(crate) version: u32,
    pub(crate) id: DeploymentId,
    pub(crate) owner: Owner,
    pub(crate) provider: String,
    pub(crate) state: DeploymentState,
    /// Seconds since 1970.
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) machine: Option<MachineId>,
    pub(crate) size: Option<String>,
    /// Missing in a record that was made again from tags, like the policy.
    pub(crate) image: Option<Image>,
    pub(crate) policy: Option<PolicyText>,
    #[serde(default)]
    pub(crate) resources: Resources,
    #[serde(default)]
    pub(crate) ports: Vec<u16>,
    #[serde(default)]
    pub(crate) reach: Reach,
    #[serde(default)]
    pub(crate) environment: Vec<String>,
    #[serde(default)]
    pub(crate) attested: Option<AttestedRecord>,
    #[serde(default)]
    pub(crate) failure: Option<String>,
}

/// The last accepted evidence, to be verified again by whoever asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AttestedRecord {
    /// When it was verified, in seconds since 1970.
    pub(crate) at: u64,
    /// The nonce, in hex.
    pub(crate) nonce: String,
    /// Evidence, in hex.
    pub(crate) evidence: String,
    /// The identity that the cloud gave the machine.
    pub(crate) bindings: Vec<Binding>,
}

impl Record {
    pub(crate) fn new(id: DeploymentId, request: &DeployRequest, now: u64) -> Self {
        Self {
            version: RECORD_VERSION,
            id,
            owner: request.owner.clone(),
            provider: request.provider.clone(),
            state: DeploymentState::Launching,
            created: now,
            updated: now,
            machine: None,
            size: None,
            image: Some(request.image.clone()),
            policy: Some(request.policy.clone()),
            resources: request.resources,
            ports: request.ports.clone(),
            reach: request.reach,
            environment: request.environment.keys().cloned().collect(),
            attested: None,
            failure: None,
        }
    }

    /// The record of a machine whose own one is lost.
    pub(crate) fn adopted(provider: &str, owner: &Owner, machine: &Machine, now: u64) -> Self {
        Self {
            version: RECORD_VERSION,
            id: machine.deployment.clone(),
            owner: owner.clone(),
            provider: provider.to_owned(),
            state: DeploymentState::Ready,
            created: machine.created,
            updated: now,
            machine: Some(machine.id.clone()),
            size: Some(machine.size.clone()),
            image: None,
            policy: None,
            resources: Resources::default(),
            ports: Vec::new(),
            reach: Reach::default(),
            environment: Vec::new(),
            attested: None,
            failure: None,
        }
    }

    pub(crate) fn deployment(&self) -> Deployment {
        Deployment {
            id: self.id.clone(),
            owner: self.owner.clone(),
            provider: self.provider.clone(),
            state: self.state,
            created: self.created,
            machine: self.machine.clone(),
            size: self.size.clone(),
            image: self.image.clone(),
            has_policy: self.policy.is_some(),
            ports: self.ports.clone(),
            environment: self.environment.clone(),
            attested: self.attested.as_ref().map(|attested| attested.at),
            failure: self.failure.clone(),
        }
    }
}

/// A deployment as its record has it. What the cloud says of it now is [`Status`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Whose it is.
    pub owner: Owner,
    /// The provider.
    pub provider: String,
    /// How far it is.
    pub state: DeploymentState,
    /// When it was created, in seconds since 1970.
    pub created: u64,
    /// Its machine, if one was launched.
    pub machine: Option<MachineId>,
    /// The machine's size, by the cloud's name.
    pub size: Option<String>,
    /// The image; unknown of a deployment that a sweep adopted.
    pub image: Option<Image>,
    /// Whether the record has an appraisal policy; that of an adopted deployment has none.
    pub has_policy: bool,
    /// Forwarded ports.
    pub ports: Vec<u16>,
    /// Names of the workload's variables.
    pub environment: Vec<String>,
    /// When evidence was accepted for the last time, in seconds since 1970.
    pub attested: Option<u64>,
    /// Why the last operation failed.
    pub failure: Option<String>,
}

/// How far a deployment is, as its record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DeploymentState {
    /// The launch has begun.
    Launching,
    /// The machine is marked as finished.
    Ready,
    /// A launch failed, and not everything of it was removed.
    Failed,
    /// The removal has begun.
    Destroying,
}

impl DeploymentState {
    /// The word for users.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Launching => "launching",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Destroying => "destroying",
        }
    }
}

/// What the cloud and the machine say of a deployment now. Nothing of it is evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Status {
    /// The record.
    pub deployment: Deployment,
    /// The machine's state; `None` if the cloud has no such machine.
    pub machine: Option<MachineState>,
    /// The cloud's reason for the state.
    pub reason: Option<String>,
    /// Its addresses.
    pub addresses: Vec<std::net::IpAddr>,
    /// Whether the cloud lets it run confidential parts now.
    pub is_confidential: Option<bool>,
    /// What the machine says of its start.
    pub report: Option<MachineReport>,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Listed {
    /// The deployment.
    pub id: DeploymentId,
    /// The provider.
    pub provider: String,
    /// How far it is; `None` without a record: a sweep adopts or removes it.
    pub state: Option<DeploymentState>,
    /// The machine.
    pub machine: Option<MachineId>,
    /// Its state in the cloud; `None` if the cloud has no machine of the deployment.
    pub machine_state: Option<MachineState>,
    /// Its size.
    pub size: Option<String>,
    /// When it was created, in seconds since 1970.
    pub created: u64,
    /// When evidence was accepted for the last time, in seconds since 1970.
    pub attested: Option<u64>,
}
