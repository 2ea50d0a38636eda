//! The table of the policy's fields, one row each.
//! The columns are described at `teeproof_core::policy_table`.

/// Passes the rows to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! tdx_policy_fields {
    ($($callback:tt)+) => {
        $($callback)+! {
            {
                #[doc = "An appraisal policy for TD quotes. Fields are named after the quote's; all digests are SHA-384. Every field is an expectation or a waiver with a reason; there is no default."]
                TdxPolicy<'p>;
                "`builtin:genuine`: a production guest on a genuine platform whose TCB is not revoked. It has no rule about the software that runs.";
                (policy, record, &VerifiedQuote<'_>) -> bool
            }
            quote;
            debug: Rule<'p, bool>, "debug" as YesNo,
                "Whether the host may debug the guest: TDATTRIBUTES, any of bits 0 to 7.",
                DEBUG [Refused] = "tdx.debug", "debugging by the host",
                    "The host cannot read the guest's memory through the debug interface.",
                    "Launch the guest with TDATTRIBUTES whose bits 0 to 7 are zero.",
                    "Intel 344425, ATTRIBUTES",
                genuine (exactly(false)), value (Some(quote.is_debug())),
                suggest (found)
                under "How the guest was launched.";
            migration: Rule<'p, bool>, "migration" as YesNo,
                "Whether a migration TD can move the guest to another machine: TDATTRIBUTES, bit 29 (MIGRATABLE).",
                MIGRATION [Refused] = "tdx.migration", "migration by a service TD",
                    "No migration TD can move the guest's memory to another machine.",
                    "Launch the guest with TDATTRIBUTES whose bit 29, MIGRATABLE, is zero.",
                    "Intel 344425, ATTRIBUTES",
                genuine (exactly(false)), value (Some(quote.is_migratable())),
                suggest (found);
            attributes: Rule<'p, u64>, "attributes" as Flags,
                "TDATTRIBUTES, 64 bits.",
                ATTRIBUTES [Refused] = "tdx.attributes", "the guest's attributes",
                    "The guest was launched with the expected TDATTRIBUTES.",
                    "Compare TDATTRIBUTES of the launch with the appraisal policy.",
                    "Intel 344425, ATTRIBUTES",
                genuine (waived), value (Some(quote.td().td_attributes())),
                suggest (found);
            xfam: Rule<'p, u64>, "xfam" as Flags,
                "XFAM, 64 bits: the processor features that the guest may use.",
                XFAM [Refused] = "tdx.xfam", "the guest's processor features",
                    "The guest was launched with the expected XFAM.",
                    "Compare XFAM of the launch with the appraisal policy.",
                    "Intel 344425, XFAM",
                genuine (waived), value (Some(quote.td().xfam())),
                suggest (found);
            tcb_status: Rule<'p, TcbStatus>, "tcb-status" as Status,
                "The status of processor, firmware, TDX module and quoting enclave together, by Intel's names.",
                TCB_STATUS [Refused] = "tdx.tcb.status", "the TCB status",
                    "The status of the platform's TCB is an accepted one.",
                    "The host must update its firmware; accept another status, or write an exception with an end date.",
                    "Intel PCS API version 4, tcbStatus",
                genuine (= Rule::one_of(TcbStatus::NOT_REVOKED.as_slice())), appraised (unless_excepted(quote, policy, checks::TCB_STATUS, record, |record| policy.tcb_status.appraise(checks::TCB_STATUS, Some(&quote.tcb().status()), record))),
                suggest (by tcb_status)
                under "The platform's TCB.";
            days_behind: DaysBehind<'p>, "days-behind" as Days,
                "The grace period: the days since the first update that the TCB lacks; one without a date is refused.",
                DAYS_BEHIND [Refused] = "tdx.tcb.days-behind", "the days behind Intel's updates",
                    "The TCB has lacked an update for at most this many days.",
                    "The host must update its firmware; Intel published the update that is lacking at the date of `tdx.tcb`.",
                    "Intel PCS API version 4, tcbDate",
                genuine (waived), appraised (unless_excepted(quote, policy, checks::DAYS_BEHIND, record, |record| days_behind(quote, &policy.days_behind, record))),
                suggest (by days_behind);
            tcb_date: Rule<'p, TcbDate>, "tcb-date" as Date,
                "The baseline date: the least `tcbDate` of processor, firmware, TDX module and quoting enclave.",
                TCB_DATE [Refused] = "tdx.tcb.date", "the date of the TCB",
                    "No part of the TCB is older than this date.",
                    "The host must update its firmware, or the baseline date must be earlier.",
                    "Intel PCS API version 4, tcbDate",
                genuine (waived), appraised (unless_excepted(quote, policy, checks::TCB_DATE, record, |record| policy.tcb_date.appraise(checks::TCB_DATE, Some(&TcbDate(quote.tcb().date())), record))),
                suggest (by tcb_date);
            evaluation_number: Rule<'p, u32>, "evaluation-data-number" as Number,
                "`tcbEvaluationDataNumber` of TCB info and QE identity, the lesser one: older collateral does not name newer vulnerabilities.",
                EVALUATION_NUMBER [Refused] = "tdx.tcb.evaluation-data-number", "the evaluation data number",
                    "The collateral takes at least this TCB recovery of Intel into account.",
                    "Fetch the current collateral, with the parameter `update=early` if need be.",
                    "Intel PCS API version 4, tcbEvaluationDataNumber",
                genuine (waived), appraised (unless_excepted(quote, policy, checks::EVALUATION_NUMBER, record, |record| policy.evaluation_number.appraise(checks::EVALUATION_NUMBER, Some(&quote.tcb().evaluation_data_number()), record))),
                suggest (by evaluation_number);
            advisories: AllowedAdvisories<'p>, "advisories" as Advisories,
                "The advisories that may concern the TCB.",
                ADVISORIES [Refused] = "tdx.tcb.advisories", "Intel's advisories",
                    "No advisory but the listed ones concerns the TCB.",
                    "Read the advisory on Intel's site: allow it if its mitigation is in place, or update the host.",
                    "Intel PCS API version 4, advisoryIDs",
                genuine (waived), appraised (unless_excepted(quote, policy, checks::ADVISORIES, record, |record| advisories(quote, &policy.advisories, record))),
                suggest (waived "see tcb-status");
            exceptions: TcbExceptions<'p>, "exceptions" as Exceptions,
                "FMSPCs whose TCB is not judged until a date. A revoked TCB has no exception.",
                EXCEPTIONS [] = "tdx.tcb.exceptions", "exceptions for platforms",
                    "Whether an exception of the policy applies to the platform at the given time.",
                    "Remove the exception when the platform is updated.",
                    "teeproof, docs/policy.md",
                genuine (waived), appraised (exceptions(quote, policy, record)),
                suggest (waived "none");
            revocation_list: Rule<'p, bool>, "revocation-list" as YesNo,
                "Whether the whole PCK chain was checked against current CRLs; `no` without such CRLs.",
                REVOCATION_LIST [Incomplete] = "tdx.revocation-list", "revocation lists for the PCK chain",
                    "Neither the PCK certificate nor its authority is on a current CRL.",
                    "Give the current revocation lists of Intel's root and of the PCK authority as endorsements.",
                    "RFC 5280, section 5; Intel PCS API version 4, PCK CRL",
                genuine (= Rule::waived(NO_LISTS)), value (Some(quote.revocation().is_complete())),
                suggest (waived "see tdx.revocation; true where CRLs are given with all evidence");
            fmspc: Rule<'p, [u8; 6]>, "fmspc" as Fixed<6>,
                "FMSPC of the platform, by its PCK certificate.",
                FMSPC [Refused] = "tdx.fmspc", "the platform's FMSPC",
                    "The platform is of an expected family and configuration.",
                    "Compare with the FMSPCs of your machines.",
                    "Intel SGX PCK Certificate and CRL Profile, section 1.3.5",
                genuine (waived), value (Some(quote.pck().fmspc)),
                suggest (found);
            mrseam: Rule<'p, [u8; 48]>, "mrseam" as Fixed<48>,
                "MRSEAM: the measurement of the TDX module.",
                MRSEAM [Refused] = "tdx.mrseam", "the TDX module's measurement",
                    "The guest runs under exactly this TDX module.",
                    "Compare with the measurements of the TDX modules that Intel released.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.td().mrseam())),
                suggest (waived "changes with each TDX module; see tdx.module");
            mrtd: Rule<'p, [u8; 48]>, "mrtd" as Fixed<48>,
                "MRTD: the measurement of the guest's initial contents.",
                MRTD [Refused] = "tdx.mrtd", "the launch measurement",
                    "The guest started with exactly these contents.",
                    "Recompute the expected MRTD for the firmware that you deploy.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.td().mrtd())),
                suggest (found)
                under "What was launched.";
            mrconfigid: Rule<'p, [u8; 48]>, "mrconfigid" as Fixed<48>,
                "MRCONFIGID: an identifier of the guest's configuration, set by the host.",
                MRCONFIGID [Refused] = "tdx.mrconfigid", "the configuration's identifier",
                    "The host launched the guest with this MRCONFIGID.",
                    "Compare with the MRCONFIGID that your launcher sets.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.td().mrconfigid())),
                suggest (found);
            mrowner: Rule<'p, [u8; 48]>, "mrowner" as Fixed<48>,
                "MROWNER: an identifier of the guest's owner, set by the host.",
                MROWNER [Refused] = "tdx.mrowner", "the owner's identifier",
                    "The host launched the guest with this MROWNER.",
                    "Compare with the MROWNER that your launcher sets.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.td().mrowner())),
                suggest (found);
            mrownerconfig: Rule<'p, [u8; 48]>, "mrownerconfig" as Fixed<48>,
                "MROWNERCONFIG: an identifier of the owner's configuration, set by the host.",
                MROWNERCONFIG [Refused] = "tdx.mrownerconfig", "the owner configuration's identifier",
                    "The host launched the guest with this MROWNERCONFIG.",
                    "Compare with the MROWNERCONFIG that your launcher sets.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.td().mrownerconfig())),
                suggest (found);
            mrservicetd: Rule<'p, [u8; 48]>, "mrservicetd" as Fixed<48>,
                "MRSERVICETD: the hash over the service TDs that are bound to the guest, zero for none; absent in quotes with a body of TDX 1.0.",
                MRSERVICETD [Refused] = "tdx.mrservicetd", "the bound service TDs",
                    "Exactly these service TDs are bound to the guest.",
                    "A quote with a body of TDX 1.0 does not say which service TDs are bound: request one of version 5.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (quote.td().mrservicetd()),
                suggest (by mrservicetd);
            rtmr0: Rule<'p, [u8; 48]>, "rtmr0" as Fixed<48>,
                "RTMR0: firmware's configuration, by convention.",
                RTMR0 [Refused] = "tdx.rtmr0", "RTMR0",
                    "RTMR0 has the expected value.",
                    "Compare with the event log (CCEL) of a known guest.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.rtmr(0))),
                suggest (by rtmr0)
                under "What the guest measured.";
            rtmr1: Rule<'p, [u8; 48]>, "rtmr1" as Fixed<48>,
                "RTMR1: boot loader and kernel, by convention.",
                RTMR1 [Refused] = "tdx.rtmr1", "RTMR1",
                    "RTMR1 has the expected value.",
                    "Compare with the event log (CCEL) of a known guest.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.rtmr(1))),
                suggest (by rtmr1);
            rtmr2: Rule<'p, [u8; 48]>, "rtmr2" as Fixed<48>,
                "RTMR2: the operating system, by convention.",
                RTMR2 [Refused] = "tdx.rtmr2", "RTMR2",
                    "RTMR2 has the expected value.",
                    "Compare with the event log (CCEL) of a known guest.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.rtmr(2))),
                suggest (by rtmr2);
            rtmr3: Rule<'p, [u8; 48]>, "rtmr3" as Fixed<48>,
                "RTMR3: the guest's own use, by convention.",
                RTMR3 [Refused] = "tdx.rtmr3", "RTMR3",
                    "RTMR3 has the expected value.",
                    "Compare with the event log (CCEL) of a known guest.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.rtmr(3))),
                suggest (by rtmr3);
            report_data: Rule<'p, [u8; 64]>, "report-data" as Fixed<64>,
                "REPORTDATA, chosen by the guest. A verification also compares it with the nonce.",
                REPORT_DATA [Refused] = "tdx.report-data", "the quote's report data",
                    "REPORTDATA is the expected value.",
                    "Compare with the data that the guest puts into its quote.",
                    "Intel 348551, appendix A.3.2",
                genuine (waived), value (Some(quote.td().report_data())),
                suggest (waived "the guest's own data, or the hash of the claims on Azure: verify compares it");
        }
    };
}
