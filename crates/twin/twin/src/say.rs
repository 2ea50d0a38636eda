//! Talk: what whoever watches a twin may want to know.

/// Says something on standard error.
pub(crate) fn say(what: &str) {
    eprintln!("teeproof-twin: {what}");
}
