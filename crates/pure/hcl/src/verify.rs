//! Verification of an Azure confidential VM. Only this module makes a [`VerifiedVm`], on SEV-SNP, and only those below
//! it a [`VerifiedTdVm`], on TDX, and the [`VerifiedVtpm`] of both.
//!
//! Source: `igvm_attest/get.rs` of microsoft/openvmm; AMD document 56860, ATTESTATION_REPORT.

mod again;
mod bound_key;
mod td_report;
mod tdx;
mod vtpm;

pub use again::verify_snp_again;
pub use bound_key::{BoundKey, BoundKeyError};
pub use tdx::{VerifiedTdVm, verify_tdx};
pub use vtpm::VerifiedVtpm;

use core::ops::Deref;

use teeproof_core::{Crypto, Freshness, Record, Time, equal};
use teeproof_snp::{Endorsements, ReportData, VerifiedReport};
use teeproof_tdx::{CollateralCache, TdReportData, TdxEvidenceView, TdxVerification};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HashType, HclReport, ReportType};
use teeproof_x509::{AnchorKind, PathOptions, VerifiedSignature};

use crate::{Error, OriginGrounds, checks};

/// The unverified evidence of an Azure confidential VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HclEvidence<'a> {
    /// The HCL report: all of NV index 0x01400001 of the vTPM.
    pub report: &'a [u8],
    /// The TD quote that Azure's service made from the TDREPORT (TDX).
    pub td_quote: Option<TdxEvidenceView<'a>>,
    /// A TPM quote under the vTPM's attestation key.
    pub quote: Option<Quote<'a>>,
    /// The values of the PCRs that the quote selects.
    pub pcrs: Option<PcrValues<'a>>,
    /// The TCG event log, binary.
    pub log: Option<&'a [u8]>,
    /// Whether the attester's protocol also puts the nonce into user-data, as version 2 of Confidential
    /// Containers does; the nonce is then required there.
    pub nonce_in_user_data: bool,
}

impl<'a> HclEvidence<'a> {
    /// The paravisor's report alone.
    #[must_use]
    pub const fn new(report: &'a [u8]) -> Self {
        Self { report, td_quote: None, quote: None, pcrs: None, log: None, nonce_in_user_data: false }
    }

    /// With the TD quote that Azure's service made from the TDREPORT (TDX).
    #[must_use]
    pub fn td_quote(self, td_quote: impl Into<Option<TdxEvidenceView<'a>>>) -> Self {
        Self { td_quote: td_quote.into(), ..self }
    }

    /// With a quote of the vTPM.
    #[must_use]
    pub fn quote(self, quote: impl Into<Option<Quote<'a>>>) -> Self {
        Self { quote: quote.into(), ..self }
    }

    /// With the PCR values of the quote.
    #[must_use]
    pub fn pcrs(self, pcrs: impl Into<Option<PcrValues<'a>>>) -> Self {
        Self { pcrs: pcrs.into(), ..self }
    }

    /// With the binary event log.
    #[must_use]
    pub fn log(self, log: impl Into<Option<&'a [u8]>>) -> Self {
        Self { log: log.into(), ..self }
    }

    /// Whether the protocol that carried the evidence says that user-data is the nonce too.
    #[must_use]
    pub const fn nonce_in_user_data(self, nonce_in_user_data: bool) -> Self {
        Self { nonce_in_user_data, ..self }
    }
}

/// The relying party's input to a verification.
#[derive(Clone, Copy, Debug)]
pub struct HclVerification<'a> {
    pub(crate) path: PathOptions<'a>,
    pub(crate) freshness: Freshness<'a>,
    pub(crate) user_data: Option<&'a [u8]>,
    pub(crate) at: Time,
    collateral_cache: Option<&'a CollateralCache>,
}

impl<'a> HclVerification<'a> {
    /// A verification with a nonce (in the quote, or in user-data of evidence without a quote) or the reason for
    /// a waiver, and the time at which certificates must be valid. Only the pinned roots are anchors, no
    /// signature is cached, user-data is not compared with anything else, and revocation is waived.
    pub fn new(freshness: impl Into<Freshness<'a>>, at: Time, crypto: &'a Crypto<'a>) -> Self {
        let path = PathOptions::new(crypto);
        Self { path, freshness: freshness.into(), user_data: None, at, collateral_cache: None }
    }

