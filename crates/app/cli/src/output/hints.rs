//! Hints of errors: what to run, what to change.

/// The known word that is closest to what was written, if any is close.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_close_is_suggested() {
        let known = ["snp.chain", "nitro.chain"];
        assert_eq!(nearest("snp.chian", known.iter().copied()), Some("snp.chain"));
        assert_eq!(nearest("xyz", known.iter().copied()), None);
    }
}
