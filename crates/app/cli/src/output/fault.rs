//! Faults: errors that end a run without a result, each with exit code, file, message and hint.

use std::fmt::Display;

use serde::Serialize;
use teeproof::{Class, PolicyError, PolicyProblem, PolicyWarning, Unsuitable};
use teeproof_endorse::Error as FetchError;
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

    /// The command line or the set of files is wrong.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(2, "usage", message.into(), hint.into())
    }

    /// The content of a file is malformed.
    pub(crate) fn malformed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(3, "malformed", message.into(), hint.into())
    }

    /// A failure of this class.
    pub(crate) fn of_class(class: Class, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(exits::of_class(class), class.as_str(), message.into(), hint.into())
    }

    /// A device is missing, may not be used, or refused a command.
    pub(crate) fn device(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(9, "device", message.into(), hint.into())
    }

    /// The report is not fresh.
    pub(crate) fn not_fresh(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(5, "not fresh", message.into(), hint.into())
    }

    /// A sealed secret or a certified key is for another machine or another state.
    pub(crate) fn not_bound(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(5, "not bound", message.into(), hint.into())
    }

    /// A network or cloud service failed.
    pub(crate) fn network(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(8, "network", message.into(), hint.into())
    }

    /// A service has endorsements that are not genuine, or under which evidence is not authentic that is authentic
    /// under others.
    pub(crate) fn unfit_service(message: impl Into<String>) -> Self {
        Self::network(message, hints::UNFIT_SERVICE)
    }

    /// An endorsement is missing: no service has it, or none may be requested.
    pub(crate) fn incomplete(message: impl Into<String>, hint: impl Into<String>) -> Self {
        let class = Class::Incomplete;
        Self::new(exits::of_class(class), class.as_str(), message.into(), hint.into())
    }

    /// Nothing was fetched.
    pub(crate) fn fetch(error: &FetchError) -> Self {
        let (message, hint) = (error.to_string(), error.hint());
        match error {
            FetchError::Address(_)
            | FetchError::NotEncrypted { .. }
            | FetchError::Cache { .. }
            | FetchError::CacheRefused { .. } => Self::usage(message, hint),
            FetchError::CacheFull { .. } => Self::output(message, hint),
            FetchError::Offline { .. }
            | FetchError::HostNotAllowed { .. }
            | FetchError::Question { .. }
            | FetchError::OtherTime { .. }
            | FetchError::Status { status: 400 | 404 | 410, .. }
            | FetchError::Refused { status: 400 | 404 | 410, .. } => Self::incomplete(message, hint),
            _ => Self::network(message, hint),
        }
    }

    /// An expectation does not hold.
    pub(crate) fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(6, "refused", message.into(), hint.into())
    }

    /// A sealed secret was altered.
    pub(crate) fn altered(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(4, "not authentic", message.into(), hint.into())
    }

    /// The certification of a key is not valid.
    pub(crate) fn key(error: &CertificationError) -> Self {
        let (class, check) = (error.class(), error.check());
        let hint = hints::of_check(check);
        Self::new(exits::of_class(class), class.as_str(), format!("{}: {error}", check.id), hint)
    }

    /// An internal error.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let hint = "try again, and report a bug if it fails again; nothing is known about the evidence";
        Self::new(1, "internal", message.into(), hint.into())
    }

    /// The output cannot be written, which is the fault neither of the command line nor of the evidence.
    pub(crate) fn output(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(1, "internal", message.into(), hint.into())
    }

    /// The program panicked.
    pub(crate) fn panicked() -> Self {
        Self::internal("the program panicked, which is a bug")
    }

    /// The files are not valid input.
    pub(crate) fn input(error: &InputError) -> Self {
        let (exit, class) = input_class(error.class());
        Self::new(exit, class, error.to_string(), hints::of_input(error))
    }

    /// Evidence that no policy is proposed from: with the exit code and class of its failure, or refused if it is
    /// authentic.
    pub(crate) fn unsuitable(reason: &Unsuitable) -> Self {
        let hint = match reason.check.id {
            id if id == ORIGIN.id => {
                format!("{}: --accept-origin-not-shown REASON", reason.hint.trim_end_matches('.'))
            }
            _ => hints::with_recorded_remedy(&reason.hint, reason.remedy),
        };
        let (exit, class) = (exits::of_class(reason.class), reason.class.as_str());
        Self::new(exit, class, format!("no policy is proposed from this evidence ({class}): {reason}"), hint)
    }

    /// The bundle cannot be read or made.
    pub(crate) fn bundle(error: &BundleError) -> Self {
        let (exit, class) = input_class(error.class());
        Self::new(exit, class, error.to_string(), error.hint().to_string())
    }

    /// The file is not a valid policy.
    pub(crate) fn policy(error: PolicyError) -> Self {
        let message = match error.problems.len().saturating_add(error.more) {
            1 => "the policy has a problem".to_string(),
            all => format!("the policy has {all} problems"),
        };
        let hint =
            "see the format in docs/policy.md; check the file with teeproof policy check FILE".to_string();
        let fault = Self::new(3, "malformed", message, hint);
        Self { policy: Some(Box::new(error)), ..fault }
    }

    /// With the consequence before the message.
    pub(crate) fn with_consequence(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// With another hint.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// With another sentence after the hint.
    pub(crate) fn with_further_hint(self, more: &str) -> Self {
        Self { hint: format!("{}; {more}", self.hint), ..self }
    }

    /// In this file, unless the fault has a file already.
    pub(crate) fn in_file(mut self, file: impl Display) -> Self {
        self.file.get_or_insert_with(|| file.to_string());
        self
    }

    /// The message, without file and hint.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// As a page: a line for the error, and one for the hint.
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

    /// Prints error and hint below a line that names the file.
    pub(crate) fn print_below(&self, page: &mut Page) {
        page.add("    ").line(&self.message);
        page.add("    ").paint(HINT, "hint:").add(" ").line(&self.hint);
    }

    /// As a document of JSON.
    pub(crate) fn to_json(&self) -> Json {
        // Texts and numbers can always be written.
        Json::of(&self.json()).unwrap_or_default()
    }

    /// As JSON inside another document.
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
        Self::internal(format!("the result could not be written as JSON: {error}"))
    }
}

