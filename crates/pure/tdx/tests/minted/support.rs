//! A minted platform: keys, chain, quote and collateral, each of which a test can change in one place.

use std::fmt::Write;

use teeproof_core::{CheckResult, Class, Freshness, Outcome, Record, Time};
use teeproof_mint::x509::{
    Certificate as Form, Crl, Extension, Link, Name, Oid, Validity, der, mint_chain, pem,
};
use teeproof_mint::{Key, Kind, Scheme};
use teeproof_tdx::{
    Collateral, CollateralKind, Error, SignedJson, TdxEvidence, TdxPolicy, TdxVerification, VerifiedQuote,
    appraise, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, Revocation};

/// 2026-02-25T00:00:00Z.
pub(crate) const AT: u64 = 1_771_977_600;
pub(crate) const YEAR: u64 = 31_536_000;
pub(crate) const FMSPC: [u8; 6] = [0x90, 0xc0, 0x6f, 0, 0, 0];

pub(crate) fn time(seconds: u64) -> Time {
    Time(i64::try_from(seconds).unwrap())
}

pub(crate) struct Platform {
    pub(crate) root: Link,
    pub(crate) ca: Link,
    pub(crate) pck: Link,
    pub(crate) signer: Link,
    /// The key that signs collateral; that of `signer`, unless a test takes another.
    pub(crate) collateral_key: Key,
    /// The key that signs the quoting enclave's report; that of `pck`, unless a test takes another.
    pub(crate) qe_key: Key,
    pub(crate) attestation: Key,
    pub(crate) version: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) qe_report: Vec<u8>,
    /// Whether REPORTDATA of the quoting enclave is computed.
    pub(crate) bind: bool,
    pub(crate) authentication: Vec<u8>,
    /// Whether the quote lacks the root's certificate.
    pub(crate) omit_root: bool,
    pub(crate) tcb_info: String,
    pub(crate) qe_identity: String,
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) at: u64,
}

/// What a platform sends, and what its relying party has.
#[derive(Clone)]
pub(crate) struct Evidence {
    pub(crate) quote: Vec<u8>,
    pub(crate) tcb_info: String,
    pub(crate) qe_identity: String,
    pub(crate) root: Vec<u8>,
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) at: u64,
}

/// The findings of a verification.
#[derive(Default)]
pub(crate) struct Findings(pub(crate) Vec<(&'static str, Outcome, String, bool)>);

impl Record for Findings {
    fn record(&mut self, finding: CheckResult<'_>) {
        let because = finding.because.map(|because| because.to_string()).unwrap_or_default();
        self.0.push((finding.check.id, finding.outcome, because, finding.waived));
    }
}

impl Findings {
    pub(crate) fn of(&self, id: &str) -> &(&'static str, Outcome, String, bool) {
        self.0.iter().rev().find(|(found, ..)| *found == id).unwrap_or_else(|| panic!("no {id}"))
    }
}

fn authority(name: &str, key: &str, path_len: u64) -> Link {
    let mut form = Form::new(Name::common(name), Validity::new(AT - YEAR, AT + 10 * YEAR));
    form.extensions = vec![
        Extension::authority_key_identifier(),
        Extension::subject_key_identifier(),
        Extension::key_usage(0x06),
        Extension::basic_constraints(true, Some(path_len)),
    ];
    Link::new(form, Key::shared(key, Kind::P256))
}

fn leaf(name: &str, key: &str, serial: u8) -> Link {
    let mut form = Form::new(Name::common(name), Validity::new(AT - YEAR, AT + YEAR));
    form.serial = vec![serial];
    form.extensions = vec![
        Extension::authority_key_identifier(),
        Extension::key_usage(0xc0),
        Extension::basic_constraints(false, None),
    ];
    Link::new(form, Key::shared(key, Kind::P256))
}

fn sgx(numbers: &[u64]) -> Oid {
    Oid::new(&[&[1, 2, 840, 113_741, 1, 13, 1], numbers].concat())
}

fn pair(numbers: &[u64], value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[sgx(numbers).der(), value])
}

/// The SGX extension of a PCK certificate.
pub(crate) fn sgx_extension(components: [u8; 16], pce_svn: u64, fmspc: [u8; 6], pce_id: [u8; 2]) -> Vec<u8> {
    let levels = (1..).zip(components).map(|(n, svn)| pair(&[2, n], der::integer(svn.into())));
    let mut tcb: Vec<_> = levels.collect();
    tcb.push(pair(&[2, 17], der::integer(pce_svn)));
    tcb.push(pair(&[2, 18], der::octet_string(&components)));
    der::sequence(&[
        pair(&[1], der::octet_string(&[7; 16])),
        pair(&[2], der::sequence(&tcb)),
        pair(&[3], der::octet_string(&pce_id)),
        pair(&[4], der::octet_string(&fmspc)),
        pair(&[5], der::element(0x0a, &[1])),
        pair(&[6], der::octet_string(&[9; 16])),
    ])
}

pub(crate) const COMPONENTS: [u8; 16] = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
pub(crate) const MRSIGNER: [u8; 32] = [0xdc; 32];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").unwrap();
        text
    })
}

