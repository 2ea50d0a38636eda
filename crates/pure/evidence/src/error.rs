//! Why files cannot be taken, and what a person can do.

use alloc::borrow::Cow;
use core::fmt;

use teeproof_core::Technology;
use teeproof_wire::Error as WireError;
use teeproof_wire::tpm::bank_name;

use crate::bundle::BundleError;
use crate::{
    DocumentMembers, InputClass, InputKind, JsonProblem, JsonShape, JsonValue, NitroForm, PartError,
    PcrProblem,
};

/// Files cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputError {
    /// There are no bytes.
    Empty,
    /// The bytes look like nothing known.
    Unknown,
    /// The text is neither PEM nor JSON nor register values nor hex nor base64.
    Text,
    /// The PEM cannot be decoded.
    Pem,
    /// The PEM holds certificates beside something else, several other blocks, or nothing.
    PemSection,
    /// The PEM holds a private key.
    PrivateKey,
    /// The text is YAML.
    Yaml,
    /// More encodings around each other than are undone.
    TooDeep,
    /// Binary data that a decoder of UTF-8 replaced in part.
    Mangled,
    /// The file is text in UTF-16.
    Utf16,
    /// What is left of a Nitro document.
    NitroForm(NitroForm),
    /// A JSON list that is no list of bytes.
    Integers {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A JSON list without entries.
    EmptyList,
    /// The JSON cannot be read.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The JSON is not an answer of the THIM service.
    NotThim,
    /// The JSON says that it is a key to seal to, and is none.
    SealingKey {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The JSON has the members of no shape that is known.
    UnknownJson {
        /// The shape that it is closest to, and the first member that is missing for it.
        closest: Option<(JsonShape, &'static str)>,
    },
    /// A member that should hold a Nitro document holds none.
    NoDocument(DocumentMembers),
    /// Several members of a JSON answer hold Nitro documents.
    SeveralDocuments(DocumentMembers),
    /// The file was said to hold JSON and holds none.
    NotJson,
    /// The JSON is not what its members make it.
    Evidence {
        /// What its members make it.
        shape: JsonShape,
        /// What is wrong with it.
        problem: JsonProblem,
        /// The member, where it is one of the shape's.
        member: Option<&'static str>,
        /// The line, counted from 1; 0 where the whole is meant.
        line: usize,
        /// The column, counted from 1; 0 where the whole is meant.
        column: usize,
    },
    /// A member of evidence has a version, platform or type that is not supported.
    Value {
        /// The format, without its version.
        format: &'static str,
        /// The member, with the path to it.
        member: &'static str,
        /// Its value.
        found: JsonValue,
        /// The values that are supported there.
        known: &'static str,
    },
    /// An entry of `TpmInfo.PCRs` in an AzureGuest request.
    PcrEntry {
        /// Which one, counted from 0.
        entry: usize,
        /// What is wrong with it.
        problem: PcrProblem,
    },
    /// The file was said to be of one kind and is of another.
    NotOfKind {
        /// What it was said to be.
        said: InputKind,
        /// What it is.
        found: InputKind,
    },
    /// A container was given as one part.
    Container(InputKind),
    /// The bytes are not a quote as bincode.
    Bincode,
    /// Register values are in no form that is known.
    Registers,
    /// A line of register values cannot be read.
    RegisterLine {
        /// The line, counted from 1.
        line: usize,
    },
    /// Something is larger than anything of its kind.
    TooLarge {
        /// What it is.
        kind: InputKind,
        /// How many bytes it may have.
        limit: usize,
    },
    /// The content is not what it looks like, or what it was said to be.
    Wire(InputKind, WireError),
    /// Bytes follow after the end of the structure.
    Trailing {
        /// What it is.
        kind: InputKind,
        /// What its reader says.
        error: WireError,
        /// How many bytes follow.
        extra: usize,
    },
    /// The bundle cannot be read.
    Bundle(BundleError),
    /// There is more than one piece of evidence.
    TwoEvidences {
        /// The first one's technology.
        first: Technology,
        /// The second one's technology.
        second: Technology,
    },
    /// There are two parts of a kind of which evidence has one.
    TwoOfAKind(InputKind),
    /// There is no evidence, only endorsements.
    NoEvidence,
    /// Evidence of a kind that this version can read and not verify.
    Unverified(InputKind),
    /// Something that says nothing about a machine.
    NotEvidence(InputKind),
    /// Something was given for a Nitro document, which brings everything along.
    NotTogether,
    /// A part of Azure's evidence came without the paravisor's report.
    WithoutReport(InputKind),
    /// A TD quote came with a report of an SEV-SNP machine.
    TdQuoteOfSnp,
    /// A TPM's quote came without its signature.
    QuoteWithoutSignature,
    /// Something that only a TPM's quote gives a meaning came without it.
    WithoutQuote(InputKind),
    /// An event log came without the PCR values that it explains.
    LogWithoutPcrs,
    /// A CCEL or its table came, whose events are measured into the RTMRs of a TD and into no PCR.
    OfRtmrs(InputKind),
    /// PCR values of another bank than SHA-256 came (TPM_ALG_ID).
    OtherBank(u16),
    /// The text is not what `tpm2_quote` prints, or something of it is missing.
    QuoteText,
    /// The signature in what `tpm2_quote` printed is of a scheme that is not supported, or not in its form.
    QuoteTextScheme {
        /// The scheme by its name in tpm2-tools; `None` for one that they do not have.
        scheme: Option<&'static str>,
    },
    /// A line of what `tpm2_quote` prints cannot be read.
    QuoteTextLine {
        /// The line, counted from 1.
        line: usize,
    },
}

impl InputError {
    /// The error of a reader about a structure in so many bytes.
    pub fn wire(kind: InputKind, error: WireError, bytes: usize) -> Self {
        PartError::wire(kind, error, bytes).into()
    }

    /// Whether a file is malformed, of an unsupported kind, or does not belong with the others.
    #[must_use]
    pub const fn class(&self) -> InputClass {
        match self {
            Self::TwoEvidences { .. }
            | Self::TwoOfAKind(_)
            | Self::NoEvidence
            | Self::NotEvidence(_)
            | Self::NotTogether
            | Self::WithoutReport(_)
            | Self::TdQuoteOfSnp
            | Self::QuoteWithoutSignature
            | Self::WithoutQuote(_)
            | Self::LogWithoutPcrs
            | Self::OfRtmrs(_) => InputClass::WrongFiles,
            _ if self.is_unsupported() => InputClass::Unsupported,
            _ => InputClass::Malformed,
        }
    }

    /// The kind of the part that an error about files that do not belong together is about.
    #[must_use]
    pub const fn kind(&self) -> Option<InputKind> {
        match self {
            Self::WithoutReport(kind)
            | Self::WithoutQuote(kind)
            | Self::Unverified(kind)
            | Self::NotEvidence(kind)
            | Self::OfRtmrs(kind) => Some(*kind),
            Self::OtherBank(_) => Some(InputKind::OtherPcrValues),
            Self::TdQuoteOfSnp => Some(InputKind::TdQuote),
            Self::QuoteWithoutSignature => Some(InputKind::TpmQuote),
            Self::LogWithoutPcrs => Some(InputKind::EventLog),
            _ => None,
        }
    }

    /// Whether the file is well formed, and of a kind or version that is not supported.
    #[must_use]
    pub const fn is_unsupported(&self) -> bool {
        match self {
            Self::Wire(_, error) => error.is_unsupported(),
            Self::Unverified(_) | Self::QuoteTextScheme { .. } => true,
            Self::Evidence { problem, .. } => problem.is_unsupported(),
            _ => false,
        }
    }

    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::SeveralDocuments(members) => {
                Cow::Owned(alloc::format!("give one of them in a file of its own: the value of {members}"))
            }
            Self::UnknownJson { closest: Some((shape, member)) } => {
                Cow::Owned(alloc::format!("{} needs the member `{member}`; {KNOWN_JSON}", shape.as_str()))
            }
            _ => Cow::Borrowed(self.fixed_hint()),
        }
    }

    const fn fixed_hint(&self) -> &'static str {
        match self {
            Self::Empty => {
                "check how the file was written; a failed download or redirection leaves an empty file"
            }
            Self::Unknown => {
                "known are SNP reports (1184 bytes), Azure HCL reports, TD and TPM quotes, PCR values, event logs, Nitro documents, TDREPORTs, certificate tables, bundles, certificates and CRLs, raw, PEM, hex or base64"
            }
            Self::Text => {
                "give the raw bytes, or their hex, base64 or PEM; xxd -r undoes a hex dump, and only PEM blocks may stand in other text"
            }
            Self::Yaml => {
                "convert it to JSON, for example with `yq -o json FILE`; its members are read as JSON"
            }
            Self::TooDeep => "decode the file at least once before you pass it",
            Self::Mangled => {
                "the bytes were read as UTF-8 text on their way, which replaced some for good; get them again as binary, base64 or hex"
            }
            Self::Utf16 => {
                "write it as UTF-8 or ASCII, as Out-File -Encoding ascii does in PowerShell; > writes UTF-16 there"
            }
            Self::NitroForm(form) => form.hint(),
            Self::Integers { .. } | Self::EmptyList => {
                "a list must hold bytes alone, as numbers from 0 to 255 or as 0x.., or the document as its one string"
            }
            Self::PrivateKey => "take it out of the file: private keys are never needed, and never read",
            Self::Pem => "each block needs its BEGIN and END line, and base64 between them",
            Self::PemSection => "CERTIFICATE and X509 CRL blocks are read; keys are never needed",
            Self::Json { .. } => "give the answer of the service as it came",
            Self::SealingKey { .. } => "give the file as it was written, with every member once",
            Self::NotThim => {
                "the members vcekCert and certificateChain are needed, as THIM's /amd/certification answers"
            }
            Self::UnknownJson { .. } | Self::SeveralDocuments(_) | Self::NotJson => KNOWN_JSON,
            Self::NoDocument(_) => {
                "this member must hold the document as base64, hex or a byte list; otherwise save the document to its own file"
            }
            Self::Unverified(InputKind::NitroTpmDocument) => {
                "the documents of Nitro Enclaves are verified, those of a NitroTPM not yet"
            }
            Self::Unverified(InputKind::TdReport) => {
                "a TDREPORT can be checked on its own processor only; a remote party needs the TD quote made of it"
            }
            Self::Unverified(_) => "this version verifies no TD quotes",
            Self::NotEvidence(_) => "name a report, a document or a bundle",
            Self::Evidence { problem: JsonProblem::VersionMissing, .. } => {
                "give the evidence as its attester wrote it; a version is never guessed"
            }
            Self::Evidence { problem, .. } if problem.is_unsupported() => {
                "this version does not verify such evidence"
            }
            Self::Value { .. } => {
                "check which version of the attester wrote it; versions and types are never guessed"
            }
            Self::PcrEntry { .. } => {
                "each entry of PCRs needs an Index of its own, and a Digest of the SHA-256 bank"
            }
            Self::Evidence { .. } => "give the evidence as its attester wrote it, with every member once",
            Self::NotOfKind { .. } => "do not say what the file is; its kind is told from its content",
            Self::Container(_) => "give the parts that it holds",
            Self::Bincode => {
                "a signature of 256 bytes, the message and 24 registers are expected, each counted"
            }
            Self::TooLarge { .. } => "the file may hold something else",
            Self::Wire(..) => "the file may be cut, or of another kind",
            Self::Trailing { .. } => {
                "the file is longer than its structure: cut it at that offset, or write only as many bytes as were returned"
            }
            Self::Bundle(error) => error.hint(),
            _ => self.hint_together(),
        }
    }

    /// What a person can do about files that do not belong together.
    const fn hint_together(&self) -> &'static str {
        match self {
            Self::NoEvidence => "name the report or document too; certificates alone are no evidence",
            Self::NotTogether => {
                "leave them out: a Nitro document brings its certificates along, and a VCEK belongs to an SNP report"
            }
            Self::WithoutReport(_) => {
                "name the report of NV index 0x01400001 too; it ties the vTPM to the machine"
            }
            Self::TdQuoteOfSnp => "leave the TD quote out, or name the report of the TDX machine",
            _ => self.hint_of_tpm(),
        }
    }

    /// The hints about what a TPM gives, and tpm2-tools write.
    const fn hint_of_tpm(&self) -> &'static str {
        match self {
            Self::Registers | Self::RegisterLine { .. } => {
                "give what tpm2_pcrread prints, which names the bank, or what tpm2_quote writes as values or serialized"
            }
            Self::QuoteWithoutSignature => "name the signature too, as tpm2_quote writes it with -s",
            Self::WithoutQuote(InputKind::PcrConcatenation) => {
                "name the quote too, as tpm2_quote writes it with -m: it says of which bank and PCRs the values are; or give what tpm2_pcrread prints"
            }
            Self::WithoutQuote(_) => "name the quote too, as tpm2_quote writes it with -m",
            Self::LogWithoutPcrs => {
                "name the PCR values too; a log is only believed as far as it explains them"
            }
            Self::OtherBank(_) => {
                "give the values of the SHA-256 bank, which the quote must select: tpm2_pcrread sha256, tpm2_quote -l sha256:all"
            }
            Self::QuoteTextScheme { .. } => {
                "quote with an RSA key and RSASSA with SHA-256: tpm2_quote --scheme rsassa -g sha256"
            }
            Self::QuoteText | Self::QuoteTextLine { .. } => {
                "give all that tpm2_quote prints, from quoted: to calcDigest:, or the files that it writes with -m, -s and -o"
            }
            // A CCEL or its table.
            Self::OfRtmrs(_) => "leave it out, or give binary_bios_measurements of the machine's TPM",
            _ => self.hint_of_two(),
        }
    }

    const fn hint_of_two(&self) -> &'static str {
        match self {
            Self::TwoOfAKind(InputKind::TpmSignature) => {
                "256 bytes are read as a signature; give the values of eight PCRs as tpm2_pcrread prints them"
            }
            _ => "verify one piece of evidence at a time, each with its own endorsements",
        }
    }
}

