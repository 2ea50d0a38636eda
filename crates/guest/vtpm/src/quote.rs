//! Quotes with the PCR values that they are over.

use sha2::{Digest, Sha256, Sha384, Sha512};
use teeproof_wire::tpm::{Attest, MAX_NONCE, Selection};

use crate::{Error, PcrValues, ResponseCode, Signed, Tpm, hash_bytes, response_checks};

/// How often a quote is repeated because a PCR was extended before its value was read.
const ATTEMPTS: u32 = 5;

/// A quote, and its PCR values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// TPMS_ATTEST and its signature.
    pub signed: Signed,
    /// The values, in the order of the selections.
    pub registers: Vec<PcrValues>,
}

/// Quotes PCRs under a key, and reads their values; again until the values match the quote's digest.
///
/// # Errors
/// Those of the commands; a nonce of more than [`MAX_NONCE`] bytes; a bank that the TPM does not have; a quote over
/// another nonce or selection; PCRs that change during each of five attempts.
pub fn quote(tpm: &mut dyn Tpm, key: u32, nonce: &[u8], selections: &[Selection]) -> Result<Quoted, Error> {
    if nonce.len() > MAX_NONCE {
        return Err(Error::NonceLength(nonce.len()));
    }
    for _ in 0..ATTEMPTS {
        let signed = match tpm.quote(key, nonce, selections) {
            Err(error) if error.code() == Some(ResponseCode::HASH) => {
                // Of which bank it does not say.
                let read: Result<Vec<_>, _> = selections.iter().map(|of| read_registers(tpm, *of)).collect();
                return Err(read.err().unwrap_or(error));
            }
            signed => signed?,
        };
        let registers: Vec<PcrValues> =
            selections.iter().map(|selection| read_registers(tpm, *selection)).collect::<Result<_, _>>()?;
        if is_over(&signed, nonce, selections, &registers)? {
            return Ok(Quoted { signed, registers });
        }
    }
    Err(Error::Moving { attempts: ATTEMPTS })
}

/// Reads PCRs of one bank, in as many commands as it takes.
///
/// # Errors
/// Those of the command; a bank that the TPM does not have; a response with PCRs that were not requested, or
/// without some of them.
pub fn read_registers(tpm: &mut dyn Tpm, selection: Selection) -> Result<PcrValues, Error> {
    let mut left = selection;
    let mut values = vec![None; usize::from(teeproof_wire::tpm::REGISTERS)];
    while left.bitmap != 0 {
        let answer = tpm.pcr_read(left).map_err(|error| match error.code() {
            Some(ResponseCode::HASH) => Error::NoBank(selection.bank),
            _ => error,
        })?;
        check_values(&answer, left)?;
        let got = answer.selection.bitmap;
        if got == 0 && left == selection {
            return Err(Error::NoBank(selection.bank));
        }
        if got == 0 {
            return Err(wrong_values("some of the PCRs are missing"));
        }
        for (index, value) in answer.selection.indices().zip(answer.values) {
            if let Some(place) = values.get_mut(usize::from(index)) {
                *place = Some(value);
            }
        }
        left.bitmap &= !got;
    }
    Ok(PcrValues { selection, values: values.into_iter().flatten().collect() })
}

/// The values are of requested PCRs, and of their bank's length.
fn check_values(PcrValues { selection, values }: &PcrValues, requested: Selection) -> Result<(), Error> {
    response_checks::registers(requested, &[*selection], values.len())?;
    let length = hash_bytes(requested.bank);
    if values.iter().any(|value| length.is_some_and(|length| length != value.len())) {
        return Err(wrong_values("a PCR value of another length than the bank's"));
    }
    Ok(())
}

fn wrong_values(what: &str) -> Error {
    Error::Malformed { command: "TPM2_PCR_Read", what: what.to_owned() }
}

/// Whether the quote is over these values; another nonce or selection is an error.
fn is_over(
    signed: &Signed,
    nonce: &[u8],
    selections: &[Selection],
    registers: &[PcrValues],
) -> Result<bool, Error> {
    let wrong = |what: String| Error::Malformed { command: "TPM2_Quote", what };
    let attest = Attest::parse(&signed.message).map_err(|error| wrong(error.to_string()))?;
    if attest.head.extra_data != nonce {
        return Err(wrong("a quote over another nonce".to_owned()));
    }
    if !attest.selections.iter().eq(selections.iter().copied()) {
        return Err(wrong("a quote over other PCRs".to_owned()));
    }
    let values = registers.iter().flat_map(|registers| &registers.values);
    let all: Vec<u8> = values.flatten().copied().collect();
    // The digest is made with the hash of the signature, which its length tells.
    Ok(match attest.pcr_digest.len() {
        32 => *Sha256::digest(&all) == *attest.pcr_digest,
        48 => *Sha384::digest(&all) == *attest.pcr_digest,
        64 => *Sha512::digest(&all) == *attest.pcr_digest,
        other => return Err(wrong(format!("a digest of {other} bytes"))),
    })
}
