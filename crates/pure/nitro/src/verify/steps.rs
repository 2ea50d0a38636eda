//! The steps that the verification of both kinds of documents shares, in their order: the envelope, the chain, the
//! signature, the fields, the validity of the certificates, revocation, consistency, the time stamp, the nonce.
//!
//! The payload is interpreted only after its signature is verified, and by the parser of the expected kind: nothing
//! in a document chooses between them.

use core::fmt;

use teeproof_core::{Check, Crypto, Freshness, Record, Time};
use teeproof_wire::Error as WireError;
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Limits, NitroTpmDocument, Signers};
use teeproof_x509::{
    AnchoredPath, Anchors, Candidates, MAX_CHAIN, PathError, PathSearch, Problem, Revocation,
    RevocationError, SignatureChecks, VerifiedPath, build_path,
};

use super::{Moment, NitroOptions, NitroVerification, PINNED};
use crate::{CertificateIndex, Error, checks, nitrotpm};

/// The checks of the steps, for one kind of document.
pub(crate) struct StepChecks {
    pub(crate) format: &'static Check,
    pub(crate) chain: &'static Check,
    pub(crate) signature: &'static Check,
    pub(crate) fields: &'static Check,
    pub(crate) validity: &'static Check,
    pub(crate) revocation: &'static Check,
    pub(crate) consistency: &'static Check,
    pub(crate) time: &'static Check,
    pub(crate) nonce: &'static Check,
}

/// The checks of an enclave's document.
pub(crate) const OF_ENCLAVES: StepChecks = StepChecks {
    format: checks::FORMAT,
    chain: checks::CHAIN,
    signature: checks::SIGNATURE,
    fields: checks::FIELDS,
    validity: checks::VALIDITY,
    revocation: checks::REVOCATION,
    consistency: checks::CONSISTENCY,
    time: checks::TIME,
    nonce: checks::NONCE,
};

/// The checks of a NitroTPM document.
pub(crate) const OF_NITROTPM: StepChecks = StepChecks {
    format: nitrotpm::checks::FORMAT,
    chain: nitrotpm::checks::CHAIN,
    signature: nitrotpm::checks::SIGNATURE,
    fields: nitrotpm::checks::FIELDS,
    validity: nitrotpm::checks::VALIDITY,
    revocation: nitrotpm::checks::REVOCATION,
    consistency: nitrotpm::checks::CONSISTENCY,
    time: nitrotpm::checks::TIME,
    nonce: nitrotpm::checks::NONCE,
};

/// The payload of one kind of document.
pub(super) trait Payload<'a>: Sized {
    /// Parses a payload of this kind, and of no other.
    fn parse(payload: &'a [u8], base: usize, limits: &Limits) -> Result<Self, WireError>;
    /// The id of the module that the document is of.
    fn module_id(&self) -> &'a str;
    /// The time stamp, in milliseconds since 1970-01-01T00:00:00Z.
    fn timestamp(&self) -> u64;
    /// The number of PCRs.
    fn pcr_count(&self) -> usize;
    /// The nonce, if there is one.
    fn nonce(&self) -> Option<&'a [u8]>;
}

impl<'a> Payload<'a> for Document<'a> {
    fn parse(payload: &'a [u8], base: usize, limits: &Limits) -> Result<Self, WireError> {
        Document::parse(payload, base, limits)
    }

    fn module_id(&self) -> &'a str {
        self.module_id
    }

    fn timestamp(&self) -> u64 {
        self.timestamp
    }

    fn pcr_count(&self) -> usize {
        self.pcrs.count()
    }

    fn nonce(&self) -> Option<&'a [u8]> {
        self.nonce
    }
}

impl<'a> Payload<'a> for NitroTpmDocument<'a> {
    fn parse(payload: &'a [u8], base: usize, limits: &Limits) -> Result<Self, WireError> {
        NitroTpmDocument::parse(payload, base, limits)
    }

    fn module_id(&self) -> &'a str {
        NitroTpmDocument::module_id(self)
    }

    fn timestamp(&self) -> u64 {
        NitroTpmDocument::timestamp(self)
    }

    fn pcr_count(&self) -> usize {
        self.pcrs().count()
    }

    fn nonce(&self) -> Option<&'a [u8]> {
        NitroTpmDocument::nonce(self)
    }
}

