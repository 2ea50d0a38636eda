//! The HCL report in the TPM, read whole and checked for its form.

use serde::Deserialize;
use sha2::{Digest, Sha256, Sha384, Sha512};
use teeproof_core::from_hex;
use teeproof_wire::hcl::{self, Hardware, HashType, HclReport, ReportType};
use teeproof_wire::snp;
use teeproof_wire::tdx::TdReport;

use crate::index::{read_defined, without_paravisor};
use crate::{Error, Tpm, handles};

/// Bytes of user data in a report.
pub const USER_DATA_BYTES: usize = 64;
/// How often a torn report is read again at once: the paravisor renews at most once in two seconds.
const ATTEMPTS: u32 = 3;

/// An HCL report whose claims match the REPORT_DATA of its hardware report. It is unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    bytes: Vec<u8>,
    report_type: ReportType,
    user_data: Option<[u8; USER_DATA_BYTES]>,
}

impl Report {
    /// Reads the report in the TPM, whatever its age.
    ///
    /// The paravisor may renew it for another program during the read. Such a torn report is recognised by the
    /// hash of its claims, and read again.
    ///
    /// # Errors
    /// Those of the commands; no such index, one that is larger than any report, bytes that are no
    /// report of SNP or TDX, or a report that stays torn.
    pub fn read(tpm: &mut dyn Tpm) -> Result<Self, Error> {
        let mut tries = 1_u32;
        loop {
            match Self::read_once(tpm) {
                Err(Error::Torn { .. }) if tries < ATTEMPTS => tries = tries.saturating_add(1),
                Err(Error::Torn { .. }) => return Err(Error::Torn { tries }),
                answer => return answer,
            }
        }
    }

    pub(crate) fn read_once(tpm: &mut dyn Tpm) -> Result<Self, Error> {
        let missing = |error| without_paravisor(handles::REPORT, error);
        let public = tpm.nv_public(handles::REPORT).map_err(missing)?;
        let size = usize::from(public.data_size);
        if size > hcl::MAX_BYTES {
            return Err(Error::ReportSize { size, limit: hcl::MAX_BYTES });
        }
        Self::from_bytes(read_defined(tpm, &public).map_err(missing)?)
    }

    fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        let envelope = HclReport::parse(&bytes).map_err(Error::Report)?;
        envelope.check_supported().map_err(Error::Report)?;
        if !is_whole(&envelope) {
            return Err(Error::Torn { tries: 1 });
        }
        let (report_type, user_data) = (envelope.report_type, user_data(envelope.claims()));
        Ok(Self { bytes, report_type, user_data })
    }

    /// The whole NV index, the zeros after the claims included.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The whole NV index, the zeros after the claims included.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The technology of the hardware report.
    #[must_use]
    pub const fn report_type(&self) -> ReportType {
        self.report_type
    }

    /// The guest's user data of when the report was made, if this paravisor has them in its claims.
    #[must_use]
    pub const fn user_data(&self) -> Option<&[u8; USER_DATA_BYTES]> {
        self.user_data.as_ref()
    }
}

/// Whether the claims match REPORT_DATA. That shows a read of one report and no more: anybody can make such a pair.
fn is_whole(envelope: &HclReport<'_>) -> bool {
    let report_data = match envelope.hardware() {
        Hardware::Snp(bytes) => snp::Report::parse(bytes).ok().map(|report| *report.report_data()),
        Hardware::Tdx(bytes) => TdReport::parse(bytes).ok().map(|report| *report.reportdata()),
        _ => None,
    };
    let claims = envelope.claims();
    let digest = match envelope.report_data_hash_type {
        HashType::SHA384 => Sha384::digest(claims).to_vec(),
        HashType::SHA512 => Sha512::digest(claims).to_vec(),
        _ => Sha256::digest(claims).to_vec(),
    };
    report_data.is_some_and(|data| data.starts_with(&digest))
}

/// The member `user-data`: 64 bytes in hexadecimal.
fn user_data(claims: &[u8]) -> Option<[u8; USER_DATA_BYTES]> {
    #[derive(Deserialize)]
    struct Claims<'a> {
        #[serde(rename = "user-data", borrow)]
        user_data: Option<&'a str>,
    }
    let digits = serde_json::from_slice::<Claims<'_>>(claims).ok()?.user_data?.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let mut bytes = [0; USER_DATA_BYTES];
    if !rest.is_empty() || pairs.len() != bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = from_hex(*pair)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_is_read_in_either_case() {
        let digits = "aB".repeat(64);
        let claims = format!(r#"{{"keys":[],"user-data":"{digits}","more":{{}}}}"#);
        assert_eq!(user_data(claims.as_bytes()), Some([0xab; 64]));
        for wrong in [
            r#"{"keys":[]}"#.to_owned(),
            claims.replace("aB", "aG"),
            claims.replacen("aB", "", 1),
            claims.replacen("aB", "a", 1),
            "[".to_owned(),
        ] {
            assert_eq!(user_data(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
