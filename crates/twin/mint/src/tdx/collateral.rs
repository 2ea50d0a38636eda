//! Signed JSON of Intel's provisioning certification service, and the QE identity.

use super::IsvLevel;
use super::enclave::{ISV_PROD_ID, MR_SIGNER};
use crate::Error;
use crate::azure::Letters;
use crate::json::{Json, Object};
use crate::x509::date_text;

const DAY: u64 = 86_400;

/// Changes of a JSON document's text before it is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedText {
    /// This text in place of the document.
    pub text: Option<String>,
    replacements: Vec<(String, String)>,
}

impl SignedText {
    /// Replaces a text wherever the document has it, before it is signed. Making the document fails if it has it
    /// nowhere.
    pub fn replace(&mut self, from: &str, to: &str) {
        self.replacements.push((from.to_owned(), to.to_owned()));
    }

    pub(super) fn of(&self, document: &Object) -> Result<String, Error> {
        let mut text = match &self.text {
            Some(text) => text.clone(),
            None => document.write()?,
        };
        for (from, to) in &self.replacements {
            if !text.contains(from) {
                return Err(Error::AbsentText);
            }
            text = text.replace(from, to);
        }
        Ok(text)
    }
}

/// The response of the service: the document under this name, and the signature over its bytes.
pub(super) fn response(name: &str, document: &str, signature: &[u8]) -> Result<String, Error> {
    Object::default()
        .with(name, Json::Raw(document.to_owned()))
        .with("signature", Letters::Lower.hex(signature))
        .write()
}

/// The identity of the quoting enclave, version 2. Masks and values are written in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QeIdentity {
    /// `id`: `TD_QE`.
    pub id: String,
    /// `version`: 2.
    pub version: u64,
    /// `issueDate`, in seconds since 1970-01-01T00:00:00Z.
    pub issue_date: u64,
    /// `nextUpdate`, in seconds since 1970-01-01T00:00:00Z.
    pub next_update: u64,
    /// `tcbEvaluationDataNumber`.
    pub evaluation_data_number: u64,
    /// `miscselect`.
    pub misc_select: [u8; 4],
    /// `miscselectMask`.
    pub misc_select_mask: [u8; 4],
    /// `attributes`.
    pub attributes: [u8; 16],
    /// `attributesMask`.
    pub attributes_mask: [u8; 16],
    /// `mrsigner`.
    pub mr_signer: [u8; 32],
    /// `isvprodid`.
    pub isv_prod_id: u16,
    /// `tcbLevels`.
    pub levels: Vec<IsvLevel>,
    /// Changes of the text.
    pub signed: SignedText,
}

impl QeIdentity {
    /// The identity of the minted quoting enclave, issued a week before this moment for thirty days.
    #[must_use]
    pub fn new(at: u64) -> Self {
        let mut identity = Self {
            id: "TD_QE".to_owned(),
            version: 2,
            issue_date: 0,
            next_update: 0,
            evaluation_data_number: 17,
            misc_select: [0; 4],
            misc_select_mask: [0xff; 4],
            attributes: [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            attributes_mask: [0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0],
            mr_signer: MR_SIGNER,
            isv_prod_id: ISV_PROD_ID,
            levels: vec![
                IsvLevel::new(6, "2024-11-13T00:00:00Z", "UpToDate", &[]),
                IsvLevel::new(4, "2024-03-13T00:00:00Z", "OutOfDate", &["INTEL-SA-00999"]),
            ],
            signed: SignedText::default(),
        };
        identity.issue(at);
        identity
    }

    /// Moves both dates to around this moment: a quarter of an hour before those of the TCB info.
    pub const fn issue(&mut self, at: u64) {
        self.issue_date = at.saturating_sub(7 * DAY + 900);
        self.next_update = self.issue_date.saturating_add(30 * DAY);
    }

    /// The JSON that is signed.
    ///
    /// # Errors
    /// A text to be replaced is not part of it.
    pub fn document(&self) -> Result<String, Error> {
        let levels: Vec<Json> = self.levels.iter().map(IsvLevel::json).collect();
        let document = Object::default()
            .with("id", self.id.as_str())
            .with("version", self.version)
            .with("issueDate", date_text(self.issue_date))
            .with("nextUpdate", date_text(self.next_update))
            .with("tcbEvaluationDataNumber", self.evaluation_data_number)
            .with("miscselect", Letters::Upper.hex(&self.misc_select))
            .with("miscselectMask", Letters::Upper.hex(&self.misc_select_mask))
            .with("attributes", Letters::Upper.hex(&self.attributes))
            .with("attributesMask", Letters::Upper.hex(&self.attributes_mask))
            .with("mrsigner", Letters::Upper.hex(&self.mr_signer))
            .with("isvprodid", u64::from(self.isv_prod_id))
            .with("tcbLevels", levels);
        self.signed.of(&document)
    }
}
