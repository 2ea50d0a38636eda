//! User-data: the nonce, required or not, and expected data.

use teeproof_core::{Class, Outcome, Rule};
use teeproof_hcl::{Error, HclPolicy};
use teeproof_mint::azure::Vm;

use crate::support::{Bag, NONCE, vm};

fn with_nonce(bag: Bag, nonce: &[u8]) -> Bag {
    Bag { nonce: Some(nonce.to_vec()), ..bag }
}

#[test]
fn without_a_quote_the_nonce_is_in_user_data() {
    let long: Vec<u8> = (7..71).collect();
    for nonce in [NONCE, &long, &long[..16]] {
        let bag = with_nonce(Bag::of(&vm().user_data(nonce)).without_quote(), nonce);
        let seen = bag.verify().unwrap();
        seen.findings.assert_finding("hcl.user-data", Outcome::Pass, "user-data is the nonce");
        // Any other nonce, the beginning of the right one, and the right one with more.
        for other in [&nonce[1..], &nonce[..nonce.len() - 1], b"another nonce altogether", &[0; 64]] {
            with_nonce(bag.clone(), other).refused(Error::Nonce, Class::NotBound);
        }
    }
    // Bytes that nobody wrote are zeros, which answer no question.
    for equal in [&[0; 32][..], &[7; 64]] {
        let bag = with_nonce(Bag::of(&vm().user_data(equal)).without_quote(), equal);
        bag.verify().unwrap().findings.assert_finding(
            "hcl.user-data",
            Outcome::Warn,
            "equal bytes can be guessed",
        );
    }
    let short = with_nonce(Bag::of(&vm().user_data(b"short")).without_quote(), b"short");
    short.verify().unwrap().findings.assert_finding("hcl.user-data", Outcome::Warn, "can be guessed");
}

#[test]
fn the_whole_of_user_data_counts() {
    let nonce = [5; 32];
    for tail in [32, 63] {
        let mut data = [0; 64];
        data[..32].copy_from_slice(&nonce);
        data[tail] = 1;
        let bag = with_nonce(Bag::of(&vm().user_data(&data)).without_quote(), &nonce);
        bag.refused(Error::Nonce, Class::NotBound);
    }
    // The nonce somewhere in it.
    let shifted = with_nonce(Bag::of(&vm().user_data(&[&[0], &nonce[..]].concat())).without_quote(), &nonce);
    shifted.refused(Error::Nonce, Class::NotBound);
}

#[test]
fn lengths_of_a_nonce() {
    let bag = Bag::of(&vm()).without_quote();
    // An empty nonce would match user-data of zeros, and is not a `Nonce`; a long one matches nothing.
    assert!(teeproof_core::Nonce::from_bytes(b"").is_err());
    for length in [65, 128, teeproof_core::Nonce::MAX_BYTES] {
        with_nonce(bag.clone(), &vec![0; length]).refused(Error::UserDataLength, Class::NotBound);
    }
    let none = vm().with_claims(|claims| claims.user_data = None);
    with_nonce(Bag::of(&none).without_quote(), NONCE).refused(Error::NoUserData, Class::NotBound);
}

#[test]
fn with_a_quote_the_quote_has_the_nonce() {
    // User-data says something else, or nothing: the report may be an old one, which is finding.
    let none = |vm: Vm| vm.with_claims(|claims| claims.user_data = None);
    for vm in [vm().user_data(b"something else"), vm(), none(vm())] {
        let seen = with_nonce(Bag::of(&vm.nonce(NONCE)), NONCE).verify().unwrap();
        seen.findings.assert_finding("quote.nonce", Outcome::Pass, "extraData");
        seen.findings.assert_finding("hcl.user-data", Outcome::Warn, "only the quote is fresh");
        assert_eq!(seen.fresh_report, Some(false));
    }
    // The nonce passes wherever it is found, whether or not the protocol promises it.
    let seen = with_nonce(Bag::of(&vm().nonce(NONCE).user_data(NONCE)), NONCE).verify().unwrap();
    seen.findings.assert_finding("hcl.user-data", Outcome::Pass, "the hardware report is fresh");
    assert_eq!(seen.fresh_report, Some(true));
    // In user-data alone it is not enough.
    let bag = with_nonce(Bag::of(&vm().user_data(NONCE)), NONCE);
    bag.refused(Error::Tpm(teeproof_tpm::Error::Nonce), Class::NotBound);
}

