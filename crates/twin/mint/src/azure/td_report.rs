//! The TDREPORT in the envelope of a TDX machine: 1024 bytes whose two hashes are right.

use crate::Error;
use crate::digest::sha384;
use crate::error::patch;

/// The length of a TDREPORT.
pub const TD_REPORT_BYTES: usize = 1024;

/// A TDREPORT, field by field. Hashes that are `None` are the true ones.
///
/// Only the processor that made it can check its MAC, so a verifier needs a quote as well: see
/// [`crate::azure::Vm::tdx_with_quote`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TdReport {
    /// 0: type, subtype, version and a zero: `81 00 00 00`.
    pub report_type: [u8; 4],
    /// 4: zero.
    pub reserved1: [u8; 12],
    /// 16: the security version of the processor.
    pub cpu_svn: [u8; 16],
    /// 32: SHA-384 of the TEE_TCB_INFO.
    pub tee_tcb_info_hash: Option<[u8; 48]>,
    /// 80: SHA-384 of the TDINFO.
    pub tee_info_hash: Option<[u8; 48]>,
    /// 128: what the paravisor had reported.
    pub report_data: [u8; 64],
    /// 192: zero.
    pub reserved2: [u8; 32],
    /// 224: the processor's own code over all this.
    pub mac: [u8; 32],
    /// 256: which fields of the TEE_TCB_INFO are valid.
    pub valid: [u8; 8],
    /// 264: the security version of the TDX module.
    pub tee_tcb_svn: [u8; 16],
    /// 280: the measurement of the TDX module.
    pub mr_seam: [u8; 48],
    /// 328: who signed the TDX module; zero means Intel.
    pub mr_signer_seam: [u8; 48],
    /// 376: the attributes of the TDX module.
    pub seam_attributes: [u8; 8],
    /// 384: the same security version when the machine was started.
    pub tee_tcb_svn2: [u8; 16],
    /// 400: zero.
    pub tcb_info_reserved: [u8; 95],
    /// 495: zero.
    pub reserved3: [u8; 17],
    /// 512: the attributes of the machine; bit 0 is debug.
    pub attributes: [u8; 8],
    /// 520: the processor's features that it may use.
    pub xfam: [u8; 8],
    /// 528: the measurement of the paravisor.
    pub mr_td: [u8; 48],
    /// 576: zero on Azure.
    pub mr_config_id: [u8; 48],
    /// 624: zero on Azure.
    pub mr_owner: [u8; 48],
    /// 672: zero on Azure.
    pub mr_owner_config: [u8; 48],
    /// 720: zero on Azure, where the virtual TPM measures instead.
    pub rtmrs: [[u8; 48]; 4],
    /// 912: zero.
    pub service_td_hash: [u8; 48],
    /// 960: zero.
    pub td_info_reserved: [u8; 64],
    patches: Vec<(usize, Vec<u8>)>,
}

impl Default for TdReport {
    /// A machine of OpenHCL.
    fn default() -> Self {
        Self {
            report_type: [0x81, 0, 0, 0],
            reserved1: [0; 12],
            cpu_svn: [6, 6, 0x13, 0x15, 3, 0xff, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0],
            tee_tcb_info_hash: None,
            tee_info_hash: None,
            report_data: [0; 64],
            reserved2: [0; 32],
            mac: [0xac; 32],
            valid: [0xff, 1, 3, 0, 0, 0, 0, 0],
            tee_tcb_svn: svn([0x0d, 1, 4]),
            mr_seam: [0x5e; 48],
            mr_signer_seam: [0; 48],
            seam_attributes: [0; 8],
            tee_tcb_svn2: svn([0x0d, 1, 4]),
            tcb_info_reserved: [0; 95],
            reserved3: [0; 17],
            // Bit 28: no exceptions for pages that the host takes away.
            attributes: [0, 0, 0, 0x10, 0, 0, 0, 0],
            xfam: [0xe7, 0x18, 6, 0, 0, 0, 0, 0],
            mr_td: [0x4d; 48],
            mr_config_id: [0; 48],
            mr_owner: [0; 48],
            mr_owner_config: [0; 48],
            rtmrs: [[0; 48]; 4],
            service_td_hash: [0; 48],
            td_info_reserved: [0; 64],
            patches: Vec::new(),
        }
    }
}

impl TdReport {
    /// Overwrites bytes of the finished report; its hashes stay what they were.
    pub fn patch(&mut self, offset: usize, bytes: &[u8]) {
        self.patches.push((offset, bytes.to_vec()));
    }

    /// The report's bytes.
    ///
    /// # Errors
    /// A patch reaches over the end.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let (tcb_info, td_info) = (self.tcb_info(), self.td_info());
        let fields: [&[u8]; 11] = [
            &self.report_type,
            &self.reserved1,
            &self.cpu_svn,
            &self.tee_tcb_info_hash.unwrap_or_else(|| sha384(&[&tcb_info])),
            &self.tee_info_hash.unwrap_or_else(|| sha384(&[&td_info])),
            &self.report_data,
            &self.reserved2,
            &self.mac,
            &tcb_info,
            &self.reserved3,
            &td_info,
        ];
        let mut out = fields.concat();
        patch(&mut out, &self.patches)?;
        Ok(out)
    }

    fn tcb_info(&self) -> Vec<u8> {
        let fields: [&[u8]; 7] = [
            &self.valid,
            &self.tee_tcb_svn,
            &self.mr_seam,
            &self.mr_signer_seam,
            &self.seam_attributes,
            &self.tee_tcb_svn2,
            &self.tcb_info_reserved,
        ];
        fields.concat()
    }

    fn td_info(&self) -> Vec<u8> {
        let fields: [&[u8]; 9] = [
            &self.attributes,
            &self.xfam,
            &self.mr_td,
            &self.mr_config_id,
            &self.mr_owner,
            &self.mr_owner_config,
            &self.rtmrs.concat(),
            &self.service_td_hash,
            &self.td_info_reserved,
        ];
        fields.concat()
    }
}

/// A security version whose first three bytes say something.
const fn svn([isv, major, platform]: [u8; 3]) -> [u8; 16] {
    [isv, major, platform, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}
