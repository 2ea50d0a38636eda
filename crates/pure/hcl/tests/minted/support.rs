//! Support for tests on minted VMs: a bag of evidence, and its verification.

use teeproof_core::{CheckResult, Class, Crypto, Freshness, Outcome, Record, Time};
use teeproof_hcl::{
    Error, HclEvidence, HclPolicy, HclVerification, VerifiedTdVm, VerifiedVm, VerifiedVtpm, appraise_snp,
    appraise_tdx, verify_snp, verify_tdx,
};
use teeproof_mint::azure::{Platform, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::{DEFAULT_TIME, Kind};
use teeproof_snp::SnpPolicy;
use teeproof_tdx::{SignedJson, TdxEvidence, TdxEvidenceView, TdxPolicy};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, Revocation};

/// When minted evidence holds.
pub(crate) const AT: i64 = DEFAULT_TIME as i64;
/// A nonce that cannot be guessed.
pub(crate) const NONCE: &[u8] = b"a nonce of 32 bytes, from a test";

/// A machine whose processor maker has small keys, which are made quickly.
pub(crate) fn vm() -> Vm {
    Vm::snp(Product::Milan).with_machine(|machine| *machine = machine.clone().authority_keys(Kind::Rsa2048))
}

/// A machine on TDX that has a TD quote and collateral.
pub(crate) fn td_vm() -> Vm {
    Vm::tdx_with_quote()
}

/// Evidence with everything that a relying party decides.
#[derive(Clone)]
pub(crate) struct Bag {
    pub(crate) platform: Platform,
    pub(crate) report: Vec<u8>,
    pub(crate) td_quote: Option<Vec<u8>>,
    /// Message and signature.
    pub(crate) quote: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) pcrs: Option<[Option<[u8; 32]>; 24]>,
    pub(crate) log: Option<Vec<u8>>,
    pub(crate) nonce_in_user_data: bool,
    /// TCB info and QE identity, as Intel's service responds.
    pub(crate) collateral: Vec<String>,
    /// VEK and its intermediate, or the TCB signing certificate; AK certificate and its intermediates.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Added to the pinned anchors.
    pub(crate) anchors: Vec<Vec<u8>>,
    /// Revocation lists; none is a waiver.
    pub(crate) lists: Option<Vec<Vec<u8>>>,
    /// The nonce; none is a waiver.
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) user_data: Option<Vec<u8>>,
    pub(crate) at: i64,
}

/// What a verified machine says, owned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) claims: teeproof_hcl::Claims,
    /// Whether the AK certificate's root is Azure's own, where there is a path.
    pub(crate) ak: Option<bool>,
    pub(crate) quoted: bool,
    pub(crate) pcrs: Option<Vec<(u8, [u8; 32])>>,
    pub(crate) log_explains: Option<bool>,
    pub(crate) production: bool,
    pub(crate) fresh_report: Option<bool>,
    pub(crate) findings: Findings,
}

impl Bag {
    /// What a machine gives, with its own roots as added anchors.
    pub(crate) fn of(vm: &Vm) -> Self {
        let evidence = vm.evidence().unwrap();
        let mut certificates = vec![evidence.vek, evidence.intermediate];
        let mut anchors = vec![evidence.ark];
        let mut collateral = Vec::new();
        if let Some(td) = evidence.td {
            certificates.push(td.tcb_signing);
            anchors.push(td.root);
            collateral = vec![td.tcb_info, td.qe_identity];
        }
        certificates.push(evidence.ak_certificate);
        certificates.extend(evidence.ak_intermediates);
        certificates.retain(|der| !der.is_empty());
        anchors.push(evidence.ak_root);
        anchors.retain(|der| !der.is_empty());
        Self {
            platform: evidence.platform,
            report: evidence.hcl_report,
            td_quote: evidence.td_quote,
            quote: Some((evidence.quote_message, evidence.quote_signature)),
            pcrs: Some(evidence.pcrs.map(Some)),
            log: evidence.event_log,
            nonce_in_user_data: false,
            collateral,
            certificates,
            anchors,
            lists: None,
            nonce: None,
            user_data: None,
            at: AT,
        }
    }

    /// The same without anything of the TPM's.
    pub(crate) fn without_quote(mut self) -> Self {
        (self.quote, self.pcrs, self.log) = (None, None, None);
        self
    }

    /// The certificates without those whose subject has this common name.
    pub(crate) fn without_certificate(mut self, name: &str) -> Self {
        let before = self.certificates.len();
        self.certificates
            .retain(|der| Certificate::parse(der).unwrap().subject().common_name() != Some(name));
        assert!(self.certificates.len() < before, "no certificate of {name}");
        self
    }

    /// Verifies under both crypto tables, which must agree.
    #[track_caller]
    pub(crate) fn verify(&self) -> Result<Seen, Error> {
        let [one, other] =
            [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE].map(|table| self.under(&table));
        assert_eq!(one.0, other.0, "the tables differ");
        one.0
    }

