//! The attestation result: the verdict and every reason.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::{Class, Outcome, Technology, Time};
use teeproof_hcl::OriginGrounds;
use teeproof_x509::{AnchorKind, VerifiedSignature};

use crate::{Finding, Verified};

/// What the relying party may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Authentic, and everything that the policy demands holds.
    Accepted,
    /// Not authentic, or something that the policy demands does not hold.
    Refused,
    /// Authentic; no policy was given, so nothing was demanded.
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

/// What makes a verdict less than it looks. It stands in the first line of every output and in JSON,
/// whatever else is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Caution {
    /// A chain ends at an anchor that the relying party added.
    NonProductionAnchor,
    /// Nothing ties the report of an Azure VM to Azure's paravisor: any SNP guest could have made its
    /// claims.
    OriginNotShown,
    /// The time of verification was the evidence's own, so that nothing is said about its age.
    Archived,
}

impl Caution {
    /// Every caution, in the order in which they are told.
    pub const ALL: &'static [Self; 3] = &[Self::NonProductionAnchor, Self::OriginNotShown, Self::Archived];

    /// The caution as it stands in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NonProductionAnchor => "NON-PRODUCTION ANCHOR",
            Self::OriginNotShown => "ORIGIN NOT SHOWN",
            Self::Archived => "archived",
        }
    }
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A member of the paravisor's claims that this version does not know. Its name is foreign text, and it may
/// be that of a [`Claim`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownClaim {
    /// The object that has the member: `claims`, `vm-configuration`, `keys[0]`.
    pub place: String,
    /// The member's name, which no other member of the object has.
    pub name: String,
    /// Its value, as JSON.
    pub json: String,
}

/// One claim of authentic evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The name, which is one of ours and which no other claim has: `measurement`, `pcr0`.
    pub name: String,
    /// The value: digests and identifiers in hex.
    pub value: String,
}

/// The result of one verification. It can only be made by [`verify`](crate::verify()).
#[derive(Clone, Debug)]
pub struct AttestationResult<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) class: Option<Class>,
    pub(crate) technology: Technology,
    pub(crate) freshness: FreshnessDemand,
    pub(crate) at: Option<Time>,
    pub(crate) archived: bool,
    pub(crate) policy: Option<String>,
    pub(crate) anchor: Option<AnchorKind>,
    pub(crate) crypto: &'static str,
    pub(crate) findings: Vec<Finding>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) unknown_claims: Vec<UnknownClaim>,
    pub(crate) origin: Option<OriginGrounds>,
    pub(crate) verified: Option<Verified<'a>>,
}

/// What was demanded of the evidence's freshness, as the result tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FreshnessDemand {
    /// This nonce, in hex.
    Nonce(String),
    /// Nothing, for this reason.
    Waived(String),
}

/// Which parts of an Azure VM's evidence were made for the nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// A quote came, and holds the nonce.
    pub quote: bool,
    /// The hardware report: its claims hold the nonce as user-data. Otherwise it may be as old as
    /// the boot.
    pub report: bool,
}

impl<'a> AttestationResult<'a> {
    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Why the evidence is not accepted, as a class; `None` of accepted evidence.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        self.class
    }

    /// Rewrites the hints of failed checks, so that an application can name its own options and commands.
    ///
    /// Verdict, class, claims and reasons stay as they are.
    pub fn rewrite_hints(&mut self, rewrite: impl Fn(&str) -> String) {
        for finding in self.findings.iter_mut().filter(|finding| finding.outcome == Outcome::Fail) {
            finding.hint = Some(rewrite(finding.hint()));
        }
    }

    /// The technology of the evidence.
    #[must_use]
    pub const fn technology(&self) -> Technology {
        self.technology
    }

    /// The verified evidence, if the policy accepts it. This is what to build on.
    #[must_use]
    pub const fn accepted(&self) -> Option<&Verified<'a>> {
        match self.verdict {
            Verdict::Accepted => self.verified.as_ref(),
            _ => None,
        }
    }

    /// The verified evidence, if it is authentic, whatever a policy says about it.
    #[must_use]
    pub const fn authentic(&self) -> Option<&Verified<'a>> {
        self.verified.as_ref()
    }

    /// The signatures of authentic evidence, for a [`teeproof_x509::SignatureCache`].
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + '_ {
        self.verified.iter().flat_map(Verified::signatures)
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

    /// The time at which the evidence was verified, if it came to that.
    #[must_use]
    pub const fn at(&self) -> Option<Time> {
        self.at
    }

    /// Whether the time was the evidence's own, so that nothing is said about its age.
    #[must_use]
    pub const fn is_archived(&self) -> bool {
        self.archived
    }

    /// What was demanded of the evidence's freshness.
    #[must_use]
    pub const fn freshness(&self) -> &FreshnessDemand {
        &self.freshness
    }

    /// Which parts of an Azure VM's authentic evidence are fresh; `None` of other evidence, and
    /// where no nonce was asked for.
    #[must_use]
    pub fn fresh(&self) -> Option<Fresh> {
        let Some(Verified::AzureSnp(vm)) = &self.verified else { return None };
        vm.is_report_fresh().map(|report| Fresh { quote: vm.quote().is_some(), report })
    }

    /// The name of the crypto table that was used.
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

    /// What the paravisor claims besides and this version does not know; those of one place together.
    #[must_use]
    pub fn unknown_claims(&self) -> &[UnknownClaim] {
        &self.unknown_claims
    }

    /// What ties the report of an Azure VM to Azure's paravisor, if the evidence is authentic. Grounds that
    /// the policy gives are among them.
    #[must_use]
    pub const fn origin(&self) -> Option<&OriginGrounds> {
        self.origin.as_ref()
    }

    /// What makes the verdict less than it looks, in the order of [`Caution::ALL`].
    pub fn cautions(&self) -> impl Iterator<Item = Caution> + '_ {
        Caution::ALL.iter().copied().filter(|caution| match caution {
            Caution::NonProductionAnchor => self.is_production() == Some(false),
            Caution::OriginNotShown => self.origin.as_ref().is_some_and(|origin| !origin.is_shown()),
            Caution::Archived => self.archived,
        })
    }

    /// What a person should read, whatever the verdict.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.outcome == Outcome::Warn)
    }

    /// The checks that somebody wrote are not to be made.
    pub fn waivers(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.waived)
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.outcome == Outcome::Fail)
    }
}