/// A payload under verified signatures, not yet a verified document.
pub(super) struct Signed<'a, P> {
    pub(super) payload: P,
    pub(super) path: VerifiedPath<'a>,
    /// Whether it was verified at a time of the relying party's, and not at its own.
    pub(super) live: bool,
}

/// Verifies a document of the kind `P`.
pub(super) fn verify<'a, P: Payload<'a>>(
    document: &'a [u8],
    verification: &NitroVerification<'a>,
    checks: &StepChecks,
    record: &mut dyn Record,
) -> Result<Signed<'a, P>, Error> {
    let NitroVerification { path: options, options: NitroOptions { skew_secs, limits }, .. } = verification;
    let envelope = Sign1::parse(document).map_err(Error::Format)?;
    let signers = Signers::find(envelope.payload(), envelope.payload_offset()).map_err(Error::Format)?;
    record.pass(checks.format, &"COSE_Sign1, ES384");

    let budget = options.budget(MAX_CHAIN);
    let signatures = options.signature_checks(&budget);
    let path = chain(&signers, options.anchors, signatures)?;
    record.pass(checks.chain, &Shown(&path));

    signature(&envelope, path.leaf(), options.crypto)?;
    record.pass(
        checks.signature,
        &format_args!("ECDSA P-384 over {} bytes of payload", envelope.payload().len()),
    );

    let payload = P::parse(envelope.payload(), envelope.payload_offset(), limits).map_err(Error::Fields)?;
    record.pass(checks.fields, &format_args!("{} PCRs", payload.pcr_count()));

    let made = Time::from_millis(payload.timestamp());
    let (at, live) = match verification.at {
        Moment::At(at) => (at, true),
        Moment::OfDocument => (made, false),
    };
    let mut path = path.valid_at(at, *skew_secs).map_err(chain_error)?;
    record.pass(checks.validity, &format_args!("every certificate, at {at}"));
    check_revocation(&mut path, &options.revocation, &signatures, checks.revocation, record)?;
    consistency(payload.module_id(), path.path(), made, *skew_secs)?;
    record.pass(checks.consistency, &format_args!("issued to {}", payload.module_id()));
    if live && made.since(at) > i64::from(*skew_secs) {
        return Err(Error::Future { timestamp: made, at });
    }
    record.pass(checks.time, &format_args!("made at {made}"));
    freshness(payload.nonce(), &verification.freshness, checks.nonce, record)?;
    Ok(Signed { payload, path, live })
}

/// Verifies the chain in the document, root first.
fn chain<'a>(
    signers: &Signers<'a>,
    anchors: Anchors<'a>,
    checks: SignatureChecks<'_>,
) -> Result<AnchoredPath<'a>, Error> {
    let at = |link, problem| Error::Chain { link: CertificateIndex(link), problem };
    let parse = |link, der| Certificate::parse(der).map_err(|error| at(link, Problem::Malformed(error)));
    let ders = signers.cabundle.as_slice();
    let root = parse(0, ders.first().ok_or(Error::Untrusted { root: None })?)?;
    let mut chain = [root; MAX_CHAIN];
    let chain = chain.get_mut(..ders.len()).ok_or(at(ders.len(), Problem::TooLong))?;
    for (link, (slot, der)) in (1..=usize::MAX).zip(chain.iter_mut().zip(ders).skip(1)) {
        *slot = parse(link, der)?;
    }
    let count = chain.len();
    let leaf = parse(count, signers.certificate)?;
    let candidates = Candidates::InOrder { chain, pinned: &PINNED };
    let search = PathSearch { candidates, anchors, profile: &[], at: None, checks };
    let path = build_path(leaf, &search, &mut |path| Some(*path)).map_err(path_error)?;
    // AWS requires keyUsage and basicConstraints in the leaf.
    let leaf = path.leaf().extensions();
    if leaf.key_usage().is_none() || leaf.basic_constraints().is_none() {
        return Err(at(count, Problem::KeyUsage));
    }
    Ok(path)
}

