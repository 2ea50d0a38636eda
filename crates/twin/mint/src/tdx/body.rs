//! The TD report body of a quote, field by field.

use crate::azure::TdReport;

/// The length of a body of TDX 1.0, body type 2.
pub const TD_1_0_BYTES: usize = 584;
/// The length of a body of TDX 1.5, body type 3.
pub const TD_1_5_BYTES: usize = 648;

/// The body of a quote: TDX module and guest. Offsets count from the body's start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuoteBody {
    /// 0: the security versions at launch: of the TDX module, its major version, of the platform.
    pub tee_tcb_svn: [u8; 16],
    /// 16: the measurement of the TDX module.
    pub mr_seam: [u8; 48],
    /// 64: the signer of the TDX module; zero means Intel.
    pub mr_signer_seam: [u8; 48],
    /// 112: the attributes of the TDX module.
    pub seam_attributes: [u8; 8],
    /// 120: the attributes of the guest; bits 0 to 7 put it under debug.
    pub attributes: [u8; 8],
    /// 128: the features of the processor that the guest may use.
    pub xfam: [u8; 8],
    /// 136: the measurement of the guest's initial contents.
    pub mr_td: [u8; 48],
    /// 184: an identifier of the configuration, from the host.
    pub mr_config_id: [u8; 48],
    /// 232: an identifier of the owner, from the host.
    pub mr_owner: [u8; 48],
    /// 280: an identifier of the owner's configuration, from the host.
    pub mr_owner_config: [u8; 48],
    /// 328: the measurements that the guest extends at run time.
    pub rtmrs: [[u8; 48]; 4],
    /// 520: REPORTDATA, given by the guest.
    pub report_data: [u8; 64],
    /// Whether the two fields of TDX 1.5 follow.
    pub tdx_1_5: bool,
    /// 584: the security versions of the TDX module that runs now.
    pub tee_tcb_svn2: [u8; 16],
    /// 600: the hash of the service TDs that are bound to the guest.
    pub mr_service_td: [u8; 48],
}

impl Default for QuoteBody {
    /// A guest in production on TDX 1.0, with a firmware and a boot that extended three RTMRs.
    fn default() -> Self {
        let mut body = Self::from(&TdReport::default());
        body.rtmrs = [[0x40; 48], [0x41; 48], [0x42; 48], [0; 48]];
        body
    }
}

/// The fields that TDREPORT and quote share, as on Azure.
impl From<&TdReport> for QuoteBody {
    fn from(report: &TdReport) -> Self {
        Self {
            tee_tcb_svn: report.tee_tcb_svn,
            mr_seam: report.mr_seam,
            mr_signer_seam: report.mr_signer_seam,
            seam_attributes: report.seam_attributes,
            attributes: report.attributes,
            xfam: report.xfam,
            mr_td: report.mr_td,
            mr_config_id: report.mr_config_id,
            mr_owner: report.mr_owner,
            mr_owner_config: report.mr_owner_config,
            rtmrs: report.rtmrs,
            report_data: report.report_data,
            tdx_1_5: false,
            tee_tcb_svn2: report.tee_tcb_svn2,
            mr_service_td: report.service_td_hash,
        }
    }
}

impl QuoteBody {
    /// The body's bytes: [`TD_1_0_BYTES`] or [`TD_1_5_BYTES`] of them.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let fields: [&[u8]; 12] = [
            &self.tee_tcb_svn,
            &self.mr_seam,
            &self.mr_signer_seam,
            &self.seam_attributes,
            &self.attributes,
            &self.xfam,
            &self.mr_td,
            &self.mr_config_id,
            &self.mr_owner,
            &self.mr_owner_config,
            &self.rtmrs.concat(),
            &self.report_data,
        ];
        let mut out = fields.concat();
        if self.tdx_1_5 {
            out.extend(self.tee_tcb_svn2);
            out.extend(self.mr_service_td);
        }
        out
    }
}
