//! The error of a text that is not a key policy.

use core::fmt;

use teeproof_core::Escaped;

use super::{MAX_KEY_POLICY, MAX_KEY_POLICY_FILE};

/// The text is not a key policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPolicyError {
    /// More bytes than KMS takes.
    TooLarge {
        /// The number of bytes.
        bytes: usize,
        /// The most bytes.
        limit: usize,
    },
    /// No bytes, or blanks alone.
    Empty,
    /// A byte order mark before the text.
    ByteOrderMark,
    /// Text in UTF-16.
    Utf16,
    /// Not UTF-8.
    NotText,
    /// Not JSON, a member twice, or nested too deeply.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// JSON of another form.
    Form {
        /// The member: `Statement[2].Effect`, statements counted from 1.
        path: String,
        /// What is expected and found there.
        what: String,
    },
}

impl KeyPolicyError {
    pub(super) fn json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // The line and the column are fields of their own.
        let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        // "EOF while parsing an object"
        let what = match what.strip_prefix("EOF while parsing ") {
            Some(value) => format!("the text ends within {value}"),
            None => what.to_owned(),
        };
        // Behind a line feed, the column is 0 there.
        Self::Json { line: error.line(), column: error.column().max(1), what }
    }

    pub(super) fn form(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Form { path: path.into(), what: what.into() }
    }

    /// A hint for the user.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "give one key policy: KMS takes no larger one",
            Self::ByteOrderMark => {
                "write it without a byte order mark, as Out-File -Encoding ascii does in PowerShell"
            }
            Self::Utf16 => {
                "write it as UTF-8 or ASCII, as Out-File -Encoding ascii does in PowerShell; > writes UTF-16 there"
            }
            Self::Empty | Self::NotText | Self::Json { .. } => {
                "give the key policy as JSON: aws kms get-key-policy --key-id KEY --output text"
            }
            Self::Form { .. } => "compare it with the grammar of IAM policies: KMS would refuse it as well",
        }
    }
}

impl fmt::Display for KeyPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(f, "key policy: expected at most {} KiB, got {bytes} bytes", limit >> 10)
            }
            Self::Empty => f.write_str("key policy: the file is empty"),
            Self::ByteOrderMark => f.write_str(
                "key policy: the file begins with a byte order mark (BOM), expected UTF-8 without one",
            ),
            Self::Utf16 => f.write_str("key policy: the file is text in UTF-16, expected UTF-8"),
            Self::NotText => f.write_str("key policy: expected UTF-8"),
            Self::Json { line, column, what } => {
                write!(f, "key policy: line {line}, column {column}: {what}")
            }
            Self::Form { path, what } => write!(f, "key policy: {}: {what}", Escaped(path)),
        }
    }
}

impl core::error::Error for KeyPolicyError {}

/// The text of a file or of a policy inside it, within its limit.
pub(super) fn check_size(bytes: usize, is_policy: bool) -> Result<(), KeyPolicyError> {
    let limit = if is_policy { MAX_KEY_POLICY } else { MAX_KEY_POLICY_FILE };
    if bytes > limit { Err(KeyPolicyError::TooLarge { bytes, limit }) } else { Ok(()) }
}
