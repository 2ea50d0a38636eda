//! CBOR values, and the one writer and reader of them.

pub use ciborium::Value;

use crate::Error;

/// The value in the shortest definite form.
pub(crate) fn to_bytes(value: &Value) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).or(Err(Error::Cbor))?;
    Ok(out)
}

/// The value of these bytes, all of them.
pub(crate) fn from_bytes(mut bytes: &[u8]) -> Result<Value, Error> {
    let value = ciborium::from_reader(&mut bytes).or(Err(Error::NotAPayload))?;
    if bytes.is_empty() { Ok(value) } else { Err(Error::NotAPayload) }
}

/// A map of indefinite length: its entries between `bf` and `ff`.
pub(crate) fn indefinite_map(entries: &[(Value, Value)]) -> Result<Vec<u8>, Error> {
    let mut out = vec![0xbf];
    for (key, value) in entries {
        out.extend(to_bytes(key)?);
        out.extend(to_bytes(value)?);
    }
    out.push(0xff);
    Ok(out)
}
