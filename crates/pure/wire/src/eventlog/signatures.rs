//! Signature databases PK, KEK, db and dbx: lists of certificates and digests (EFI_SIGNATURE_LIST).
//!
//! Source: UEFI specification, section 32.4.1.

use super::Guid;
use super::event::u32_le;
use crate::{Error, ErrorKind, Reader};

/// Signature lists, concatenated; unverified. They borrow their input.
///
/// Shape of a list, little-endian: type (GUID, 16 bytes), sizes of the list, of the signature header and
/// of one signature (4 bytes each), the signature header, the signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureLists<'a>(&'a [u8]);

/// One entry of a list (EFI_SIGNATURE_DATA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    /// `SignatureType` of the list: [`Guid::CERT_X509`], [`Guid::CERT_SHA256`] or another.
    pub kind: Guid,
    /// `SignatureOwner`, 16 bytes: the agent that added the entry.
    pub owner: Guid,
    /// `SignatureData`: a certificate in DER, a digest, or another format, by the type.
    pub data: &'a [u8],
}

/// One list: its kind, the size of each entry, and the entries.
type List<'a> = (Guid, usize, &'a [u8]);

impl<'a> SignatureLists<'a> {
    /// Parses lists, which must fill `bytes`; an empty variable has no list.
    ///
    /// # Errors
    /// A list beyond the end of `bytes`; entries that do not fill their list, or that have no data.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, 0, "EFI signature list", |reader| {
            while !reader.is_empty() {
                list(reader)?;
            }
            Ok(Self(bytes))
        })
    }

    /// The entries of all lists, in order.
    pub fn iter(&self) -> impl Iterator<Item = Signature<'a>> + use<'a> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (list, tail) = Reader::all(rest, 0, "EFI signature list", |reader| {
                let list = list(reader)?;
                Ok((list, reader.take(reader.remaining(), "EFI signature list")?))
            })
            .ok()?;
            rest = tail;
            Some(list)
        })
        .flat_map(|(kind, size, entries): List<'a>| {
            entries.chunks_exact(size.max(1)).filter_map(move |entry| {
                let (owner, data) = entry.split_first_chunk()?;
                Some(Signature { kind, owner: Guid(*owner), data })
            })
        })
    }
}

fn list<'a>(reader: &mut Reader<'a>) -> Result<List<'a>, Error> {
    const WHAT: &str = "EFI signature list: signatureListSize";
    /// The signature type, a GUID of 16 bytes, and three sizes of 4 bytes.
    const HEAD: usize = 28;
    let kind = Guid(*reader.array("EFI signature list: signatureType")?);
    let at = reader.at();
    let [whole, header, size] = [
        u32_le(reader, WHAT)?,
        u32_le(reader, "EFI signature list: signatureHeaderSize")?,
        u32_le(reader, "EFI signature list: signatureSize")?,
    ]
    .map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    // Every entry begins with its owner.
    let entries = whole
        .checked_sub(HEAD)
        .and_then(|rest| rest.checked_sub(header))
        .filter(|rest| size > 16 && rest.checked_rem(size) == Some(0))
        .ok_or(at.error(ErrorKind::Value, WHAT, "a head, and whole entries of more than 16 bytes"))?;
    reader.take(header, "EFI signature list: signatureHeader")?;
    Ok((kind, size, reader.take(entries, "EFI signature list: signatures")?))
}
