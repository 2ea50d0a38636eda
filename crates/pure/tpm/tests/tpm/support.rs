//! What the tests share: a bag of evidence, and one way to have it verified.

use std::path::PathBuf;

use teeproof_core::{CheckResult, Class, Crypto, Freshness, Outcome, Record, RsaKey};
use teeproof_mint::azure::Vm;
use teeproof_tpm::{
    Error, Explanation, NoSecureBoot, PcrValues, Quote, TpmVerification, VerifiedLog, VerifiedPcrs,
    VerifiedQuote, checks, replay, verify, verify_pcrs,
};

/// The nonce of minted quotes.
pub(crate) const NONCE: &[u8] = b"a minted quote's nonce";

pub(crate) fn tables() -> [Crypto<'static>; 2] {
    [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE]
}

/// A file of the repository's test data.
pub(crate) fn testdata(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../testdata").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modulus of an RSA-2048 key with the usual exponent: its SubjectPublicKeyInfo ends with it.
pub(crate) fn modulus(spki: &[u8]) -> Vec<u8> {
    let (rest, exponent) = spki.split_last_chunk::<5>().unwrap();
    assert_eq!(exponent, &[0x02, 0x03, 0x01, 0x00, 0x01]);
    let (head, modulus) = rest.split_last_chunk::<256>().unwrap();
    assert!(head.ends_with(&[0x02, 0x82, 0x01, 0x01, 0x00]));
    modulus.to_vec()
}

/// Evidence with everything that a relying party decides.
#[derive(Clone)]
pub(crate) struct Bag {
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
    pub(crate) pcrs: Values,
    pub(crate) log: Option<Vec<u8>>,
    /// The nonce; none is a waiver.
    pub(crate) nonce: Option<Vec<u8>>,
}

/// The PCR values given with the quote.
#[derive(Clone)]
pub(crate) enum Values {
    Indexed([Option<[u8; 32]>; 24]),
    InOrder(Vec<u8>),
}

/// What was verified, owned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) nonce: Vec<u8>,
    /// Clock, reset count, restart count, safe, firmware version.
    pub(crate) clock: (u64, u32, u32, bool, u64),
    pub(crate) pcrs: Vec<(u8, [u8; 32])>,
    pub(crate) log: Option<SeenLog>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeenLog {
    pub(crate) registers: [Explanation; 24],
    pub(crate) explains_all: bool,
    /// Enabled; entries of PK, KEK, db, dbx; authorities.
    pub(crate) secure_boot: Result<(bool, [usize; 4], usize), NoSecureBoot>,
    pub(crate) applications: Option<Vec<[u8; 32]>>,
    pub(crate) events: usize,
    /// The outcome of the replay.
    pub(crate) outcome: Outcome,
}

/// A machine whose quote answers [`NONCE`].
pub(crate) fn vm() -> Vm {
    Vm::tdx().nonce(NONCE)
}

impl Bag {
    /// What a machine gives.
    pub(crate) fn of(vm: &Vm) -> Self {
        let evidence = vm.evidence().unwrap();
        Self {
            message: evidence.quote_message,
            signature: evidence.quote_signature,
            modulus: vm.ak.modulus().unwrap(),
            exponent: vec![1, 0, 1],
            pcrs: Values::Indexed(evidence.pcrs.map(Some)),
            log: evidence.event_log,
            nonce: Some(NONCE.to_vec()),
        }
    }

    /// Verifies under both crypto tables, which must agree.
    #[track_caller]
    pub(crate) fn verify(&self) -> Result<Seen, Error> {
        let [one, other] = tables().map(|table| self.verify_under(&table));
        assert_eq!(one, other, "the tables differ");
        one
    }

    /// The verification must fail exactly so.
    #[track_caller]
    pub(crate) fn refused(&self, expected: Error, class: Class) {
        let error = self.verify().expect_err("accepted");
        assert_eq!(error, expected, "{error}");
        assert_eq!(error.class(), class, "{error}");
        assert!(error.check().classes.contains(&class), "{error}");
    }

    pub(crate) fn verify_under(&self, crypto: &Crypto) -> Result<Seen, Error> {
        let mut findings = Findings(Vec::new());
        let result = self.run(crypto, &mut findings);
        findings.fit(result.as_ref().err(), self);
        result
    }

    fn run(&self, crypto: &Crypto, findings: &mut Findings) -> Result<Seen, Error> {
        let (quote, pcrs) = self.quote_and_pcrs(crypto, findings)?;
        let log = self.log.as_ref().map(|log| see(log, &pcrs, crypto, findings)).transpose()?;
        let attest = quote.attest();
        Ok(Seen {
            nonce: attest.head.extra_data.to_vec(),
            clock: (
                attest.head.clock,
                attest.head.reset_count,
                attest.head.restart_count,
                attest.head.safe,
                attest.head.firmware_version,
            ),
            pcrs: pcrs.iter().map(|(index, value)| (index, *value)).collect(),
            log,
        })
    }

    fn quote_and_pcrs(
        &self,
        crypto: &Crypto,
        record: &mut dyn Record,
    ) -> Result<(VerifiedQuote<'_>, VerifiedPcrs), Error> {
        let quote = Quote::new(&self.message, &self.signature);
        let verification = TpmVerification::new(
            RsaKey { modulus: &self.modulus, exponent: &self.exponent },
            match &self.nonce {
                Some(nonce) => Freshness::nonce(nonce).unwrap(),
                None => Freshness::Waived("the test asks nothing"),
            },
            crypto,
        );
        let quote = verify(&quote, &verification, record)?;
        let values = match &self.pcrs {
            Values::Indexed(values) => PcrValues::Indexed(values),
            Values::InOrder(bytes) => PcrValues::InSelectionOrder(bytes),
        };
        let pcrs = verify_pcrs(&quote, values, crypto, record)?;
        Ok((quote, pcrs))
    }

    /// The reason that is recorded of a check.
    pub(crate) fn reason(&self, check: &str) -> String {
        let mut reasons = Reasons(Vec::new());
        let (_, pcrs) = self.quote_and_pcrs(&teeproof_aws_lc::TABLE, &mut reasons).unwrap();
        let log = self.log.as_ref().unwrap();
        replay(log, &pcrs, &teeproof_aws_lc::TABLE, &mut reasons).unwrap();
        reasons.0.into_iter().find(|(id, _)| *id == check).unwrap().1
    }

    /// Hands the verified registers to the closure.
    pub(crate) fn with_pcrs<T>(&self, then: impl FnOnce(&VerifiedPcrs) -> T) -> T {
        then(&self.quote_and_pcrs(&teeproof_aws_lc::TABLE, &mut ()).unwrap().1)
    }

    /// Hands the verified registers and the verified log to the closure.
    pub(crate) fn with_log<T>(&self, then: impl FnOnce(&VerifiedPcrs, &VerifiedLog<'_>) -> T) -> T {
        let log = self.log.as_ref().unwrap();
        self.with_pcrs(|pcrs| then(pcrs, &replay(log, pcrs, &teeproof_aws_lc::TABLE, &mut ()).unwrap()))
    }
}

fn see(log: &[u8], pcrs: &VerifiedPcrs, crypto: &Crypto, findings: &mut Findings) -> Result<SeenLog, Error> {
    let log = replay(log, pcrs, crypto, findings)?;
    let mut registers = [Explanation::NotQuoted; 24];
    for (index, explanation) in log.pcrs() {
        assert_eq!(explanation, log.pcr(index));
        registers[usize::from(index)] = explanation;
    }
    let secure_boot = log.secure_boot().map(|known| {
        let lists = [known.pk, known.kek, known.db, known.dbx].map(|lists| lists.iter().count());
        (known.enabled, lists, known.authorities)
    });
    if let Err(reason) = &secure_boot {
        assert!(!reason.to_string().is_empty());
    }
    Ok(SeenLog {
        registers,
        explains_all: log.explains_all(),
        secure_boot,
        applications: log.boot_applications().map(|found| found.map(|found| *found.digest).collect()),
        events: log.events().count(),
        outcome: findings.0.last().unwrap().1,
    })
}

/// The findings of one verification: which check, and the reason for its outcome.
struct Reasons(Vec<(&'static str, String)>);

impl Record for Reasons {
    fn record(&mut self, finding: CheckResult<'_>) {
        self.0.push((finding.check.id, finding.because.unwrap().to_string()));
    }
}

/// The findings of one verification: which check, and its outcome.
struct Findings(Vec<(&'static str, Outcome)>);

impl Record for Findings {
    fn record(&mut self, finding: CheckResult<'_>) {
        // Texts are formatted for the sake of whatever could go wrong in them.
        assert!(finding.because.is_some_and(|because| !because.to_string().is_empty()));
        // What somebody chose not to have checked is distinguished from what does not apply.
        let chosen = finding.outcome == Outcome::Skip && finding.check == checks::NONCE;
        assert_eq!(finding.waived, chosen, "{}", finding.check.id);
        self.0.push((finding.check.id, finding.outcome));
    }
}

impl Findings {
    /// The findings are checks in their order, all of them or those before the one that failed;
    /// none is a failure itself, and none is the failed check.
    #[track_caller]
    fn fit(&self, error: Option<&Error>, bag: &Bag) {
        let order: Vec<_> = checks::VERIFY.iter().map(|check| check.id).collect();
        let recorded: Vec<_> = self.0.iter().map(|(id, _)| *id).collect();
        let all = if bag.log.is_some() { 8 } else { 6 };
        assert!(order.starts_with(&recorded), "{error:?}: {recorded:?}");
        match error {
            None => assert_eq!(recorded.len(), all),
            Some(error) => assert_eq!(order[recorded.len()], error.check().id, "{recorded:?}"),
        }
        for (id, outcome) in &self.0 {
            let chosen = *id == checks::NONCE.id && bag.nonce.is_none();
            assert_ne!(*outcome, Outcome::Fail, "{id}");
            assert_eq!(*outcome == Outcome::Skip, chosen, "{id}");
        }
    }
}
