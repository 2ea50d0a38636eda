//! Verification errors of reports.

use core::fmt;

use teeproof_core::{Check, Class, Comparand, Datum, Relation, TakeDatum};
use teeproof_wire::Error as WireError;
use teeproof_wire::snp::{Report, Tcb};
use teeproof_x509::{NameText, Problem};

use crate::binding::{ChipPrefix, ReportTcb};
use crate::kds::{VcekUrl, VekSource};
use crate::{Component, VekKind, checks};

/// A certificate of the VEK's chain, ordered from the root down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VekChainCertificate {
    /// The root key: `ARK-<product>`.
    Ark,
    /// The intermediate: `SEV-<product>` or `SEV-VLEK-<product>`.
    Intermediate,
    /// The endorsement key: `SEV-VCEK` or `SEV-VLEK`.
    Vek,
}

impl VekChainCertificate {
    pub(crate) const fn at(link: usize) -> Self {
        match link {
            0 => Self::Ark,
            1 => Self::Intermediate,
            _ => Self::Vek,
        }
    }
}

impl fmt::Display for VekChainCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ark => "ARK",
            Self::Intermediate => "ASK or ASVK",
            Self::Vek => "VCEK or VLEK",
        })
    }
}

/// The first check of a report that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Not a valid report, or of an unsupported version or signature algorithm.
    Report(WireError),
    /// KEY_INFO.SIGNING_KEY is neither VCEK nor VLEK.
    NotSigned,
    /// No VCEK or VLEK is among the endorsements.
    MissingVek(VekSource),
    /// A certificate above the VCEK or VLEK is missing among the endorsements.
    Missing(VekChainCertificate),
    /// The chain ends at a root that is not a trust anchor.
    Untrusted {
        /// The root's name.
        root: NameText,
    },
    /// A certificate of the chain failed a check.
    Chain {
        /// The certificate that failed.
        link: VekChainCertificate,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A revocation list of an issuer of the chain is not valid or not current.
    RevocationList {
        /// The issuer.
        issuer: VekChainCertificate,
        /// What is wrong with the list.
        problem: Problem,
    },
    /// The VEK certificate's AMD extensions are missing or malformed.
    Vek(WireError),
    /// The kind of key in the certificate's subject contradicts its chain or its extensions.
    VekType {
        /// The certificate's.
        certificate: VekKind,
    },
    /// The VEK of the kind that signed the report is missing; the certificates are of the other kind.
    OtherVekType {
        /// The kind that signed the report.
        signer: VekKind,
        /// The certificate's.
        certificate: VekKind,
        /// Where to get the right certificate.
        source: VekSource,
    },
    /// Certificate, root key and processor are not of one product line.
    VekProduct,
    /// The report's processor is of no supported product line.
    Processor,
    /// The certificate is for another TCB than REPORTED_TCB.
    VekTcb {
        /// The kind of key.
        vek: VekKind,
        /// The first component that differs.
        component: Component,
        /// The certificate's TCB.
        certificate: Tcb,
        /// The report's REPORTED_TCB.
        reported: Tcb,
        /// The other TCB of the report that the certificate is for, if there is one.
        fits: Option<ReportTcb>,
        /// Where to get the right certificate.
        source: VekSource,
    },
    /// A TCB of the report has reserved bytes that are not zero.
    TcbReserved,
    /// The VCEK of the report's chip is missing: the certificate belongs to another chip.
    VekChip {
        /// The report's chip.
        expected: ChipPrefix,
        /// The certificate's.
        other: ChipPrefix,
        /// Where to get the right certificate.
        source: VekSource,
    },
    /// The report's signature is not valid.
    Signature,
    /// REPORT_DATA is not the nonce.
    Nonce,
    /// The nonce is longer than the 64 bytes of REPORT_DATA.
    NonceLength,
}

