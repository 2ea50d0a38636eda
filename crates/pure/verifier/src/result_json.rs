//! The attestation result as JSON: the types that are written, of which its schema is made.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use teeproof_core::Outcome;

use crate::value::{ClaimValue, Expected};
use crate::{
    AttestationResult, Caution, Claim, EndorsementSource, Finding, FreshnessDemand, OwnedAttestationResult,
    UnknownClaim,
};

/// The name and version of this form.
pub const RESULT_SCHEMA: &str = "teeproof/attestation-result/2";

/// The result of one verification.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AttestationResult", deny_unknown_fields))]
pub(crate) struct ResultJson<'a> {
    /// The form: `teeproof/attestation-result/2`.
    schema: &'static str,
    /// The program that verified, with its version.
    tool: &'static str,
    /// `accepted`, `refused`, or `unappraised`: authentic, and no policy was given.
    verdict: &'static str,
    /// Why the evidence is not accepted: `malformed`, `unsupported`, `not_authentic`, `not_bound`, `incomplete`,
    /// `refused`, `not_shown_fresh` or `unappraised`; null of accepted evidence.
    class: Option<&'static str>,
    /// What limits the verdict: `non_production_anchor`, `origin_not_shown`, `archived`.
    cautions: Vec<&'static str>,
    /// The technology of the evidence: `snp`, `azure-snp`, `nitro`.
    technology: &'static str,
    /// The nonce that was expected, and which parts of the evidence are fresh.
    freshness: FreshnessJson<'a>,
    /// When the evidence was verified.
    time: TimeJson,
    /// The policy's name; null where there was none.
    policy: Option<&'a str>,
    /// `pinned` or `added`: where the chains end; null where none was established.
    anchor: Option<&'static str>,
    /// What ties the report of an Azure VM to Azure's paravisor; null of other evidence and of evidence that is not
    /// authentic.
    origin: Option<OriginJson>,
    /// The implementation of cryptography that was used.
    crypto: &'static str,
    /// Every check with its outcome, in the order in which they were made.
    checks: &'a [Finding],
    /// The claims of authentic evidence by name, each with its type; empty of other evidence.
    claims: Claims<'a>,
    /// Why a claim is null, by the claim's name.
    absent_because: BTreeMap<&'a str, &'a str>,
    /// Members of the paravisor's claims that this version does not know: for each object that has any, their names
    /// with their values as JSON texts.
    unknown_claims: BTreeMap<&'a str, Members<'a>>,
    /// The waived checks.
    waivers: Vec<WaiverJson<'a>>,
    /// The endorsements that were fetched or cached; those of files are not listed.
    endorsements: Vec<EndorsementJson<'a>>,
}

/// The nonce that was expected, or the reason for none.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Freshness", deny_unknown_fields))]
struct FreshnessJson<'a> {
    /// The nonce in hex; null where none was expected.
    nonce: Option<&'a str>,
    /// Why no nonce was expected; null where one was.
    waived: Option<&'a str>,
    /// Whether a quote over the nonce was verified; null of other evidence than an Azure VM's.
    quote: Option<bool>,
    /// Whether the hardware report was made for the nonce, and is not as old as the boot; null of other evidence than
    /// an Azure VM's.
    report: Option<bool>,
}

/// When the evidence was verified.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "VerificationTime", deny_unknown_fields))]
struct TimeJson {
    /// The time, RFC 3339; null where the verification failed before a time was needed.
    at: Option<String>,
    /// `request`: the time of the request. `document`: the evidence's own, so that nothing is said about its age.
    of: &'static str,
}

/// What ties a report to Azure's paravisor.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Origin", deny_unknown_fields))]
struct OriginJson {
    /// The grounds that hold, the strongest first.
    grounds: Vec<&'static str>,
    /// Whether one of them shows who made the claims, and not the attestation key alone.
    strong: bool,
    /// What the report is known to be of instead; null where nothing of the kind is known.
    other: Option<&'static str>,
}

/// One check with its outcome.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Finding", deny_unknown_fields))]
struct FindingJson<'a> {
    /// The check's stable id: `snp.vek.tcb`.
    id: &'static str,
    /// A few words for a person.
    title: &'static str,
    /// `pass`, `fail`, `warn` or `skip`.
    outcome: &'static str,
    /// What was expected; null where nothing was compared.
    expected: Option<&'a Expected>,
    /// What was found; null where nothing was compared, or nothing was found.
    actual: Option<&'a ClaimValue>,
    /// The reason of the outcome, or a detail of the check; null where there is no more to say.
    because: Option<&'a str>,
    /// What to do about a failure; null of other outcomes.
    hint: Option<&'a str>,
    /// The line of the policy's rule, counted from 1.
    line: Option<u32>,
    /// The specification and its section.
    source: &'static str,
}

/// A waived check.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Waiver", deny_unknown_fields))]
struct WaiverJson<'a> {
    /// The check's stable id.
    id: &'static str,
    /// The reason that the relying party gave.
    reason: Option<&'a str>,
    /// The line of the policy, counted from 1; null where it was not a policy that waived the check.
    line: Option<u32>,
}

