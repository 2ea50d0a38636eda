//! Why the evidence of an Azure VM is not believed.

use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_wire::Error as WireError;
use teeproof_wire::hcl::ReportType;
use teeproof_x509::{NameText, Problem};

use crate::checks;

/// The evidence is not believed: the first thing that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The paravisor's report is not one, or of a version or kind that is not supported.
    Report(WireError),
    /// The hardware report is of another technology than the one that was asked for.
    Hardware {
        /// The one that was asked for.
        wanted: ReportType,
        /// The one that came.
        found: ReportType,
    },
    /// The AK certificate's chain does not hold.
    AkChain {
        /// The certificate at fault: 0 is the root, 1 the certificate below it, and so on.
        link: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The AK certificate's chain ends at a root that is no trust anchor.
    AkUntrusted {
        /// The root's name.
        root: NameText,
    },
    /// A revocation list of an issuer of the AK certificate's chain does not hold or is not current.
    AkRevocationList {
        /// The issuer: 0 is the root, 1 the certificate below it, and so on.
        issuer: usize,
        /// What is wrong with the list.
        problem: Problem,
    },
    /// The AK certificate is not for a confidential VM.
    AkSubject,
    /// The SNP report does not hold.
    Snp(teeproof_snp::Error),
    /// The SNP report was asked for at a privilege level at which the paravisor does not run.
    Vmpl(u32),
    /// The hardware report does not hold the claims' hash.
    Binding,
    /// The claims are malformed.
    Claims(ClaimsProblem),
    /// The claims name no attestation key that can be used.
    Key(KeyProblem),
    /// The quote, its registers or the boot log do not hold.
    Tpm(teeproof_tpm::Error),
    /// Register values came without a quote that could vouch for them.
    PcrsWithoutQuote,
    /// The claims' user-data is not the nonce.
    Nonce,
    /// The claims' user-data is not what was asked for.
    UserData,
    /// The claims have no user-data, which had to be compared.
    NoUserData,
    /// The nonce is empty, or it or the expected user-data is longer than user-data.
    UserDataLength,
    /// The TDREPORT is not one, or of a version that is not supported.
    TdReport(WireError),
    /// The TDREPORT does not agree with itself.
    TdReportHash(TdReportHash),
    /// There is no quote of the TD.
    TdQuoteMissing,
    /// There is a quote of the TD, but none of the endorsements that it needs.
    TdCollateralMissing,
}

/// What is malformed about claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimsProblem {
    /// Not one JSON value, or nested too deeply.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// An object has two members of one name.
    Duplicate {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A member is missing that has to be there.
    Missing(&'static str),
    /// A member is not of the form that it has to have.
    Member(&'static str),
}

/// What is wrong with the attestation key among the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyProblem {
    /// There is no key of this id.
    Missing,
    /// There are several keys of this id.
    Several,
    /// It is not an RSA key.
    Kind,
    /// It is all zeros: the paravisor could not create its key.
    Zero,
    /// The modulus does not have exactly 2048 bits.
    Size,
    /// The exponent is not 65537.
    Exponent,
}

/// A hash that a TDREPORT holds of another part of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TdReportHash {
    /// Of TEE_TCB_INFO.
    TeeTcbInfo,
    /// Of TDINFO.
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
            Self::Vmpl(_) => checks::VMPL,
            Self::Binding => checks::BINDING,
            Self::Claims(_) | Self::Key(_) => checks::CLAIMS,
            Self::Tpm(error) => error.check(),
            Self::PcrsWithoutQuote => teeproof_tpm::checks::PCRS,
            Self::Nonce | Self::UserData | Self::NoUserData | Self::UserDataLength => checks::USER_DATA,
            Self::TdReport(_) | Self::TdReportHash(_) => checks::TD_REPORT,
            Self::TdQuoteMissing | Self::TdCollateralMissing => checks::TD_QUOTE,
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
            Self::Tpm(error) => error.class(),
            Self::AkUntrusted { .. } | Self::AkSubject => Class::NotAuthentic,
            Self::Vmpl(_) | Self::Key(_) | Self::TdReportHash(_) => Class::NotAuthentic,
            Self::Binding | Self::PcrsWithoutQuote => Class::NotBound,
            Self::Nonce | Self::UserData | Self::NoUserData | Self::UserDataLength => Class::NotBound,
            Self::TdQuoteMissing | Self::TdCollateralMissing => Class::Incomplete,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(error) | Self::TdReport(error) => error.fmt(f),
            Self::Hardware { wanted, found } => {
                write!(f, "asked for the hardware report of {wanted}, this is {found}")
            }
            Self::AkChain { link: 0, problem } => write!(f, "the vTPM root: {problem}"),
            Self::AkChain { link, problem } => {
                write!(f, "certificate {link} below the vTPM root: {problem}")
            }
            Self::AkUntrusted { root } => {
                write!(f, "the AK certificate's chain ends at a root that is not trusted: {root}")
            }
            Self::AkRevocationList { issuer: 0, problem } => {
                write!(f, "revocation list of the vTPM root: {problem}")
            }
            Self::AkRevocationList { issuer, problem } => {
                write!(f, "revocation list of certificate {issuer} below the vTPM root: {problem}")
            }
            Self::Snp(error) => error.fmt(f),
            Self::Tpm(error) => error.fmt(f),
            Self::Vmpl(u32::MAX) => f.write_str("expected VMPL 0, the host asked for the report"),
            Self::Vmpl(vmpl) => {
                write!(f, "expected VMPL 0, found {vmpl}, where the guest can ask for a report over any data")
            }
            Self::Claims(problem) => problem.fmt(f),
            Self::Key(problem) => problem.fmt(f),
            other => f.write_str(other.text()),
        }
    }
}

