//! Table of the policy fields: one row defines everything about a field. The columns are those of
//! `teeproof_core::policy_table`.

/// Passes the rows to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! hcl_policy_fields {
    ($($callback:tt)+) => {
        $($callback)+! {
            {
                #[doc = "Appraisal policy for an Azure confidential VM, except for its hardware report. Every field is an expectation or a waiver with a reason; there is no default."]
                HclPolicy<'p>;
                "The part of `builtin:genuine` beyond the hardware report: the origin is reported.";
                (policy, record, &VerifiedVtpm<'_>, grounds: &OriginGrounds) -> bool
            }
            vm + tpm: teeproof_tpm::TpmPolicy<'p>;
            origin: Origin<'p>, "origin" as Grounds,
                "The accepted grounds that show that Azure's paravisor made the report; see below.",
                ORIGIN [Refused] = "origin.paravisor", "the report's origin",
                    "A ground that the policy accepts shows that Azure's paravisor made the report.",
                    "Pin the measurement or MRTD, or the id key digest with its guest SVN; or give the AK certificate with its chain.",
                    "teeproof, reference values",
                genuine (= Origin::Reported), appraised (origin::appraise(grounds, policy, record)),
                suggest (by origin);
            ak_certificate: Rule<'p, bool>, "ak-certificate" as YesNo,
                "Whether the attestation key has a certificate of Azure's vTPM authority for a confidential VM; absent if the certificate is missing or could not be verified.",
                AK_CERTIFICATE [Refused] = "ak.certificate", "a certified attestation key",
                    "Azure's vTPM authority certified the attestation key as that of a confidential VM.",
                    "Give the AK certificate with every authority up to and including the root.",
                    "TCG AK credential, 2.23.133.8.3",
                genuine (waived), value (vm.ak_path().map(|_| true)),
                suggest (by ak_certificate);
            ak_revocation_list: Rule<'p, bool>, "ak-revocation-list" as YesNo,
                "Whether every certificate of the AK certificate's chain was checked against a current revocation list, if its issuer signs lists; absent without a verified chain.",
                AK_REVOCATION_LIST [Incomplete] = "ak.revocation-list", "revocation lists for the AK certificate's chain",
                    "Current revocation lists of every authority above the AK certificate are present, and no certificate of the chain is on them.",
                    "Give the AK certificate with its authorities, and a current revocation list of each of them.",
                    "RFC 5280, section 5",
                genuine (= Rule::waived(NO_LISTS)), value (vm.ak_path().map(|path| path.revocation().is_complete())),
                suggest (waived "see ak.revocation; true if lists are supplied with all evidence");
            quote: Rule<'p, bool>, "quote" as YesNo,
                "Whether the evidence has a quote of the vTPM.",
                QUOTE [Refused] = "hcl.quote", "a quote of the vTPM",
                    "The vTPM signed its PCRs.",
                    "Take a quote under the attestation key together with the report.",
                    "TCG TPM 2.0, part 3, TPM2_Quote",
                genuine (waived), value (Some(vm.quote().is_some())),
                suggest (by quote);
            vm_id: Rule<'p, VmId>, "vm-id" as Guid,
                "`vmUniqueId` of the claims.",
                VM_ID [Refused] = "hcl.vm-id", "the VM",
                    "The claims name this VM.",
                    "Compare with the VM's id in Azure.",
                    "openvmm, igvm_attest/get.rs: vmUniqueId",
                genuine (waived), optional (vm.claims().vm_configuration().vm_unique_id.as_ref()),
                suggest (waived "one machine's alone")
                under "How the host configured the VM.";
            user_data: Rule<'p, [u8; 64]>, "user-data" as Fixed<64>,
                "The user-data that the guest wrote before the report was made, zero-extended to 64 bytes. A verification can also compare it with expected data.",
                USER_DATA_POLICY [Refused] = "hcl.user-data.policy", "user-data by the policy",
                    "User-data is the data that the policy expects.",
                    "Compare with what the guest writes into NV index 0x01400002.",
                    "openvmm, tpm_device: guest input",
                genuine (waived), optional (vm.claims().user_data()),
                suggest (waived "chosen by the guest; a verification can compare it");
            fresh_report: Rule<'p, bool>, "fresh-report" as YesNo,
                "Whether the hardware report is fresh: user-data is the nonce, zero-extended to 64 bytes; absent without a nonce.",
                FRESH_REPORT [Refused] = "hcl.fresh-report", "a fresh hardware report",
                    "The guest wrote the nonce into user-data before the report was made: report and quote are fresh, not the quote alone.",
                    "Write the nonce into NV index 0x01400002 and read the report anew; verify it with the nonce.",
                    "openvmm, tpm_device: guest input",
                genuine (= Rule::waived(QUOTE_ALONE)), value (vm.is_report_fresh()),
                suggest (waived "see hcl.user-data; true if the nonce is written into user-data before each report");
            secure_boot_configured: Rule<'p, bool>, "secure-boot-configured" as YesNo,
                "`secure-boot` of the claims: the host's configuration, not what was enforced.",
                SECURE_BOOT [Refused] = "hcl.secure-boot", "secure boot as configured",
                    "The host configured secure boot as the policy expects. The event log shows what was enforced.",
                    "Change the VM's security profile, or set log.secure-boot in the policy instead.",
                    "openvmm, igvm_attest/get.rs: secure-boot",
                genuine (waived), optional (vm.claims().vm_configuration().secure_boot),
                suggest (found);
            tpm_enabled: Rule<'p, bool>, "tpm-enabled" as YesNo,
                "`tpm-enabled` of the claims.",
                TPM_ENABLED [Refused] = "hcl.tpm-enabled", "the vTPM as configured",
                    "The host configured the vTPM as the policy expects.",
                    "Change the VM's security profile.",
                    "openvmm, igvm_attest/get.rs: tpm-enabled",
                genuine (waived), optional (vm.claims().vm_configuration().tpm_enabled),
                suggest (found);
            tpm_persisted: Rule<'p, bool>, "tpm-persisted" as YesNo,
                "`tpm-persisted` of the claims; absent in reports of older paravisors.",
                TPM_PERSISTED [Refused] = "hcl.tpm-persisted", "the vTPM's state",
                    "The vTPM keeps its state over restarts, or does not, as the policy expects.",
                    "Change the VM's security profile; older reports lack the member.",
                    "openvmm, igvm_attest/get.rs: tpm-persisted",
                genuine (waived), optional (vm.claims().vm_configuration().tpm_persisted),
                suggest (found);
            console: Rule<'p, bool>, "console" as YesNo,
                "`console-enabled` of the claims.",
                CONSOLE [Refused] = "hcl.console", "the serial console",
                    "The paravisor offers the host a console, or does not, as the policy expects.",
                    "Change the VM's boot diagnostics.",
                    "openvmm, igvm_attest/get.rs: console-enabled",
                genuine (waived), optional (vm.claims().vm_configuration().console_enabled),
                suggest (found);
            interactive_console: Rule<'p, bool>, "interactive-console" as YesNo,
                "`interactive-console-enabled` of the claims; absent in reports of older paravisors.",
                INTERACTIVE_CONSOLE [Refused] = "hcl.interactive-console", "the interactive serial console",
                    "The host can type into the guest's console, or cannot, as the policy expects.",
                    "Change the VM's boot diagnostics; older reports lack the member.",
                    "openvmm, igvm_attest/get.rs: interactive-console-enabled",
                genuine (waived), optional (vm.claims().vm_configuration().interactive_console_enabled),
                suggest (found);
        }
    };
}
