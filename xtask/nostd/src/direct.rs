//! The crates that need no allocator, under a table that refuses every signature: the code up to the first
//! signature runs, and the code after it is linked.

use teeproof_core::{BadSignature, Crypto, Digest, Freshness, RsaKey, VerifyEcdsa, VerifyRsa};
use teeproof_nitro::{Appraisal, Moment};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Revocation;

use crate::vectors::{AK, AT, CHALLENGE, QuoteFile, VCEK};

/// Whether this variant verifies signatures.
pub(crate) const CAN_VERIFY: bool = false;

/// The exit code of the command for a report.
pub(crate) fn snp(report: &[u8]) -> u8 {
    let Ok(vcek) = Certificate::parse(VCEK) else {
        return 1;
    };
    let verification = teeproof_snp::SnpVerification::new(Freshness::Waived(WHY), AT, &NOTHING)
        .revocation(Revocation::Unchecked(WHY));
    let certificates = [vcek];
    let endorsements = teeproof_snp::Endorsements::new(&certificates);
    match teeproof_snp::verify(report, &endorsements, &verification, &mut ()) {
        Ok(verified) if teeproof_snp::appraise(&verified, &teeproof_snp::SnpPolicy::genuine(), &mut ()) => 0,
        Ok(_) => 6,
        Err(error) => crate::exit_code(error.class()),
    }
}

/// The exit code of the command for a document.
pub(crate) fn nitro(document: &[u8]) -> u8 {
    let verification =
        teeproof_nitro::NitroVerification::new(Freshness::Waived(WHY), Moment::OfDocument, &NOTHING)
            .revocation(Revocation::Unchecked(WHY))
            .options(teeproof_nitro::NitroOptions::USUAL.skew_secs(0));
    match teeproof_nitro::verify(document, &verification, &mut ()) {
        Ok(verified) => {
            let policy = teeproof_nitro::NitroPolicy::genuine();
            match teeproof_nitro::appraise(&verified, &policy, &NOTHING, &mut ()) {
                Appraisal::Accepted => 0,
                _ => 6,
            }
        }
        Err(error) => crate::exit_code(error.class()),
    }
}

/// The exit code of the command for a TPM's quote, with PCR values and event log.
pub(crate) fn quote(file: &[u8]) -> u8 {
    let Some(file) = QuoteFile::split(file) else {
        return 3;
    };
    let verification = teeproof_tpm::TpmVerification::new(
        RsaKey { modulus: &AK, exponent: &[1, 0, 1] },
        Freshness::nonce(CHALLENGE).unwrap(),
        &NOTHING,
    );
    match tpm(&file, &verification) {
        Ok(true) => 0,
        Ok(false) => 6,
        Err(error) => crate::exit_code(error.class()),
    }
}

fn tpm(
    file: &QuoteFile<'_>,
    verification: &teeproof_tpm::TpmVerification<'_>,
) -> Result<bool, teeproof_tpm::Error> {
    let quote = teeproof_tpm::Quote::new(file.message, file.signature);
    let quote = teeproof_tpm::verify(&quote, verification, &mut ())?;
    let values = teeproof_tpm::PcrValues::InSelectionOrder(file.registers);
    let pcrs = teeproof_tpm::verify_pcrs(&quote, values, &NOTHING, &mut ())?;
    let log = match file.log {
        [] => None,
        log => Some(teeproof_tpm::replay(log, &pcrs, &NOTHING, &mut ())?),
    };
    let policy = teeproof_tpm::TpmPolicy::waived(WHY);
    Ok(teeproof_tpm::appraise(Some(&pcrs), log.as_ref(), &policy, &mut ()))
}

const WHY: &str = "a recorded vector";

struct Nothing;

impl<const N: usize> Digest<N> for Nothing {
    fn digest(&self, _: &[&[u8]]) -> [u8; N] {
        [0; N]
    }
}

impl VerifyEcdsa for Nothing {
    fn verify(&self, _: &[u8], _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        Err(BadSignature)
    }
}

impl VerifyRsa for Nothing {
    fn verify(&self, _: RsaKey<'_>, _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        Err(BadSignature)
    }
}

static NOTHING: Crypto = Crypto {
    name: "nothing",
    sha256: &Nothing,
    sha384: &Nothing,
    sha512: &Nothing,
    ecdsa_p256_sha256: &Nothing,
    ecdsa_p384_sha384: &Nothing,
    rsa_pss_sha384: &Nothing,
    rsa_pkcs1_sha256: &Nothing,
    rsa_pkcs1_sha384: &Nothing,
    rsa_pkcs1_sha512: &Nothing,
};
