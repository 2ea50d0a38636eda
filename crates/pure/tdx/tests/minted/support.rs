//! Minted evidence as a relying party has it: verification, appraisal, and the findings of both.

#![allow(dead_code, reason = "each test program uses its part")]

use core::ops::{Deref, DerefMut};

use teeproof_core::{CheckResult, Class, Freshness, Outcome, Record, Time};
use teeproof_mint::azure::Letters;
use teeproof_mint::tdx::{MintedQuote, TdxMachine};
use teeproof_mint::{Key, Scheme};
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

/// A machine whose evidence is accepted at [`AT`].
pub(crate) fn genuine() -> TdxMachine {
    TdxMachine::new().at(AT)
}

/// A minted quote, and what its relying party has.
#[derive(Clone)]
pub(crate) struct Evidence {
    pub(crate) minted: MintedQuote,
    /// The certificates next to the quote: root and TCB signing certificate.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// No revocation lists, unless a test adds some.
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) at: u64,
}

impl Deref for Evidence {
    type Target = MintedQuote;

    fn deref(&self) -> &MintedQuote {
        &self.minted
    }
}

impl DerefMut for Evidence {
    fn deref_mut(&mut self) -> &mut MintedQuote {
        &mut self.minted
    }
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

/// Verification of a machine's evidence.
pub(crate) trait Checked {
    fn evidence(&self) -> Evidence;

    fn accepted(&self) -> Findings {
        self.evidence().accepted()
    }

    #[track_caller]
    fn refused(&self, check: &str, class: Class) -> Error {
        self.evidence().refused(check, class)
    }
}

impl Checked for TdxMachine {
    fn evidence(&self) -> Evidence {
        let minted = self.mint().unwrap();
        let certificates = vec![minted.root.clone(), minted.tcb_signing.clone()];
        Evidence { minted, certificates, crls: Vec::new(), at: AT }
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
    (kind, body.to_owned(), Letters::Lower.hex(&key.sign(Scheme::Ecdsa, body.as_bytes()).unwrap()))
}
