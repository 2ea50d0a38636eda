//! Claims of a TD quote: platform and TCB, then the body, then the RTMRs.

use alloc::string::ToString;
use alloc::vec::Vec;

use teeproof_tdx::VerifiedQuote;

use super::{absent, bytes, claim, number, numbered, optional, text, worded};
use crate::Claim;
use crate::value::ClaimValue;

/// Every claim of a TD quote.
pub(super) fn of(verified: &VerifiedQuote<'_>) -> Vec<Claim> {
    let (td, tcb) = (verified.td(), verified.tcb());
    let urls = verified.signed().urls();
    let advisories = tcb.advisories().iter().map(|advisory| ClaimValue::Text(advisory.to_string())).collect();
    let advisories = ClaimValue::List(advisories);
    let mut claims = Vec::from([
        claim("fmspc", bytes(&urls.fmspc)),
        claim("pck_ca", text(urls.ca)),
        claim("tcb_status", text(tcb.status())),
        claim("tcb_date", text(tcb.date())),
        match tcb.days_behind() {
            Some(days) => claim("tcb_days_behind", number(days)),
            None => absent(
                "tcb_days_behind",
                "a part of the TCB lacks an update, and the collateral has no date of it",
            ),
        },
        match tcb.advisories().is_empty() {
            true => worded("tcb_advisories", advisories, "none"),
            false => claim("tcb_advisories", advisories),
        },
        claim("tcb_evaluation_data_number", number(tcb.evaluation_data_number())),
        claim("tcb_next_update", text(tcb.next_update())),
        claim("quote_version", number(verified.quote().version)),
        claim("tee_tcb_svn", bytes(td.tee_tcb_svn())),
        claim("mrseam", bytes(td.mrseam())),
        claim("mrsignerseam", bytes(td.mrsignerseam())),
        claim("seam_attributes", ClaimValue::Flags(u64::from_le_bytes(*td.seam_attributes()))),
        claim("td_attributes", ClaimValue::Flags(td.td_attributes())),
        claim("xfam", ClaimValue::Flags(td.xfam())),
        claim("mrtd", bytes(td.mrtd())),
        claim("mrconfigid", bytes(td.mrconfigid())),
        claim("mrowner", bytes(td.mrowner())),
        claim("mrownerconfig", bytes(td.mrownerconfig())),
        claim("report_data", bytes(td.report_data())),
        optional("tee_tcb_svn2", td.tee_tcb_svn2(), |value| bytes(value), NOT_IN_TDX_1_0),
        optional("mrservicetd", td.mrservicetd(), |value| bytes(value), NOT_IN_TDX_1_0),
    ]);
    claims.extend(td.rtmr().iter().enumerate().map(|(index, rtmr)| numbered("rtmr", index, bytes(rtmr))));
    claims
}

const NOT_IN_TDX_1_0: &str = "not in a body of TDX 1.0";
