//! Rules in policy files: `{ exactly = … }`, one expectation with its value.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Absence, PolicyValue, Rule};
use toml::de::DeArray;

use super::node::Node;
use super::problems::{Problems, Reported};
use super::suggest::{hint, listed, quoted};

/// A kind of value as files write it: how it is read, and which expectations it can have.
pub(super) trait Kind {
    /// The value that rules compare.
    type Value: PolicyValue + 'static;
    /// In messages: `a digest`.
    const WHAT: &'static str;
    /// The expectation words that have a meaning.
    const WORDS: &'static [&'static str] = &[EXACTLY, ONE_OF, WAIVED];

    /// In the reference: `48 bytes`.
    fn label() -> String {
        Self::WHAT.strip_prefix("a ").unwrap_or(Self::WHAT).to_string()
    }

    /// A value as a file writes it.
    fn toml(seen: &<Self::Value as PolicyValue>::Seen) -> String;

    /// The floor that all of these reach, as a file writes it.
    fn lowest(_: Vec<Self::Value>) -> Option<String> {
        None
    }

    /// Reads one value.
    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Self::Value, Reported>;

    /// Reads what `at-least` compares with.
    fn floor(
        node: &Node<'_>,
        problems: &mut Problems<'_>,
    ) -> Result<<Self::Value as PolicyValue>::Floor, Reported> {
        Err(node.no_meaning(AT_LEAST, Self::WHAT, Self::WORDS, problems))
    }

    /// Reads what `mask` compares with.
    fn mask(
        node: &Node<'_>,
        problems: &mut Problems<'_>,
    ) -> Result<<Self::Value as PolicyValue>::Mask, Reported> {
        Err(node.no_meaning(MASK, Self::WHAT, Self::WORDS, problems))
    }
}

/// This value.
pub(super) const EXACTLY: &str = "exactly";
/// One of these values.
pub(super) const ONE_OF: &str = "one-of";
/// At least this.
pub(super) const AT_LEAST: &str = "at-least";
/// At most this.
pub(super) const AT_MOST: &str = "at-most";
/// These bits.
pub(super) const MASK: &str = "mask";
/// No value.
pub(super) const ABSENT: &str = "absent";
/// All PCRs but these.
pub(super) const EXPLAINED_EXCEPT: &str = "explained-except";
/// Anything, and why.
pub(super) const WAIVED: &str = "waived";

const ALL: [&str; 8] = [EXACTLY, ONE_OF, AT_LEAST, AT_MOST, MASK, ABSENT, EXPLAINED_EXCEPT, WAIVED];

/// The expectation words of a kind, in the order of the reference; `absent` where what was signed
/// shows that a value is missing.
pub(super) fn words<K: Kind>(absence: Absence) -> Vec<&'static str> {
    let absent = (absence == Absence::Attested).then_some(ABSENT);
    let (waived, others): (Vec<_>, Vec<_>) = K::WORDS.iter().copied().partition(|word| *word == WAIVED);
    others.into_iter().chain(absent).chain(waived).collect()
}

/// Reads a rule; it carries the line of its key.
pub(super) fn rule<K: Kind>(
    node: &Node<'_>,
    absence: Absence,
    problems: &mut Problems<'_>,
) -> Result<Rule<'static, K::Value>, Reported> {
    let words = words::<K>(absence);
    let (word, inner) = expectation(node, K::WHAT, &words, problems)?;
    let rule = rule_of::<K>(word, &inner, &words, problems)?;
    Ok(rule.at_line(node.line(problems)))
}

/// The rule of an expectation word, which is one of `words`, with what belongs to it.
pub(super) fn rule_of<K: Kind>(
    word: &str,
    inner: &Node<'_>,
    words: &[&str],
    problems: &mut Problems<'_>,
) -> Result<Rule<'static, K::Value>, Reported> {
    Ok(match word {
        EXACTLY => Rule::exactly(K::read(inner, problems)?),
        ONE_OF => Rule::one_of(values::<K>(inner, problems)?),
        AT_LEAST => Rule::at_least(K::floor(inner, problems)?),
        MASK => Rule::mask(K::mask(inner, problems)?),
        ABSENT => absent(inner, problems)?,
        WAIVED => Rule::waived(inner.worded(problems, REASON)?),
        other => return Err(inner.no_meaning(other, K::WHAT, words, problems)),
    })
}

/// `absent = true`, and nothing else: that a value is there is what the other expectations demand.
fn absent<T: PolicyValue>(
    node: &Node<'_>,
    problems: &mut Problems<'_>,
) -> Result<Rule<'static, T>, Reported> {
    match node.value().as_bool() {
        Some(true) => Ok(Rule::absent()),
        Some(false) => {
            let hint = "name the values that are accepted with exactly or one-of: each demands a value";
            Err(node.problem(problems, "`absent = false` demands nothing", Some(hint.into())))
        }
        None => Err(node.wrong_type(problems, "true", None)),
    }
}

/// What has to follow `waived`.
pub(super) const REASON: &str = "the reason as a text";

/// The one expectation word that stands here, and what belongs to it.
pub(super) fn expectation<'t>(
    node: &Node<'t>,
    what: &str,
    allowed: &[&str],
    problems: &mut Problems<'_>,
) -> Result<(&'static str, Node<'t>), Reported> {
    let words = listed(allowed.iter().copied());
    let usage = || Some(format!("write {{ <word> = … }} with one of: {words}"));
    let table = node.table(problems, "an expectation", usage())?;
    let mut children = node.children(table);
    let (name, child) = match (children.next(), children.next()) {
        (Some(only), None) => only,
        (None, _) => return Err(node.problem(problems, "no expectation is given", usage())),
        (Some(_), Some(_)) => {
            let count = table.len();
            let message = format!("exactly one expectation is needed, found {count}");
            return Err(node.key_problem(problems, message, usage()));
        }
    };
    match ALL.into_iter().find(|word| *word == name) {
        Some(word) if allowed.contains(&word) => Ok((word, child)),
        Some(word) => Err(child.no_meaning(word, what, allowed, problems)),
        None => {
            let message = format!("unknown expectation {}", quoted(name));
            let hint = hint(name, allowed.iter().copied());
            Err(child.key_problem(problems, message, Some(hint)))
        }
    }
}

fn values<K: Kind>(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Vec<K::Value>, Reported> {
    let array = node.array(problems, "a list of values")?;
    if array.is_empty() {
        let hint = "an empty list accepts nothing; name a value, or waive the field";
        return Err(node.problem(problems, "the list is empty", Some(hint.into())));
    }
    entries(node, array, problems, K::read)
}

/// Reads every entry of a list before the first problem ends it, so that each problem is reported.
pub(super) fn entries<'t, T>(
    node: &Node<'t>,
    array: &'t DeArray<'t>,
    problems: &mut Problems<'_>,
    read: impl Fn(&Node<'t>, &mut Problems<'_>) -> Result<T, Reported>,
) -> Result<Vec<T>, Reported> {
    let values = array.len();
    if values > MAX_VALUES {
        let message = format!("the list has {values} values, {MAX_VALUES} are the limit");
        return Err(node.problem(problems, message, None));
    }
    let read: Vec<_> =
        array.iter().enumerate().map(|(index, value)| read(&node.entry(index, value), problems)).collect();
    read.into_iter().collect()
}

/// The most values in a list.
const MAX_VALUES: usize = 4096;
