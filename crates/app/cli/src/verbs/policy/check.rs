//! `teeproof policy check`: the rules, waivers, warnings and mistakes of policy files.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use teeproof::{Expected, Policy, PolicyError, PolicyProblem, PolicyWarning};
use teeproof_core::Technology;

use crate::input::policy_file::{PolicyChoice, parse_policy, policy_text};
use crate::input::source;
use crate::output::exits;
use crate::output::fault::{Fault, FaultJson, ProblemJson, WarningJson};
use crate::output::hints;
use crate::output::page::{BAD, DIM, GOOD, HINT, LOUD, NAME, Page, WIDTH, escaped, wrap};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Check policy files: print their rules and waivers, and warn of weak rules
///
/// A valid policy can be weaker than it seems: it may accept debug mode, pin a PCR that is zero or that varies
/// without a change of software, or have no rule about the software that runs. Each such rule gets a warning.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Policy files, or builtin:genuine; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Exit with 6 if there is a warning
    #[arg(long)]
    strict: bool,
}

/// Runs the verb.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Product, Fault> {
    let mut checked = Vec::new();
    for file in &args.files {
        let choice = PolicyChoice::parse(file)?;
        let policy = match (checked_policy(&choice, context), args.files.as_slice()) {
            // If the only file cannot be read, the run ends with an error as it does in other verbs.
            (Err(Mistake::Unreadable(fault)), [_]) => return Err(fault),
            (policy, _) => policy,
        };
        checked.push((source::path_name(file), policy));
    }
    let exits = checked.iter().map(|(_, policy)| match policy {
        Err(mistake) => mistake.exit(),
        Ok(_) if args.strict && !policy_warnings(policy).is_empty() => 6,
        Ok(_) => 0,
    });
    let exit = exits.fold(0, exits::gravest);
    if context.is_json() {
        return Product::json(&json(&checked, exit), exit);
    }
    Ok(Product::ending(page(&checked, context.quiet), exit))
}

/// The policy of one file. A file that cannot be read does not end the run: the others are checked too.
fn checked_policy(choice: &PolicyChoice, context: &Context) -> Result<Policy, Mistake> {
    match choice {
        PolicyChoice::Genuine => Ok(Policy::genuine()),
        PolicyChoice::File(path) => {
            let text = policy_text(path, &context.source).map_err(Mistake::Unreadable)?;
            parse_policy(&source::path_name(path), &text).map_err(Mistake::NotAPolicy)
        }
    }
}

/// A file's name, and the policy or what is wrong with it.
type Checked = (String, Result<Policy, Mistake>);

/// Why a file is not a policy.
#[derive(Debug)]
enum Mistake {
    /// It cannot be read, or is not text.
    Unreadable(Fault),
    /// It has these problems.
    NotAPolicy(PolicyError),
}

impl Mistake {
    /// The exit code.
    const fn exit(&self) -> u8 {
        match self {
            Self::Unreadable(fault) => fault.exit,
            Self::NotAPolicy(_) => 3,
        }
    }

    /// The problems at their places, and how many more there are.
    fn problems(&self) -> (&[PolicyProblem], usize) {
        match self {
            Self::Unreadable(_) => (&[], 0),
            Self::NotAPolicy(error) => (&error.problems, error.more),
        }
    }
}

/// The checked files as a page.
fn page(checked: &[Checked], quiet: bool) -> Page {
    let mut page = Page::new();
    for (file, policy) in checked {
        match policy {
            Ok(policy) => {
                page.add(format_args!("{file}: ")).paint(GOOD, "ok").end();
                let place = format!("{file}:");
                policy.warnings().iter().for_each(|found| {
                    print_warning(&mut page, &place, found, &hints::of_policy_warning(found))
                });
                if !quiet {
                    print_rules(&mut page, policy);
                }
            }
            Err(Mistake::NotAPolicy(error)) => problems(&mut page, file, error),
            Err(Mistake::Unreadable(fault)) => {
                page.paint(BAD, "✘").line(format_args!(" {file}  unreadable  exit {}", fault.exit));
                fault.print_below(&mut page);
            }
        }
    }
    page
}

/// The warnings of a policy; what is no policy has problems instead.
fn policy_warnings(policy: &Result<Policy, Mistake>) -> Vec<PolicyWarning> {
    policy.as_ref().map(Policy::warnings).unwrap_or_default()
}

/// A warning, and what to write instead. The place stands before the line.
pub(super) fn print_warning(page: &mut Page, place: &str, warning: &PolicyWarning, hint: &str) {
    let place = if warning.line.is_some() { place } else { "" };
    page.paint(LOUD, "warning:").line(format_args!(" {place}{warning}"));
    page.add("  ").paint(HINT, "hint:").add(" ").line(hint);
}

fn problems(page: &mut Page, file: &str, error: &PolicyError) {
    for problem in &error.problems {
        page.paint(BAD, "✘").line(format_args!(" {file}:{problem}"));
        if let Some(hint) = &problem.hint {
            page.add("  ").paint(HINT, "hint:").add(" ").line(hint);
        }
    }
    if error.more > 0 {
        page.paint(BAD, "✘").line(format_args!(" {file}: and {} more", error.more));
    }
}

