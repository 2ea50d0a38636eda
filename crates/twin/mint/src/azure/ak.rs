//! The attestation key in the TPM: public area, Name, qualified Name.

use super::sizes::len16;
use crate::digest::sha256;
use crate::{Error, Key};

/// TPM_ALG_SHA256.
pub const SHA256: u16 = 0x000b;
/// TPM_ALG_RSASSA.
pub const RSASSA: u16 = 0x0014;
/// TPM_RH_ENDORSEMENT: the hierarchy that the paravisor makes the key in.
pub const ENDORSEMENT: u32 = 0x4000_000b;
/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign.
pub const ATTRIBUTES: u32 = 0x0005_0472;

const RSA: u16 = 0x0001;
const NULL: u16 = 0x0010;
const KEY_BITS: u16 = 2048;

/// The TPMT_PUBLIC of this key with the attributes of a restricted signing key.
///
/// # Errors
/// The key could not be made, or it is no RSA key.
pub fn public_area(key: &Key) -> Result<Vec<u8>, Error> {
    public_area_with(key, ATTRIBUTES)
}

/// The TPMT_PUBLIC of this key with any attributes.
///
/// # Errors
/// The key could not be made, or it is no RSA key.
pub fn public_area_with(key: &Key, attributes: u32) -> Result<Vec<u8>, Error> {
    let modulus = key.modulus()?;
    let fields: [&[u8]; 11] = [
        &RSA.to_be_bytes(),
        &SHA256.to_be_bytes(),
        &attributes.to_be_bytes(),
        // No policy.
        &0_u16.to_be_bytes(),
        &NULL.to_be_bytes(),
        &RSASSA.to_be_bytes(),
        &SHA256.to_be_bytes(),
        &KEY_BITS.to_be_bytes(),
        // Zero means the usual exponent, 65537.
        &0_u32.to_be_bytes(),
        &len16(&modulus).to_be_bytes(),
        &modulus,
    ];
    Ok(fields.concat())
}

/// The name of an object with this public area: algorithm and digest, 34 bytes.
#[must_use]
pub fn name(public_area: &[u8]) -> Vec<u8> {
    [&SHA256.to_be_bytes()[..], &sha256(&[public_area])].concat()
}

/// The qualified name of a primary object of this hierarchy, 34 bytes.
#[must_use]
pub fn qualified_name(hierarchy: u32, name: &[u8]) -> Vec<u8> {
    [&SHA256.to_be_bytes()[..], &sha256(&[&hierarchy.to_be_bytes(), name])].concat()
}

/// The qualified signer of quotes under this key: a primary key of the endorsement hierarchy.
///
/// # Errors
/// The key could not be made, or it is no RSA key.
pub fn qualified_signer(key: &Key) -> Result<Vec<u8>, Error> {
    Ok(qualified_name(ENDORSEMENT, &name(&public_area(key)?)))
}
