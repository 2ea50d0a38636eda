//! Verification request: the relying party's choices and what it gives with the evidence.

use alloc::vec::Vec;
use core::fmt;

use teeproof_core::{Crypto, Freshness, Technology};
use teeproof_nitro::{Moment, NitroOptions};
use teeproof_tdx::{CollateralCache, SignedJson};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{PathOptions, Revocation};

use teeproof_evidence::{InputEndorsements, InputWarning};

use crate::{EndorsementSource, Policy};

/// The relying party's side of one verification: accepted technologies, freshness, time and cryptography, which have no
/// default, and the optional settings of the setters.
///
/// Defaults: no endorsements, the pinned anchors only, no cached signatures. Without [`Request::policy`] authentic
/// evidence is [`Verdict::Unappraised`](crate::Verdict::Unappraised). Without [`Request::revocation`] the result has a
/// waiver: no revocation list was given.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub(crate) accept: &'a [Technology],
    pub(crate) endorsements: &'a [Certificate<'a>],
    pub(crate) collateral: Collateral<'a>,
    pub(crate) collateral_cache: Option<&'a CollateralCache>,
    pub(crate) path: PathOptions<'a>,
    pub(crate) freshness: Freshness<'a>,
    pub(crate) user_data: Option<&'a [u8]>,
    pub(crate) at: Moment,
    pub(crate) nitro: NitroOptions,
    pub(crate) policy: Option<&'a Policy>,
    pub(crate) input_warnings: &'a [InputWarning],
    pub(crate) endorsement_sources: &'a [EndorsementSource],
}

impl<'a> Request<'a> {
    /// A request for evidence of one of these technologies, with this nonce (or a reason for none), valid at this time,
    /// verified with this crypto table.
    pub fn new(
        accept: impl Into<Technologies<'a>>,
        freshness: impl Into<Freshness<'a>>,
        at: impl Into<Moment>,
        crypto: &'a Crypto<'a>,
    ) -> Self {
        Self {
            accept: accept.into().0,
            endorsements: &[],
            collateral: Collateral::Parsed(&[]),
            collateral_cache: None,
            path: PathOptions::new(crypto),
            freshness: freshness.into(),
            user_data: None,
            at: at.into(),
            nitro: NitroOptions::USUAL,
            policy: None,
            input_warnings: &[],
            endorsement_sources: &[],
        }
    }

    /// A request that takes everything in the files into account besides the evidence: certificates, revocation lists
    /// ([`Revocation::Lists`]) and warnings; otherwise as [`Request::new`].
    pub fn for_inputs(
        endorsements: &'a InputEndorsements<'a>,
        accept: impl Into<Technologies<'a>>,
        freshness: impl Into<Freshness<'a>>,
        at: impl Into<Moment>,
        crypto: &'a Crypto<'a>,
    ) -> Self {
        let request = Self::new(accept, freshness, at, crypto)
            .endorsements(&endorsements.certificates)
            .input_warnings(endorsements.warnings);
        let request = Self { collateral: Collateral::Texts(&endorsements.collateral), ..request };
        match endorsements.revocation_lists.as_slice() {
            [] => request,
            lists => request.revocation(Revocation::Lists(lists)),
        }
    }

