//! Known generations of the paravisor and their claims.

use super::Letters;
use crate::DEFAULT_TIME;
use crate::json::{Json, Object};

/// The hash of the certificate that Azure signs its answers with, as real claims have it.
const THUMBPRINT: &str = "6nZZnYaJc4KqUZ_yvA-mucFdYNouvlPnITnNMXsHl-0";

/// A generation of the paravisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// 2022: the time, no user-data, no endorsement key, a signing key said to encrypt.
    Legacy2022,
    /// Milan since 2023.
    LegacyMilan,
    /// Genoa, and TDX before OpenHCL.
    LegacyGenoa,
    /// OpenHCL of the end of 2025.
    OpenHcl2025,
    /// OpenHCL of 2026.
    OpenHcl2026,
    /// The head of OpenVMM's repository: more claims, a larger index.
    OpenVmm,
}

impl Generation {
    /// The version in the envelope's header.
    #[must_use]
    pub const fn header_version(self) -> u32 {
        match self {
            Self::Legacy2022 | Self::LegacyMilan => 1,
            _ => 2,
        }
    }

    /// The size of the NV index.
    #[must_use]
    pub const fn nv_bytes(self) -> usize {
        match self {
            Self::Legacy2022 => 2048,
            Self::OpenVmm => 2900,
            _ => 2600,
        }
    }

    /// How it writes hexadecimal digits.
    #[must_use]
    pub const fn letters(self) -> Letters {
        match self {
            Self::Legacy2022 | Self::LegacyMilan | Self::LegacyGenoa => Letters::Upper,
            Self::OpenHcl2025 | Self::OpenHcl2026 | Self::OpenVmm => Letters::Lower,
        }
    }

    pub(super) fn ak_operation(self) -> &'static str {
        if self == Self::Legacy2022 { "encrypt" } else { "sign" }
    }

    pub(super) fn names_ek(self) -> bool {
        self != Self::Legacy2022
    }

    pub(super) fn has_user_data(self) -> bool {
        self != Self::Legacy2022
    }

    /// The members of `vm-configuration`, in order.
    pub(super) fn configuration(self, vm_id: &str) -> Object {
        let members: &[&str] = match self {
            Self::Legacy2022 => &["console", "time", "secure-boot", "tpm"],
            Self::LegacyMilan => &["console", "secure-boot", "tpm"],
            Self::LegacyGenoa => &["console", "thumbprint", "secure-boot", "tpm", "persisted"],
            Self::OpenHcl2025 => &["thumbprint", "console", "secure-boot", "tpm", "persisted"],
            Self::OpenHcl2026 => &["thumbprint", "console", "secure-boot", "tpm", "persisted", "devices"],
            Self::OpenVmm => {
                &["thumbprint", "console", "interactive", "secure-boot", "tpm", "persisted", "devices"]
            }
        };
        let known = members.iter().filter_map(|member| member_named(member));
        let mut object = Object(known.map(|(name, value)| (name.to_owned(), value)).collect());
        object.push("vmUniqueId", vm_id);
        if self == Self::OpenVmm {
            let provisioner = Object::default().with("id", "teeproof-mint").with("signer", "");
            object.push("vmgs-provisioner", provisioner);
            object.push("hardware-sealing-policy", "none");
        }
        object
    }
}

/// A member by its short name: its name in the claims, and what a healthy machine says.
fn member_named(short: &str) -> Option<(&'static str, Json)> {
    Some(match short {
        "console" => ("console-enabled", true.into()),
        "interactive" => ("interactive-console-enabled", false.into()),
        "time" => ("current-time", DEFAULT_TIME.into()),
        "secure-boot" => ("secure-boot", true.into()),
        "tpm" => ("tpm-enabled", true.into()),
        "persisted" => ("tpm-persisted", false.into()),
        "thumbprint" => ("root-cert-thumbprint", THUMBPRINT.into()),
        "devices" => ("filtered-vpci-devices-allowed", false.into()),
        _ => return None,
    })
}
