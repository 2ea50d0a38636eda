//! Conditions of a key policy: operators, and the values of a request that they are applied to.
//!
//! Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".

use std::collections::BTreeMap;

use serde_json::Value;

use super::policy::{PolicyError, texts};

/// The values of a request by condition key, in lower case. A key that the request does not have is missing.
#[derive(Clone, Debug, Default)]
pub(super) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Sets a key to one value.
    pub(super) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_all(key, vec![value.into()]);
    }

    /// Sets a key to several values.
    pub(super) fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.0.insert(key.to_ascii_lowercase(), values);
    }

    fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }
}

/// One key under one operator.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    set: Set,
    test: Test,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

/// How several values of a request are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// The key has one value.
    One,
    ForAnyValue,
    ForAllValues,
}

/// The operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    /// Whether the key is missing.
    Null,
    /// A comparison of texts, and whether it is negated.
    Text(Comparison, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    EqualIgnoringCase,
    /// `*` for any text, `?` for one character.
    Like,
}

impl Condition {
    /// The conditions of a statement: operators, each with keys, each with a value or several.
    pub(super) fn parse_all(value: &Value) -> Result<Vec<Self>, PolicyError> {
        let operators = value.as_object().ok_or_else(|| PolicyError::expected("Condition", "an object"))?;
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let (set, test, if_exists) = parse_operator(operator)?;
            let keys = keys.as_object().ok_or_else(|| PolicyError::expected(operator, "an object"))?;
            for (key, values) in keys {
                let values = texts(key, values)?;
                if values.iter().any(|value| value.contains("${")) {
                    return Err(PolicyError::expected(key, "values without policy variables"));
                }
                if test == Test::Null && values.iter().any(|value| value != "true" && value != "false") {
                    return Err(PolicyError::expected(key, "true or false under Null"));
                }
                conditions.push(Self { set, test, if_exists, key: key.clone(), values });
            }
        }
        Ok(conditions)
    }

    /// Whether a request meets it.
    pub(super) fn is_met(&self, context: &Context) -> bool {
        let found = context.get(&self.key);
        let (comparison, negated) = match self.test {
            Test::Null => {
                let is_missing = if found.is_none() { "true" } else { "false" };
                return self.values.iter().any(|value| value == is_missing);
            }
            Test::Text(comparison, negated) => (comparison, negated),
        };
        let Some(found) = found else {
            // ForAllValues is met by no values at all, and so are IfExists and each negated operator.
            return match self.set {
                Set::ForAllValues => true,
                Set::ForAnyValue => self.if_exists,
                Set::One => self.if_exists || negated,
            };
        };
        let matches =
            |found: &String| self.values.iter().any(|value| comparison.holds_for(value, found)) != negated;
        match self.set {
            Set::ForAnyValue => found.iter().any(matches),
            Set::ForAllValues => found.iter().all(matches),
            Set::One if negated => found.iter().all(matches),
            Set::One => found.iter().any(matches),
        }
    }
}

fn parse_operator(operator: &str) -> Result<(Set, Test, bool), PolicyError> {
    let (set, rest) = match operator.split_once(':') {
        Some(("ForAnyValue", rest)) => (Set::ForAnyValue, rest),
        Some(("ForAllValues", rest)) => (Set::ForAllValues, rest),
        _ => (Set::One, operator),
    };
    let (name, if_exists) = match rest.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (rest, false),
    };
    let test = match name {
        "Null" if set == Set::One && !if_exists => Test::Null,
        "StringEquals" | "Bool" | "ArnEquals" => Test::Text(Comparison::Equal, false),
        "StringNotEquals" | "ArnNotEquals" => Test::Text(Comparison::Equal, true),
        "StringEqualsIgnoreCase" => Test::Text(Comparison::EqualIgnoringCase, false),
        "StringNotEqualsIgnoreCase" => Test::Text(Comparison::EqualIgnoringCase, true),
        "StringLike" | "ArnLike" => Test::Text(Comparison::Like, false),
        "StringNotLike" | "ArnNotLike" => Test::Text(Comparison::Like, true),
        _ => return Err(PolicyError::Operator(operator.to_owned())),
    };
    Ok((set, test, if_exists))
}

impl Comparison {
    fn holds_for(self, expected: &str, found: &str) -> bool {
        match self {
            Self::Equal => expected == found,
            Self::EqualIgnoringCase => expected.eq_ignore_ascii_case(found),
            Self::Like => is_like(expected, found),
        }
    }
}

