//! Runtime claims of the paravisor as typed values; parsed only after a hardware report has authenticated
//! their bytes.
//!
//! Source: `igvm_attest/get.rs` of microsoft/openvmm, `RuntimeClaims`.

mod base64url;
mod json;
mod read;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::RsaKey;

use crate::{AttestationKeyProblem, VmId};

/// Runtime claims that a hardware report authenticates: the paravisor's keys, and the host's configuration
/// of the VM.
///
/// Only a [`crate::VerifiedVm`] contains them; there is no public constructor.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    keys: Vec<Key>,
    ak: Key,
    vm_configuration: VmConfiguration,
    user_data: Option<[u8; 64]>,
    unknown: Vec<UnknownMember>,
}

/// A member that this version does not know; newer paravisors add members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownMember {
    /// The member's name.
    pub name: String,
    /// The member's value, as compact JSON.
    pub json: String,
}

impl Claims {
    /// All keys, in the order of the claims.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The vTPM's attestation key, `HCLAkPub`: RSA with exactly 2048 bits and the exponent 65537.
    #[must_use]
    pub const fn ak(&self) -> &Key {
        &self.ak
    }

    /// The host's configuration of the VM.
    #[must_use]
    pub const fn vm_configuration(&self) -> &VmConfiguration {
        &self.vm_configuration
    }

    /// The 64 bytes that the guest had written into NV index 0x01400002 before the report was made; `None`
    /// in the oldest reports, which lack them.
    #[must_use]
    pub const fn user_data(&self) -> Option<&[u8; 64]> {
        self.user_data.as_ref()
    }

    /// Top-level members that this version does not know.
    #[must_use]
    pub fn unknown(&self) -> &[UnknownMember] {
        &self.unknown
    }
}

/// A public RSA key of the claims, a JSON Web Key (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// `kid`: the key id; `HCLAkPub` is the vTPM's attestation key, `HCLEkPub` its endorsement key.
    pub kid: String,
    /// `key_ops`: the permitted operations; wrong in the oldest reports, and not checked.
    pub key_ops: Vec<String>,
    /// `kty`: the key type, `RSA`.
    pub kty: String,
    /// `e`: the public exponent, big-endian, decoded from base64url.
    pub exponent: Vec<u8>,
    /// `n`: the modulus, big-endian, decoded from base64url.
    pub modulus: Vec<u8>,
    /// Members that this version does not know.
    pub unknown: Vec<UnknownMember>,
}

/// The attestation key's id.
const AK: &str = "HCLAkPub";
const MODULUS_BYTES: usize = 256;
const EXPONENT: &[u8] = &[0x01, 0x00, 0x01];

impl Key {
    /// The key in the form of the crypto table.
    #[must_use]
    pub fn as_rsa(&self) -> RsaKey<'_> {
        RsaKey { modulus: &self.modulus, exponent: &self.exponent }
    }

    /// The only key with the attestation key's id, at any position.
    pub(super) fn attestation(keys: &[Self]) -> Result<&Self, AttestationKeyProblem> {
        let mut named = keys.iter().filter(|key| key.kid == AK);
        let key = named.next().ok_or(AttestationKeyProblem::Missing)?;
        if named.next().is_some() {
            return Err(AttestationKeyProblem::Several);
        }
        key.check()?;
        Ok(key)
    }

    /// Checks type, size and exponent of the attestation key.
    fn check(&self) -> Result<(), AttestationKeyProblem> {
        if self.kty != "RSA" {
            return Err(AttestationKeyProblem::Kind);
        }
        if self.modulus.iter().all(|byte| *byte == 0) {
            return Err(AttestationKeyProblem::Zero);
        }
        let top_bit = self.modulus.first().is_some_and(|first| first & 0x80 != 0);
        if self.modulus.len() != MODULUS_BYTES || !top_bit {
            return Err(AttestationKeyProblem::Size);
        }
        if self.exponent != EXPONENT {
            return Err(AttestationKeyProblem::Exponent);
        }
        Ok(())
    }
}

/// `vm-configuration`: the host's statements about the VM, passed on by the paravisor. `None` is a member
/// that the paravisor's version does not write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VmConfiguration {
    /// `console-enabled`: the VM has a serial console.
    pub console_enabled: Option<bool>,
    /// `interactive-console-enabled`: the serial console accepts input.
    pub interactive_console_enabled: Option<bool>,
    /// `current-time`: the host's clock, seconds since 1970; in the oldest reports only.
    pub current_time: Option<u64>,
    /// `root-cert-thumbprint`: the SHA-256 of the provisioning certificate; an empty text counts as missing.
    pub root_cert_thumbprint: Option<[u8; 32]>,
    /// `secure-boot`: the host configured secure boot. PCR 7 shows whether firmware enforced it.
    pub secure_boot: Option<bool>,
    /// `tpm-enabled`: the VM has a vTPM.
    pub tpm_enabled: Option<bool>,
    /// `tpm-persisted`: the VM is stateful. In spite of its name, the member does not show whether the state of
    /// the vTPM is persistent.
    pub tpm_persisted: Option<bool>,
    /// `filtered-vpci-devices-allowed`: the paravisor's filter of virtual PCI devices lets some through.
    pub filtered_vpci_devices_allowed: Option<bool>,
    /// `vmUniqueId`: the VM's id in Azure.
    pub vm_unique_id: Option<VmId>,
    /// `vmgs-provisioner`: the creator of the VM's guest state file (VMGS).
    pub vmgs_provisioner: Option<VmgsProvisioner>,
    /// `hardware-sealing-policy`: the identity from which the paravisor derives its sealing keys.
    pub hardware_sealing_policy: Option<HardwareSealingPolicy>,
    /// Members that this version does not know.
    pub unknown: Vec<UnknownMember>,
}

/// The creator of the VM's guest state file (VMGS). Texts are kept verbatim, other values as JSON: no real
/// report with this member is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VmgsProvisioner {
    /// `id`: the identifier of the VMGS.
    pub id: Option<String>,
    /// `signer`: the signer's identity: the root certificate's thumbprint and the leaf's subject name.
    pub signer: Option<String>,
    /// Members that this version does not know.
    pub unknown: Vec<UnknownMember>,
}

/// The identity from which the paravisor derives its sealing keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HardwareSealingPolicy {
    /// `none`: no hardware sealing.
    None,
    /// `hash`: a measurement hash.
    Hash,
    /// `signer`: a signer.
    Signer,
    /// A value that this version does not know.
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
