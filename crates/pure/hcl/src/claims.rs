//! The paravisor's claims, typed. They are read only after a hardware report vouched for their
//! bytes.
//!
//! Source: `igvm_attest/get.rs` of microsoft/openvmm, `RuntimeClaims`.

mod base64url;
mod json;
mod key;
mod read;
mod vm;

pub use key::Key;
pub use vm::{HardwareSealingPolicy, VmConfiguration, VmgsProvisioner};

use alloc::string::String;
use alloc::vec::Vec;

/// The claims that a hardware report vouches for: what the paravisor says of itself and of how the
/// host configured the VM.
///
/// There is no public way to make one: it stands in a [`crate::VerifiedVm`].
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    keys: Vec<Key>,
    ak: Key,
    vm_configuration: VmConfiguration,
    user_data: Option<[u8; 64]>,
    unknown: Vec<UnknownMember>,
}

/// A member that this version does not know; paravisors add some from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMember {
    /// The member's name.
    pub name: String,
    /// Its value, as JSON.
    pub json: String,
}

impl Claims {
    /// All keys, in their order.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The vTPM's attestation key, `HCLAkPub`: RSA with exactly 2048 bits and the exponent 65537.
    #[must_use]
    pub const fn ak(&self) -> &Key {
        &self.ak
    }

    /// How the host configured the VM.
    #[must_use]
    pub const fn vm_configuration(&self) -> &VmConfiguration {
        &self.vm_configuration
    }

    /// What the guest had written before the report was made; absent in the oldest reports.
    #[must_use]
    pub const fn user_data(&self) -> Option<&[u8; 64]> {
        self.user_data.as_ref()
    }

    /// Members of the whole that this version does not know.
    #[must_use]
    pub fn unknown(&self) -> &[UnknownMember] {
        &self.unknown
    }
}
