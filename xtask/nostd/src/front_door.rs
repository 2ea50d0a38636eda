//! The front door with the pure-Rust table: real signatures, without std.

use teeproof::{Evidence, NitroOptions, Policy, Request, verify};
use teeproof_core::{Freshness, RsaKey, Technology};
use teeproof_nitro::Moment;
use teeproof_rustcrypto::TABLE;
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Revocation;

use crate::vectors::{AK, AT, CHALLENGE, QuoteFile, VCEK};

/// Whether this variant verifies signatures.
pub(crate) const CAN_VERIFY: bool = true;

/// The exit code of the command for a report.
pub(crate) fn snp(report: &[u8]) -> u8 {
    match Certificate::parse(VCEK) {
        Ok(vcek) => exit(&Evidence::Snp(report), &[vcek], Moment::At(AT)),
        Err(_) => 1,
    }
}

/// The exit code of the command for a document.
pub(crate) fn nitro(document: &[u8]) -> u8 {
    exit(&Evidence::Nitro(document), &[], Moment::OfDocument)
}

/// The exit code of the command for a report of Azure's paravisor on AMD's processors, alone.
pub(crate) fn azure_snp(report: &[u8]) -> u8 {
    exit(&Evidence::AzureSnp(bare(report)), &[], Moment::At(AT))
}

/// The exit code of the command for a report of Azure's paravisor on TDX, alone.
pub(crate) fn azure_tdx(report: &[u8]) -> u8 {
    exit(&Evidence::AzureTdx(bare(report)), &[], Moment::At(AT))
}

/// The exit code of the command for a TD quote, without collateral.
pub(crate) fn tdx(quote: &[u8]) -> u8 {
    match teeproof_tdx::TdxEvidence::parse(quote) {
        Ok(quote) => exit(&Evidence::Tdx { quote: quote.view(), log: None }, &[], Moment::At(AT)),
        Err(error) => crate::exit_code(error.class()),
    }
}

fn bare(report: &[u8]) -> teeproof_hcl::HclEvidence<'_> {
    teeproof_hcl::HclEvidence::new(report)
}

/// The exit code of the command for a TPM's quote, with PCR values, one of them zero.
pub(crate) fn quote(file: &[u8]) -> u8 {
    let Some(file) = QuoteFile::split(file) else {
        return 3;
    };
    let Ok(freshness) = Freshness::nonce(CHALLENGE) else {
        return 1;
    };
    let verification =
        teeproof_tpm::TpmVerification::new(RsaKey { modulus: &AK, exponent: &[1, 0, 1] }, freshness, &TABLE);
    let quote = Quote::new(file.message, file.signature);
    let values = PcrValues::InSelectionOrder(file.registers);
    let pcrs = teeproof_tpm::verify(&quote, &verification, &mut ())
        .and_then(|quote| teeproof_tpm::verify_pcrs(&quote, values, &TABLE, &mut ()));
    match pcrs {
        Ok(pcrs) if pcrs.get(UNUSED) == Some(&[0; 32]) && file.log.is_empty() => 0,
        Ok(_) => 6,
        Err(error) => crate::exit_code(error.class()),
    }
}

/// A PCR that is never extended.
const UNUSED: u8 = 16;

/// 0 if an image is built, measured in parts, and has the PCR2 of an image without an application.
pub(crate) fn image() -> u8 {
    use teeproof_eif::{Architecture, ImageSettings, Measurer, NewImage, build};
    let image = NewImage {
        settings: ImageSettings::new(Architecture::X86_64),
        kernel: b"a kernel",
        command_line: "console=ttyS0",
        metadata: b"{}",
        ramdisks: &[b"a ramdisk"],
        signature: None,
    };
    let Ok(bytes) = build(&image) else { return 1 };
    let mut measurer = Measurer::<teeproof_rustcrypto::Sha384Stream>::new();
    if bytes.chunks(100).any(|part| measurer.update(part).is_err()) {
        return 3;
    }
    match measurer.finish() {
        Ok(image) if image.measurements().pcr2.starts_with(&[0x21, 0xb9, 0xef, 0xbc]) => 0,
        Ok(_) => 6,
        Err(error) => crate::exit_code(error.class()),
    }
}

fn exit(evidence: &Evidence<'_>, endorsements: &[Certificate<'_>], at: Moment) -> u8 {
    let policy = Policy::genuine();
    let request = Request::new(Technology::ALL, Freshness::Waived(WHY), at, &TABLE)
        .endorsements(endorsements)
        .revocation(Revocation::Unchecked(WHY))
        .nitro(NitroOptions::USUAL.skew_secs(0))
        .policy(&policy);
    verify(evidence, &request).map_or(2, |result| result.class().map_or(0, crate::exit_code))
}

const WHY: &str = "a recorded vector";
