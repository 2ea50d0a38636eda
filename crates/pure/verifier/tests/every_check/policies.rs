//! The checks that belong to no technology.

use teeproof_mint::nitro::Enclave;

use crate::ask::{Ask, make_fail};

fn unaccepted() -> Ask {
    let minted = Enclave::new().mint().unwrap();
    Ask::of(&[&minted.document], &[minted.root()]).with(|ask| ask.accept.clear())
}

make_fail! {
    a_technology_that_is_not_accepted: "policy.technology" = unaccepted();
}

fn more() -> Vec<crate::Case> {
    vec![]
}
