//! Between the types of this crate and those of tss-esapi.

use teeproof_wire::tpm::Selection;
use tss_esapi::WrapperErrorKind;
use tss_esapi::attributes::NvIndexAttributes;
use tss_esapi::handles::{NvIndexHandle, NvIndexTpmHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::resource_handles::{Hierarchy, NvAuth};
use tss_esapi::interface_types::structure_tags::AttestationType;
use tss_esapi::structures::{
    Attest, DigestList, DigestValues, HandleList, HashScheme, NvPublic as StackNvPublic, PcrSelectionList,
    Public, RsaDecryptionScheme, Signature,
};
use tss_esapi::traits::{Marshall, UnMarshall};
use tss_esapi::tss2_esys::{TPMA_NV, TPML_PCR_SELECTION, TPMS_PCR_SELECTION};

use super::failure;
use crate::{Authority, Error, NvAttributes, NvPublic, Padding, PcrValues, Signed, response_checks};

/// The most handles that fit an answer.
pub(super) const MAX_HANDLES: u32 = HandleList::MAX_SIZE as u32;

/// A value of at most as many bytes as its type takes.
pub(super) fn buffer<'a, T: TryFrom<&'a [u8]>>(
    command: &'static str,
    what: &str,
    bytes: &'a [u8],
) -> Result<T, Error> {
    T::try_from(bytes)
        .map_err(|_| failure::unfit(command, format!("{what} has {} bytes, and fewer fit", bytes.len())))
}

fn hash(command: &'static str, algorithm: u16) -> Result<HashingAlgorithm, Error> {
    let unknown = |_| failure::unfit(command, format!("{algorithm:#06x} is no known hash"));
    HashingAlgorithm::try_from(algorithm).map_err(unknown)
}

pub(super) const fn authority(by: Authority, index: NvIndexHandle) -> NvAuth {
    match by {
        Authority::Owner => NvAuth::Owner,
        Authority::Index => NvAuth::NvIndex(index),
    }
}

pub(super) fn hierarchy(command: &'static str, handle: u32) -> Result<Hierarchy, Error> {
    let hierarchy = TpmHandle::try_from(handle).and_then(Hierarchy::try_from);
    hierarchy.map_err(|_| failure::unfit(command, format!("{handle:#010x} is no hierarchy")))
}

pub(super) fn padding(command: &'static str, padding: Padding) -> Result<RsaDecryptionScheme, Error> {
    Ok(match padding {
        Padding::Rsaes => RsaDecryptionScheme::RsaEs,
        Padding::Oaep(with) => RsaDecryptionScheme::Oaep(HashScheme::new(hash(command, with)?)),
    })
}

/// One digest of one bank, of its length.
pub(super) fn digests(command: &'static str, bank: u16, digest: &[u8]) -> Result<DigestValues, Error> {
    let hash = hash(command, bank)?;
    if let Some(length) = crate::hash_bytes(bank).filter(|length| *length != digest.len()) {
        let what = format!("the digest has {} bytes, and those of the bank {length}", digest.len());
        return Err(failure::unfit(command, what));
    }
    let mut values = DigestValues::new();
    values.set(hash, buffer(command, "the digest", digest)?);
    Ok(values)
}

pub(super) fn nv_public(public: &StackNvPublic) -> tss_esapi::Result<NvPublic> {
    let size = u16::try_from(public.data_size());
    Ok(NvPublic {
        index: TpmHandle::NvIndex(public.nv_index()).into(),
        name_algorithm: public.name_algorithm().into(),
        attributes: NvAttributes::from_bits_retain(TPMA_NV::try_from(public.attributes())?),
        policy: public.authorization_policy().value().to_vec(),
        data_size: size.or(Err(tss_esapi::Error::WrapperError(WrapperErrorKind::WrongValueFromTpm)))?,
    })
}

pub(super) fn nv_definition(command: &'static str, public: &NvPublic) -> Result<StackNvPublic, Error> {
    let unfit = |what: &str| failure::unfit(command, what.to_owned());
    let index = NvIndexTpmHandle::new(public.index).map_err(|_| unfit("no handle of an NV index"))?;
    let attributes = NvIndexAttributes::try_from(public.attributes.bits());
    StackNvPublic::builder()
        .with_nv_index(index)
        .with_index_name_algorithm(hash(command, public.name_algorithm)?)
        .with_index_attributes(attributes.map_err(|_| unfit("an index that nobody may read, or write"))?)
        .with_index_auth_policy(buffer(command, "the policy", &public.policy)?)
        .with_data_area_size(public.data_size.into())
        .build()
        .map_err(|error| unfit(&error.to_string()))
}

/// Banks and PCRs, in the order received.
pub(super) fn selections(list: PcrSelectionList) -> Vec<Selection> {
    let list = TPML_PCR_SELECTION::from(list);
    let used = list.pcrSelections.iter().take(usize::try_from(list.count).unwrap_or(0));
    used.map(|selected| Selection { bank: selected.hash, bitmap: u32::from_le_bytes(selected.pcrSelect) })
        .collect()
}

/// A list in the order given. The builder of tss-esapi gives one in an order that changes from run
/// to run, and a quote signs the order.
pub(super) fn selection_list(command: &'static str, of: &[Selection]) -> Result<PcrSelectionList, Error> {
    let unfit = |what: String| failure::unfit(command, what);
    let mut list = TPML_PCR_SELECTION::default();
    if of.len() > list.pcrSelections.len() {
        return Err(unfit(format!("{} banks", of.len())));
    }
    for (slot, selection) in list.pcrSelections.iter_mut().zip(of) {
        response_checks::within_registers(command, *selection)?;
        hash(command, selection.bank)?;
        let bits = selection.bitmap.to_le_bytes();
        *slot = TPMS_PCR_SELECTION { hash: selection.bank, sizeofSelect: 3, pcrSelect: bits };
        list.count = list.count.saturating_add(1);
    }
    list.try_into().map_err(|error: tss_esapi::Error| unfit(error.to_string()))
}

/// The response of TPM2_PCR_Read for the one requested bank.
pub(super) fn pcr_values(
    requested: Selection,
    read: PcrSelectionList,
    digests: &DigestList,
) -> Result<PcrValues, Error> {
    let values: Vec<Vec<u8>> = digests.value().iter().map(|digest| digest.value().to_vec()).collect();
    let selection = response_checks::registers(requested, &selections(read), values.len())?;
    Ok(PcrValues { selection, values })
}

/// TPMT_PUBLIC, in bytes.
pub(super) fn bytes(public: &Public) -> tss_esapi::Result<Vec<u8>> {
    public.marshall()
}

/// A template from its bytes, all of them.
pub(super) fn template(command: &'static str, bytes: &[u8]) -> Result<Public, Error> {
    let read = Public::unmarshall(bytes).and_then(|public| Ok((public.marshall()?, public)));
    match read {
        Ok((again, public)) if again == bytes => Ok(public),
        _ => Err(failure::unfit(command, "the template is no TPMT_PUBLIC that is known".to_owned())),
    }
}

/// A statement of this kind and its signature, as bytes.
///
/// tss-esapi takes the statement apart and this puts it together again. A TPMS_ATTEST has one form
/// in bytes, so these are the signed ones; were a TPM to sign others, the signature over these would
/// not verify.
pub(super) fn signed(
    command: &'static str,
    kind: AttestationType,
    (attest, signature): &(Attest, Signature),
) -> Result<Signed, Error> {
    if attest.attestation_type() != kind {
        let what = format!("another kind of attestation ({:?})", attest.attestation_type());
        return Err(Error::Malformed { command, what });
    }
    let bytes = attest.marshall().and_then(|message| Ok((message, signature.marshall()?)));
    let (message, signature) = bytes.map_err(|error| failure::of(command, error))?;
    Ok(Signed { message, signature })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn selections_keep_their_order_and_their_registers() {
        let wanted = [
            Selection { bank: 0x000c, bitmap: 0x00ff_ffff },
            Selection { bank: 0x0004, bitmap: 0x0000_0081 },
            Selection { bank: 0x000b, bitmap: 0x0080_0001 },
            Selection { bank: 0x000d, bitmap: 0x0000_0000 },
        ];
        for _ in 0..50 {
            assert_eq!(selections(selection_list("TPM2_Test", &wanted).unwrap()), wanted);
        }
        let unfit = |of: &[Selection]| matches!(selection_list("TPM2_Test", of), Err(Error::Unfit { .. }));
        assert!(unfit(&[wanted[0]; 17]));
        assert!(unfit(&[Selection { bank: 0xffff, bitmap: 1 }]));
        assert!(unfit(&[Selection { bank: 0x000b, bitmap: 0x0100_0000 }]));
    }

    #[test]
    fn a_digest_has_the_length_of_its_bank() {
        for (bank, length) in [(0x0004, 20), (0x000b, 32), (0x000c, 48), (0x000d, 64)] {
            for size in 0..=70 {
                assert_eq!(
                    digests("TPM2_Test", bank, &vec![7; size]).is_ok(),
                    size == length,
                    "{bank} {size}"
                );
            }
        }
    }

    #[test]
    fn a_template_with_something_behind_it_is_none() {
        // A symmetric key: SYMCIPHER, SHA-256, no attributes, no policy, AES-128-CFB, no unique.
        let template = [0, 0x25, 0, 0x0b, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0x80, 0, 0x43, 0, 0];
        assert!(super::template("TPM2_Test", &template).is_ok());
        assert!(super::template("TPM2_Test", &[&template[..], &[0]].concat()).is_err());
        assert!(super::template("TPM2_Test", &template[..17]).is_err());
    }
}
