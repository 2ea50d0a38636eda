//! Kinds of files and of their parts, encodings, and classes of refusals.

use core::fmt;

use teeproof_wire::eventlog::Format;

/// What a file holds, or one part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputKind {
    /// A raw SEV-SNP attestation report.
    SnpReport,
    /// An HCL report of Azure's paravisor: a hardware report and the runtime claims that it covers.
    HclReport,
    /// A quote over an Intel TDX trust domain.
    TdQuote,
    /// A TPM quote or another structure that a TPM signs: TPMS_ATTEST.
    TpmQuote,
    /// The signature of a TPM's quote: 256 bytes, or a TPMT_SIGNATURE of RSASSA with SHA-256.
    TpmSignature,
    /// SHA-256 values of PCRs, each with its index.
    PcrValues,
    /// Values of a TPM's PCRs one after the other, in the order of a quote's selection, which also says
    /// of which bank they are.
    PcrConcatenation,
    /// PCR values of other banks than SHA-256, each with its bank and number. They are described, and
    /// never compared with a quote.
    OtherPcrValues,
    /// An event log in one of the TCG's formats, whose events explain PCRs.
    EventLog,
    /// A confidential-computing event log (CCEL), whose events explain the RTMRs of a TD. It is
    /// described, and never compared with PCRs.
    CcEventLog,
    /// The ACPI table that says where a CCEL lies.
    CcelTable,
    /// A Nitro attestation document of an enclave.
    NitroDocument,
    /// An attestation document of a NitroTPM (EC2 instance attestation).
    NitroTpmDocument,
    /// A bare TDREPORT; no evidence for a remote party.
    TdReport,
    /// A public key: SubjectPublicKeyInfo.
    PublicKey,
    /// The public area of a TPM's key: TPMT_PUBLIC.
    TpmPublic,
    /// A secret that is sealed to a machine's TPM, in the format of this project.
    SealedFile,
    /// A key to seal to, with its certification, in the format of this project: a container.
    SealingKey,
    /// One or more certificates.
    Certificate,
    /// One or more revocation lists.
    RevocationList,
    /// TCB info of a TDX or SGX platform: a response of Intel's PCS, signed JSON.
    TcbInfo,
    /// The identity of Intel's quoting enclave: a response of Intel's PCS, signed JSON.
    QeIdentity,
    /// TCB info, QE identity, certificates and revocation lists in one JSON object: a container.
    CollateralJson,
    /// Evidence of another attester as JSON: a container.
    EvidenceJson,
    /// A TPM quote with its signature and PCR values as bincode: a container.
    BincodeQuote,
    /// What `tpm2_quote` prints: a container of a quote, its signature and PCR values.
    TpmQuoteText,
    /// A bundle, evidence of any kind with its endorsements: a container.
    Bundle,
    /// An SEV-SNP report with the host's certificate table behind it: a container.
    ExtendedReport,
    /// The certificate table that a host hands to an SEV-SNP guest (configfs-tsm `auxblob`): a container.
    CertificateTable,
    /// Certificates and revocation lists.
    Mixed,
}

