//! Checks of a document, in their order.

use teeproof_core::{Check, Class, checks};

checks! { VERIFY:
    FORMAT [Malformed Unsupported] = "nitro.format", "the document's envelope",
        "The document is an untagged COSE_Sign1 under ES384 that names its certificates.",
        "Give the document as the Nitro security module returned it, raw or in base64.",
        "RFC 9052, section 4.2; AWS Nitro Enclaves, attestation process";
    CHAIN [Malformed Unsupported NotAuthentic] = "nitro.chain", "the certificate chain",
        "The signing certificate was issued under the pinned root of an AWS partition.",
        "Give the whole document, as the Nitro security module returned it: the certificate in the reason is not valid.",
        "AWS Nitro Enclaves, attestation process, certificate chain; RFC 5280, section 6";
    SIGNATURE [NotAuthentic] = "nitro.signature", "the document's signature",
        "The hypervisor signed exactly these bytes.",
        "The document was altered after it was made.",
        "RFC 9052, section 4.4";
    FIELDS [Malformed Unsupported] = "nitro.fields", "the document's fields",
        "The payload is an enclave's document: the nine known fields, each once, within their bounds.",
        "A NitroTPM's document is another kind of evidence and is not accepted here.",
        "AWS Nitro Enclaves, attestation process, CDDL";
    VALIDITY [Incomplete] = "nitro.validity", "the certificates' validity",
        "Every certificate of the chain is valid at the given time.",
        "Request a new document from the enclave, whose certificate is valid for 3 hours; or verify an archived document at its own time.",
        "RFC 5280, section 4.1.2.5";
    REVOCATION [NotAuthentic Incomplete] = "nitro.revocation", "revocation of the chain",
        "No certificate of the chain is on its issuer's CRL. Certificates whose issuer has no CRL are not checked.",
        "Give a current CRL of each issuer of the chain.",
        "RFC 5280, section 5";
    CONSISTENCY [NotBound] = "nitro.consistency", "certificate and document",
        "The certificate was issued to the document's module, and was valid at its time stamp.",
        "Request a new document from the enclave: this one and its certificate do not belong together.",
        "AWS Nitro Enclaves, attestation process";
    TIME [NotBound] = "nitro.time", "the document's time stamp",
        "The document's time stamp is not later than the time of verification.",
        "Check the verifier's clock.",
        "AWS Nitro Enclaves, attestation process, timestamp";
    NONCE [NotBound] = "nitro.nonce", "the nonce",
        "The document contains the verifier's nonce.",
        "Give the nonce that was sent to the enclave; an old document contains an old nonce.",
        "AWS Nitro Enclaves, attestation process, nonce";
}

crate::nitro_policy_fields! { teeproof_core::policy_checks }

macro_rules! pcr_checks {
    ($($index:literal)*) => {
        /// One check for each PCR, `nitro.pcr0` to `nitro.pcr31`.
        pub const PCR: [&Check; 32] = [$(
            &Check {
                id: concat!("nitro.pcr", $index),
                title: concat!("PCR", $index),
                proves: "The PCR has the expected value; a PCR that is missing in the document fails.",
                hint: "Compare with the measurements of the image that you deploy (teeproof eif measure, or nitro-cli describe-eif).",
                source: "AWS Nitro Enclaves, platform configuration registers",
                classes: &[Class::Refused],
            }
        ),*];
    };
}

pcr_checks!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
