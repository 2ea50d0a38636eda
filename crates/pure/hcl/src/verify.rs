//! The one place that makes a [`VerifiedVm`]; what makes [`BoundKey`] lies under it.

mod again;
mod bound_key;

pub use again::verify_snp_again;
pub use bound_key::{BoundKey, BoundKeyError};

use alloc::sync::Arc;

use teeproof_core::{Crypto, Freshness, Record, Time};
use teeproof_snp::{Endorsements, ReportData, VerifiedReport};
use teeproof_tpm::{VerifiedLog, VerifiedPcrs, VerifiedQuote};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HclReport, ReportType};
use teeproof_x509::{AnchorKind, Anchors, CachedSignatures, Revocation, VerifiedSignature};

use crate::ak::{self, AkKey};
use crate::binding::bind;
use crate::{AkPath, Claims, Error, Evidence, OriginGrounds, checks, user_data};

/// What a relying party decides before it looks at the evidence.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// Root certificates that are trusted besides AMD's and those of Azure's vTPMs.
    pub anchors: Anchors<'a>,
    /// Signatures that were verified before.
    pub cache: CachedSignatures<'a>,
    /// The nonce, in the quote or, where there is none, in user-data; or why there is none.
    pub freshness: Freshness<'a>,
    /// What user-data must hold besides, zero-extended to 64 bytes.
    pub user_data: Option<&'a [u8]>,
    /// Revocation lists, or why revocation is not checked.
    pub revocation: Revocation<'a>,
    /// The time at which the certificates must be valid.
    pub at: Time,
    /// The cryptography.
    pub crypto: &'a Crypto<'a>,
}

impl<'a> Verification<'a> {
    /// What the hardware report in the envelope is verified against.
    fn of_report(&self) -> teeproof_snp::Verification<'a> {
        let Self { anchors, cache, revocation, at, crypto, .. } = *self;
        let report_data = ReportData::ForCaller("REPORT_DATA holds the claims' hash: see hcl.binding");
        teeproof_snp::Verification { anchors, cache, report_data, revocation, at, crypto }
    }
}

/// A VM whose paravisor's claims a genuine AMD processor vouches for.
///
/// It can only be made by [`verify_snp`]. Each part was believed only for the part before it:
/// report, claims, attestation key, quote, registers, log.
#[derive(Clone, Debug)]
pub struct VerifiedVm<'a> {
    envelope: HclReport<'a>,
    report: VerifiedReport<'a>,
    /// Shared with what is verified of the same VM later.
    claims: Arc<Claims>,
    ak: Option<AkPath<'a>>,
    quote: Option<VerifiedQuote<'a>>,
    pcrs: Option<VerifiedPcrs>,
    log: Option<VerifiedLog<'a>>,
    fresh_report: Option<bool>,
}

/// Verifies the evidence of an Azure confidential VM on SEV-SNP.
///
/// Proves: firmware of a genuine AMD processor signed a report over these very claims, at the
/// privilege level of a paravisor; the attestation key of the claims signed the quote, where there
/// is one, and the registers are those that it signed.
/// Does not prove: that the report is of Azure's paravisor and not of somebody's own SNP guest:
/// see [`crate::Policy::origin`] and the crate's documentation.
///
/// Work before the first signature is bounded by the size of the envelope and by the number of
/// certificates given. Real evidence costs two signatures for the report, two or three for the
/// AK certificate and one for the quote; where they are cached, the quote's alone. AK certificates of
/// other VMs are told by their keys; the chains of those that are of this one cost at most
/// [`crate::MAX_AK_SIGNATURES`], and one signature for each revocation list.
///
/// # Errors
/// The first check that does not hold; every check that does was recorded before.
pub fn verify_snp<'a>(
    evidence: &Evidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVm<'a>, Error> {
    let envelope = envelope(evidence.report, ReportType::SNP, record)?;
    whole(envelope, evidence, endorsements, verification, record)
}

/// Verifies everything but the form of the envelope.
fn whole<'a>(
    envelope: HclReport<'a>,
    evidence: &Evidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVm<'a>, Error> {
    let crypto = verification.crypto;
    let report = hardware(&envelope, endorsements, verification, record)?;
    bind(&envelope, &report.report().report_data, crypto, record)?;

    let claims = Arc::new(Claims::read(envelope.claims())?);
    let keys = claims.keys().len();
    record.pass(checks::CLAIMS, &format_args!("{keys} keys; HCLAkPub is RSA-2048 with e = 65537"));
    let key = AkKey::Claims(claims.ak().as_rsa());
    let ak = ak::establish(key, endorsements, verification, record)?;
    let quote = quote(evidence, &claims, verification, record)?;
    let pcrs = pcrs(evidence, quote.as_ref(), crypto, record)?;
    let log = log(evidence, pcrs.as_ref(), crypto, record)?;
    let fresh_report = user_data::check(&claims, evidence, verification, record)?;
    Ok(VerifiedVm { envelope, report, claims, ak, quote, pcrs, log, fresh_report })
}

/// Reads the envelope, which must hold a hardware report of this type.
pub(crate) fn envelope<'a>(
    bytes: &'a [u8],
    wanted: ReportType,
    record: &mut dyn Record,
) -> Result<HclReport<'a>, Error> {
    let envelope = HclReport::parse(bytes).map_err(Error::Report)?;
    envelope.check_supported().map_err(Error::Report)?;
    let found = envelope.report_type;
    if found != wanted {
        return Err(Error::Hardware { wanted, found });
    }
    let (version, data) = (envelope.version, envelope.request_data_version);
    let claims = envelope.claims().len();
    record.pass(
        checks::FORMAT,
        &format_args!("{found}, version {version}, request data {data}, claims of {claims} bytes"),
    );
    Ok(envelope)
}

