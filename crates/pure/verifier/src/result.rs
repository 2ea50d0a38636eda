//! The attestation result: the verdict and every reason, with the verified evidence or owned.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use teeproof_core::{Class, Outcome, Technology, Time};
use teeproof_hcl::OriginGrounds;
use teeproof_x509::{AnchorKind, VerifiedSignature};

use crate::value::ClaimValue;
use crate::{EndorsementSource, Finding, Verified};

/// Whether the relying party accepts the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Authentic, and every rule of the policy holds.
    Accepted,
    /// Not authentic, or a rule of the policy does not hold.
    Refused,
    /// Authentic; there is no policy, so nothing was appraised.
    Unappraised,
}

impl Verdict {
    /// The verdict as it stands in JSON: `accepted`, `refused`, `unappraised`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unappraised => "unappraised",
        }
    }
}

/// A limit of a verdict, to be shown with it in every output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Caution {
    /// A chain ends at an anchor that the relying party added: the result proves nothing about a vendor's hardware.
    NonProductionAnchor,
    /// Nothing ties the report of an Azure VM to Azure's paravisor: any SNP guest could have made its
    /// claims.
    OriginNotShown,
    /// The evidence was verified at its own time, so its age was not checked.
    Archived,
}

impl Caution {
    /// Every caution, in the order in which results list them.
    pub const ALL: &'static [Self; 3] = &[Self::NonProductionAnchor, Self::OriginNotShown, Self::Archived];

    /// The caution in words: `NON-PRODUCTION ANCHOR`, `ORIGIN NOT SHOWN`, `archived`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NonProductionAnchor => "NON-PRODUCTION ANCHOR",
            Self::OriginNotShown => "ORIGIN NOT SHOWN",
            Self::Archived => "archived",
        }
    }
}

impl Caution {
    /// The caution as it stands in JSON: `non_production_anchor`, `origin_not_shown`, `archived`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NonProductionAnchor => "non_production_anchor",
            Self::OriginNotShown => "origin_not_shown",
            Self::Archived => "archived",
        }
    }
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A member of the runtime claims of an Azure VM (OpenHCL, `igvm_attest`) that this version does not know.
///
/// Its name is text from the evidence: show it through [`Escaped`](crate::Escaped). It may equal that of a [`Claim`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownClaim {
    /// The object that has the member: `claims`, `vm-configuration`, `keys[0]`.
    pub place: String,
    /// The member's name, unique within the object.
    pub name: String,
    /// The member's value as JSON text.
    pub json: String,
}

/// One claim of authentic evidence; docs/json.md lists every name with its type and source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The name, a constant of this crate and unique within a result: `measurement`, `pcr0`.
    pub name: String,
    /// The typed value; [`ClaimValue::Absent`] if the evidence has none.
    pub value: ClaimValue,
    /// The reason why the value is absent; `None` if there is a value.
    pub absent_because: Option<String>,
    /// The value in the words of its field, where they differ from the value's own.
    pub(crate) words: Option<String>,
}

/// Writes the value for people, or the reason why it is absent.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words.as_ref().or(self.absent_because.as_ref()) {
            Some(words) => f.write_str(words),
            None => self.value.fmt(f),
        }
    }
}

/// The result of one verification, with the verified evidence. Only [`verify()`](crate::verify()) makes one.
///
/// It borrows the evidence. [`AttestationResult::into_owned`] keeps everything except the verified evidence; the
/// methods of [`OwnedAttestationResult`] can be called on both.
#[derive(Clone, Debug)]
pub struct AttestationResult<'a> {
    pub(crate) owned: OwnedAttestationResult,
    pub(crate) verified: Option<Verified<'a>>,
}

// No `DerefMut`: it would let safe code pair the verdict of one result with the evidence of another.
impl Deref for AttestationResult<'_> {
    type Target = OwnedAttestationResult;

    fn deref(&self) -> &OwnedAttestationResult {
        &self.owned
    }
}

/// The result of one verification, independent of evidence and request: verdict, checks, claims.
///
/// Only [`verify()`](crate::verify()) makes one, as part of an [`AttestationResult`]. Both serialize to the same
/// JSON.
#[derive(Clone, Debug)]
pub struct OwnedAttestationResult {
    pub(crate) verdict: Verdict,
    pub(crate) class: Option<Class>,
    pub(crate) technology: Technology,
    pub(crate) freshness: FreshnessDemand,
    pub(crate) fresh: Option<Fresh>,
    pub(crate) at: Option<Time>,
    pub(crate) archived: bool,
    pub(crate) policy: Option<String>,
    pub(crate) anchor: Option<AnchorKind>,
    pub(crate) crypto: &'static str,
    pub(crate) findings: Vec<Finding>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) unknown_claims: Vec<UnknownClaim>,
    pub(crate) origin: Option<OriginGrounds>,
    pub(crate) endorsement_sources: Vec<EndorsementSource>,
}

/// The nonce that the evidence had to carry, or the reason why it needed none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FreshnessDemand {
    /// The nonce in lower-case hex.
    Nonce(String),
    /// No nonce was sent, for this reason of the relying party.
    Waived(String),
}

