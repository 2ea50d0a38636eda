//! One of many files: read, verified with the cache of signatures of those before it, and printed.

use std::path::Path;

use serde::Serialize;
use teeproof::{AttestationResult, Verdict, verify_with_cache};
use teeproof_evidence::InputKind;
use teeproof_x509::SignatureCache;

use crate::input::evidence_files::Files;
use crate::input::source;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::hints;
use crate::output::json::Json;
use crate::output::page::{BAD, Page};
use crate::output::product::Content;
use crate::output::result_lines::{self, CautionCounts, FileJson, WaiverCounts};
use crate::settings::context::Context;
use crate::verification::{Completion, RequestOptions, Sequel};

/// Everything that is the same for all files, shared by all workers.
pub(super) struct FileJob<'a> {
    kind: Option<InputKind>,
    options: &'a RequestOptions<'a>,
    shared: &'a Files,
    anchors: Vec<&'a [u8]>,
    form: LineForm,
    verbose: bool,
}

/// How the outcome of a file is printed.
#[derive(Clone, Copy, Debug)]
enum LineForm {
    Lines,
    Json,
    /// Only the counts are printed.
    Nothing,
}

/// The outcome of one file.
#[derive(Debug)]
pub(super) struct FileOutcome {
    pub(super) kind: OutcomeKind,
    pub(super) exit: u8,
    /// The cautions of its result.
    pub(super) cautions: CautionCounts,
    /// What is not checked.
    pub(super) waivers: WaiverCounts,
    /// The lines, or the JSON.
    pub(super) content: Content,
}

/// The end of one verification of a file.
enum Settled {
    Outcome(Box<FileOutcome>),
    /// There is no outcome yet.
    Sequel(Sequel),
}

/// The kind of a file's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutcomeKind {
    Accepted,
    Refused,
    Unappraised,
    /// The file cannot be read, or is not evidence.
    Unreadable,
    /// The request makes no sense for evidence of this kind.
    Unverified,
}

impl OutcomeKind {
    /// All but accepted.
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

impl<'a> FileJob<'a> {
    pub(super) fn new(
        kind: Option<InputKind>,
        options: &'a RequestOptions<'a>,
        shared: &'a Files,
        context: &Context,
    ) -> Self {
        let form = match (context.is_json(), context.quiet) {
            (true, _) => LineForm::Json,
            (false, true) => LineForm::Nothing,
            (false, false) => LineForm::Lines,
        };
        Self { kind, options, shared, anchors: shared.anchors(), form, verbose: context.verbose }
    }

    /// Reads and verifies a file.
    pub(super) fn outcome(&self, path: &Path, cache: &mut SignatureCache) -> FileOutcome {
        let name = source::path_name(path);
        self.verified(path, &name, cache)
            .unwrap_or_else(|fault| self.fault(OutcomeKind::Unreadable, &name, fault))
    }

    fn verified(&self, path: &Path, name: &str, cache: &mut SignatureCache) -> Result<FileOutcome, Fault> {
        let mut files = Files::one_of_many(path, self.kind, self.shared)?;
        files.evidence()?;
        let mut completion = match self.options.complete(&mut files, &|_| ()) {
            Ok(completion) => completion,
            Err(fault) => return Ok(self.fault(OutcomeKind::Unverified, name, fault)),
        };
        loop {
            let step = match self.settled(&files, &completion, name, cache)? {
                Settled::Outcome(outcome) => return Ok(*outcome),
                Settled::Sequel(Sequel::Anew(unfit)) => {
                    self.options.complete_again(&mut files, &mut completion, unfit, &|_| ())
                }
                Settled::Sequel(Sequel::Without(issuers)) => {
                    self.options.leave_out(&mut files, &mut completion, &issuers)
                }
                Settled::Sequel(Sequel::Ends(fault)) => Err(fault),
                Settled::Sequel(Sequel::Stands | Sequel::Warns(_)) => Ok(()),
            };
            if let Err(fault) = step {
                return Ok(self.fault(OutcomeKind::Unverified, name, fault));
            }
        }
    }

    /// The outcome under these endorsements, or what is to be done before there is one.
    fn settled(
        &self,
        files: &Files,
        completion: &Completion,
        name: &str,
        cache: &mut SignatureCache,
    ) -> Result<Settled, Fault> {
        let sources = completion.sources();
        let evidence = files.evidence()?;
        let endorsements = files.inputs().endorsements();
        let request = self.options.request(&endorsements, &self.anchors, &sources)?;
        Ok(verify_with_cache(&evidence, &request, cache, |answer| {
            Settled::Outcome(Box::new(match answer {
                Ok(mut result) => match self.options.sequel(files, completion, &self.anchors, &result) {
                    Sequel::Stands | Sequel::Warns(_) => {
                        self.options.rewrite_hints(completion, &mut result);
                        self.result(name, &result)
                    }
                    sequel => return Settled::Sequel(sequel),
                },
                Err(error) => {
                    let fault = Fault::usage(error.to_string(), hints::of_request(&error));
                    self.fault(OutcomeKind::Unverified, name, fault)
                }
            }))
        }))
    }

    fn result(&self, name: &str, result: &AttestationResult<'_>) -> FileOutcome {
        let kind = match result.verdict() {
            Verdict::Accepted => OutcomeKind::Accepted,
            Verdict::Unappraised => OutcomeKind::Unappraised,
            _ => OutcomeKind::Refused,
        };
        let exit = exits::of_result(result);
        let content = match self.form {
            LineForm::Lines => {
                let mut page = Page::new();
                result_lines::print(&mut page, name, result, self.verbose);
                Content::Page(page)
            }
            LineForm::Json => json(&FileJson::verified(name, result)),
            LineForm::Nothing => Content::Nothing,
        };
        let (mut cautions, mut waivers) = (CautionCounts::default(), WaiverCounts::default());
        cautions.count(result);
        waivers.count(result);
        FileOutcome { kind, exit, cautions, waivers, content }
    }

    fn fault(&self, kind: OutcomeKind, name: &str, fault: Fault) -> FileOutcome {
        let fault = fault.in_file(name);
        let exit = fault.exit;
        let content = match self.form {
            LineForm::Lines => {
                let (word, mut page) = (kind.as_str(), Page::new());
                page.paint(BAD, "✘").line(format_args!(" {name}  {word}  exit {exit}"));
                fault.print_below(&mut page);
                Content::Page(page)
            }
            LineForm::Json => json(&FileJson::failed(name, &fault)),
            LineForm::Nothing => Content::Nothing,
        };
        let (cautions, waivers) = (CautionCounts::default(), WaiverCounts::default());
        FileOutcome { kind, exit, cautions, waivers, content }
    }
}

/// An entry of a list in an object. Texts and numbers alone cannot fail to be written.
fn json(value: &impl Serialize) -> Content {
    Content::Json(Json::inner(value).unwrap_or_default().indented(4))
}