/// The components of a level as Intel writes them.
fn components(svns: &[u8; 16]) -> String {
    let all: Vec<_> = svns.iter().map(|svn| format!("{{\"svn\":{svn},\"category\":\"BIOS\"}}")).collect();
    format!("[{}]", all.join(","))
}

/// A level of processor and firmware.
pub(crate) fn level(
    sgx: [u8; 16],
    pcesvn: u16,
    tdx: [u8; 16],
    date: &str,
    status: &str,
    advisories: &str,
) -> String {
    format!(
        "{{\"tcb\":{{\"sgxtcbcomponents\":{},\"pcesvn\":{pcesvn},\"tdxtcbcomponents\":{}}},\
         \"tcbDate\":\"{date}T00:00:00Z\",\"tcbStatus\":\"{status}\",\"advisoryIDs\":[{advisories}]}}",
        components(&sgx),
        components(&tdx)
    )
}

/// The levels of the minted TCB info: the platform reaches the first.
pub(crate) fn default_levels() -> String {
    let tdx = |first, third| {
        let mut svns = [0; 16];
        (svns[0], svns[2]) = (first, third);
        svns
    };
    let mut older = COMPONENTS;
    (older[0], older[1]) = (2, 2);
    [
        level(COMPONENTS, 13, tdx(5, 3), "2024-11-13", "UpToDate", ""),
        level(older, 13, tdx(5, 2), "2024-03-13", "OutOfDate", "\"INTEL-SA-01036\",\"INTEL-SA-01079\""),
        level(older, 5, tdx(5, 2), "2018-01-04", "Revoked", "\"INTEL-SA-00106\""),
    ]
    .join(",")
}

fn tcb_info() -> String {
    let identity = |id: &str, levels: &str| {
        format!(
            "{{{id}\"mrsigner\":\"{}\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"{levels}}}",
            "00".repeat(48)
        )
    };
    let levels = ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":6},\"tcbDate\":\"2024-11-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\"},\
         {\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"OutOfDate\",\
         \"advisoryIDs\":[\"INTEL-SA-01099\"]}]";
    format!(
        "{{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2026-02-18T13:58:55Z\",\"nextUpdate\":\"2026-03-20T13:58:55Z\",\
         \"fmspc\":\"{}\",\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":18,\"tdxModule\":{},\
         \"tdxModuleIdentities\":[{},{}],\"tcbLevels\":[{}]}}",
        hex(&FMSPC),
        identity("", ""),
        identity("\"id\":\"TDX_03\",", levels),
        identity("\"id\":\"TDX_01\",", levels),
        default_levels()
    )
}

fn qe_identity() -> String {
    format!(
        "{{\"id\":\"TD_QE\",\"version\":2,\"issueDate\":\"2026-02-18T13:42:19Z\",\"nextUpdate\":\"2026-03-20T13:42:19Z\",\
         \"tcbEvaluationDataNumber\":17,\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",\
         \"attributes\":\"11000000000000000000000000000000\",\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\
         \"mrsigner\":\"{}\",\"isvprodid\":2,\"tcbLevels\":[\
         {{\"tcb\":{{\"isvsvn\":6}},\"tcbDate\":\"2024-11-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}},\
         {{\"tcb\":{{\"isvsvn\":4}},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"OutOfDate\",\
         \"advisoryIDs\":[\"INTEL-SA-00999\"]}}]}}",
        hex(&MRSIGNER)
    )
}

