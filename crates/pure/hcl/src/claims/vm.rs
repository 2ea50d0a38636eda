//! How the host configured the VM, as the paravisor passes it on.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::UnknownMember;
use crate::VmId;

/// `vm-configuration`: statements of the host, which the paravisor passes on. Which of them are
/// there depends on the paravisor's generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmConfiguration {
    /// `console-enabled`.
    pub console_enabled: Option<bool>,
    /// `interactive-console-enabled`.
    pub interactive_console_enabled: Option<bool>,
    /// `current-time`: seconds since 1970, as the host says. Only in the oldest reports.
    pub current_time: Option<u64>,
    /// `root-cert-thumbprint`: the SHA-256 of a certificate. Some reports have an empty one, which
    /// is none.
    pub root_cert_thumbprint: Option<[u8; 32]>,
    /// `secure-boot` as configured, not as measured.
    pub secure_boot: Option<bool>,
    /// `tpm-enabled`.
    pub tpm_enabled: Option<bool>,
    /// `tpm-persisted`.
    pub tpm_persisted: Option<bool>,
    /// `filtered-vpci-devices-allowed`.
    pub filtered_vpci_devices_allowed: Option<bool>,
    /// `vmUniqueId`.
    pub vm_unique_id: Option<VmId>,
    /// `vmgs-provisioner`: who made the VM's guest state.
    pub vmgs_provisioner: Option<VmgsProvisioner>,
    /// `hardware-sealing-policy`.
    pub hardware_sealing_policy: Option<HardwareSealingPolicy>,
    /// Members that this version does not know.
    pub unknown: Vec<UnknownMember>,
}

/// Who made the VM's guest state. No real report with one is known: texts are kept as they are,
/// anything else as its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmgsProvisioner {
    /// `id`.
    pub id: Option<String>,
    /// `signer`.
    pub signer: Option<String>,
    /// Members that this version does not know.
    pub unknown: Vec<UnknownMember>,
}

/// What the paravisor's sealing keys are derived from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HardwareSealingPolicy {
    /// `none`.
    None,
    /// `hash`.
    Hash,
    /// `signer`.
    Signer,
    /// A word that this version does not know.
    Other(String),
}

impl fmt::Display for HardwareSealingPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Hash => f.write_str("hash"),
            Self::Signer => f.write_str("signer"),
            Self::Other(word) => write!(f, "{}", word.escape_debug()),
        }
    }
}
