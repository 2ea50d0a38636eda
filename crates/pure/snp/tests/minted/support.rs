//! What the tests on minted evidence share: a bag of evidence, and one way to have it verified.

use teeproof_core::{CheckResult, Class, Crypto, Freshness, Outcome, Record, Time};
use teeproof_mint::snp::{Machine, Product as Line};
use teeproof_mint::{DEFAULT_TIME, Kind};
use teeproof_snp::{
    Chip, Component, Endorsements, Error, Product, SnpPolicy, SnpVerification, Tcb, VekKind, appraise,
    checks, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, Revocation, RevocationStatus};

/// When minted evidence holds.
pub(crate) const AT: i64 = DEFAULT_TIME as i64;

/// The product lines as the mint and as the verifier call them.
pub(crate) const LINES: [(Line, Product); 3] =
    [(Line::Milan, Product::Milan), (Line::Genoa, Product::Genoa), (Line::Turin, Product::Turin)];

/// A VCEK machine whose authorities have small keys, which are made quickly.
pub(crate) fn vcek(line: Line) -> Machine {
    Machine::vcek(line).authority_keys(Kind::Rsa2048)
}

/// A VLEK machine whose authorities have small keys. No ASVK is known to the verifier, so what is
/// wrong with a given one is reported exactly.
pub(crate) fn vlek(line: Line) -> Machine {
    Machine::vlek(line).authority_keys(Kind::Rsa2048)
}

/// Evidence with everything that a relying party decides.
#[derive(Clone)]
pub(crate) struct Bag {
    pub(crate) report: Vec<u8>,
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Added to the pinned anchors.
    pub(crate) anchors: Vec<Vec<u8>>,
    /// The nonce; none is a waiver.
    pub(crate) nonce: Option<Vec<u8>>,
    /// Revocation lists; none is a waiver.
    pub(crate) lists: Option<Vec<Vec<u8>>>,
    /// Whether a chain without a list is refused.
    pub(crate) lists_required: bool,
    pub(crate) at: i64,
}

/// What a verified report says, owned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) vek: VekKind,
    pub(crate) product: Product,
    /// Reported, committed, current, launch.
    pub(crate) tcbs: [Tcb; 4],
    pub(crate) chip: Chip,
    pub(crate) has_provider: bool,
    pub(crate) production: bool,
    pub(crate) revocation: RevocationStatus,
    /// Whether `SnpPolicy::genuine()` accepts it.
    pub(crate) genuine: bool,
}

impl Bag {
    /// What a machine gives, with its own ARK as an added anchor.
    pub(crate) fn of(machine: &Machine) -> Self {
        let evidence = machine.mint().unwrap();
        Self {
            report: evidence.report,
            certificates: vec![evidence.vek, evidence.intermediate],
            anchors: vec![evidence.ark],
            nonce: None,
            lists: None,
            lists_required: false,
            at: AT,
        }
    }

    /// Verifies under both crypto tables, which must agree.
    #[track_caller]
    pub(crate) fn verify(&self) -> Result<Seen, Error> {
        let [one, other] =
            [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE].map(|table| self.verify_under(&table));
        assert_eq!(one, other, "the tables differ");
        one
    }

    /// Verifies and appraises under one table.
    #[track_caller]
    pub(crate) fn appraise(&self, policy: &SnpPolicy<'_>) -> bool {
        self.with(&teeproof_aws_lc::TABLE, &mut (), |result| appraise(&result.unwrap(), policy, &mut ()))
    }

    /// The findings of verification and of appraisal: check, outcome and reason.
    pub(crate) fn findings(&self, policy: &SnpPolicy<'_>) -> (Vec<Recorded>, Vec<Recorded>) {
        let (mut verification, mut appraisal) = (Findings(Vec::new()), Findings(Vec::new()));
        self.with(&teeproof_aws_lc::TABLE, &mut verification, |result| {
            appraise(&result.unwrap(), policy, &mut appraisal)
        });
        (verification.0, appraisal.0)
    }

    #[track_caller]
    fn verify_under(&self, crypto: &Crypto) -> Result<Seen, Error> {
        let mut log = Log(Vec::new());
        let result = self.with(crypto, &mut log, |result| {
            result.map(|verified| Seen {
                vek: verified.vek(),
                product: verified.product(),
                tcbs: [
                    verified.reported_tcb(),
                    verified.committed_tcb(),
                    verified.current_tcb(),
                    verified.launch_tcb(),
                ],
                chip: verified.chip(),
                has_provider: verified.provider().is_some(),
                production: verified.is_production(),
                revocation: verified.revocation(),
                genuine: appraise(&verified, &SnpPolicy::genuine(), &mut ()),
            })
        });
        log.fits(result.as_ref().err());
        result
    }

