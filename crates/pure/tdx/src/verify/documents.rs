//! Verification of TCB info and QE identity: signer, signature over the bytes as received, and only then the
//! JSON, its platform and its dates.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use teeproof_core::{Record, Time};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{
    AnchorKind, SignatureBudget, SignatureChecks, VerifiedPath, VerifiedSignature, verify_p256_statement,
};

use super::TdxVerification;
use super::chain::{Shown, anchored, leaves, unrevoked, valid};
use crate::cache::Kind;
use crate::json::DateText;
use crate::qe_identity::QeIdentity;
use crate::tcb_info::TcbInfo;
use crate::{Chain, CollateralKind, DocumentProblem, Error, PckIdentity, SignedJson, checks};

/// The common name of the certificates that sign collateral. Other certificates under Intel's root, such as those
/// of platforms, must not.
const TCB_SIGNING: &str = "Intel SGX TCB Signing";
/// The limit of documents of one kind; real evidence has one.
pub const MAX_DOCUMENTS: usize = 16;

/// A document of collateral that was not used for the evaluation, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnusedDocument {
    /// The kind of the document.
    pub kind: CollateralKind,
    /// Why it was not used.
    pub reason: UnusedReason,
}

/// Why a document of collateral was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnusedReason {
    /// It is valid, and the one that was used is newer.
    Older {
        /// Its `tcbEvaluationDataNumber`.
        number: u32,
        /// Its `issueDate`.
        issued: Time,
    },
    /// It is not valid for this platform at this time.
    Invalid(DocumentProblem),
}

/// `TCB info: for FMSPC …, the platform has …`.
impl fmt::Display for UnusedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind)?;
        match self.reason {
            UnusedReason::Older { number, issued } => {
                write!(
                    f,
                    "older than the one that was used: evaluation data number {number}, issued {issued}"
                )
            }
            UnusedReason::Invalid(problem) => problem.fmt(f),
        }
    }
}

/// A document with a verified signature. Only this module makes it.
#[derive(Clone, Debug)]
pub(crate) struct VerifiedDocument<'a, T: Clone> {
    /// The document as received.
    pub(crate) source: SignedJson<'a>,
    /// The signer's whole certificate, DER.
    pub(crate) signer: &'a [u8],
    pub(super) anchor: AnchorKind,
    /// The signature; `None` if it was verified before the document entered a cache.
    pub(super) statement: Option<VerifiedSignature<'a>>,
    pub(crate) parsed: Cow<'a, T>,
}

/// The signers of a verification, and how signatures are verified.
#[derive(Clone, Copy)]
pub(super) struct Signers<'s, 'e> {
    pub(super) paths: &'s [VerifiedPath<'e>],
    pub(super) verification: &'s TdxVerification<'e>,
}

/// The verified paths of all TCB signing certificates, at least one.
pub(super) fn signers<'e>(
    given: &[Certificate<'e>],
    verification: &TdxVerification<'e>,
    signatures: &SignatureChecks<'_>,
    lists: &mut Vec<VerifiedSignature<'e>>,
    record: &mut dyn Record,
) -> Result<Vec<VerifiedPath<'e>>, Error> {
    const CHAIN: Chain = Chain::TcbSigning;
    let is_signer = |one: &Certificate<'e>| one.subject().common_name() == Some(TCB_SIGNING);
    let mut failure = None;
    let mut signers = Vec::new();
    for leaf in leaves(CHAIN, given, is_signer)? {
        // Intel's root issues it, no other authority.
        let path = anchored(CHAIN, leaf, given, verification, signatures, |path| {
            (path.below().len() == 1).then(|| Box::new(*path))
        });
        let settled = path.and_then(|path| {
            let mut path = valid(CHAIN, &path, verification)?;
            unrevoked(CHAIN, &mut path, verification, signatures, lists)?;
            Ok(path)
        });
        match settled {
            Ok(path) => signers.push(path),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match (signers.first(), failure) {
        (Some(path), _) => record
            .pass(checks::SIGNER, &format_args!("{}; revocation: {}", Shown(path.path()), path.revocation())),
        (None, error) => return Err(error.unwrap_or(Error::MissingLeaf(CHAIN))),
    }
    Ok(signers)
}

/// The current TCB info for a platform with the greatest evaluation data number.
pub(super) fn tcb_info<'e>(
    documents: &[SignedJson<'e>],
    signers: Signers<'_, 'e>,
    pck: &PckIdentity,
    unused: &mut Vec<UnusedDocument>,
) -> Result<VerifiedDocument<'e, TcbInfo>, Error> {
    let at = signers.verification.at;
    let accept = |info: &TcbInfo| {
        if (info.id.as_str(), info.version, info.tcb_type) != ("TDX", 3, 0) {
            return Err(DocumentProblem::Version);
        }
        if info.fmspc.0 != pck.fmspc {
            return Err(DocumentProblem::Fmspc { found: info.fmspc.0, expected: pck.fmspc });
        }
        if info.pce_id.0 != pck.pce_id {
            return Err(DocumentProblem::PceId);
        }
        current(info.issue_date, info.next_update, at)?;
        Ok((info.tcb_evaluation_data_number, info.issue_date.0))
    };
    newest(CollateralKind::TcbInfo, documents, signers, unused, accept)
}

