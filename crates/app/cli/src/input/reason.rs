//! The reason for which a person accepts what a verb refuses otherwise.

use teeproof::core::visible;

/// A reason as that of a waiver in a policy: a reader sees something of it.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    if visible(text).next().is_none() {
        return Err("the reason is blank; it is said with the verdict".to_owned());
    }
    Ok(text.to_owned())
}
