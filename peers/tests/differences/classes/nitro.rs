//! Disagreements about Nitro documents.

use super::{No, Yes, rule};
use crate::class::Class;

const ATTEST: &str = "nitro_attest";
const VALIDATION: &str = "attestation-doc-validation";

pub(crate) const CLASSES: &[Class] = &[
    Class {
        id: "nitro.shortest-form",
        what: "an integer or a length that is not in its shortest form, in the frame or in the payload",
        right: "either may be; no security module writes so, and teeproof reads one form alone",
        line: "RFC 8949, 4.1 (preferred, not required) and 4.2.1",
        rules: &[
            rule(ATTEST, "", No("the shortest form"), Yes),
            rule(VALIDATION, "", No("the shortest form"), Yes),
        ],
    },
    Class {
        id: "nitro.pieces",
        what: "byte strings, text and the outer array of indefinite length",
        right: "either may be; the real documents have a map of indefinite length and nothing else, and \
                a string in pieces could not be borrowed",
        line: "RFC 8949, 3.2.2 and 3.2.3",
        rules: &[
            rule(ATTEST, "", No("definite length"), Yes),
            rule(VALIDATION, "", No("definite length"), Yes),
        ],
    },
    Class {
        id: "nitro.tag",
        what: "a tag around the COSE_Sign1: 18, but also that of a COSE_Mac, a COSE_Sign, or any other",
        right: "teeproof and nitro_attest: 18 alone would be right, and no document has it; another tag \
                says that it is something else",
        line: "RFC 9052, 2 and 4.2 (RFC 8152, 2 and 4.2)",
        rules: &[rule(VALIDATION, "frame: tag", No("an untagged array of four"), Yes)],
    },
    Class {
        id: "nitro.unprotected",
        what: "something in the unprotected header, also another algorithm, a critical label or a label \
               twice",
        right: "teeproof: nothing signs that header, and nothing is ever written to it",
        line: "RFC 9052, 3 and 3.1 (`alg` and `crit` belong to the protected header)",
        rules: &[
            rule(ATTEST, "", No("unprotected header"), Yes),
            rule(VALIDATION, "", No("unprotected header"), Yes),
        ],
    },
    Class {
        id: "nitro.own-lengths",
        what: "`user_data`, `nonce` or `public_key` that is empty, or longer than 512 bytes",
        right: "teeproof: real documents have them, one of testdata with empty `user_data`; the \
                published rules bound `user_data` and `nonce` from 0, and differ on 512 or 1024. \
                Of an empty `public_key` the peer has the letter on its side",
        line: "AWS, attestation_process.md: `user_data = bytes .size (0..1024)`",
        rules: &[rule(VALIDATION, "", Yes, No("length in the attestation doc was invalid"))],
    },
    Class {
        id: "nitro.field-limit",
        what: "`user_data`, `nonce` or `public_key` longer than 1024 bytes",
        right: "teeproof; its caller can raise the limit",
        line: "AWS, attestation_process.md: at most 1024",
        rules: &[rule(ATTEST, "", No("a field within the limit"), Yes)],
    },
    Class {
        id: "nitro.clock-behind",
        what: "a leaf that becomes valid a second after the verifier's time",
        right: "either may be; teeproof allows for a clock that is up to 300 seconds behind, as its \
                caller sets it, because a leaf is made together with its first document",
        line: "RFC 5280, 6.1.3 (a) (2); the allowance is the relying party's",
        rules: &[
            rule(ATTEST, "a second before the leaf", Yes, No("not yet valid")),
            rule(VALIDATION, "a second before the leaf", Yes, No("CertNotValidYet")),
        ],
    },
    Class {
        id: "nitro.future",
        what: "a document that was made after the time of verification, by more than the allowance",
        right: "teeproof: nobody can have received it yet",
        line: "AWS, attestation_process.md: `timestamp`, when the document was created",
        rules: &[
            rule(ATTEST, "", No("is later than the time of verification"), Yes),
            rule(VALIDATION, "", No("is later than the time of verification"), Yes),
        ],
    },
    Class {
        id: "nitro.types",
        what: "text or an array of numbers where bytes belong, bytes where text belongs",
        right: "teeproof: the two are different types",
        line: "AWS, attestation_process.md, CDDL; RFC 8949, 3.1",
        rules: &[
            rule(ATTEST, "", No("expected a CBOR byte string"), Yes),
            rule(ATTEST, "", No("expected a CBOR text string"), Yes),
            rule(VALIDATION, "", No("expected a CBOR byte string"), Yes),
            rule(VALIDATION, "", No("expected a CBOR text string"), Yes),
        ],
    },
    Class {
        id: "nitro.unknown-key",
        what: "a key that no document has",
        right: "teeproof: the map is closed",
        line: "AWS, attestation_process.md, CDDL; RFC 8610, 3.5.4",
        rules: &[
            rule(ATTEST, "", No("one of the nine keys"), Yes),
            rule(VALIDATION, "", No("one of the nine keys"), Yes),
        ],
    },
    Class {
        id: "nitro.module-id",
        what: "a `module_id` that is empty, of more than 128 letters, with a space, or not an enclave's",
        right: "teeproof: an empty one breaks the rule; the others are its own bounds, wide enough for \
                every real id",
        line: "AWS, attestation_process.md: `module_id` is not empty",
        rules: &[
            rule(ATTEST, "", No("visible ASCII characters"), Yes),
            rule(ATTEST, "", No("the id of an enclave"), Yes),
            rule(VALIDATION, "", No("visible ASCII characters"), Yes),
            rule(VALIDATION, "", No("the id of an enclave"), Yes),
        ],
    },
    Class {
        id: "nitro.digest",
        what: "a `digest` of SHA256 or SHA512",
        right: "teeproof",
        line: "AWS, attestation_process.md: `digest = \"SHA384\"`",
        rules: &[rule(ATTEST, "", No("expected SHA384"), Yes)],
    },
    Class {
        id: "nitro.timestamp",
        what: "a `timestamp` before the root was made, also zero",
        right: "teeproof: zero breaks the rule, and there were no enclaves before",
        line: "AWS, attestation_process.md: `timestamp` is greater than 0",
        rules: &[
            rule(ATTEST, "", No("not before 2019-10-28"), Yes),
            rule(VALIDATION, "", No("not before 2019-10-28"), Yes),
        ],
    },
    Class {
        id: "nitro.pcr-twice",
        what: "a PCR that is given twice: the peers take the last value",
        right: "teeproof: a map with a key twice is not valid, and who reads which value differs",
        line: "RFC 8949, 5.6",
        rules: &[rule(ATTEST, "", No("each PCR once"), Yes), rule(VALIDATION, "", No("each PCR once"), Yes)],
    },
    Class {
        id: "nitro.pcr-length",
        what: "a PCR of another length than 48 bytes, with nitro_attest of any length",
        right: "teeproof: the digest is SHA-384 throughout",
        line: "AWS, attestation_process.md: `pcr = bytes .size (32/48/64)`, by the digest",
        rules: &[
            rule(ATTEST, "", No("a PCR of 48 bytes"), Yes),
            rule(VALIDATION, "", No("a PCR of 48 bytes"), Yes),
        ],
    },
    Class {
        id: "nitro.pcr-index",
        what: "a PCR above 31; nitro_attest then cuts the index to 16 bits, so that 65536 is 0",
        right: "teeproof",
        line: "AWS, attestation_process.md: `index = 0..31`",
        rules: &[rule(ATTEST, "", No("an index from 0 to 31"), Yes)],
    },
    Class {
        id: "nitro.no-pcr",
        what: "a document without any PCR",
        right: "teeproof",
        line: "AWS, attestation_process.md: `pcrs: { + index => pcr }`",
        rules: &[rule(ATTEST, "", No("at least one PCR"), Yes)],
    },
    Class {
        id: "nitro.certificate-length",
        what: "a certificate that is empty or longer than 1024 bytes",
        right: "teeproof",
        line: "AWS, attestation_process.md: `cert = bytes .size (1..1024)`",
        rules: &[
            rule(ATTEST, "", No("a certificate of 1 to 1024 bytes"), Yes),
            rule(VALIDATION, "", No("a certificate of 1 to 1024 bytes"), Yes),
        ],
    },
    Class {
        id: "nitro.bundle-length",
        what: "more than eight certificates above the leaf",
        right: "either may be; teeproof bounds its work before the first signature, real bundles have four",
        line: "AWS, attestation_process.md: `cabundle: [* cert]`",
        rules: &[
            rule(ATTEST, "", No("cabundle: too large"), Yes),
            rule(VALIDATION, "", No("cabundle: too large"), Yes),
        ],
    },
    Class {
        id: "nitro.bundle-as-a-set",
        what: "a bundle in another order, without its root or with a damaged one, with certificates that \
               belong to nothing: the peer seeks a path through them to the root it has built in",
        right: "either may be: the path that the peer finds does hold. The rule gives an order, root \
                first, and teeproof takes the bundle at its word, which bounds its work",
        line: "AWS, attestation_process.md, certificate chain: `[ROOT, INTERM_1, …, INTERM_N]`; RFC 5280, \
               6.1 (a path is given, not sought)",
        rules: &[
            rule(VALIDATION, "chain?", No("expected a chain from the root"), Yes),
            rule(VALIDATION, "chain?", No("the root certificate:"), Yes),
            rule(VALIDATION, "chain?", No("more authorities follow"), Yes),
            rule(VALIDATION, "chain?", No("the issuer is not the subject"), Yes),
            rule(VALIDATION, "chain: a minted root after", No("the signature does not hold"), Yes),
            rule(VALIDATION, "chain: bytes that are no", No("expected a SEQUENCE"), Yes),
        ],
    },
    Class {
        id: "nitro.leaf-authority",
        what: "a chain that ends with an authority: the peer reads neither basic constraints nor key usage",
        right: "teeproof: whoever holds a leaf's key could otherwise issue certificates, and an \
                authority's key could sign documents",
        line: "RFC 5280, 6.1.4 (k) and (n); AWS, attestation_process.md, certificate chain",
        rules: &[rule(ATTEST, "chain?", No("the leaf is a certification authority"), Yes)],
    },
    Class {
        id: "nitro.certificate-form",
        what: "a certificate with bytes behind it, or damaged where nothing is signed: another outer than \
               inner algorithm, another tag, unused bits in the signature",
        right: "teeproof: DER has one form, and the two algorithms must be the same",
        line: "RFC 5280, 4.1.1.2; X.690, 10 and 11.2",
        rules: &[rule(ATTEST, "chain: certificate", No("below the root: certificate:"), Yes)],
    },
];
