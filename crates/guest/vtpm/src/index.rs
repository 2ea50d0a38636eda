//! NV indexes read and written whole, in pieces as large as the TPM takes.

use teeproof_wire::certificate;

use crate::{Authority, Error, NvAttributes, NvPublic, ResponseCode, Tpm, handles, held};

/// TPM_PT_NV_BUFFER_MAX: the most bytes of one read or write.
const NV_BUFFER_MAX: u32 = 0x012c;
/// What every TPM of a PC client takes in one piece, and the most that is asked for.
const PIECE: u16 = 1024;
/// A TPM that takes less in one piece is none, and would have to be asked without end.
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

/// The paravisor's report that is not there, or was never written, is told as what that means.
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
        held::nv_data(&read, size)?;
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

/// What lies at an index for certificates; one that is not defined, was never written or holds
/// nothing but zeros has none.
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
fn piece(tpm: &mut dyn Tpm) -> Result<u16, Error> {
    let most = tpm.property(NV_BUFFER_MAX)?.and_then(|most| u16::try_from(most).ok()).unwrap_or(PIECE);
    if most < LEAST {
        let what = format!("at most {most} bytes of an index at a time");
        return Err(Error::Malformed { command: "TPM2_GetCapability", what });
    }
    Ok(most.min(PIECE))
}
