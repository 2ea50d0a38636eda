//! Verification errors of an Azure confidential VM.

use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_snp::Advice;
use teeproof_tdx::CollateralUrls;
use teeproof_wire::Error as WireError;
use teeproof_wire::hcl::ReportType;
use teeproof_x509::{NameText, Problem};

use crate::checks;

/// The first failed check of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Not a valid HCL report, or of an unsupported version or type.
    Report(WireError),
    /// The hardware report is of another technology than expected.
    Hardware {
        /// The expected type.
        expected: ReportType,
        /// The report's type.
        found: ReportType,
    },
    /// The AK certificate's chain is invalid.
    AkChain {
        /// The certificate at fault: 0 is the root, 1 the certificate below it, and so on.
        link: usize,
        /// Its problem.
        problem: Problem,
    },
    /// The AK certificate's chain ends at a root that is not a trust anchor.
    AkUntrusted {
        /// The root's name.
        root: NameText,
    },
    /// A revocation list for the AK certificate's chain is invalid or not current.
    AkRevocationList {
        /// The issuer: 0 is the root, 1 the certificate below it, and so on.
        issuer: usize,
        /// The list's problem.
        problem: Problem,
    },
    /// The AK certificate is not for a confidential VM.
    AkSubject,
    /// The SNP report is not authentic.
    Snp(teeproof_snp::Error),
    /// The TD quote is not authentic, or its collateral is missing or not current.
    Tdx(teeproof_tdx::Error),
    /// The SNP report was requested at another VMPL than the paravisor's, 0.
    Vmpl(u32),
    /// REPORT_DATA is not the hash of the claims.
    Binding,
    /// The claims are malformed.
    Claims(ClaimsProblem),
    /// The claims have no usable attestation key.
    Key(AttestationKeyProblem),
    /// The quote, its PCR values or the event log are refused.
    Tpm(teeproof_tpm::Error),
    /// The evidence has PCR values and no quote that signs them.
    PcrsWithoutQuote,
    /// User-data is not the nonce.
    Nonce,
    /// User-data is not the expected data.
    UserData,
    /// User-data is missing, and had to be compared.
    NoUserData,
    /// The nonce is empty, or nonce or expected user-data exceed 64 bytes.
    UserDataLength,
    /// Not a valid TDREPORT, or of an unsupported version.
    TdReport(WireError),
    /// A hash in the TDREPORT does not match its own contents.
    TdReportHash(TdReportHash),
    /// The TD quote is missing.
    TdQuoteMissing,
    /// A field of the TDREPORT is not that of the TD quote.
    TdReportMismatch {
        /// The first field that differs, by Intel's name.
        field: &'static str,
    },
}

/// A problem of malformed claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimsProblem {
    /// Not a single JSON value, or nested more than 128 deep.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// An object has two members of the same name.
    Duplicate {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A required member is missing.
    Missing(&'static str),
    /// A member has the wrong type or format.
    Member(&'static str),
}

/// A problem of the claims' attestation key, `HCLAkPub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttestationKeyProblem {
    /// The key is missing.
    Missing,
    /// Several keys have this id.
    Several,
    /// The key is not an RSA key.
    Kind,
    /// The modulus is all zeros: the paravisor could not create its key.
    Zero,
    /// The modulus does not have exactly 2048 bits.
    Size,
    /// The exponent is not 65537.
    Exponent,
}

/// A hash in a TDREPORT of another part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TdReportHash {
    /// TEE_TCB_INFO_HASH.
    TeeTcbInfo,
    /// TEE_INFO_HASH, of TDINFO.
    TdInfo,
}

