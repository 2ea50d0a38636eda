//! Asking both tables, which must agree.

use teeproof_core::{BadSignature, Crypto};

/// Asks both tables, which must agree, and says whether they accept.
#[track_caller]
pub(crate) fn both(ask: impl Fn(&Crypto<'static>) -> Result<(), BadSignature>) -> bool {
    let [ours, theirs] =
        [&teeproof_rustcrypto::TABLE, &teeproof_aws_lc::TABLE].map(|table| ask(table).is_ok());
    assert_eq!(ours, theirs, "rustcrypto {ours}, aws-lc {theirs}");
    ours
}
