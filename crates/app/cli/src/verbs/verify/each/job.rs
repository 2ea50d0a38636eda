//! One of many files: read, verified with what those before it taught, and told.

use std::path::Path;

use serde::Serialize;
use teeproof::{AttestationResult, Verdict, verify_with_cache};
use teeproof_evidence::InputKind;
use teeproof_x509::SignatureCache;

use crate::input::evidence_files::Files;
use crate::input::source;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::json::Json;
use crate::output::library_hints as hints;
use crate::output::page::{BAD, Page};
use crate::output::product::Content;
use crate::output::result_lines::{self, CautionCounts, FileJson, WaiverCounts};
use crate::settings::context::Context;
use crate::verification::request::Asked;

/// What is the same for all files. It is shared by all workers.
pub(super) struct Job<'a> {
    kind: Option<InputKind>,
    asked: &'a Asked<'a>,
    shared: &'a Files,
    anchors: Vec<&'a [u8]>,
    form: Form,
    verbose: bool,
}

/// How a file is told.
#[derive(Clone, Copy, Debug)]
enum Form {
    Lines,
    Json,
    /// Only the count is told.
    Nothing,
}

/// How a file came out.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) outcome: Outcome,
    pub(super) exit: u8,
    /// What makes its verdict less than it looks.
    pub(super) cautions: CautionCounts,
    /// What it does not look at.
    pub(super) waivers: WaiverCounts,
    /// The lines, or the JSON.
    pub(super) content: Content,
}

/// How a file came out, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted,
    Refused,
    Unappraised,
    /// The file cannot be read, or is no evidence.
    Unreadable,
    /// What was asked makes no sense for evidence of this kind.
    Unverified,
}

impl Outcome {
    /// All but the one that is hoped for.
    pub(super) const OTHERS: [Self; 4] =
        [Self::Refused, Self::Unappraised, Self::Unreadable, Self::Unverified];

    /// The word.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unappraised => "not appraised",
            Self::Unreadable => "unreadable",
            Self::Unverified => "not verified",
        }
    }
}

impl<'a> Job<'a> {
    pub(super) fn new(
        kind: Option<InputKind>,
        asked: &'a Asked<'a>,
        shared: &'a Files,
        context: &Context,
    ) -> Self {
        let form = match (context.is_json(), context.quiet) {
            (true, _) => Form::Json,
            (false, true) => Form::Nothing,
            (false, false) => Form::Lines,
        };
        Self { kind, asked, shared, anchors: shared.anchors(), form, verbose: context.verbose }
    }

    /// Reads and verifies a file.
    pub(super) fn told(&self, path: &Path, cache: &mut SignatureCache) -> Told {
        let name = source::name(path);
        let told = self.verified(path, &name, cache);
        told.unwrap_or_else(|fault| self.fault(Outcome::Unreadable, &name, fault))
    }

    fn verified(&self, path: &Path, name: &str, cache: &mut SignatureCache) -> Result<Told, Fault> {
        let files = Files::one_of_many(path, self.kind, self.shared)?;
        let evidence = files.evidence()?;
        let (certificates, lists) = (files.certificates(), files.revocation_lists());
        let request = self.asked.request(&certificates, &lists, &self.anchors, files.inputs().warnings())?;
        Ok(verify_with_cache(&evidence, &request, cache, |answer| match answer {
            Ok(mut result) => {
                result.rewrite_hints(hints::with_options);
                self.result(name, &result)
            }
            Err(error) => {
                let fault = Fault::usage(error.to_string(), hints::of_request(&error));
                self.fault(Outcome::Unverified, name, fault)
            }
        }))
    }

    fn result(&self, name: &str, result: &AttestationResult<'_>) -> Told {
        let outcome = match result.verdict() {
            Verdict::Accepted => Outcome::Accepted,
            Verdict::Unappraised => Outcome::Unappraised,
            _ => Outcome::Refused,
        };
        let exit = exits::of_result(result);
        let content = match self.form {
            Form::Lines => {
                let mut page = Page::new();
                result_lines::tell(&mut page, name, result, self.verbose);
                Content::Page(page)
            }
            Form::Json => json(&FileJson::verified(name, result)),
            Form::Nothing => Content::Told,
        };
        let (mut cautions, mut waivers) = (CautionCounts::default(), WaiverCounts::default());
        cautions.count(result);
        waivers.count(result);
        Told { outcome, exit, cautions, waivers, content }
    }

    fn fault(&self, outcome: Outcome, name: &str, fault: Fault) -> Told {
        let fault = fault.in_file(name);
        let exit = fault.exit;
        let content = match self.form {
            Form::Lines => {
                let (word, mut page) = (outcome.as_str(), Page::new());
                page.paint(BAD, "✘").line(format_args!(" {name}  {word}  exit {exit}"));
                fault.below(&mut page);
                Content::Page(page)
            }
            Form::Json => json(&FileJson::failed(name, &fault)),
            Form::Nothing => Content::Told,
        };
        let (cautions, waivers) = (CautionCounts::default(), WaiverCounts::default());
        Told { outcome, exit, cautions, waivers, content }
    }
}

/// An entry of a list in an object. Texts and numbers alone cannot fail to be written.
fn json(value: &impl Serialize) -> Content {
    Content::Json(Json::inner(value).unwrap_or_default().indented(4))
}
