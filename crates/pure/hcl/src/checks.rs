//! The checks of this crate, in the order in which they are made.

use teeproof_core::checks;

checks! { VERIFY:
    FORMAT [Malformed Unsupported] = "hcl.format", "the paravisor report's form",
        "The envelope has a supported version and kind, its sizes agree, and all its padding is zero.",
        "Give NV index 0x01400001 of the vTPM whole, as it was read.",
        "openvmm, igvm_attest/get.rs";
    VMPL [NotAuthentic] = "hcl.vmpl", "the paravisor's privilege level",
        "The report was asked for at VMPL 0, where only the paravisor runs: the guest's kernel runs above it.",
        "Take the report from the vTPM and not from the processor's device in the guest.",
        "AMD 56860, VMPL";
    BINDING [NotBound] = "hcl.binding", "the claims in the hardware report",
        "The hardware report holds the hash of exactly these claims, in all 64 bytes.",
        "Report and claims are not of one reading: read the NV index again, whole.",
        "openvmm, igvm_attest/get.rs: report_data_hash_type";
    CLAIMS [Malformed NotAuthentic] = "hcl.claims", "the paravisor's claims",
        "The claims are well formed and name one usable attestation key.",
        "Give NV index 0x01400001 of the vTPM whole, as it was read: no paravisor that is known writes such claims.",
        "openvmm, igvm_attest/get.rs: runtime claims";
    AK_KEY [] = "ak.key", "the key of the AK certificate",
        "An AK certificate came for the very key that the claims name.",
        "Give the AK certificate of this VM, NV index 0x01C101D0. Those of other VMs do no harm.",
        "openvmm, igvm_attest/get.rs: HCLAkPub";
    AK_CHAIN [Malformed Unsupported NotAuthentic] = "ak.chain", "the attestation key's certificate",
        "Azure's vTPM authority issued the certificate, for a confidential VM.",
        "Give the AK certificate of NV index 0x01C101D0 with the authorities between it and Azure's root; add the root of a test or of the twin as a trust anchor.",
        "RFC 5280, section 6; TCG AK credential, 2.23.133.8.3";
    AK_REVOCATION [NotAuthentic Incomplete] = "ak.revocation", "revocation of the attestation key's chain",
        "No certificate of the AK chain is on its issuer's CRL. Certificates whose issuer has no CRL are not checked.",
        "Give current revocation lists of the vTPM root and of the authority below it.",
        "RFC 5280, section 5";
    USER_DATA [NotBound] = "hcl.user-data", "the guest's data in the claims",
        "The guest had written exactly this before the report was made.",
        "Write NV index 0x01400002, wait three seconds, and read the report until it carries the data.",
        "openvmm, tpm_device: guest input";
    TD_REPORT [Malformed Unsupported NotAuthentic] = "tdx.report", "the TDREPORT's form",
        "The TDREPORT agrees with itself; it proves nothing without its quote.",
        "Give NV index 0x01400001 of the vTPM whole, as it was read.",
        "Intel 344425, TDREPORT_STRUCT";
    TD_QUOTE [Incomplete] = "tdx.quote", "the TD's quote",
        "Intel's quoting enclave vouches for the TDREPORT.",
        "Take evidence of a VM on SEV-SNP: this version verifies no quote of a TD, and no option makes it.",
        "Intel TDX DCAP, quote version 4 and 5";
}

crate::hcl_policy_fields! { teeproof_core::policy_checks }
