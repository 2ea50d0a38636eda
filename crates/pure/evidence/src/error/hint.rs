//! Hints: what to do about files that are refused.

use alloc::borrow::Cow;

use crate::{InputError, InputKind, JsonProblem};

impl InputError {
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
            Self::EnclaveImage => {
                "an image says what an enclave would run; the evidence that it does is a document of the enclave"
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
            Self::Json { .. } => "give the answer of the service without changes",
            Self::SealingKey { .. } => "give the file as it was written, with every member once",
            Self::NotThim => {
                "the members vcekCert and certificateChain are needed, as THIM's /amd/certification answers"
            }
            Self::UnknownJson { .. } | Self::SeveralDocuments(_) | Self::NotJson => KNOWN_JSON,
            Self::NoDocument(_) => {
                "this member must hold the document as base64, hex or a byte list; otherwise save the document to its own file"
            }
            Self::Unverified(InputKind::TdReport) => {
                "a TDREPORT can be checked on its own processor only; a remote party needs the TD quote made of it"
            }
            Self::Unverified(_) => "this version describes such a file, and does not verify it",
            Self::NotEvidence(_) => "name a report, a document, a quote or a bundle",
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
            Self::NotOfKind { .. } => "give the file without a kind: it is recognised by its content",
            Self::Container(_) => "give the parts that it holds",
            Self::NotResponse(_) => {
                "give the response of Intel's PCS or of a PCCS as received: the signature is over its exact bytes"
            }
            Self::Bincode => {
                "a signature of 256 bytes, the message and 24 PCR values are expected, each counted"
            }
            Self::TooLarge { .. } => "the file may hold something else",
            Self::Wire(InputKind::TdQuote, error) if error.is_unsupported() => {
                "this version reads TD quotes of versions 4 and 5 with bodies of TDX 1.0 and 1.5 (types 2 and 3), made by Intel's quoting enclave with ECDSA over P-256"
            }
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
            Self::NoEvidence => "name the report, document or quote too; endorsements alone are no evidence",
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
            Self::PcrFormat | Self::PcrLine { .. } => {
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
            Self::OfRtmrs(_) => {
                "give it with the TD quote whose RTMRs it explains; what explains PCRs is binary_bios_measurements of the machine's TPM"
            }
            _ => self.hint_of_two(),
        }
    }

    const fn hint_of_two(&self) -> &'static str {
        match self {
            Self::SgxQuote { .. } => {
                "this version verifies quotes of TDs; the quote of an SGX enclave needs another verifier"
            }
            Self::TooMany { .. } => "give the endorsements of this machine alone",
            Self::TwoOfAKind(InputKind::TpmSignature) => {
                "256 bytes are read as a signature; give the values of eight PCRs as tpm2_pcrread prints them"
            }
            _ => "verify one piece of evidence at a time, each with its own endorsements",
        }
    }
}

const KNOWN_JSON: &str = "read are bundles, THIM's answers, responses of Intel's PCS, collateral as dcap-qvl and attested-tls write it, answers with one Nitro document (in document, attestation, attestation_doc, attestation_document, attestationDocument, AttestationDocument or PlAttests), MAA's AzureGuest and SevSnpVm requests, and the evidence of the Confidential Containers attester, attestation-rs, attested-tls and kinvolk's library";
