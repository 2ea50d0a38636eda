//! The reason for which a person accepts what a verb refuses otherwise.

/// A reason as that of a waiver in a policy: not blank.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the reason is blank; it is said with the verdict".to_owned());
    }
    Ok(text.to_owned())
}