impl Platform {
    pub(crate) fn new() -> Self {
        let mut pck = leaf("Intel SGX PCK Certificate", "tdx pck", 0x21);
        let extension = sgx_extension(COMPONENTS, 13, FMSPC, [0, 0]);
        pck.certificate.extensions.push(Extension::new(sgx(&[]), extension));
        let signer = leaf("Intel SGX TCB Signing", "tdx tcb signing", 0x22);
        let mut body = vec![0; 584];
        body[..3].copy_from_slice(&[7, 1, 3]);
        body[16..64].fill(0x5e);
        body[123] = 0x10;
        body[136..184].fill(0x77);
        body[328..376].fill(0x40);
        body[520..584].fill(0);
        body[520..536].copy_from_slice(b"sixteen bytes!!!");
        let mut qe_report = vec![0; 384];
        qe_report[48] = 0x15;
        qe_report[56..64].fill(0xe7);
        qe_report[128..160].copy_from_slice(&MRSIGNER);
        (qe_report[256], qe_report[258]) = (2, 6);
        let mut ca = authority("Intel SGX PCK Platform CA", "tdx platform ca", 0);
        ca.certificate.serial = vec![0x11];
        Self {
            root: authority("Intel SGX Root CA", "tdx root", 1),
            ca,
            collateral_key: signer.key.clone(),
            qe_key: pck.key.clone(),
            pck,
            signer,
            attestation: Key::shared("tdx attestation", Kind::P256),
            version: 4,
            body,
            qe_report,
            bind: true,
            authentication: vec![0xa5; 32],
            omit_root: false,
            tcb_info: tcb_info(),
            qe_identity: qe_identity(),
            crls: Vec::new(),
            at: AT,
        }
    }

    pub(crate) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut platform = Self::new();
        change(&mut platform);
        platform
    }

    /// TCB info with one text in place of another, which must be there.
    pub(crate) fn with_tcb_info(from: &str, to: &str) -> Self {
        Self::with(|platform| {
            assert!(platform.tcb_info.contains(from), "{from}");
            platform.tcb_info = platform.tcb_info.replace(from, to);
        })
    }

    /// QE identity with one text in place of another, which must be there.
    pub(crate) fn with_qe_identity(from: &str, to: &str) -> Self {
        Self::with(|platform| {
            assert!(platform.qe_identity.contains(from), "{from}");
            platform.qe_identity = platform.qe_identity.replace(from, to);
        })
    }

    /// A revocation list of the root or the PCK authority.
    pub(crate) fn crl(authority: &Link, revoked: &[&[u8]]) -> Vec<u8> {
        let list = Crl::new(AT - 1000, AT + 1000);
        revoked.iter().fold(list, |list, serial| list.revoke(serial)).sign(authority).unwrap()
    }

    fn response(&self, member: &str, body: &str) -> String {
        let signature = self.collateral_key.sign(Scheme::Ecdsa, body.as_bytes()).unwrap();
        format!("{{\"{member}\":{body},\"signature\":\"{}\"}}", hex(&signature).to_lowercase())
    }

    pub(crate) fn mint(&self) -> Evidence {
        let chain = mint_chain(&[self.root.clone(), self.ca.clone(), self.pck.clone()]).unwrap();
        let signing = mint_chain(&[self.root.clone(), self.signer.clone()]).unwrap();
        Evidence {
            quote: self.quote(&chain),
            tcb_info: self.response("tcbInfo", &self.tcb_info),
            qe_identity: self.response("enclaveIdentity", &self.qe_identity),
            root: chain[0].clone(),
            certificates: signing,
            crls: self.crls.clone(),
            at: self.at,
        }
    }

    fn quote(&self, chain: &[Vec<u8>]) -> Vec<u8> {
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let key = self.attestation.public_key().unwrap()[1..].to_vec();
        let mut signed = [&self.version.to_le_bytes()[..], &[2, 0, 0x81, 0, 0, 0, 0, 0, 0, 0]].concat();
        signed.extend(*b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07");
        signed.extend([0x1d; 20]);
        if self.version == 5 {
            signed.extend([if self.body.len() == 648 { 3 } else { 2 }, 0]);
            signed.extend(size(&self.body));
        }
        signed.extend(&self.body);
        let mut report = self.qe_report.clone();
        if self.bind {
            let message: [&[u8]; 2] = [&key, &self.authentication];
            report[320..352].copy_from_slice(&teeproof_aws_lc::TABLE.sha256.digest(&message));
        }
        let text: String = chain.iter().skip(usize::from(self.omit_root)).rev().map(|der| pem(der)).collect();
        let text = [text.as_bytes(), &[0]].concat();
        let inner = [
            &report[..],
            &self.qe_key.sign(Scheme::Ecdsa, &report).unwrap(),
            &u16::try_from(self.authentication.len()).unwrap().to_le_bytes(),
            &self.authentication,
            &[5, 0],
            &size(&text),
            &text,
        ]
        .concat();
        let signature = self.attestation.sign(Scheme::Ecdsa, &signed).unwrap();
        let data = [&signature[..], &key, &[6, 0], &size(&inner), &inner].concat();
        [&signed[..], &size(&data), &data, &[0; 70]].concat()
    }

    pub(crate) fn accepted(&self) -> Findings {
        self.mint().accepted()
    }

    #[track_caller]
    pub(crate) fn refused(&self, check: &str, class: Class) -> Error {
        self.mint().refused(check, class)
    }
}

