//! Checks of a NitroTPM document, in their order.

use teeproof_core::{Check, Class, checks};

checks! { VERIFY:
    FORMAT [Malformed Unsupported] = "nitro-tpm.format", "the document's envelope",
        "The document is an untagged COSE_Sign1 under ES384 that names its certificates.",
        "Give the document as nitro-tpm-attest wrote it, raw or in base64.",
        "RFC 9052, section 4.2; Amazon EC2, Validate a NitroTPM Attestation Document";
    CHAIN [Malformed Unsupported NotAuthentic] = "nitro-tpm.chain", "the certificate chain",
        "The signing certificate was issued under the pinned root of an AWS partition.",
        "Give the whole document, as nitro-tpm-attest wrote it: the certificate in the reason is not valid.",
        "Amazon EC2, Validate a NitroTPM Attestation Document; RFC 5280, section 6";
    SIGNATURE [NotAuthentic] = "nitro-tpm.signature", "the document's signature",
        "The hypervisor signed exactly these bytes.",
        "The document was altered after it was made.",
        "RFC 9052, section 4.4";
    FIELDS [Malformed Unsupported] = "nitro-tpm.fields", "the document's fields",
        "The payload is a NitroTPM document: the nine known fields, each once, within their bounds, and the 24 PCRs of a TPM.",
        "An enclave's document is another kind of evidence and is not accepted here.",
        "Amazon EC2, Validate a NitroTPM Attestation Document, CDDL";
    VALIDITY [Incomplete] = "nitro-tpm.validity", "the certificates' validity",
        "Every certificate of the chain is valid at the given time.",
        "Request a new document on the instance, whose certificate is valid for 3 hours; or verify an archived document at its own time.",
        "RFC 5280, section 4.1.2.5";
    REVOCATION [NotAuthentic Incomplete] = "nitro-tpm.revocation", "revocation of the chain",
        "No certificate of the chain is on its issuer's CRL. Certificates whose issuer has no CRL are not checked.",
        "Give a current CRL of each issuer of the chain.",
        "RFC 5280, section 5";
    CONSISTENCY [NotBound] = "nitro-tpm.consistency", "certificate and document",
        "The certificate was issued to the document's module, and was valid at its time stamp.",
        "Request a new document on the instance: this one and its certificate do not belong together.",
        "Amazon EC2, Validate a NitroTPM Attestation Document";
    TIME [NotBound] = "nitro-tpm.time", "the document's time stamp",
        "The document's time stamp is not later than the time of verification.",
        "Check the verifier's clock.",
        "Amazon EC2, Validate a NitroTPM Attestation Document, timestamp";
    NONCE [NotBound] = "nitro-tpm.nonce", "the nonce",
        "The document contains the verifier's nonce.",
        "Give the nonce that was sent to the instance; an old document contains an old nonce.",
        "Amazon EC2, Validate a NitroTPM Attestation Document, nonce";
    TCB_STATUS [] = "nitro-tpm.tcb-status", "the platform's TCB status",
        "Nothing: a NitroTPM document has no TCB status, and every result warns of it.",
        "Nothing needs to be done; AWS updates the firmware of its instances.",
        "Amazon EC2, Validate a NitroTPM Attestation Document, CDDL";
}

crate::nitrotpm_policy_fields! { teeproof_core::policy_checks }

macro_rules! pcr_checks {
    ($($index:literal)*) => {
        /// One check for each PCR, `nitro-tpm.pcr0` to `nitro-tpm.pcr23`.
        pub const PCR: [&Check; 24] = [$(
            &Check {
                id: concat!("nitro-tpm.pcr", $index),
                title: concat!("PCR", $index),
                proves: "The PCR of the instance's TPM has the expected value.",
                hint: "Compare with what nitro-tpm-pcr-compute prints of the image that you deploy (PCR4, PCR7, PCR12).",
                source: "TCG PC Client Platform Firmware Profile, section 3.3.4",
                classes: &[Class::Refused],
            }
        ),*];
    };
}

pcr_checks!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
