//! Key policies: statements with Allow and Deny, and their evaluation.
//!
//! Source: KMS developer guide, "Key policies in AWS KMS"; IAM user guide, "Policy evaluation logic". IAM policies and
//! grants are not there: the account's root principal stands for each caller of the account, as if an IAM policy allowed
//! everything.

use core::fmt;

use serde_json::{Map, Value};

use super::condition::{Condition, Context, is_like};
use super::unique::Unique;

/// The size limit of a key policy, in bytes, of KMS.
const MAX_BYTES: usize = 32_768;

/// A key policy.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    statements: Vec<Statement>,
    text: String,
}

/// Error of reading a key policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not JSON, or a member twice.
    Json(String),
    /// A member is missing or of another kind.
    Expected {
        /// The member.
        member: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A member of a statement that there is not, or that this twin does not evaluate.
    Member(String),
    /// A condition operator that there is not, or that this twin does not evaluate.
    Operator(String),
}

/// One statement.
#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    principals: Vec<String>,
    /// Patterns, and whether the statement is for all other actions.
    actions: (Vec<String>, bool),
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// A request to be authorized.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access<'a> {
    /// `kms:` and the operation.
    pub(super) action: &'a str,
    /// The ARN of the caller.
    pub(super) caller: &'a str,
    /// The ARN of the role whose session the caller is, or of the caller.
    pub(super) principal: &'a str,
    /// The caller's account.
    pub(super) account: &'a str,
    /// The ARN of the key.
    pub(super) key_arn: &'a str,
    pub(super) context: &'a Context,
}

/// The result of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
}

impl KeyPolicy {
    /// Reads a key policy.
    ///
    /// # Errors
    /// Not JSON of a policy, or a member, operator or value that this twin does not evaluate: it would be another policy
    /// without it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_BYTES {
            return Err(PolicyError::expected("the policy", "at most 32768 bytes"));
        }
        let Unique(value) =
            serde_json::from_str(text).map_err(|error| PolicyError::Json(error.to_string()))?;
        let policy = value.as_object().ok_or_else(|| PolicyError::expected("the policy", "an object"))?;
        known(policy, &["Version", "Id", "Statement"])?;
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().map(Statement::parse).collect(),
            Some(statement @ Value::Object(_)) => {
                Statement::parse(statement).map(|statement| vec![statement])
            }
            _ => Err(PolicyError::expected("Statement", "an array of statements")),
        };
        Ok(Self { statements: statements?, text: text.to_owned() })
    }

    /// The policy of a key that is created without one: the account may do everything.
    #[must_use]
    pub fn default_of(account: &str) -> Self {
        let root = format!("arn:aws:iam::{account}:root");
        let statement = Statement {
            allow: true,
            principals: vec![root.clone()],
            actions: (vec!["kms:*".to_owned()], false),
            resources: vec!["*".to_owned()],
            conditions: Vec::new(),
        };
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{root}"}},"Action":"kms:*","Resource":"*"}}]}}"#
        );
        Self { statements: vec![statement], text }
    }

    /// The policy as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a request is authorized: a Deny that applies wins, without an Allow that applies it is not.
    pub(super) fn decide(&self, access: &Access<'_>) -> Decision {
        let mut applying = self.statements.iter().filter(|statement| statement.applies_to(access));
        if applying.clone().any(|statement| !statement.allow) {
            Decision::Denied
        } else if applying.next().is_some() {
            Decision::Allowed
        } else {
            Decision::NotAllowed
        }
    }
}

