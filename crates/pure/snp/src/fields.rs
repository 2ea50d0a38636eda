//! The table of the policy's fields, one row each.
//! The columns are described at `teeproof_core::policy_table`.

/// Passes the rows to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! snp_policy_fields {
    ($($callback:tt)+) => {
        $($callback)+! {
            {
                #[doc = "An appraisal policy for SNP reports. Fields are named after the report's; all digests are SHA-384. Every field is an expectation or a waiver with a reason; there is no default."]
                SnpPolicy<'p>;
                "`builtin:genuine`: a production guest on a genuine processor that names its chip. It has no rule about the software that runs.";
                (policy, record, &VerifiedReport<'_>) -> bool
            }
            report;
            debug: Rule<'p, bool>, "debug" as YesNo,
                "Whether the host may debug the guest: guest policy, bit 19.",
                DEBUG [Refused] = "snp.policy.debug", "debugging by the host",
                    "The host cannot read the guest's memory through the debug interface.",
                    "Launch the guest with a policy whose DEBUG bit is zero.",
                    "AMD 56860, guest policy, bit 19",
                genuine (exactly(false)), value (Some(report.guest_policy().contains($crate::GuestPolicy::DEBUG))),
                suggest (found)
                under "How the guest was launched.";
            migration: Rule<'p, bool>, "migration" as YesNo,
                "Whether a migration agent may be associated: guest policy, bit 18.",
                MIGRATION [Refused] = "snp.policy.migration", "association with a migration agent",
                    "No migration agent can move the guest's memory elsewhere.",
                    "Launch the guest with a policy whose MIGRATE_MA bit is zero.",
                    "AMD 56860, guest policy, bit 18",
                genuine (exactly(false)), value (Some(report.guest_policy().contains($crate::GuestPolicy::MIGRATE_MA))),
                suggest (found);
            policy: Rule<'p, u64>, "policy" as Flags,
                "The guest policy's 64 bits.",
                POLICY [Refused] = "snp.policy.bits", "the guest policy's bits",
                    "The guest was launched with the expected guest policy.",
                    "Compare the guest's launch policy with the appraisal policy.",
                    "AMD 56860, guest policy",
                genuine (waived), value (Some(report.guest_policy().bits())),
                suggest (found);
            vmpl: Rule<'p, Vmpl>, "vmpl" as PrivilegeLevel,
                "The privilege level at which the report was requested; `\"host\"` (0xFFFFFFFF) where the host requested it.",
                VMPL [Refused] = "snp.vmpl", "the privilege level",
                    "The report was requested at this privilege level of the guest.",
                    "Request the report at the expected VMPL; a paravisor runs at VMPL 0.",
                    "AMD 56860, VMPL",
                genuine (waived), value (Some($crate::Vmpl::new(report.report().vmpl()))),
                suggest (found);
            host_requested: Rule<'p, bool>, "host-requested" as YesNo,
                "Whether the host requested the report: VMPL is 0xFFFFFFFF. No guest chose REPORT_DATA of such a report.",
                HOST_REQUESTED [Refused] = "snp.host-requested", "a report requested by the host",
                    "A guest requested the report and chose REPORT_DATA.",
                    "Request the report inside the guest with MSG_REPORT_REQ, not on the host with SNP_HV_REPORT_REQ.",
                    "AMD 56860, VMPL; SNP_HV_REPORT_REQ",
                genuine (exactly(false)), value (Some(report.is_host_requested())),
                suggest (found);
            product: Rule<'p, ProductLine>, "product" as ProductName,
                "The product line of the processor, named by the VEK's chain and certificate and, from version 3 on, by the report's CPUID fields.",
                PRODUCT [Refused] = "snp.product", "the processor's product line",
                    "The report was signed on a processor of this product line.",
                    "Compare with the product line of your machines; a TCB floor applies to one product line.",
                    "AMD 57230, section 3, productName; AMD 56860, CPUID_FAM_ID and CPUID_MOD_ID",
                genuine (waived), value (Some($crate::ProductLine::new(report.product()))),
                suggest (found);
            signing_key: Rule<'p, VekKind>, "signing-key" as SigningKey,
                "The kind of the signing key: a VCEK belongs to one chip, a VLEK to a provider.",
                SIGNING_KEY [Refused] = "snp.signing-key", "the kind of signing key",
                    "The report was signed with a key of this kind.",
                    "The provider decides which key its machines sign with: allow the other kind, or use machines that sign with this one.",
                    "AMD 56860, KEY_INFO.SIGNING_KEY",
                genuine (waived), value (Some(report.vek())),
                suggest (found);
            vlek_provider: Rule<'p, Text<'p>>, "vlek-provider" as Plain,
                "The provider named by a VLEK's certificate (cspID); absent under a VCEK.",
                VLEK_PROVIDER [Refused] = "snp.vlek.provider", "the provider of a VLEK",
                    "AMD issued the signing key to this provider.",
                    "Compare with the provider of your machines; a VCEK certificate has no cspID.",
                    "AMD 57230, VLEK certificate, cspID",
                genuine (waived), optional (report.provider()),
                suggest (found);
            masked_chip_key: Rule<'p, bool>, "masked-chip-key" as YesNo,
                "Whether KEY_INFO.MASK_CHIP_KEY is set in a report signed with a VCEK. Firmware with MASK_CHIP_KEY set never signs with the VCEK, so such a report is inconsistent.",
                MASKED_CHIP_KEY [Refused] = "snp.chip-key.masked", "a masked chip key",
                    "KEY_INFO.MASK_CHIP_KEY is not set in a report signed with a VCEK.",
                    "With MASK_CHIP_KEY set, firmware leaves the signature zero or signs with a VLEK. Check the host's SNP_CONFIG and firmware version.",
                    "AMD 56860, KEY_INFO.MASK_CHIP_KEY; SNP_CONFIG",
                genuine (exactly(false)), value ((Some(report.has_masked_chip_key())), report.chip_remark()),
                suggest (found);
            masked_chip_id: Rule<'p, bool>, "masked-chip-id" as YesNo,
                "Whether the host masks CHIP_ID (zero) in a report signed with a VCEK.",
                MASKED_CHIP [Refused] = "snp.chip.masked", "a masked chip id",
                    "CHIP_ID is not masked, so that it could be compared with the signing key's chip.",
                    "The host masks CHIP_ID. Allow that in the policy if you need not identify single machines.",
                    "AMD 56860, MASK_CHIP_ID",
                genuine (exactly(false)), value ((Some(report.chip() == $crate::Chip::Masked)), report.chip_remark()),
                suggest (found);
            chip_id: Rule<'p, [u8; 64]>, "chip-id" as Fixed<64>,
                "CHIP_ID, bound to the signing key. A VLEK is bound to no chip; absent where CHIP_ID is zero, which is how the host masks it.",
                CHIP_ID [Refused] = "snp.chip-id", "the chip",
                    "The report was made on an expected chip.",
                    "Compare with the chip ids of your machines.",
                    "AMD 56860, CHIP_ID",
                genuine (waived), optional ((report.bound_chip_id()), report.absence_of_chip_id(), report.chip_id_remark()),
                suggest (waived "specific to one machine");
            measurement: Rule<'p, [u8; 48]>, "measurement" as Fixed<48>,
                "The launch digest: the guest's initial memory.",
                MEASUREMENT [Refused] = "snp.measurement", "the launch measurement",
                    "The guest started with exactly this initial memory.",
                    "Recompute the expected launch digest for the firmware and kernel that you deploy.",
                    "AMD 56860, MEASUREMENT",
                genuine (waived), value (Some(report.report().measurement())),
                suggest (found)
                under "What was launched.";
            id_key_digest: Rule<'p, [u8; 48]>, "id-key-digest" as Fixed<48>,
                "The digest of the key that signed the identity block.",
                ID_KEY_DIGEST [Refused] = "snp.id-key-digest", "the identity key",
                    "The owner of this key signed the guest's identity block.",
                    "Compare with the SHA-384 of your identity key.",
                    "AMD 56860, ID_KEY_DIGEST",
                genuine (waived), value (Some(report.report().id_key_digest())),
                suggest (found);
            author_key_digest: Rule<'p, [u8; 48]>, "author-key-digest" as Fixed<48>,
                "The digest of the key that signed the identity key; absent without an author key.",
                AUTHOR_KEY_DIGEST [Refused] = "snp.author-key-digest", "the author key",
                    "The owner of this key signed the identity key.",
                    "Compare with the SHA-384 of your author key; the report may not have one.",
                    "AMD 56860, AUTHOR_KEY_DIGEST",
                genuine (waived), optional (report.author_key_digest()),
                suggest (found);
            family_id: Rule<'p, [u8; 16]>, "family-id" as Fixed<16>,
                "FAMILY_ID of the identity block, set by the owner.",
                FAMILY_ID [Refused] = "snp.family-id", "the family id",
                    "The identity block has this FAMILY_ID.",
                    "Compare with the identity block that the guest was launched with.",
                    "AMD 56860, FAMILY_ID",
                genuine (waived), value (Some(report.report().family_id())),
                suggest (found);
            image_id: Rule<'p, [u8; 16]>, "image-id" as Fixed<16>,
                "IMAGE_ID of the identity block, set by the owner.",
                IMAGE_ID [Refused] = "snp.image-id", "the image id",
                    "The identity block has this IMAGE_ID.",
                    "Compare with the identity block that the guest was launched with.",
                    "AMD 56860, IMAGE_ID",
                genuine (waived), value (Some(report.report().image_id())),
                suggest (found);
            guest_svn: Rule<'p, u32>, "guest-svn" as Number,
                "The security version of the image, set by its owner.",
                GUEST_SVN [Refused] = "snp.guest-svn", "the guest's security version",
                    "The image has at least this security version.",
                    "Update the image, or lower the floor if you accept the older one.",
                    "AMD 56860, GUEST_SVN",
                genuine (waived), value (Some(report.report().guest_svn())),
                suggest (floor);
            reported_tcb: Rule<'p, TcbLevels>, "reported-tcb" as Levels,
                "The TCB that the signing key was derived for.",
                REPORTED_TCB [Refused] = "snp.tcb.reported", "the reported TCB",
                    "The signing key was derived for at least these firmware versions.",
                    "The host must update its firmware, or report its newer TCB. A product line without a floor needs one in the policy.",
                    "AMD 56860, REPORTED_TCB",
                genuine (waived), value (Some($crate::TcbLevels::of_processor(report.product(), report.reported_tcb()))),
                suggest (floor)
                under "The oldest firmware of each product line among the evidence, component by component.";
            committed_tcb: Rule<'p, TcbLevels>, "committed-tcb" as Levels,
                "The TCB below which the platform cannot roll back.",
                COMMITTED_TCB [Refused] = "snp.tcb.committed", "the committed TCB",
                    "The platform cannot roll back below these firmware versions.",
                    "The host must commit its firmware update. A product line without a floor needs one in the policy.",
                    "AMD 56860, COMMITTED_TCB",
                genuine (waived), value (Some($crate::TcbLevels::of_processor(report.product(), report.committed_tcb()))),
                suggest (floor);
            current_tcb: Rule<'p, TcbLevels>, "current-tcb" as Levels,
                "The TCB that the platform runs.",
                CURRENT_TCB [Refused] = "snp.tcb.current", "the current TCB",
                    "The platform runs at least these firmware versions.",
                    "The host must update its firmware. A product line without a floor needs one in the policy.",
                    "AMD 56860, CURRENT_TCB",
                genuine (waived), value (Some($crate::TcbLevels::of_processor(report.product(), report.current_tcb()))),
                suggest (floor);
            launch_tcb: Rule<'p, TcbLevels>, "launch-tcb" as Levels,
                "The TCB at which the guest was launched or imported.",
                LAUNCH_TCB [Refused] = "snp.tcb.launch", "the launch TCB",
                    "The guest was launched, or imported, under at least these firmware versions.",
                    "Restart the guest: it was launched under older firmware than the platform has now. A product line without a floor needs one in the policy.",
                    "AMD 56860, LAUNCH_TCB",
                genuine (waived), value (Some($crate::TcbLevels::of_processor(report.product(), report.launch_tcb()))),
                suggest (floor);
            revocation_list: Rule<'p, bool>, "revocation-list" as YesNo,
                "Whether the ASK or ASVK was checked against a current CRL of the ARK; `no` without such a CRL.",
                REVOCATION_LIST [Incomplete] = "snp.revocation-list", "a revocation list for the VEK's chain",
                    "The ASK or ASVK is not on a current CRL of the ARK.",
                    "Give AMD's current revocation list of this product, which the KDS publishes, as an endorsement.",
                    "AMD 57230, section 4; RFC 5280, section 5",
                genuine (= Rule::waived(NO_LISTS)), value (Some(report.is_revocation_checked())),
                suggest (waived "see snp.revocation; true where CRLs are given with all evidence");
            platform_info: Rule<'p, u64>, "platform-info" as Flags,
                "The platform's settings, such as SMT.",
                PLATFORM_INFO [Refused] = "snp.platform-info", "the platform's configuration",
                    "The platform has the expected settings.",
                    "Compare PLATFORM_INFO with the settings of your machines.",
                    "AMD 56860, PLATFORM_INFO",
                genuine (waived), value (Some(report.report().platform_info().bits())),
                suggest (found);
            host_data: Rule<'p, [u8; 32]>, "host-data" as Fixed<32>,
                "HOST_DATA, set by the host at launch.",
                HOST_DATA [Refused] = "snp.host-data", "the host's data",
                    "The host launched the guest with this HOST_DATA.",
                    "Compare with the host data that the launcher sets.",
                    "AMD 56860, HOST_DATA",
                genuine (waived), value (Some(report.report().host_data())),
                suggest (found);
            report_data: Rule<'p, [u8; 64]>, "report-data" as Fixed<64>,
                "REPORT_DATA, chosen by the guest. A verification also compares it with the nonce.",
                REPORT_DATA [Refused] = "snp.report-data", "the report's data",
                    "REPORT_DATA is the expected value.",
                    "Compare with the data that the guest puts into its report.",
                    "AMD 56860, REPORT_DATA",
                genuine (waived), value (Some(report.report().report_data())),
                suggest (waived "the guest's own data, or the hash of the claims on Azure: verify compares it");
        }
    };
}