/// The exit code and the name of a class of invalid input.
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

/// A fault, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Error"))]
pub(crate) struct FaultJson<'a> {
    /// The form: `teeproof/error/2`.
    schema: &'static str,
    /// The exit code of this error.
    exit_code: u8,
    /// The class of the error, such as `usage`, `malformed`, `not authentic`, `device`.
    class: &'static str,
    /// The file that the error is about; null where it is about none.
    file: Option<&'a str>,
    /// What was expected, what was found, and where.
    message: &'a str,
    /// What to do.
    hint: &'a str,
    /// The problems of a policy file; empty for other errors.
    problems: Vec<ProblemJson<'a>>,
    /// How many problems there are that are not listed.
    more_problems: usize,
}

/// A problem of a policy, as JSON.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PolicyProblem"))]
pub(crate) struct ProblemJson<'a> {
    /// The line, counted from 1.
    line: u32,
    /// The column, counted from 1.
    column: u32,
    /// The field: `azure-snp.pcrs`; empty where the problem is about none.
    path: &'a str,
    /// What was expected and found.
    message: &'a str,
    /// What to write instead; null where there is no advice.
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

/// A warning about a policy, as JSON.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PolicyWarning"))]
pub(crate) struct WarningJson {
    /// The field that the warning is about.
    path: String,
    /// The line, counted from 1; null where the warning is about none.
    line: Option<u32>,
    /// Why the rule is weaker than it seems.
    message: String,
    /// What to write instead.
    hint: String,
}

impl WarningJson {
    pub(crate) fn of_policy(warning: &PolicyWarning) -> Self {
        Self::new(warning, hints::of_policy_warning(warning))
    }

    pub(crate) fn of_proposal(warning: &PolicyWarning) -> Self {
        Self::new(warning, hints::of_proposal_warning(warning))
    }

    fn new(warning: &PolicyWarning, hint: String) -> Self {
        let (path, message) = (warning.path.clone(), warning.message.clone());
        Self { path, line: warning.line, message, hint }
    }
}