/// Verifies the SNP report, which the paravisor must have asked for: at any other level the
/// guest's kernel could have asked the processor for a report over data of its choice.
fn hardware<'a>(
    envelope: &HclReport<'a>,
    endorsements: &[Certificate<'a>],
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let bytes: &[u8] = match envelope.hardware() {
        Hardware::Snp(bytes) => bytes,
        _ => &[],
    };
    let endorsements = Endorsements { certificates: endorsements };
    let verified = teeproof_snp::verify(bytes, &endorsements, &verification.of_report(), record);
    let verified = verified.map_err(Error::Snp)?;
    match verified.report().vmpl.get() {
        0 => record.pass(checks::VMPL, &"VMPL 0"),
        vmpl => return Err(Error::Vmpl(vmpl)),
    }
    Ok(verified)
}

fn quote<'a>(
    evidence: &Evidence<'a>,
    claims: &Claims,
    verification: &Verification<'_>,
    record: &mut dyn Record,
) -> Result<Option<VerifiedQuote<'a>>, Error> {
    let Some(quote) = &evidence.quote else {
        record.skip(teeproof_tpm::checks::SIGNATURE, &"no quote of the vTPM came along");
        return Ok(None);
    };
    let Verification { freshness, crypto, .. } = *verification;
    let verification = teeproof_tpm::Verification { key: claims.ak().as_rsa(), freshness, crypto };
    teeproof_tpm::verify(quote, &verification, record).map(Some).map_err(Error::Tpm)
}

fn pcrs(
    evidence: &Evidence<'_>,
    quote: Option<&VerifiedQuote<'_>>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<Option<VerifiedPcrs>, Error> {
    let because = match (quote, evidence.pcrs) {
        (Some(quote), Some(values)) => {
            let verified = teeproof_tpm::verify_pcrs(quote, values, crypto, record);
            return verified.map(Some).map_err(Error::Tpm);
        }
        (None, Some(_)) => return Err(Error::PcrsWithoutQuote),
        (Some(_), None) => "no register values came beside the quote",
        (None, None) => "no quote of the vTPM came along",
    };
    record.skip(teeproof_tpm::checks::PCRS, &because);
    Ok(None)
}

fn log<'a>(
    evidence: &Evidence<'a>,
    pcrs: Option<&VerifiedPcrs>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<Option<VerifiedLog<'a>>, Error> {
    let because = match (evidence.log, pcrs) {
        (Some(log), Some(pcrs)) => {
            return teeproof_tpm::replay(log, pcrs, crypto, record).map(Some).map_err(Error::Tpm);
        }
        (Some(_), None) => "there are no verified registers to hold the log against",
        (None, _) => "no boot log came along",
    };
    record.skip(teeproof_tpm::checks::LOG_REPLAY, &because);
    Ok(None)
}

impl<'a> VerifiedVm<'a> {
    /// The hardware report.
    #[must_use]
    pub const fn report(&self) -> &VerifiedReport<'a> {
        &self.report
    }

    /// The signatures that a further quote of the same VM rests on too: those of the report's and of
    /// the attestation key's chain, and the report's own.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        let ak = self.ak.iter().flat_map(|ak| ak.path().path().signatures());
        self.report.path().path().signatures().chain(ak).chain(core::iter::once(self.report.statement()))
    }

    /// The paravisor's claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The attestation key's certificate and its chain, where they came and hold.
    #[must_use]
    pub const fn ak_path(&self) -> Option<&AkPath<'a>> {
        self.ak.as_ref()
    }

    /// The vTPM's quote, where one came.
    #[must_use]
    pub const fn quote(&self) -> Option<&VerifiedQuote<'a>> {
        self.quote.as_ref()
    }

    /// The registers that the quote signed, where their values came.
    #[must_use]
    pub const fn pcrs(&self) -> Option<&VerifiedPcrs> {
        self.pcrs.as_ref()
    }

    /// The boot log, where one came and there are registers to hold it against.
    #[must_use]
    pub const fn log(&self) -> Option<&VerifiedLog<'a>> {
        self.log.as_ref()
    }

    /// What ties the report to Azure's paravisor; some grounds are a policy's for the hardware report.
    #[must_use]
    pub fn origin(&self, snp: Option<&teeproof_snp::Policy<'_>>) -> OriginGrounds {
        OriginGrounds::of(self, snp)
    }

    /// Whether every chain ends at a pinned root, or one of them at an added anchor.
    #[must_use]
    pub fn anchor(&self) -> AnchorKind {
        let report = self.report.anchor();
        self.ak.as_ref().map_or(report, |ak| report.and(ak.anchor()))
    }

    /// Whether the hardware report was made for the nonce: the claims' user-data is the nonce
    /// followed by zeros. `None` where no nonce was asked for. A quote that came holds the nonce in
    /// any case; without this, the report may be as old as the boot.
    #[must_use]
    pub const fn is_report_fresh(&self) -> Option<bool> {
        self.fresh_report
    }

    /// Whether every chain ends at a pinned root and none at an added anchor.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.anchor().is_pinned()
    }
}
