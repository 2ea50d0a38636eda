//! A key policy as a list of statements: the grammar of IAM policies, as far as a key policy has it.

use super::KeyPolicyError;
use super::action::ActionSet;
use super::condition::{Operator, Test};
use super::error::check_size;
use super::json::Json;
use super::statement::{Effect, Principals, Reach, Statement};

/// Reads a key policy, or the output of `aws kms get-key-policy` with one in it.
pub(super) fn statements(file: &[u8]) -> Result<Vec<Statement>, KeyPolicyError> {
    check_size(file.len(), false)?;
    let text = text_of(file)?;
    let outer = Json::parse(text)?;
    if let Json::Object(members) = &outer
        && let Some((_, Json::Text(inner))) = members.iter().find(|(name, _)| name == "Policy")
    {
        check_size(inner.len(), true)?;
        if inner.trim().is_empty() {
            return Err(KeyPolicyError::form("Policy", "expected a key policy, got an empty string"));
        }
        if inner.starts_with(BYTE_ORDER_MARK) {
            return Err(KeyPolicyError::form("Policy", "expected JSON, got a byte order mark (BOM)"));
        }
        return policy(&Json::parse(inner)?);
    }
    check_size(text.trim().len(), true)?;
    policy(&outer)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a file, with the reason if it is none.
fn text_of(file: &[u8]) -> Result<&str, KeyPolicyError> {
    // A byte order mark, or a character of ASCII: JSON has no zero bytes.
    if matches!(file, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [1..=0x7f, 0, ..] | [0, 1..=0x7f, ..]) {
        return Err(KeyPolicyError::Utf16);
    }
    let text = core::str::from_utf8(file).map_err(|_| KeyPolicyError::NotText)?;
    if text.starts_with(BYTE_ORDER_MARK) {
        return Err(KeyPolicyError::ByteOrderMark);
    }
    if text.trim().is_empty() { Err(KeyPolicyError::Empty) } else { Ok(text) }
}

fn policy(json: &Json) -> Result<Vec<Statement>, KeyPolicyError> {
    let members = object(json, "policy")?;
    let mut statements = None;
    for (name, value) in members {
        match name.as_str() {
            "Version" => {
                let version = text(value, "Version")?;
                if !["2012-10-17", "2008-10-17"].contains(&version) {
                    return Err(KeyPolicyError::form("Version", "expected \"2012-10-17\" or \"2008-10-17\""));
                }
            }
            "Id" => text(value, "Id").map(drop)?,
            "Statement" => statements = Some(value),
            _ => return Err(unknown(name, "Version, Id and Statement")),
        }
    }
    let statements =
        statements.ok_or_else(|| KeyPolicyError::form("Statement", "expected statements, got none"))?;
    let list = match statements {
        Json::List(list) => list.as_slice(),
        one => core::slice::from_ref(one),
    };
    if list.is_empty() {
        return Err(KeyPolicyError::form("Statement", "expected at least one statement"));
    }
    let numbered = list.iter().zip(1_usize..);
    numbered.map(|(json, number)| statement(json, number)).collect()
}

fn statement(json: &Json, number: usize) -> Result<Statement, KeyPolicyError> {
    let path = format!("Statement[{number}]");
    let at = |member: &str| format!("{path}.{member}");
    let (mut sid, mut effect, mut principals, mut actions) = (None, None, None, None);
    let mut tests = Vec::new();
    let mut reach = None;
    for (name, value) in object(json, &path)? {
        let taken = match name.as_str() {
            "Sid" => sid.replace(text(value, &at(name))?.to_owned()).is_some(),
            "Effect" => effect.replace(self::effect(value, &at(name))?).is_some(),
            "Principal" => principals.replace(self::principals(value, &at(name))?).is_some(),
            "NotPrincipal" => {
                let but = match self::principals(value, &at(name))? {
                    Principals::Some(all) => Principals::AllBut(all),
                    // All but everyone.
                    _ => Principals::Some(Vec::new()),
                };
                principals.replace(but).is_some()
            }
            "Action" => {
                let (all, exact) = self::actions(value, &at(name))?;
                actions.replace((all, exact)).is_some()
            }
            "NotAction" => {
                let (all, _) = self::actions(value, &at(name))?;
                actions.replace((ActionSet::ALL.without(all), ActionSet::NONE)).is_some()
            }
            "Resource" | "NotResource" => {
                let resources = texts(value, &at(name))?;
                reach.replace(self::reach(&resources, name == "NotResource")).is_some()
            }
            "Condition" => {
                tests = conditions(value, &at(name))?;
                false
            }
            _ => {
                let known = "Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource and Condition";
                return Err(unknown(&at(name), known));
            }
        };
        if taken {
            return Err(KeyPolicyError::form(at(name), "expected it or its negation, got both"));
        }
    }
    let missing = |member: &str| KeyPolicyError::form(at(member), "missing");
    let reach = reach.filter(|_| actions.is_some()).unwrap_or(Reach::Nothing);
    let (actions, exact) = actions.unwrap_or((ActionSet::NONE, ActionSet::NONE));
    Ok(Statement {
        number,
        sid: sid.filter(|sid| !sid.is_empty()),
        effect: effect.ok_or_else(|| missing("Effect"))?,
        principals: principals.ok_or_else(|| missing("Principal"))?,
        reach,
        actions,
        exact,
        tests,
    })
}

/// What a statement applies to by its resources. The ARN of the key is not in its policy.
fn reach(resources: &[String], is_negated: bool) -> Reach {
    let is_any = |resource: &String| !resource.is_empty() && resource.bytes().all(|byte| byte == b'*');
    match (resources.iter().any(is_any), is_negated) {
        (true, false) => Reach::ThisKey,
        (true, true) => Reach::Nothing,
        (false, false) if resources.is_empty() => Reach::Nothing,
        (false, true) if resources.is_empty() => Reach::ThisKey,
        (false, _) => Reach::SomeKeys,
    }
}

fn effect(json: &Json, path: &str) -> Result<Effect, KeyPolicyError> {
    match text(json, path)? {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        _ => Err(KeyPolicyError::form(path, "expected \"Allow\" or \"Deny\"")),
    }
}

fn principals(json: &Json, path: &str) -> Result<Principals, KeyPolicyError> {
    if let Json::Text(text) = json {
        let is_everyone = text == "*";
        let refused = || KeyPolicyError::form(path, "expected \"*\" or an object such as {\"AWS\": …}");
        return is_everyone.then_some(Principals::Everyone).ok_or_else(refused);
    }
    let (mut all, mut is_everyone) = (Vec::new(), false);
    for (kind, value) in object(json, path)? {
        let path = format!("{path}.{kind}");
        if !["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind.as_str()) {
            return Err(unknown(&path, "AWS, Service, Federated and CanonicalUser"));
        }
        let some = texts(value, &path)?;
        // Of services and of federated users, * is at most all of their kind.
        is_everyone |= kind == "AWS" && some.iter().any(|one| one == "*");
        all.extend(some);
    }
    if all.is_empty() {
        return Err(KeyPolicyError::form(path, "expected a principal, got none"));
    }
    Ok(if is_everyone { Principals::Everyone } else { Principals::Some(all) })
}

/// The actions of all patterns, and those that are named without a wildcard.
fn actions(json: &Json, path: &str) -> Result<(ActionSet, ActionSet), KeyPolicyError> {
    let (mut all, mut exact) = (ActionSet::NONE, ActionSet::NONE);
    for pattern in texts(json, path)? {
        let set = ActionSet::of_pattern(&pattern);
        all = all.or(set);
        if !pattern.contains(['*', '?']) {
            exact = exact.or(set);
        }
    }
    Ok((all, exact))
}

fn conditions(json: &Json, path: &str) -> Result<Vec<Test>, KeyPolicyError> {
    let mut tests = Vec::new();
    for (name, keys) in object(json, path)? {
        let path = format!("{path}.{name}");
        let operator = Operator::of_name(name);
        let operator = operator.ok_or_else(|| KeyPolicyError::form(&path, "not an operator of IAM"))?;
        for (key_name, values) in object(keys, &path)? {
            let values = scalars(values, &format!("{path}.{key_name}"))?;
            tests.push(Test::new(operator, name, key_name, values));
        }
    }
    Ok(tests)
}

/// The texts of values, one or a list of them, numbers and booleans included.
fn scalars(json: &Json, path: &str) -> Result<Vec<String>, KeyPolicyError> {
    let list = match json {
        Json::List(list) => list.as_slice(),
        one => core::slice::from_ref(one),
    };
    let scalar = |json: &Json| match json {
        Json::Text(text) | Json::Number(text) => Ok(text.clone()),
        Json::Bool(value) => Ok(value.to_string()),
        other => Err(KeyPolicyError::form(path, format!("expected a value, got {}", other.kind()))),
    };
    list.iter().map(scalar).collect()
}

/// One text, or a list of texts.
fn texts(json: &Json, path: &str) -> Result<Vec<String>, KeyPolicyError> {
    match json {
        Json::List(list) => list.iter().map(|one| text(one, path).map(str::to_owned)).collect(),
        one => text(one, path).map(|text| vec![text.to_owned()]),
    }
}

fn text<'j>(json: &'j Json, path: &str) -> Result<&'j str, KeyPolicyError> {
    match json {
        Json::Text(text) => Ok(text),
        other => Err(KeyPolicyError::form(path, format!("expected a string, got {}", other.kind()))),
    }
}

fn object<'j>(json: &'j Json, path: &str) -> Result<&'j [(String, Json)], KeyPolicyError> {
    match json {
        Json::Object(members) => Ok(members),
        other => Err(KeyPolicyError::form(path, format!("expected an object, got {}", other.kind()))),
    }
}

fn unknown(path: &str, known: &str) -> KeyPolicyError {
    KeyPolicyError::form(path, format!("unknown member; the grammar has {known}"))
}
