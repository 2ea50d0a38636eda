//! Why a report is not believed.

use core::fmt;

use teeproof_core::{Check, Class, Comparand, Datum, Relation, TakeDatum};
use teeproof_wire::Error as WireError;
use teeproof_wire::snp::{Report, Tcb};
use teeproof_x509::{NameText, Problem};

use crate::binding::{ChipPrefix, ReportTcb};
use crate::kds::{VcekUrl, VekSource};
use crate::{Component, VekKind, checks};

/// A link of the chain; the further down, the greater.
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

/// A report is not believed: the first thing that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The report is not one, or of a version or algorithm that is not supported.
    Report(WireError),
    /// The report says that no key signed it, or names a key without a meaning.
    NotSigned,
    /// No VCEK or VLEK is among the endorsements.
    MissingVek(VekSource),
    /// A certificate above the VCEK or VLEK is missing among the endorsements.
    Missing(VekChainCertificate),
    /// The chain ends at a root that is no trust anchor.
    Untrusted {
        /// The root's name.
        root: NameText,
    },
    /// The chain does not hold.
    Chain {
        /// The certificate at fault.
        link: VekChainCertificate,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A revocation list of an issuer of the chain does not hold or is not current.
    RevocationList {
        /// The issuer.
        issuer: VekChainCertificate,
        /// What is wrong with the list.
        problem: Problem,
    },
    /// The VEK certificate's extensions are not AMD's.
    Vek(WireError),
    /// The certificate contradicts its own chain about the kind of key that it is for.
    VekType {
        /// The certificate's.
        certificate: VekKind,
    },
    /// The VEK of the kind that signed the report is missing: the certificates are for the other kind.
    OtherVekType {
        /// The kind that signed the report.
        signer: VekKind,
        /// The certificate's.
        certificate: VekKind,
        /// Where the right certificate can be had.
        source: VekSource,
    },
    /// Certificate, root key and processor are not of one product line.
    VekProduct,
    /// The report's processor is of no supported product line.
    Processor,
    /// The certificate is for another TCB than the one that the report states.
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
        /// Where the right certificate can be had.
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
        /// Where the right certificate can be had.
        source: VekSource,
    },
    /// The report's signature does not hold.
    Signature,
    /// REPORT_DATA is not the nonce.
    Nonce,
    /// The nonce is empty, or longer than REPORT_DATA.
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

    /// The class of the failure.
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
    /// Whether more certificates or lists came than are tried.
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

    /// What a person can do, where the check's own hint does not say it.
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
                "This version knows the TCB layouts of Milan, Genoa and Turin: a newer version may know this processor.",
            )),
            Self::TcbReserved => Some(Advice::Text(
                "The report's TCBs are not laid out as its product line has them: give the report as the guest received it.",
            )),
            _ => None,
        }
    }

    /// What the report asks for and what the certificate has, where the two were compared.
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

/// What a person can do about an error that a check's own hint does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Get the certificate from there.
    Vek(VekSource),
    /// Name the root as an anchor, if it is one of one's own.
    Anchor,
    /// The same, of a root that only has the name of a trusted one.
    SameName,
    /// Do not rely on a revoked certificate.
    Revoked,
    /// What the error alone decides.
    Text(&'static str),
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vek(source) => source.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Anchor => f.write_str(
                "If this is the root of a test or of the twin, add its certificate as a trust anchor.",
            ),
            Self::SameName => f.write_str(
                "The signature is not of the trusted root of this name. If the evidence is of a test or of \
                 the twin, add its root's certificate as a trust anchor.",
            ),
            Self::Revoked => f.write_str(
                "The issuer withdrew the certificate: nothing under it is to be relied on. Have the machine \
                 get a certificate under a current one, or take the evidence of another machine.",
            ),
        }
    }
}

/// One side of a comparison between a report and a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// A kind of key.
    Kind(VekKind),
    /// A TCB.
    Tcb(Tcb),
    /// A chip id, whole.
    Chip(VcekUrl),
    /// The beginning of a chip id.
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
            Self::Chip(_) | Self::ChipPrefix(_) => exactly(Datum::Words),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(error) | Self::Vek(error) => error.fmt(f),
            Self::NotSigned => f.write_str("the report names neither a VCEK nor a VLEK as its signer"),
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
                write!(f, "revocation list of the {issuer}: {problem}")
            }
            Self::VekType { certificate } => {
                write!(f, "the certificate says that it is a {certificate}'s, its chain or extensions do not")
            }
            Self::OtherVekType { signer, certificate, .. } => {
                write!(f, "no {signer} came, which signed the report, only a {certificate}")
            }
            Self::VekProduct => {
                f.write_str("certificate, root key and processor are not of one product line")
            }
            Self::Processor => f.write_str("the report's processor is of no supported product line"),
            Self::VekTcb { vek, component, fits, .. } => {
                write!(f, "no {vek} for REPORTED_TCB: the certificate has another {component}")?;
                fits.map_or(Ok(()), |tcb| write!(f, ", and is for the report's {tcb}"))
            }
            Self::TcbReserved => f.write_str("a TCB version has reserved bytes that are not zero"),
            Self::VekChip { source: VekSource::Kds(url), .. } => {
                write!(f, "no VCEK for chip {}, only for others", url.chip())
            }
            Self::VekChip { expected, .. } => write!(f, "no VCEK for {expected}, only for others"),
            Self::Signature => f.write_str("the signature over bytes 0x000..0x2a0 does not hold"),
            Self::Nonce => f.write_str("REPORT_DATA is not the nonce followed by zeros"),
            Self::NonceLength => {
                f.write_str("the nonce has to have 1 to 64 bytes, as REPORT_DATA has room for")
            }
        }
    }
}

impl core::error::Error for Error {}