fn path_error(error: PathError<'_>) -> Error {
    match error {
        PathError::Chain(error) => chain_error(error),
        PathError::UntrustedRoot(name) => Error::Untrusted { root: Some(name.into()) },
        _ => Error::Untrusted { root: None },
    }
}

/// Checks the chain against every revocation list of its issuers.
fn check_revocation(
    path: &mut VerifiedPath<'_>,
    revocation: &Revocation<'_>,
    signatures: &SignatureChecks<'_>,
    check: &'static Check,
    record: &mut dyn Record,
) -> Result<(), Error> {
    path.check_revocation(revocation, signatures).map_err(|error| match error {
        RevocationError::Revoked { link } => {
            Error::Chain { link: CertificateIndex(link), problem: Problem::Revoked }
        }
        RevocationError::List { issuer, problem } => {
            Error::RevocationList { issuer: CertificateIndex(issuer), problem }
        }
    })?;
    let status = path.revocation();
    match (revocation.waiver(), status.first_unchecked()) {
        (None, Some(link)) => {
            return Err(Error::Chain { link: CertificateIndex(link), problem: Problem::NoRevocationList });
        }
        (Some(reason), _) if !status.is_checked() => record.waive(check, &reason),
        (_, None) => record.pass(check, &status),
        _ => record.warn(check, &status),
    }
    Ok(())
}

fn chain_error(error: teeproof_x509::Error) -> Error {
    Error::Chain { link: CertificateIndex(error.link), problem: error.problem }
}

fn signature(envelope: &Sign1<'_>, leaf: &Certificate<'_>, crypto: &Crypto) -> Result<(), Error> {
    let PublicKey::P384(point) = leaf.public_key() else {
        return Err(Error::Signature);
    };
    envelope
        .signed(|parts| crypto.ecdsa_p384_sha384.verify(point, parts, envelope.signature()))
        .map_err(|_| Error::Signature)
}

/// Checks that the leaf was issued to the document's module (its common name begins with the module id and
/// a dot), and was valid at the document's time stamp.
fn consistency(module_id: &str, path: &AnchoredPath<'_>, made: Time, skew_secs: u32) -> Result<(), Error> {
    let leaf = path.leaf();
    let name = leaf.subject().common_name().unwrap_or_default();
    if !name.strip_prefix(module_id).is_some_and(|rest| rest.starts_with('.')) {
        return Err(Error::ModuleId);
    }
    let (from, until) = (Time(leaf.not_before()), Time(leaf.not_after()));
    if made.plus(i64::from(skew_secs)) < from || made > until {
        return Err(Error::Timestamp);
    }
    Ok(())
}

fn freshness(
    found: Option<&[u8]>,
    freshness: &Freshness<'_>,
    check: &'static Check,
    record: &mut dyn Record,
) -> Result<(), Error> {
    match freshness {
        Freshness::Waived(reason) => record.waive(check, reason),
        Freshness::Nonce(nonce) => {
            if !found.is_some_and(|found| nonce.is(found)) {
                return Err(Error::Nonce);
            }
            let nonce = nonce.as_bytes();
            record.nonce_matches(check, nonce, &format_args!("the same {} bytes", nonce.len()));
        }
    }
    Ok(())
}

/// `…-enc….eu-central-1.aws ← … ← aws.nitro-enclaves (pinned)`.
struct Shown<'a>(&'a AnchoredPath<'a>);

impl<'a> fmt::Display for Shown<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |certificate: &Certificate<'a>| certificate.subject().common_name().unwrap_or("?");
        let between = self.0.below().len().saturating_sub(1);
        write!(f, "{} ← {between} certificates ← {}", name(self.0.leaf()), name(self.0.root()))?;
        write!(f, " ({})", self.0.anchor())
    }
}