    teeproof_x509::path_option_setters!('a, path, and_all);

    /// With another nonce, or the reason for a waiver.
    #[must_use]
    pub fn freshness(self, freshness: impl Into<Freshness<'a>>) -> Self {
        Self { freshness: freshness.into(), ..self }
    }

    /// With data that user-data must equal, zero-extended to 64 bytes, in addition to a nonce in the quote.
    #[must_use]
    pub fn user_data(self, user_data: impl Into<Option<&'a [u8]>>) -> Self {
        Self { user_data: user_data.into(), ..self }
    }

    /// With parsed collateral of TDX platforms whose quotes were verified before.
    #[must_use]
    pub fn collateral_cache(self, cache: impl Into<Option<&'a CollateralCache>>) -> Self {
        Self { collateral_cache: cache.into(), ..self }
    }

    /// The input to the verification of the SNP report.
    fn of_report(&self) -> teeproof_snp::SnpVerification<'a> {
        let report_data = ReportData::ForCaller("REPORT_DATA holds the claims' hash: see hcl.binding");
        let verification = teeproof_snp::SnpVerification::new(report_data, self.at, self.path.crypto);
        verification.path_options(self.path)
    }

    /// The input to the verification of the TD quote.
    fn of_td_quote(&self) -> TdxVerification<'a> {
        let report_data = TdReportData::ForCaller("REPORTDATA holds the claims' hash: see hcl.binding");
        let verification =
            TdxVerification::new(report_data, self.at, self.path.crypto).path_options(self.path);
        match self.collateral_cache {
            Some(cache) => verification.collateral_cache(cache),
            None => verification,
        }
    }
}

/// A VM whose runtime claims a genuine AMD processor has authenticated. Its vTPM is that of [`VerifiedVtpm`].
///
/// Made by [`verify_snp`] and [`verify_snp_again`] only. Each part authenticates the next: report, claims,
/// attestation key, quote, PCR values, event log.
#[derive(Clone, Debug)]
pub struct VerifiedVm<'a> {
    envelope: HclReport<'a>,
    report: VerifiedReport<'a>,
    vtpm: VerifiedVtpm<'a>,
}

/// Verifies the evidence of an Azure confidential VM on SEV-SNP.
///
/// Proves: firmware of a genuine AMD processor signed a report over these claims, at the privilege level
/// of a paravisor; the claims' attestation key signed the quote, if there is one, and the quote the PCR
/// values.
/// Does not prove: that Azure's paravisor requested the report, and not another SNP guest: see
/// [`crate::HclPolicy::origin`] and the crate's documentation.
///
/// Work before the first signature is bounded by the size of the report and the number of certificates.
/// Real evidence costs two signatures for the report, two or three for the AK certificate and one for the
/// quote; with a cache, the quote's alone. AK certificates for other keys are ignored; the chains of the
/// others cost at most [`crate::MAX_AK_SIGNATURES`], plus one signature for each revocation list.
///
/// # Errors
/// The first check that fails; every check that passes is recorded before.
pub fn verify_snp<'a>(
    evidence: &HclEvidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVm<'a>, Error> {
    let envelope = envelope(evidence.report, ReportType::SNP, record)?;
    whole(envelope, evidence, endorsements, verification, record)
}

/// Verifies all evidence, given a parsed envelope.
fn whole<'a>(
    envelope: HclReport<'a>,
    evidence: &HclEvidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVm<'a>, Error> {
    let crypto = verification.path.crypto;
    let report = hardware(&envelope, endorsements, verification, record)?;
    bind(&envelope, report.report().report_data(), crypto, record)?;
    let vtpm = vtpm::verify(&envelope, evidence, endorsements, verification, record)?;
    Ok(VerifiedVm { envelope, report, vtpm })
}

