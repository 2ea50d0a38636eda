//! The SGX report of the quoting enclave, which the PCK signs.

use crate::Error;
use crate::digest::sha256;
use crate::error::patch;

/// The length of an SGX report body.
pub const ENCLAVE_REPORT_BYTES: usize = 384;

/// MRSIGNER of the minted quoting enclave, in its report and its identity.
pub(super) const MR_SIGNER: [u8; 32] = [0xdc; 32];
/// ISVPRODID of Intel's TD quoting enclave.
pub(super) const ISV_PROD_ID: u16 = 2;

/// The report of the quoting enclave, field by field. Reserved bytes are zero; to set them, patch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnclaveReport {
    /// 0: the security version of the processor.
    pub cpu_svn: [u8; 16],
    /// 16: MISCSELECT.
    pub misc_select: [u8; 4],
    /// 48: ATTRIBUTES; bit 1 is debug.
    pub attributes: [u8; 16],
    /// 64: the measurement of the enclave.
    pub mr_enclave: [u8; 32],
    /// 128: the hash of the key that signed the enclave.
    pub mr_signer: [u8; 32],
    /// 256: the product; 2 is the TD quoting enclave.
    pub isv_prod_id: u16,
    /// 258: the enclave's security version.
    pub isv_svn: u16,
    /// 320: REPORTDATA. `None` is the SHA-256 of attestation key and authentication data, then zeros.
    pub report_data: Option<[u8; 64]>,
    patches: Vec<(usize, Vec<u8>)>,
}

impl Default for EnclaveReport {
    /// Intel's TD quoting enclave in production, at the first level of the minted QE identity.
    fn default() -> Self {
        Self {
            cpu_svn: [6, 6, 0x13, 0x15, 3, 0xff, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0],
            misc_select: [0; 4],
            attributes: [0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0],
            mr_enclave: [0xec; 32],
            mr_signer: MR_SIGNER,
            isv_prod_id: ISV_PROD_ID,
            isv_svn: 6,
            report_data: None,
            patches: Vec::new(),
        }
    }
}

impl EnclaveReport {
    /// Overwrites bytes of the report before it is signed.
    pub fn patch(&mut self, offset: usize, bytes: &[u8]) {
        self.patches.push((offset, bytes.to_vec()));
    }

    /// The report's bytes, for this attestation key (`x ‖ y`) and these authentication data.
    pub(super) fn bytes(&self, attestation_key: &[u8], authentication: &[u8]) -> Result<Vec<u8>, Error> {
        let mut report_data = [0; 64];
        let hash = sha256(&[attestation_key, authentication]);
        report_data.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        let fields: [&[u8]; 12] = [
            &self.cpu_svn,
            &self.misc_select,
            &[0; 28],
            &self.attributes,
            &self.mr_enclave,
            &[0; 32],
            &self.mr_signer,
            &[0; 96],
            &self.isv_prod_id.to_le_bytes(),
            &self.isv_svn.to_le_bytes(),
            &[0; 60],
            &self.report_data.unwrap_or(report_data),
        ];
        let mut out = fields.concat();
        debug_assert_eq!(out.len(), ENCLAVE_REPORT_BYTES);
        patch(&mut out, &self.patches)?;
        Ok(out)
    }
}
