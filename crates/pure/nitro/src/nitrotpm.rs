//! Documents of a NitroTPM, the TPM of an EC2 instance: verification and appraisal.
//!
//! The form, the roots and the chain are those of an enclave's document. What the PCRs mean is another matter: the
//! instance's firmware and the software on it extend them by the rules of a TPM (TCG PC Client Platform Firmware
//! Profile), where the hypervisor sets those of an enclave from its image. So the types, the checks and the policy
//! are others, and nothing accepts one kind of document in the place of the other.
//!
//! # What a verified document does not prove
//!
//! * **Which software runs.** Any AWS customer can obtain a genuine document. Without secure boot, PCR4 (the boot
//!   loaders and a unified kernel image) and PCR12 (what was added to its command line; zero for an attestable
//!   AMI) say it; with secure boot PCR7 says whose software may run, in any version.
//! * **Isolation from the administrator.** An enclave has no way in for the instance's administrator; an instance has
//!   the ways in that its image has.
//! * **That the platform is up to date.** The document has no TCB level, and PCR0 and PCR1 are AWS's firmware.
//! * **Freshness**, unless a nonce is expected, and **who sent it**, as of an enclave's document.

pub mod checks;
mod fields;
mod policy;

pub use crate::verify::nitrotpm::{NitroTpmError, VerifiedNitroTpm, verify};
pub use policy::{NitroTpmPolicy, PCR_SEPARATOR_ONLY, PCR7_WITHOUT_SECURE_BOOT, appraise};
pub use teeproof_wire::nitro::{NITROTPM_PCRS, NitroTpmDocument};
