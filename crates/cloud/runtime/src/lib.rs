#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attest;
mod deployment;
mod error;
mod event;
mod id;
mod launch;
mod operation;
mod provider;
mod registry;
mod removal;
mod request;
mod runtime;
mod sweep;

pub use attest::{Attested, CachedAttestation, PublicKey};
pub use deployment::{Deployment, DeploymentState, Listed, Status};
pub use error::{InvalidValue, Problem, RuntimeError};
pub use event::{Event, EventSink};
pub use id::{DeploymentId, Owner};
pub use operation::{Limits, Pace};
pub use provider::{
    Belonging, Binding, Call, FailureClass, Launch, Machine, MachineId, MachineReport, MachineState, Plan,
    PlannedCall, Provider, ProviderFailure,
};
pub use registry::Registry;
pub use request::{DeployRequest, Image, Network, PolicyText, Reach, Resources, SecretText, Sha256};
pub use runtime::{List, Runtime, RuntimeSettings};
pub use sweep::{Sweep, SweepAction, SweepOptions, SweepReport};
