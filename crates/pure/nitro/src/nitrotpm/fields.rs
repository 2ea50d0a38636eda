//! Table of the policy fields of a NitroTPM document: one row defines everything about a field. The columns are
//! those of `teeproof_core::policy_table`.

/// Passes the rows to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! nitrotpm_policy_fields {
    ($($callback:tt)+) => {
        $($callback)+! {
            {
                #[doc = "An appraisal policy for EC2 instances with NitroTPM. Every field is an expectation or a waiver with a reason; there is no default."]
                NitroTpmPolicy<'p>;
                "`builtin:genuine`: an instance whose firmware measured the boot. It says nothing about what software runs.";
                (policy, record, &VerifiedNitroTpm<'_>) -> Appraisal
            }
            verified;
            measured_boot: Rule<'p, bool>, "measured-boot" as YesNo,
                "Whether the firmware measured the boot: none of PCRs 0 to 7 is zero.",
                MEASURED_BOOT [Refused] = "nitro-tpm.measured-boot", "measured boot",
                    "The firmware extended PCRs 0 to 7 before it started the boot loader, so that no software could extend them to values of another boot.",
                    "Start the instance from an AMI with TpmSupport v2.0 in UEFI boot mode.",
                    "TCG PC Client Platform Firmware Profile, section 3.3.4",
                genuine (exactly(true)), value (Some(verified.is_boot_measured())),
                suggest (found);
            pcrs: Pcrs<'p, 48>, "pcrs" as WholeBank<48, 23>,
                "The PCRs 0 to 23, 96 hex digits each; see below.",
                PCRS of PCR [Refused] = "nitro-tpm.pcrs", "the PCRs",
                    "The listed PCRs have the expected values.",
                    "List PCR4 and PCR12 of your image, with secure boot PCR7; nitro-tpm-pcr-compute prints them.",
                    "TCG PC Client Platform Firmware Profile, section 3.3.4",
                genuine (waived), appraised (policy.pcrs.appraise(checks::PCRS, &checks::PCR, |index| verified.document().pcrs().get(index), Absence::Attested, record)),
                suggest (by pcrs);
            module_id: Rule<'p, Text<'p>>, "module-id" as Plain,
                "The id of the instance's TPM.",
                MODULE_ID [Refused] = "nitro-tpm.module-id", "the TPM's id",
                    "The document was made by exactly this TPM.",
                    "Compare with the id that EC2 returned for your instance, followed by -tpm and digits.",
                    "Amazon EC2, Validate a NitroTPM Attestation Document, module_id",
                genuine (waived), value (Some(verified.document().module_id())),
                suggest (waived "specific to one instance");
            instance: Rule<'p, Text<'p>>, "instance" as Instance,
                "The instance's id, with which the module id begins. No PCR of a TPM is computed from it.",
                INSTANCE [Refused] = "nitro-tpm.instance", "the instance",
                    "The document was made on this instance (module_id).",
                    "Compare with the id that EC2 returned for your instance.",
                    "Amazon EC2, Validate a NitroTPM Attestation Document, module_id",
                genuine (waived), value (verified.instance_id()),
                suggest (waived "specific to one instance");
            user_data: Rule<'p, List<'p, u8>>, "user-data" as Bytes,
                "The `user_data` that was requested with the document. `\"hex:\"` is empty, which is not null.",
                USER_DATA [Refused] = "nitro-tpm.user-data", "the user data",
                    "Whoever requested the document on the instance put exactly these bytes into user_data.",
                    "Compare with what your program puts there.",
                    "Amazon EC2, Validate a NitroTPM Attestation Document, user_data",
                genuine (waived), optional (verified.document().user_data()),
                suggest (waived "the requesting program's own data");
            public_key: Rule<'p, List<'p, u8>>, "public-key" as Bytes,
                "The `public_key` that was requested with the document.",
                PUBLIC_KEY [Refused] = "nitro-tpm.public-key", "the public key",
                    "Whoever requested the document on the instance put exactly these bytes into public_key.",
                    "Compare with the key that your program puts there.",
                    "Amazon EC2, Validate a NitroTPM Attestation Document, public_key",
                genuine (waived), optional (verified.document().public_key()),
                suggest (waived "the requesting program's own data");
            max_age: MaxAge<'p>, "max-age" as Age,
                "The time between the document's time stamp and the time of verification.",
                MAX_AGE [Refused NotShownFresh] = "nitro-tpm.max-age", "the document's age",
                    "The document is at most this old.",
                    "Request a new document on the instance, and verify it at the present time.",
                    "Amazon EC2, Validate a NitroTPM Attestation Document, timestamp",
                genuine (waived), appraised (age(verified.age_secs(), &policy.max_age, checks::MAX_AGE, record)),
                suggest (waived "the nonce shows freshness");
        }
    };
}
