//! Attestation of a deployment: a nonce, the machine's evidence, our verifier, and the identity that the cloud gave the
//! machine.

use core::time::Duration;

use aws_lc_rs::agreement::{
    ECDH_P256, ECDH_P384, ParsedPublicKey, ParsedPublicKeyFormat, UnparsedPublicKey, X25519,
};
use aws_lc_rs::rsa::PublicEncryptingKey;
use teeproof::{
    Anchors, ComputedPcr, Evidence, Freshness, Hex, Inputs, OwnedAttestationResult, Policy, Request, Rule,
    Technology, Text, Time, Verified,
};
use teeproof_evidence::bytes;

use crate::deployment::{AttestedRecord, Record};
use crate::operation::Operation;
use crate::runtime::{Runtime, no_randomness, now};
use crate::{
    Binding, DeploymentId, Event, EventSink, Limits, Machine, MachineState, PolicyText, Provider,
    RuntimeError,
};

/// Bytes of a nonce of ours.
const NONCE_BYTES: usize = 32;
/// The largest evidence that is read.
const MAX_EVIDENCE: usize = 1024 * 1024;

/// Evidence, and what the verifier says of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attested {
    /// The evidence as the machine returned it.
    pub evidence: Vec<u8>,
    /// The nonce that it was requested with.
    pub nonce: Vec<u8>,
    /// When it was verified, in seconds since 1970.
    pub at: u64,
    /// The result.
    pub result: OwnedAttestationResult,
    /// The public key that accepted evidence carries, if somebody can encrypt to it.
    pub public_key: Option<PublicKey>,
    /// The id of the module that made it, which is another one after each start.
    pub module_id: Option<String>,
}

/// A public key that evidence carries: SubjectPublicKeyInfo in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }
}

/// Evidence that was accepted earlier, verified again at its time.
#[derive(Debug)]
#[non_exhaustive]
pub struct CachedAttestation {
    /// Evidence and result of then.
    pub attested: Attested,
    /// How long ago that was.
    pub age: Duration,
}

impl Attested {
    /// Ids of the checks that failed.
    #[must_use]
    pub fn failed_checks(&self) -> Vec<&str> {
        self.result.failures().map(|finding| finding.check.id).collect()
    }

    pub(crate) fn record(&self, bindings: Vec<Binding>) -> AttestedRecord {
        AttestedRecord {
            at: self.at,
            bindings,
            nonce: Hex(&self.nonce).to_string(),
            evidence: Hex(&self.evidence).to_string(),
        }
    }
}

impl Runtime {
    /// Requests fresh evidence and verifies it: under the policy of the deployment, and for the identity that the cloud
    /// says the machine has. `nonce` is the caller's; without one it is random. `policy` replaces that of the record, which
    /// a deployment that was adopted does not have.
    ///
    /// # Errors
    /// No such deployment, or it does not run; no evidence; [`RuntimeError::Refused`] with evidence and result if it is
    /// not accepted.
    pub async fn attest(
        &self,
        id: &DeploymentId,
        nonce: Option<&[u8]>,
        policy: Option<&PolicyText>,
        limits: &Limits,
        events: &dyn EventSink,
    ) -> Result<Attested, RuntimeError> {
        let record = self.record(id)?;
        let provider = self.provider(&record.provider)?;
        let operation = Operation::begin(id, limits, self.settings.pace, events);
        let machine = self.existing(provider, &operation, &record, "attestation").await?;
        if machine.state != MachineState::Running || !machine.is_confidential {
            let confidential = if machine.is_confidential { "" } else { ", without support for enclaves" };
            let state = format!("{}{confidential}", machine.state.word());
            return Err(RuntimeError::MachineState { step: "attestation", state });
        }
        let attested = self.attest_machine(provider, &operation, &record, &machine, nonce, policy).await?;
        // Whoever works on the deployment writes its record; this one is not needed then.
        if let Ok(Some(claim)) = self.settings.registry.claim(id)
            && let Ok(Some(mut record)) = claim.read()
        {
            record.attested = Some(attested.record(provider.bindings(&machine)));
            claim.write(&record)?;
        }
        Ok(attested)
    }

    pub(crate) async fn attest_machine(
        &self,
        provider: &dyn Provider,
        operation: &Operation<'_>,
        record: &Record,
        machine: &Machine,
        nonce: Option<&[u8]>,
        policy: Option<&PolicyText>,
    ) -> Result<Attested, RuntimeError> {
        let nonce = match nonce {
            Some(nonce) => nonce.to_vec(),
            None => {
                let mut random = vec![0_u8; NONCE_BYTES];
                getrandom::fill(&mut random).map_err(no_randomness)?;
                random
            }
        };
        let policy = self.policy(record, policy, &provider.bindings(machine))?;
        operation.event(Event::EvidenceRequested { id: record.id.clone() });
        let evidence = operation.call("attestation", || provider.evidence(machine, &nonce)).await?;
        let attested = self.verify(evidence, nonce, now(), &policy)?;
        if !attested.result.is_accepted() {
            return Err(RuntimeError::Refused(Box::new(attested)));
        }
        operation.event(Event::Attested { id: record.id.clone() });
        Ok(attested)
    }

