//! Verification under both tables.

use teeproof_core::{BadSignature, Crypto};

/// Whether both tables accept; panics if they disagree.
#[track_caller]
pub(crate) fn both(ask: impl Fn(&Crypto<'static>) -> Result<(), BadSignature>) -> bool {
    let [ours, theirs] =
        [&teeproof_rustcrypto::TABLE, &teeproof_aws_lc::TABLE].map(|table| ask(table).is_ok());
    assert_eq!(ours, theirs, "rustcrypto {ours}, aws-lc {theirs}");
    ours
}
