//! A quote together with the values that it is over.

use sha2::{Digest, Sha256, Sha384, Sha512};
use teeproof_wire::tpm::{Attest, MAX_NONCE, Selection};

use crate::{Error, PcrValues, ResponseCode, Signed, Tpm, hash_bytes, held};

/// How often a quote is made anew because a register was extended between it and the reading.
const ATTEMPTS: u32 = 5;

/// A quote, and the values of its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// TPMS_ATTEST and its signature.
    pub signed: Signed,
    /// The values, in the order of the selections.
    pub registers: Vec<PcrValues>,
}

/// Quotes registers under a key, and reads their values until they are those of the quote.
///
/// # Errors
/// Those of the commands; a nonce of more than [`MAX_NONCE`] bytes; a bank that the TPM does not
/// have; an answer that is no quote over what was asked for; registers that change all the time.
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

/// Reads registers of one bank, however many answers it takes.
///
/// # Errors
/// Those of the command; a bank that the TPM does not have; an answer with other registers than
/// were asked for, or without some of them.
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
            return Err(wrong_values("some of the registers are missing"));
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

/// That these are values of registers that were asked for, as long as their bank has them.
fn check_values(PcrValues { selection, values }: &PcrValues, asked: Selection) -> Result<(), Error> {
    held::registers(asked, &[*selection], values.len())?;
    let length = hash_bytes(asked.bank);
    if values.iter().any(|value| length.is_some_and(|length| length != value.len())) {
        return Err(wrong_values("a value of another length than the bank's"));
    }
    Ok(())
}

fn wrong_values(what: &str) -> Error {
    Error::Malformed { command: "TPM2_PCR_Read", what: what.to_owned() }
}

/// Whether the quote is over these values. That it is over the nonce and the registers is demanded.
fn is_over(
    signed: &Signed,
    nonce: &[u8],
    selections: &[Selection],
    registers: &[PcrValues],
) -> Result<bool, Error> {
    let wrong = |what: String| Error::Malformed { command: "TPM2_Quote", what };
    let attest = Attest::parse(&signed.message).map_err(|error| wrong(error.to_string()))?;
    if attest.head.extra_data != nonce {
        return Err(wrong("another nonce than was asked for".to_owned()));
    }
    if !attest.selections.iter().eq(selections.iter().copied()) {
        return Err(wrong("other registers than were asked for".to_owned()));
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
