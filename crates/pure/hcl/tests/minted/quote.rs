//! The vTPM's quote under the claims' attestation key, its PCR values and the event log.

use teeproof_core::{Class, Outcome};
use teeproof_hcl::Error;
use teeproof_mint::azure::{EventLog, Selection};
use teeproof_mint::{Key, Kind};
use teeproof_tpm::SelectionProblem;

use crate::support::{Bag, NONCE, refused, vm};

#[test]
fn a_quote_under_another_key_is_refused() {
    let signature = Error::Tpm(teeproof_tpm::Error::Signature);
    let other = || Key::shared("another AK", Kind::Rsa2048);
    refused(|vm| vm.with_quote(|quote| quote.signer = Some(other())), signature, Class::NotAuthentic);
    // A whole quote of another machine, honest in itself.
    let mut bag = Bag::of(&vm());
    bag.quote = Bag::of(&vm().attestation_key(other())).quote;
    bag.refused(signature, Class::NotAuthentic);
    // Under the endorsement key, which the claims contain too.
    let ek = Key::shared("HCLEkPub", Kind::Rsa2048);
    refused(|vm| vm.with_quote(|quote| quote.signer = Some(ek)), signature, Class::NotAuthentic);
}

#[test]
fn what_the_tpm_crate_refuses_is_refused() {
    let tpm = Error::Tpm;
    // A key that the guest made: named otherwise than a primary key of the endorsement hierarchy.
    refused(
        |vm| vm.with_quote(|quote| quote.qualified_signer = Some(vec![0; 34])),
        tpm(teeproof_tpm::Error::Signer),
        Class::NotAuthentic,
    );
    refused(
        |vm| vm.with_quote(|quote| quote.selections = vec![Selection::of(4, &[0])]),
        tpm(teeproof_tpm::Error::Selection(SelectionProblem::Bank(4))),
        Class::Unsupported,
    );
    let mut bag = Bag::of(&vm().nonce(NONCE));
    bag.nonce = Some(b"another question".to_vec());
    bag.refused(tpm(teeproof_tpm::Error::Nonce), Class::NotBound);
    let mut bag = Bag::of(&vm());
    bag.pcrs.as_mut().unwrap()[7] = Some([7; 32]);
    bag.refused(tpm(teeproof_tpm::Error::PcrDigest), Class::NotBound);
    bag.pcrs.as_mut().unwrap()[7] = None;
    bag.refused(tpm(teeproof_tpm::Error::PcrMissing(7)), Class::Incomplete);
    let mut bag = Bag::of(&vm());
    bag.log = Some(b"no log".to_vec());
    let error = bag.verify().unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Malformed, "log.format"));
}

#[test]
fn registers_without_a_quote_are_refused() {
    let mut bag = Bag::of(&vm());
    bag.quote = None;
    bag.refused(Error::PcrsWithoutQuote, Class::NotBound);
    assert_eq!(Error::PcrsWithoutQuote.check().id, "quote.pcrs");
}

#[test]
fn only_the_signed_registers_can_be_read() {
    let mut bag = Bag::of(&vm().pcr_selection(&[0, 7, 16]));
    // What the quote did not sign may say anything, and is dropped.
    bag.pcrs.as_mut().unwrap()[8] = Some([8; 32]);
    bag.pcrs.as_mut().unwrap()[23] = None;
    let seen = bag.verify().unwrap();
    let indices: Vec<_> = seen.pcrs.unwrap().iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, [0, 7, 16]);
}

#[test]
fn a_log_that_does_not_explain_is_warned_of() {
    let vm = vm().with_log(|log| {
        log.events.pop();
    });
    let seen = Bag::of(&vm).verify().unwrap();
    assert_eq!(seen.log_explains, Some(false));
    assert_eq!(seen.findings.of("log.replay").outcome, Outcome::Warn);
    let again = vm.log(EventLog::booted_securely());
    assert_eq!(Bag::of(&again).verify().unwrap().log_explains, Some(true));
}