    /// The policy of the deployment, with the identity of its machine.
    fn policy(
        &self,
        record: &Record,
        policy: Option<&PolicyText>,
        bindings: &[Binding],
    ) -> Result<Policy, RuntimeError> {
        let missing =
            || RuntimeError::Policy("the record has none, because the deployment was adopted".to_owned());
        let mut policy = parse_policy(policy.or(record.policy.as_ref()).ok_or_else(missing)?)?;
        for binding in bindings {
            policy = match binding.clone() {
                Binding::NitroInstance(id) => {
                    policy.nitro(|nitro| nitro.instance(Rule::exactly(computed(id))))
                }
                Binding::NitroRole(arn) => policy.nitro(|nitro| nitro.role(Rule::exactly(computed(arn)))),
            };
        }
        Ok(policy)
    }

    fn verify(
        &self,
        evidence: Vec<u8>,
        nonce: Vec<u8>,
        at: u64,
        policy: &Policy,
    ) -> Result<Attested, RuntimeError> {
        if evidence.len() > MAX_EVIDENCE {
            let reason = format!("expected at most {MAX_EVIDENCE} bytes, got {}", evidence.len());
            return Err(RuntimeError::Evidence(reason));
        }
        let failed = |reason: String| RuntimeError::Evidence(reason);
        let mut inputs = Inputs::new();
        inputs.add(&evidence, None).map_err(|error| failed(error.to_string()))?;
        let endorsements = inputs.endorsements();
        let anchors: Vec<&[u8]> = self.settings.anchors.iter().map(Vec::as_slice).collect();
        let freshness = Freshness::nonce(&nonce).map_err(|error| failed(error.to_string()))?;
        let time = Time(i64::try_from(at).unwrap_or(i64::MAX));
        let crypto = &teeproof_aws_lc::TABLE;
        let request = Request::for_inputs(&endorsements, Technology::ALL, freshness, time, crypto)
            .anchors(Anchors::and(&anchors))
            .policy(policy);
        let parsed = Evidence::from_inputs(&inputs).map_err(|error| failed(error.to_string()))?;
        let result = teeproof::verify(&parsed, &request).map_err(|error| failed(error.to_string()))?;
        // Nobody encrypts to a key of evidence that is refused.
        let public_key = match result.accepted() {
            Some(Verified::Nitro(document)) => document.document().public_key.map(<[u8]>::to_vec),
            _ => None,
        };
        let module_id = match result.authentic() {
            Some(Verified::Nitro(document)) => Some(document.document().module_id.to_owned()),
            _ => None,
        };
        let result = result.into_owned();
        Ok(Attested { evidence, nonce, at, result, public_key: public_key.and_then(usable), module_id })
    }

    /// The last evidence that was accepted, verified again at the time of then, and its age. No call is made.
    ///
    /// # Errors
    /// No such deployment, or none was accepted since its last start.
    pub fn cached_attestation(
        &self,
        id: &DeploymentId,
        policy: Option<&PolicyText>,
    ) -> Result<CachedAttestation, RuntimeError> {
        let record = self.record(id)?;
        let none = || RuntimeError::Evidence("none was accepted since the last start: attest".to_owned());
        let cached = record.attested.as_ref().ok_or_else(none)?;
        let policy = self.policy(&record, policy, &cached.bindings)?;
        let damaged = || RuntimeError::Evidence("the record's evidence is damaged".to_owned());
        let evidence = bytes::hex(&cached.evidence).ok_or_else(damaged)?;
        let nonce = bytes::hex(&cached.nonce).ok_or_else(damaged)?;
        let attested = self.verify(evidence, nonce, cached.at, &policy)?;
        if !attested.result.is_accepted() {
            return Err(RuntimeError::Refused(Box::new(attested)));
        }
        Ok(CachedAttestation { attested, age: Duration::from_secs(now().saturating_sub(cached.at)) })
    }

    /// The public key of fresh, accepted evidence, and the evidence with its result: the attested machine alone decrypts what
    /// is encrypted to the key, within the warnings and waivers of the result.
    ///
    /// # Errors
    /// As [`Runtime::attest`]; or the evidence carries no key that somebody can encrypt to.
    pub async fn attested_public_key(
        &self,
        id: &DeploymentId,
        policy: Option<&PolicyText>,
        limits: &Limits,
        events: &dyn EventSink,
    ) -> Result<(PublicKey, Attested), RuntimeError> {
        let attested = self.attest(id, None, policy, limits, events).await?;
        let none = "the evidence carries no public key that can be encrypted to (RSA, or ECDH on P-256, P-384 or X25519)";
        match attested.public_key.clone() {
            Some(key) => Ok((key, attested)),
            None => Err(RuntimeError::Evidence(none.to_owned())),
        }
    }
}

/// Parses the text of a policy.
pub(crate) fn parse_policy(policy: &PolicyText) -> Result<Policy, RuntimeError> {
    Policy::from_toml(&policy.name, &policy.text).map_err(|error| RuntimeError::Policy(error.to_string()))
}

/// The PCR that follows from a name.
fn computed(name: String) -> ComputedPcr<Text<'static>> {
    ComputedPcr::Of(Text::from(name))
}

/// The key, if somebody can encrypt to it.
fn usable(der: Vec<u8>) -> Option<PublicKey> {
    let is_ecdh = [&ECDH_P256, &ECDH_P384, &X25519].into_iter().any(|algorithm| {
        let parsed = ParsedPublicKey::try_from(UnparsedPublicKey::new(algorithm, &der));
        parsed.is_ok_and(|key| key.format() == ParsedPublicKeyFormat::X509)
    });
    let is_usable = is_ecdh || PublicEncryptingKey::from_der(&der).is_ok();
    is_usable.then_some(PublicKey(der))
}