fn print_rules(page: &mut Page, policy: &Policy) {
    let rules = rules(policy);
    let widest =
        |of: fn(&PolicyRule) -> &str| rules.iter().map(|rule| of(rule).len()).max().unwrap_or_default();
    let widths = (widest(|rule| rule.key), widest(|rule| rule.check));
    for technology in Technology::ALL {
        let name = technology.as_str();
        if !policy.accepts_technology(*technology) {
            page.add(" ").paint(NAME, name).line(": not accepted");
            continue;
        }
        page.add(" ").paint(NAME, name).end();
        let (expected, waived): (Vec<_>, Vec<_>) =
            rules.iter().filter(|rule| rule.technology == name).partition(|rule| rule.expected.is_some());
        for rule in expected {
            let text = escaped(rule.words.as_deref().unwrap_or_default());
            row(page, rule, widths, &text);
        }
        for rule in waived {
            let reason = escaped(rule.waived.as_deref().unwrap_or_default());
            row(page, rule, widths, &format!("waived: {reason}"));
        }
    }
}

/// A rule: its key in the file, its check, and what it expects or why it is waived.
fn row(page: &mut Page, rule: &PolicyRule, (keys, checks): (usize, usize), text: &str) {
    let line = rule.line.map_or_else(String::new, |line| format!(" (line {line})"));
    let text = format!("{text}{line}");
    let room = WIDTH.saturating_sub(keys.saturating_add(checks).saturating_add(7));
    for (index, line) in wrap(&text, room).iter().enumerate() {
        let (key, check) = if index == 0 { (rule.key, rule.check) } else { ("", "") };
        page.add(format_args!("   {key:<keys$}  {check:<checks$}  "));
        match rule.waived {
            Some(_) => page.paint(DIM, line),
            None => page.add(line),
        };
        page.end();
    }
}

/// The checked files as JSON.
fn json(checked: &[Checked], exit: u8) -> CheckJson<'_> {
    CheckJson {
        schema: "teeproof/policy-check/2",
        exit_code: exit,
        files: checked
            .iter()
            .map(|(file, policy)| CheckedPolicyJson {
                file,
                ok: policy.is_ok(),
                rules: policy.as_ref().map(rules).unwrap_or_default(),
                policy_warnings: policy_warnings(policy).iter().map(WarningJson::of_policy).collect(),
                problems: policy
                    .as_ref()
                    .err()
                    .map_or(&[][..], |mistake| mistake.problems().0)
                    .iter()
                    .map(ProblemJson::of)
                    .collect(),
                more_problems: policy.as_ref().err().map_or(0, |mistake| mistake.problems().1),
                error: match policy {
                    Err(Mistake::Unreadable(fault)) => Some(fault.json()),
                    _ => None,
                },
            })
            .collect(),
    }
}

/// Policy files that were checked.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PolicyCheck"))]
pub(crate) struct CheckJson<'a> {
    /// The form: `teeproof/policy-check/2`.
    schema: &'static str,
    /// The gravest exit code of the files'.
    exit_code: u8,
    /// The files in the order in which they were given.
    files: Vec<CheckedPolicyJson<'a>>,
}

/// One policy file.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CheckedPolicy"))]
struct CheckedPolicyJson<'a> {
    /// The file's name as it was given.
    file: &'a str,
    /// Whether it is a policy.
    ok: bool,
    /// Its rules and waivers, in the order of the fields.
    rules: Vec<PolicyRule>,
    /// Rules that are weaker than they seem.
    policy_warnings: Vec<WarningJson>,
    /// Why it is not a policy.
    problems: Vec<ProblemJson<'a>>,
    /// How many problems there are that are not listed.
    more_problems: usize,
    /// Why the file cannot be read; null where it can.
    error: Option<FaultJson<'a>>,
}

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct PolicyRule {
    /// The technology that it is about.
    technology: &'static str,
    /// The key of the field in the policy file; `pcrs` of each PCR.
    key: &'static str,
    /// The check that it belongs to.
    check: &'static str,
    /// The expectation; null where the rule is waived.
    expected: Option<Expected>,
    /// The expectation in words.
    #[serde(skip)]
    words: Option<String>,
    /// The reason of the waiver; null where there is an expectation.
    waived: Option<String>,
    /// The line of the policy, counted from 1; null of a built-in policy.
    line: Option<u32>,
}

/// Every rule, in the order of the fields.
fn rules(policy: &Policy) -> Vec<PolicyRule> {
    let mut rules = Vec::new();
    policy.field_rules(&mut |technology, demand| {
        rules.push(PolicyRule {
            technology: technology.as_str(),
            key: demand.key,
            check: demand.check.id,
            expected: demand.expected.map(Expected::from),
            words: demand.expected.map(ToString::to_string),
            waived: demand.waived.map(ToString::to_string),
            line: demand.line,
        });
    });
    rules
}