const KNOWN_JSON: &str = "read are bundles, THIM's answers, answers with one Nitro document (in document, attestation, attestation_doc, attestation_document, attestationDocument, AttestationDocument or PlAttests), MAA's AzureGuest and SevSnpVm requests, and the evidence of the Confidential Containers attester, attestation-rs, attested-tls and kinvolk's library";

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::Unknown => f.write_str("the content is of no known kind"),
            Self::Text => {
                f.write_str("the file is text of no known kind, expected PEM, JSON, hex, base64 or binary")
            }
            Self::Pem => f.write_str("the PEM cannot be decoded"),
            Self::PrivateKey => f.write_str("the PEM holds a private key"),
            Self::Yaml => f.write_str("the file is YAML, expected JSON, PEM, hex, base64 or binary"),
            Self::TooDeep => f.write_str("nested in more than four encodings"),
            Self::Mangled => {
                f.write_str("the content is binary data that was damaged by a conversion to UTF-8 text")
            }
            Self::Utf16 => f.write_str("the file is text in UTF-16, expected UTF-8 or ASCII"),
            Self::NitroForm(form) => form.fmt(f),
            Self::PemSection => {
                f.write_str("the PEM holds no certificate or revocation list, or something else beside them")
            }
            Self::NotOfKind { said, found } => {
                write!(f, "expected {}, found {}", said.with_article(), found.with_article())
            }
            Self::Container(kind) => write!(f, "{} has several parts, expected one", kind.with_article()),
            Self::Bincode => f.write_str("the bytes are not a quote as bincode"),
            Self::Registers => f.write_str("the PCR values are in no known form"),
            Self::OtherBank(bank) => {
                write!(f, "the PCR values are of the {} bank, expected SHA-256", bank_name(*bank))
            }
            Self::QuoteText => {
                f.write_str("the text is not what tpm2_quote prints: quoted, alg or sig is missing")
            }
            Self::QuoteTextScheme { scheme: Some(scheme) } => {
                write!(
                    f,
                    "output of tpm2_quote: a signature of scheme {scheme} in this form is not supported"
                )
            }
            Self::QuoteTextScheme { scheme: None } => {
                f.write_str("output of tpm2_quote: alg names a signature scheme that is not supported")
            }
            Self::QuoteTextLine { line } => {
                write!(f, "line {line}: not a line of tpm2_quote output, or a duplicate")
            }
            Self::RegisterLine { line } => write!(f, "line {line}: not a PCR of the bank, or a duplicate"),
            Self::TooLarge { kind, limit } => write!(f, "read as {kind}: larger than {limit} bytes"),
            Self::Wire(kind, error) => write!(f, "read as {kind}: {error}"),
            Self::Trailing { kind, error, extra } => {
                write!(
                    f,
                    "read as {kind}: {error} ({extra} {} too many)",
                    if *extra == 1 { "byte" } else { "bytes" }
                )
            }
            Self::Bundle(error) => write!(f, "read as bundle: {error}"),
            _ => self.fmt_json(f),
        }
    }
}

