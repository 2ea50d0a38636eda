//! `teeproof explain`: meaning of a check, an exit code or a TPM response code, and what to do.

use clap::Args;
use serde::Serialize;
use teeproof::all_checks;
use teeproof_core::Check;
use teeproof_tpm::checks::CERTIFY;
use teeproof_vtpm::{KNOWN_CODES, KnownCode, ResponseCode};

use crate::output::exits::{self, EXITS, Exit, GRAVITY, GRAVITY_TEXT};
use crate::output::fault::Fault;
use crate::output::hints::{self, nearest};
use crate::output::page::{NAME, Page, WIDTH, wrap};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Explain a check, an exit code or a TPM response code, or list the checks and exit codes
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The id of a check such as snp.vek.tcb, an exit code such as 7, or a TPM response code: 0x18b, 395
    #[arg(value_name = "CHECK|EXIT|TPM-RC")]
    topic: Option<String>,
}

/// Runs the verb.
pub(crate) fn run(args: &ExplainArgs, context: &Context) -> Result<Product, Fault> {
    let explanation = match &args.topic {
        None => Explanation::All {
            exits: EXITS,
            gravity: &GRAVITY,
            checks: checks().map(CheckExplanation::of).collect(),
        },
        Some(topic) => explanation(topic)?,
    };
    if context.is_json() {
        let schema = "teeproof/explanation/2";
        Product::json(&ExplanationJson { schema, explanation: &explanation }, 0)
    } else {
        Ok(Product::of(page(&explanation)))
    }
}

fn explanation(topic: &str) -> Result<Explanation, Fault> {
    if topic.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = topic.parse::<u32>()
    {
        return numbered(number);
    }
    if let Some(code) = response_code(topic)? {
        return Ok(Explanation::Tpm(code));
    }
    let check = checks().find(|check| check.id == topic).ok_or_else(|| {
        let near = nearest(topic, checks().map(|check| check.id));
        let hint = near.map_or_else(
            || "list all checks and exit codes with teeproof explain".to_string(),
            |near| format!("did you mean {near}?"),
        );
        Fault::usage(format!("expected a check, an exit code or a TPM response code, got {topic}"), hint)
    })?;
    Ok(Explanation::Check(CheckExplanation::of(check)))
}

/// A number without 0x: an exit code, or a TPM response code in decimal.
///
/// No response code is as small as an exit code. If the digits are another code in hexadecimal, a note says so.
fn numbered(number: u32) -> Result<Explanation, Fault> {
    if let Some(exit) = EXITS.iter().find(|exit| u32::from(exit.code) == number) {
        return Ok(Explanation::Exit(exit));
    }
    let hexadecimal = u32::from_str_radix(&number.to_string(), 16).ok().map(ResponseCode);
    let meant = hexadecimal.and_then(|code| Some((code, code.known()?)));
    let code = ResponseCode(number);
    if let Some(known) = code.known() {
        let note = meant.map(|(other, known)| {
            format!("{number} was read as decimal; {:#05x} is {}", other.0, known.name)
        });
        return Ok(Explanation::Tpm(TpmCode { note, ..TpmCode::of(known, code) }));
    }
    let exits: Vec<_> = EXITS.iter().map(|exit| exit.code.to_string()).collect();
    let hint = match meant {
        Some((code, known)) => format!("did you mean {:#05x} ({})?", code.0, known.name),
        None => format!("give an exit code ({}), or a TPM response code as 0x14a or 330", exits.join(", ")),
    };
    Err(Fault::usage(format!("expected an exit code or a TPM response code, got {number}"), hint))
}

/// The checks of evidence, and those of a key that a secret is sealed to.
fn checks() -> impl Iterator<Item = &'static Check> {
    all_checks().chain(CERTIFY.iter().copied())
}

/// A TPM response code by its number (0x…) or its name (TPM_RC_…).
fn response_code(topic: &str) -> Result<Option<TpmCode>, Fault> {
    let unknown = |what: &str| {
        let hint = nearest(topic, KNOWN_CODES.iter().map(|known| known.name)).map_or_else(
            || "see section 6.6 of part 2 of the TPM library specification".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        Fault::usage(format!("{topic}: {what}"), hint)
    };
    if let Some(digits) = topic.strip_prefix("0x") {
        let number =
            u32::from_str_radix(digits, 16).map_err(|_| unknown("expected hexadecimal digits after 0x"))?;
        let code = ResponseCode(number);
        let known = code.known().ok_or_else(|| unknown("not a response code of the TPM library"))?;
        return Ok(Some(TpmCode::of(known, code)));
    }
    if !topic.starts_with("TPM_RC_") {
        return Ok(None);
    }
    let known = KNOWN_CODES.iter().find(|known| known.name == topic);
    let known = known.ok_or_else(|| unknown("not a response code of the TPM library"))?;
    Ok(Some(TpmCode::of(known, ResponseCode(known.code))))
}

/// The subject of the explanation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Explanation {
    /// A check.
    Check(CheckExplanation),
    /// An exit code of the command.
    Exit(&'static Exit),
    /// A response code of a TPM.
    Tpm(TpmCode),
    /// All exit codes and all checks.
    #[serde(untagged)]
    All {
        /// The exit codes in order.
        exits: &'static [Exit],
        /// The exit codes, the gravest first: a run over many files ends with the gravest of theirs.
        gravity: &'static [u8],
        /// The checks in order.
        checks: Vec<CheckExplanation>,
    },
}

/// A TPM response code.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct TpmCode {
    /// The code.
    code: u32,
    /// Its name in the TPM library: `TPM_RC_VALUE`.
    name: &'static str,
    /// The handle, session or parameter that it is about: `parameter 1`; null where it is about none.
    about: Option<String>,
    /// What it means.
    meaning: &'static str,
    /// What to do.
    hint: String,
    /// Another meaning of the number; null where it has no other.
    note: Option<String>,
}