/// Which parts of an Azure VM's evidence were made for the nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fresh {
    /// Whether there is a quote over the nonce.
    pub quote: bool,
    /// Whether `user-data` of the runtime claims is the nonce. Otherwise the SNP report may be as old as the boot.
    pub report: bool,
}

impl<'a> AttestationResult<'a> {
    /// The verified evidence, if the policy accepts it; decisions should rest on this method.
    #[must_use]
    pub const fn accepted(&self) -> Option<&Verified<'a>> {
        match self.owned.verdict {
            Verdict::Accepted => self.verified.as_ref(),
            _ => None,
        }
    }

    /// The verified evidence, if it is authentic, even if the policy refuses it or there is no policy.
    #[must_use]
    pub const fn authentic(&self) -> Option<&Verified<'a>> {
        self.verified.as_ref()
    }

    /// The verified signatures of authentic evidence, for a [`SignatureCache`](crate::SignatureCache).
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + '_ {
        self.verified.iter().flat_map(Verified::signatures)
    }

    /// The result without the verified evidence: `'static`, to be stored or sent to another thread.
    #[must_use]
    pub fn into_owned(self) -> OwnedAttestationResult {
        self.owned
    }

    /// Rewrites the hints of failed checks; see [`OwnedAttestationResult::rewrite_hints`].
    pub fn rewrite_hints(&mut self, rewrite: impl Fn(&Finding) -> String) {
        self.owned.rewrite_hints(rewrite);
    }
}

impl OwnedAttestationResult {
    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether the evidence is authentic and the policy accepts it.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        matches!(self.verdict, Verdict::Accepted)
    }

    /// The class of the refusal; `None` if the evidence is accepted.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        self.class
    }

    /// The technology of the evidence.
    #[must_use]
    pub const fn technology(&self) -> Technology {
        self.technology
    }

    /// Whether every chain ends at a pinned anchor or one of them at an added one; `None` when no chain
    /// was established.
    #[must_use]
    pub const fn anchor(&self) -> Option<AnchorKind> {
        self.anchor
    }

    /// Whether every chain ends at a pinned anchor; `None` when no chain was established.
    #[must_use]
    pub fn is_production(&self) -> Option<bool> {
        self.anchor.map(AnchorKind::is_pinned)
    }

    /// The time at which the evidence was verified; `None` where verification failed before a time was needed.
    #[must_use]
    pub const fn at(&self) -> Option<Time> {
        self.at
    }

    /// Whether the evidence was verified at its own time, so that its age was not checked.
    #[must_use]
    pub const fn is_archived(&self) -> bool {
        self.archived
    }

    /// The nonce that the evidence had to carry, or the reason why it needed none.
    #[must_use]
    pub const fn freshness(&self) -> &FreshnessDemand {
        &self.freshness
    }

    /// Which parts of an Azure VM's authentic evidence are fresh; `None` of other evidence, and where no nonce was
    /// sent.
    #[must_use]
    pub const fn fresh(&self) -> Option<Fresh> {
        self.fresh
    }

    /// The name of the crypto table: `aws-lc`, `rustcrypto`.
    #[must_use]
    pub const fn crypto(&self) -> &'static str {
        self.crypto
    }

    /// The policy's name, if there was a policy.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// Every check with its outcome, in the order in which they were made.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The claims of the evidence, if it is authentic.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Members of the runtime claims that this version does not know, grouped by place.
    #[must_use]
    pub fn unknown_claims(&self) -> &[UnknownClaim] {
        &self.unknown_claims
    }

    /// The grounds on which the SNP report of an authentic Azure VM is known to be Azure's paravisor's, those of the
    /// policy included; `None` of other evidence.
    #[must_use]
    pub const fn origin(&self) -> Option<&OriginGrounds> {
        self.origin.as_ref()
    }

    /// The sources of endorsements that were fetched or cached, as the request names them; those of files have none.
    #[must_use]
    pub fn endorsement_sources(&self) -> &[EndorsementSource] {
        &self.endorsement_sources
    }

    /// The limits of the verdict, in the order of [`Caution::ALL`].
    pub fn cautions(&self) -> impl Iterator<Item = Caution> + '_ {
        Caution::ALL.iter().copied().filter(|caution| match caution {
            Caution::NonProductionAnchor => self.is_production() == Some(false),
            Caution::OriginNotShown => self.origin.as_ref().is_some_and(|origin| !origin.is_shown()),
            Caution::Archived => self.archived,
        })
    }

    /// The findings with [`Outcome::Warn`], to be shown with every verdict.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.outcome == Outcome::Warn)
    }

    /// The waived checks, each with its reason.
    pub fn waivers(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.waived)
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.outcome == Outcome::Fail)
    }

    /// Rewrites the hints of failed checks, so that an application can name its own options and commands.
    ///
    /// Verdict, class, claims and reasons stay as they are.
    pub fn rewrite_hints(&mut self, rewrite: impl Fn(&Finding) -> String) {
        for finding in self.findings.iter_mut().filter(|finding| finding.outcome == Outcome::Fail) {
            let (hint, remedy) = (rewrite(finding), finding.remedy());
            finding.hint = Some(hint);
            finding.remedy = remedy;
        }
    }
}