impl InputError {
    /// The words about JSON.
    fn fmt_json(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integers { line, column } => {
                write!(f, "the JSON list holds something other than bytes at line {line}, column {column}")
            }
            Self::EmptyList => f.write_str("the JSON list is empty"),
            Self::Json { line, column } => {
                write!(f, "the JSON cannot be read at line {line}, column {column}")
            }
            Self::SealingKey { line, column } => {
                write!(
                    f,
                    "read as sealing-key: a member is missing, not known or wrong (line {line}, column {column})"
                )
            }
            Self::NotThim => f.write_str("the JSON is not an answer of the THIM service"),
            Self::UnknownJson { closest: None } => f.write_str("no known JSON format has these members"),
            Self::UnknownJson { closest: Some((shape, member)) } => write!(
                f,
                "no known JSON format has these members; closest is {}, and its member `{member}` is missing",
                shape.as_str()
            ),
            Self::NoDocument(members) => {
                write!(f, "the member {members} of the JSON holds no Nitro document")
            }
            Self::SeveralDocuments(members) => {
                write!(f, "several members of the JSON hold Nitro documents: {members}")
            }
            Self::NotJson => f.write_str("the file is not JSON"),
            Self::Evidence { shape, problem, member, line, column } => {
                write!(f, "read as {}: {problem}", shape.as_str())?;
                member.iter().try_for_each(|member| write!(f, ": `{member}`"))?;
                if *line == 0 { Ok(()) } else { write!(f, " (line {line}, column {column})") }
            }
            Self::Value { format, member, found, known } => {
                write!(f, "read as {format}: `{member}` is {found}; supported: {known}")
            }
            Self::PcrEntry { entry, problem } => {
                write!(f, "read as AzureGuest request: `TpmInfo.PCRs[{entry}].{problem}")
            }
            _ => self.fmt_together(f),
        }
    }

    /// The words about files that do not belong together.
    fn fmt_together(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoEvidences { first, second } => {
                write!(
                    f,
                    "two pieces of evidence were given ({first} and {second}), which do not belong together"
                )
            }
            Self::TwoOfAKind(kind) => write!(f, "two files are read as {kind}, and evidence has one"),
            Self::NotTogether => f.write_str("the certificates do not belong to the Nitro document"),
            Self::WithoutReport(kind) => write!(f, "{} without an HCL report", kind.with_article()),
            Self::TdQuoteOfSnp => {
                f.write_str("the TD quote does not belong to the HCL report of an SNP machine")
            }
            Self::QuoteWithoutSignature => f.write_str("a TPM quote without its signature"),
            Self::WithoutQuote(kind) => write!(f, "{} without a TPM quote", kind.with_article()),
            Self::LogWithoutPcrs => f.write_str("an event log without PCR values"),
            Self::OfRtmrs(kind) => {
                write!(f, "{}: a CCEL extends a TD's RTMRs, not PCRs", kind.with_article())
            }
            Self::Unverified(InputKind::NitroTpmDocument) => {
                f.write_str("a NitroTPM document, not yet verified")
            }
            Self::Unverified(InputKind::TdReport) => {
                f.write_str("a bare TDREPORT, which is not evidence for a remote party")
            }
            Self::Unverified(kind) => write!(f, "{}, not yet verified", kind.with_article()),
            Self::NotEvidence(kind) => write!(f, "{} is not evidence", kind.with_article()),
            _ => f.write_str("there is no evidence among the files"),
        }
    }
}

impl core::error::Error for InputError {}

impl From<BundleError> for InputError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

impl From<PartError> for InputError {
    fn from(error: PartError) -> Self {
        match error {
            PartError::Container(kind) => Self::Container(kind),
            PartError::Wire(kind, error) => Self::Wire(kind, error),
            PartError::Trailing { kind, error, extra } => Self::Trailing { kind, error, extra },
            PartError::TooLarge { kind, limit } => Self::TooLarge { kind, limit },
            PartError::Pcrs => Self::Registers,
        }
    }
}
