//! What a TPM attests, of any kind: TPMS_ATTEST, to be described.

use super::{Head, MAX_DIGEST, MAX_NAME, Selections, head, sized, u16_be, u32_be, u64_be, whole};
use crate::{Error, ErrorKind, Reader};

/// The most bytes of an NV index in an attestation: MAX_NV_BUFFER_SIZE of TPMs of PC clients.
const MAX_NV: usize = 2048;

/// An attestation of any kind, unverified. It borrows the bytes it was read from.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyAttestation<'a> {
    /// Who signed, for which nonce, and when.
    pub head: Head<'a>,
    /// What is attested.
    pub attested: Attested<'a>,
}

/// What a TPM attests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attested<'a> {
    /// TPM2_NV_Certify: the content of an NV index.
    Nv {
        /// The index' name.
        index_name: &'a [u8],
        /// Where in the index the content begins.
        offset: u16,
        /// The content.
        contents: &'a [u8],
    },
    /// TPM2_GetCommandAuditDigest.
    CommandAudit {
        /// How many commands were audited.
        counter: u64,
        /// The hash of the audit, a TPM_ALG_ID.
        algorithm: u16,
        /// The digest of the audit.
        audit_digest: &'a [u8],
        /// The digest of the commands that are audited.
        command_digest: &'a [u8],
    },
    /// TPM2_GetSessionAuditDigest.
    SessionAudit {
        /// Whether only the session's commands were executed.
        exclusive: bool,
        /// The digest of the session.
        session_digest: &'a [u8],
    },
    /// TPM2_Certify: a key is in the TPM.
    Certify {
        /// The key's name.
        name: &'a [u8],
        /// The key's name under those of its parents.
        qualified_name: &'a [u8],
    },
    /// TPM2_Quote: PCRs.
    Quote {
        /// Which PCRs of which banks were hashed.
        selections: Selections,
        /// Their digest.
        pcr_digest: &'a [u8],
    },
    /// TPM2_GetTime.
    Time {
        /// Milliseconds since the last reset.
        time: u64,
        /// Milliseconds that the TPM was powered, over its life.
        clock: u64,
        /// How often the TPM was reset.
        reset_count: u32,
        /// How often it was restarted or resumed since.
        restart_count: u32,
        /// Whether no higher value of the clock was ever reported.
        safe: bool,
        /// The TPM's firmware.
        firmware_version: u64,
    },
    /// TPM2_CertifyCreation: a key was created in the TPM.
    Creation {
        /// The key's name.
        object_name: &'a [u8],
        /// The hash of its creation data.
        creation_hash: &'a [u8],
    },
    /// TPM2_NV_Certify of a digest: the content of an NV index, hashed.
    NvDigest {
        /// The index' name.
        index_name: &'a [u8],
        /// The digest of the content.
        nv_digest: &'a [u8],
    },
}

impl<'a> AnyAttestation<'a> {
    /// Reads an attestation, which must fill `bytes`; a size prefix (TPM2B_ATTEST) is not part of it:
    /// see [`attest_bytes`](super::attest_bytes).
    ///
    /// # Errors
    /// Another magic; a kind that the library specification does not have; a length out of its bounds;
    /// a flag that is neither 0 nor 1; bytes after the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        whole(bytes, |reader| {
            let at = reader.at();
            let (kind, head) = Head::read_any(reader)?;
            let attested = Attested::read(reader, kind)?.ok_or(at.error(
                ErrorKind::Value,
                "TPMS_ATTEST: type",
                "an attestation: 8014 to 801a, or 801c",
            ))?;
            Ok(Self { head, attested })
        })
    }
}

impl<'a> Attested<'a> {
    fn read(reader: &mut Reader<'a>, kind: u16) -> Result<Option<Self>, Error> {
        Ok(Some(match kind {
            0x8014 => Self::Nv {
                index_name: sized(reader, "TPMS_ATTEST: indexName", MAX_NAME)?,
                offset: u16_be(reader, "TPMS_ATTEST: offset")?,
                contents: sized(reader, "TPMS_ATTEST: nvContents", MAX_NV)?,
            },
            0x8015 => Self::CommandAudit {
                counter: u64_be(reader, "TPMS_ATTEST: auditCounter")?,
                algorithm: u16_be(reader, "TPMS_ATTEST: digestAlg")?,
                audit_digest: sized(reader, "TPMS_ATTEST: auditDigest", MAX_DIGEST)?,
                command_digest: sized(reader, "TPMS_ATTEST: commandDigest", MAX_DIGEST)?,
            },
            0x8016 => Self::SessionAudit {
                exclusive: head::flag(reader, "TPMS_ATTEST: exclusiveSession")?,
                session_digest: sized(reader, "TPMS_ATTEST: sessionDigest", MAX_DIGEST)?,
            },
            0x8017 => Self::Certify {
                name: sized(reader, "TPMS_ATTEST: name", MAX_NAME)?,
                qualified_name: sized(reader, "TPMS_ATTEST: qualifiedName", MAX_NAME)?,
            },
            0x8018 => Self::Quote {
                selections: Selections::read(reader)?,
                pcr_digest: sized(reader, "TPMS_ATTEST: pcrDigest", MAX_DIGEST)?,
            },
            0x8019 => Self::Time {
                time: u64_be(reader, "TPMS_ATTEST: time")?,
                clock: u64_be(reader, "TPMS_ATTEST: clock")?,
                reset_count: u32_be(reader, "TPMS_ATTEST: resetCount")?,
                restart_count: u32_be(reader, "TPMS_ATTEST: restartCount")?,
                safe: head::flag(reader, "TPMS_ATTEST: safe")?,
                firmware_version: u64_be(reader, "TPMS_ATTEST: firmwareVersion")?,
            },
            0x801a => Self::Creation {
                object_name: sized(reader, "TPMS_ATTEST: objectName", MAX_NAME)?,
                creation_hash: sized(reader, "TPMS_ATTEST: creationHash", MAX_DIGEST)?,
            },
            0x801c => Self::NvDigest {
                index_name: sized(reader, "TPMS_ATTEST: indexName", MAX_NAME)?,
                nv_digest: sized(reader, "TPMS_ATTEST: nvDigest", MAX_DIGEST)?,
            },
            _ => return Ok(None),
        }))
    }

    /// The kind as the specification writes it, and its name.
    #[must_use]
    pub const fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Nv { .. } => ("8014", "TPM_ST_ATTEST_NV"),
            Self::CommandAudit { .. } => ("8015", "TPM_ST_ATTEST_COMMAND_AUDIT"),
            Self::SessionAudit { .. } => ("8016", "TPM_ST_ATTEST_SESSION_AUDIT"),
            Self::Certify { .. } => ("8017", "TPM_ST_ATTEST_CERTIFY"),
            Self::Quote { .. } => ("8018", "TPM_ST_ATTEST_QUOTE"),
            Self::Time { .. } => ("8019", "TPM_ST_ATTEST_TIME"),
            Self::Creation { .. } => ("801a", "TPM_ST_ATTEST_CREATION"),
            Self::NvDigest { .. } => ("801c", "TPM_ST_ATTEST_NV_DIGEST"),
        }
    }
}