impl Statement {
    fn parse(value: &Value) -> Result<Self, PolicyError> {
        let object = value.as_object().ok_or_else(|| PolicyError::expected("Statement", "objects"))?;
        known(object, &["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"])?;
        let allow = match object.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(PolicyError::expected("Effect", "Allow or Deny")),
        };
        let actions = match (object.get("Action"), object.get("NotAction")) {
            (Some(actions), None) => (texts("Action", actions)?, false),
            (None, Some(actions)) => (texts("NotAction", actions)?, true),
            _ => return Err(PolicyError::expected("Action", "either Action or NotAction")),
        };
        let conditions = object.get("Condition").map(Condition::parse_all).transpose()?;
        Ok(Self {
            allow,
            principals: principals(object.get("Principal"))?,
            actions,
            resources: object.get("Resource").map_or_else(
                || Err(PolicyError::expected("Resource", "a text or an array of texts")),
                |resources| texts("Resource", resources),
            )?,
            conditions: conditions.unwrap_or_default(),
        })
    }

    fn applies_to(&self, access: &Access<'_>) -> bool {
        let root = format!("arn:aws:iam::{}:root", access.account);
        let is_caller = |principal: &String| {
            principal == "*"
                || principal == access.account
                || *principal == root
                || principal == access.caller
                || principal == access.principal
        };
        let action = access.action.to_ascii_lowercase();
        let names_action =
            self.actions.0.iter().any(|pattern| is_like(&pattern.to_ascii_lowercase(), &action));
        self.principals.iter().any(is_caller)
            && names_action != self.actions.1
            && self.resources.iter().any(|pattern| is_like(pattern, access.key_arn))
            && self.conditions.iter().all(|condition| condition.is_met(access.context))
    }
}

/// `"*"`, or an object: of its kinds only `AWS` can be the caller of this twin.
fn principals(value: Option<&Value>) -> Result<Vec<String>, PolicyError> {
    match value {
        Some(Value::String(all)) if all == "*" => Ok(vec![all.clone()]),
        Some(Value::Object(kinds)) => {
            known(kinds, &["AWS", "Service", "Federated"])?;
            kinds.get("AWS").map_or(Ok(Vec::new()), |names| texts("AWS", names))
        }
        _ => Err(PolicyError::expected("Principal", "\"*\" or an object")),
    }
}

/// A text, a truth value, or an array of them.
pub(super) fn texts(member: &str, value: &Value) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(PolicyError::expected(member, "a text or an array of texts")),
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    }
}

fn known(object: &Map<String, Value>, names: &[&str]) -> Result<(), PolicyError> {
    match object.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(PolicyError::Member(key.clone())),
        None => Ok(()),
    }
}

impl PolicyError {
    pub(super) fn expected(member: &str, expected: &'static str) -> Self {
        Self::Expected { member: member.to_owned(), expected }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "key policy: {error}"),
            Self::Expected { member, expected } => {
                write!(f, "key policy: {}: expected {expected}", member.escape_debug())
            }
            Self::Member(name) => {
                write!(f, "key policy: {}: this twin does not evaluate such a member", name.escape_debug())
            }
            Self::Operator(name) => {
                write!(f, "key policy: {}: this twin does not evaluate such an operator", name.escape_debug())
            }
        }
    }
}

