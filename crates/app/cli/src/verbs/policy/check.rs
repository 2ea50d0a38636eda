//! `teeproof policy check`: the rules, waivers, warnings and mistakes of policy files.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use teeproof::{Expected, Policy, PolicyError, PolicyProblem, PolicyWarning};
use teeproof_core::Technology;

use crate::input::policy_file::{PolicyChoice, text};
use crate::input::source;
use crate::output::exits;
use crate::output::fault::{Fault, FaultJson, ProblemJson, WarningJson};
use crate::output::hints::with_options;
use crate::output::page::{BAD, DIM, GOOD, HINT, LOUD, NAME, Page, WIDTH, escaped, wrap};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Check policy files, and print what they demand and what they waive
///
/// A valid policy can still demand less than it seems to: it accepts debug mode, pins a PCR of zeros or one that
/// varies without any change of software, or says nothing of what runs. Each such rule is warned of.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Policy files, or builtin:genuine; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Exit with 6 where there is a warning
    #[arg(long)]
    strict: bool,
}

/// Runs the verb.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Product, Fault> {
    let mut checked = Vec::new();
    for file in &args.files {
        let choice = PolicyChoice::parse(file)?;
        let policy = match (checked_policy(&choice, context), args.files.as_slice()) {
            // A file alone that cannot be read ends the run as it does elsewhere.
            (Err(Mistake::Unreadable(fault)), [_]) => return Err(fault),
            (policy, _) => policy,
        };
        checked.push((source::name(file), policy));
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

/// What one file holds. One that cannot be read ends nothing: the others are checked all the same.
fn checked_policy(choice: &PolicyChoice, context: &Context) -> Result<Policy, Mistake> {
    match choice {
        PolicyChoice::Genuine => Ok(Policy::genuine()),
        PolicyChoice::File(path) => {
            let text = text(path, &context.source).map_err(Mistake::Unreadable)?;
            Policy::from_toml(&source::name(path), &text).map_err(Mistake::NotAPolicy)
        }
    }
}

/// A file's name, and the policy or what is wrong with it.
type Checked = (String, Result<Policy, Mistake>);

/// Why a file holds no policy.
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

/// For people.
fn page(checked: &[Checked], quiet: bool) -> Page {
    let mut page = Page::new();
    for (file, policy) in checked {
        match policy {
            Ok(policy) => {
                page.add(format_args!("{file}: ")).paint(GOOD, "ok").end();
                let place = format!("{file}:");
                policy.warnings().iter().for_each(|found| print_warning(&mut page, &place, found));
                if !quiet {
                    demanded(&mut page, policy);
                }
            }
            Err(Mistake::NotAPolicy(error)) => problems(&mut page, file, error),
            Err(Mistake::Unreadable(fault)) => {
                page.paint(BAD, "✘").line(format_args!(" {file}  unreadable  exit {}", fault.exit));
                fault.below(&mut page);
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
pub(super) fn print_warning(page: &mut Page, place: &str, warning: &PolicyWarning) {
    let place = if warning.line.is_some() { place } else { "" };
    page.paint(LOUD, "warning:").line(format_args!(" {place}{warning}"));
    page.add("  ").paint(HINT, "hint:").add(" ").line(with_options(warning.hint));
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

fn demanded(page: &mut Page, policy: &Policy) {
    let demands = demands(policy);
    let width = demands.iter().map(|demand| demand.check.len()).max();
    let width = width.unwrap_or_default();
    for technology in Technology::ALL {
        let name = technology.as_str();
        if !policy.speaks_of(*technology) {
            page.add(" ").paint(NAME, name).line(": not accepted");
            continue;
        }
        page.add(" ").paint(NAME, name).end();
        let (asked, waived): (Vec<_>, Vec<_>) = demands
            .iter()
            .filter(|demand| demand.technology == name)
            .partition(|demand| demand.expected.is_some());
        for demand in asked {
            let expected = escaped(demand.words.as_deref().unwrap_or_default());
            row(page, demand, width, &expected);
        }
        for demand in waived {
            let reason = escaped(demand.waived.as_deref().unwrap_or_default());
            row(page, demand, width, &format!("waived: {reason}"));
        }
    }
}

fn row(page: &mut Page, demand: &Demand, width: usize, text: &str) {
    let line = demand.line.map_or_else(String::new, |line| format!(" (line {line})"));
    let text = format!("{text}{line}");
    let room = WIDTH.saturating_sub(width.saturating_add(5));
    for (index, line) in wrap(&text, room).iter().enumerate() {
        let check = if index == 0 { demand.check } else { "" };
        page.add(format_args!("   {check:<width$}  "));
        match demand.waived {
            Some(_) => page.paint(DIM, line),
            None => page.add(line),
        };
        page.end();
    }
}

/// For programs.
fn json(checked: &[Checked], exit: u8) -> CheckJson<'_> {
    CheckJson {
        schema: "teeproof/policy-check/2",
        exit_code: exit,
        files: checked
            .iter()
            .map(|(file, policy)| CheckedPolicyJson {
                file,
                ok: policy.is_ok(),
                rules: policy.as_ref().map(demands).unwrap_or_default(),
                policy_warnings: policy_warnings(policy).iter().map(WarningJson::of).collect(),
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
    /// What it demands and what it waives, in the order of the fields.
    rules: Vec<Demand>,
    /// What it demands less than it seems to.
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
struct Demand {
    /// The technology that it is about.
    technology: &'static str,
    /// The check that it belongs to.
    check: &'static str,
    /// What is demanded; null where it is waived.
    expected: Option<Expected>,
    /// The same in words.
    #[serde(skip)]
    words: Option<String>,
    /// Why nothing is demanded; null where something is.
    waived: Option<String>,
    /// The line of the policy, counted from 1; null of a built-in policy.
    line: Option<u32>,
}

/// Every rule, in the order of the fields.
fn demands(policy: &Policy) -> Vec<Demand> {
    let mut demands = Vec::new();
    policy.field_rules(&mut |technology, demand| {
        demands.push(Demand {
            technology: technology.as_str(),
            check: demand.check.id,
            expected: demand.expected.map(Expected::from),
            words: demand.expected.map(ToString::to_string),
            waived: demand.waived.map(ToString::to_string),
            line: demand.line,
        });
    });
    demands
}
