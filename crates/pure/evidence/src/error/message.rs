//! Messages: what was expected of a file, what was found, and where.

use core::fmt;

use teeproof_wire::tpm::bank_name;

use crate::{InputError, InputKind, collateral};

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::Unknown => f.write_str("the content is of no known kind"),
            Self::Text => {
                f.write_str("the file is text of no known kind, expected PEM, JSON, hex, base64 or binary")
            }
            Self::Pem => f.write_str("PEM: expected base64 between a BEGIN and an END line"),
            Self::PrivateKey => f.write_str("the PEM holds a private key"),
            Self::Yaml => f.write_str("the file is YAML, expected JSON, PEM, hex, base64 or binary"),
            Self::TooDeep => f.write_str("nested in more than four encodings"),
            Self::Mangled => {
                f.write_str("the content is binary data that was damaged by a conversion to UTF-8 text")
            }
            Self::EnclaveImage => f.write_str("expected evidence, found an enclave image (EIF)"),
            Self::Utf16 => f.write_str("the file is text in UTF-16, expected UTF-8 or ASCII"),
            Self::SgxQuote { version } => {
                write!(f, "an SGX quote, version {version}: not supported, expected a TD quote")
            }
            Self::NitroForm(form) => form.fmt(f),
            Self::PemSection => f.write_str(
                "PEM: expected CERTIFICATE and X509 CRL blocks alone, found none or another block",
            ),
            Self::NotOfKind { said, found } => {
                write!(f, "expected {}, found {}", said.with_article(), found.with_article())
            }
            Self::Container(kind) => write!(f, "{} has several parts, expected one", kind.with_article()),
            Self::Bincode => f.write_str("the bytes are not a quote as bincode"),
            Self::NotResponse(kind) => {
                let member = collateral::member(*kind).unwrap_or_default();
                write!(f, "read as {kind}: expected a JSON object with `{member}` and its `signature`")
            }
            Self::PcrFormat => f.write_str("PCR values: unknown format"),
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
            Self::PcrLine { line } => write!(f, "line {line}: not a PCR of the bank, or a duplicate"),
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
                write!(
                    f,
                    "JSON list: expected numbers from 0 to 255, found something else at line {line}, column {column}"
                )
            }
            Self::EmptyList => f.write_str("the JSON list is empty"),
            Self::Json { line, column } => {
                write!(f, "JSON: syntax error at line {line}, column {column}")
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
                write!(f, "JSON: expected a Nitro document in {members}, found something else")
            }
            Self::SeveralDocuments(members) => {
                write!(f, "JSON: expected one Nitro document, found several: {members}")
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
            Self::TooMany { kind, limit } => write!(f, "too many parts of kind {kind}: at most {limit}"),
            Self::NotTogether => f.write_str("the other files do not belong to the Nitro document"),
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
            Self::Unverified(InputKind::TdReport) => {
                f.write_str("a bare TDREPORT, which is not evidence for a remote party")
            }
            Self::Unverified(kind) => write!(f, "{}, not yet verified", kind.with_article()),
            Self::NotEvidence(kind) => write!(f, "{} is not evidence", kind.with_article()),
            _ => f.write_str("there is no evidence among the files"),
        }
    }
}
