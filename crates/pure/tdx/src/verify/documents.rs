//! Verification of TCB info and QE identity: signer, signature over the bytes as received, and only then the
//! JSON, its platform and its dates.

use alloc::vec::Vec;

use serde::Deserialize;
use teeproof_core::{Crypto, Record, Time};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{AnchorKind, SignatureChecks, VerifiedPath};

use super::chain::{Shown, anchored, leaves, settle};
use super::{TdxVerification, p256};
use crate::json::DateText;
use crate::qe_identity::QeIdentity;
use crate::tcb_info::TcbInfo;
use crate::{Chain, CollateralKind, DocumentProblem, Error, PckIdentity, SignedJson, checks};

/// The common name of the certificates that sign collateral. Other certificates under Intel's root, such as those
/// of platforms, must not.
const TCB_SIGNING: &str = "Intel SGX TCB Signing";
/// The limit of documents of one kind; real evidence has one.
const MAX_DOCUMENTS: usize = 16;

/// A document with a verified signature, and the anchor of its signer.
pub(super) struct Signed<T> {
    pub(super) document: T,
    pub(super) anchor: AnchorKind,
}

/// The verified paths of all TCB signing certificates, at least one.
pub(super) fn signers<'e>(
    given: &[Certificate<'e>],
    verification: &TdxVerification<'e>,
    signatures: &SignatureChecks<'_>,
    record: &mut dyn Record,
) -> Result<Vec<VerifiedPath<'e>>, Error> {
    const CHAIN: Chain = Chain::TcbSigning;
    let is_signer = |one: &Certificate<'e>| one.subject().common_name() == Some(TCB_SIGNING);
    let mut failure = None;
    let mut signers = Vec::new();
    for leaf in leaves(CHAIN, given, is_signer)? {
        // Intel's root issues it, no other authority.
        let path = anchored(CHAIN, leaf, given, verification, signatures, |path| {
            (path.below().len() == 1).then_some(*path)
        });
        match path.and_then(|path| settle(CHAIN, &path, verification, signatures)) {
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
pub(super) fn tcb_info(
    documents: &[SignedJson<'_>],
    signers: &[VerifiedPath<'_>],
    pck: &PckIdentity,
    at: Time,
    crypto: &Crypto<'_>,
) -> Result<Signed<TcbInfo>, Error> {
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
    newest(CollateralKind::TcbInfo, documents, signers, crypto, accept)
}

/// The current identity of the quoting enclave with the greatest evaluation data number.
pub(super) fn qe_identity(
    documents: &[SignedJson<'_>],
    signers: &[VerifiedPath<'_>],
    at: Time,
    crypto: &Crypto<'_>,
) -> Result<Signed<QeIdentity>, Error> {
    let accept = |identity: &QeIdentity| {
        if (identity.id.as_str(), identity.version) != ("TD_QE", 2) {
            return Err(DocumentProblem::Version);
        }
        current(identity.issue_date, identity.next_update, at)?;
        Ok((identity.tcb_evaluation_data_number, identity.issue_date.0))
    };
    newest(CollateralKind::QeIdentity, documents, signers, crypto, accept)
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
/// checks if none is.
fn newest<'d, T: Deserialize<'d>>(
    kind: CollateralKind,
    documents: &[SignedJson<'d>],
    signers: &[VerifiedPath<'_>],
    crypto: &Crypto<'_>,
    accept: impl Fn(&T) -> Result<(u32, Time), DocumentProblem>,
) -> Result<Signed<T>, Error> {
    let mut of_kind: Vec<&SignedJson<'d>> = documents.iter().filter(|one| one.kind() == kind).collect();
    of_kind
        .sort_unstable_by(|one, other| (one.body(), one.signature()).cmp(&(other.body(), other.signature())));
    of_kind.dedup();
    if of_kind.len() > MAX_DOCUMENTS {
        return Err(Error::Document { kind, problem: DocumentProblem::TooMany });
    }
    let mut best: Option<((u32, Time), Signed<T>)> = None;
    let mut failure: Option<DocumentProblem> = None;
    for document in of_kind {
        let verified = signed_by(document, signers, crypto).and_then(|anchor| {
            let parsed: T =
                serde_json::from_str(document.body()).map_err(|error| DocumentProblem::json(&error))?;
            accept(&parsed).map(|age| (age, Signed { document: parsed, anchor }))
        });
        match verified {
            Ok((age, found)) => {
                if best.as_ref().is_none_or(|(other, _)| age > *other) {
                    best = Some((age, found));
                }
            }
            Err(problem) => {
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

/// The anchor of the signer of a document.
fn signed_by(
    document: &SignedJson<'_>,
    signers: &[VerifiedPath<'_>],
    crypto: &Crypto<'_>,
) -> Result<AnchorKind, DocumentProblem> {
    let made = |path: &&VerifiedPath<'_>| {
        p256(path.leaf()).is_some_and(|point| {
            let message = document.body().as_bytes();
            crypto.ecdsa_p256_sha256.verify(point, &[message], document.signature()).is_ok()
        })
    };
    let signer = signers.iter().find(made).ok_or(DocumentProblem::Signature)?;
    Ok(signer.path().anchor())
}
