//! What the tests on minted evidence share: a bag of evidence, and one way to have it verified.

use teeproof_core::{CheckResult, Class, Crypto, Freshness, Outcome, Record, Time};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::{DEFAULT_TIME, Value};
use teeproof_nitro::{
    Appraisal, CertificateIndex, DEFAULT_SKEW_SECS, Error, Limits, Moment, NitroOptions, NitroPolicy,
    NitroVerification, VerifiedDocument, appraise, checks, verify,
};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::{Error as WireError, ErrorKind};
use teeproof_x509::{Anchors, Problem, Revocation};

/// When minted evidence holds, and was made.
pub(crate) const AT: i64 = DEFAULT_TIME as i64;

/// A document with everything that a relying party decides.
#[derive(Clone)]
pub(crate) struct Bag {
    pub(crate) document: Vec<u8>,
    /// Added to the pinned anchors.
    pub(crate) anchors: Vec<Vec<u8>>,
    /// Revocation lists; none is a waiver.
    pub(crate) lists: Option<Vec<Vec<u8>>>,
    /// Whether a chain without a list is refused.
    pub(crate) lists_required: bool,
    /// The nonce; none is a waiver.
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) at: Moment,
    pub(crate) skew_secs: u32,
    pub(crate) limits: Limits,
}

/// What a verified document says, owned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) module_id: String,
    /// Which registers it names.
    pub(crate) pcrs: Vec<u8>,
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) user_data: Option<Vec<u8>>,
    pub(crate) public_key: Option<Vec<u8>>,
    pub(crate) debug: bool,
    pub(crate) age: Option<i64>,
    pub(crate) production: bool,
    /// What `NitroPolicy::genuine()` says.
    pub(crate) genuine: Appraisal,
}

impl Bag {
    /// What an enclave gives, with its own root as an added anchor.
    pub(crate) fn of(enclave: &Enclave) -> Self {
        let attestation = enclave.mint().unwrap();
        Self {
            anchors: vec![attestation.root().to_vec()],
            lists: None,
            lists_required: false,
            document: attestation.document,
            nonce: None,
            at: Moment::At(Time(AT)),
            skew_secs: DEFAULT_SKEW_SECS,
            limits: Limits::USUAL,
        }
    }

    /// What an enclave gives whose payload was edited before it was signed.
    pub(crate) fn edited(enclave: &Enclave, edit: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut first = enclave.mint().unwrap();
        edit(&mut first.payload);
        let mut bag = Self::of(&enclave.clone().with_payload(first.payload));
        // Certificates are signed anew each time: the payload holds those of the first.
        bag.anchors = vec![first.chain.remove(0)];
        bag
    }