impl core::error::Error for PolicyError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    const CALLER: &str = "arn:aws:iam::123456789012:role/enclave";

    fn decide(statements: &Value, action: &str, pcr0: Option<&str>) -> Decision {
        let policy = json!({ "Version": "2012-10-17", "Id": "x", "Statement": statements }).to_string();
        let mut context = Context::default();
        if let Some(pcr0) = pcr0 {
            context.set("kms:RecipientAttestation:ImageSha384", pcr0);
        }
        KeyPolicy::parse(&policy).unwrap().decide(&Access {
            action,
            caller: CALLER,
            principal: CALLER,
            account: "123456789012",
            key_arn: "arn:aws:kms:eu-central-1:123456789012:key/1",
            context: &context,
        })
    }

    fn statement(effect: &str, principal: &Value, action: &str) -> Value {
        json!({ "Sid": "s", "Effect": effect, "Principal": principal, "Action": action, "Resource": "*" })
    }

    #[test]
    fn deny_wins_and_nothing_is_allowed_by_itself() {
        let all = json!("*");
        let allow = statement("Allow", &all, "kms:*");
        assert_eq!(decide(&json!([allow]), "kms:Decrypt", None), Decision::Allowed);
        assert_eq!(decide(&json!(allow), "kms:Decrypt", None), Decision::Allowed);
        assert_eq!(decide(&json!([]), "kms:Decrypt", None), Decision::NotAllowed);
        let deny = statement("Deny", &all, "kms:decrypt");
        assert_eq!(decide(&json!([allow, deny]), "kms:Decrypt", None), Decision::Denied);
        assert_eq!(decide(&json!([allow, deny]), "kms:Encrypt", None), Decision::Allowed);
        let generate = statement("Allow", &all, "kms:Generate*");
        assert_eq!(decide(&json!([generate]), "kms:GenerateDataKey", None), Decision::Allowed);
        assert_eq!(decide(&json!([generate]), "kms:Decrypt", None), Decision::NotAllowed);
        let others =
            json!({ "Effect": "Allow", "Principal": "*", "NotAction": "kms:Decrypt", "Resource": "*" });
        assert_eq!(decide(&json!([others]), "kms:Decrypt", None), Decision::NotAllowed);
        assert_eq!(decide(&json!([others]), "kms:Encrypt", None), Decision::Allowed);
    }

    #[test]
    fn principals_are_callers_and_their_account() {
        for (principal, expected) in [
            (json!({ "AWS": "*" }), Decision::Allowed),
            (json!({ "AWS": CALLER }), Decision::Allowed),
            (json!({ "AWS": ["arn:aws:iam::1:root", "arn:aws:iam::123456789012:root"] }), Decision::Allowed),
            (json!({ "AWS": "123456789012" }), Decision::Allowed),
            (json!({ "AWS": "arn:aws:iam::123456789012:role/other" }), Decision::NotAllowed),
            (json!({ "Service": "ec2.amazonaws.com" }), Decision::NotAllowed),
        ] {
            let statements = json!([statement("Allow", &principal, "kms:*")]);
            assert_eq!(decide(&statements, "kms:Decrypt", None), expected, "{principal}");
        }
        let mut other = statement("Allow", &json!("*"), "kms:*");
        other["Resource"] = json!("arn:aws:kms:eu-central-1:123456789012:key/2");
        assert_eq!(decide(&json!([other]), "kms:Decrypt", None), Decision::NotAllowed);
    }

    #[test]
    fn a_condition_needs_the_document() {
        let mut allow = statement("Allow", &json!("*"), "kms:Decrypt");
        allow["Condition"] =
            json!({ "StringEqualsIgnoreCase": { "kms:RecipientAttestation:ImageSha384": "ABCD" } });
        assert_eq!(decide(&json!([allow]), "kms:Decrypt", Some("abcd")), Decision::Allowed);
        assert_eq!(decide(&json!([allow]), "kms:Decrypt", Some("abce")), Decision::NotAllowed);
        assert_eq!(decide(&json!([allow]), "kms:Decrypt", None), Decision::NotAllowed);
    }

    #[test]
    fn policies_of_another_form_are_refused() {
        let error = |text: &str| KeyPolicy::parse(text).unwrap_err().to_string();
        assert!(error("{").starts_with("key policy: "));
        assert_eq!(error("[]"), "key policy: the policy: expected an object");
        // Otherwise the last of the two would be the policy.
        for twice in [
            r#"{"Statement": [], "Statement": []}"#,
            r#"{"Statement": {"Condition": {"StringEquals": {"a": "1"}, "StringEquals": {"b": "2"}}}}"#,
            r#"{"Statement": [{"Effect": "Deny", "\u0045ffect": "Allow"}]}"#,
        ] {
            assert!(error(twice).contains("\" twice"), "{}", error(twice));
        }
        assert!(error(r#"{"Statement": 1}"#).contains("Statement: expected an array of statements"));
        let with = |member: &str, value: Value| {
            let mut statement = statement("Allow", &json!("*"), "kms:*");
            statement[member] = value;
            error(&json!({ "Statement": [statement] }).to_string())
        };
        assert!(with("Effect", json!("allow")).contains("Effect: expected Allow or Deny"));
        assert!(with("NotPrincipal", json!("*")).contains("NotPrincipal: this twin does not evaluate"));
        assert!(with("NotAction", json!("kms:*")).contains("either Action or NotAction"));
        assert!(with("Principal", json!("me")).contains("Principal: expected"));
        assert!(with("Principal", json!({ "Aws": "*" })).contains("Aws: this twin"));
        assert!(with("Resource", json!(1)).contains("Resource: expected"));
        assert!(with("Condition", json!({ "DateLessThan": {} })).contains("DateLessThan: this twin"));
        assert!(error(&" ".repeat(40_000)).contains("at most 32768 bytes"));
        assert_eq!(
            KeyPolicy::default_of("1").as_str(),
            KeyPolicy::parse(KeyPolicy::default_of("1").as_str()).unwrap().as_str()
        );
    }
}
