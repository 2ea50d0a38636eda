//! TCB info of TDX, version 3: the levels of a platform and of its TDX modules. Parsed only after its signature
//! was verified.
//!
//! Source: Intel PCS API version 4, TCB info of TDX.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use teeproof_wire::tdx::TdBody;

use crate::json::{DateText, HexText};
use crate::tcb::{IsvSvn, Level};
use crate::{MatchedLevel, ModuleProblem, PckIdentity};

/// TCB info of one FMSPC.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TcbInfo {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) issue_date: DateText,
    pub(crate) next_update: DateText,
    pub(crate) fmspc: HexText<6>,
    pub(crate) pce_id: HexText<2>,
    /// How the components are compared; 0 is component by component.
    pub(crate) tcb_type: u32,
    pub(crate) tcb_evaluation_data_number: u32,
    tdx_module: ModuleIdentity,
    #[serde(default)]
    tdx_module_identities: Vec<NamedModule>,
    tcb_levels: Vec<Level<PlatformTcb>>,
}

/// Signer and attributes of a TDX module.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModuleIdentity {
    mrsigner: HexText<48>,
    attributes: HexText<8>,
    attributes_mask: HexText<8>,
}

/// The modules of one major version, `TDX_` and two hexadecimal digits.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedModule {
    id: String,
    mrsigner: HexText<48>,
    attributes: HexText<8>,
    attributes_mask: HexText<8>,
    tcb_levels: Vec<Level<IsvSvn>>,
}

/// What a platform must reach.
#[derive(Clone, Copy, Debug, Deserialize)]
struct PlatformTcb {
    sgxtcbcomponents: [Component; 16],
    pcesvn: u16,
    tdxtcbcomponents: [Component; 16],
}

/// A component's security version.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Component {
    svn: u8,
}

impl TcbInfo {
    /// The level of the TDX module with this `TEE_TCB_SVN`; `None` for major version 0, whose level is that of the
    /// platform. Signer and attributes are those of the module that runs.
    ///
    /// # Errors
    /// Another signer or other attributes than Intel's; a major version without an identity; no level.
    pub(crate) fn module(
        &self,
        td: TdBody<'_>,
        tee_tcb_svn: &[u8; 16],
    ) -> Result<Option<MatchedLevel>, ModuleProblem> {
        let [svn, major, ..] = *tee_tcb_svn;
        if major == 0 {
            self.tdx_module.check(td)?;
            return Ok(None);
        }
        let named = self
            .tdx_module_identities
            .iter()
            .find(|module| module.id.strip_prefix("TDX_").and_then(crate::json::hex::<1>) == Some([major]));
        let NamedModule { mrsigner, attributes, attributes_mask, tcb_levels, .. } =
            named.ok_or(ModuleProblem::Unknown { major })?;
        let (mrsigner, attributes, attributes_mask) = (*mrsigner, *attributes, *attributes_mask);
        ModuleIdentity { mrsigner, attributes, attributes_mask }.check(td)?;
        let level = Level::reached_by(tcb_levels, u16::from(svn));
        level.map(Some).ok_or(ModuleProblem::NoLevel { major, svn })
    }

    /// The first level whose components the platform reaches: those of SGX and PCESVN by the PCK certificate,
    /// those of TDX by `TEE_TCB_SVN`. The first two of these are the module's version, which has levels of its
    /// own from major version 1 on.
    pub(crate) fn platform(&self, pck: &PckIdentity, tee_tcb_svn: &[u8; 16]) -> Option<MatchedLevel> {
        let found = tee_tcb_svn;
        let [_, major, ..] = *found;
        let of_module = if major == 0 { 0 } else { 2 };
        let reaches = |levels: &[Component; 16], found: &[u8; 16], skipped: usize| {
            levels.iter().zip(found).skip(skipped).all(|(level, found)| level.svn <= *found)
        };
        Level::first(&self.tcb_levels, |level| {
            reaches(&level.sgxtcbcomponents, &pck.sgx_tcb, 0)
                && level.pcesvn <= pck.pce_svn
                && reaches(&level.tdxtcbcomponents, found, of_module)
        })
    }
}

impl ModuleIdentity {
    fn check(&self, td: TdBody<'_>) -> Result<(), ModuleProblem> {
        if self.mrsigner.0 != *td.mrsignerseam() {
            return Err(ModuleProblem::Signer);
        }
        if !masked(td.seam_attributes(), &self.attributes_mask.0, &self.attributes.0) {
            return Err(ModuleProblem::Attributes);
        }
        Ok(())
    }
}

/// Whether bytes under a mask are the expected ones.
pub(crate) fn masked(found: &[u8], mask: &[u8], expected: &[u8]) -> bool {
    found.len() == mask.len()
        && found.len() == expected.len()
        && found.iter().zip(mask).zip(expected).all(|((found, mask), expected)| found & mask == *expected)
}
