//! The table of the policy's fields: a field is one row, and everything about it is made of the row.
//! `teeproof_core::policy_table` says what the columns are.

/// Hands the rows to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! tpm_policy_fields {
    ($($callback:tt)+) => {
        $($callback)+! {
            {
                #[doc = "An appraisal policy for what a TPM quoted. Every field is an expectation or a waiver with a reason; there is no default."]
                TpmPolicy<'p>;
                "`builtin:genuine` says nothing about what booted.";
                (policy, record, Booted<'_, '_>) -> bool
            }
            booted;
            pcrs: Pcrs<'p, 32>, "pcrs" as PcrTable<32, 23>,
                "The PCRs 0 to 23 of the SHA-256 bank, 64 hex digits each. One that the quote did not sign is absent.",
                REGISTERS of PCR [Refused] = "quote.registers", "the registers that matter",
                    "The registers that the policy names hold the expected values.",
                    "Name the registers that your image determines; PCRs 5 and 6 differ from boot to boot or from machine to machine, and with them PCR 10, for IMA's boot aggregate covers PCRs 0 to 7.",
                    "TCG PC Client Platform Firmware Profile, section 3.3.4",
                genuine (waived), appraised (policy.pcrs.appraise(checks::REGISTERS, &checks::PCR, |index| booted.pcrs?.get(index), booted.absence_of_pcrs(), record)),
                suggest (by pcrs);
            secure_boot: Rule<'p, bool>, "secure-boot" as YesNo,
                "Whether the firmware enforced secure boot, as the event log shows for the quoted PCR 7; absent without a log that explains it.",
                SECURE_BOOT [Refused] = "log.secure-boot", "secure boot",
                    "The firmware enforced secure boot, as the events of the quoted PCR 7 show.",
                    "Give the event log of the machine that was quoted, quote PCR 7, and enable secure boot; where the log was given, the reason names the event that proves nothing.",
                    "TCG PC Client Platform Firmware Profile, section 3.3.4.8",
                genuine (waived), value ((booted.secure_boot().ok()), Remark::Because(&SecureBootSource(booted.secure_boot()))),
                suggest (by secure_boot)
                under "What booted.";
            event_log: EventLogRule<'p>, "event-log" as LogExplains,
                "Whether the log explains PCRs 0 to 7, all of them quoted, and every other quoted PCR that it has events for; absent without a log.",
                EXPLAINS [Refused] = "log.explains", "a log that explains the registers",
                    "The log explains PCRs 0 to 7, which the firmware extends and which must all be quoted, and every other quoted register that it has events for.",
                    "Quote PCRs 0 to 7 at least, and give the event log of the machine that was quoted, since its last start. IMA extends PCR 10 and systemd PCRs 11 and 9 outside of the firmware's log: name these PCRs in `explained-except`, or leave them out of the quote.",
                    "TCG PC Client Platform Firmware Profile, section 10.4",
                genuine (waived), appraised (policy.event_log.appraise(booted.log, record)),
                suggest (by event_log);
        }
    };
}
