//! NV indexes: their public areas, and their data read and written whole, in pieces as large as the TPM takes.

use bitflags::bitflags;
use teeproof_wire::certificate;

use crate::{Authority, Error, ResponseCode, Tpm, handles, response_checks};

/// TPM_PT_NV_BUFFER_MAX: the most bytes of one read or write.
const NV_BUFFER_MAX: u32 = 0x012c;
/// The most bytes of one request; every TPM of a PC client takes them.
const PIECE: u16 = 1024;
/// The least that a TPM must take in one piece: the number of commands is bounded by it.
const LEAST: u16 = 64;

/// Reads an NV index from its first byte to its last.
///
/// # Errors
/// Those of the commands; [`Error::is_absent`] tells an index that is not defined, and [`Error::NoReport`]
/// that the paravisor's is not, or has nothing in it.
pub fn read_index(tpm: &mut dyn Tpm, index: u32) -> Result<Vec<u8>, Error> {
    let public = tpm.nv_public(index);
    public.and_then(|public| read_defined(tpm, &public)).map_err(|error| without_paravisor(index, error))
}

/// A missing or unwritten HCL report as its own error.
pub(crate) fn without_paravisor(index: u32, error: Error) -> Error {
    let unwritten = error.code() == Some(ResponseCode::NV_UNINITIALIZED);
    if index == handles::REPORT && (error.is_absent() || unwritten) { Error::NoReport } else { error }
}

/// Reads an index whose public area is known.
pub(crate) fn read_defined(tpm: &mut dyn Tpm, public: &NvPublic) -> Result<Vec<u8>, Error> {
    let (by, piece) = (reader(public), piece(tpm)?);
    let mut bytes = Vec::with_capacity(usize::from(public.data_size));
    let mut offset = 0;
    while offset < public.data_size {
        let size = piece.min(public.data_size.saturating_sub(offset));
        let read = tpm.nv_read(public.index, by, offset, size)?;
        response_checks::nv_data(&read, size)?;
        bytes.extend(read);
        offset = offset.saturating_add(size);
    }
    Ok(bytes)
}

/// Writes to an NV index from an offset on.
///
/// # Errors
/// Those of the commands; more bytes than the index holds: of those nothing is written, whether they
/// go into one piece, which the TPM refuses, or take several.
pub fn write_index(tpm: &mut dyn Tpm, index: u32, offset: u16, data: &[u8]) -> Result<(), Error> {
    let public = tpm.nv_public(index)?;
    let (by, piece) = (writer(&public), usize::from(piece(tpm)?));
    let beyond = || Error::IndexEnd { index, size: public.data_size };
    let mut at = usize::from(offset);
    if data.len() > piece && at.saturating_add(data.len()) > usize::from(public.data_size) {
        return Err(beyond());
    }
    for part in data.chunks(piece.max(1)) {
        let place = u16::try_from(at).map_err(|_| beyond())?;
        tpm.nv_write(index, by, place, part)?;
        at = at.saturating_add(part.len());
    }
    Ok(())
}

/// The certificate of the attestation key, DER without the padding of its index, if there is one.
///
/// # Errors
/// Those of the commands.
pub fn ak_certificate(tpm: &mut dyn Tpm) -> Result<Option<Vec<u8>>, Error> {
    certificate_at(tpm, handles::AK_CERTIFICATE)
}

/// The certificate of the endorsement key, DER without the padding of its index, if there is one.
/// Azure's machines have none.
///
/// # Errors
/// Those of the commands.
pub fn ek_certificate(tpm: &mut dyn Tpm) -> Result<Option<Vec<u8>>, Error> {
    certificate_at(tpm, handles::EK_CERTIFICATE)
}

/// The certificate in an NV index; `None` if the index is not defined, not written, or all zeros.
fn certificate_at(tpm: &mut dyn Tpm, index: u32) -> Result<Option<Vec<u8>>, Error> {
    let public = match tpm.nv_public(index) {
        Err(error) if error.is_absent() => return Ok(None),
        public => public?,
    };
    if !public.attributes.contains(NvAttributes::WRITTEN) {
        return Ok(None);
    }
    let bytes = read_defined(tpm, &public)?;
    let certificate = certificate::without_padding(&bytes);
    Ok(certificate.iter().any(|byte| *byte != 0).then(|| certificate.to_vec()))
}

/// Who may read the index.
const fn reader(public: &NvPublic) -> Authority {
    if public.attributes.contains(NvAttributes::OWNERREAD) { Authority::Owner } else { Authority::Index }
}

/// Who may write the index.
pub(crate) const fn writer(public: &NvPublic) -> Authority {
    if public.attributes.contains(NvAttributes::OWNERWRITE) { Authority::Owner } else { Authority::Index }
}

/// How much the TPM takes in one piece.
pub(crate) fn piece(tpm: &mut dyn Tpm) -> Result<u16, Error> {
    let most = tpm.property(NV_BUFFER_MAX)?.and_then(|most| u16::try_from(most).ok()).unwrap_or(PIECE);
    if most < LEAST {
        let what = format!("at most {most} bytes of an index at a time");
        return Err(Error::Malformed { command: "TPM2_GetCapability", what });
    }
    Ok(most.min(PIECE))
}

/// The public area of an NV index: TPMS_NV_PUBLIC.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 13.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvPublic {
    /// The handle, 0x01…….
    pub index: u32,
    /// The hash algorithm of its name, a TPM_ALG_ID.
    pub name_algorithm: u16,
    /// What may be done with it, and by whom.
    pub attributes: NvAttributes,
    /// The digest of the policy that may use it; empty for none.
    pub policy: Vec<u8>,
    /// How many bytes it holds.
    pub data_size: u16,
}

bitflags! {
    /// TPMA_NV. Bits that have no name here (the kind of index among them) are kept.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct NvAttributes: u32 {
        /// The platform may write.
        const PPWRITE = 1;
        /// The owner may write.
        const OWNERWRITE = 1 << 1;
        /// The index's own password may write.
        const AUTHWRITE = 1 << 2;
        /// The index's policy may write.
        const POLICYWRITE = 1 << 3;
        /// Deleted only under its own policy.
        const POLICY_DELETE = 1 << 10;
        /// Locked against writing until the next start.
        const WRITELOCKED = 1 << 11;
        /// Written as a whole or not at all.
        const WRITEALL = 1 << 12;
        /// Can be locked against writing for good.
        const WRITEDEFINE = 1 << 13;
        /// Can be locked against writing until the next start.
        const WRITE_STCLEAR = 1 << 14;
        /// Locked together with others.
        const GLOBALLOCK = 1 << 15;
        /// The platform may read.
        const PPREAD = 1 << 16;
        /// The owner may read.
        const OWNERREAD = 1 << 17;
        /// The index's own password may read.
        const AUTHREAD = 1 << 18;
        /// The index's policy may read.
        const POLICYREAD = 1 << 19;
        /// A wrong password does not count.
        const NO_DA = 1 << 25;
        /// Written seldom, kept in memory meanwhile.
        const ORDERLY = 1 << 26;
        /// Back to unwritten at each start.
        const CLEAR_STCLEAR = 1 << 27;
        /// Locked against reading until the next start.
        const READLOCKED = 1 << 28;
        /// Has been written.
        const WRITTEN = 1 << 29;
        /// The platform's, which the owner cannot take away.
        const PLATFORMCREATE = 1 << 30;
        /// Can be locked against reading until the next start.
        const READ_STCLEAR = 1 << 31;
        const _ = !0;
    }
}
