//! The checks of this crate, in the order in which they are made.

use teeproof_core::checks;

checks! { VERIFY:
    FORMAT [3] = "hcl.format", "the paravisor report's form",
        "The envelope has a supported version and kind, its sizes agree, and all its padding is zero.",
        "Give NV index 0x01400001 of the vTPM whole, as it was read.",
        "openvmm, igvm_attest/get.rs";
    AK_CHAIN [3 4] = "ak.chain", "the attestation key's certificate",
        "Azure's vTPM authority issued the certificate, for a confidential VM.",
        "Give the AK certificate of NV index 0x01C101D0 with every authority up to and including the root.",
        "RFC 5280, section 6; TCG AK credential, 2.23.133.8.3";
    VMPL [4] = "hcl.vmpl", "the paravisor's privilege level",
        "The report was asked for at VMPL 0, where only the paravisor runs: the guest's kernel runs above it.",
        "Take the report from the vTPM and not from the processor's device in the guest.",
        "AMD 56860, VMPL";
    BINDING [5] = "hcl.binding", "the claims in the hardware report",
        "The hardware report holds the hash of exactly these claims, in all 64 bytes.",
        "Report and claims are not of one reading: read the NV index again, whole.",
        "openvmm, igvm_attest/get.rs: report_data_hash_type";
    CLAIMS [3 4] = "hcl.claims", "the paravisor's claims",
        "The claims are well formed and name one usable attestation key.",
        "A paravisor whose key could not be created publishes zeros: restart the VM with a reset vTPM.",
        "openvmm, igvm_attest/get.rs: runtime claims";
    AK_KEY [5] = "ak.key", "the certificate's key",
        "The certificate is for the very key that the claims name.",
        "Give the AK certificate of this VM.",
        "openvmm, igvm_attest/get.rs: HCLAkPub";
    USER_DATA [5] = "hcl.user-data", "the guest's data in the claims",
        "The guest had written exactly this before the report was made.",
        "Write NV index 0x01400002, wait three seconds, and read the report until it carries the data.",
        "openvmm, tpm_device: guest input";
    TD_REPORT [3 4] = "tdx.report", "the TDREPORT's form",
        "The TDREPORT agrees with itself; it proves nothing without its quote.",
        "Give NV index 0x01400001 of the vTPM whole, as it was read.",
        "Intel 344425, TDREPORT_STRUCT";
    TD_QUOTE [7] = "tdx.quote", "the TD's quote",
        "Intel's quoting enclave vouches for the TDREPORT.",
        "Quotes of TDs are not verified by this version.",
        "Intel TDX DCAP, quote version 4 and 5";
}

checks! { APPRAISE:
    ORIGIN [6] = "origin.paravisor", "the report's origin",
        "The report is of Azure's paravisor, on a ground that the policy accepts.",
        "Pin the measurement, or the id key digest with its guest SVN; or give the AK certificate with its chain.",
        "teeproof, known reference values";
    AK_CERTIFICATE [6] = "ak.certificate", "a certified attestation key",
        "Azure's vTPM authority knows the attestation key as one of a confidential VM.",
        "Give the AK certificate with every authority up to and including the root.",
        "TCG AK credential, 2.23.133.8.3";
    QUOTE [6] = "hcl.quote", "a quote of the vTPM",
        "The vTPM signed its registers.",
        "Take a quote under the attestation key together with the report.",
        "TCG TPM 2.0, part 3, TPM2_Quote";
    VM_ID [6] = "hcl.vm-id", "the VM",
        "The claims name this VM.",
        "Compare with the VM's id in Azure.",
        "openvmm, igvm_attest/get.rs: vmUniqueId";
    USER_DATA_POLICY [6] = "hcl.user-data.policy", "the guest's data by the policy",
        "The guest had written the data that the policy asks for.",
        "Compare with what the guest writes into NV index 0x01400002.",
        "openvmm, tpm_device: guest input";
    SECURE_BOOT [6] = "hcl.secure-boot", "secure boot as configured",
        "The host configured the VM with or without secure boot. What was enforced is in the boot log.",
        "Change the VM's security profile, or ask for log.secure-boot instead.",
        "openvmm, igvm_attest/get.rs: secure-boot";
    TPM_ENABLED [6] = "hcl.tpm-enabled", "the vTPM as configured",
        "The host configured the VM with or without a vTPM.",
        "Change the VM's security profile.",
        "openvmm, igvm_attest/get.rs: tpm-enabled";
    TPM_PERSISTED [6] = "hcl.tpm-persisted", "the vTPM's state",
        "The vTPM keeps its state over restarts, or does not.",
        "Change the VM's security profile; older reports do not say.",
        "openvmm, igvm_attest/get.rs: tpm-persisted";
    CONSOLE [6] = "hcl.console", "the serial console",
        "The paravisor offers a console to the host, or does not.",
        "Change the VM's boot diagnostics.",
        "openvmm, igvm_attest/get.rs: console-enabled";
    INTERACTIVE_CONSOLE [6] = "hcl.interactive-console", "the interactive serial console",
        "The host can type into the guest's console, or cannot.",
        "Change the VM's boot diagnostics; older reports do not say.",
        "openvmm, igvm_attest/get.rs: interactive-console-enabled";
}