    /// The findings of a verification, however it ends.
    #[track_caller]
    pub(crate) fn findings(&self) -> Findings {
        self.under(&teeproof_aws_lc::TABLE).1
    }

    /// Verifies and appraises; gives the verdict and the findings of the appraisal.
    #[track_caller]
    pub(crate) fn appraise(&self, snp: &SnpPolicy<'_>, policy: &HclPolicy<'_>) -> (bool, Findings) {
        let mut findings = Findings::default();
        let accepted = self.with(&teeproof_aws_lc::TABLE, &mut (), |result| match result.unwrap() {
            Verified::Snp(vm) => appraise_snp(&vm, snp, policy, &mut findings),
            Verified::Tdx(_) => panic!("not an SNP machine"),
        });
        (accepted, findings)
    }

    /// The same of a machine on TDX.
    #[track_caller]
    pub(crate) fn appraise_td(&self, tdx: &TdxPolicy<'_>, policy: &HclPolicy<'_>) -> (bool, Findings) {
        let mut findings = Findings::default();
        let accepted = self.with(&teeproof_aws_lc::TABLE, &mut (), |result| match result.unwrap() {
            Verified::Tdx(vm) => appraise_tdx(&vm, tdx, policy, &mut findings),
            Verified::Snp(_) => panic!("not a TDX machine"),
        });
        (accepted, findings)
    }

    #[track_caller]
    fn under(&self, crypto: &Crypto) -> (Result<Seen, Error>, Findings) {
        let mut findings = Findings::default();
        let result = self.with(crypto, &mut findings, |result| {
            result.map(|verified| (verified.vtpm().clone(), verified.is_production())).map(
                |(vm, production)| Seen {
                    claims: vm.claims().clone(),
                    ak: vm.ak_path().map(|path| path.is_production()),
                    quoted: vm.quote().is_some(),
                    pcrs: vm.pcrs().map(|pcrs| pcrs.iter().map(|(index, value)| (index, *value)).collect()),
                    log_explains: vm.log().map(|log| log.explains_all()),
                    production,
                    fresh_report: vm.is_report_fresh(),
                    findings: Findings::default(),
                },
            )
        });
        findings.fit(self.platform, result.as_ref().err());
        let result = result.map(|seen| Seen { findings: findings.clone(), ..seen });
        (result, findings)
    }

    /// Calls a function with the result of a verification.
    pub(crate) fn with<T>(
        &self,
        crypto: &Crypto,
        record: &mut dyn Record,
        then: impl FnOnce(Result<Verified<'_>, Error>) -> T,
    ) -> T {
        let documents = self.collateral.iter().map(|text| SignedJson::parse(text).unwrap());
        let documents: Vec<_> = documents.collect();
        self.with_input(crypto, |evidence, certificates, verification| {
            then(match self.platform {
                Platform::Snp => {
                    verify_snp(evidence, certificates, verification, record).map(Box::new).map(Verified::Snp)
                }
                Platform::Tdx => verify_tdx(evidence, certificates, &documents, verification, record)
                    .map(Box::new)
                    .map(Verified::Tdx),
            })
        })
    }

    /// Calls a function with the evidence, the endorsements and the verification.
    pub(crate) fn with_input<T>(
        &self,
        crypto: &Crypto,
        ask: impl FnOnce(&HclEvidence<'_>, &[Certificate<'_>], &HclVerification<'_>) -> T,
    ) -> T {
        let certificates: Vec<_> =
            self.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        let anchors: Vec<_> = self.anchors.iter().map(Vec::as_slice).collect();
        let lists: Option<Vec<_>> = self
            .lists
            .as_ref()
            .map(|lists| lists.iter().map(|der| RevocationList::parse(der).unwrap()).collect());
        let quote = self.quote.as_ref();
        let td_bytes = self.td_quote.as_deref();
        // Of a malformed quote no certificates are decoded, as in a file.
        let td_quote = td_bytes.and_then(|bytes| TdxEvidence::parse(bytes).ok());
        let td_quote = td_quote.as_ref().map(TdxEvidence::view);
        let evidence = HclEvidence::new(&self.report)
            .td_quote(td_quote.or(td_bytes.map(|bytes| TdxEvidenceView::new(bytes, &[]))))
            .quote(quote.map(|(message, signature)| Quote::new(message, signature)))
            .pcrs(self.pcrs.as_ref().map(PcrValues::Indexed))
            .log(self.log.as_deref())
            .nonce_in_user_data(self.nonce_in_user_data);
        let verification = HclVerification::new(
            match &self.nonce {
                Some(nonce) => Freshness::nonce(nonce).unwrap(),
                None => Freshness::Waived("the test asks nothing"),
            },
            Time(self.at),
            crypto,
        )
        .anchors(Anchors::and(&anchors))
        .user_data(self.user_data.as_deref())
        .revocation(match &lists {
            Some(lists) => Revocation::Lists(lists),
            None => Revocation::Unchecked("the test gives no list"),
        });
        ask(&evidence, &certificates, &verification)
    }

    /// The verification must fail exactly so.
    #[track_caller]
    pub(crate) fn refused(&self, expected: Error, class: Class) {
        let error = self.verify().map(|_| ()).expect_err("accepted");
        assert_eq!(error, expected, "{error}");
        assert_eq!(error.class(), class, "{error}");
    }
}

/// A verified machine on either hardware.
pub(crate) enum Verified<'a> {
    Snp(Box<VerifiedVm<'a>>),
    Tdx(Box<VerifiedTdVm<'a>>),
}

impl<'a> Verified<'a> {
    /// The virtual TPM.
    pub(crate) fn vtpm(&self) -> &VerifiedVtpm<'a> {
        match self {
            Self::Snp(vm) => vm.vtpm(),
            Self::Tdx(vm) => vm.vtpm(),
        }
    }

    /// Whether every chain ends at a pinned root.
    fn is_production(&self) -> bool {
        match self {
            Self::Snp(vm) => vm.is_production(),
            Self::Tdx(vm) => vm.is_production(),
        }
    }
}

/// Holds that a machine as it is is accepted, and altered is refused exactly so.
#[track_caller]
pub(crate) fn refused(alter: impl FnOnce(Vm) -> Vm, expected: Error, class: Class) {
    Bag::of(&vm()).verify().expect("the control");
    Bag::of(&alter(vm())).refused(expected, class);
}

/// Findings as they were recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Findings(pub(crate) Vec<RecordedFinding>);

/// One finding, formatted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordedFinding {
    pub(crate) id: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) expected: String,
    pub(crate) actual: String,
    pub(crate) because: String,
    pub(crate) line: Option<u32>,
    pub(crate) waived: bool,
}

