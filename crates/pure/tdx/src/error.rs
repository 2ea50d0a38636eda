//! Verification errors of quotes and of their collateral.

use core::fmt;

use teeproof_core::{Check, Class, Time};
use teeproof_wire::Error as WireError;
use teeproof_x509::{NameText, Problem};

use crate::urls::Fmspc;
use crate::{CollateralKind, CollateralUrls, checks};

/// A certificate chain of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chain {
    /// The chain of the PCK certificate: Intel SGX Root CA, Platform or Processor CA, PCK certificate.
    Pck,
    /// The chain of the TCB signing certificate: Intel SGX Root CA, TCB signing certificate.
    TcbSigning,
}

impl Chain {
    /// The certificate at a place of the chain, from the root down.
    const fn certificate(self, link: usize) -> &'static str {
        match (self, link) {
            (_, 0) => "Intel SGX root",
            (Self::Pck, 1) => "PCK authority",
            (Self::Pck, _) => "PCK certificate",
            (Self::TcbSigning, _) => "TCB signing certificate",
        }
    }

    const fn leaf(self) -> &'static str {
        self.certificate(usize::MAX)
    }
}

/// The first check of a quote that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Not a valid quote, or of an unsupported version.
    Quote(WireError),
    /// A quoting enclave of another vendor than Intel.
    Vendor,
    /// The certification data of the quote are not a PCK chain.
    CertificationData {
        /// Their type.
        kind: u16,
    },
    /// The PEM of the quote is malformed.
    Pem,
    /// A certificate of the quote is malformed.
    Certificate(WireError),
    /// The leaf of a chain is missing.
    MissingLeaf(Chain),
    /// A certificate of a chain is missing.
    MissingIssuer {
        /// The chain.
        chain: Chain,
        /// The name of the missing certificate.
        issuer: NameText,
    },
    /// A chain ends at a root that is not a trust anchor.
    Untrusted {
        /// The chain.
        chain: Chain,
        /// The root's name.
        root: NameText,
    },
    /// An authority of a chain is not the one that issues such certificates.
    Authority(Chain),
    /// A certificate of a chain failed a check.
    Chain {
        /// The chain.
        chain: Chain,
        /// The certificate: 0 is the root.
        link: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A revocation list of an issuer of a chain is not valid or not current.
    RevocationList {
        /// The chain.
        chain: Chain,
        /// The issuer: 0 is the root.
        issuer: usize,
        /// What is wrong with the list.
        problem: Problem,
    },
    /// The SGX extension of the PCK certificate is missing or malformed.
    Pck(WireError),
    /// The signature over the quoting enclave's report is not valid.
    QeSignature,
    /// REPORTDATA of the quoting enclave is not the hash of attestation key and authentication data.
    QeBinding,
    /// The quote's signature is not valid.
    Signature,
    /// The quote is authentic, and the collateral for its TCB is missing.
    MissingCollateral {
        /// The first kind that is missing.
        kind: CollateralKind,
        /// Where to fetch it.
        urls: CollateralUrls,
    },
    /// A response of Intel's service is malformed.
    Collateral(DocumentProblem),
    /// No document of this kind is valid.
    Document {
        /// The kind.
        kind: CollateralKind,
        /// What is wrong with the one that passed most checks.
        problem: DocumentProblem,
    },
    /// The quoting enclave is not the one of the QE identity.
    Qe(QeField),
    /// The TDX module is not one of the TCB info.
    Module(ModuleProblem),
    /// The platform reaches no level of the TCB info.
    TcbLevel,
    /// The event log is malformed.
    Log(WireError),
    /// The event log is not a CCEL with SHA-384 digests.
    LogFormat,
    /// REPORTDATA is not the nonce.
    Nonce,
    /// The nonce is longer than the 64 bytes of REPORTDATA.
    NonceLength,
}

/// What is wrong with a document of collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentProblem {
    /// More than [`crate::MAX_COLLATERAL_BYTES`].
    TooLarge,
    /// More documents of one kind than are verified.
    TooMany,
    /// Not JSON of the documented shape.
    Json {
        /// The member where it ends to be so, or that is missing or repeated, if it is one that is read.
        member: Option<&'static str>,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// Not exactly one of the members `tcbInfo` and `enclaveIdentity`.
    Members,
    /// The signature is not 128 hexadecimal digits.
    SignatureForm,
    /// No TCB signing certificate signed it.
    Signature,
    /// Another id, version or type than that of TDX.
    Version,
    /// For platforms of another FMSPC.
    Fmspc {
        /// The document's.
        found: [u8; 6],
        /// The platform's.
        expected: [u8; 6],
    },
    /// For another provisioning certification enclave.
    PceId,
    /// `issueDate` is later than the time of verification.
    NotYetIssued {
        /// `issueDate`.
        issued: Time,
        /// The time of verification.
        at: Time,
    },
    /// `nextUpdate` has passed.
    Stale {
        /// `nextUpdate`.
        next_update: Time,
        /// The time of verification.
        at: Time,
    },
}

