//! Hints: the closest known word, and the option or verb that does what the hint of a library asks for.

use teeproof::RequestError;
use teeproof_evidence::InputError;

/// The known word that is closest to what was written, if any is close.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

/// Phrases of the libraries' hints, and what the command calls them.
const OPTIONS: &[(&str, &str)] = &[
    ("as a trust anchor", "--anchor FILE"),
    ("as an endorsement", "--endorsements FILE"),
    ("at the time of the document", "--at document"),
    ("at the present time", "--at now"),
    ("in the request", "--accept"),
    ("The nonce as UTF-8 text", "--nonce utf8:TEXT"),
    ("read the report anew", "teeproof collect azure does"),
    ("the decoded log", "teeproof inspect"),
    ("the reference values", "teeproof policy reference"),
    ("quote PCRs 0 to 7 at least", "teeproof collect azure quotes all PCRs without --pcrs"),
    ("pin the PCRs whose values you know to be right", "--pin 4,7"),
    ("collect with the event log of that start", "teeproof collect azure takes it along"),
];

/// A library's hint with the options of the command. A hint that has them stays as it is.
pub(crate) fn with_options(hint: &str) -> String {
    OPTIONS.iter().fold(hint.to_owned(), |text, (phrase, option)| {
        let named = format!("{phrase} ({option})");
        if text.contains(&named) { text } else { text.replace(phrase, &named) }
    })
}

/// The hint of files that cannot be taken, with the verb or flag of this command that helps.
pub(crate) fn of_input(error: &InputError) -> String {
    let hint = error.hint();
    let more = match error {
        InputError::NotOfKind { .. } => "leave --as out",
        InputError::SealingKey { .. } => "teeproof seal key writes it",
        InputError::Unknown | InputError::TooLarge { .. } | InputError::Wire(..) => "--as names the kind",
        InputError::Trailing { .. } => "--as names another kind",
        InputError::Unverified(_) => "teeproof inspect shows what it says",
        InputError::NotEvidence(_) => "teeproof inspect shows what this file holds",
        InputError::OfRtmrs(_) => "teeproof inspect shows the RTMRs that a CCEL makes",
        InputError::Evidence { problem, .. } if problem.is_unsupported() => {
            "teeproof inspect shows what can be read"
        }
        _ => return hint.into_owned(),
    };
    format!("{hint}; {more}")
}

/// What to change of a command line that makes no sense for the evidence.
pub(crate) fn of_request(error: &RequestError) -> String {
    match error {
        RequestError::NoTimeInEvidence(_) => "--at now, or --at 2026-01-31T12:00:00Z".to_owned(),
        RequestError::NoUserData(_) => {
            "leave --user-data out; a policy compares what SNP reports (report-data) and Nitro documents (user-data) hold"
                .to_owned()
        }
        other => with_options(other.hint()),
    }
}

#[cfg(test)]
mod tests {
    use teeproof_evidence::InputKind;

    use super::*;

    #[test]
    fn only_what_is_close_is_suggested() {
        let known = ["snp.chain", "nitro.chain"];
        assert_eq!(nearest("snp.chian", known.iter().copied()), Some("snp.chain"));
        assert_eq!(nearest("xyz", known.iter().copied()), None);
    }

    #[test]
    fn a_file_of_no_use_is_shown_by_inspect() {
        for kind in [InputKind::TdQuote, InputKind::TdReport, InputKind::NitroTpmDocument] {
            let hint = of_input(&InputError::Unverified(kind));
            assert!(hint.ends_with("; teeproof inspect shows what it says"), "{hint}");
        }
        assert!(of_input(&InputError::Unknown).ends_with("; --as names the kind"));
        let (said, found) = (InputKind::TpmQuote, InputKind::SnpReport);
        assert!(of_input(&InputError::NotOfKind { said, found }).ends_with("; leave --as out"));
        assert_eq!(of_input(&InputError::Empty), InputError::Empty.hint());
    }

    #[test]
    fn options_follow_their_phrases_once() {
        let hint = "Add its certificate as a trust anchor.";
        let named = "Add its certificate as a trust anchor (--anchor FILE).";
        assert_eq!(with_options(hint), named);
        assert_eq!(with_options(named), named);
        assert_eq!(with_options("Check the clock."), "Check the clock.");
    }
}