impl Record for Findings {
    fn record(&mut self, finding: CheckResult<'_>) {
        let text = |value: Option<&dyn std::fmt::Display>| value.map(|v| v.to_string()).unwrap_or_default();
        self.0.push(RecordedFinding {
            id: finding.check.id,
            outcome: finding.outcome,
            expected: finding.expected.map(|side| side.to_string()).unwrap_or_default(),
            actual: finding.actual.map(|side| side.to_string()).unwrap_or_default(),
            because: text(finding.because),
            line: finding.line,
            waived: finding.waived,
        });
    }
}

impl Findings {
    /// The finding of a check, which must be there once.
    #[track_caller]
    pub(crate) fn of(&self, id: &str) -> &RecordedFinding {
        let mut found = self.0.iter().filter(|finding| finding.id == id);
        let finding = found.next().unwrap_or_else(|| panic!("no finding of {id}"));
        assert!(found.next().is_none(), "{id} was recorded twice");
        finding
    }

    /// The finding must have this outcome, and its reason these words.
    #[track_caller]
    pub(crate) fn assert_finding(&self, id: &str, outcome: Outcome, words: &str) {
        let finding = self.of(id);
        assert_eq!(finding.outcome, outcome, "{finding:?}");
        assert!(finding.because.contains(words), "{finding:?}");
    }

    /// The findings are checks in their order; none is a failure itself, and none is the one that
    /// failed.
    #[track_caller]
    fn fit(&self, platform: Platform, error: Option<&Error>) {
        let order = order(platform);
        let mut places = self.0.iter().map(|finding| {
            let place = order.iter().position(|id| *id == finding.id);
            place.unwrap_or_else(|| panic!("{} is no check of this", finding.id))
        });
        assert!(places.by_ref().is_sorted(), "{:?}", self.0);
        assert!(self.0.iter().all(|finding| finding.outcome != Outcome::Fail && !finding.because.is_empty()));
        if let Some(error) = error {
            let id = error.check().id;
            assert!(self.0.iter().all(|finding| finding.id != id), "{id} failed and was recorded before");
        }
    }
}

/// Every check of a verification, in the order in which they are made.
fn order(platform: Platform) -> Vec<&'static str> {
    use teeproof_hcl::checks;
    let (hardware, above): (_, &[&teeproof_core::Check]) = match platform {
        Platform::Snp => (&[][..], teeproof_snp::checks::VERIFY),
        Platform::Tdx => (&[checks::TD_REPORT, checks::TD_QUOTE][..], teeproof_tdx::checks::VERIFY),
    };
    let bound = if platform == Platform::Snp { checks::VMPL } else { checks::TD_REPORT_QUOTE };
    let claims = [bound, checks::BINDING, checks::CLAIMS, checks::AK_KEY, checks::AK_CHAIN];
    [
        &[checks::FORMAT],
        hardware,
        above,
        &claims,
        &[checks::AK_REVOCATION],
        teeproof_tpm::checks::VERIFY,
        &[checks::USER_DATA],
    ]
    .concat()
    .into_iter()
    .map(|check| check.id)
    .collect()
}
