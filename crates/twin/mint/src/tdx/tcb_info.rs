//! TCB info of TDX, version 3: levels of a platform and identities of its TDX modules.

use super::{SgxExtension, SignedText};
use crate::Error;
use crate::azure::Letters;
use crate::json::{Json, Object};
use crate::x509::date_text;

const DAY: u64 = 86_400;

/// TCB info of one FMSPC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcbInfo {
    /// `id`: `TDX`.
    pub id: String,
    /// `version`: 3.
    pub version: u64,
    /// `issueDate`, in seconds since 1970-01-01T00:00:00Z.
    pub issue_date: u64,
    /// `nextUpdate`, in seconds since 1970-01-01T00:00:00Z.
    pub next_update: u64,
    /// `fmspc`.
    pub fmspc: [u8; 6],
    /// `pceId`.
    pub pce_id: [u8; 2],
    /// `tcbType`: 0.
    pub tcb_type: u64,
    /// `tcbEvaluationDataNumber`.
    pub evaluation_data_number: u64,
    /// `tdxModule`: modules of major version 0. Id and levels are not written.
    pub module: ModuleIdentity,
    /// `tdxModuleIdentities`.
    pub modules: Vec<ModuleIdentity>,
    /// `tcbLevels`, from the newest downward.
    pub levels: Vec<TcbLevel>,
    /// Changes of the text.
    pub signed: SignedText,
}

/// Signer, attributes and levels of a TDX module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleIdentity {
    /// `id`: `TDX_` and the major version in two hexadecimal digits.
    pub id: String,
    /// `mrsigner`; zero means Intel.
    pub mr_signer: [u8; 48],
    /// `attributes`.
    pub attributes: [u8; 8],
    /// `attributesMask`.
    pub attributes_mask: [u8; 8],
    /// `tcbLevels`.
    pub levels: Vec<IsvLevel>,
}

/// A level of processor and firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcbLevel {
    /// `sgxtcbcomponents`.
    pub sgx: [u8; 16],
    /// `pcesvn`.
    pub pce_svn: u16,
    /// `tdxtcbcomponents`.
    pub tdx: [u8; 16],
    /// `tcbDate`, as written.
    pub date: String,
    /// `tcbStatus`, as written.
    pub status: String,
    /// `advisoryIDs`; written as an empty list if there are none.
    pub advisories: Vec<String>,
}

/// A level of an enclave or a TDX module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IsvLevel {
    /// `isvsvn`.
    pub isv_svn: u16,
    /// `tcbDate`, as written.
    pub date: String,
    /// `tcbStatus`, as written.
    pub status: String,
    /// `advisoryIDs`; left out if there are none.
    pub advisories: Vec<String>,
}

impl TcbLevel {
    /// A level with these components of SGX, PCESVN, components of TDX, date, status and advisories.
    #[must_use]
    pub fn new(
        (sgx, pce_svn, tdx): ([u8; 16], u16, [u8; 16]),
        date: &str,
        status: &str,
        advisories: &[&str],
    ) -> Self {
        let advisories = owned(advisories);
        Self { sgx, pce_svn, tdx, date: date.to_owned(), status: status.to_owned(), advisories }
    }

    /// The levels of the minted TCB info. The minted platform reaches the first.
    fn defaults() -> Vec<Self> {
        let tdx = |first, third| [first, 0, third, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let newest = SgxExtension::default().components;
        let [_, _, rest @ ..] = newest;
        let mut older = [2; 16];
        older.iter_mut().skip(2).zip(rest).for_each(|(to, from)| *to = from);
        let advisories = ["INTEL-SA-01036", "INTEL-SA-01079"];
        vec![
            Self::new((newest, 13, tdx(5, 3)), "2024-11-13T00:00:00Z", "UpToDate", &[]),
            Self::new((older, 13, tdx(5, 2)), "2024-03-13T00:00:00Z", "OutOfDate", &advisories),
            Self::new((older, 5, tdx(5, 2)), "2018-01-04T00:00:00Z", "Revoked", &["INTEL-SA-00106"]),
        ]
    }

    fn json(&self) -> Json {
        let components = |svns: &[u8; 16]| -> Json {
            let one =
                |svn: &u8| Object::default().with("svn", u64::from(*svn)).with("category", "BIOS").into();
            svns.iter().map(one).collect::<Vec<Json>>().into()
        };
        let tcb = Object::default()
            .with("sgxtcbcomponents", components(&self.sgx))
            .with("pcesvn", u64::from(self.pce_svn))
            .with("tdxtcbcomponents", components(&self.tdx));
        Object::default()
            .with("tcb", tcb)
            .with("tcbDate", self.date.as_str())
            .with("tcbStatus", self.status.as_str())
            .with("advisoryIDs", texts(&self.advisories))
            .into()
    }
}

impl IsvLevel {
    /// A level with this security version, date, status and advisories.
    #[must_use]
    pub fn new(isv_svn: u16, date: &str, status: &str, advisories: &[&str]) -> Self {
        let advisories = owned(advisories);
        Self { isv_svn, date: date.to_owned(), status: status.to_owned(), advisories }
    }