    /// The same, verified at another time.
    pub(crate) fn at(mut self, seconds: i64) -> Self {
        self.at = Moment::At(Time(seconds));
        self
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
    pub(crate) fn appraise(&self, policy: &NitroPolicy<'_>) -> Appraisal {
        let table = teeproof_aws_lc::TABLE;
        self.with(&table, &mut (), |result| appraise(&result.unwrap(), policy, &table, &mut ()))
    }

    #[track_caller]
    fn verify_under(&self, crypto: &Crypto) -> Result<Seen, Error> {
        let mut log = Log(Vec::new());
        let result = self.with(crypto, &mut log, |result| {
            result.map(|verified| {
                let document = verified.document();
                let owned = |field: Option<&[u8]>| field.map(<[u8]>::to_vec);
                Seen {
                    module_id: document.module_id.to_owned(),
                    pcrs: document.pcrs.iter().map(|(index, _)| index).collect(),
                    nonce: owned(document.nonce),
                    user_data: owned(document.user_data),
                    public_key: owned(document.public_key),
                    debug: verified.is_debug(),
                    age: verified.age_secs(),
                    production: verified.is_production(),
                    genuine: appraise(&verified, &NitroPolicy::genuine(), crypto, &mut ()),
                }
            })
        });
        log.fits(result.as_ref().err());
        result
    }

    fn with<T>(
        &self,
        crypto: &Crypto,
        record: &mut dyn Record,
        then: impl FnOnce(Result<VerifiedDocument<'_>, Error>) -> T,
    ) -> T {
        let anchors: Vec<_> = self.anchors.iter().map(Vec::as_slice).collect();
        let lists: Option<Vec<_>> = self
            .lists
            .as_ref()
            .map(|lists| lists.iter().map(|der| RevocationList::parse(der).unwrap()).collect());
        let verification = NitroVerification::new(
            match &self.nonce {
                Some(nonce) => Freshness::nonce(nonce).unwrap(),
                None => Freshness::Waived("the test asks nothing"),
            },
            self.at,
            crypto,
        )
        .anchors(Anchors::and(&anchors))
        .revocation(match &lists {
            Some(lists) if self.lists_required => Revocation::Required(lists),
            Some(lists) => Revocation::Lists(lists),
            None => Revocation::Unchecked("the test gives no list"),
        })
        .options(NitroOptions::USUAL.skew_secs(self.skew_secs).limits(self.limits));
        then(verify(&self.document, &verification, record))
    }

    /// The verification must fail exactly so.
    #[track_caller]
    pub(crate) fn refused(&self, expected: Expected) {
        let error = self.verify().expect_err("accepted");
        expected.is(&error);
    }
}

/// Which error is expected. Where the bytes are at fault, the field is named and the offset is
/// only checked to be inside of the document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    Format(ErrorKind, &'static str),
    Fields(ErrorKind, &'static str),
    Chain(usize, Problem),
    Exactly(Error, Class),
    /// The root is no trust anchor.
    Untrusted,
}

impl Expected {
    #[track_caller]
    fn is(self, error: &Error) {
        let wire = |kind, what, found: &WireError| {
            assert_eq!((found.kind, found.what), (kind, what), "{error}");
            assert!(found.offset <= 16_384, "{error}");
            let unsupported = kind == ErrorKind::Unsupported;
            if unsupported { Class::Unsupported } else { Class::Malformed }
        };
        let class = match (self, error) {
            (Self::Format(kind, what), Error::Format(found)) => wire(kind, what, found),
            (Self::Fields(kind, what), Error::Fields(found)) => wire(kind, what, found),
            (Self::Chain(link, problem), _) => {
                assert_eq!(*error, Error::Chain { link: CertificateIndex(link), problem }, "{error}");
                problem.class()
            }
            (Self::Untrusted, Error::Untrusted { .. }) => Class::NotAuthentic,
            (Self::Exactly(expected, class), _) => {
                assert_eq!(*error, expected, "{error}");
                class
            }
            _ => panic!("{error:?}, expected {self:?}"),
        };
        assert_eq!(error.class(), class, "{error}");
    }
}

pub(crate) const SIGNATURE: Expected = Expected::Exactly(Error::Signature, Class::NotAuthentic);
pub(crate) const UNTRUSTED: Expected = Expected::Untrusted;
pub(crate) const NONCE: Expected = Expected::Exactly(Error::Nonce, Class::NotBound);

/// Holds that an enclave altered is refused exactly so, and unaltered is accepted.
#[track_caller]
pub(crate) fn refused(alter: impl FnOnce(Enclave) -> Enclave, expected: Expected) {
    let enclave = Enclave::new();
    Bag::of(&enclave).verify().expect("the control");
    Bag::of(&alter(enclave)).refused(expected);
}

/// Holds that an enclave with this value in its payload is refused exactly so.
#[track_caller]
pub(crate) fn entry_refused(key: &str, value: impl Into<Value>, expected: Expected) {
    refused(|enclave| enclave.with_entry(key, value), expected);
}

/// Replaces the one place where these bytes stand.
#[track_caller]
pub(crate) fn replace(bytes: &mut Vec<u8>, old: &[u8], new: &[u8]) {
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    let [at] = places[..] else { panic!("{} places", places.len()) };
    bytes.splice(at..at + old.len(), new.iter().copied());
}

/// The findings of one verification: each check with its outcome.
struct Log(Vec<(&'static str, Outcome)>);

impl Record for Log {
    fn record(&mut self, finding: CheckResult<'_>) {
        // Texts are formatted for the sake of whatever could go wrong in them.
        assert!(finding.because.is_some_and(|because| !because.to_string().is_empty()));
        // A waived check is distinguished from one that does not apply.
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
