//! The table of the policy's fields, one row each.
//! The columns are described at `teeproof_core::policy_table`.

/// Passes the rows to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! tpm_policy_fields {
    ($($callback:tt)+) => {
        $($callback)+! {
            {
                #[doc = "An appraisal policy for quoted PCRs and their event log. Every field is an expectation or a waiver with a reason; there is no default."]
                TpmPolicy<'p>;
                "`builtin:genuine` has no rule about the booted software.";
                (policy, record, Booted<'_, '_>) -> bool
            }
            booted;
            pcrs: Pcrs<'p, 32>, "pcrs" as PcrTable<32, 23>,
                "The PCRs 0 to 23 of the SHA-256 bank, 64 hex digits each. A PCR that the quote does not select is absent.",
                REGISTERS of PCR [Refused] = "quote.registers", "the policy's PCRs",
                    "The PCRs that the policy names have the expected values.",
                    "Name the PCRs that your image determines; PCRs 5 and 6 differ between boots or machines, and so does PCR 10, since IMA's boot aggregate covers PCRs 0 to 7.",
                    "TCG PC Client Platform Firmware Profile, section 3.3.4",
                genuine (waived), appraised (policy.pcrs.appraise(checks::REGISTERS, &checks::PCR, |index| booted.pcrs?.get(index), booted.absence_of_pcrs(), record)),
                suggest (by pcrs);
            secure_boot: Rule<'p, bool>, "secure-boot" as YesNo,
                "Whether the firmware enforced secure boot, by the event log of the quoted PCR 7; absent without a log that explains it.",
                SECURE_BOOT [Refused] = "log.secure-boot", "secure boot",
                    "The firmware enforced secure boot, by the events of the quoted PCR 7.",
                    "Give the event log of the machine that was quoted, quote PCR 7, and enable secure boot; with a log, the reason names the event at fault.",
                    "TCG PC Client Platform Firmware Profile, section 3.3.4.8",
                genuine (waived), value ((booted.secure_boot().ok()), Remark::Because(&SecureBootSource(booted.secure_boot()))),
                suggest (by secure_boot)
                under "What booted.";
            event_log: EventLogRule<'p>, "event-log" as LogExplains,
                "Whether the log explains PCRs 0 to 7, all of them quoted, and every other quoted PCR that it has events for; absent without a log.",
                EXPLAINS [Refused] = "log.explains", "a log that explains the PCRs",
                    "The log explains PCRs 0 to 7, which the firmware extends and which must all be quoted, and every other quoted PCR that it has events for.",
                    "Quote PCRs 0 to 7 at least, and give the event log of the quoted machine since its last boot. IMA extends PCR 10 and systemd PCRs 11 and 9 outside of the firmware's log: name these PCRs in `explained-except`, or leave them out of the quote.",
                    "TCG PC Client Platform Firmware Profile, section 10.4",
                genuine (waived), appraised (policy.event_log.appraise(booted.log, record)),
                suggest (by event_log);
        }
    };
}
