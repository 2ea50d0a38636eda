//! From untrusted bytes to a verified quote and verified registers: the one file of this crate
//! that makes [`VerifiedQuote`] and [`VerifiedPcrs`]; what makes [`CertifiedKey`] lies under it.

mod attested;
mod certified;

pub use certified::{CertifiedKey, verify_certification};

use teeproof_core::{Crypto, Freshness, Hex, Record, RsaKey};
use teeproof_wire::tpm::{Attest, REGISTERS, SHA256, Selection};

use crate::{Error, PcrValues, Quote, SelectionProblem, checks};
use attested::attested;

/// What a quote or a certification is verified against. Everything here is the relying party's.
#[derive(Clone, Copy, Debug)]
pub struct TpmVerification<'k> {
    key: RsaKey<'k>,
    freshness: Freshness<'k>,
    crypto: &'k Crypto<'k>,
}

impl<'k> TpmVerification<'k> {
    /// A verification under this attestation key, whose origin the caller has established, for this nonce or
    /// for a reason why there is none.
    pub fn new(key: RsaKey<'k>, freshness: impl Into<Freshness<'k>>, crypto: &'k Crypto<'k>) -> Self {
        Self { key, freshness: freshness.into(), crypto }
    }
}

/// A quote that the attestation key signed, of registers of the SHA-256 bank.
///
/// It can only be made by [`verify`] and borrows the very bytes whose signature was checked.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedQuote<'a> {
    attest: Attest<'a>,
    selection: Selection,
}

/// The values of the registers that a quote signed, and of no others.
///
/// It can only be made by [`verify_pcrs`].
#[derive(Clone, Debug)]
pub struct VerifiedPcrs {
    selection: Selection,
    /// Zero where the quote did not sign.
    values: [[u8; 32]; 24],
}

/// Verifies a quote under an attestation key.
///
/// Proves: the key signed this attestation of registers; for this question, where a nonce is
/// demanded.
/// Does not prove: that the key is a TPM's (the caller's business), or what the registers hold
/// ([`verify_pcrs`]).
///
/// One signature, and two hashes of fixed length after it.
///
/// # Errors
/// The first check that does not hold; every check that does was recorded before.
pub fn verify<'a>(
    quote: &Quote<'a>,
    verification: &TpmVerification<'_>,
    record: &mut dyn Record,
) -> Result<VerifiedQuote<'a>, Error> {
    let attest: Attest<'_> = attested(quote.message, quote.signature, verification, record)?;
    let selection = selection(&attest).map_err(Error::Selection)?;
    record.pass(checks::SELECTION, &format_args!("{} registers of the SHA-256 bank", selection.count()));
    Ok(VerifiedQuote { attest, selection })
}

fn selection(attest: &Attest<'_>) -> Result<Selection, SelectionProblem> {
    let mut selections = attest.selections.iter();
    let count = selections.len();
    let (Some(selection), None) = (selections.next(), selections.next()) else {
        return Err(SelectionProblem::Count(count));
    };
    if selection.bank != SHA256 {
        return Err(SelectionProblem::Bank(selection.bank));
    }
    if selection.count() == 0 {
        return Err(SelectionProblem::Empty);
    }
    Ok(selection)
}

/// Holds the values that came beside a quote against the digest that the quote signed.
///
/// Proves: each value is that of its register. Only the registers that the quote signed are hashed,
/// and only they can be read from the result; whatever else came is dropped.
///
/// # Errors
/// A signed register has no value; a bare list has another length than the selection; the digest
/// of the values is not the quote's.
pub fn verify_pcrs(
    quote: &VerifiedQuote<'_>,
    values: PcrValues<'_>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<VerifiedPcrs, Error> {
    let selection = quote.selection;
    let values = match values {
        PcrValues::Indexed(values) => indexed(selection, values)?,
        PcrValues::InSelectionOrder(bytes) => in_order(selection, bytes)?,
    };
    let value = |index| values.get(usize::from(index));
    let digest = pcr_digest(selection, value, crypto).map_err(Error::PcrMissing)?;
    if quote.attest.pcr_digest != digest {
        return Err(Error::PcrDigest);
    }
    let (count, digest) = (selection.count(), Hex(&digest));
    record.pass(checks::PCRS, &format_args!("{count} values, digest {digest}"));
    Ok(VerifiedPcrs { selection, values })
}

/// The digest of the values of the selected registers, ascending; or a register that has none.
fn pcr_digest<'v>(
    selection: Selection,
    value: impl Fn(u8) -> Option<&'v [u8; 32]>,
    crypto: &Crypto,
) -> Result<[u8; 32], u8> {
    let mut selected: [&[u8]; 24] = [&[]; 24];
    for (part, index) in selected.iter_mut().zip(selection.indices()) {
        *part = value(index).ok_or(index)?;
    }
    Ok(crypto.sha256.digest(&selected))
}

fn indexed(selection: Selection, came: &[Option<[u8; 32]>; 24]) -> Result<[[u8; 32]; 24], Error> {
    let mut values = [[0; 32]; 24];
    for ((index, value), came) in (0..REGISTERS).zip(&mut values).zip(came) {
        if selection.contains(index) {
            *value = came.ok_or(Error::PcrMissing(index))?;
        }
    }
    Ok(values)
}

fn in_order(selection: Selection, bytes: &[u8]) -> Result<[[u8; 32]; 24], Error> {
    let (came, rest) = bytes.as_chunks::<32>();
    let expected = selection.indices().count();
    if came.len() != expected || !rest.is_empty() {
        let expected_bytes = expected.saturating_mul(32);
        return Err(Error::PcrCount { expected_bytes, found_bytes: bytes.len() });
    }
    let mut values = [[0; 32]; 24];
    for (index, came) in selection.indices().zip(came) {
        if let Some(value) = values.get_mut(usize::from(index)) {
            *value = *came;
        }
    }
    Ok(values)
}

impl<'a> VerifiedQuote<'a> {
    /// What the TPM attests: the nonce, its clock, how often it was reset and whether its clock is
    /// safe, its firmware, the registers' digest.
    #[must_use]
    pub const fn attest(&self) -> &Attest<'a> {
        &self.attest
    }

    /// Which registers of the SHA-256 bank the quote signed.
    #[must_use]
    pub const fn selection(&self) -> Selection {
        self.selection
    }
}

impl VerifiedPcrs {
    /// A register's value; `None` for one that the quote did not sign.
    #[must_use]
    pub fn get(&self, index: u8) -> Option<&[u8; 32]> {
        self.values.get(usize::from(index)).filter(|_| self.selection.contains(index))
    }

    /// The registers that the quote signed, ascending, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8; 32])> {
        self.selection.indices().filter_map(|index| Some((index, self.get(index)?)))
    }
}