impl Error {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::Report(_) => checks::FORMAT,
            Self::Chain { problem: Problem::Expired { .. } | Problem::NotYetValid { .. }, .. } => {
                checks::VALIDITY
            }
            Self::Chain { problem: Problem::Revoked | Problem::NoRevocationList, .. }
            | Self::RevocationList { .. } => checks::REVOCATION,
            Self::MissingVek(_) | Self::Missing(_) | Self::Untrusted { .. } => checks::CHAIN,
            Self::Chain { .. } | Self::Vek(_) => checks::CHAIN,
            Self::NotSigned | Self::VekType { .. } | Self::OtherVekType { .. } => checks::VEK_TYPE,
            Self::VekProduct | Self::Processor | Self::TcbReserved => checks::VEK_PRODUCT,
            Self::VekTcb { .. } => checks::VEK_TCB,
            Self::VekChip { .. } => checks::VEK_CHIP,
            Self::Signature => checks::SIGNATURE,
            Self::Nonce | Self::NonceLength => checks::NONCE,
        }
    }

    /// The failure's class.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Report(error) | Self::Vek(error) if error.is_unsupported() => Class::Unsupported,
            Self::Report(_) | Self::Vek(_) => Class::Malformed,
            Self::Processor => Class::Unsupported,
            Self::MissingVek(_) | Self::Missing(_) => Class::Incomplete,
            // The certificate of another chip, TCB or kind is genuine; the right one is missing.
            Self::VekChip { .. } | Self::VekTcb { .. } | Self::OtherVekType { .. } => Class::Incomplete,
            Self::Chain { problem, .. } | Self::RevocationList { problem, .. } => problem.class(),
            Self::Nonce | Self::NonceLength => Class::NotBound,
            _ => Class::NotAuthentic,
        }
    }
}

impl Error {
    /// Whether the limit of signatures was reached.
    pub(crate) const fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::Chain { problem: Problem::TooManySignatures, .. }
                | Self::RevocationList { problem: Problem::TooManySignatures, .. }
        )
    }

    /// The VEK of a report is missing.
    pub(crate) fn missing_vek(wanted: VekKind, report: Report<'_>) -> Self {
        Self::MissingVek(match wanted {
            VekKind::Vcek => VekSource::vcek(report, None),
            VekKind::Vlek => VekSource::Provider,
        })
    }

    /// The hint of this error, where it differs from the check's own hint.
    #[must_use]
    pub const fn advice(&self) -> Option<Advice> {
        match self {
            Self::MissingVek(source)
            | Self::OtherVekType { source, .. }
            | Self::VekChip { source, .. }
            | Self::VekTcb { source, .. } => Some(Advice::Vek(*source)),
            Self::Untrusted { .. } => Some(Advice::Anchor),
            Self::Chain { link: VekChainCertificate::Intermediate, problem: Problem::Signature } => {
                Some(Advice::SameName)
            }
            Self::Chain { problem: Problem::Revoked, .. } => Some(Advice::Revoked),
            Self::Processor => Some(Advice::Text(
                "This version supports Milan, Genoa and Turin; a newer version may support this processor.",
            )),
            Self::TcbReserved => Some(Advice::Text(
                "Give the report as the guest received it: its TCBs do not have the layout of its product line.",
            )),
            _ => None,
        }
    }

    /// The expected and the actual value, where report and certificate were compared.
    #[must_use]
    pub const fn compared(&self) -> Option<(Compared, Compared)> {
        match self {
            Self::VekTcb { certificate, reported, .. } => {
                Some((Compared::Tcb(*reported), Compared::Tcb(*certificate)))
            }
            Self::OtherVekType { signer, certificate, .. } => {
                Some((Compared::Kind(*signer), Compared::Kind(*certificate)))
            }
            Self::VekChip { expected, other, source } => Some((
                match source {
                    VekSource::Kds(url) => Compared::Chip(*url),
                    _ => Compared::ChipPrefix(*expected),
                },
                Compared::ChipPrefix(*other),
            )),
            _ => None,
        }
    }
}

