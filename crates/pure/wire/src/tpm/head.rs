//! The head of TPMS_ATTEST, common to all kinds of attestation: the signer, the nonce and the TPM's
//! clock.

use super::{MAGIC, MAX_NAME, sized, u16_be, u32_be, u64_be};
use crate::{Error, ErrorKind, Reader};

/// The size limit of TPM2B_DATA: a TPMT_HA of SHA-512.
const MAX_EXTRA_DATA: usize = 66;

/// The fields of TPMS_ATTEST before `attested`, unverified.
///
/// Shape, big-endian: `magic` (4 bytes), `type` (2), TPM2B_NAME, TPM2B_DATA, TPMS_CLOCK_INFO (17),
/// `firmwareVersion` (8).
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.12.12 (TPMS_ATTEST) and TPMS_CLOCK_INFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// `qualifiedSigner`: the Qualified Name of the signing key, algorithm (2 bytes) and digest.
    pub qualified_signer: &'a [u8],
    /// `extraData`, up to 66 bytes: the nonce.
    pub extra_data: &'a [u8],
    /// `clockInfo.clock`, 8 bytes: milliseconds that the TPM has been powered in its lifetime.
    pub clock: u64,
    /// `clockInfo.resetCount`, 4 bytes: the number of resets of the TPM.
    pub reset_count: u32,
    /// `clockInfo.restartCount`, 4 bytes: the number of restarts and resumes since the last reset.
    pub restart_count: u32,
    /// `clockInfo.safe`, 1 byte: whether no higher value of the clock was ever reported.
    pub safe: bool,
    /// `firmwareVersion`, 8 bytes: the version of the TPM's firmware, in the vendor's own format.
    pub firmware_version: u64,
}

/// A kind of attestation: its TPM_ST, and the text for a structure that is not one.
pub(super) struct Wanted {
    kind: u16,
    /// The other kind that is read here.
    other: u16,
    expected: &'static str,
    not_the_other: &'static str,
    no_other: &'static str,
}

/// TPM_ST_ATTEST_QUOTE.
pub(super) const QUOTE: Wanted = Wanted {
    kind: 0x8018,
    other: 0x8017,
    expected: "TPM_ST_ATTEST_QUOTE (8018)",
    not_the_other: "a quote (8018); this is a certification (8017)",
    no_other: "a quote (8018), no other attestation",
};

/// TPM_ST_ATTEST_CERTIFY.
pub(super) const CERTIFICATION: Wanted = Wanted {
    kind: 0x8017,
    other: 0x8018,
    expected: "TPM_ST_ATTEST_CERTIFY (8017)",
    not_the_other: "a certification (8017); this is a quote (8018)",
    no_other: "a certification (8017), no other attestation",
};

impl<'a> Head<'a> {
    /// Reads magic, type and the other fields before `attested`; the type must be the wanted one.
    #[inline]
    pub(super) fn read(reader: &mut Reader<'a>, wanted: &Wanted) -> Result<Self, Error> {
        magic(reader)?;
        kind(reader, wanted)?;
        Self::after_kind(reader)
    }

    /// Reads magic, type and the other fields before `attested`; also returns the type.
    pub(super) fn read_any(reader: &mut Reader<'a>) -> Result<(u16, Self), Error> {
        magic(reader)?;
        Ok((u16_be(reader, "TPMS_ATTEST: type")?, Self::after_kind(reader)?))
    }

    #[inline]
    fn after_kind(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            qualified_signer: sized(reader, "TPMS_ATTEST: qualifiedSigner", MAX_NAME)?,
            extra_data: sized(reader, "TPMS_ATTEST: extraData", MAX_EXTRA_DATA)?,
            clock: u64_be(reader, "TPMS_ATTEST: clock")?,
            reset_count: u32_be(reader, "TPMS_ATTEST: resetCount")?,
            restart_count: u32_be(reader, "TPMS_ATTEST: restartCount")?,
            safe: flag(reader, "TPMS_ATTEST: safe")?,
            firmware_version: u64_be(reader, "TPMS_ATTEST: firmwareVersion")?,
        })
    }
}

#[inline]
fn magic(reader: &mut Reader<'_>) -> Result<(), Error> {
    let at = reader.at();
    if u32_be(reader, "TPMS_ATTEST: magic")? != MAGIC {
        return Err(at.error(ErrorKind::Value, "TPMS_ATTEST: magic", "TPM_GENERATED_VALUE (ff544347)"));
    }
    Ok(())
}

/// The kind that is wanted, and nothing else that a TPM attests.
#[inline]
fn kind(reader: &mut Reader<'_>, wanted: &Wanted) -> Result<(), Error> {
    const WHAT: &str = "TPMS_ATTEST: type";
    let at = reader.at();
    match u16_be(reader, WHAT)? {
        kind if kind == wanted.kind => Ok(()),
        kind if kind == wanted.other => Err(at.error(ErrorKind::Unsupported, WHAT, wanted.not_the_other)),
        // NV, command audit, session audit, certify, quote, time, creation, NV digest.
        0x8014..=0x801c => Err(at.error(ErrorKind::Unsupported, WHAT, wanted.no_other)),
        _ => Err(at.error(ErrorKind::Value, WHAT, wanted.expected)),
    }
}

/// TPMI_YES_NO.
#[inline]
pub(super) fn flag(reader: &mut Reader<'_>, what: &'static str) -> Result<bool, Error> {
    let at = reader.at();
    match reader.byte(what)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(at.error(ErrorKind::Value, what, "0 or 1")),
    }
}
