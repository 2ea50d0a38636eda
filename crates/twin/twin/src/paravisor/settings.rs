//! Settings of the paravisor: hardware, generation, addresses, fault.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;
use teeproof_mint::azure::{Generation, Vm};
use teeproof_mint::snp::Product;

use super::TpmProfile;
use crate::root::ROOT_SERIAL;

/// Settings of the paravisor: hardware, generation, addresses, fault.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the raw TPM port; its control channel is on the next port. Port 0 means any two ports.
    pub listen: SocketAddr,
    /// Address of the managed TPM port, for clients that keep their connection, with a resource manager as behind
    /// `/dev/tpmrm0`. Port 0 means any port.
    pub managed: SocketAddr,
    /// Address of the certificate service (HTTP). Port 0 means any port.
    pub thim: SocketAddr,
    /// The hardware.
    pub model: Model,
    /// The generation of the paravisor. `None` is the one that runs on this hardware.
    pub generation: Option<Generation>,
    /// How the claims are hashed into the hardware report.
    pub hash: Hash,
    /// The size of the NV index of the report. `None` is that of the generation.
    pub nv_bytes: Option<u16>,
    /// Shortest time between two reports.
    pub refresh: Duration,
    /// Time without use after which an object or session of the raw port is an orphan, if its process is not
    /// visible. Orphans are flushed when the TPM runs out of slots.
    pub orphan_age: Duration,
    /// Capabilities of the TPM that clients see.
    pub tpm: TpmProfile,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

/// The hardware below a confidential VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// AMD SEV-SNP on the third generation of EPYC
    Milan,
    /// AMD SEV-SNP on the fourth generation of EPYC
    Genoa,
    /// AMD SEV-SNP on the fifth generation of EPYC
    Turin,
    /// Intel TDX; the report contains a TDREPORT, and there is no service for quotes
    Tdx,
}

/// How the claims are hashed into the hardware report. Azure's machines use SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hash {
    /// Type 1
    #[value(name = "sha256", alias = "256")]
    Sha256,
    /// Type 2
    #[value(name = "sha384", alias = "384")]
    Sha384,
    /// Type 3
    #[value(name = "sha512", alias = "512")]
    Sha512,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Reports are renewed, but what the guest puts in never gets into them
    Stale,
    /// Reports are never renewed: the same bytes stay
    Renewal,
    /// What is read at an offset is of another report than what was read at the beginning
    Torn,
    /// The NV index of the report claims to have 16384 bytes
    Oversize,
    /// The report says that it is of a machine without confidential hardware
    WrongType,
}

impl Default for Settings {
    /// A healthy machine on Genoa, on any free ports of the loopback interface.
    fn default() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: anywhere,
            managed: anywhere,
            thim: anywhere,
            model: Model::Genoa,
            generation: None,
            hash: Hash::Sha256,
            nv_bytes: None,
            refresh: Duration::from_secs(2),
            orphan_age: Duration::from_secs(2),
            tpm: TpmProfile::Paravisor,
            fault: None,
        }
    }
}

impl Settings {
    /// The machine, before it knows its keys.
    pub(super) fn vm(&self) -> Vm {
        let vm = match self.model {
            Model::Milan => Vm::snp(Product::Milan),
            Model::Genoa => Vm::snp(Product::Genoa),
            Model::Turin => Vm::snp(Product::Turin),
            Model::Tdx => Vm::tdx(),
        };
        let vm = match self.generation {
            Some(generation) => vm.generation(generation),
            None => vm,
        };
        let mut vm = vm.one_root();
        // Names and all else are those of the real roots.
        vm.machine.ark.certificate.serial = ROOT_SERIAL.to_vec();
        vm.ak_chain.root.certificate.serial = ROOT_SERIAL.to_vec();
        vm.with_envelope(|envelope| {
            envelope.hash_type = match self.hash {
                Hash::Sha256 => 1,
                Hash::Sha384 => 2,
                Hash::Sha512 => 3,
            };
            envelope.nv_bytes = self.nv_bytes.map_or(envelope.nv_bytes, usize::from);
        })
    }
}
