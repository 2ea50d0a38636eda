//! Errors of EC2 by their codes, with status and body.

use crate::aws::sigv4::{SignatureError, SignatureFault};

use super::xml;

/// An error as EC2 answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The code.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

/// Codes with their status and sentence. EC2 documents which codes are errors of the server; the exact status of a lack of
/// capacity is not documented.
const KNOWN: &[(&str, u16, &str)] = &[
    ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
    ("DryRunOperation", 412, "Request would have succeeded, but DryRun flag is set."),
    (
        "InsufficientInstanceCapacity",
        500,
        "We currently do not have sufficient capacity in the Availability Zone you requested.",
    ),
    ("InternalError", 500, "An internal error has occurred"),
    ("InternalFailure", 500, "The request processing has failed because of an unknown error"),
    ("PendingVerification", 400, "Your request for accessing resources in this region is being validated."),
    ("RequestLimitExceeded", 503, "Request limit exceeded."),
    ("ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server."),
    ("Throttling", 400, "Rate exceeded"),
    ("Unavailable", 503, "The server is overloaded and can't handle the request."),
    ("UnauthorizedOperation", 403, "You are not authorized to perform this operation."),
    (
        "VcpuLimitExceeded",
        400,
        "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that \
         the specified instance type belongs to.",
    ),
];

impl ErrorResponse {
    /// The error of this code, with the status that it has in EC2: 400 for codes that are not known here.
    #[must_use]
    pub fn of(code: &str) -> Self {
        let known = KNOWN.iter().find(|(known, ..)| *known == code);
        let (status, message) =
            known.map_or((400, "The request is refused by the twin of EC2."), |row| (row.1, row.2));
        Self { code: code.to_owned(), message: message.to_owned(), status }
    }

    /// The same error with another sentence.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The same error with another HTTP status.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn unknown_instance(id: &str) -> Self {
        Self::of("InvalidInstanceID.NotFound").message(format!("The instance ID '{id}' does not exist"))
    }

    /// The XML body.
    pub(super) fn body(&self, request_id: &str) -> Vec<u8> {
        let (code, message) = (xml::escaped(&self.code), xml::escaped(&self.message));
        let errors =
            format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
        let id = xml::escaped(request_id);
        format!("{}<Response>{errors}<RequestID>{id}</RequestID></Response>", xml::DECLARATION).into_bytes()
    }
}

impl From<SignatureError> for ErrorResponse {
    fn from(error: SignatureError) -> Self {
        match error.kind {
            SignatureFault::Missing => {
                Self::of("MissingAuthenticationToken").status(403).message(error.message)
            }
            SignatureFault::Incomplete => Self::of("IncompleteSignature").message(error.message),
            SignatureFault::Expired => Self::of("RequestExpired").message(error.message),
            // EC2 does not say which of the two it was; the twin does not say more, but for what was signed wrongly.
            SignatureFault::UnknownKey => Self::of("AuthFailure"),
            SignatureFault::Invalid => {
                let known = Self::of("AuthFailure");
                let message = format!("{}: {}", known.message, error.message);
                known.message(message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_body_is_xml_whatever_the_message_has_in_it() {
        let error = ErrorResponse::of("Client.<x>").message("a & b < c \u{0} \"d\"");
        let body = String::from_utf8(error.body("r")).unwrap();
        assert!(body.contains("<Code>Client.&lt;x&gt;</Code>"), "{body}");
        assert!(body.contains("a &amp; b &lt; c "), "{body}");
        assert!(!body.contains('\u{0}'));
        assert_eq!(xml::Element::parse(body.as_bytes()).unwrap().name, "Response");
        assert_eq!(error.status, 400);
    }

    #[test]
    fn errors_of_the_server_have_its_status() {
        let statuses =
            ["RequestLimitExceeded", "InsufficientInstanceCapacity", "UnauthorizedOperation", "Other"]
                .map(|code| ErrorResponse::of(code).status);
        assert_eq!(statuses, [503, 500, 403, 400]);
    }
}