impl InputKind {
    /// Every kind that a caller can give for a file.
    pub const NAMED: &'static [Self] = &[
        Self::SnpReport,
        Self::HclReport,
        Self::TdQuote,
        Self::TpmQuote,
        Self::TpmSignature,
        Self::PcrValues,
        Self::PcrConcatenation,
        Self::EventLog,
        Self::CcEventLog,
        Self::CcelTable,
        Self::NitroDocument,
        Self::NitroTpmDocument,
        Self::TdReport,
        Self::PublicKey,
        Self::TpmPublic,
        Self::SealedFile,
        Self::SealingKey,
        Self::ExtendedReport,
        Self::CertificateTable,
        Self::Certificate,
        Self::RevocationList,
        Self::TcbInfo,
        Self::QeIdentity,
        Self::CollateralJson,
        Self::EvidenceJson,
        Self::BincodeQuote,
        Self::TpmQuoteText,
        Self::Bundle,
    ];

    /// The name in commands: `snp-report`, `tpm-quote`, `certificate`, `crl`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SnpReport => "snp-report",
            Self::HclReport => "hcl-report",
            Self::TdQuote => "td-quote",
            Self::TpmQuote => "tpm-quote",
            Self::TpmSignature => "tpm-signature",
            Self::PcrValues => "pcr-values",
            Self::PcrConcatenation => "pcr-concatenation",
            Self::OtherPcrValues => "other-pcr-values",
            Self::EventLog => "event-log",
            Self::CcEventLog => "cc-event-log",
            Self::CcelTable => "ccel-table",
            Self::NitroDocument => "nitro-document",
            Self::NitroTpmDocument => "nitrotpm-document",
            Self::TdReport => "td-report",
            Self::PublicKey => "public-key",
            Self::TpmPublic => "tpm-public",
            Self::SealedFile => "sealed-file",
            Self::SealingKey => "sealing-key",
            Self::ExtendedReport => "extended-snp-report",
            Self::CertificateTable => "certificate-table",
            Self::Certificate => "certificate",
            Self::RevocationList => "crl",
            Self::TcbInfo => "tcb-info",
            Self::QeIdentity => "qe-identity",
            Self::CollateralJson => "collateral-json",
            Self::EvidenceJson => "evidence-json",
            Self::BincodeQuote => "bincode-quote",
            Self::TpmQuoteText => "tpm-quote-text",
            Self::Bundle => "bundle",
            Self::Mixed => "certificates and crls",
        }
    }

    /// The kind in a sentence, with its article: `an SNP report`, `PCR values`.
    #[must_use]
    pub const fn with_article(self) -> &'static str {
        match self {
            Self::SnpReport => "an SNP report",
            Self::HclReport => "an HCL report",
            Self::TdQuote => "a TD quote",
            Self::TpmQuote => "a TPM quote",
            Self::TpmSignature => "a TPM signature",
            Self::PcrValues => "PCR values",
            Self::PcrConcatenation => "PCR values without their bank",
            Self::OtherPcrValues => "PCR values of other banks",
            Self::EventLog => "an event log",
            Self::CcEventLog => "a confidential-computing event log (CCEL)",
            Self::CcelTable => "an ACPI table CCEL",
            Self::NitroDocument => "a Nitro document",
            Self::NitroTpmDocument => "a NitroTPM document",
            Self::TdReport => "a TDREPORT",
            Self::PublicKey => "a public key",
            Self::TpmPublic => "the public area of a TPM key",
            Self::SealedFile => "a sealed file",
            Self::SealingKey => "a sealing key",
            Self::Certificate => "a certificate",
            Self::RevocationList => "a revocation list",
            Self::TcbInfo => "TCB info of Intel's PCS",
            Self::QeIdentity => "a QE identity of Intel's PCS",
            Self::CollateralJson => "collateral as JSON",
            Self::EvidenceJson => "evidence as JSON",
            Self::BincodeQuote => "a quote as bincode",
            Self::TpmQuoteText => "the output of tpm2_quote",
            Self::Bundle => "a bundle",
            Self::ExtendedReport => "an extended SNP report",
            Self::CertificateTable => "a certificate table",
            Self::Mixed => "certificates and revocation lists",
        }
    }

    /// The kind of a log of this format.
    pub(crate) const fn of_log(format: Format) -> Self {
        if format.measures_pcrs() { Self::EventLog } else { Self::CcEventLog }
    }

    /// Whether a file of this kind says something about a machine; certificates, revocation lists and
    /// collateral only endorse what others say.
    #[must_use]
    pub const fn is_evidence(self) -> bool {
        !self.is_endorsement() && !matches!(self, Self::CertificateTable | Self::CollateralJson | Self::Mixed)
    }

    /// Whether a part of this kind is an endorsement: evidence may have any number of each.
    #[must_use]
    pub const fn is_endorsement(self) -> bool {
        matches!(self, Self::Certificate | Self::RevocationList | Self::TcbInfo | Self::QeIdentity)
    }

    /// Whether a file of this kind holds parts of other kinds.
    #[must_use]
    pub const fn is_container(self) -> bool {
        matches!(
            self,
            Self::EvidenceJson
                | Self::CollateralJson
                | Self::BincodeQuote
                | Self::TpmQuoteText
                | Self::Bundle
                | Self::SealingKey
                | Self::ExtendedReport
                | Self::CertificateTable
                | Self::Mixed
        )
    }
}

impl fmt::Display for InputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a file's content is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// As it is.
    Raw,
    /// PEM.
    Pem,
    /// PEM in URL encoding, as the headers of Intel's service have the certificates above a signer.
    UrlEncodedPem,
    /// Base64, standard or URL-safe.
    Base64,
    /// Hexadecimal.
    Hex,
    /// The JSON of Azure's THIM service.
    Thim,
    /// JSON of another shape.
    Json,
    /// A JSON string around another encoding.
    Quoted,
    /// A JSON list of bytes as numbers.
    Integers,
    /// The text that `tpm2_pcrread` prints.
    PcrRead,
    /// The text that `tpm2_quote` prints.
    QuoteText,
    /// The structures that tpm2-tools write where `pcrs_format` is `serialized`.
    Serialized,
}

impl Encoding {
    /// The name: `raw`, `PEM`, `base64`, `hex`, `THIM JSON`, `JSON`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Pem => "PEM",
            Self::UrlEncodedPem => "URL-encoded PEM",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Thim => "THIM JSON",
            Self::Json => "JSON",
            Self::Quoted => "quoted string",
            Self::Integers => "list of integers",
            Self::PcrRead => "tpm2_pcrread text",
            Self::QuoteText => "tpm2_quote text",
            Self::Serialized => "tpm2-tools serialized",
        }
    }
}

/// Why files are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputClass {
    /// Each file may be well formed, but one is missing, one too many, or of a kind that has no use here.
    WrongFiles,
    /// The content of a file is not what it has to be.
    Malformed,
    /// The content is well formed, and of a kind or version that is not supported.
    Unsupported,
}
