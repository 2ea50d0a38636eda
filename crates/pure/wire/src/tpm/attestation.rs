//! TPMS_ATTEST of any type, for display.

use super::{Head, MAX_DIGEST, MAX_NAME, Selections, head, sized, u16_be, u32_be, u64_be, whole};
use crate::{Error, ErrorKind, Reader};

/// The size limit of the content of an NV index in an attestation (MAX_NV_BUFFER_SIZE of PC clients).
const MAX_NV: usize = 2048;

/// An attestation of any type, unverified. It borrows its input.
///
/// Shape: TPMS_ATTEST, big-endian: [`Head`], then TPMU_ATTEST by its type.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyAttestation<'a> {
    /// The signer, the nonce and the clock.
    pub head: Head<'a>,
    /// `attested`: the attested data, by the type.
    pub attested: Attested<'a>,
}

/// TPMU_ATTEST: the attested data, by the type (TPM_ST).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attested<'a> {
    /// TPM2_NV_Certify: the content of an NV index (TPMS_NV_CERTIFY_INFO).
    Nv {
        /// `indexName`, up to 66 bytes: the Name of the NV index.
        index_name: &'a [u8],
        /// `offset`, 2 bytes: the offset of the content in the index.
        offset: u16,
        /// `nvContents`, up to 2048 bytes.
        contents: &'a [u8],
    },
    /// TPM2_GetCommandAuditDigest: the audit of commands (TPMS_COMMAND_AUDIT_INFO).
    CommandAudit {
        /// `auditCounter`, 8 bytes: a monotonic counter of the audit.
        counter: u64,
        /// `digestAlg`, 2 bytes: the hash of the audit, a TPM_ALG_ID.
        algorithm: u16,
        /// `auditDigest`, up to 64 bytes.
        audit_digest: &'a [u8],
        /// `commandDigest`, up to 64 bytes: the digest of the list of audited commands.
        command_digest: &'a [u8],
    },
    /// TPM2_GetSessionAuditDigest: the audit of a session (TPMS_SESSION_AUDIT_INFO).
    SessionAudit {
        /// `exclusiveSession`, 1 byte: whether every command since the start of the audit was in the session.
        exclusive: bool,
        /// `sessionDigest`, up to 64 bytes.
        session_digest: &'a [u8],
    },
    /// TPM2_Certify: an object that is loaded in the TPM (TPMS_CERTIFY_INFO).
    Certify {
        /// `name`, up to 66 bytes: the Name of the object.
        name: &'a [u8],
        /// `qualifiedName`, up to 66 bytes: the Qualified Name of the object.
        qualified_name: &'a [u8],
    },
    /// TPM2_Quote: PCRs (TPMS_QUOTE_INFO).
    Quote {
        /// `pcrSelect`: the quoted PCRs of each bank.
        selections: Selections,
        /// `pcrDigest`, up to 64 bytes: the digest of the PCR values.
        pcr_digest: &'a [u8],
    },
    /// TPM2_GetTime: the clock (TPMS_TIME_ATTEST_INFO).
    Time {
        /// `time`, 8 bytes: milliseconds since the TPM was last powered on or reset.
        time: u64,
        /// `clock`, 8 bytes: milliseconds that the TPM has been powered in its lifetime.
        clock: u64,
        /// `resetCount`, 4 bytes: the number of TPM resets.
        reset_count: u32,
        /// `restartCount`, 4 bytes: the number of restarts and resumes since the last reset.
        restart_count: u32,
        /// `safe`, 1 byte: whether no higher value of `clock` was ever reported.
        safe: bool,
        /// `firmwareVersion`, 8 bytes, in the vendor's own format.
        firmware_version: u64,
    },
    /// TPM2_CertifyCreation: an object that was created in the TPM (TPMS_CREATION_INFO).
    Creation {
        /// `objectName`, up to 66 bytes: the Name of the object.
        object_name: &'a [u8],
        /// `creationHash`, up to 64 bytes: the digest of the creation data.
        creation_hash: &'a [u8],
    },
    /// TPM2_NV_Certify with a digest of the content of an NV index (TPMS_NV_DIGEST_CERTIFY_INFO).
    NvDigest {
        /// `indexName`, up to 66 bytes: the Name of the NV index.
        index_name: &'a [u8],
        /// `nvDigest`, up to 64 bytes: the digest of the content.
        nv_digest: &'a [u8],
    },
}

impl<'a> AnyAttestation<'a> {
    /// Parses an attestation, which must fill `bytes`, without the size of a TPM2B_ATTEST: see
    /// [`attest_bytes`](super::attest_bytes).
    ///
    /// # Errors
    /// More than [`MAX_BYTES`](super::MAX_BYTES); another magic; a type that the specification does not
    /// define; a length out of its bounds; a flag other than 0 or 1; bytes after the end.
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

    /// The value of the type in hex and its name: `("8018", "TPM_ST_ATTEST_QUOTE")`.
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
