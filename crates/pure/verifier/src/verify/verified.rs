//! Verified evidence, and what it has in common over all technologies.

use alloc::boxed::Box;
use alloc::vec::Vec;

#[cfg(feature = "policy-file")]
use teeproof_x509::AnchoredPath;
use teeproof_x509::{AnchorKind, VerifiedSignature};

/// Verified evidence; only verification can make the value of a variant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verified<'a> {
    /// A verified SEV-SNP report; see [`VerifiedReport`](crate::VerifiedReport).
    Snp(Box<teeproof_snp::VerifiedReport<'a>>),
    /// A verified TD quote with its event log; see [`VerifiedTd`].
    Tdx(Box<VerifiedTd<'a>>),
    /// A verified Azure confidential VM on SEV-SNP; see [`VerifiedVm`](crate::VerifiedVm).
    AzureSnp(Box<teeproof_hcl::VerifiedVm<'a>>),
    /// A verified Azure confidential VM on TDX; see [`VerifiedTdVm`](crate::VerifiedTdVm).
    AzureTdx(Box<teeproof_hcl::VerifiedTdVm<'a>>),
    /// A verified Nitro document; see [`VerifiedDocument`](crate::VerifiedDocument).
    Nitro(Box<teeproof_nitro::VerifiedDocument<'a>>),
    /// A verified NitroTPM document; see [`VerifiedNitroTpm`](crate::VerifiedNitroTpm).
    NitroTpm(Box<teeproof_nitro::nitrotpm::VerifiedNitroTpm<'a>>),
}

/// A verified TD quote, and the event log (CCEL) that was replayed to its RTMRs, if there is one.
#[derive(Clone, Debug)]
pub struct VerifiedTd<'a> {
    pub(super) quote: teeproof_tdx::VerifiedQuote<'a>,
    pub(super) log: Option<teeproof_tdx::RtmrLog<'a>>,
}

impl<'a> VerifiedTd<'a> {
    /// The verified quote.
    #[must_use]
    pub const fn quote(&self) -> &teeproof_tdx::VerifiedQuote<'a> {
        &self.quote
    }

    /// The event log; `None` if the evidence lacks it.
    #[must_use]
    pub const fn log(&self) -> Option<&teeproof_tdx::RtmrLog<'a>> {
        self.log.as_ref()
    }
}

impl<'a> Verified<'a> {
    /// The verified signatures of the evidence and its chains, for a [`SignatureCache`](crate::SignatureCache): later
    /// evidence of the same machine or the same issuers need not verify them again.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + '_ {
        let signatures: Vec<_> = match self {
            Self::Snp(report) => report.path().path().signatures().collect(),
            Self::Nitro(document) => document.path().path().signatures().collect(),
            Self::NitroTpm(document) => document.path().path().signatures().collect(),
            Self::Tdx(td) => td.quote.signatures().collect(),
            Self::AzureSnp(vm) => vm.signatures().collect(),
            Self::AzureTdx(vm) => vm.signatures().collect(),
        };
        signatures.into_iter()
    }

    /// The certificate chains of the evidence.
    #[cfg(feature = "policy-file")]
    pub(crate) fn paths(&self) -> impl Iterator<Item = &AnchoredPath<'a>> {
        let (path, ak) = match self {
            Self::Snp(report) => (report.path(), None),
            Self::Tdx(td) => (td.quote.path(), None),
            Self::Nitro(document) => (document.path(), None),
            Self::NitroTpm(document) => (document.path(), None),
            Self::AzureSnp(vm) => (vm.report().path(), vm.ak_path()),
            Self::AzureTdx(vm) => (vm.td_quote().path(), vm.ak_path()),
        };
        core::iter::once(path.path()).chain(ak.map(|ak| ak.path().path()))
    }

    /// [`AnchorKind`] of the chains: pinned if every chain ends at a pinned anchor, else added.
    #[must_use]
    pub fn anchor(&self) -> AnchorKind {
        match self {
            Self::Snp(report) => report.anchor(),
            Self::Nitro(document) => document.anchor(),
            Self::NitroTpm(document) => document.anchor(),
            Self::Tdx(td) => td.quote.anchor(),
            Self::AzureSnp(vm) => vm.anchor(),
            Self::AzureTdx(vm) => vm.anchor(),
        }
    }
}