/// The hint of an error, where it differs from the check's own hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Get the VEK certificate from this source.
    Vek(VekSource),
    /// Add the root as a trust anchor, if it is your own.
    Anchor,
    /// The same, for a root with the name of a pinned one and another key.
    SameName,
    /// Do not rely on a revoked certificate.
    Revoked,
    /// Another hint.
    Text(&'static str),
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vek(source) => source.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Anchor => {
                f.write_str("For the root of a test or of the twin, add its certificate as a trust anchor.")
            }
            Self::SameName => f.write_str(
                "The trusted root of this name did not make the signature. For evidence of a test or of the \
                 twin, add its root's certificate as a trust anchor.",
            ),
            Self::Revoked => f.write_str(
                "The issuer revoked the certificate: do not rely on evidence under it. Get a certificate \
                 under a current issuer, or use another machine.",
            ),
        }
    }
}

/// One side of a comparison between a report and a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compared {
    /// A kind of key.
    Kind(VekKind),
    /// A TCB.
    Tcb(Tcb),
    /// A complete chip id.
    Chip(VcekUrl),
    /// The first bytes of a chip id: 16, or 8 of a Turin chip.
    ChipPrefix(ChipPrefix),
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => kind.fmt(f),
            Self::Tcb(tcb) => tcb.fmt(f),
            Self::Chip(url) => write!(f, "chip {}", url.chip()),
            Self::ChipPrefix(prefix) => prefix.fmt(f),
        }
    }
}

impl Comparand for Compared {
    fn data(&self, take: &mut TakeDatum<'_>) {
        let mut exactly = |datum| take(Relation::Exactly, datum);
        match self {
            Self::Kind(kind) => exactly(Datum::Text(&kind.id())),
            Self::Tcb(tcb) => exactly(Datum::Levels(&tcb.levels())),
            Self::Chip(url) => exactly(Datum::Bytes(url.chip().0)),
            Self::ChipPrefix(prefix) => exactly(Datum::Bytes(prefix.as_bytes())),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(error) | Self::Vek(error) => error.fmt(f),
            Self::NotSigned => f.write_str("KEY_INFO.SIGNING_KEY: expected VCEK or VLEK, got another value"),
            Self::MissingVek(source) => {
                let kind = if *source == VekSource::Provider { VekKind::Vlek } else { VekKind::Vcek };
                write!(f, "the {kind} is missing among the endorsements")
            }
            Self::Missing(link) => write!(f, "the {link} certificate is missing among the endorsements"),
            Self::Untrusted { root } => {
                write!(f, "the chain ends at a root that is not trusted: {root}")
            }
            Self::Chain { link, problem } => write!(f, "{link}: {problem}"),
            Self::RevocationList { issuer, problem } => {
                write!(f, "revocation list of the {issuer}: {}", problem.of_list())
            }
            Self::VekType { certificate } => {
                write!(f, "the certificate's subject names a {certificate}, its chain or extensions do not")
            }
            Self::OtherVekType { signer, certificate, .. } => {
                write!(
                    f,
                    "expected the certificate of a {signer}, which signed the report, got a {certificate}"
                )
            }
            Self::VekProduct => f.write_str(
                "expected one product line, got different ones in certificate, root key and processor",
            ),
            Self::Processor => f.write_str("CPUID is of no supported product line"),
            Self::VekTcb { vek, component, fits, .. } => {
                write!(f, "no {vek} for REPORTED_TCB: {component} differs")?;
                fits.map_or(Ok(()), |tcb| write!(f, "; the certificate is for the report's {tcb}"))
            }
            Self::TcbReserved => f.write_str("TCB_VERSION: reserved bytes are not zero"),
            Self::VekChip { source: VekSource::Kds(url), .. } => {
                write!(f, "no VCEK for chip {}, only for others", url.chip())
            }
            Self::VekChip { expected, .. } => write!(f, "no VCEK for {expected}, only for others"),
            Self::Signature => f.write_str("the signature over bytes 0x000..0x2a0 is not valid"),
            Self::Nonce => f.write_str("REPORT_DATA: expected the nonce followed by zeros, got other data"),
            Self::NonceLength => {
                f.write_str("nonce: expected 1 to 64 bytes, the size of REPORT_DATA, got a longer one")
            }
        }
    }
}

impl core::error::Error for Error {}
