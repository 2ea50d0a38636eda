//! Disagreements about Azure evidence.

use super::{No, Panic, Yes, rule};
use crate::class::Class;

const SNP: &str = "az-snp-vtpm";
const CVM: &str = "az-cvm-vtpm";

pub(crate) const CLASSES: &[Class] = &[
    Class {
        id: "azure.hash-type",
        what: "an HCL report that names another hash than SHA-256, which anyone can write: the peer panics",
        right: "teeproof: SHA-384 and SHA-512 are read, others refused; evidence must not stop a verifier",
        line: "OpenHCL, attestation protocol, `IgvmAttestHashType`",
        rules: &[
            rule(SNP, "", Yes, Panic("Only SHA256 is supported")),
            rule(SNP, "", No(""), Panic("Only SHA256 is supported")),
        ],
    },
    Class {
        id: "azure.header",
        what: "an HCL report with another signature, version, request type, status or size than the \
               paravisor writes, with reserved words or padding that are not zero, or with more behind it",
        right: "teeproof; nothing signs the header, so the peer is not deceived by it either",
        line: "OpenHCL, attestation protocol, `AttestationHeader` and `IgvmAttestRequestData`",
        rules: &[rule(SNP, "", No("hcl.format: HCL report"), Yes)],
    },
    Class {
        id: "azure.request-version-2",
        what: "an HCL report of request version 2, whose claims begin four bytes later",
        right: "teeproof",
        line: "OpenHCL, attestation protocol, `IgvmAttestRequestData`, capability bitmap of version 2",
        rules: &[rule(SNP, "request version 2", Yes, No("var_data_hash mismatch"))],
    },
    Class {
        id: "azure.binding-tail",
        what: "REPORT_DATA with something behind the claims' hash",
        right: "teeproof: the paravisor writes zeros there; the peer's documentation compares 32 bytes",
        line: "OpenHCL, attestation protocol: the hash is written to a zeroed REPORT_DATA",
        rules: &[rule(SNP, "", No("hcl.binding"), Yes)],
    },
    Class {
        id: "azure.vmpl",
        what: "a report requested at a privilege level of the guest",
        right: "teeproof: below VMPL 0 the guest's kernel can have any data signed, and so forge claims",
        line: "AMD 56860, ATTESTATION_REPORT, offset 30h",
        rules: &[rule(SNP, "", No("hcl.vmpl"), Yes)],
    },
    Class {
        id: "azure.committed-tcb",
        what: "a REPORTED_TCB that is not COMMITTED_TCB",
        right: "teeproof: the provider may report a lower TCB than is committed, so that a VCEK stays in \
                use; which one is enough is the policy's matter",
        line: "AMD 56860, SNP_CONFIG, REPORTED_TCB, and TCB versions",
        rules: &[rule(SNP, "", Yes, No("TCB data is not valid"))],
    },
    Class {
        id: "azure.masked-version-2",
        what: "a report of version 2 with a masked CHIP_ID",
        right: "teeproof; as `snp.masked-version-2`",
        line: "AMD 56860, ATTESTATION_REPORT, offset 1A0h",
        rules: &[rule(SNP, "", Yes, No("invalid report type"))],
    },
    Class {
        id: "azure.reencoded",
        what: "a genuine report in which reserved bytes of a TCB version were changed afterwards",
        right: "teeproof; as `snp.reencoded`",
        line: "AMD 56860, ATTESTATION_REPORT, SIGNATURE: over bytes 0h to 29Fh",
        rules: &[rule(SNP, "", No("TCB_VERSION: reserved bytes are not zero"), Yes)],
    },
    Class {
        id: "azure.signature-reserved",
        what: "bytes that are not zero behind the signature's numbers",
        right: "teeproof; as `snp.signature-reserved`",
        line: "AMD 56860, signature formats",
        rules: &[rule(SNP, "", No("SIGNATURE padding"), Yes)],
    },
    Class {
        id: "azure.vek-chip",
        what: "a VCEK that belongs to another chip than the report names",
        right: "teeproof",
        line: "AMD 57230, VCEK certificate, hwID; AMD 56860, offset 1A0h",
        rules: &[rule(SNP, "", No("snp.vek.chip"), Yes)],
    },
    Class {
        id: "azure.validity",
        what: "an ARK or ASK that is not valid yet or no longer: the peer looks at the VCEK's validity alone",
        right: "teeproof",
        line: "RFC 5280, 6.1.3 (a) (2)",
        rules: &[rule(SNP, "", No("snp.validity: A"), Yes)],
    },
    Class {
        id: "azure.root-self-signature",
        what: "a root that another key signed",
        right: "either may be; as `snp.root-self-signature`",
        line: "RFC 5280, 6.1",
        rules: &[rule(SNP, "", Yes, No("ARK is not self-signed"))],
    },
    Class {
        id: "azure.claims",
        what: "claims with a member twice, or nested more than teeproof follows",
        right: "teeproof: who reads which of two members differs, and real claims are not deep",
        line: "RFC 8259, 4 (names should be unique) and 9 (depth may be limited)",
        rules: &[
            rule(SNP, "claims: ", No("duplicate member"), Yes),
            rule(SNP, "claims: ", No("not a single JSON value"), Yes),
        ],
    },
    Class {
        id: "azure.two-keys",
        what: "claims with two keys named HCLAkPub: the peer takes the first",
        right: "teeproof: a vTPM has one attestation key",
        line: "RFC 7517, 4.5 (`kid` tells the keys of a set apart)",
        rules: &[rule(SNP, "", No("more than one HCLAkPub"), Yes)],
    },
    Class {
        id: "azure.key-form",
        what: "an HCLAkPub of more than 2048 bits, or whose modulus is base64url with padding",
        right: "teeproof: padding is not allowed, and Azure's attestation keys have 2048 bits",
        line: "RFC 7515, 2; RFC 7518, 6.3.1",
        rules: &[
            rule(SNP, "key: ", No("a modulus of exactly 2048 bits"), Yes),
            rule(SNP, "key: padded", No("n has the wrong type or format"), Yes),
        ],
    },
    Class {
        id: "azure.key-operation",
        what: "an HCLAkPub with an operation that no registry has: the peer does not read the claims",
        right: "teeproof: other values may be used, and nothing rests on them",
        line: "RFC 7517, 4.3",
        rules: &[rule(SNP, "", Yes, No("invalid key op"))],
    },
    Class {
        id: "quote.selection",
        what: "a quote of no PCRs, of two selections, or of another bank than SHA-256: the peer compares \
               a digest over the received values and never reads which PCRs they are of",
        right: "teeproof: values without their PCR selection prove nothing",
        line: "TPM 2.0 Part 2, TPMS_QUOTE_INFO: `pcrSelect` and `pcrDigest`",
        rules: &[rule(CVM, "", No("quote.selection"), Yes)],
    },
    Class {
        id: "quote.selection-form",
        what: "a selection of PCRs above 23, or with a bitmap of one byte",
        right: "teeproof: a PC client's TPM has 24 PCRs and bitmaps of three bytes or more",
        line: "TPM 2.0 Part 2, TPMS_PCR_SELECTION; PC Client Platform TPM Profile, PCR_SELECT_MIN",
        rules: &[rule(CVM, "", No("TPMS_PCR_SELECTION"), Yes)],
    },
    Class {
        id: "quote.tail",
        what: "signed bytes behind the TPMS_ATTEST",
        right: "teeproof: no TPM writes them",
        line: "TPM 2.0 Part 2, TPMS_ATTEST",
        rules: &[rule(CVM, "", No("TPMS_ATTEST: bytes follow"), Yes)],
    },
    Class {
        id: "quote.signer",
        what: "a quote whose `qualifiedSigner` is not the name of the key that signed it",
        right: "teeproof: it shows that the key is a restricted one of the TPM's own hierarchy",
        line: "TPM 2.0 Part 1, names and qualified names; Part 2, TPMS_ATTEST",
        rules: &[rule(CVM, "", No("quote.signer"), Yes)],
    },
    Class {
        id: "quote.wrapped",
        what: "a message behind its size (TPM2B_ATTEST), a signature inside a TPMT_SIGNATURE",
        right: "either may be: tools write both, teeproof takes both, the signed bytes are the same",
        line: "TPM 2.0 Part 2, TPM2B_ATTEST and TPMT_SIGNATURE",
        rules: &[
            rule(CVM, "its size before it", Yes, No("quote is not signed by key")),
            rule(CVM, "a TPMT_SIGNATURE", Yes, No("quote is not signed by key")),
        ],
    },
];
