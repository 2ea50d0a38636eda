//! Certified keys written by hand, with everything that can be bent, and one way to have them
//! verified.

use sha2::{Digest, Sha256};
use teeproof_core::{CheckResult, Class, Crypto, Freshness, Outcome, Record, RsaKey};
use teeproof_mint::azure::ak;
use teeproof_mint::{Key, Kind, Scheme};
use teeproof_tpm::{
    CertificationError, CertificationEvidence, CertifiedKey, Selection, TpmVerification, VerifiedPcrs,
    checks, verify_certification,
};

use crate::support::*;

/// fixedTPM, fixedParent, sensitiveDataOrigin, noDA, decrypt.
pub(crate) const ATTRIBUTES: u32 = 0x0002_0432;
const NULL: u16 = 0x0010;

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

/// The policy that registers, given by number and value in their order, have their values.
pub(crate) fn policy(registers: &[(u8, [u8; 32])]) -> [u8; 32] {
    let bitmap = registers.iter().fold(0_u32, |bitmap, (index, _)| bitmap | 1 << index);
    let values: Vec<u8> = registers.iter().flat_map(|(_, value)| *value).collect();
    sha256(&[
        &[0; 32],
        &[0x00, 0x00, 0x01, 0x7f, 0x00, 0x00, 0x00, 0x01, 0x00, 0x0b, 0x03],
        &bitmap.to_le_bytes()[..3],
        &sha256(&[&values]),
    ])
}

/// TPMT_PUBLIC of an RSA key.
#[derive(Clone)]
pub(crate) struct Area {
    pub(crate) kind: u16,
    pub(crate) name_alg: u16,
    pub(crate) attributes: u32,
    pub(crate) policy: Vec<u8>,
    pub(crate) symmetric: u16,
    pub(crate) scheme: Vec<u16>,
    pub(crate) bits: u16,
    pub(crate) exponent: u32,
    pub(crate) modulus: Vec<u8>,
}

impl Area {
    fn bytes(&self) -> Vec<u8> {
        let scheme: Vec<u8> = self.scheme.iter().flat_map(|word| word.to_be_bytes()).collect();
        let fields: [&[u8]; 9] = [
            &self.kind.to_be_bytes(),
            &self.name_alg.to_be_bytes(),
            &self.attributes.to_be_bytes(),
            &sized(&self.policy),
            &self.symmetric.to_be_bytes(),
            &scheme,
            &self.bits.to_be_bytes(),
            &self.exponent.to_be_bytes(),
            &sized(&self.modulus),
        ];
        fields.concat()
    }
}

pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// A key and its certification before they are bytes. Untouched, it is accepted.
#[derive(Clone)]
pub(crate) struct Statement {
    pub(crate) area: Area,
    pub(crate) signer: Key,
    pub(crate) scheme: Scheme,
    pub(crate) magic: u32,
    pub(crate) kind: u16,
    pub(crate) qualified_signer: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
    pub(crate) safe: u8,
    /// The name in place of the right one.
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) trailing: Vec<u8>,
}

/// The attestation key of [`vm`].
pub(crate) fn attestation_key() -> Key {
    vm().ak
}

impl Statement {
    pub(crate) fn genuine() -> Self {
        let signer = attestation_key();
        Self {
            area: Area {
                kind: 0x0001,
                name_alg: 0x000b,
                attributes: ATTRIBUTES,
                policy: policy(&[(7, [8; 32])]).to_vec(),
                symmetric: NULL,
                scheme: vec![NULL],
                bits: 2048,
                exponent: 0,
                modulus: Key::shared("sealing", Kind::Rsa2048).modulus().unwrap(),
            },
            scheme: Scheme::Pkcs1Sha256,
            magic: 0xff54_4347,
            kind: 0x8017,
            qualified_signer: ak::qualified_signer(&signer).unwrap(),
            nonce: NONCE.to_vec(),
            safe: 1,
            name: None,
            trailing: Vec::new(),
            signer,
        }
    }

    fn message(&self, public: &[u8]) -> Vec<u8> {
        let name = self.name.clone().unwrap_or_else(|| ak::name(public));
        let fields: [&[u8]; 12] = [
            &self.magic.to_be_bytes(),
            &self.kind.to_be_bytes(),
            &sized(&self.qualified_signer),
            &sized(&self.nonce),
            &123_456_u64.to_be_bytes(),
            &7_u32.to_be_bytes(),
            &1_u32.to_be_bytes(),
            &[self.safe],
            &0x2020_0312_0012_0003_u64.to_be_bytes(),
            &sized(&name),
            // A primary key of the null hierarchy.
            &sized(&ak::qualified_name(0x4000_0007, &name)),
            &self.trailing,
        ];
        fields.concat()
    }

    pub(crate) fn certified(&self) -> Certified {
        let public = self.area.bytes();
        let message = self.message(&public);
        Certified {
            signature: self.signer.sign(self.scheme, &message).unwrap(),
            message,
            public,
            modulus: attestation_key().modulus().unwrap(),
            exponent: vec![1, 0, 1],
            nonce: Some(NONCE.to_vec()),
        }
    }
}

