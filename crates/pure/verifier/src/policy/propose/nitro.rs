//! `[nitro]`, proposed.

use alloc::vec::Vec;

use teeproof_nitro::VerifiedDocument;

use super::line::{Lines, plain};

/// The section for these documents.
pub(super) fn lines(documents: &[&VerifiedDocument<'_>]) -> Lines {
    let mut lines = Lines::default();
    lines.found("debug", documents.iter().map(|one| Some(plain(one.is_debug()))));
    for (field, why) in WAIVED {
        lines.waived(field, why);
    }
    let banks: Vec<Vec<(u8, [u8; 48])>> = documents
        .iter()
        .map(|one| one.document().pcrs.iter().map(|(index, pcr)| (index, *pcr)).collect())
        .collect();
    lines.registers("nitro", &banks, VOLATILE);
    lines
}

const WAIVED: [(&str, &str); 6] = [
    ("signer", "PCR8 says it, if the image is signed"),
    ("module-id", "a new one at each start"),
    ("instance", "one instance's alone"),
    ("user-data", "the enclave's own data"),
    ("public-key", "the enclave's own data"),
    ("max-age", "the nonce shows freshness"),
];

const VOLATILE: &[(u8, &str)] = &[(4, "the parent instance's id: one instance's alone")];