impl Error {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::Report(_) | Self::Hardware { .. } => checks::FORMAT,
            Self::AkChain { problem: Problem::Revoked | Problem::NoRevocationList, .. }
            | Self::AkRevocationList { .. } => checks::AK_REVOCATION,
            Self::AkChain { .. } | Self::AkUntrusted { .. } | Self::AkSubject => checks::AK_CHAIN,
            Self::Snp(error) => error.check(),
            Self::Tdx(error) => error.check(),
            Self::Vmpl(_) => checks::VMPL,
            Self::Binding => checks::BINDING,
            Self::Claims(_) | Self::Key(_) => checks::CLAIMS,
            Self::Tpm(error) => error.check(),
            Self::PcrsWithoutQuote => teeproof_tpm::checks::PCRS,
            Self::Nonce | Self::UserData | Self::NoUserData | Self::UserDataLength => checks::USER_DATA,
            Self::TdReport(_) | Self::TdReportHash(_) => checks::TD_REPORT,
            Self::TdQuoteMissing => checks::TD_QUOTE,
            Self::TdReportMismatch { .. } => checks::TD_REPORT_QUOTE,
        }
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Report(error) | Self::TdReport(error) if error.is_unsupported() => Class::Unsupported,
            Self::Report(_) | Self::TdReport(_) | Self::Claims(_) => Class::Malformed,
            Self::Hardware { .. } => Class::Unsupported,
            Self::AkChain { problem, .. } | Self::AkRevocationList { problem, .. } => problem.class(),
            Self::Snp(error) => error.class(),
            Self::Tdx(error) => error.class(),
            Self::Tpm(error) => error.class(),
            Self::AkUntrusted { .. } | Self::AkSubject => Class::NotAuthentic,
            Self::Vmpl(_) | Self::Key(_) | Self::TdReportHash(_) => Class::NotAuthentic,
            Self::Binding | Self::PcrsWithoutQuote | Self::TdReportMismatch { .. } => Class::NotBound,
            Self::Nonce | Self::UserData | Self::NoUserData | Self::UserDataLength => Class::NotBound,
            Self::TdQuoteMissing => Class::Incomplete,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(error) | Self::TdReport(error) => error.fmt(f),
            Self::Hardware { expected, found } => {
                write!(f, "expected an HCL report of {expected}, got one of {found}")
            }
            Self::AkChain { link: 0, problem } => write!(f, "the vTPM root: {problem}"),
            Self::AkChain { link, problem } => {
                write!(f, "certificate {link} below the vTPM root: {problem}")
            }
            Self::AkUntrusted { root } => {
                write!(f, "the AK certificate's chain ends at a root that is not trusted: {root}")
            }
            Self::AkRevocationList { issuer: 0, problem } => {
                write!(f, "revocation list of the vTPM root: {}", problem.of_list())
            }
            Self::AkRevocationList { issuer, problem } => {
                write!(
                    f,
                    "revocation list of certificate {issuer} below the vTPM root: {}",
                    problem.of_list()
                )
            }
            Self::Snp(error) => error.fmt(f),
            Self::Tdx(error) => error.fmt(f),
            Self::Tpm(error) => error.fmt(f),
            Self::Vmpl(u32::MAX) => f.write_str("expected VMPL 0, got a report that the host requested"),
            Self::Vmpl(vmpl) => {
                write!(
                    f,
                    "expected VMPL 0, got {vmpl}, at which the guest can request a report over any data"
                )
            }
            Self::TdReportMismatch { field } => {
                write!(f, "{field} of the TDREPORT is not that of the TD quote")
            }
            Self::Claims(problem) => problem.fmt(f),
            Self::Key(problem) => problem.fmt(f),
            other => f.write_str(other.text()),
        }
    }
}

impl Error {
    /// The report's and the certificate's values, if the error compares the two.
    #[must_use]
    pub const fn compared(&self) -> Option<(teeproof_snp::Compared, teeproof_snp::Compared)> {
        match self {
            Self::Snp(error) => error.compared(),
            _ => None,
        }
    }

    /// A hint for this error, if it needs another one than its check's. That of [`Error::Tdx`] is
    /// [`teeproof_tdx::Error::advice`].
    #[must_use]
    pub const fn advice(&self) -> Option<Advice> {
        match self {
            Self::Snp(error) => error.advice(),
            Self::AkUntrusted { .. } => Some(Advice::Anchor),
            Self::AkChain { link: 1, problem: Problem::Signature } => Some(Advice::SameName),
            Self::AkChain { problem: Problem::Revoked, .. } => Some(Advice::Revoked),
            Self::Key(AttestationKeyProblem::Zero) => Some(Advice::Text(
                "A paravisor whose key could not be created publishes zeros: restart the VM with a reset vTPM.",
            )),
            Self::Tpm(error) => match error.advice() {
                Some(text) => Some(Advice::Text(text)),
                None => None,
            },
            _ => None,
        }
    }

    /// The URLs of Intel's collateral, if it is missing.
    #[must_use]
    pub const fn urls(&self) -> Option<&CollateralUrls> {
        match self {
            Self::Tdx(error) => error.urls(),
            _ => None,
        }
    }

    /// The texts of errors without values.
    const fn text(&self) -> &'static str {
        match self {
            Self::AkSubject => {
                "the AK certificate is not for a confidential VM (trusted-launch VMs have the same root)"
            }
            Self::Binding => "REPORT_DATA is not the hash of the claims followed by zeros",
            Self::PcrsWithoutQuote => "PCR values without a quote that signs them",
            Self::Nonce => "user-data is not the nonce followed by zeros",
            Self::UserData => "user-data is not the expected data followed by zeros",
            Self::NoUserData => "claims: user-data is missing",
            Self::UserDataLength => {
                "user-data has 64 bytes: expected a nonce of 1 to 64 bytes, and expected data of at most 64"
            }
            Self::TdReportHash(TdReportHash::TeeTcbInfo) => {
                "TDREPORT: TEE_TCB_INFO_HASH is not the hash of TEE_TCB_INFO"
            }
            Self::TdReportHash(TdReportHash::TdInfo) => "TDREPORT: TEE_INFO_HASH is not the hash of TDINFO",
            _ => "a TDREPORT alone is no evidence: the TD quote is missing",
        }
    }
}

impl fmt::Display for ClaimsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { line, column } => {
                write!(
                    f,
                    "claims: not a single JSON value of at most 128 levels, line {line}, column {column}"
                )
            }
            Self::Duplicate { line, column } => {
                write!(f, "claims: duplicate member, line {line}, column {column}")
            }
            Self::Missing(member) => write!(f, "claims: {member} is missing"),
            Self::Member(member) => write!(f, "claims: {member} has the wrong type or format"),
        }
    }
}

impl fmt::Display for AttestationKeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "claims: HCLAkPub is missing",
            Self::Several => "claims: more than one HCLAkPub",
            Self::Kind => "HCLAkPub is not an RSA key",
            Self::Zero => "HCLAkPub is all zeros: the paravisor could not create its attestation key",
            Self::Size => "HCLAkPub: expected a modulus of exactly 2048 bits",
            Self::Exponent => "HCLAkPub: expected the exponent 65537",
        })
    }
}

impl core::error::Error for Error {}