/// A genuine key with one thing bent, signed again.
pub(crate) fn bent(bend: impl FnOnce(&mut Statement)) -> Certified {
    let mut statement = Statement::genuine();
    bend(&mut statement);
    statement.certified()
}

/// An unverified key, with everything that a relying party decides.
#[derive(Clone)]
pub(crate) struct Certified {
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) public: Vec<u8>,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
    /// The nonce; none is a waiver.
    pub(crate) nonce: Option<Vec<u8>>,
}

/// What was verified, owned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeenKey {
    pub(crate) name: Vec<u8>,
    pub(crate) modulus: Vec<u8>,
    pub(crate) policy: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
    pub(crate) attributes: u32,
}

impl Certified {
    /// Verifies under both crypto tables, which must agree.
    #[track_caller]
    pub(crate) fn verify(&self) -> Result<SeenKey, CertificationError> {
        let [one, other] = tables().map(|table| self.verify_under(&table));
        assert_eq!(one, other, "the tables differ");
        one
    }

    /// The verification must fail exactly so.
    #[track_caller]
    pub(crate) fn refused(&self, expected: CertificationError, class: Class) {
        let error = self.verify().expect_err("accepted");
        is(error, expected, class);
    }

    pub(crate) fn verify_under(&self, crypto: &Crypto) -> Result<SeenKey, CertificationError> {
        let mut passed = Passed::default();
        let result = self.run(crypto, &mut passed).map(|key| {
            assert_eq!(key.key().exponent, [1, 0, 1]);
            assert_eq!(key.key().modulus, key.public().modulus);
            SeenKey {
                name: key.name().to_vec(),
                modulus: key.key().modulus.to_vec(),
                policy: key.public().auth_policy.to_vec(),
                nonce: key.certification().head.extra_data.to_vec(),
                attributes: key.public().attributes.bits(),
            }
        });
        passed.fit(result.as_ref().err(), self.nonce.is_none());
        result
    }

    fn run<'a>(
        &'a self,
        crypto: &Crypto,
        record: &mut dyn Record,
    ) -> Result<CertifiedKey<'a>, CertificationError> {
        let evidence = CertificationEvidence::new(&self.message, &self.signature, &self.public);
        let verification = TpmVerification::new(
            RsaKey { modulus: &self.modulus, exponent: &self.exponent },
            match &self.nonce {
                Some(nonce) => Freshness::nonce(nonce).unwrap(),
                None => Freshness::Waived("the test asks nothing"),
            },
            crypto,
        );
        verify_certification(&evidence, &verification, record)
    }

    /// Verifies the key and then its policy, under both tables.
    #[track_caller]
    pub(crate) fn policy(&self, pcrs: &VerifiedPcrs, selection: Selection) -> Result<(), CertificationError> {
        let [one, other] = tables().map(|table| {
            let mut passed = Passed::default();
            let key = self.run(&table, &mut passed).unwrap();
            let result = key.verify_policy(pcrs, selection, &table, &mut passed);
            let last = passed.0.last().unwrap().0;
            assert_eq!(last == checks::KEY_POLICY.id, result.is_ok());
            result
        });
        assert_eq!(one, other, "the tables differ");
        one
    }
}

/// The error is this one, of this class, and its check says that it ends so.
#[track_caller]
pub(crate) fn is(error: CertificationError, expected: CertificationError, class: Class) {
    assert_eq!(error, expected, "{error}");
    assert_eq!(error.class(), class, "{error}");
    assert!(error.check().classes.contains(&class), "{error}");
    assert!(!error.to_string().is_empty());
}

/// Which checks were recorded, and the outcome of each.
#[derive(Default)]
struct Passed(Vec<(&'static str, Outcome)>);

impl Record for Passed {
    fn record(&mut self, finding: CheckResult<'_>) {
        assert!(finding.because.is_some_and(|because| !because.to_string().is_empty()));
        assert_ne!(finding.outcome, Outcome::Fail);
        self.0.push((finding.check.id, finding.outcome));
    }
}

impl Passed {
    /// The checks are recorded in their order: all but the policy's, or those before the one that
    /// failed. Only a nonce that is waived was not checked.
    #[track_caller]
    fn fit(&self, error: Option<&CertificationError>, waived: bool) {
        let order: Vec<_> = checks::CERTIFY.iter().map(|check| check.id).collect();
        let recorded: Vec<_> = self.0.iter().map(|(id, _)| *id).collect();
        assert!(order.starts_with(&recorded), "{error:?}: {recorded:?}");
        match error {
            None => assert_eq!(order[recorded.len()..], [checks::KEY_POLICY.id]),
            Some(error) => assert_eq!(order[recorded.len()], error.check().id, "{recorded:?}"),
        }
        for (id, outcome) in &self.0 {
            let chosen = *id == checks::KEY_NONCE.id && waived;
            assert_eq!(*outcome == Outcome::Skip, chosen, "{id}");
        }
    }
}
