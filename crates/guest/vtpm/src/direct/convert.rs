//! Between this crate's types and those of the specification.

use teeproof_wire::tpm::{REGISTERS, Selection};
use tpm2_protocol::TpmError;
use tpm2_protocol::basic::{TpmBuffer, TpmHandle};
use tpm2_protocol::data::{
    TpmAlgId, TpmaNv, TpmlDigestValues, TpmlPcrSelection, TpmsNvPublic, TpmsPcrSelect, TpmsPcrSelection,
    TpmsSchemeHash, TpmtHa, TpmtRsaDecrypt, TpmuAsymScheme, TpmuHa,
};

use super::answer::Fields;
use crate::{Error, NvAttributes, NvPublic, Padding, PcrValues, response_checks};

/// A request that does not fit into the command.
pub(super) fn unfit(command: &'static str) -> impl Fn(TpmError) -> Error {
    move |error| Error::Unfit { command, what: error.to_string() }
}

/// A value of at most so many bytes.
pub(super) fn buffer<const MOST: usize>(
    command: &'static str,
    what: &str,
    bytes: &[u8],
) -> Result<TpmBuffer<MOST>, Error> {
    TpmBuffer::try_from(bytes).map_err(|_| Error::Unfit {
        command,
        what: format!("{what} has {} bytes, and at most {MOST} fit", bytes.len()),
    })
}

pub(super) fn selections(command: &'static str, of: &[Selection]) -> Result<TpmlPcrSelection, Error> {
    let mut list = TpmlPcrSelection::new();
    for selection in of {
        response_checks::within_registers(command, *selection)?;
        let [a, b, c, _] = selection.bitmap.to_le_bytes();
        let pcr_select = TpmsPcrSelect::try_from(&[a, b, c][..]).map_err(unfit(command))?;
        list.try_push(TpmsPcrSelection { hash: hash(command, selection.bank)?, pcr_select })
            .map_err(unfit(command))?;
    }
    Ok(list)
}

/// TPML_PCR_SELECTION, of any banks: a TPM may have some that are not known here.
pub(super) fn read_selections(fields: &mut Fields<'_>) -> Result<Vec<Selection>, Error> {
    let count = fields.u32("the number of banks")?;
    let mut list = Vec::new();
    // However large the number is, each of them takes bytes of the answer.
    for _ in 0..count {
        let bank = fields.u16("a bank")?;
        let size = usize::from(fields.u8("the size of a selection")?);
        let bytes = fields.take(size, "a selection")?;
        let mut bits = [0; 4];
        bits.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let bitmap = u32::from_le_bytes(bits);
        if size > bits.len() || bitmap >> REGISTERS != 0 {
            return Err(fields.malformed(format!("registers beyond the {REGISTERS} of a PC client")));
        }
        list.push(Selection { bank, bitmap });
    }
    Ok(list)
}

/// The response of TPM2_PCR_Read: PCRs of the one requested bank, and their values.
pub(super) fn read_values(fields: &mut Fields<'_>, requested: Selection) -> Result<PcrValues, Error> {
    fields.u32("the update counter")?;
    let selections = read_selections(fields)?;
    let count = fields.u32("the number of values")?;
    let selection =
        response_checks::registers(requested, &selections, usize::try_from(count).unwrap_or(usize::MAX))?;
    let values = (0..count).map(|_| fields.sized("a value").map(<[u8]>::to_vec));
    Ok(PcrValues { selection, values: values.collect::<Result<_, _>>()? })
}

pub(super) fn digests(command: &'static str, bank: u16, digest: &[u8]) -> Result<TpmlDigestValues, Error> {
    let digest = TpmuHa::Digest(buffer(command, "the digest", digest)?);
    let mut list = TpmlDigestValues::new();
    list.try_push(TpmtHa { hash_alg: hash(command, bank)?, digest }).map_err(unfit(command))?;
    Ok(list)
}

pub(super) fn nv_public(command: &'static str, public: &NvPublic) -> Result<TpmsNvPublic, Error> {
    Ok(TpmsNvPublic {
        nv_index: TpmHandle::new(public.index),
        name_alg: hash(command, public.name_algorithm)?,
        attributes: TpmaNv::from_bits_truncate(public.attributes.bits()),
        auth_policy: buffer(command, "the policy", &public.policy)?,
        data_size: public.data_size.into(),
    })
}

pub(super) fn from_nv_public(public: &TpmsNvPublic) -> NvPublic {
    NvPublic {
        index: public.nv_index.value(),
        name_algorithm: public.name_alg.value(),
        attributes: NvAttributes::from_bits_retain(public.attributes.bits()),
        policy: public.auth_policy.to_vec(),
        data_size: public.data_size.value(),
    }
}

pub(super) fn padding(command: &'static str, padding: Padding) -> Result<TpmtRsaDecrypt, Error> {
    Ok(match padding {
        Padding::Rsaes => TpmtRsaDecrypt { scheme: TpmAlgId::Rsaes, details: TpmuAsymScheme::Null },
        Padding::Oaep(with) => TpmtRsaDecrypt {
            scheme: TpmAlgId::Oaep,
            details: TpmuAsymScheme::Hash(TpmsSchemeHash { hash_alg: hash(command, with)? }),
        },
    })
}

fn hash(command: &'static str, algorithm: u16) -> Result<TpmAlgId, Error> {
    TpmAlgId::try_from(algorithm)
        .map_err(|_| Error::Unfit { command, what: format!("{algorithm:#06x} is no known algorithm") })
}