impl Error {
    /// What the report asks for and what a certificate has, where the two were compared.
    #[must_use]
    pub const fn compared(&self) -> Option<(teeproof_snp::Compared, teeproof_snp::Compared)> {
        match self {
            Self::Snp(error) => error.compared(),
            _ => None,
        }
    }

    /// What a person can do, where the check's own hint does not say it.
    #[must_use]
    pub const fn advice(&self) -> Option<teeproof_snp::Advice> {
        match self {
            Self::Snp(error) => error.advice(),
            Self::AkUntrusted { .. } => Some(teeproof_snp::Advice::Anchor),
            Self::AkChain { link: 1, problem: Problem::Signature } => Some(teeproof_snp::Advice::SameName),
            Self::AkChain { problem: Problem::Revoked, .. } => Some(teeproof_snp::Advice::Revoked),
            Self::Key(KeyProblem::Zero) => Some(teeproof_snp::Advice::Text(
                "A paravisor whose key could not be created publishes zeros: restart the VM with a reset vTPM.",
            )),
            Self::Tpm(error) => match error.advice() {
                Some(text) => Some(teeproof_snp::Advice::Text(text)),
                None => None,
            },
            _ => None,
        }
    }

    /// The errors that need no values to be told.
    const fn text(&self) -> &'static str {
        match self {
            Self::AkSubject => {
                "the AK certificate is not for a confidential VM; trusted-launch VMs have the same root"
            }
            Self::Binding => "the hardware report's data is not the claims' hash followed by zeros",
            Self::PcrsWithoutQuote => "register values came without a quote that could vouch for them",
            Self::Nonce => "user-data is not the nonce followed by zeros",
            Self::UserData => "user-data is not what was asked for, followed by zeros",
            Self::NoUserData => "the claims have no user-data",
            Self::UserDataLength => "a nonce has 1 to 64 bytes, expected data at most 64, as user-data has",
            Self::TdReportHash(TdReportHash::TeeTcbInfo) => {
                "the TDREPORT's TEE_TCB_INFO_HASH is not that of its TEE_TCB_INFO"
            }
            Self::TdReportHash(TdReportHash::TdInfo) => {
                "the TDREPORT's TEE_INFO_HASH is not that of its TDINFO"
            }
            Self::TdQuoteMissing => "a TDREPORT alone is no evidence: the TD quote is missing",
            _ => {
                "Intel's collateral (TCB info, QE identity, revocation lists) is missing; \
                 this version verifies no TD quotes yet"
            }
        }
    }
}

impl fmt::Display for ClaimsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { line, column } => {
                write!(f, "claims: not one JSON value of bounded depth, line {line}, column {column}")
            }
            Self::Duplicate { line, column } => {
                write!(f, "claims: a member is there twice, line {line}, column {column}")
            }
            Self::Missing(member) => write!(f, "claims: {member} is missing"),
            Self::Member(member) => write!(f, "claims: {member} is not of its form"),
        }
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "the claims have no HCLAkPub",
            Self::Several => "the claims have more than one HCLAkPub",
            Self::Kind => "HCLAkPub is not an RSA key",
            Self::Zero => "HCLAkPub is all zeros: the paravisor could not create its attestation key",
            Self::Size => "HCLAkPub does not have a modulus of exactly 2048 bits",
            Self::Exponent => "HCLAkPub does not have the exponent 65537",
        })
    }
}

impl core::error::Error for Error {}
