//! Explanations as people read them.

use super::{Explained, Explanation, TpmCode};
use crate::output::exits::{Exit, GRAVITY_TEXT};
use crate::output::page::{NAME, Page, WIDTH, wrap};

/// The whole page.
pub(super) fn page(explanation: &Explanation) -> Page {
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

fn one_check(page: &mut Page, check: &Explained) {
    page.paint(NAME, check.id).add(": ").line(check.title);
    let exits: Vec<_> = check.exits.iter().map(u8::to_string).collect();
    let exits = if exits.is_empty() { "none, it only warns".to_owned() } else { exits.join(" or ") };
    row(page, "proves", check.proves);
    row(page, "if it fails", check.hint);
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
    page.paint(NAME, code.name).line(format_args!(" ({}{about}): {}", code.code, code.meaning));
    row(page, "what to do", code.hint);
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
