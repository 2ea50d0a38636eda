//! Why a run ends without a result: what, where, and what a person can do.

use std::fmt::Display;

use serde::Serialize;
use teeproof::{PolicyError, PolicyProblem, PolicyWarning, Unsuitable};
use teeproof_evidence::bundle::BundleError;
use teeproof_evidence::{InputClass, InputError};
use teeproof_hcl::checks::ORIGIN;
use teeproof_tpm::CertificationError;

use crate::output::exits;
use crate::output::hints;
use crate::output::json::{Json, JsonError};
use crate::output::page::{BAD, HINT, Page};

/// A run that ends without a result.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The exit code.
    pub(crate) exit: u8,
    class: &'static str,
    file: Option<String>,
    message: String,
    hint: String,
    /// Boxed, because faults travel in every result and few are of policies.
    policy: Option<Box<PolicyError>>,
}

impl Fault {
    fn new(exit: u8, class: &'static str, message: String, hint: String) -> Self {
        Self { exit, class, file: None, message, hint, policy: None }
    }

    /// The person asked for something that cannot be done.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(2, "usage", message.into(), hint.into())
    }

    /// A file's content is not what it has to be.
    pub(crate) fn malformed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(3, "malformed", message.into(), hint.into())
    }

    /// A device is missing, may not be used, or does not do what it was asked.
    pub(crate) fn device(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(9, "device", message.into(), hint.into())
    }

    /// What came is not an answer to this question.
    pub(crate) fn not_fresh(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(5, "not fresh", message.into(), hint.into())
    }

    /// What was sealed or certified is not for this machine, or not for its present state.
    pub(crate) fn not_bound(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(5, "not bound", message.into(), hint.into())
    }

    /// Something holds, and is not as it was demanded.
    pub(crate) fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(6, "refused", message.into(), hint.into())
    }

    /// What was sealed is no longer what it was.
    pub(crate) fn altered(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(4, "not authentic", message.into(), hint.into())
    }

    /// A key is not certified as it has to be.
    pub(crate) fn key(error: &CertificationError) -> Self {
        let (class, check) = (error.class(), error.check());
        let hint = hints::with_options(check.hint);
        Self::new(exits::of_class(class), class.as_str(), format!("{}: {error}", check.id), hint)
    }

    /// Something that should have worked did not.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let hint = "nothing is said about the evidence; try again, and report it if it stays";
        Self::new(1, "internal", message.into(), hint.into())
    }

    /// The output failed, and neither the command line nor the evidence is at fault.
    pub(crate) fn output(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(1, "internal", message.into(), hint.into())
    }

    /// The program itself is at fault.
    pub(crate) fn panicked() -> Self {
        Self::internal("the program ran into a mistake of its own")
    }

    /// The files cannot be taken.
    pub(crate) fn input(error: &InputError) -> Self {
        let (exit, class) = input_class(error.class());
        Self::new(exit, class, error.to_string(), hints::of_input(error))
    }

    /// Evidence that no policy is proposed from: with the exit code and class of its failure, or refused where it
    /// is authentic.
    pub(crate) fn unsuitable(reason: &Unsuitable) -> Self {
        let hint = match reason.check.id {
            id if id == ORIGIN.id => {
                format!("{}: --accept-origin-not-shown REASON", reason.hint.trim_end_matches('.'))
            }
            _ => hints::with_options(&reason.hint),
        };
        let (exit, class) = (exits::of_class(reason.class), reason.class.as_str());
        Self::new(exit, class, format!("no policy is proposed from this evidence ({class}): {reason}"), hint)
    }

    /// The bundle cannot be taken or made.
    pub(crate) fn bundle(error: &BundleError) -> Self {
        let (exit, class) = input_class(error.class());
        Self::new(exit, class, error.to_string(), error.hint().to_string())
    }

    /// The policy's file holds mistakes.
    pub(crate) fn policy(error: PolicyError) -> Self {
        let message = match error.problems.len().saturating_add(error.more) {
            1 => "the policy has a problem".to_string(),
            all => format!("the policy has {all} problems"),
        };
        let hint = "teeproof policy check FILE shows what a policy demands".to_string();
        let fault = Self::new(3, "malformed", message, hint);
        Self { policy: Some(Box::new(error)), ..fault }
    }

    /// With what did not come about because of it, for a person who looks for it.
    pub(crate) fn so(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// In this file, unless a file was named already.
    pub(crate) fn in_file(mut self, file: impl Display) -> Self {
        self.file.get_or_insert_with(|| file.to_string());
        self
    }

    /// For people: a line of what is wrong, and one of what to do.
    pub(crate) fn to_page(&self) -> Page {
        let mut page = Page::new();
        let file = self.file.as_deref().unwrap_or_default();
        let Some(policy) = &self.policy else {
            let place = if file.is_empty() { String::new() } else { format!("{file}: ") };
            lines(&mut page, format_args!("{place}{}", self.message), &self.hint);
            return page;
        };
        for problem in &policy.problems {
            let hint = problem.hint.as_deref().unwrap_or(&self.hint);
            lines(&mut page, format_args!("{file}:{problem}"), hint);
        }
        if policy.more > 0 {
            lines(&mut page, format_args!("{file}: and {} more", policy.more), &self.hint);
        }
        page
    }

    /// Below a line that names the file: what is wrong, and what to do.
    pub(crate) fn below(&self, page: &mut Page) {
        page.add("    ").line(&self.message);
        page.add("    ").paint(HINT, "hint:").add(" ").line(&self.hint);
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Json {
        // Texts and numbers alone cannot fail to be written.
        Json::of(&self.json()).unwrap_or_default()
    }

    /// For programs, as a part of something larger.
    pub(crate) fn json(&self) -> FaultJson<'_> {
        let policy = self.policy.as_deref();
        let problems = policy.map_or(&[][..], |policy| &policy.problems);
        FaultJson {
            schema: "teeproof/error/2",
            exit_code: self.exit,
            class: self.class,
            file: self.file.as_deref(),
            message: &self.message,
            hint: &self.hint,
            problems: problems.iter().map(ProblemJson::of).collect(),
            more_problems: policy.map_or(0, |policy| policy.more),
        }
    }
}

