//! Explanations as people read them.

use std::fmt::Write;

use super::{Exit, Explained, Explanation, TpmCode};
use crate::paint::{NAME, WIDTH, paint, wrap};

/// The whole text.
pub(super) fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    match explanation {
        Explanation::Check(check) => one_check(&mut out, check),
        Explanation::Exit(exit) => one_exit(&mut out, exit),
        Explanation::Tpm(code) => tpm_code(&mut out, code),
        Explanation::All { exits, checks } => {
            let _ = writeln!(out, "{}", paint(NAME, "Exit codes"));
            for exit in *exits {
                let _ = writeln!(out, "  {:<22}  {}", exit.code, exit.meaning);
            }
            let _ = writeln!(out, "{}", paint(NAME, "Checks"));
            for check in checks {
                let _ = writeln!(out, "  {:<22}  {}", check.id, check.title);
            }
        }
    }
    out
}

fn one_check(out: &mut String, check: &Explained) {
    let _ = writeln!(out, "{}: {}", paint(NAME, check.id), check.title);
    let exits: Vec<_> = check.exits.iter().map(u8::to_string).collect();
    row(out, "proves", check.proves);
    row(out, "if it fails", check.hint);
    row(out, "exit", &exits.join(" or "));
    row(out, "source", check.source);
}

fn one_exit(out: &mut String, exit: &Exit) {
    let head = format!("exit {}", exit.code);
    let _ = writeln!(out, "{}: {}", paint(NAME, &head), exit.meaning);
    row(out, "what to do", exit.advice);
}

fn tpm_code(out: &mut String, code: &TpmCode) {
    let about = code.about.as_ref().map(|about| format!(", {about}")).unwrap_or_default();
    let _ = writeln!(out, "{} ({}{about}): {}", paint(NAME, code.name), code.code, code.meaning);
    row(out, "what to do", code.hint);
}

fn row(out: &mut String, name: &str, text: &str) {
    for (index, line) in wrap(text, WIDTH.saturating_sub(15)).iter().enumerate() {
        let name = if index == 0 { name } else { "" };
        let _ = writeln!(out, "  {name:<11}  {line}");
    }
}