#[test]
fn where_the_protocol_says_so_both_have_it() {
    let both = |vm| Bag { nonce_in_user_data: true, ..with_nonce(Bag::of(&vm), NONCE) };
    let seen = both(vm().nonce(NONCE).user_data(NONCE)).verify().unwrap();
    seen.findings.assert_finding("quote.nonce", Outcome::Pass, "extraData");
    seen.findings.assert_finding("hcl.user-data", Outcome::Pass, "user-data is the nonce");
    both(vm().nonce(NONCE)).refused(Error::Nonce, Class::NotBound);
    both(vm().user_data(NONCE)).refused(Error::Tpm(teeproof_tpm::Error::Nonce), Class::NotBound);
    // Waived is waived in both, and said once.
    let waived = Bag { nonce: None, ..both(vm().nonce(NONCE).user_data(NONCE)) };
    let seen = waived.verify().unwrap();
    assert!(seen.findings.of("quote.nonce").waived);
    seen.findings.assert_finding("hcl.user-data", Outcome::Skip, "neither a nonce nor user-data is expected");
    assert_eq!(seen.fresh_report, None);
}

/// A sender who hides that the protocol puts the nonce into user-data gains a warning, and a policy
/// turns it into a refusal.
#[test]
fn a_policy_demands_a_fresh_report() {
    let demanding = HclPolicy::genuine().fresh_report(Rule::exactly(true).at_line(7));
    let hardware = teeproof_snp::SnpPolicy::genuine();
    let old = with_nonce(Bag::of(&vm().nonce(NONCE)), NONCE);
    let unasked = Bag { nonce: None, ..Bag::of(&vm().user_data(NONCE)) };
    for (bag, actual) in [(&old, "no"), (&unasked, "absent")] {
        assert!(bag.appraise(&hardware, &HclPolicy::genuine()).0);
        let (accepted, findings) = bag.appraise(&hardware, &demanding);
        let finding = findings.of("hcl.fresh-report");
        assert!(!accepted);
        assert_eq!((finding.outcome, &*finding.actual, finding.line), (Outcome::Fail, actual, Some(7)));
    }
    let fresh = with_nonce(Bag::of(&vm().nonce(NONCE).user_data(NONCE)), NONCE);
    assert!(fresh.appraise(&hardware, &demanding).0);
    assert!(with_nonce(fresh.without_quote(), NONCE).appraise(&hardware, &demanding).0);
}

#[test]
fn what_else_was_asked_for() {
    let data = b"the hash of a key";
    for quoted in [true, false] {
        let mut bag = Bag::of(&vm().user_data(data));
        if !quoted {
            bag = bag.without_quote();
        }
        bag.user_data = Some(data.to_vec());
        let seen = bag.verify().unwrap();
        let count = |outcome| {
            seen.findings.0.iter().filter(|t| t.id == "hcl.user-data" && t.outcome == outcome).count()
        };
        // A waived nonce is recorded too, if it would have been in user-data.
        assert_eq!((count(Outcome::Pass), count(Outcome::Skip)), (1, usize::from(!quoted)));
        for other in [&data[1..], &data[..5], b"", &[0; 64]] {
            bag.user_data = Some(other.to_vec());
            bag.refused(Error::UserData, Class::NotBound);
        }
        bag.user_data = Some(vec![0; 65]);
        bag.refused(Error::UserDataLength, Class::NotBound);
    }
    // Nothing at all is a demand: zeros.
    let mut zeros = Bag::of(&vm());
    zeros.user_data = Some(Vec::new());
    zeros.verify().unwrap();
    let mut none = Bag::of(&vm().with_claims(|claims| claims.user_data = None));
    none.user_data = Some(Vec::new());
    none.refused(Error::NoUserData, Class::NotBound);
    // Both at once, which only one value can meet.
    let mut both = with_nonce(Bag::of(&vm().user_data(NONCE)).without_quote(), NONCE);
    both.user_data = Some(data.to_vec());
    both.refused(Error::UserData, Class::NotBound);
    both.user_data = Some(NONCE.to_vec());
    assert_eq!(both.verify().unwrap().findings.0.iter().filter(|t| t.id == "hcl.user-data").count(), 2);
}
