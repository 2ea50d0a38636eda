//! Formats of other attesters for this evidence.

use super::text::{Padding, hex};
use super::{Evidence, Platform};
use crate::Error;
use crate::azure::{Json, Object};
use crate::x509::pem;

impl Evidence {
    /// The JSON of the Confidential Containers attester: `az-snp` or `az-tdx` by the platform.
    /// Version 0 has numbers for bytes; all others have hexadecimal and padded base64url, and say
    /// this version.
    ///
    /// # Errors
    /// None that is known: [`Object::write`] fails only on keys, of which there are none here.
    pub fn coco_json(&self, version: u8) -> Result<String, Error> {
        match version {
            0 => self.coco_0(),
            _ => self.coco_members(version.into(), Padding::Padded),
        }
        .write()
    }

    /// The JSON of attestation-rs: an envelope around version 1, base64url without padding.
    ///
    /// # Errors
    /// None that is known: [`Object::write`] fails only on keys, of which there are none here.
    pub fn attestation_rs_json(&self) -> Result<String, Error> {
        let platform = match self.platform {
            Platform::Snp => "az-snp",
            Platform::Tdx => "az-tdx",
        };
        let evidence = self.coco_members(1, Padding::Unpadded);
        Object::default().with("platform", platform).with("evidence", evidence).write()
    }

    /// The quote with its registers in JSON, numbers for bytes, as azure-cvm-tooling writes it.
    ///
    /// # Errors
    /// None that is known: [`Object::write`] fails only on keys, of which there are none here.
    pub fn quote_json(&self) -> Result<String, Error> {
        self.quote_in_numbers().write()
    }

    /// The quote with its registers in bincode, as azure-cvm-tooling writes it.
    #[must_use]
    pub fn quote_bincode(&self) -> Vec<u8> {
        let counted = |bytes: &[u8], count: usize| {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            [&count.to_le_bytes()[..], bytes].concat()
        };
        let parts = [
            counted(&self.quote_signature, self.quote_signature.len()),
            counted(&self.quote_message, self.quote_message.len()),
            counted(&self.pcrs.concat(), self.pcrs.len()),
        ];
        parts.concat()
    }

    /// The JSON of attested-tls, which is of TDX: the TD quote is whatever the caller gave.
    ///
    /// # Errors
    /// None that is known: [`Object::write`] fails only on keys, of which there are none here.
    pub fn flashbots_json(&self) -> Result<String, Error> {
        let intermediates = self.ak_intermediates.iter().map(|der| pem(der).into()).collect::<Vec<Json>>();
        let tpm = Object::default()
            .with("ak_certificate_pem", pem(&self.ak_certificate))
            .with("ak_intermediate_certificates_pem", intermediates)
            .with("quote", self.quote_in_numbers())
            .with("event_log", Vec::new())
            .with("instance_info", Json::Null);
        Object::default()
            .with("tdx_quote_base64", Padding::Padded.base64url(self.td_quote()))
            .with("hcl_report_base64", Padding::Padded.base64url(&self.hcl_report))
            .with("tpm_attestation", tpm)
            .write()
    }

    fn coco_0(&self) -> Object {
        let report = Json::numbers(&self.hcl_report);
        let quote = self.quote_in_numbers();
        match self.platform {
            Platform::Snp => {
                Object::default().with("quote", quote).with("report", report).with("vcek", pem(&self.vek))
            }
            Platform::Tdx => Object::default()
                .with("tpm_quote", quote)
                .with("hcl_report", report)
                .with("td_quote", Json::numbers(self.td_quote())),
        }
    }

    fn coco_members(&self, version: u64, padding: Padding) -> Object {
        let pcrs: Vec<Json> = self.pcrs.iter().map(|value| hex(value)).collect();
        let quote = Object::default()
            .with("signature", hex(&self.quote_signature))
            .with("message", hex(&self.quote_message))
            .with("pcrs", pcrs);
        let (name, hardware) = match self.platform {
            Platform::Snp => ("vcek", self.vek.as_slice()),
            Platform::Tdx => ("td_quote", self.td_quote()),
        };
        Object::default()
            .with("version", version)
            .with("tpm_quote", quote)
            .with("hcl_report", padding.base64url(&self.hcl_report))
            .with(name, padding.base64url(hardware))
    }

    fn quote_in_numbers(&self) -> Object {
        let pcrs: Vec<Json> = self.pcrs.iter().map(|value| Json::numbers(value)).collect();
        Object::default()
            .with("signature", Json::numbers(&self.quote_signature))
            .with("message", Json::numbers(&self.quote_message))
            .with("pcrs", pcrs)
    }

    fn td_quote(&self) -> &[u8] {
        self.td_quote.as_deref().unwrap_or_default()
    }
}