/// An endorsement that was fetched or cached.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Endorsement", deny_unknown_fields))]
struct EndorsementJson<'a> {
    /// What it is, in a few words.
    what: &'a str,
    /// The URL that it was fetched from.
    url: &'a str,
    /// `cache`, or `network` where this run fetched it.
    from: &'static str,
    /// When it was fetched, RFC 3339.
    fetched_at: String,
    /// Until when it is valid as it says itself, RFC 3339.
    valid_until: String,
}

impl<'a> EndorsementJson<'a> {
    fn of(source: &'a EndorsementSource) -> Self {
        Self {
            what: &source.what,
            url: &source.url,
            from: source.from.as_str(),
            fetched_at: source.fetched_at.to_string(),
            valid_until: source.valid_until.to_string(),
        }
    }
}

impl<'a> ResultJson<'a> {
    fn of(result: &'a OwnedAttestationResult) -> Self {
        let fresh = result.fresh();
        let (nonce, waived) = match &result.freshness {
            FreshnessDemand::Nonce(nonce) => (Some(nonce.as_str()), None),
            FreshnessDemand::Waived(reason) => (None, Some(reason.as_str())),
        };
        let absent = |claim: &'a Claim| Some((claim.name.as_str(), claim.absent_because.as_deref()?));
        let unknown = result.unknown_claims.chunk_by(|left, right| left.place == right.place);
        Self {
            schema: RESULT_SCHEMA,
            tool: concat!("teeproof ", env!("CARGO_PKG_VERSION")),
            verdict: result.verdict.as_str(),
            class: result.class.map(teeproof_core::Class::id),
            cautions: result.cautions().map(Caution::id).collect(),
            technology: result.technology.as_str(),
            freshness: FreshnessJson {
                nonce,
                waived,
                quote: fresh.map(|fresh| fresh.quote),
                report: fresh.map(|fresh| fresh.report),
            },
            time: TimeJson {
                at: result.at.map(|at| at.to_string()),
                of: if result.archived { "document" } else { "request" },
            },
            policy: result.policy.as_deref(),
            anchor: result.anchor.map(|anchor| if anchor.is_pinned() { "pinned" } else { "added" }),
            origin: result.origin.as_ref().map(|origin| OriginJson {
                grounds: origin.grounds().iter().map(|ground| ground.as_str()).collect(),
                strong: origin.is_strong(),
                other: origin.other(),
            }),
            crypto: result.crypto,
            checks: &result.findings,
            claims: Claims(&result.claims),
            absent_because: result.claims.iter().filter_map(absent).collect(),
            unknown_claims: unknown
                .filter_map(|members| Some((members.first()?.place.as_str(), Members(members))))
                .collect(),
            waivers: result
                .waivers()
                .map(|waiver| WaiverJson {
                    id: waiver.check.id,
                    reason: waiver.because.as_deref(),
                    line: waiver.line,
                })
                .collect(),
            endorsements: result.endorsement_sources.iter().map(EndorsementJson::of).collect(),
        }
    }
}

impl Serialize for OwnedAttestationResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ResultJson::of(self).serialize(serializer)
    }
}

impl Serialize for AttestationResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.owned.serialize(serializer)
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FindingJson {
            id: self.check.id,
            title: self.check.title,
            outcome: self.outcome.as_str(),
            expected: self.expected_value.as_ref(),
            actual: self.actual_value.as_ref(),
            because: self.because.as_deref(),
            hint: (self.outcome == Outcome::Fail).then(|| self.hint()),
            line: self.line,
            source: self.check.source,
        }
        .serialize(serializer)
    }
}

/// The claims by name; no two have the same.
struct Claims<'a>(&'a [Claim]);

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|claim| (&claim.name, &claim.value)))
    }
}

/// Members of one object, so that no name of theirs stands among ours.
struct Members<'a>(&'a [UnknownClaim]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(Some(self.0.len()))?;
        for member in self.0 {
            out.serialize_entry(&member.name, &member.json)?;
        }
        out.end()
    }
}

#[cfg(feature = "schema")]
mod schema {
    //! The schemas of what is written by hand above.

    use alloc::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Claims, FindingJson, Members, ResultJson};
    use crate::claims::table;
    use crate::{AttestationResult, Finding, OwnedAttestationResult};

    impl JsonSchema for OwnedAttestationResult {
        fn schema_name() -> Cow<'static, str> {
            ResultJson::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            ResultJson::json_schema(generator)
        }
    }

    impl JsonSchema for AttestationResult<'_> {
        fn schema_name() -> Cow<'static, str> {
            ResultJson::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            ResultJson::json_schema(generator)
        }
    }

    impl JsonSchema for Finding {
        fn schema_name() -> Cow<'static, str> {
            FindingJson::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            FindingJson::json_schema(generator)
        }
    }

    impl JsonSchema for Claims<'_> {
        fn schema_name() -> Cow<'static, str> {
            "Claims".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            table::schema()
        }
    }

    impl JsonSchema for Members<'_> {
        fn schema_name() -> Cow<'static, str> {
            "UnknownMembers".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "Members that this version does not know, each with its value as a JSON text.",
                "type": "object",
                "additionalProperties": { "type": "string" },
            })
        }
    }
}
