//! Which clock: the verifier's now with its skew, or the document's own time stamp.

use teeproof_core::{Class, Time};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::x509::Validity;
use teeproof_nitro::{Appraisal, Error, Moment};
use teeproof_x509::Problem;

use crate::support::{AT, Bag, Expected};

/// The leaf of minted documents: from a quarter of an hour before to three hours and three seconds
/// after that.
const FROM: i64 = AT - 900;
const UNTIL: i64 = FROM + 3 * 3600 + 3;
const LEAF: usize = 4;

const TIMESTAMP: Expected = Expected::Exactly(Error::Timestamp, Class::NotBound);

/// A document made at this moment, in milliseconds.
fn made(millis: i64) -> Bag {
    Bag::of(&Enclave::new().with_entry("timestamp", millis.unsigned_abs()))
}

fn future(made: i64, at: i64) -> Expected {
    Expected::Exactly(Error::Future { timestamp: Time(made), at: Time(at) }, Class::NotBound)
}

#[test]
fn the_leaf_is_as_these_tests_think() {
    let validity = &Enclave::new().chain[LEAF].certificate.validity;
    assert_eq!(*validity, Validity::new(FROM.unsigned_abs(), UNTIL.unsigned_abs()));
}

#[test]
fn the_verifiers_clock_at_the_edges_of_the_leaf() {
    let bag = made(AT * 1000);
    bag.clone().at(UNTIL).verify().unwrap();
    let expired = Problem::Expired { not_after: Time(UNTIL), at: Time(UNTIL + 1) };
    bag.at(UNTIL + 1).refused(Expected::Chain(LEAF, expired));
    // A document made at once under a new leaf, verified by clocks that are behind.
    let fresh = made(FROM * 1000);
    fresh.clone().at(FROM).verify().unwrap();
    for (skew_secs, late, good) in
        [(0, 0, true), (0, 1, false), (1, 1, true), (300, 300, true), (300, 301, false)]
    {
        let bag = Bag { skew_secs, ..fresh.clone() }.at(FROM - late);
        if good {
            assert_eq!(bag.verify().unwrap().age, Some(-late), "{skew_secs} {late}");
        } else {
            let problem = Problem::NotYetValid { not_before: Time(FROM), at: Time(FROM - late) };
            bag.refused(Expected::Chain(LEAF, problem));
        }
    }
}

#[test]
fn time_stamps_outside_of_the_leafs_validity() {
    for (stamp, good) in [
        (FROM * 1000, true),
        // The skew is allowed for before, not after.
        ((FROM - 300) * 1000, true),
        ((FROM - 300) * 1000 - 1, false),
        ((FROM - 301) * 1000, false),
        (UNTIL * 1000 + 999, true),
        ((UNTIL + 1) * 1000, false),
        (i64::MAX, false),
    ] {
        // Verified late enough that nothing is in the future.
        let bag = made(stamp).at(UNTIL);
        if good {
            bag.verify().unwrap_or_else(|error| panic!("{stamp}: {error}"));
        } else {
            bag.refused(TIMESTAMP);
        }
    }
}

#[test]
fn time_stamps_in_the_future() {
    for (ahead, good) in [(1, true), (300, true), (301, false), (3600, false)] {
        let bag = made((AT + ahead) * 1000);
        if good {
            assert_eq!(bag.verify().unwrap().age, Some(-ahead));
        } else {
            bag.refused(future(AT + ahead, AT));
        }
    }
    let exact = Bag { skew_secs: 0, ..made(AT * 1000 + 999) };
    exact.verify().unwrap();
    Bag { skew_secs: 0, ..made((AT + 1) * 1000) }.refused(future(AT + 1, AT));
}

#[test]
fn an_archived_document_is_judged_at_its_own_time() {
    for stamp in [FROM, AT, UNTIL] {
        let bag = Bag { at: Moment::OfDocument, ..made(stamp * 1000) };
        let seen = bag.verify().unwrap();
        assert_eq!((seen.age, seen.genuine), (None, Appraisal::Accepted));
    }
    let archived = |stamp: i64| Bag { at: Moment::OfDocument, ..made(stamp * 1000) };
    let early = Problem::NotYetValid { not_before: Time(FROM), at: Time(FROM - 301) };
    archived(FROM - 300).verify().unwrap();
    archived(FROM - 301).refused(Expected::Chain(LEAF, early));
    let late = Problem::Expired { not_after: Time(UNTIL), at: Time(UNTIL + 1) };
    archived(UNTIL + 1).refused(Expected::Chain(LEAF, late));
}

/// A chain that was never valid at one moment is never accepted, at whatever time.
#[test]
fn certificates_whose_validities_do_not_meet() {
    let enclave = Enclave::new().with_chain(|chain| {
        chain[2].certificate.validity = Validity::new(0, (AT - 400).unsigned_abs());
        chain[3].certificate.validity = Validity::new((AT - 50).unsigned_abs(), UNTIL.unsigned_abs());
    });
    let bag = Bag::of(&enclave);
    for at in (AT - 1000..AT + 1000).step_by(50) {
        assert_eq!(bag.clone().at(at).verify().unwrap_err().class(), Class::Incomplete);
    }
    assert_eq!(Bag { at: Moment::OfDocument, ..bag }.verify().unwrap_err().class(), Class::Incomplete);
}
