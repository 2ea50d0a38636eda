//! Description of TDX collateral: TCB info and QE identity member by member, and their signature.

use alloc::string::ToString;

use teeproof_tdx::{CollateralKind, SignedJson};
use teeproof_wire::{DescribedField, Error, ErrorKind, HexBytes, Visitor};

use super::json;

/// Describes a response of Intel's PCS; returns an error if a member is repeated.
///
/// # Errors
/// Bytes that are no such response.
pub(super) fn describe(response: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let document = core::str::from_utf8(response).ok().and_then(|text| SignedJson::parse(text).ok());
    let document = document.ok_or(Error::new(
        ErrorKind::Value,
        "collateral",
        0,
        "JSON with a signed member and its signature, as Intel's PCS sends it",
    ))?;
    let (member, what) = match document.kind() {
        CollateralKind::TcbInfo => ("tcbInfo", "TCB info: member"),
        CollateralKind::QeIdentity => ("enclaveIdentity", "QE identity: member"),
    };
    visitor.open(&document.kind().to_string());
    visitor.open(member);
    let repeated = json::describe(document.body().as_bytes(), what, 0, visitor);
    visitor.close();
    let (signature, note) = (HexBytes(document.signature()), "r and s, over the member as received");
    visitor.field(DescribedField::new("signature", &signature).note(&note));
    visitor.close();
    Ok(repeated)
}
