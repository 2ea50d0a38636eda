//! `teeproof kms lint-policy`: what a key policy lets in.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;
use teeproof_kms::{
    KeyPolicyFinding, KeyPolicyLint, MAX_KEY_POLICY_FILE, NOT_SEEN, Severity, lint_key_policy,
};

use crate::input::source::{Limit, path_name};
use crate::output::fault::Fault;
use crate::output::page::{BAD, DIM, GOOD, HINT, LOUD, NAME, Page, Verbosity};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Say what a key policy lets in without the attestation that it seems to require
///
/// The policy is read as JSON, by itself or in the output of `aws kms get-key-policy`. Each finding names the
/// statement by its Sid or its place, and says what it lets in. Grants and IAM policies are not part of a key policy
/// and are not seen. The exit code is 0 without a finding of severity high or medium, 6 with one, and 3 for a file
/// that is no key policy. docs/kms.md lists the rules.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct LintPolicyArgs {
    /// The key policy; - is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Exit with 6 also if all findings are of severity low
    #[arg(long)]
    strict: bool,
}

const EXAMPLES: &str = "\
Examples:
  The policy of a key:
    aws kms get-key-policy --key-id alias/app --output text | teeproof kms lint-policy -
  For a pipeline:
    teeproof kms lint-policy key-policy.json --strict --format json";

const POLICY_FILE: Limit = Limit {
    bytes: MAX_KEY_POLICY_FILE,
    hint: "give one key policy, or the output of aws kms get-key-policy: KMS takes no larger policy than 32 KiB",
};

/// Runs the verb.
pub(super) fn run(args: &LintPolicyArgs, context: &Context) -> Result<Product, Fault> {
    let name = path_name(&args.file);
    let policy = context.source.read_within(&args.file, &POLICY_FILE)?;
    let lint = lint_key_policy(&policy)
        .map_err(|error| Fault::malformed(error.to_string(), error.hint()).in_file(&name))?;
    let least = if args.strict { Severity::Low } else { Severity::Medium };
    let exit = if lint.gravest() >= Some(least) { 6 } else { 0 };
    if context.is_json() {
        return Product::json(&LintJson::of(&name, &lint, exit), exit);
    }
    Ok(Product::ending(page(&name, &lint, context), exit))
}

fn page(name: &str, lint: &KeyPolicyLint, context: &Context) -> Page {
    let mut page = Page::new();
    let count = |severity| lint.findings.iter().filter(|finding| finding.severity == severity).count();
    page.add(format_args!("{name}: "));
    match lint.gravest() {
        None => page.paint(GOOD, "no findings"),
        Some(Severity::Low) => page.paint(LOUD, format_args!("{} low", count(Severity::Low))),
        Some(_) => page.paint(
            BAD,
            format_args!(
                "{} high, {} medium, {} low",
                count(Severity::High),
                count(Severity::Medium),
                count(Severity::Low)
            ),
        ),
    };
    let statements = match lint.statements {
        1 => "1 statement".to_owned(),
        count => format!("{count} statements"),
    };
    page.line(format_args!(" in {statements}"));
    if context.quiet {
        return page;
    }
    for finding in &lint.findings {
        let style = if finding.severity == Severity::Low { LOUD } else { BAD };
        page.paint(style, format_args!("{:<6}", finding.severity)).add("  ");
        page.paint(NAME, finding.statement_id()).line(format_args!(": {}", finding.rule.id));
        page.line(format_args!("  {}", finding.lets_in));
        page.add("  ").paint(HINT, "hint:").add(" ").line(&finding.hint);
        if context.verbosity() == Verbosity::Verbose {
            page.add("  ").paint(DIM, format_args!("the rule finds: {}", finding.rule.finds)).end();
        }
    }
    page.line(NOT_SEEN);
    page
}

/// A key policy that was linted.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "KeyPolicyLint"))]
pub(crate) struct LintJson<'a> {
    /// The form: `teeproof/key-policy-lint/1`.
    schema: &'static str,
    /// The exit code of the run.
    exit_code: u8,
    /// The file's name as it was given.
    file: &'a str,
    /// How many statements the policy has.
    statements: usize,
    /// The findings in the order of the statements.
    findings: Vec<FindingJson<'a>>,
    /// What a key policy does not show.
    not_seen: &'static str,
}

/// A finding in a key policy.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "KeyPolicyFinding"))]
struct FindingJson<'a> {
    /// The rule, such as `root-without-deny`.
    rule: &'static str,
    /// How much it lets in: `high`, `medium` or `low`.
    severity: &'static str,
    /// The place of the statement, counted from 1.
    statement: usize,
    /// The Sid of the statement; null without one.
    sid: Option<&'a str>,
    /// One sentence on what it lets in.
    lets_in: &'a str,
    /// What to write instead.
    hint: &'a str,
}

impl<'a> LintJson<'a> {
    fn of(file: &'a str, lint: &'a KeyPolicyLint, exit_code: u8) -> Self {
        let finding = |finding: &'a KeyPolicyFinding| FindingJson {
            rule: finding.rule.id,
            severity: finding.severity.as_str(),
            statement: finding.statement,
            sid: finding.sid.as_deref(),
            lets_in: &finding.lets_in,
            hint: &finding.hint,
        };
        Self {
            schema: "teeproof/key-policy-lint/1",
            exit_code,
            file,
            statements: lint.statements,
            findings: lint.findings.iter().map(finding).collect(),
            not_seen: NOT_SEEN,
        }
    }
}
