//! Verification of quotes and PCR values: the only code that makes [`VerifiedQuote`] and [`VerifiedPcrs`].
//!
//! Source: TCG TPM 2.0 Library, Part 2, section 10.12.12 (TPMS_ATTEST), Part 3 (TPM2_Quote); RFC 8017, section 8.2.

mod attested;
mod certified;

pub use certified::{CertifiedKey, verify_certification};

use teeproof_core::{Crypto, Freshness, Hex, Record, RsaKey};
use teeproof_wire::tpm::{Attest, REGISTERS, SHA256, Selection};

use crate::{Error, PcrValues, Quote, SelectionProblem, checks};
use attested::verify_attestation;

/// The relying party's parameters of a verification: attestation key, nonce, crypto table.
#[derive(Clone, Copy, Debug)]
pub struct TpmVerification<'k> {
    key: RsaKey<'k>,
    freshness: Freshness<'k>,
    crypto: &'k Crypto<'k>,
}

impl<'k> TpmVerification<'k> {
    /// A verification under this attestation key, whose origin the caller has established, for this nonce or
    /// with the reason why no nonce is checked.
    pub fn new(key: RsaKey<'k>, freshness: impl Into<Freshness<'k>>, crypto: &'k Crypto<'k>) -> Self {
        Self { key, freshness: freshness.into(), crypto }
    }
}

/// A quote of PCRs of the SHA-256 bank, signed by the attestation key.
///
/// Only [`verify`] makes it; it borrows the bytes whose signature was verified.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedQuote<'a> {
    attest: Attest<'a>,
    selection: Selection,
}

/// The values of the PCRs that a quote selects, and of no others. Only [`verify_pcrs`] makes it.
#[derive(Clone, Debug)]
pub struct VerifiedPcrs {
    selection: Selection,
    /// Zero for PCRs outside of the selection.
    values: [[u8; 32]; 24],
}

/// Verifies a quote under an attestation key.
///
/// Proves: the key signed this quote; for this nonce, unless freshness is waived.
/// Does not prove: that the key is a TPM's (the caller establishes that), or the PCR values ([`verify_pcrs`]).
///
/// One signature, and two hashes of fixed length after it.
///
/// # Errors
/// The first failed check; each passed check was recorded before.
pub fn verify<'a>(
    quote: &Quote<'a>,
    verification: &TpmVerification<'_>,
    record: &mut dyn Record,
) -> Result<VerifiedQuote<'a>, Error> {
    let attest: Attest<'_> = verify_attestation(quote.message, quote.signature, verification, record)?;
    let selection = selection(&attest).map_err(Error::Selection)?;
    record.pass(checks::SELECTION, &format_args!("{} PCRs of the SHA-256 bank", selection.count()));
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

/// Verifies the PCR values of a quote against its pcrDigest.
///
/// Proves: each value is that of its PCR when the quote was made. Only the selected PCRs are hashed, and only
/// they can be read from the result; values of other PCRs are dropped.
/// Does not prove: what was measured into a PCR ([`replay`](crate::replay)).
///
/// # Errors
/// A selected PCR has no value; the size of [`PcrValues::InSelectionOrder`] is not that of the selection; the
/// values do not hash to pcrDigest.
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

/// The digest of the selected PCRs' values, ascending; the error is a PCR without a value.
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

fn indexed(selection: Selection, given: &[Option<[u8; 32]>; 24]) -> Result<[[u8; 32]; 24], Error> {
    let mut values = [[0; 32]; 24];
    for ((index, value), given) in (0..REGISTERS).zip(&mut values).zip(given) {
        if selection.contains(index) {
            *value = given.ok_or(Error::PcrMissing(index))?;
        }
    }
    Ok(values)
}

fn in_order(selection: Selection, bytes: &[u8]) -> Result<[[u8; 32]; 24], Error> {
    let (given, rest) = bytes.as_chunks::<32>();
    let expected = selection.indices().count();
    if given.len() != expected || !rest.is_empty() {
        let expected_bytes = expected.saturating_mul(32);
        return Err(Error::PcrCount { expected_bytes, found_bytes: bytes.len() });
    }
    let mut values = [[0; 32]; 24];
    for (index, given) in selection.indices().zip(given) {
        if let Some(value) = values.get_mut(usize::from(index)) {
            *value = *given;
        }
    }
    Ok(values)
}

impl<'a> VerifiedQuote<'a> {
    /// The quote's TPMS_ATTEST: extraData, clockInfo, firmwareVersion, pcrDigest.
    #[must_use]
    pub const fn attest(&self) -> &Attest<'a> {
        &self.attest
    }

    /// The PCRs of the SHA-256 bank that the quote selects.
    #[must_use]
    pub const fn selection(&self) -> Selection {
        self.selection
    }
}

impl VerifiedPcrs {
    /// A PCR's value; `None` for a PCR that the quote does not select.
    #[must_use]
    pub fn get(&self, index: u8) -> Option<&[u8; 32]> {
        self.values.get(usize::from(index)).filter(|_| self.selection.contains(index))
    }

    /// The selected PCRs with their values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8; 32])> {
        self.selection.indices().filter_map(|index| Some((index, self.get(index)?)))
    }
}
