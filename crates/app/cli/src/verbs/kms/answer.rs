//! The result of an operation of KMS: everything but the secret.

use serde::Serialize;

use crate::output::page::{BAD, GOOD, HINT, LOUD, NAME, Page};

/// A secret that KMS released, without the secret, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "KmsAnswer"))]
pub(crate) struct AnswerJson {
    /// The form: `teeproof/kms-answer/1`.
    pub(super) schema: &'static str,
    /// The operation by its name in KMS, such as `GenerateDataKey`.
    pub(super) operation: String,
    /// The length of the secret in bytes.
    pub(super) secret_bytes: usize,
    /// Whether TLS to KMS ended in this process. Otherwise whoever carried the answer can have made the secret.
    pub(super) authenticated: bool,
    /// The same in words.
    pub(super) channel: String,
    /// The ARN of the key that KMS used; null of GenerateRandom.
    pub(super) key_arn: Option<String>,
    /// How it was compared with --key: `arn` or `id`; of an alias `alias-arn` (partition, region and account) or
    /// `alias-name` (not at all), because KMS chose the key; null of GenerateRandom.
    pub(super) key_compared: Option<&'static str>,
    /// The reason why there is no encryption context; null where there is one, or where the operation takes none.
    pub(super) no_encryption_context: Option<String>,
    /// The id of the request, as CloudTrail has it; null without one.
    pub(super) request_id: Option<String>,
}

impl AnswerJson {
    /// The result for people.
    pub(super) fn page(&self) -> Page {
        let mut page = Page::new();
        page.paint(NAME, &self.operation).line(format_args!(": {} bytes", self.secret_bytes));
        if let (Some(arn), Some(how)) = (&self.key_arn, self.key_compared) {
            let compared = match how {
                "arn" | "id" => "as requested",
                "alias-arn" => "chosen by KMS for the alias; partition, region and account compared",
                _ => "chosen by KMS for the alias, not compared",
            };
            page.line(format_args!("  key: {arn}, {compared}"));
        }
        if let Some(reason) = &self.no_encryption_context {
            page.add("  ").paint(LOUD, "no encryption context:").add(" ").line(reason);
        }
        let style = if self.authenticated { GOOD } else { BAD };
        page.add("  ").paint(style, &self.channel).end();
        if !self.authenticated {
            page.add("  ").paint(HINT, "hint:").add(" ").line(
                "in an enclave, use --proxy vsock:3:8000 and https; or authenticate the secret by other means before use",
            );
        }
        page
    }
}