    fn with<T>(
        &self,
        crypto: &Crypto,
        record: &mut dyn Record,
        then: impl FnOnce(Result<teeproof_snp::VerifiedReport<'_>, Error>) -> T,
    ) -> T {
        let certificates: Vec<_> =
            self.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        let anchors: Vec<_> = self.anchors.iter().map(Vec::as_slice).collect();
        let lists: Option<Vec<_>> = self
            .lists
            .as_ref()
            .map(|lists| lists.iter().map(|der| RevocationList::parse(der).unwrap()).collect());
        let verification = SnpVerification::new(
            match &self.nonce {
                Some(nonce) => Freshness::nonce(nonce).unwrap(),
                None => Freshness::Waived("the test asks nothing"),
            },
            Time(self.at),
            crypto,
        )
        .anchors(Anchors::and(&anchors))
        .revocation(match &lists {
            Some(lists) if self.lists_required => Revocation::Required(lists),
            Some(lists) => Revocation::Lists(lists),
            None => Revocation::Unchecked("the test gives no list"),
        });
        let endorsements = Endorsements::new(&certificates);
        then(verify(&self.report, &endorsements, &verification, record))
    }

    /// The verification must fail with such an error.
    #[track_caller]
    pub(crate) fn refused_as(&self, is_expected: impl Fn(&Error) -> bool, class: Class) {
        let error = self.verify().expect_err("accepted");
        assert!(is_expected(&error), "{error:?}");
        assert_eq!(error.class(), class, "{error}");
    }

    /// The verification must fail exactly so.
    #[track_caller]
    pub(crate) fn refused(&self, expected: Error, class: Class) {
        let error = self.verify().expect_err("accepted");
        assert_eq!(error, expected, "{error}");
        assert_eq!(error.class(), class, "{error}");
    }
}

/// Holds that a machine as it is is accepted, and altered is refused exactly so.
#[track_caller]
pub(crate) fn refused(
    machine: &Machine,
    alter: impl FnOnce(Machine) -> Machine,
    expected: Error,
    class: Class,
) {
    Bag::of(machine).verify().expect("the control");
    Bag::of(&alter(machine.clone())).refused(expected, class);
}

/// Check, outcome and reason of a finding.
pub(crate) type Recorded = (&'static str, Outcome, String);

struct Findings(Vec<Recorded>);

impl Record for Findings {
    fn record(&mut self, finding: CheckResult<'_>) {
        let because = finding.because.map(ToString::to_string).unwrap_or_default();
        self.0.push((finding.check.id, finding.outcome, because));
    }
}

/// Holds that a machine as it is is accepted, and altered is refused with such an error.
#[track_caller]
pub(crate) fn refused_as(
    machine: &Machine,
    alter: impl FnOnce(Machine) -> Machine,
    is_expected: impl Fn(&Error) -> bool,
    class: Class,
) {
    Bag::of(machine).verify().expect("the control");
    Bag::of(&alter(machine.clone())).refused_as(is_expected, class);
}

/// Whether the error is a TCB that differs in this component.
pub(crate) fn is_tcb(error: &Error, expected: Component) -> bool {
    matches!(error, Error::VekTcb { component, .. } if *component == expected)
}

/// The findings of one verification: which check, and its outcome.
struct Log(Vec<(&'static str, Outcome)>);

impl Record for Log {
    fn record(&mut self, finding: CheckResult<'_>) {
        // Texts are formatted for the sake of whatever could go wrong in them.
        assert!(finding.because.is_some_and(|because| !because.to_string().is_empty()));
        // What somebody chose not to have checked is distinguished from what does not apply.
        let chosen = finding.outcome == Outcome::Skip
            && [checks::NONCE.id, checks::REVOCATION.id].contains(&finding.check.id);
        assert_eq!(finding.waived, chosen, "{}", finding.check.id);
        self.0.push((finding.check.id, finding.outcome));
    }
}

impl Log {
    /// The findings are checks in their order, all of them or those before the one that failed;
    /// none is a failure itself, and none is the failed check.
    #[track_caller]
    fn fits(&self, error: Option<&Error>) {
        let order: Vec<_> = checks::VERIFY.iter().map(|check| check.id).collect();
        let recorded: Vec<_> = self.0.iter().map(|(id, _)| *id).collect();
        assert!(order.starts_with(&recorded), "{error:?}: {recorded:?}");
        match error {
            None => assert_eq!(recorded, order),
            Some(error) => assert!(!recorded.contains(&error.check().id), "{error:?}: {recorded:?}"),
        }
        assert!(self.0.iter().all(|(_, outcome)| *outcome != Outcome::Fail));
    }
}
