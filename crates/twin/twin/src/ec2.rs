//! The twin of EC2: a server of its Query protocol in front of moto, which keeps the instances. The twin adds what moto
//! leaves out: enclave options, idempotent launches, eventual consistency, addresses that are loopback, and faults.
//!
//! moto is a program of other authors (PyPI: `moto`), in a process of its own.

mod answers;
mod calls;
mod control;
mod error_response;
mod faults;
mod form;
mod instances;
mod launches;
mod lists;
mod moto;
mod operations;
mod service;
mod settings;
mod upstream;
mod xml;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use calls::RecordedCall;
pub use error_response::ErrorResponse;
pub use faults::{Effect, Fault, FaultError};
pub use moto::Moto;
use operations::Ec2 as Operations;
pub use settings::Settings;

use crate::Error;
pub use crate::aws::Credentials;
use crate::http::Service;
use crate::listen::{bind_one, reachable};

/// Most connections at a time: fleets of deployments, each with a connection.
const MAX_CONNECTIONS: usize = 256;

/// The twin of EC2.
#[derive(Debug)]
pub struct Ec2;

/// A running EC2. Dropping it closes all connections; the instances stay in moto.
#[derive(Debug)]
pub struct Running {
    service: Service,
    ec2: Arc<Operations>,
}

impl Ec2 {
    /// Serves in front of the moto of the settings.
    ///
    /// # Errors
    /// The address is in use, or a thread cannot be started.
    pub fn start(settings: Settings) -> Result<Running, Error> {
        let listener = bind_one(settings.listen)?;
        let ec2 = Arc::new(Operations::new(settings));
        let router = service::router(ec2.clone());
        let service = Service::start_with(listener, router, "of EC2", MAX_CONNECTIONS)?;
        Ok(Running { service, ec2 })
    }
}

impl Running {
    /// The URL of the service: `http://` and an address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", reachable(self.service.address()))
    }

    /// Where it listens.
    #[must_use]
    pub const fn listens_on(&self) -> SocketAddr {
        self.service.address()
    }

    /// The only credentials that it takes.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.ec2.settings().credentials
    }

    /// The region of the signatures that it takes.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.ec2.settings().region
    }

    /// Environment variables for its clients, as names and values. Clients of the AWS SDKs need nothing else.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let credentials = self.credentials();
        vec![
            ("AWS_ENDPOINT_URL_EC2", self.url()),
            ("AWS_REGION", self.region().to_owned()),
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.clone()),
        ]
    }

    /// Replaces all faults. Calls are counted anew for each of them.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.ec2.faults().replace(faults);
    }

    /// Adds a fault, which counts calls from now on.
    pub fn add_fault(&self, fault: Fault) {
        self.ec2.faults().add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.ec2.faults().replace(Vec::new());
    }

    /// How many calls of each action were received with a valid signature, refused and lost ones included.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.ec2.calls().counts()
    }

    /// The calls in the order in which they were received.
    #[must_use]
    pub fn recorded(&self) -> Vec<RecordedCall> {
        self.ec2.calls().recorded()
    }

    /// Forgets counts and recorded calls.
    pub fn forget_calls(&self) {
        self.ec2.calls().forget();
    }

    /// Changes how long new instances are hidden, of those that were launched before, too.
    pub fn set_hidden(&self, hidden: Duration) {
        self.ec2.instances().set_hidden(hidden);
    }

    /// Changes how long terminated instances are described, of those that were terminated before, too.
    pub fn set_terminated(&self, terminated: Option<Duration>) {
        self.ec2.instances().set_terminated(terminated);
    }

    /// Sets the text that GetConsoleOutput answers for an instance.
    pub fn set_console_output(&self, instance: &str, text: &str) {
        self.ec2.instances().set_console_output(instance, text);
    }
}
