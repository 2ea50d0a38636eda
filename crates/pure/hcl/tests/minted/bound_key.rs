//! Keys that a verified VM's attestation key certified, bound to the VM's PCRs: each reason to refuse one.

use teeproof_core::{Class, Freshness, Outcome, Record};
use teeproof_hcl::BoundKeyError;
use teeproof_mint::azure::{Vm, ak};
use teeproof_mint::{Key, Kind, Scheme};
use teeproof_tpm::{
    CertificationError as Certification, CertificationEvidence, CertifiedKeyProblem, Selection,
};

use crate::support::{Bag, Findings, NONCE, td_vm, vm};

/// fixedTPM, fixedParent, sensitiveDataOrigin, noDA, decrypt.
const ATTRIBUTES: u32 = 0x0002_0432;
const SHA256: u16 = 0x000b;

/// A key and its certification before they are bytes. Untouched, it is accepted.
struct Statement {
    signer: Key,
    qualified_signer: Vec<u8>,
    nonce: Vec<u8>,
    attributes: u32,
    /// PCRs and values of the key's policy, by ascending number.
    policy: Vec<(u8, [u8; 32])>,
    /// The public area that comes with the certification is another one.
    other_public: bool,
}

/// A machine whose PCR `i` holds `i + 1`.
fn machine() -> Vm {
    measured(vm())
}

fn measured(mut vm: Vm) -> Vm {
    vm.pcrs = core::array::from_fn(|index| [index as u8 + 1; 32]);
    vm.log = None;
    vm
}

