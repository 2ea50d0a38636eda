//! The claims held against the hardware report that is to vouch for them.

use teeproof_core::{Crypto, Record, equal};
use teeproof_wire::hcl::{HashType, HclReport};

use crate::{Error, checks};

/// Checks that all 64 bytes of the report's data are the hash of the claims, as they came,
/// followed by zeros. What the envelope says besides is attacker-controlled; this is what counts.
pub(crate) fn bind(
    envelope: &HclReport<'_>,
    report_data: &[u8; 64],
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<(), Error> {
    let claims = &[envelope.claims()];
    let expected = match envelope.report_data_hash_type {
        HashType::SHA256 => extended(&crypto.sha256.digest(claims)),
        HashType::SHA384 => extended(&crypto.sha384.digest(claims)),
        HashType::SHA512 => extended(&crypto.sha512.digest(claims)),
        _ => None,
    };
    if !expected.is_some_and(|expected| equal(&expected, report_data)) {
        return Err(Error::Binding);
    }
    let hash = envelope.report_data_hash_type;
    record.pass(checks::BINDING, &format_args!("REPORT_DATA is {hash} of the claims, the rest is zero"));
    Ok(())
}

/// Bytes followed by zeros, where they fit.
pub(crate) fn extended(bytes: &[u8]) -> Option<[u8; 64]> {
    let mut extended = [0; 64];
    extended.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(extended)
}
