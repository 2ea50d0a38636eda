//! The checks of this crate, in the order in which they are made.

use teeproof_core::checks;

checks! { VERIFY:
    FORMAT [Malformed Unsupported] = "tdx.format", "the quote's form",
        "The quote has a supported version, and Intel's quoting enclave made it.",
        "Give the quote as the quoting service returned it, without an envelope or an encoding.",
        "Intel 348551, appendix A.3";
    CHAIN [Malformed Unsupported NotAuthentic Incomplete] = "tdx.chain", "the PCK certificate chain",
        "The PCK certificate has a path to Intel's SGX root through the Platform or the Processor CA.",
        "Give the quote with its PCK chain, certification data of type 5; add the root of a test as a trust anchor.",
        "Intel 348551, appendix A.3.9; RFC 5280, section 6";
    PCK [Malformed Unsupported] = "tdx.pck", "the platform in the PCK certificate",
        "The PCK certificate has one SGX extension with FMSPC, PCEID and the TCB of the platform.",
        "Give the PCK certificate that Intel issued for the platform: its SGX extension is malformed.",
        "Intel SGX PCK Certificate and CRL Profile, section 1.3.5";
    QE_SIGNATURE [NotAuthentic] = "tdx.qe.signature", "the signature over the quoting enclave's report",
        "The PCK of the platform signed the report of the quoting enclave as received.",
        "The quote was altered, or its PCK chain belongs to another platform: request a new quote.",
        "Intel 348551, appendix A.3.11";
    QE_BINDING [NotAuthentic] = "tdx.qe.binding", "the attestation key in the quoting enclave's report",
        "REPORTDATA of the quoting enclave is the SHA-256 of attestation key and authentication data, then zeros.",
        "The quote has an attestation key that its quoting enclave did not make: request a new quote.",
        "Intel 348551, appendix A.3.8";
    SIGNATURE [NotAuthentic] = "tdx.signature", "the quote's signature",
        "The attestation key signed header and body of the quote as received.",
        "The quote was altered: request a new one.",
        "Intel 348551, appendix A.3.8";
    SERVICE_TDS [] = "tdx.service-tds", "service TDs and migration",
        "No service TD is bound to the guest, and none can move it to another machine.",
        "Pin MRSERVICETD of the service TDs that you trust (mrservicetd), and refuse guests that can be moved (migration).",
        "Intel 344425, ATTRIBUTES; Intel 348551, appendix A.3.2";
    VALIDITY [Incomplete] = "tdx.validity", "the certificates' validity",
        "Every certificate of the PCK chain is valid at the given time.",
        "Check the clock, or request a new quote with current certificates.",
        "RFC 5280, section 4.1.2.5";
    REVOCATION [NotAuthentic Incomplete] = "tdx.revocation", "revocation of the PCK chain",
        "The PCK certificate and its authority are not on the current lists of their issuers.",
        "Give the current revocation lists of Intel's root and of the PCK authority.",
        "RFC 5280, section 5; Intel PCS API version 4, PCK CRL";
    COLLATERAL [Incomplete] = "tdx.collateral", "the collateral of the platform",
        "TCB info and QE identity are among the endorsements.",
        "Fetch TCB info for the FMSPC, and the QE identity, from Intel's PCS.",
        "Intel PCS API version 4";
    SIGNER [Malformed Unsupported NotAuthentic Incomplete] = "tdx.collateral.signer", "the signer of the collateral",
        "Intel's SGX root issued the TCB signing certificate, which is valid and not revoked.",
        "Give the TCB signing chain, which Intel's PCS sends in the header of each response.",
        "Intel PCS API version 4; RFC 5280, section 6";
    TCB_INFO [Malformed Unsupported NotAuthentic Incomplete] = "tdx.tcb-info", "the TCB info",
        "Intel signed this TCB info for the FMSPC and PCEID of the platform, and it is current at the given time.",
        "Fetch the current TCB info for the FMSPC from Intel's PCS, and keep the signed member byte for byte.",
        "Intel PCS API version 4, TCB info";
    QE_IDENTITY [Malformed Unsupported NotAuthentic Incomplete] = "tdx.qe-identity", "the QE identity",
        "Intel signed this QE identity, and it is current at the given time.",
        "Fetch the current QE identity of TDX from Intel's PCS, and keep the signed member byte for byte.",
        "Intel PCS API version 4, enclave identity";
    QE [NotAuthentic] = "tdx.qe", "the quoting enclave",
        "The quoting enclave is Intel's production enclave, with a security version that has a level.",
        "Request the quote from Intel's TD quoting enclave, and update the platform's quoting service.",
        "Intel PCS API version 4, enclave identity";
    MODULE [NotAuthentic] = "tdx.module", "the TDX module",
        "Intel signed the TDX module, its attributes are those of production, and its security version has a level.",
        "The host must run a TDX module that Intel released; give newer TCB info if the module is newer.",
        "Intel PCS API version 4, tdxModuleIdentities";
    TCB [NotAuthentic] = "tdx.tcb", "the TCB level of the platform",
        "Components of processor and firmware reach a level of the TCB info; anything but UpToDate is a warning.",
        "The host must update its firmware: the platform is older than every level of Intel's TCB info.",
        "Intel PCS API version 4, tcbLevels";
    NONCE [NotBound] = "tdx.nonce", "the nonce in REPORTDATA",
        "The quote was made for this nonce: REPORTDATA is the nonce, followed by zeros.",
        "Give the nonce that the guest put into REPORTDATA, 1 to 64 bytes; an old quote has an old nonce.",
        "Intel 348551, appendix A.3.2";
}

checks! { LOG:
    LOG_FORMAT [Malformed Unsupported] = "tdx.log.format", "the event log's form",
        "The event log is a well-formed CCEL with SHA-384 digests.",
        "Give the CCEL of the guest, /sys/firmware/acpi/tables/data/CCEL on Linux; a TPM's log is not for RTMRs.",
        "UEFI 2.10, section 38";
    LOG_REPLAY [] = "tdx.log.replay", "the event log against the RTMRs",
        "The log's events make the quoted value of each RTMR that it has events for.",
        "Read the event log and the quote at the same time; software that extends an RTMR without the log makes it unexplained.",
        "UEFI 2.10, section 38";
}

crate::tdx_policy_fields! { teeproof_core::policy_checks }