fn select(pcrs: &[u8]) -> Selection {
    Selection { bank: SHA256, bitmap: pcrs.iter().fold(0, |bitmap, index| bitmap | 1 << index) }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    teeproof_aws_lc::TABLE.sha256.digest(parts)
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

impl Statement {
    fn genuine() -> Self {
        let signer = machine().ak;
        Self {
            qualified_signer: ak::qualified_signer(&signer).unwrap(),
            signer,
            nonce: NONCE.to_vec(),
            attributes: ATTRIBUTES,
            policy: [0, 7].map(|index| (index, [index + 1; 32])).to_vec(),
            other_public: false,
        }
    }

    fn bent(bend: impl FnOnce(&mut Self)) -> Self {
        let mut statement = Self::genuine();
        bend(&mut statement);
        statement
    }

    /// TPMT_PUBLIC of an RSA key under TPM2_PolicyPCR.
    fn public(&self, exponent: u32) -> Vec<u8> {
        let selection = select(&self.policy.iter().map(|(index, _)| *index).collect::<Vec<_>>());
        let values: Vec<u8> = self.policy.iter().flat_map(|(_, value)| *value).collect();
        let policy = sha256(&[
            &[0; 32],
            &[0x00, 0x00, 0x01, 0x7f, 0x00, 0x00, 0x00, 0x01, 0x00, 0x0b, 0x03],
            &selection.bitmap.to_le_bytes()[..3],
            &sha256(&[&values]),
        ]);
        let modulus = Key::shared("sealing", Kind::Rsa2048).modulus().unwrap();
        let fields: [&[u8]; 6] = [
            &[0x00, 0x01, 0x00, 0x0b],
            &self.attributes.to_be_bytes(),
            &sized(&policy),
            &[0x00, 0x10, 0x00, 0x10, 0x08, 0x00],
            &exponent.to_be_bytes(),
            &sized(&modulus),
        ];
        fields.concat()
    }

    /// TPMS_ATTEST of TPM2_Certify, its signature, and the public area.
    fn certified(&self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let public = self.public(0);
        let name = ak::name(&public);
        let fields: [&[u8]; 6] = [
            &[0xff, 0x54, 0x43, 0x47, 0x80, 0x17],
            &sized(&self.qualified_signer),
            &sized(&self.nonce),
            // Clock, resets, restarts, a safe clock, the firmware's version.
            &[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 1, 0x20, 0x20, 3, 0x12, 0, 0x12, 0, 3],
            &sized(&name),
            &sized(&ak::qualified_name(0x4000_0007, &name)),
        ];
        let message = fields.concat();
        let signature = self.signer.sign(Scheme::Pkcs1Sha256, &message).unwrap();
        (message, signature, if self.other_public { self.public(65_537) } else { public })
    }
}

/// Verifies a machine and then a key of it under both crypto tables, which must agree.
#[track_caller]
fn verify(bag: &Bag, statement: &Statement, pcrs: Selection) -> (Result<Selection, BoundKeyError>, Findings) {
    let (message, signature, public) = statement.certified();
    let evidence = CertificationEvidence::new(&message, &signature, &public);
    let [one, other] = [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE].map(|crypto| {
        bag.with(&crypto, &mut (), |result| {
            let verified = result.unwrap();
            let vm = verified.vtpm();
            let mut findings = Findings::default();
            let record: &mut dyn Record = &mut findings;
            let key = vm.verify_key(&evidence, pcrs, Freshness::nonce(NONCE).unwrap(), &crypto, record).map(
                |key| {
                    assert_eq!(key.certified().public_bytes(), public);
                    assert_eq!(key.certified().certification().head.extra_data, NONCE);
                    key.pcrs()
                },
            );
            (key, findings)
        })
    });
    assert_eq!(one, other, "the tables differ");
    one
}

/// The key must be refused exactly so, and every check before that one be recorded as passed.
#[track_caller]
fn refused(bag: &Bag, statement: &Statement, pcrs: Selection, expected: BoundKeyError, class: Class) {
    let (key, findings) = verify(bag, statement, pcrs);
    assert_eq!(key, Err(expected), "{expected}");
    assert_eq!(expected.class(), class, "{expected}");
    let order = teeproof_tpm::checks::CERTIFY.iter().map(|check| check.id);
    let before: Vec<_> = order.take_while(|id| *id != expected.check().id).collect();
    let recorded: Vec<_> = findings.0.iter().map(|finding| finding.id).collect();
    assert_eq!(recorded, before);
    assert!(findings.0.iter().all(|finding| finding.outcome == Outcome::Pass), "{findings:?}");
}

#[track_caller]
fn bent(bend: impl FnOnce(&mut Statement), expected: Certification, class: Class) {
    let expected = BoundKeyError::Certification(expected);
    refused(&Bag::of(&machine()), &Statement::bent(bend), select(&[0, 7]), expected, class);
}

#[test]
fn a_certified_and_bound_key_is_accepted() {
    for quoted in [&[0, 7][..], &[0, 3, 7, 23]] {
        let bag = Bag::of(&machine().pcr_selection(quoted));
        let (key, findings) = verify(&bag, &Statement::genuine(), select(&[0, 7]));
        assert_eq!(key, Ok(select(&[0, 7])));
        let recorded: Vec<_> = findings.0.iter().map(|finding| (finding.id, finding.outcome)).collect();
        let all = teeproof_tpm::checks::CERTIFY.iter().map(|check| (check.id, Outcome::Pass));
        assert_eq!(recorded, all.collect::<Vec<_>>());
    }
    // On TDX the vTPM is the same, and so is the key.
    let bag = Bag::of(&measured(td_vm()));
    let (key, _) = verify(&bag, &Statement::genuine(), select(&[0, 7]));
    assert_eq!(key, Ok(select(&[0, 7])));
    let other = Statement::bent(|key| key.policy[1].1 = [0xee; 32]);
    let policy = BoundKeyError::Certification(Certification::Policy);
    refused(&bag, &other, select(&[0, 7]), policy, Class::NotBound);
}

#[test]
fn a_key_that_this_vm_did_not_certify_is_refused() {
    let other = Key::shared("another AK", Kind::Rsa2048);
    bent(|key| key.signer = other.clone(), Certification::Signature, Class::NotAuthentic);
    // Genuine on the machine that it is of.
    let there = Bag::of(&machine().attestation_key(other.clone()));
    let statement = Statement::bent(|key| {
        key.qualified_signer = ak::qualified_signer(&other).unwrap();
        key.signer = other;
    });
    verify(&there, &statement, select(&[0, 7])).0.expect("the control");
    let signature = BoundKeyError::Certification(Certification::Signature);
    refused(&Bag::of(&machine()), &statement, select(&[0, 7]), signature, Class::NotAuthentic);
    bent(|key| key.qualified_signer = vec![0; 34], Certification::Signer, Class::NotAuthentic);
}

#[test]
fn what_the_certification_must_say() {
    bent(|key| key.nonce = b"another nonce".to_vec(), Certification::Nonce, Class::NotBound);
    bent(|key| key.other_public = true, Certification::Name, Class::NotBound);
    // sign
    let signs = teeproof_wire::tpm::ObjectAttributes::SIGN;
    let problem = Certification::Key(CertifiedKeyProblem::Has(signs));
    bent(|key| key.attributes |= signs.bits(), problem, Class::NotBound);
}

#[test]
fn the_policy_is_over_exactly_the_pcrs_that_are_demanded() {
    bent(|key| key.policy[1].1 = [0xee; 32], Certification::Policy, Class::NotBound);
    bent(|key| key.policy.truncate(1), Certification::Policy, Class::NotBound);
    bent(|key| key.policy.push((8, [9; 32])), Certification::Policy, Class::NotBound);
    // The same key, and another demand; a PCR that the quote did not sign.
    let bag = Bag::of(&machine().pcr_selection(&[0, 7]));
    for (pcrs, error, class) in [
        (select(&[0]), Certification::Policy, Class::NotBound),
        (select(&[0, 7, 8]), Certification::PcrUnverified(8), Class::Incomplete),
        (select(&[]), Certification::NoPcr, Class::Unsupported),
        (Selection { bank: 4, bitmap: 0x81 }, Certification::Bank(4), Class::Unsupported),
    ] {
        refused(&bag, &Statement::genuine(), pcrs, BoundKeyError::Certification(error), class);
    }
}

#[test]
fn without_verified_pcrs_no_key_is_bound() {
    let mut without_values = Bag::of(&machine());
    without_values.pcrs = None;
    for bag in [Bag::of(&machine()).without_quote(), without_values] {
        let missing = BoundKeyError::NoPcrs;
        refused(&bag, &Statement::genuine(), select(&[0, 7]), missing, Class::Incomplete);
        // A key that is not even certified is refused for that.
        let other = Statement::bent(|key| key.signer = Key::shared("another AK", Kind::Rsa2048));
        let signature = BoundKeyError::Certification(Certification::Signature);
        refused(&bag, &other, select(&[0, 7]), signature, Class::NotAuthentic);
    }
}
