//! A minted machine whose every file can be altered, and the result of its verification.

use std::sync::LazyLock;

use teeproof::{Evidence, Policy, Request, Verdict};
use teeproof_core::{Freshness, Outcome, Technology, Time};
use teeproof_mint::azure::Vm;
use teeproof_mint::snp::Product;
use teeproof_mint::{DEFAULT_TIME, Kind};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

use crate::support::REMEMBERING;

/// Nonce and policy of the relying party: everything that evidence can show is required.
pub(crate) const NONCE: &[u8] = b"nonce of the relying party, here";
pub(crate) static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    Policy::from_toml(
        "test",
        r#"version = 1
[azure-snp]
origin = { exactly = "ak-certificate" }
ak-certificate = { exactly = true }
quote = { exactly = true }
event-log = { exactly = true }
secure-boot = { exactly = true }
unlisted = { waived = "the evidence is what is tested here" }
"#,
    )
    .unwrap()
});

/// A machine's evidence with its endorsements; every file can be altered.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) report: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) pcrs: Values,
    pub(crate) log: Vec<u8>,
    /// VEK, its intermediate, AK certificate, its intermediates.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) anchors: Vec<Vec<u8>>,
}

/// Where the AK certificate stands among the certificates; its intermediate follows.
pub(crate) const AK: usize = 2;

#[derive(Clone)]
pub(crate) enum Values {
    Indexed(Box<[[u8; 32]; 24]>),
    InOrder(Vec<u8>),
}

/// Result of one verification.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) verdict: Verdict,
    pub(crate) exit: u8,
    pub(crate) authentic: bool,
    /// Whether the log explains every PCR, where a log was replayed.
    pub(crate) explained: Option<bool>,
    /// The findings of the replay as text.
    pub(crate) replay: Option<String>,
    pub(crate) claims: Vec<(String, String)>,
}

pub(crate) static MACHINE: LazyLock<Machine> = LazyLock::new(|| Machine::of(&vm()));
pub(crate) static BEFORE: LazyLock<Seen> = LazyLock::new(|| {
    let seen = MACHINE.verify();
    assert_eq!((seen.verdict, seen.exit, seen.explained), (Verdict::Accepted, 0, Some(true)));
    seen
});

/// The processor maker's keys are small, which are made quickly.
pub(crate) fn vm() -> Vm {
    let vm = Vm::snp(Product::Milan).nonce(NONCE);
    vm.with_machine(|machine| *machine = machine.clone().authority_keys(Kind::Rsa2048))
}

impl Machine {
    pub(crate) fn of(vm: &Vm) -> Self {
        let evidence = vm.evidence().unwrap();
        let mut certificates = vec![evidence.vek, evidence.intermediate, evidence.ak_certificate];
        certificates.extend(evidence.ak_intermediates);
        Self {
            report: evidence.hcl_report,
            message: evidence.quote_message,
            signature: evidence.quote_signature,
            pcrs: Values::Indexed(Box::new(evidence.pcrs)),
            log: evidence.event_log.unwrap(),
            certificates,
            anchors: vec![evidence.ark, evidence.ak_root],
        }
    }

    /// What comes of it; certificates that are none do not even reach the verifier.
    pub(crate) fn verify(&self) -> Seen {
        let certificates: Result<Vec<_>, _> =
            self.certificates.iter().map(|der| Certificate::parse(der)).collect();
        let Ok(certificates) = certificates else { return Seen::malformed() };
        let anchors: Vec<_> = self.anchors.iter().map(Vec::as_slice).collect();
        let request = Request::new(
            &[Technology::AzureSnp],
            Freshness::nonce(NONCE).unwrap(),
            Time(i64::try_from(DEFAULT_TIME).unwrap()),
            &REMEMBERING,
        )
        .endorsements(&certificates)
        .revocation(Revocation::Unchecked("minted"))
        .anchors(Anchors::and(&anchors))
        .policy(&*POLICY);
        let indexed;
        let pcrs = match &self.pcrs {
            Values::Indexed(values) => {
                indexed = values.map(Some);
                PcrValues::Indexed(&indexed)
            }
            Values::InOrder(bytes) => PcrValues::InSelectionOrder(bytes),
        };
        let evidence = Evidence::AzureSnp(
            teeproof_hcl::HclEvidence::new(&self.report)
                .quote(Quote::new(&self.message, &self.signature))
                .pcrs(pcrs)
                .log(&*self.log),
        );
        let result = teeproof::verify(&evidence, &request).unwrap();
        let replayed = result.findings().iter().find(|finding| finding.check.id == "log.replay");
        Seen {
            verdict: result.verdict(),
            exit: crate::code::code(result.class()),
            authentic: result.authentic().is_some(),
            explained: match replayed.map(|finding| finding.outcome) {
                Some(Outcome::Pass) => Some(true),
                Some(Outcome::Warn) => Some(false),
                _ => None,
            },
            replay: replayed
                .and_then(|finding| finding.because.clone())
                .filter(|_| result.authentic().is_some()),
            claims: result.claims().iter().map(|claim| (claim.name.to_string(), claim.to_string())).collect(),
        }
    }

    /// The same with one thing altered.
    pub(crate) fn with(&self, alter: impl FnOnce(&mut Self)) -> Self {
        let mut altered = self.clone();
        alter(&mut altered);
        altered
    }
}

impl Seen {
    pub(crate) const fn malformed() -> Self {
        Self {
            verdict: Verdict::Refused,
            exit: 3,
            authentic: false,
            explained: None,
            replay: None,
            claims: Vec::new(),
        }
    }

    /// Claims that were not made before.
    pub(crate) fn new_claims(&self) -> Vec<(&str, &str)> {
        let new = self.claims.iter().filter(|claim| !BEFORE.claims.contains(claim));
        new.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Refused, and nothing of it authentic.
    #[track_caller]
    pub(crate) fn is_not_authentic(&self, what: &dyn Fn() -> String) -> u8 {
        let refused = self.verdict == Verdict::Refused && !self.authentic && self.claims.is_empty();
        assert!(refused && self.exit != 0, "{}: {self:?}", what());
        self.exit
    }

    /// Refused; if it is authentic all the same, no claim is another than before, but for the one
    /// that says that something is not shown.
    #[track_caller]
    pub(crate) fn is_refused_without(&self, name: &str, not_shown: &str, what: &dyn Fn() -> String) -> u8 {
        assert!(self.verdict == Verdict::Refused && self.exit != 0, "{}: {self:?}", what());
        for claim in self.new_claims() {
            assert!(claim.0 == name && claim.1.starts_with(not_shown), "{}: {claim:?}", what());
        }
        self.exit
    }
}
