//! From untrusted bytes to a verified quote and verified registers: the one file of this crate
//! that makes [`VerifiedQuote`] and [`VerifiedPcrs`]; what makes [`CertifiedKey`] lies under it.

mod certified;

pub use certified::{CertifiedKey, verify_certification};

use teeproof_core::{Check, Crypto, Freshness, Hex, Record, RsaKey, equal};
use teeproof_wire::tpm::{Attest, REGISTERS, SHA256, Selection, attest_bytes, rsassa_sha256};

use crate::{Error, PcrValues, Quote, SelectionProblem, checks, qualified_signer};

/// The longest nonce that a vTPM takes.
pub const MAX_NONCE: usize = 50;

/// The default exponent of a TPM's keys.
const EXPONENT: &[u8] = &[0x01, 0x00, 0x01];

/// What a quote or a certification is verified against. Everything here is the relying party's.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'k> {
    /// The attestation key, whose origin the caller has established.
    pub key: RsaKey<'k>,
    /// The nonce, or why there is none.
    pub freshness: Freshness<'k>,
    /// The cryptography.
    pub crypto: &'k Crypto<'k>,
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
    verification: &Verification<'_>,
    record: &mut dyn Record,
) -> Result<VerifiedQuote<'a>, Error> {
    let Verification { key, crypto, .. } = verification;
    let message = attest_bytes(quote.message);
    let modulus = modulus(key).ok_or(Error::Key)?;
    let signature = rsassa_sha256(quote.signature).map_err(Error::SignatureForm)?;
    crypto.rsa_pkcs1_sha256.verify(*key, &[message], signature).map_err(|_| Error::Signature)?;
    record.pass(checks::SIGNATURE, &format_args!("RSASSA with SHA-256 over {} bytes", message.len()));

    let attest = Attest::parse(message).map_err(Error::Message)?;
    record.pass(checks::FORMAT, &"TPMS_ATTEST of a quote, to its last byte");

    if attest.head.qualified_signer != qualified_signer(modulus, crypto) {
        return Err(Error::Signer);
    }
    record.pass(checks::SIGNER, &"recomputed: a restricted primary key of the endorsement hierarchy");

    freshness(attest.head.extra_data, &verification.freshness, checks::NONCE, record)?;
    let selection = selection(&attest).map_err(Error::Selection)?;
    record.pass(checks::SELECTION, &format_args!("{} registers of the SHA-256 bank", selection.count()));
    Ok(VerifiedQuote { attest, selection })
}

fn modulus<'k>(key: &RsaKey<'k>) -> Option<&'k [u8; 256]> {
    let modulus: &[u8; 256] = key.modulus.try_into().ok()?;
    // A key that a TPM could not make is all zero, for one.
    let full = modulus.first().is_some_and(|first| first & 0x80 != 0);
    (full && key.exponent == EXPONENT).then_some(modulus)
}

/// What is wrong with a nonce.
enum NonceProblem {
    Length,
    Other,
}

/// Holds `extraData` against the nonce that is demanded, if one is.
fn freshness(
    extra_data: &[u8],
    demand: &Freshness<'_>,
    check: &'static Check,
    record: &mut dyn Record,
) -> Result<(), NonceProblem> {
    let nonce = match demand {
        Freshness::Nonce(nonce) => *nonce,
        Freshness::Waived(reason) => {
            record.waive(check, reason);
            return Ok(());
        }
    };
    // No nonce at all would be matched by an attestation that answers nobody.
    if nonce.is_empty() || nonce.len() > MAX_NONCE {
        return Err(NonceProblem::Length);
    }
    if !equal(nonce, extra_data) {
        return Err(NonceProblem::Other);
    }
    record.nonce_held(check, nonce, &format_args!("extraData is the same {} bytes", nonce.len()));
    Ok(())
}

impl From<NonceProblem> for Error {
    fn from(problem: NonceProblem) -> Self {
        match problem {
            NonceProblem::Length => Self::NonceLength,
            NonceProblem::Other => Self::Nonce,
        }
    }
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
    let mut signed: [&[u8]; 24] = [&[]; 24];
    for (part, index) in signed.iter_mut().zip(selection.indices()) {
        *part = values.get(usize::from(index)).ok_or(Error::PcrMissing(index))?;
    }
    let digest = crypto.sha256.digest(&signed);
    if quote.attest.pcr_digest != digest {
        return Err(Error::PcrDigest);
    }
    let (count, digest) = (selection.count(), Hex(&digest));
    record.pass(checks::PCRS, &format_args!("{count} values, digest {digest}"));
    Ok(VerifiedPcrs { selection, values })
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
