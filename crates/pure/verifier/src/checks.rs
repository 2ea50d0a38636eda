//! The list of every check, and the checks of this crate.

use alloc::vec::Vec;

use teeproof_core::{Check, Class, Technology};

/// `policy.technology`: the policy accepts evidence of this technology.
pub const POLICY_TECHNOLOGY: &Check = &Check {
    id: "policy.technology",
    title: "technology of the evidence",
    proves: "The relying party accepts evidence of this technology.",
    hint: "Accept the technology in the request, and give the policy a section for it.",
    source: "teeproof, ARCHITECTURE.md, invariants",
    classes: &[Class::Refused],
};

/// `bundle.redacted`: nothing was replaced in the evidence.
pub const BUNDLE_REDACTED: &Check = &Check {
    id: "bundle.redacted",
    title: "evidence without redaction",
    proves: "Nothing in the evidence was replaced before it was passed on.",
    hint: "Ask whoever redacted the bundle for the original, or let them verify it.",
    source: "teeproof, docs/bundle.md, redaction",
    classes: &[Class::Incomplete],
};

/// `input.ignored`: nothing given with the evidence was ignored.
pub const INPUT_IGNORED: &Check = &Check {
    id: "input.ignored",
    title: "unused input",
    proves: "Everything given with the evidence was used.",
    hint: "Nothing needs to be done; a newer version may know the member.",
    source: "teeproof, ARCHITECTURE.md, invariants",
    classes: &[],
};

/// `revocation.unused`: every revocation list that was given was used.
pub const REVOCATION_UNUSED: &Check = &Check {
    id: "revocation.unused",
    title: "revocation lists that were not used",
    proves: "Each revocation list that was given is of an issuer in a chain of the evidence, and current.",
    hint: "This CRL's issuer is in no chain of this evidence, or signs no CRLs (no cRLSign), or there is a more recent CRL of the same issuer. Give the current CRL of the chain's root or intermediate.",
    source: "RFC 5280, section 5",
    classes: &[],
};

/// `collateral.unused`: every TCB info and QE identity that was given was used.
pub const COLLATERAL_UNUSED: &Check = &Check {
    id: "collateral.unused",
    title: "collateral that was not used",
    proves: "Each TCB info and QE identity that was given is the one by which the TCB was evaluated.",
    hint: "This document is for another platform, not current, not signed by Intel, or older than another one. Give the current TCB info of the platform's FMSPC and the current QE identity alone.",
    source: "Intel PCS API version 4",
    classes: &[],
};

/// Every check, in the order in which they are made.
pub fn all_checks() -> impl Iterator<Item = &'static Check> {
    use teeproof_hcl::checks as hcl;
    use teeproof_nitro::checks as nitro;
    use teeproof_nitro::nitrotpm::checks as nitro_tpm;
    use teeproof_snp::checks as snp;
    use teeproof_tdx::checks as tdx;
    use teeproof_tpm::checks as tpm;
    [INPUT_IGNORED, POLICY_TECHNOLOGY, BUNDLE_REDACTED, REVOCATION_UNUSED, COLLATERAL_UNUSED]
        .into_iter()
        .chain([snp::VERIFY, snp::APPRAISE, tdx::VERIFY, tdx::LOG, tdx::APPRAISE].concat())
        .chain([hcl::VERIFY, tpm::VERIFY, hcl::APPRAISE, tpm::APPRAISE].concat())
        .chain(tpm::PCR)
        .chain([nitro::VERIFY, nitro::APPRAISE].concat())
        .chain(nitro::PCR)
        .chain([nitro_tpm::VERIFY, nitro_tpm::APPRAISE].concat())
        .chain(nitro_tpm::PCR)
}

/// The check with this id, `nitro.nonce`; `None` for an unknown id.
#[must_use]
pub fn find_check(id: &str) -> Option<&'static Check> {
    all_checks().find(|check| check.id == id)
}

/// The checks of a technology's verification, in order.
pub(crate) fn of_verification(technology: Technology) -> Vec<&'static Check> {
    match technology {
        Technology::Snp => teeproof_snp::checks::VERIFY.to_vec(),
        Technology::Tdx => [teeproof_tdx::checks::VERIFY, teeproof_tdx::checks::LOG].concat(),
        Technology::AzureSnp => azure_snp(),
        Technology::AzureTdx => azure_tdx(),
        Technology::Nitro => teeproof_nitro::checks::VERIFY.to_vec(),
        Technology::NitroTpm => teeproof_nitro::nitrotpm::checks::VERIFY.to_vec(),
        _ => Vec::new(),
    }
}

/// From the processor's signature down to what the guest wrote.
fn azure_snp() -> Vec<&'static Check> {
    use teeproof_hcl::checks::{AK_CHAIN, AK_KEY, AK_REVOCATION, BINDING, CLAIMS, FORMAT, USER_DATA, VMPL};
    [
        &[FORMAT],
        teeproof_snp::checks::VERIFY,
        &[VMPL, BINDING, CLAIMS, AK_KEY, AK_CHAIN, AK_REVOCATION],
        teeproof_tpm::checks::VERIFY,
        &[USER_DATA],
    ]
    .concat()
}

/// From the quoting enclave's signature down to what the guest wrote.
fn azure_tdx() -> Vec<&'static Check> {
    use teeproof_hcl::checks::{
        AK_CHAIN, AK_KEY, AK_REVOCATION, BINDING, CLAIMS, FORMAT, TD_QUOTE, TD_REPORT, TD_REPORT_QUOTE,
        USER_DATA,
    };
    [
        &[FORMAT, TD_REPORT, TD_QUOTE],
        teeproof_tdx::checks::VERIFY,
        &[TD_REPORT_QUOTE, BINDING, CLAIMS, AK_KEY, AK_CHAIN, AK_REVOCATION],
        teeproof_tpm::checks::VERIFY,
        &[USER_DATA],
    ]
    .concat()
}