/// Whether a text fits a pattern with `*` and `?`.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // The last star, and how much of the text it stands for.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&character) if character == '?' || text.get(in_text) == Some(&character) => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((place, until)) = star else { return false };
                star = Some((place, until + 1));
                (at, in_text) = (place + 1, until + 1);
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|character| *character == '*')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn met(condition: &Value, key: &str, found: &[&str]) -> bool {
        let mut context = Context::default();
        if !found.is_empty() {
            context.set_all(key, found.iter().map(|&text| text.to_owned()).collect());
        }
        let conditions = Condition::parse_all(condition).unwrap();
        conditions.iter().all(|condition| condition.is_met(&context))
    }

    /// An operator over the values `a` and `B`: whether it is met by a missing key, and by these values.
    fn row(operator: &str, missing: bool, rows: &[(&[&str], bool)]) {
        let condition = json!({ operator: { "Key": ["a", "B"] } });
        assert_eq!(met(&condition, "key", &[]), missing, "{operator} of a missing key");
        for (found, expected) in rows {
            assert_eq!(met(&condition, "kEY", found), *expected, "{operator} of {found:?}");
        }
    }

    #[test]
    fn every_operator() {
        row("StringEquals", false, &[(&["a"], true), (&["A"], false), (&["c"], false)]);
        row("StringNotEquals", true, &[(&["a"], false), (&["A"], true), (&["c"], true)]);
        row("StringEqualsIgnoreCase", false, &[(&["A"], true), (&["b"], true), (&["c"], false)]);
        row("StringNotEqualsIgnoreCase", true, &[(&["A"], false), (&["c"], true)]);
        row("StringLike", false, &[(&["a"], true), (&["ab"], false)]);
        row("StringNotLike", true, &[(&["a"], false), (&["ab"], true)]);
        row("StringEqualsIfExists", true, &[(&["a"], true), (&["c"], false)]);
        row("StringEqualsIgnoreCaseIfExists", true, &[(&["A"], true), (&["c"], false)]);
        row("ForAnyValue:StringEquals", false, &[(&["c", "a"], true), (&["c"], false)]);
        row("ForAllValues:StringEquals", true, &[(&["a", "B"], true), (&["a", "c"], false)]);
        row("ForAllValues:StringEqualsIgnoreCase", true, &[(&["A", "b"], true), (&["c"], false)]);
        row("ForAnyValue:StringNotEquals", false, &[(&["a", "c"], true), (&["a", "B"], false)]);
        row("ForAllValues:StringNotEquals", true, &[(&["c", "d"], true), (&["c", "a"], false)]);
    }

    #[test]
    fn null_is_about_missing_keys() {
        for (value, missing, there) in [(json!("true"), true, false), (json!(false), false, true)] {
            let condition = json!({ "Null": { "key": value } });
            assert_eq!(met(&condition, "key", &[]), missing);
            assert_eq!(met(&condition, "key", &["x"]), there);
        }
    }

    #[test]
    fn all_of_several_conditions_have_to_be_met() {
        let condition = json!({ "StringEquals": { "one": "1" }, "Null": { "two": "true" } });
        assert!(met(&condition, "one", &["1"]));
        assert!(!met(&condition, "two", &["1"]));
        let pair = json!({ "ForAllValues:StringEquals": { "key": "a" }, "Null": { "key": "false" } });
        assert!(met(&pair, "key", &["a"]) && !met(&pair, "key", &[]));
    }

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("**b*", "aab", true),
            ("kms:Generate*", "kms:GenerateDataKey", true),
            ("", "a", false),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
        // Not exponential.
        assert!(!is_like(&"*a".repeat(200), &"b".repeat(4000)));
    }

    #[test]
    fn operators_and_values_that_there_are_not_are_refused() {
        for condition in [
            json!({ "StringEqual": { "a": "b" } }),
            json!({ "NumericEquals": { "a": "1" } }),
            json!({ "ForSomeValues:StringEquals": { "a": "b" } }),
            json!({ "ForAnyValue:Null": { "a": "true" } }),
            json!({ "Null": { "a": "maybe" } }),
            json!({ "StringEquals": { "a": "${aws:username}" } }),
            json!({ "StringEquals": { "a": {} } }),
            json!({ "StringEquals": "a" }),
            json!([]),
        ] {
            assert!(Condition::parse_all(&condition).is_err(), "{condition}");
        }
    }
}