/// The first field of the quoting enclave's report that the QE identity does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QeField {
    /// MISCSELECT under its mask.
    MiscSelect,
    /// ATTRIBUTES under their mask; a debug enclave is one of the causes.
    Attributes,
    /// MRSIGNER.
    MrSigner,
    /// ISVPRODID.
    IsvProdId,
    /// ISVSVN: below every level.
    IsvSvn,
}

/// Why the TDX module is not one of the TCB info.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModuleProblem {
    /// The TCB info has no module of this major version.
    Unknown {
        /// The major version.
        major: u8,
    },
    /// MRSIGNERSEAM is not that of the identity.
    Signer,
    /// SEAMATTRIBUTES under their mask are not those of the identity.
    Attributes,
    /// The security version is below every level.
    NoLevel {
        /// The major version.
        major: u8,
        /// The security version.
        svn: u8,
    },
}

impl DocumentProblem {
    pub(crate) fn json(error: &serde_json::Error, text: &str) -> Self {
        Self::Json { member: crate::json::member(error, text), line: error.line(), column: error.column() }
    }

    /// The order of several invalid documents: the one that passed most checks is reported.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::Stale { .. } => 6,
            Self::NotYetIssued { .. } => 5,
            Self::PceId => 4,
            Self::Fmspc { .. } => 3,
            Self::Version => 2,
            Self::Json { .. } => 1,
            _ => 0,
        }
    }

    const fn class(&self) -> Class {
        match self {
            Self::TooLarge | Self::TooMany => Class::Malformed,
            Self::Json { .. } | Self::Members | Self::SignatureForm => Class::Malformed,
            Self::Version => Class::Unsupported,
            Self::Signature => Class::NotAuthentic,
            Self::Fmspc { .. } | Self::PceId => Class::Incomplete,
            Self::NotYetIssued { .. } | Self::Stale { .. } => Class::Incomplete,
        }
    }
}

impl Error {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::Quote(_) | Self::Vendor => checks::FORMAT,
            Self::MissingLeaf(Chain::TcbSigning)
            | Self::MissingIssuer { chain: Chain::TcbSigning, .. }
            | Self::Untrusted { chain: Chain::TcbSigning, .. }
            | Self::Authority(Chain::TcbSigning)
            | Self::Chain { chain: Chain::TcbSigning, .. }
            | Self::RevocationList { chain: Chain::TcbSigning, .. } => checks::SIGNER,
            Self::Chain { problem: Problem::Expired { .. } | Problem::NotYetValid { .. }, .. } => {
                checks::VALIDITY
            }
            Self::Chain { problem: Problem::Revoked | Problem::NoRevocationList, .. }
            | Self::RevocationList { .. } => checks::REVOCATION,
            Self::CertificationData { .. }
            | Self::Pem
            | Self::Certificate(_)
            | Self::MissingLeaf(_)
            | Self::MissingIssuer { .. }
            | Self::Untrusted { .. }
            | Self::Authority(_)
            | Self::Chain { .. } => checks::CHAIN,
            Self::Pck(_) => checks::PCK,
            Self::QeSignature => checks::QE_SIGNATURE,
            Self::QeBinding => checks::QE_BINDING,
            Self::Signature => checks::SIGNATURE,
            Self::MissingCollateral { .. } => checks::COLLATERAL,
            Self::Collateral(_) | Self::Document { kind: CollateralKind::TcbInfo, .. } => checks::TCB_INFO,
            Self::Document { kind: CollateralKind::QeIdentity, .. } => checks::QE_IDENTITY,
            Self::Qe(_) => checks::QE,
            Self::Module(_) => checks::MODULE,
            Self::TcbLevel => checks::TCB,
            Self::Log(_) | Self::LogFormat => checks::LOG_FORMAT,
            Self::Nonce | Self::NonceLength => checks::NONCE,
        }
    }

    /// The failure's class.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Quote(error) | Self::Certificate(error) | Self::Pck(error) | Self::Log(error)
                if error.is_unsupported() =>
            {
                Class::Unsupported
            }
            Self::Vendor | Self::CertificationData { .. } | Self::LogFormat => Class::Unsupported,
            Self::Quote(_) | Self::Certificate(_) | Self::Pck(_) | Self::Log(_) | Self::Pem => {
                Class::Malformed
            }
            Self::MissingLeaf(_) | Self::MissingIssuer { .. } | Self::MissingCollateral { .. } => {
                Class::Incomplete
            }
            Self::Chain { problem, .. } | Self::RevocationList { problem, .. } => problem.class(),
            Self::Collateral(problem) | Self::Document { problem, .. } => problem.class(),
            Self::Nonce | Self::NonceLength => Class::NotBound,
            Self::Untrusted { .. }
            | Self::Authority(_)
            | Self::QeSignature
            | Self::QeBinding
            | Self::Signature
            | Self::Qe(_)
            | Self::Module(_)
            | Self::TcbLevel => Class::NotAuthentic,
        }
    }

    /// The addresses of the collateral, if it is missing.
    #[must_use]
    pub const fn urls(&self) -> Option<&CollateralUrls> {
        match self {
            Self::MissingCollateral { urls, .. } => Some(urls),
            _ => None,
        }
    }
}

