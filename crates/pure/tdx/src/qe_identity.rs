//! The identity of TDX's quoting enclave, version 2. Parsed only after its signature was verified.
//!
//! Source: Intel PCS API version 4, enclave identity of the TD quoting enclave.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use teeproof_wire::tdx::QeReport;

use crate::json::{DateText, HexText};
use crate::tcb::{IsvSvn, Level};
use crate::tcb_info::masked;
use crate::{MatchedLevel, QeField};

/// The quoting enclave that Intel signs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QeIdentity {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) issue_date: DateText,
    pub(crate) next_update: DateText,
    pub(crate) tcb_evaluation_data_number: u32,
    miscselect: HexText<4>,
    miscselect_mask: HexText<4>,
    attributes: HexText<16>,
    attributes_mask: HexText<16>,
    mrsigner: HexText<32>,
    isvprodid: u16,
    tcb_levels: Vec<Level<IsvSvn>>,
}

impl QeIdentity {
    /// The level of a quoting enclave.
    ///
    /// # Errors
    /// The first field that is not that of Intel's enclave, or a security version below every level.
    pub(crate) fn level_of(&self, qe: QeReport<'_>) -> Result<MatchedLevel, QeField> {
        if !masked(&qe.miscselect().to_le_bytes(), &self.miscselect_mask.0, &self.miscselect.0) {
            return Err(QeField::MiscSelect);
        }
        if !masked(qe.attributes(), &self.attributes_mask.0, &self.attributes.0) {
            return Err(QeField::Attributes);
        }
        if *qe.mrsigner() != self.mrsigner.0 {
            return Err(QeField::MrSigner);
        }
        if qe.isvprodid() != self.isvprodid {
            return Err(QeField::IsvProdId);
        }
        Level::reached_by(&self.tcb_levels, qe.isvsvn()).ok_or(QeField::IsvSvn)
    }
}
