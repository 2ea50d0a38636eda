//! Command line: the twin to start and its settings.

mod ec2;
mod kms;
mod nitro_tpm;
mod nsm;
mod paravisor;

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use clap::{Parser, Subcommand};
pub(crate) use ec2::Ec2Args;
pub(crate) use kms::KmsArgs;
pub(crate) use nitro_tpm::NitroTpmArgs;
pub(crate) use nsm::{NsmArgs, ResignArgs};
pub(crate) use paravisor::ParavisorArgs;

/// Simulates the platform of an attester, for tests.
///
/// A twin is not a confidential machine: all its evidence is made under throwaway keys.
#[derive(Debug, Parser)]
#[command(name = "teeproof-twin", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) twin: Twin,
}

/// The twins.
#[derive(Debug, Subcommand)]
pub(crate) enum Twin {
    /// The paravisor of an Azure confidential VM, in front of a software TPM
    Paravisor(ParavisorArgs),
    /// The Nitro security module of an AWS enclave, on a socket
    Nsm(NsmArgs),
    /// The NitroTPM of an EC2 instance, in front of a software TPM
    NitroTpm(NitroTpmArgs),
    /// AWS KMS for attested recipients, over HTTP
    Kms(KmsArgs),
    /// Amazon EC2 in front of moto, with what moto leaves out, over HTTP
    Ec2(Ec2Args),
    /// Sign the payload of an attestation document under a minted chain, for documents of QEMU's module
    NsmResign(ResignArgs),
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found = text.to_socket_addrs().map_err(|error| error.to_string())?;
    found.next().ok_or_else(|| "the host has no address".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        Cli::command().debug_assert();
    }
}