impl fmt::Display for DocumentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "exceeds {} bytes", crate::MAX_COLLATERAL_BYTES),
            Self::TooMany => write!(f, "more than {} documents of one kind", crate::MAX_DOCUMENTS),
            Self::Json { member, line, column } => {
                member.iter().try_for_each(|member| write!(f, "`{member}`: "))?;
                write!(f, "not JSON of the documented shape, line {line}, column {column}")
            }
            Self::Members => {
                f.write_str("expected one of the members tcbInfo and enclaveIdentity next to signature")
            }
            Self::SignatureForm => f.write_str("signature: expected 128 hexadecimal digits"),
            Self::Signature => f.write_str("the signature does not hold"),
            Self::Version => f.write_str("expected TCB info TDX version 3 or QE identity TD_QE version 2"),
            Self::Fmspc { found, expected } => {
                write!(f, "for FMSPC {}, the platform has {}", Fmspc(*found), Fmspc(*expected))
            }
            Self::PceId => f.write_str("for another PCEID than that of the platform"),
            Self::NotYetIssued { issued, at } => {
                write!(f, "not yet issued: issueDate {issued}, verified at {at}")
            }
            Self::Stale { next_update, at } => {
                write!(f, "stale: nextUpdate {next_update}, verified at {at}")
            }
        }
    }
}

impl fmt::Display for QeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MiscSelect => "MISCSELECT is not that of the QE identity",
            Self::Attributes => "ATTRIBUTES are not those of the QE identity: not a production enclave",
            Self::MrSigner => "MRSIGNER is not that of the QE identity",
            Self::IsvProdId => "ISVPRODID is not that of the QE identity",
            Self::IsvSvn => "ISVSVN is below every level of the QE identity",
        })
    }
}

impl fmt::Display for ModuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { major } => write!(f, "the TCB info has no identity TDX_{major:02X}"),
            Self::Signer => f.write_str("MRSIGNERSEAM is not that of the TCB info"),
            Self::Attributes => f.write_str("SEAMATTRIBUTES are not those of the TCB info"),
            Self::NoLevel { major, svn } => {
                write!(f, "security version {svn} is below every level of TDX_{major:02X}")
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quote(error) | Self::Certificate(error) | Self::Pck(error) | Self::Log(error) => {
                error.fmt(f)
            }
            Self::LogFormat => f.write_str("the event log is not a CCEL with SHA-384 digests"),
            Self::Vendor => f.write_str("the quoting enclave is not Intel's"),
            Self::CertificationData { kind } => {
                write!(f, "certification data: expected type 5, a PCK certificate chain, got type {kind}")
            }
            Self::Pem => f.write_str("the PCK certificate chain of the quote is not PEM"),
            Self::MissingLeaf(chain) => write!(f, "the {} is missing", chain.leaf()),
            Self::MissingIssuer { chain, issuer } => {
                write!(f, "a certificate above the {} is missing: {issuer}", chain.leaf())
            }
            Self::Untrusted { chain, root } => {
                write!(f, "the chain of the {} ends at a root that is not trusted: {root}", chain.leaf())
            }
            Self::Authority(chain) => {
                write!(f, "the {} was not issued by the authority for such certificates", chain.leaf())
            }
            Self::Chain { chain, link, problem } => write!(f, "{}: {problem}", chain.certificate(*link)),
            Self::RevocationList { chain, issuer, problem } => {
                write!(f, "revocation list of the {}: {}", chain.certificate(*issuer), problem.of_list())
            }
            Self::QeSignature => f.write_str("the signature over the quoting enclave's report does not hold"),
            Self::QeBinding => f.write_str("the quoting enclave's report is for another attestation key"),
            Self::Signature => f.write_str("the quote's signature does not hold"),
            Self::MissingCollateral { kind, urls } => {
                let fmspc = Fmspc(urls.fmspc);
                match kind {
                    CollateralKind::TcbInfo => {
                        write!(f, "the {kind} of FMSPC {fmspc} is missing: {}", urls.tcb_info())
                    }
                    CollateralKind::QeIdentity => {
                        write!(f, "the {kind} for FMSPC {fmspc} is missing: {}", CollateralUrls::QE_IDENTITY)
                    }
                }
            }
            Self::Collateral(problem) => write!(f, "collateral: {problem}"),
            Self::Document { kind, problem } => write!(f, "{kind}: {problem}"),
            Self::Qe(field) => field.fmt(f),
            Self::Module(problem) => problem.fmt(f),
            Self::TcbLevel => f.write_str("the platform reaches no TCB level of the TCB info"),
            Self::Nonce => f.write_str("REPORTDATA is not the nonce followed by zeros"),
            Self::NonceLength => f.write_str("nonce: expected at most 64 bytes, the size of REPORTDATA"),
        }
    }
}

impl core::error::Error for Error {}
