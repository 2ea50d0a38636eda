//! The provider: single calls of one cloud, each safe to repeat. Order, waiting, records and verification are the
//! runtime's.

use core::fmt;
use core::pin::Pin;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{DeployRequest, DeploymentId, Owner, Problem, Sha256};

/// The future of a call.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Box<ProviderFailure>>> + Send + 'a>>;

/// A cloud.
///
/// The runtime repeats a call whose failure is [`FailureClass::Transient`], after a pause and until its deadline, and no
/// other. A future that is dropped may have reached the cloud.
pub trait Provider: fmt::Debug + Send + Sync {
    /// The name in requests and records.
    fn name(&self) -> &str;

    /// Checks a request by calls that change nothing: everything that is wrong with it, or what a launch will do.
    fn plan<'a>(&'a self, request: &'a DeployRequest) -> Call<'a, Result<Plan, Vec<Problem>>>;

    /// Launches the machine of a deployment. A second call with the same id launches no second one.
    fn launch<'a>(&'a self, launch: &'a Launch<'a>) -> Call<'a, Machine>;

    /// All machines of an owner that exist, whatever state they are in.
    fn machines<'a>(&'a self, owner: &'a Owner) -> Call<'a, Vec<Machine>>;

    /// One machine, also a terminated one as long as the cloud has it, with the reason; `None` if the cloud does not know it.
    fn machine<'a>(&'a self, id: &'a MachineId) -> Call<'a, Option<Machine>>;

    /// What the machine says of its start; `None` as long as it says nothing.
    fn report<'a>(&'a self, machine: &'a Machine) -> Call<'a, Option<MachineReport>>;

    /// Marks a machine as finished: what is not marked is removed by a sweep.
    fn mark_ready<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()>;

    /// Stops a machine, which keeps its disk.
    fn stop<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()>;

    /// Starts a machine that was stopped.
    fn start<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()>;

    /// Terminates a machine; one that is terminated already is no failure.
    fn terminate<'a>(&'a self, id: &'a MachineId) -> Call<'a, ()>;

    /// What deployments of an owner have besides machines, such as rules of a firewall.
    fn belongings<'a>(&'a self, owner: &'a Owner) -> Call<'a, Vec<Belonging>>;

    /// Removes one of those; one that is gone is no failure.
    fn remove<'a>(&'a self, belonging: &'a Belonging) -> Call<'a, ()>;

    /// Evidence with this nonce, as the machine returned it.
    fn evidence<'a>(&'a self, machine: &'a Machine, nonce: &'a [u8]) -> Call<'a, Vec<u8>>;

    /// What evidence of this machine must say besides the policy.
    fn bindings(&self, machine: &Machine) -> Vec<Binding>;
}

/// A launch: the request, and everything that makes it repeatable.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The deployment: client token, and a tag.
    pub id: &'a DeploymentId,
    /// The request.
    pub request: &'a DeployRequest,
    /// When it was created, in seconds since 1970: a tag.
    pub created: u64,
}

/// What a launch will do: for the user to read, and for tests to compare with what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// The calls in their order, with their important values.
    pub calls: Vec<PlannedCall>,
    /// A policy of the cloud's identity service with exactly the permissions of the whole life.
    pub permissions: serde_json::Value,
    /// What the user should know: costs, limits, choices made for them.
    pub notes: Vec<String>,
}

/// A call of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlannedCall {
    /// When: `plan`, `deploy`, `attest`, `status`, `stop`, `start`, `destroy`, `list`, `sweep`.
    pub operation: &'static str,
    /// The call by the cloud's name.
    pub call: &'static str,
    /// What it does, and with which values.
    pub purpose: String,
}

/// The cloud's id of a machine, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MachineId {
    /// The region.
    pub region: String,
    /// The id.
    pub id: String,
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// A machine as the cloud describes it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its id.
    pub id: MachineId,
    /// The deployment of its tags.
    pub deployment: DeploymentId,
    /// When that was created, in seconds since 1970, from its tags.
    pub created: u64,
    /// Whether it is marked as finished.
    pub is_ready: bool,
    /// Its state.
    pub state: MachineState,
    /// The cloud's reason for the state, if it gives one.
    pub reason: Option<String>,
    /// Its size, by the cloud's name.
    pub size: String,
    /// The private address.
    pub private_address: Option<IpAddr>,
    /// The public address.
    pub public_address: Option<IpAddr>,
    /// Whether it can run confidential parts now: read again each time, because it can be changed.
    pub is_confidential: bool,
    /// The SHA-256 of the image that it downloaded, from its tags.
    pub image: Option<Sha256>,
    /// What the provider has to know again of its tags or description, such as the instance profile.
    pub details: Vec<(String, String)>,
}

/// The state of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MachineState {
    /// It starts.
    Pending,
    /// It runs.
    Running,
    /// It stops.
    Stopping,
    /// It is stopped, and can be started.
    Stopped,
    /// It ends.
    Terminating,
    /// It has ended.
    Terminated,
}

impl MachineState {
    /// The word for users.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Terminating => "terminating",
            Self::Terminated => "terminated",
        }
    }
}

/// What a machine says of its start. It is not evidence: whoever has the machine can say anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MachineReport {
    /// The confidential part runs and answers.
    Ready,
    /// A step is running.
    Step {
        /// Its name.
        step: String,
    },
    /// A step failed.
    Failed {
        /// Its name.
        step: String,
        /// Code, text and the end of the log.
        report: String,
    },
}

/// Something of a deployment that is not a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Belonging {
    /// The deployment of its tags.
    pub deployment: DeploymentId,
    /// What it is, by the cloud's name: `security-group-rule`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What it belongs to, if the cloud asks for that when it is removed.
    pub parent: Option<String>,
    /// The region.
    pub region: String,
}

/// What the cloud says of a machine, and its evidence must say too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Binding {
    /// PCR4 of a Nitro enclave is that of this instance id.
    NitroInstance(String),
    /// PCR3 of a Nitro enclave is that of this role.
    NitroRole(String),
}

/// A call that the cloud refused, or that was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFailure {
    /// The call, by the cloud's name.
    pub call: String,
    /// What kind of failure it is.
    pub class: FailureClass,
    /// The cloud's code.
    pub code: Option<String>,
    /// The cloud's id of the request.
    pub request_id: Option<String>,
    /// The cloud's sentence.
    pub message: String,
    /// What the user can do.
    pub hint: String,
}

impl fmt::Display for ProviderFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.call)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        self.request_id.as_ref().map_or(Ok(()), |id| write!(f, " (request {id})"))
    }
}

impl core::error::Error for ProviderFailure {}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FailureClass {
    /// It may succeed when it is repeated: throttled, an internal error, no answer.
    Transient,
    /// It may succeed in another zone, or with another size.
    Capacity,
    /// A quota of the account.
    Quota,
    /// The identity lacks a permission.
    Permission,
    /// No credentials, or expired ones.
    Credentials,
    /// Something that the request names does not exist.
    NotFound,
    /// The request is wrong.
    Invalid,
    /// The account has to be verified by the cloud first.
    Verification,
    /// Anything else.
    Other,
}
