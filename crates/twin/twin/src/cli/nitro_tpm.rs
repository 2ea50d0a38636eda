//! Command line of the NitroTPM.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use teeproof_twin::nitro_tpm::{Fault, Identity, Settings};

use super::nsm::instance;
use super::paravisor::first_of_two;

/// Settings of a NitroTPM.
#[derive(Debug, Args)]
pub(crate) struct NitroTpmArgs {
    /// Where the TPM listens as swtpm does, for at most 64 connections at a time; its control channel is on the next
    /// port. Port 0 means any two
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0", value_parser = first_of_two)]
    listen: SocketAddr,
    /// The folder for its trust anchor, which it writes to root.pem there
    ///
    /// A file of a twin that has ended is replaced, every other file stays as it is.
    #[arg(long, value_name = "DIR", default_value = "twin-chain")]
    pub(crate) chain: PathBuf,
    /// The instance, for the module id
    #[arg(long, value_name = "ID", default_value = "i-0123456789abcdef0", value_parser = instance)]
    instance: String,
    /// The region in the names of the chain
    #[arg(long, value_name = "NAME", default_value = "eu-central-1")]
    region: String,
    /// What goes wrong
    #[arg(long, value_name = "FAULT")]
    fault: Option<Fault>,
}

impl NitroTpmArgs {
    pub(crate) fn settings(&self) -> Settings {
        let (instance, region) = (self.instance.clone(), self.region.clone());
        Settings {
            listen: self.listen,
            identity: Identity { instance, region, enclave: 0, tpm: true },
            fault: self.fault,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Twin};

    fn parse(line: &str) -> Result<NitroTpmArgs, clap::Error> {
        match Cli::try_parse_from(line.split_whitespace())?.twin {
            Twin::NitroTpm(args) => Ok(args),
            _ => panic!(),
        }
    }

    #[test]
    fn settings_follow_the_flags() {
        let line = "teeproof-twin nitro-tpm --listen 127.0.0.1:7 --chain c --instance i-0fffffffffffffff0 \
                    --region us-east-1 --fault too-long";
        let args = parse(line).unwrap();
        let settings = args.settings();
        assert_eq!((settings.listen.port(), args.chain), (7, PathBuf::from("c")));
        assert_eq!(settings.identity.module_id(), "i-0fffffffffffffff0-tpm0000000000000000");
        assert_eq!((settings.identity.region.as_str(), settings.fault), ("us-east-1", Some(Fault::TooLong)));
        for flags in ["--listen 127.0.0.1:65535", "--instance i-1", "--fault none"] {
            assert!(parse(&format!("teeproof-twin nitro-tpm {flags}")).is_err(), "{flags}");
        }
    }
}
