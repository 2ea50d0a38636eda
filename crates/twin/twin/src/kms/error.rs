//! Errors of KMS by their names, with their bodies.

use serde_json::{Value, json};

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The name of the exception.
    pub(super) name: &'static str,
    /// The message; some exceptions have none.
    pub(super) message: Option<String>,
}

impl Refused {
    pub(super) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: Some(message.into()) }
    }

    /// An exception without a message.
    pub(super) const fn bare(name: &'static str) -> Self {
        Self { name, message: None }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(super) fn internal() -> Self {
        Self::new("KMSInternalException", "the twin of KMS has no random numbers, or a key could not be made")
    }

    /// KMS answers 400 to all but its own faults.
    pub(super) fn status(&self) -> u16 {
        if self.name == "KMSInternalException" { 500 } else { 400 }
    }

    /// The JSON body. AccessDeniedException alone spells its member with a capital letter.
    pub(super) fn body(&self) -> Value {
        let member = if self.name == "AccessDeniedException" { "Message" } else { "message" };
        let mut body = json!({ "__type": self.name });
        if let (Some(message), Some(body)) = (&self.message, body.as_object_mut()) {
            body.insert(member.to_owned(), message.as_str().into());
        }
        body
    }
}