    /// With certificates for building chains (VCEK, VLEK, ASK, PCK CA, TCB signing, AK certificate, intermediates), in any order. None of
    /// them is trusted; anchors are set by [`Request::anchors`].
    #[must_use]
    pub const fn endorsements(self, endorsements: &'a [Certificate<'a>]) -> Self {
        Self { endorsements, ..self }
    }

    /// With Intel's collateral for TD quotes, TCB info and QE identity, in any order and possibly of other platforms.
    /// Its certificates are [`Request::endorsements`], its revocation lists those of [`Request::revocation`].
    #[must_use]
    pub const fn collateral(self, collateral: &'a [SignedJson<'a>]) -> Self {
        Self { collateral: Collateral::Parsed(collateral), ..self }
    }

    /// With parsed collateral of platforms whose quotes were verified before: see [`CollateralCache`].
    #[must_use]
    pub const fn collateral_cache(self, cache: &'a CollateralCache) -> Self {
        Self { collateral_cache: Some(cache), ..self }
    }

    teeproof_x509::path_option_setters!('a, path);

    /// With the expected `user-data` of an Azure VM's runtime claims: at most 64 bytes, zero-extended to 64. A policy
    /// can have a rule for it as well.
    #[must_use]
    pub fn user_data(self, user_data: impl Into<Option<&'a [u8]>>) -> Self {
        Self { user_data: user_data.into(), ..self }
    }

    /// With clock skew and size limits for Nitro documents.
    #[must_use]
    pub const fn nitro(self, nitro: NitroOptions) -> Self {
        Self { nitro, ..self }
    }

    /// With an appraisal policy, or without one for `None`.
    #[must_use]
    pub fn policy(self, policy: impl Into<Option<&'a Policy>>) -> Self {
        Self { policy: policy.into(), ..self }
    }

    /// With the warnings of reading the files ([`Inputs::warnings`](teeproof_evidence::Inputs::warnings)); each becomes
    /// a finding with [`Outcome::Warn`](crate::Outcome::Warn).
    #[must_use]
    pub const fn input_warnings(self, input_warnings: &'a [InputWarning]) -> Self {
        Self { input_warnings, ..self }
    }

    /// With the sources of those endorsements that were fetched or cached; the result lists them.
    #[must_use]
    pub const fn endorsement_sources(self, endorsement_sources: &'a [EndorsementSource]) -> Self {
        Self { endorsement_sources, ..self }
    }
}

/// TCB info and QE identity.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Collateral<'a> {
    /// Parsed by the caller.
    Parsed(&'a [SignedJson<'a>]),
    /// Responses of Intel's service as files have them.
    Texts(&'a [&'a str]),
}

impl<'a> Collateral<'a> {
    /// Whether there are no documents.
    pub(crate) const fn is_empty(self) -> bool {
        match self {
            Self::Parsed(documents) => documents.is_empty(),
            Self::Texts(texts) => texts.is_empty(),
        }
    }

    /// The documents.
    pub(crate) fn documents(self) -> Result<Vec<SignedJson<'a>>, teeproof_tdx::Error> {
        match self {
            Self::Parsed(documents) => Ok(documents.to_vec()),
            Self::Texts(texts) => texts.iter().map(|text| SignedJson::parse(text)).collect(),
        }
    }
}

/// The technologies whose evidence a request accepts: one [`Technology`], an array of them, or
/// [`Technology::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technologies<'a>(&'a [Technology]);

impl From<Technology> for Technologies<'_> {
    fn from(technology: Technology) -> Self {
        Self(technology.as_slice())
    }
}

impl<'a> From<&'a [Technology]> for Technologies<'a> {
    fn from(technologies: &'a [Technology]) -> Self {
        Self(technologies)
    }
}

impl<'a, const N: usize> From<&'a [Technology; N]> for Technologies<'a> {
    fn from(technologies: &'a [Technology; N]) -> Self {
        Self(technologies)
    }
}

/// A request that is invalid for the evidence's technology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The request is for the time of the evidence ([`Moment::OfDocument`]), and evidence of this technology has none.
    NoTimeInEvidence(Technology),
    /// The request has user data, and evidence of this technology has no `user-data` to compare it with.
    NoUserData(Technology),
}

impl RequestError {
    /// An instruction: how to correct the request.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoTimeInEvidence(_) => "verify it at the present time, or at a time that you give",
            Self::NoUserData(_) => {
                "leave the user data out of the request; a policy compares what SNP reports and TD quotes (report-data) and Nitro documents (user-data) hold"
            }
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTimeInEvidence(technology) => {
                write!(f, "evidence of {technology} carries no time: expected a time in the request")
            }
            Self::NoUserData(technology) => {
                write!(
                    f,
                    "evidence of {technology} has no user-data of Azure: nothing to compare the request's with"
                )
            }
        }
    }
}

impl core::error::Error for RequestError {}
