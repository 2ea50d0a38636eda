//! Settings of an EC2: moto, credentials, addresses, faults.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Credentials, Fault};
use crate::Error;

/// Settings of an EC2: moto, credentials, addresses, faults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens. Port 0 means any port.
    pub listen: SocketAddr,
    /// Where moto listens.
    pub upstream: SocketAddr,
    /// The only credentials that it takes.
    pub credentials: Credentials,
    /// The region of the signatures that it takes, and so of moto's instances.
    pub region: String,
    /// The address of the first instance; each further one has the next. Expected in 127.0.0.0/8.
    pub first_address: Ipv4Addr,
    /// How long a new instance is unknown to every call but the repeated launch: eventual consistency.
    pub hidden: Duration,
    /// How long a terminated instance is still described; `None` means as long as moto runs.
    pub terminated: Option<Duration>,
    /// Whether moto's answers to Describe calls are repeated until another action is received. moto takes seconds for a
    /// thousand instances; whoever changes them without this twin sees old answers.
    pub repeats_lists: bool,
    /// No call is answered earlier than this after it was received.
    pub delay: Duration,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Settings {
    /// A healthy EC2 on any free port of the loopback interface, with random credentials, in front of this moto.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn new(upstream: SocketAddr) -> Result<Self, Error> {
        Ok(Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            upstream,
            credentials: Credentials::random()?,
            region: "eu-central-1".to_owned(),
            first_address: Ipv4Addr::new(127, 0, 0, 2),
            hidden: Duration::ZERO,
            terminated: None,
            repeats_lists: false,
            delay: Duration::ZERO,
            faults: Vec::new(),
        })
    }
}
