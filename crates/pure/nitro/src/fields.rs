//! Table of the policy fields: one row defines everything about a field. The columns are those of
//! `teeproof_core::policy_table`.

/// Passes the rows to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! nitro_policy_fields {
    ($($callback:tt)+) => {
        $($callback)+! {
            {
                #[doc = "An appraisal policy for enclaves. Every field is an expectation or a waiver with a reason; there is no default."]
                NitroPolicy<'p>;
                "`builtin:genuine`: an enclave in production mode. It says nothing about what software runs.";
                (policy, record, &VerifiedDocument<'_>, crypto: &Crypto<'_>) -> Appraisal
            }
            verified;
            debug: Rule<'p, bool>, "debug" as YesNo,
                "Whether the enclave runs in debug mode.",
                DEBUG [Refused] = "nitro.debug", "debug mode",
                    "The enclave runs in production mode: PCR0, PCR1 and PCR2 hold measurements, and no console is open to the host.",
                    "Start the enclave without debug mode; PCR0, PCR1 and PCR2 are zero in debug mode.",
                    "AWS Nitro Enclaves, nitro-cli run-enclave, debug mode",
                genuine (exactly(false)), value (Some(verified.is_debug())),
                suggest (found);
            pcrs: Pcrs<'p, 48>, "pcrs" as PcrTable<48, 31>,
                "The PCRs 0 to 31, 96 hex digits each; see below.",
                PCRS of PCR [Refused] = "nitro.pcrs", "the PCRs",
                    "The listed PCRs have the expected values.",
                    "List PCR0, or PCR1 and PCR2, of your image; teeproof eif measure and nitro-cli describe-eif print them.",
                    "AWS Nitro Enclaves, platform configuration registers",
                genuine (waived), appraised (policy.pcrs.appraise(checks::PCRS, &checks::PCR, |index| verified.document().pcrs.get(index), Absence::Attested, record)),
                suggest (by pcrs);
            role: Rule<'p, ComputedPcr<Text<'p>>>, "role" as Role,
                "The IAM role of the parent instance: its ARN, from which PCR 3 is computed, or PCR 3 itself.",
                ROLE [Refused] = "nitro.role", "the parent instance's role",
                    "The enclave's parent instance has this IAM role (PCR3).",
                    "Compare with the ARN of the role in the instance profile of your instance: arn:aws:iam::<account>:role/<name>.",
                    "AWS Nitro Enclaves, PCR3",
                genuine (waived), appraised (derived(&policy.role, verified, (3, None), checks::ROLE, record, |arn: &Text<'_>| pcr3_of_role(arn, crypto))),
                suggest (waived "PCR3 shows it, if the parent instance has a role");
            signer: Rule<'p, ComputedPcr<ImageSigner<'p>>>, "signer" as Signer,
                "The image's signing certificate: PEM, its DER in base64, or its SHA-384, from which PCR 8 is computed; or PCR 8 itself.",
                SIGNER [Refused] = "nitro.signer", "the image's signer",
                    "The image was signed under this certificate (PCR8); any version of it, also an old one.",
                    "Compare with the SHA-384 of the signing certificate's DER.",
                    "AWS Nitro Enclaves, PCR8",
                genuine (waived), appraised (derived(&policy.signer, verified, (8, None), checks::SIGNER, record, |signer: &ImageSigner<'_>| signer.pcr8(crypto))),
                suggest (waived "PCR8 shows it, if the image is signed");
            module_id: Rule<'p, Text<'p>>, "module-id" as Plain,
                "The enclave's id; a new one at each start.",
                MODULE_ID [Refused] = "nitro.module-id", "the enclave's id",
                    "The document was made by exactly this enclave.",
                    "An enclave's id changes whenever it is started.",
                    "AWS Nitro Enclaves, attestation process, module_id",
                genuine (waived), value (Some(verified.document().module_id)),
                suggest (waived "a new one at each start");
            instance: Rule<'p, ComputedPcr<Text<'p>>>, "instance" as ParentInstance,
                "The parent instance: its id, from which PCR 4 is computed, or PCR 4 itself.",
                INSTANCE [Refused] = "nitro.instance", "the parent instance",
                    "The enclave runs on this instance (PCR4).",
                    "Compare with the id that EC2 returned for your instance.",
                    "AWS Nitro Enclaves, PCR4",
                genuine (waived), appraised (derived(&policy.instance, verified, (4, instance_of(verified.document().module_id, "-enc")), checks::INSTANCE, record, |id: &Text<'_>| pcr4_of_instance(id, crypto))),
                suggest (waived "specific to one instance");
            user_data: Rule<'p, List<'p, u8>>, "user-data" as Bytes,
                "What the enclave put into `user_data`. `\"hex:\"` is empty, which is not null.",
                USER_DATA [Refused] = "nitro.user-data", "the user data",
                    "The enclave put exactly these bytes into user_data.",
                    "Compare with what your enclave's program puts there.",
                    "AWS Nitro Enclaves, attestation process, user_data",
                genuine (waived), optional (verified.document().user_data),
                suggest (waived "the enclave's own data");
            public_key: Rule<'p, List<'p, u8>>, "public-key" as Bytes,
                "What the enclave put into `public_key`.",
                PUBLIC_KEY [Refused] = "nitro.public-key", "the public key",
                    "The enclave put exactly these bytes into public_key.",
                    "Compare with the key that your enclave's program puts there.",
                    "AWS Nitro Enclaves, attestation process, public_key",
                genuine (waived), optional (verified.document().public_key),
                suggest (waived "the enclave's own data");
            max_age: MaxAge<'p>, "max-age" as Age,
                "The time between the document's time stamp and the time of verification.",
                MAX_AGE [Refused NotShownFresh] = "nitro.max-age", "the document's age",
                    "The document is at most this old.",
                    "Request a new document from the enclave, and verify it at the present time.",
                    "AWS Nitro Enclaves, attestation process, timestamp",
                genuine (waived), appraised (age(verified.age_secs(), &policy.max_age, checks::MAX_AGE, record)),
                suggest (waived "the nonce shows freshness");
        }
    };
}
