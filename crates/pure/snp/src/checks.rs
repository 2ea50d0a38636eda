//! The checks of this crate, in the order in which they are made.

use teeproof_core::checks;

checks! { VERIFY:
    FORMAT [3] = "snp.format", "the report's form",
        "The report has a supported version, and every reserved byte is as that version has it.",
        "Give the report as the guest received it: 1184 bytes, not the vTPM's or the kernel's envelope.",
        "AMD 56860, table ATTESTATION_REPORT";
    CHAIN [3 4 7] = "snp.chain", "the certificate chain",
        "The VEK certificate was issued under AMD's root key of this product.",
        "Fetch the VCEK for the report's chip id and reported TCB, and the ASVK if the report is signed by a VLEK.",
        "AMD 57230, section 3; RFC 5280, section 6";
    VEK_TYPE [4] = "snp.vek.type", "the kind of the signing key",
        "The key that the report names (VCEK or VLEK) is of the kind of the certificate.",
        "A VCEK cannot endorse a report that was signed by a VLEK: fetch the other kind.",
        "AMD 56860, KEY_INFO.SIGNING_KEY";
    VEK_PRODUCT [4] = "snp.vek.product", "the product line",
        "Certificate, root key and the report's processor are of one product line.",
        "The certificate belongs to a machine of another product.",
        "AMD 57230, productName; AMD 56860, CPUID_FAM_ID and CPUID_MOD_ID";
    VEK_TCB [4] = "snp.vek.tcb", "the TCB of the signing key",
        "The key was derived for exactly the TCB that the report states, component by component.",
        "Fetch the VCEK for the report's REPORTED_TCB; a firmware update changes it.",
        "AMD 57230, section 3.1; AMD 56860, TCB_VERSION";
    VEK_CHIP [4] = "snp.vek.chip", "the chip of the signing key",
        "The key belongs to the very chip that the report names.",
        "The certificate belongs to another chip: fetch the VCEK for the report's CHIP_ID.",
        "AMD 57230, hwID; AMD 56860, CHIP_ID";
    SIGNATURE [4] = "snp.signature", "the report's signature",
        "The processor's firmware signed these very bytes.",
        "The report was altered, or it is signed by another key than the certificate's.",
        "AMD 56860, section SIGNATURE";
    VALIDITY [7] = "snp.validity", "the certificates' validity",
        "Every certificate of the chain is valid at the given time.",
        "Check the clock, or fetch the certificates anew.",
        "RFC 5280, section 4.1.2.5";
    REVOCATION [4 7] = "snp.revocation", "revocation of the intermediate",
        "A current list of the root key does not name the intermediate certificate.",
        "Give AMD's current revocation list of this product as an endorsement.",
        "AMD 57230, section 4; RFC 5280, section 5";
    NONCE [5] = "snp.nonce", "the nonce in REPORT_DATA",
        "The report was made for this question: REPORT_DATA is the nonce, followed by zeros.",
        "Give the nonce that the guest put into REPORT_DATA, up to 64 bytes; an old report carries an old nonce.",
        "AMD 56860, REPORT_DATA";
}

checks! { APPRAISE:
    DEBUG [6] = "snp.policy.debug", "debugging by the host",
        "The host cannot read the guest's memory through the debug interface.",
        "Launch the guest with a policy whose DEBUG bit is zero.",
        "AMD 56860, guest policy, bit 19";
    MIGRATION [6] = "snp.policy.migration", "association with a migration agent",
        "No migration agent can move the guest's memory elsewhere.",
        "Launch the guest with a policy whose MIGRATE_MA bit is zero.",
        "AMD 56860, guest policy, bit 18";
    POLICY [6] = "snp.policy.bits", "the guest policy's bits",
        "The guest was launched under the policy bits that were asked for.",
        "Compare the guest's launch policy with the appraisal policy.",
        "AMD 56860, guest policy";
    VMPL [6] = "snp.vmpl", "the privilege level",
        "The report was asked for at this privilege level of the guest.",
        "Ask for the report at the expected VMPL; a paravisor runs at 0.",
        "AMD 56860, VMPL";
    MASKED_CHIP [6] = "snp.chip.masked", "a masked chip id",
        "The report names its chip, so the signing key could be held against it.",
        "The host hides its chip ids. Allow that in the policy if you do not need to tell machines apart.",
        "AMD 56860, MASK_CHIP_ID";
    CHIP_ID [6] = "snp.chip-id", "the chip",
        "The report was made on one of the chips that were asked for.",
        "Compare with the chip ids of your machines.",
        "AMD 56860, CHIP_ID";
    MEASUREMENT [6] = "snp.measurement", "the launch measurement",
        "The guest started with exactly this initial memory.",
        "Compute the expected launch digest anew for the firmware and kernel that you deploy.",
        "AMD 56860, MEASUREMENT";
    ID_KEY_DIGEST [6] = "snp.id-key-digest", "the identity key",
        "The owner of this key signed the guest's identity block.",
        "Compare with the SHA-384 of your identity key.",
        "AMD 56860, ID_KEY_DIGEST";
    AUTHOR_KEY_DIGEST [6] = "snp.author-key-digest", "the author key",
        "The owner of this key signed the identity key.",
        "Compare with the SHA-384 of your author key; the report may not have one.",
        "AMD 56860, AUTHOR_KEY_DIGEST";
    FAMILY_ID [6] = "snp.family-id", "the family id",
        "The guest's owner named this family in the identity block.",
        "Compare with the identity block that the guest was launched with.",
        "AMD 56860, FAMILY_ID";
    IMAGE_ID [6] = "snp.image-id", "the image id",
        "The guest's owner named this image in the identity block.",
        "Compare with the identity block that the guest was launched with.",
        "AMD 56860, IMAGE_ID";
    GUEST_SVN [6] = "snp.guest-svn", "the guest's security version",
        "The guest's owner gave the image at least this security version.",
        "Update the image, or lower the floor if you accept the older one.",
        "AMD 56860, GUEST_SVN";
    REPORTED_TCB [6] = "snp.tcb.reported", "the reported TCB",
        "The platform proves at least these firmware versions.",
        "The host must update its firmware, or report its newer TCB.",
        "AMD 56860, REPORTED_TCB";
    COMMITTED_TCB [6] = "snp.tcb.committed", "the committed TCB",
        "The platform cannot go back behind these firmware versions.",
        "The host must commit its firmware update.",
        "AMD 56860, COMMITTED_TCB";
    PLATFORM_INFO [6] = "snp.platform-info", "the platform's configuration",
        "The platform runs with the settings that were asked for.",
        "Compare PLATFORM_INFO with what your machines are set to.",
        "AMD 56860, PLATFORM_INFO";
    HOST_DATA [6] = "snp.host-data", "the host's data",
        "The host launched the guest with exactly this data.",
        "Compare with what the launcher passes as host data.",
        "AMD 56860, HOST_DATA";
    REPORT_DATA [6] = "snp.report-data", "the report's data",
        "The guest put exactly this data into the report.",
        "Compare with what the guest binds into its report.",
        "AMD 56860, REPORT_DATA";
}