impl From<JsonError> for Fault {
    fn from(JsonError(error): JsonError) -> Self {
        Self::internal(format!("the result cannot be written as JSON: {error}"))
    }
}

/// The exit code of files that cannot be taken, and the name of the class.
const fn input_class(class: InputClass) -> (u8, &'static str) {
    match class {
        InputClass::WrongFiles => (2, "usage"),
        InputClass::Unsupported => (3, "unsupported"),
        _ => (3, "malformed"),
    }
}

fn lines(page: &mut Page, what: impl Display, hint: &str) {
    page.paint(BAD, "error:").add(" ").line(what);
    page.paint(HINT, "hint:").add(" ").line(hint);
}

/// A fault, for programs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Error"))]
pub(crate) struct FaultJson<'a> {
    /// The form: `teeproof/error/2`.
    schema: &'static str,
    /// The exit code that this error ends in.
    exit_code: u8,
    /// The class of the error, such as `usage`, `malformed`, `not authentic`, `device`.
    class: &'static str,
    /// The file that it is about; null where it is about none.
    file: Option<&'a str>,
    /// What was expected, what was found, and where.
    message: &'a str,
    /// What to do.
    hint: &'a str,
    /// The problems of a policy file; empty of other errors.
    problems: Vec<ProblemJson<'a>>,
    /// How many problems there are that are not listed.
    more_problems: usize,
}

/// A problem of a policy, for programs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PolicyProblem"))]
pub(crate) struct ProblemJson<'a> {
    /// The line, counted from 1.
    line: u32,
    /// The column, counted from 1.
    column: u32,
    /// The key: `azure-snp.pcrs`; empty where no key is concerned.
    path: &'a str,
    /// What is wrong.
    message: &'a str,
    /// What to write instead, where it can be said.
    hint: Option<&'a str>,
}

impl<'a> ProblemJson<'a> {
    pub(crate) fn of(problem: &'a PolicyProblem) -> Self {
        Self {
            line: problem.line,
            column: problem.column,
            path: &problem.path,
            message: &problem.message,
            hint: problem.hint.as_deref(),
        }
    }
}

/// A warning about a policy, for programs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PolicyWarning"))]
pub(crate) struct WarningJson {
    /// The key that the warning is about.
    path: String,
    /// The line, counted from 1; null where no line is concerned.
    line: Option<u32>,
    /// What the policy demands less than it seems to.
    message: String,
    /// What to write instead.
    hint: String,
}

impl WarningJson {
    pub(crate) fn of(warning: &PolicyWarning) -> Self {
        let PolicyWarning { path, line, message, hint, .. } = warning;
        Self { path: path.clone(), line: *line, message: message.clone(), hint: hints::with_options(hint) }
    }
}