    pub(super) fn json(&self) -> Json {
        let mut level = Object::default()
            .with("tcb", Object::default().with("isvsvn", u64::from(self.isv_svn)))
            .with("tcbDate", self.date.as_str())
            .with("tcbStatus", self.status.as_str());
        if !self.advisories.is_empty() {
            level.push("advisoryIDs", texts(&self.advisories));
        }
        level.into()
    }
}

impl ModuleIdentity {
    /// Intel's modules of this major version: up to date from security version 6 on, out of date from 4 on.
    #[must_use]
    pub fn new(major: u8) -> Self {
        Self {
            id: format!("TDX_{major:02X}"),
            mr_signer: [0; 48],
            attributes: [0; 8],
            attributes_mask: [0xff; 8],
            levels: vec![
                IsvLevel::new(6, "2024-11-13T00:00:00Z", "UpToDate", &[]),
                IsvLevel::new(4, "2024-03-13T00:00:00Z", "OutOfDate", &["INTEL-SA-01099"]),
            ],
        }
    }

    fn members(&self, object: Object) -> Object {
        object
            .with("mrsigner", Letters::Upper.hex(&self.mr_signer))
            .with("attributes", Letters::Upper.hex(&self.attributes))
            .with("attributesMask", Letters::Upper.hex(&self.attributes_mask))
    }

    fn json(&self) -> Json {
        let levels: Vec<Json> = self.levels.iter().map(IsvLevel::json).collect();
        self.members(Object::default().with("id", self.id.as_str())).with("tcbLevels", levels).into()
    }
}

impl TcbInfo {
    /// The TCB info of the minted platform, issued a week before this moment for thirty days.
    #[must_use]
    pub fn new(sgx: &SgxExtension, at: u64) -> Self {
        let mut info = Self {
            id: "TDX".to_owned(),
            version: 3,
            issue_date: 0,
            next_update: 0,
            fmspc: sgx.fmspc,
            pce_id: sgx.pce_id,
            tcb_type: 0,
            evaluation_data_number: 18,
            module: ModuleIdentity::new(0),
            modules: vec![ModuleIdentity::new(3), ModuleIdentity::new(1)],
            levels: TcbLevel::defaults(),
            signed: SignedText::default(),
        };
        info.issue(at);
        info
    }

    /// Moves both dates to around this moment.
    pub const fn issue(&mut self, at: u64) {
        self.issue_date = at.saturating_sub(7 * DAY);
        self.next_update = self.issue_date.saturating_add(30 * DAY);
    }

    /// The JSON that is signed.
    ///
    /// # Errors
    /// A text to be replaced is not part of it.
    pub fn document(&self) -> Result<String, Error> {
        let modules: Vec<Json> = self.modules.iter().map(ModuleIdentity::json).collect();
        let levels: Vec<Json> = self.levels.iter().map(TcbLevel::json).collect();
        let document = Object::default()
            .with("id", self.id.as_str())
            .with("version", self.version)
            .with("issueDate", date_text(self.issue_date))
            .with("nextUpdate", date_text(self.next_update))
            .with("fmspc", Letters::Upper.hex(&self.fmspc))
            .with("pceId", Letters::Upper.hex(&self.pce_id))
            .with("tcbType", self.tcb_type)
            .with("tcbEvaluationDataNumber", self.evaluation_data_number)
            .with("tdxModule", self.module.members(Object::default()))
            .with("tdxModuleIdentities", modules)
            .with("tcbLevels", levels);
        self.signed.of(&document)
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn texts(texts: &[String]) -> Vec<Json> {
    texts.iter().map(|text| text.as_str().into()).collect()
}