impl Evidence {
    /// Verifies the evidence with the minted root as an added anchor, and passes the result to `then`.
    pub(crate) fn verify<T>(
        &self,
        freshness: Freshness<'_>,
        then: impl FnOnce(Result<VerifiedQuote<'_>, Error>, &mut Findings) -> T,
    ) -> T {
        let mut findings = Findings::default();
        let evidence = match TdxEvidence::parse(&self.quote) {
            Ok(evidence) => evidence,
            Err(error) => return then(Err(error), &mut findings),
        };
        let documents: Result<Vec<_>, _> = [&self.tcb_info, &self.qe_identity]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| SignedJson::parse(text))
            .collect();
        let documents = match documents {
            Ok(documents) => documents,
            Err(error) => return then(Err(error), &mut findings),
        };
        let certificates: Vec<_> =
            self.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        let lists: Vec<_> = self.crls.iter().map(|der| RevocationList::parse(der).unwrap()).collect();
        let collateral = Collateral { documents: &documents, certificates: &certificates };
        let root: &[u8] = &self.root;
        let roots = [root];
        let verification = TdxVerification::new(freshness, time(self.at), &teeproof_aws_lc::TABLE)
            .anchors(Anchors::and(&roots))
            .revocation(Revocation::Lists(&lists));
        let result = verify(&evidence, &collateral, &verification, &mut findings);
        then(result, &mut findings)
    }

    #[track_caller]
    pub(crate) fn accepted(&self) -> Findings {
        self.verify(Freshness::Waived("a test"), |result, findings| {
            let verified = result.unwrap();
            assert!(!verified.is_production());
            core::mem::take(findings)
        })
    }

    #[track_caller]
    pub(crate) fn refused(&self, check: &str, class: Class) -> Error {
        self.verify(Freshness::Waived("a test"), |result, findings| {
            let error = result.map(|_| ()).unwrap_err();
            assert_eq!((error.check().id, error.class()), (check, class), "{error}");
            assert!(error.check().classes.contains(&class), "{check} does not list {class:?}");
            assert!(findings.0.iter().all(|(id, ..)| *id != check), "{check} was recorded as passed");
            error
        })
    }

    /// Whether a policy accepts the evidence, and its findings.
    #[track_caller]
    pub(crate) fn appraised(&self, policy: &TdxPolicy<'_>) -> (bool, Findings) {
        self.verify(Freshness::Waived("a test"), |result, findings| {
            let accepted = appraise(&result.unwrap(), policy, findings);
            (accepted, core::mem::take(findings))
        })
    }
}

/// A document whose parts are apart.
pub(crate) fn parts(kind: CollateralKind, body: &str, key: &Key) -> (CollateralKind, String, String) {
    (kind, body.to_owned(), hex(&key.sign(Scheme::Ecdsa, body.as_bytes()).unwrap()))
}
