//! Disagreements about SNP reports.

use super::{No, Yes, rule};
use crate::class::Class;

const SEV: &str = "sev 8.0.0";
const NOSSL: &str = "sev 8.0.0 (crypto_nossl)";
const OPENSSL: &str = "sev 8.0.0 (openssl)";

pub(crate) const CLASSES: &[Class] = &[
    Class {
        id: "snp.reencoded",
        what: "a genuine report in which reserved bytes of a TCB version were changed afterwards: sev \
               verifies what it writes itself from the fields that it read, not the received bytes",
        right: "teeproof: the signature is over the report's bytes, and these are not signed",
        line: "AMD 56860, ATTESTATION_REPORT, SIGNATURE: over bytes 0h to 29Fh",
        rules: &[rule(SEV, "", No("TCB_VERSION: reserved bytes are not zero"), Yes)],
    },
    Class {
        id: "snp.signature-reserved",
        what: "bytes that are not zero behind the signature's numbers, or above their 384 bits",
        right: "teeproof: the bytes are reserved and must be zero; nothing signs them, so a report could \
                be written in many ways",
        line: "AMD 56860, signature formats: R and S of 576 bits, zero-extended; the rest is reserved",
        rules: &[
            rule(SEV, "", No("SIGNATURE padding"), Yes),
            rule(NOSSL, "", No("SIGNATURE.R above"), Yes),
            rule(NOSSL, "", No("SIGNATURE.S above"), Yes),
        ],
    },
    Class {
        id: "snp.reserved-bits",
        what: "signed reports whose POLICY or KEY_INFO has reserved bits that are set, or bit 17 of POLICY \
               not set",
        right: "teeproof: no firmware writes them; what a later one means by them is not known",
        line: "AMD 56860, guest policy and ATTESTATION_REPORT, offset 48h",
        rules: &[rule(SEV, "", No("KEY_INFO bits"), Yes), rule(SEV, "", No("POLICY bit"), Yes)],
    },
    Class {
        id: "snp.vmpl",
        what: "a VMPL that does not exist",
        right: "teeproof",
        line: "AMD 56860, ATTESTATION_REPORT, offset 30h: 0 to 3, or FFFFFFFFh",
        rules: &[rule(SEV, "", No("SNP report: VMPL"), Yes)],
    },
    Class {
        id: "snp.signature-algorithm",
        what: "a report that names another signature algorithm than ECDSA on P-384",
        right: "teeproof",
        line: "AMD 56860, ATTESTATION_REPORT, offset 34h: 1",
        rules: &[rule(SEV, "", No("SIGNATURE_ALGO"), Yes)],
    },
    Class {
        id: "snp.version",
        what: "a report of a version above 5, which sev reads as 5",
        right: "teeproof: a version says that the layout or its meaning changed",
        line: "AMD 56860, ATTESTATION_REPORT, offset 0h",
        rules: &[rule(SEV, "", No("SNP report: VERSION"), Yes)],
    },
    Class {
        id: "snp.masked-version-2",
        what: "a report of version 2 without a CHIP_ID: sev derives the TCB's layout from it, and so \
               refuses every such report under a VLEK",
        right: "teeproof: the certificate says which line it is",
        line: "AMD 56860, ATTESTATION_REPORT, offset 1A0h: zero where MASK_CHIP_ID is set",
        rules: &[rule(SEV, "", Yes, No("MASK_CHIP_ID is enabled"))],
    },
    Class {
        id: "snp.chip-id-like-turin",
        what: "a report of version 2 of a Milan whose CHIP_ID has 56 zero bytes: sev takes it for a Turin",
        right: "teeproof; no such chip is known",
        line: "AMD 57230, VCEK certificate, product name and hwID",
        rules: &[rule(SEV, "a Turin-like CHIP_ID on Milan", Yes, No("VEK does not sign"))],
    },
    Class {
        id: "snp.vek-chip",
        what: "a VCEK that belongs to another chip than the report names; sev leaves it to its caller",
        right: "teeproof",
        line: "AMD 57230, VCEK certificate, hwID; AMD 56860, offset 1A0h",
        rules: &[rule(SEV, "", No("snp.vek.chip"), Yes)],
    },
    Class {
        id: "snp.vek-tcb",
        what: "a VCEK for another TCB than REPORTED_TCB; sev leaves it to its caller",
        right: "teeproof: the key was derived for the certificate's TCB",
        line: "AMD 57230, VCEK certificate, blSPL to ucodeSPL; AMD 56860, offset 180h",
        rules: &[rule(SEV, "", No("no VCEK for REPORTED_TCB"), Yes)],
    },
    Class {
        id: "snp.vek-product",
        what: "certificate, root and processor of different lines, or a processor of none",
        right: "teeproof",
        line: "AMD 57230, VCEK certificate, productName; AMD 56860, offset 188h",
        rules: &[
            rule(SEV, "", No("expected one product line, got different ones"), Yes),
            rule(SEV, "", No("CPUID is of no supported product line"), Yes),
        ],
    },
    Class {
        id: "snp.vek-type",
        what: "a report that says that another kind of key signed it, or none",
        right: "teeproof",
        line: "AMD 56860, ATTESTATION_REPORT, offset 48h, SIGNING_KEY: 0 VCEK, 1 VLEK, 7 none",
        rules: &[rule(SEV, "", No("snp.vek.type"), Yes)],
    },
    Class {
        id: "snp.vek-profile",
        what: "a VCEK without AMD's extensions, or of another name",
        right: "teeproof: without them nothing ties the key to a chip and a TCB",
        line: "AMD 57230, VCEK certificate",
        rules: &[
            rule(SEV, "", No("AMD extensions"), Yes),
            rule(SEV, "minted, VCEK of another name", No("is missing among the endorsements"), Yes),
        ],
    },
    Class {
        id: "snp.validity",
        what: "certificates that are not valid yet or no longer: sev takes no time",
        right: "teeproof",
        line: "RFC 5280, 6.1.3 (a) (2)",
        rules: &[rule(SEV, "", No("snp.validity"), Yes)],
    },
    Class {
        id: "snp.path",
        what: "an ARK or ASK that is no authority or may not sign certificates, a VCEK that is one, an unknown \
               critical extension, an issuer's name that is not that of the certificate above: sev looks at \
               signatures alone",
        right: "teeproof",
        line: "RFC 5280, 6.1.3 (a) (4), 6.1.4 (k) and (n), 6.1.5 (f), 4.2",
        rules: &[
            rule(SEV, "", No("is not a certification authority"), Yes),
            rule(SEV, "", No("the key usage is missing or does not allow"), Yes),
            rule(SEV, "", No("more authorities follow"), Yes),
            rule(SEV, "", No("unknown critical extension"), Yes),
            rule(SEV, "", No("the leaf is a certification authority"), Yes),
            rule(SEV, "names another issuer", No("the signature does not hold"), Yes),
            rule(SEV, "of another product", No("the signature does not hold"), Yes),
            rule(SEV, "of no product", No("the signature does not hold"), Yes),
            rule(SEV, "minted, ARK that", No("ASK or ASVK: the signature does not hold"), Yes),
        ],
    },
    Class {
        id: "snp.inner-outer",
        what: "a certificate whose outer algorithm, which nothing signs, is not the inner one",
        right: "teeproof",
        line: "RFC 5280, 4.1.1.2",
        rules: &[rule(NOSSL, "", No("the same algorithm inside and outside"), Yes)],
    },
    Class {
        id: "snp.certificate-tail",
        what: "an ASK or VCEK with bytes behind it",
        right: "teeproof: DER says where a certificate ends, and what follows belongs to nothing",
        line: "X.690, 8.1.1 and 10",
        rules: &[rule(OPENSSL, "", No("cannot be read: certificate: bytes follow"), Yes)],
    },
    Class {
        id: "snp.certificate-form",
        what: "a VCEK with an extension twice, or of X.509 version 1",
        right: "teeproof",
        line: "RFC 5280, 4.2 and 4.1.2.1",
        rules: &[
            rule(SEV, "", No("each extension once"), Yes),
            rule(SEV, "", No("certificate: version:"), Yes),
        ],
    },
    Class {
        id: "snp.pss-parameters",
        what: "a VCEK that names other parameters of PSS than it was signed with: sev takes SHA-384 and its \
               salt for granted",
        right: "teeproof: the parameters are part of the algorithm",
        line: "RFC 4055, 3.1; AMD 57230, VCEK certificate, signature algorithm",
        rules: &[rule(NOSSL, "VCEK's signature PSS", No("algorithm is not supported"), Yes)],
    },
    Class {
        id: "snp.other-algorithms",
        what: "certificates under an added anchor that are signed with PKCS#1 v1.5 or ECDSA: sev over OpenSSL \
               takes whatever the certificate names",
        right: "teeproof: AMD's authorities sign with RSASSA-PSS, SHA-384",
        line: "AMD 57230, VCEK certificate, signature algorithm",
        rules: &[rule(OPENSSL, "", No("the key or signature algorithm is not supported"), Yes)],
    },
    Class {
        id: "snp.long-serial",
        what: "a VCEK with a serial number of 30 bytes",
        right: "either may be; users of certificates need not read more than 20, and nobody may issue them",
        line: "RFC 5280, 4.1.2.2",
        rules: &[rule(NOSSL, "a long serial number", Yes, No("invalid DER"))],
    },
    Class {
        id: "snp.spare-authorities",
        what: "an ARK or ASK that is damaged or of another line, together with a genuine report: teeproof has \
               AMD's own pinned, and needs none of the received ones",
        right: "either may be: sev is handed its root by its caller and has to verify it",
        line: "RFC 5280, 6.1: a trust anchor is an input",
        rules: &[
            rule(SEV, "milan, ASK: ", Yes, No("")),
            rule(SEV, "milan, ARK: ", Yes, No("")),
            rule(SEV, "milan, ARK and ASK swapped", Yes, No("")),
            rule(SEV, "milan, the ARK as ASK", Yes, No("")),
            rule(SEV, "milan, Genoa's", Yes, No("")),
        ],
    },
    Class {
        id: "snp.root-self-signature",
        what: "a root that another key signed: teeproof compares an anchor byte for byte and does not \
               verify its signature over itself",
        right: "either may be: that signature adds nothing to the comparison",
        line: "RFC 5280, 6.1: the anchor's own certificate is not part of the path",
        rules: &[rule(SEV, "minted, ARK that another key signed", Yes, No("igner"))],
    },
];
