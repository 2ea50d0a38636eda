//! The checks of this crate, in the order in which they are made.

use teeproof_core::checks;

checks! { VERIFY:
    FORMAT [Malformed Unsupported] = "snp.format", "the report's form",
        "The report has a supported version, and every reserved byte has the value that this version specifies.",
        "Give the report as the guest received it: 1184 bytes, not the vTPM's or the kernel's envelope.",
        "AMD 56860, table ATTESTATION_REPORT";
    CHAIN [Malformed Unsupported NotAuthentic Incomplete] = "snp.chain", "the certificate chain",
        "The VEK certificate has a path to AMD's root key (ARK) of this product line.",
        "Give the VCEK or VLEK of the report; add the root of a test or of the twin as a trust anchor.",
        "AMD 57230, section 3; RFC 5280, section 6";
    VEK_TYPE [NotAuthentic Incomplete] = "snp.vek.type", "the kind of the signing key",
        "KEY_INFO.SIGNING_KEY of the report and the certificate name the same kind of key (VCEK or VLEK).",
        "Give the certificate of the kind that the report names: a VCEK cannot endorse a report that a VLEK signed, nor a VLEK one that a VCEK signed.",
        "AMD 56860, KEY_INFO.SIGNING_KEY";
    VEK_CHIP [Incomplete] = "snp.vek.chip", "the chip of the signing key",
        "The VCEK certificate's hwID is the report's CHIP_ID.",
        "Fetch the VCEK for the report's CHIP_ID from AMD's KDS, or inside the VM from Azure's THIM.",
        "AMD 57230, hwID; AMD 56860, CHIP_ID";
    VEK_PRODUCT [Unsupported NotAuthentic] = "snp.vek.product", "the product line",
        "VCEK, ARK and CPUID name the same product line; TCB_VERSION is decoded in that line's layout.",
        "Give the VCEK or VLEK of the machine that made the report: this certificate is for another product line.",
        "AMD 57230, productName; AMD 56860, CPUID_FAM_ID and CPUID_MOD_ID";
    VEK_TCB [Incomplete] = "snp.vek.tcb", "the TCB of the signing key",
        "The key was derived for exactly the TCB that the report states, component by component.",
        "Fetch the VCEK for the report's REPORTED_TCB; a firmware update changes it.",
        "AMD 57230, section 3.1; AMD 56860, TCB_VERSION";
    SIGNATURE [NotAuthentic] = "snp.signature", "the report's signature",
        "The processor's firmware signed bytes 0x000..0x2a0 of the report as received.",
        "The report was altered, or signed with another VCEK or VLEK: give the VCEK of the report's chip, or the VLEK of the region's provider.",
        "AMD 56860, section SIGNATURE";
    VALIDITY [Incomplete] = "snp.validity", "the certificates' validity",
        "Every certificate of the chain is valid at the given time.",
        "Check the clock, or fetch the certificates anew.",
        "RFC 5280, section 4.1.2.5";
    REVOCATION [NotAuthentic Incomplete] = "snp.revocation", "revocation of the VEK's chain",
        "The ASK or ASVK is not on the ARK's current CRL. If a CRL of the ASK or ASVK was given, the VCEK or VLEK is not on it.",
        "Give AMD's current revocation list of this product as an endorsement.",
        "AMD 57230, section 4; RFC 5280, section 5";
    NONCE [NotBound] = "snp.nonce", "the nonce in REPORT_DATA",
        "The report was made for this nonce: REPORT_DATA is the nonce, followed by zeros.",
        "Give the nonce that the guest put into REPORT_DATA, 1 to 64 bytes; an old report has an old nonce.",
        "AMD 56860, REPORT_DATA";
}

crate::snp_policy_fields! { teeproof_core::policy_checks }