impl TpmCode {
    fn of(known: &'static KnownCode, code: ResponseCode) -> Self {
        let KnownCode { name, meaning, .. } = *known;
        let hint = hints::of_response_code(known);
        let about = code.about().map(|(what, number)| format!("{what} {number}"));
        Self { code: code.0, name, about, meaning, hint, note: None }
    }
}

/// A check.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct CheckExplanation {
    /// The stable id.
    id: &'static str,
    /// The title.
    title: &'static str,
    /// What follows when the check passes.
    proves: &'static str,
    /// What to do when it fails.
    hint: String,
    /// The specification and its section.
    source: &'static str,
    /// The exit codes that a failure ends in; empty where it only warns.
    exit_codes: Vec<u8>,
}

impl CheckExplanation {
    fn of(check: &'static Check) -> Self {
        let Check { id, title, proves, source, .. } = check;
        Self { id, title, proves, hint: hints::of_check(check), source, exit_codes: exits::of_check(check) }
    }
}

/// An explanation, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ExplanationDocument", deny_unknown_fields))]
pub(crate) struct ExplanationJson<'a> {
    /// The form: `teeproof/explanation/2`.
    schema: &'static str,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// The explanation as a page.
fn page(explanation: &Explanation) -> Page {
    let mut page = Page::new();
    match explanation {
        Explanation::Check(check) => one_check(&mut page, check),
        Explanation::Exit(exit) => one_exit(&mut page, exit),
        Explanation::Tpm(code) => tpm_code(&mut page, code),
        Explanation::All { exits, checks, .. } => {
            page.paint(NAME, "Exit codes").end();
            for exit in *exits {
                page.line(format_args!("  {:<22}  {}", exit.code, exit.meaning));
            }
            page.line(format_args!("  Of many files, the gravest: {GRAVITY_TEXT}"));
            page.paint(NAME, "Checks").end();
            for check in checks {
                page.line(format_args!("  {:<22}  {}", check.id, check.title));
            }
        }
    }
    page
}

fn one_check(page: &mut Page, check: &CheckExplanation) {
    page.paint(NAME, check.id).add(": ").line(check.title);
    let exits: Vec<_> = check.exit_codes.iter().map(u8::to_string).collect();
    let exits = if exits.is_empty() { "none, it only warns".to_owned() } else { exits.join(" or ") };
    row(page, "proves", check.proves);
    row(page, "if it fails", &check.hint);
    row(page, "exit", &exits);
    row(page, "source", check.source);
}

fn one_exit(page: &mut Page, exit: &Exit) {
    page.paint(NAME, format_args!("exit {}", exit.code)).add(": ").line(exit.meaning);
    row(page, "what to do", exit.advice);
    row(page, "of many", &format!("a run over many files ends with the gravest: {GRAVITY_TEXT}"));
}

fn tpm_code(page: &mut Page, code: &TpmCode) {
    let about = code.about.as_ref().map(|about| format!(", {about}")).unwrap_or_default();
    page.paint(NAME, code.name).line(format_args!(" ({:#05x}{about}): {}", code.code, code.meaning));
    row(page, "what to do", &code.hint);
    if let Some(note) = &code.note {
        row(page, "note", note);
    }
}

fn row(page: &mut Page, name: &str, text: &str) {
    for (index, line) in wrap(text, WIDTH.saturating_sub(15)).iter().enumerate() {
        let name = if index == 0 { name } else { "" };
        page.line(format_args!("  {name:<11}  {line}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_of_a_check_is_explained() {
        // These warn, and never fail.
        let warnings = [
            teeproof::INPUT_IGNORED.id,
            "revocation.unused",
            "collateral.unused",
            "ak.key",
            "tdx.service-tds",
            "tdx.log.replay",
            "tdx.tcb.exceptions",
            "nitro-tpm.tcb-status",
        ];
        for check in checks() {
            assert_eq!(check.classes.is_empty(), warnings.contains(&check.id), "{}", check.id);
            for code in exits::of_check(check) {
                assert!(EXITS.iter().any(|exit| code != 1 && exit.code == code), "{}", check.id);
            }
        }
    }
}