#[cfg(feature = "serde")]
mod json {
    //! The result as JSON; `schema` names this form.

    use alloc::string::ToString;
    use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

    use teeproof_x509::AnchorKind;

    use super::{AttestationResult, Claim, FreshnessDemand, UnknownClaim};
    use crate::Finding;

    impl Serialize for AttestationResult<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let waivers: alloc::vec::Vec<_> = self.waivers().map(Waiver).collect();
            let mut out = serializer.serialize_struct("AttestationResult", 16)?;
            out.serialize_field("schema", "teeproof/attestation-result/1")?;
            out.serialize_field("tool", concat!("teeproof ", env!("CARGO_PKG_VERSION")))?;
            out.serialize_field("verdict", self.verdict.as_str())?;
            out.serialize_field("class", &self.class.map(teeproof_core::Class::as_str))?;
            let cautions: alloc::vec::Vec<_> = self.cautions().map(super::Caution::as_str).collect();
            out.serialize_field("cautions", &cautions)?;
            out.serialize_field("technology", self.technology.as_str())?;
            out.serialize_field("freshness", &Freshness(self))?;
            out.serialize_field("time", &Time(self))?;
            out.serialize_field("policy", &self.policy)?;
            out.serialize_field("anchor", &self.anchor.map(AnchorKind::as_str))?;
            out.serialize_field("origin", &self.origin.as_ref().map(Origin))?;
            out.serialize_field("crypto", self.crypto)?;
            out.serialize_field("checks", &self.findings)?;
            out.serialize_field("claims", &Claims(&self.claims))?;
            out.serialize_field("unknown-claims", &UnknownClaims(&self.unknown_claims))?;
            out.serialize_field("waivers", &waivers)?;
            out.end()
        }
    }

    struct Freshness<'a>(&'a AttestationResult<'a>);

    impl Serialize for Freshness<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut out = serializer.serialize_map(None)?;
            match &self.0.freshness {
                FreshnessDemand::Nonce(nonce) => out.serialize_entry("nonce", nonce)?,
                FreshnessDemand::Waived(reason) => out.serialize_entry("waived", reason)?,
            }
            if let Some(fresh) = self.0.fresh() {
                out.serialize_entry("quote", &fresh.quote)?;
                out.serialize_entry("report", &fresh.report)?;
            }
            out.end()
        }
    }

    struct Time<'a>(&'a AttestationResult<'a>);

    impl Serialize for Time<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut out = serializer.serialize_map(Some(2))?;
            out.serialize_entry("at", &self.0.at.map(|at| at.to_string()))?;
            out.serialize_entry("of", if self.0.archived { "document" } else { "request" })?;
            out.end()
        }
    }

    struct Claims<'a>(&'a [Claim]);

    impl Serialize for Claims<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|claim| (&claim.name, &claim.value)))
        }
    }

    /// An object for each place, so that no name of theirs stands beside one of ours.
    struct UnknownClaims<'a>(&'a [UnknownClaim]);

    impl Serialize for UnknownClaims<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let places = self.0.chunk_by(|left, right| left.place == right.place);
            serializer
                .collect_map(places.filter_map(|members| Some((&members.first()?.place, Members(members)))))
        }
    }

    struct Members<'a>(&'a [UnknownClaim]);

    impl Serialize for Members<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|member| (&member.name, &member.json)))
        }
    }

    struct Origin<'a>(&'a super::OriginGrounds);

    impl Serialize for Origin<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let grounds: alloc::vec::Vec<_> = self.0.grounds().iter().map(|ground| ground.as_str()).collect();
            let mut out = serializer.serialize_struct("Origin", 3)?;
            out.serialize_field("grounds", &grounds)?;
            out.serialize_field("strong", &self.0.is_strong())?;
            out.serialize_field("other", &self.0.other())?;
            out.end()
        }
    }

    impl Serialize for Finding {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut out = serializer.serialize_struct("Finding", 9)?;
            out.serialize_field("id", self.check.id)?;
            out.serialize_field("title", self.check.title)?;
            out.serialize_field("outcome", self.outcome.as_str())?;
            out.serialize_field("expected", &self.expected)?;
            out.serialize_field("actual", &self.actual)?;
            out.serialize_field("because", &self.because)?;
            let hint = (self.outcome == teeproof_core::Outcome::Fail).then(|| self.hint());
            out.serialize_field("hint", &hint)?;
            out.serialize_field("line", &self.line)?;
            out.serialize_field("source", self.check.source)?;
            out.end()
        }
    }

    struct Waiver<'a>(&'a Finding);

    impl Serialize for Waiver<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut out = serializer.serialize_struct("Waiver", 3)?;
            out.serialize_field("id", self.0.check.id)?;
            out.serialize_field("reason", &self.0.because)?;
            out.serialize_field("line", &self.0.line)?;
            out.end()
        }
    }
}