/// Parses the envelope, which must contain a hardware report of this type.
fn envelope<'a>(
    bytes: &'a [u8],
    expected: ReportType,
    record: &mut dyn Record,
) -> Result<HclReport<'a>, Error> {
    let envelope = HclReport::parse(bytes).map_err(Error::Report)?;
    envelope.check_supported().map_err(Error::Report)?;
    let found = envelope.report_type;
    if found != expected {
        return Err(Error::Hardware { expected, found });
    }
    let (version, data) = (envelope.version, envelope.request_data_version);
    let claims = envelope.claims().len();
    record.pass(
        checks::FORMAT,
        &format_args!("{found}, version {version}, request data {data}, claims of {claims} bytes"),
    );
    Ok(envelope)
}

/// Verifies the SNP report and its VMPL: at any level but 0 the guest's kernel can request a report over
/// data of its choice.
fn hardware<'a>(
    envelope: &HclReport<'a>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let bytes: &[u8] = match envelope.hardware() {
        Hardware::Snp(bytes) => bytes,
        _ => &[],
    };
    let endorsements = Endorsements::new(endorsements);
    let verified = teeproof_snp::verify(bytes, &endorsements, &verification.of_report(), record);
    let verified = verified.map_err(Error::Snp)?;
    match verified.report().vmpl() {
        0 => record.pass(checks::VMPL, &"VMPL 0"),
        vmpl => return Err(Error::Vmpl(vmpl)),
    }
    Ok(verified)
}

/// Checks that REPORT_DATA is the hash of the claims' bytes followed by zeros, in all 64 bytes. Everything
/// else in the envelope is unauthenticated.
fn bind(
    envelope: &HclReport<'_>,
    report_data: &[u8; 64],
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<(), Error> {
    let claims = &[envelope.claims()];
    let expected = match envelope.report_data_hash_type {
        HashType::SHA256 => extended(&crypto.sha256.digest(claims)),
        HashType::SHA384 => extended(&crypto.sha384.digest(claims)),
        HashType::SHA512 => extended(&crypto.sha512.digest(claims)),
        _ => None,
    };
    if !expected.is_some_and(|expected| equal(&expected, report_data)) {
        return Err(Error::Binding);
    }
    let hash = envelope.report_data_hash_type;
    record.pass(checks::BINDING, &format_args!("REPORT_DATA is {hash} of the claims, the rest is zero"));
    Ok(())
}

/// Bytes zero-extended to 64; `None` for more than 64.
pub(crate) fn extended(bytes: &[u8]) -> Option<[u8; 64]> {
    let mut extended = [0; 64];
    extended.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(extended)
}

impl<'a> VerifiedVm<'a> {
    /// The verified SNP report.
    #[must_use]
    pub const fn report(&self) -> &VerifiedReport<'a> {
        &self.report
    }

    /// The claims and the vTPM under them; its methods can be called on the VM as well.
    #[must_use]
    pub const fn vtpm(&self) -> &VerifiedVtpm<'a> {
        &self.vtpm
    }

    /// The signatures to cache for further evidence of the same VM: those of the report's and the AK
    /// certificate's chain, and the report's own.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        let report = self.report.path().path().signatures();
        report.chain(self.vtpm.signatures()).chain(core::iter::once(self.report.statement()))
    }

    /// The grounds that show that Azure's paravisor made the report. Some need the policy for the SNP report.
    #[must_use]
    pub fn origin(&self, snp: Option<&teeproof_snp::SnpPolicy<'_>>) -> OriginGrounds {
        OriginGrounds::of_snp(self, snp)
    }

    /// The kind of anchor: pinned if every chain ends at a pinned root, added otherwise.
    #[must_use]
    pub fn anchor(&self) -> AnchorKind {
        self.vtpm.anchor_with(self.report.anchor())
    }

    /// Whether every chain ends at a pinned root.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.anchor().is_pinned()
    }
}

// No `DerefMut`: it would let safe code pair the vTPM of one VM with the report of another.
impl<'a> Deref for VerifiedVm<'a> {
    type Target = VerifiedVtpm<'a>;

    fn deref(&self) -> &VerifiedVtpm<'a> {
        &self.vtpm
    }
}
