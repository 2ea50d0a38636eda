//! The checks of this crate, in their order; VMPL is checked on SEV-SNP only, and those of a TD on TDX only.

use teeproof_core::checks;

checks! { VERIFY:
    FORMAT [Malformed Unsupported] = "hcl.format", "the HCL report's format",
        "The HCL report has a supported version and type, its sizes agree, and all its padding is zero.",
        "Give all of NV index 0x01400001 of the vTPM, unchanged.",
        "openvmm, igvm_attest/get.rs";
    VMPL [NotAuthentic] = "hcl.vmpl", "the VMPL of the hardware report",
        "The report was requested at VMPL 0, where only the paravisor runs; the guest's kernel has a higher VMPL.",
        "Read the report from the vTPM, not from the guest's SEV device.",
        "AMD 56860, VMPL";
    TD_REPORT [Malformed Unsupported NotAuthentic] = "hcl.td-report", "the TDREPORT's format",
        "The hashes in the TDREPORT match its contents, and its reserved bytes are zero; without its quote it proves nothing.",
        "Give all of NV index 0x01400001 of the vTPM, unchanged.",
        "Intel 344425, TDREPORT_STRUCT";
    TD_QUOTE [Incomplete] = "hcl.td-quote", "the TD quote over the TDREPORT",
        "The evidence has a TD quote, by which others than its own processor can verify the TDREPORT.",
        "Send the TDREPORT to Azure's quote service, POST http://169.254.169.254/acc/tdquote, and give its response.",
        "Azure guest attestation: IMDS, acc/tdquote";
    TD_REPORT_QUOTE [NotBound] = "hcl.td-report.quote", "the TDREPORT against the TD quote",
        "The TD quote is over this TDREPORT: every field that both have is the same.",
        "HCL report and TD quote are of different reads: read the report again, and request a TD quote of its TDREPORT.",
        "Intel 348551, appendix A.3.2; Intel 344425, TDREPORT_STRUCT";
    BINDING [NotBound] = "hcl.binding", "the claims' hash in REPORT_DATA",
        "REPORT_DATA of the hardware report is the hash of the claims followed by zeros, in all 64 bytes.",
        "Report and claims are of different reads: read all of NV index 0x01400001 again, in one go.",
        "openvmm, igvm_attest/get.rs: report_data_hash_type";
    CLAIMS [Malformed NotAuthentic] = "hcl.claims", "the runtime claims",
        "The claims are well formed and have one usable attestation key, HCLAkPub.",
        "Give all of NV index 0x01400001 of the vTPM, unchanged: no known paravisor writes such claims.",
        "openvmm, igvm_attest/get.rs: runtime claims";
    AK_KEY [] = "ak.key", "the key of the AK certificate",
        "An AK certificate is for the claims' attestation key, HCLAkPub.",
        "Give the AK certificate of this VM, NV index 0x01C101D0. Those of other VMs are ignored.",
        "openvmm, igvm_attest/get.rs: HCLAkPub";
    AK_CHAIN [Malformed Unsupported NotAuthentic] = "ak.chain", "the AK certificate's chain",
        "Azure's vTPM authority issued the AK certificate, for a confidential VM.",
        "Give the AK certificate of NV index 0x01C101D0 with the authorities between it and Azure's root; add the root of a test or of the twin as a trust anchor.",
        "RFC 5280, section 6; TCG AK credential, 2.23.133.8.3";
    AK_REVOCATION [NotAuthentic Incomplete] = "ak.revocation", "revocation of the AK certificate's chain",
        "No certificate of the AK chain is on its issuer's CRL. Certificates whose issuer has no CRL are not checked.",
        "Give current revocation lists of the vTPM root and of the authority below it.",
        "RFC 5280, section 5";
    USER_DATA [NotBound] = "hcl.user-data", "user-data of the claims",
        "User-data, which the guest wrote before the report was made, is the nonce or the expected data, followed by zeros.",
        "Write the data into NV index 0x01400002, wait three seconds, and read the report until its claims contain the data.",
        "openvmm, tpm_device: guest input";
}

crate::hcl_policy_fields! { teeproof_core::policy_checks }