/// The current identity of the quoting enclave with the greatest evaluation data number.
pub(super) fn qe_identity<'e>(
    documents: &[SignedJson<'e>],
    signers: Signers<'_, 'e>,
    unused: &mut Vec<UnusedDocument>,
) -> Result<VerifiedDocument<'e, QeIdentity>, Error> {
    let at = signers.verification.at;
    let accept = |identity: &QeIdentity| {
        if (identity.id.as_str(), identity.version) != ("TD_QE", 2) {
            return Err(DocumentProblem::Version);
        }
        current(identity.issue_date, identity.next_update, at)?;
        Ok((identity.tcb_evaluation_data_number, identity.issue_date.0))
    };
    newest(CollateralKind::QeIdentity, documents, signers, unused, accept)
}

fn current(issued: DateText, next_update: DateText, at: Time) -> Result<(), DocumentProblem> {
    let (DateText(issued), DateText(next_update)) = (issued, next_update);
    if at < issued {
        return Err(DocumentProblem::NotYetIssued { issued, at });
    }
    if at > next_update {
        return Err(DocumentProblem::Stale { next_update, at });
    }
    Ok(())
}

/// The newest of the documents of one kind that are valid, in any order; the error of the one that passed most
/// checks if none is. Adds the others to the unused ones.
fn newest<'e, T: Kind + Deserialize<'e>>(
    kind: CollateralKind,
    documents: &[SignedJson<'e>],
    signers: Signers<'_, 'e>,
    unused: &mut Vec<UnusedDocument>,
    accept: impl Fn(&T) -> Result<(u32, Time), DocumentProblem>,
) -> Result<VerifiedDocument<'e, T>, Error> {
    let mut of_kind: Vec<&SignedJson<'e>> = documents.iter().filter(|one| one.kind() == kind).collect();
    of_kind
        .sort_unstable_by(|one, other| (one.body(), one.signature()).cmp(&(other.body(), other.signature())));
    of_kind.dedup();
    if of_kind.len() > MAX_DOCUMENTS {
        return Err(Error::Document { kind, problem: DocumentProblem::TooMany });
    }
    let mut best: Option<((u32, Time), VerifiedDocument<'e, T>)> = None;
    let mut failure: Option<DocumentProblem> = None;
    let mut leave_out = |reason| unused.push(UnusedDocument { kind, reason });
    let older = |(number, issued)| UnusedReason::Older { number, issued };
    for document in of_kind {
        let verified =
            signers.verified(document).and_then(|found| accept(&found.parsed).map(|age| (age, found)));
        match verified {
            Ok((age, found)) => {
                if best.as_ref().is_none_or(|(other, _)| age > *other) {
                    if let Some((other, _)) = best.replace((age, found)) {
                        leave_out(older(other));
                    }
                } else {
                    leave_out(older(age));
                }
            }
            Err(problem) => {
                leave_out(UnusedReason::Invalid(problem));
                if failure.is_none_or(|other| problem.rank() > other.rank()) {
                    failure = Some(problem);
                }
            }
        }
    }
    match (best, failure) {
        (Some((_, found)), _) => Ok(found),
        (None, problem) => {
            Err(Error::Document { kind, problem: problem.unwrap_or(DocumentProblem::Signature) })
        }
    }
}

impl<'e> Signers<'_, 'e> {
    /// A document that one of the signers signed: parsed before, or after its signature was verified.
    fn verified<T: Kind + Deserialize<'e>>(
        self,
        source: &SignedJson<'e>,
    ) -> Result<VerifiedDocument<'e, T>, DocumentProblem> {
        let signed = |path: &VerifiedPath<'e>, statement, parsed| VerifiedDocument {
            source: *source,
            signer: path.leaf().der(),
            anchor: path.path().anchor(),
            statement,
            parsed,
        };
        if let Some(cache) = self.verification.collateral_cache {
            let found = |path: &VerifiedPath<'e>| {
                let parsed = cache.document(source, path.leaf().der())?;
                Some(signed(path, None, Cow::Borrowed(parsed)))
            };
            if let Some(found) = self.paths.iter().find_map(found) {
                return Ok(found);
            }
        }
        // The numbers of signers and documents are limited by `MAX_LEAVES` and `MAX_DOCUMENTS`.
        let budget = SignatureBudget::new(self.paths.len());
        let checks = self.verification.path.signature_checks(&budget);
        let (body, signature) = (source.body().as_bytes(), *source.signature());
        let statement =
            |path: &'_ VerifiedPath<'e>| verify_p256_statement(path.leaf(), body, signature, &checks).ok();
        let found = self.paths.iter().find_map(|path| statement(path).map(|statement| (path, statement)));
        let (path, statement) = found.ok_or(DocumentProblem::Signature)?;
        let parsed = serde_json::from_str(source.body())
            .map_err(|error| DocumentProblem::json(&error, source.body()))?;
        Ok(signed(path, Some(statement), Cow::Owned(parsed)))
    }
}
