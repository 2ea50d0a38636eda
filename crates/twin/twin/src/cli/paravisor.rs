//! Command line of the paravisor.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use teeproof_mint::azure::Generation;
use teeproof_twin::paravisor::{Fault, Hash, Model, Settings, TpmProfile};

use super::{address, seconds};

/// Settings of a paravisor.
#[derive(Debug, Args)]
pub(crate) struct ParavisorArgs {
    /// Where the TPM listens as swtpm does, for at most 64 connections at a time; its control channel is
    /// on the next port. Port 0 means any two
    ///
    /// For clients that open a connection for each command, as libtss2 does: nothing is flushed when one
    /// ends. When the TPM runs out of slots, what ended processes left behind is flushed. Further
    /// connections are closed without a response.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:2321", value_parser = first_of_two)]
    listen: SocketAddr,
    /// Where the TPM listens as /dev/tpmrm0 behaves, for at most 64 connections at a time. Port 0 means any
    ///
    /// For clients that keep their connection: each has handles of its own, and what it made is flushed
    /// when it ends.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0", value_parser = address)]
    listen_managed: SocketAddr,
    /// Where the service for certificates listens, for at most 64 connections at a time
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0", value_parser = address)]
    thim: SocketAddr,
    /// The hardware
    #[arg(long, value_name = "LINE", default_value = "genoa")]
    product: Model,
    /// The generation of the paravisor; without it, the one that runs on this hardware
    #[arg(long, value_name = "NAME")]
    generation: Option<Paravisor>,
    /// How the claims are hashed into the hardware report
    #[arg(long, value_name = "ALGORITHM", default_value = "sha256")]
    hash: Hash,
    /// The size of the NV index of the report; without it, that of the generation
    #[arg(long, value_name = "BYTES")]
    nv_size: Option<u16>,
    /// For how long a report is not renewed
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    refresh_seconds: Duration,
    /// After how long without use an object or session of --listen counts as left behind, if its process
    /// cannot be seen from here
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    orphan_seconds: Duration,
    /// Which TPM clients find: the paravisor's, or swtpm's as it is
    #[arg(long, value_name = "PROFILE", default_value = "paravisor")]
    tpm: TpmProfile,
    /// What goes wrong
    #[arg(long, value_name = "FAULT")]
    fault: Option<Fault>,
    /// Where to write the trust anchor of its evidence, in DER; without it, to twin-root.der
    ///
    /// A file of a twin that has ended is replaced, every other file stays as it is. Without --root the
    /// twin takes twin-root-2.der and so on while twins that are running have the names before.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
}

/// The generations of the paravisor, by a name for the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Paravisor {
    /// 2022: an index of 2048 bytes, nothing of the guest's in the claims
    #[value(name = "2022")]
    Legacy2022,
    /// Milan since 2023
    Milan,
    /// Genoa, and TDX before OpenHCL
    Genoa,
    /// OpenHCL of the end of 2025
    #[value(name = "openhcl-2025")]
    OpenHcl2025,
    /// OpenHCL of 2026
    #[value(name = "openhcl-2026")]
    OpenHcl2026,
    /// The head of OpenVMM's repository: an index of 2900 bytes
    #[value(name = "openvmm")]
    OpenVmm,
}

impl ParavisorArgs {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            listen: self.listen,
            managed: self.listen_managed,
            thim: self.thim,
            model: self.product,
            generation: self.generation.map(Into::into),
            hash: self.hash,
            nv_bytes: self.nv_size,
            refresh: self.refresh_seconds,
            orphan_age: self.orphan_seconds,
            tpm: self.tpm,
            fault: self.fault,
        }
    }
}

impl From<Paravisor> for Generation {
    fn from(paravisor: Paravisor) -> Self {
        match paravisor {
            Paravisor::Legacy2022 => Self::Legacy2022,
            Paravisor::Milan => Self::LegacyMilan,
            Paravisor::Genoa => Self::LegacyGenoa,
            Paravisor::OpenHcl2025 => Self::OpenHcl2025,
            Paravisor::OpenHcl2026 => Self::OpenHcl2026,
            Paravisor::OpenVmm => Self::OpenVmm,
        }
    }
}

/// An address whose port has one after it.
pub(super) fn first_of_two(text: &str) -> Result<SocketAddr, String> {
    let address = address(text)?;
    if address.port() == u16::MAX {
        return Err("the control channel needs the next port, and 65535 is the last one".to_owned());
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Twin};

    #[test]
    fn settings_follow_the_flags() {
        let line = "teeproof-twin paravisor --listen localhost:7 --listen-managed localhost:9 --orphan-seconds 3 \
                    --product tdx --generation openvmm \
                    --hash 384 --nv-size 3000 --refresh-seconds 0.5 --fault wrong-type --tpm swtpm";
        let Twin::Paravisor(args) = Cli::try_parse_from(line.split_whitespace()).unwrap().twin else {
            panic!()
        };
        let settings = args.settings();
        assert_eq!((settings.listen.port(), settings.model), (7, Model::Tdx));
        assert_eq!((settings.managed.port(), settings.orphan_age.as_secs()), (9, 3));
        assert_eq!(settings.generation, Some(Generation::OpenVmm));
        assert_eq!((settings.hash, settings.nv_bytes), (Hash::Sha384, Some(3000)));
        assert_eq!((settings.refresh.as_millis(), settings.fault), (500, Some(Fault::WrongType)));
        assert_eq!(settings.tpm, TpmProfile::Swtpm);
        assert!(Cli::try_parse_from(["teeproof-twin", "paravisor", "--refresh-seconds", "-1"]).is_err());
    }
}
