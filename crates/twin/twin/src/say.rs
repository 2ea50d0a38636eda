//! Messages for the user of a running twin.

/// Prints a message on standard error.
pub(crate) fn say(what: &str) {
    eprintln!("teeproof-twin: {what}");
}
