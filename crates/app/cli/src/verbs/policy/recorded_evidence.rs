//! Recorded evidence of several machines, as `policy suggest` and `policy test` verify it: without a nonce, because it
//! is old.

use std::path::{Path, PathBuf};

use clap::Args;
use teeproof::{AttestationResult, Evidence, Policy, Request, RequestError};
use teeproof_core::{Crypto, Freshness, Technology};
use teeproof_evidence::InputEndorsements;
use teeproof_nitro::Moment;
use teeproof_x509::Anchors;

use crate::input::evidence_files::{self, Backing, Files};
use crate::input::source;
use crate::input::time::At;
use crate::output::fault::Fault;
use crate::output::hints;
use crate::settings::context::Context;

/// Arguments that apply to all of the evidence.
#[derive(Debug, Args)]
pub(super) struct RecordedArgs {
    #[command(flatten)]
    backing: Backing,

    /// The time of verification: now, document (its own time stamp), or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = At::parse)]
    at: At,
}

/// The request, which is the same for all of the evidence.
pub(super) struct RecordedRequest<'a> {
    anchors: Vec<&'a [u8]>,
    at: Moment,
    policy: Option<&'a Policy>,
    lists_required: bool,
    crypto: Crypto<'static>,
}

impl RecordedArgs {
    /// Reads the endorsements and anchors for all of the evidence.
    pub(super) fn shared(&self, context: &Context) -> Result<Files, Fault> {
        Files::shared(&self.backing, &context.source, &context.messages)
    }

    /// The request with these endorsements and anchors, under this policy if there is one.
    pub(super) fn request<'a>(
        &self,
        shared: &'a Files,
        policy: Option<&'a Policy>,
        context: &Context,
    ) -> RecordedRequest<'a> {
        let crypto = context.crypto(None);
        let lists_required = self.backing.require_revocation_lists;
        RecordedRequest { anchors: shared.anchors(), at: self.at.moment(), policy, lists_required, crypto }
    }
}

/// The name and content of one file. A fault of one file does not end the run: the others are verified too.
pub(super) struct RecordedFile {
    pub(super) name: String,
    files: Result<Files, Fault>,
}

impl RecordedFile {
    /// Reads each file as one machine's evidence.
    pub(super) fn read_all(paths: &[PathBuf], shared: &Files, context: &Context) -> Vec<Self> {
        paths.iter().map(|path| Self::new(path, context.source.read(path), shared, context)).collect()
    }

    /// The file of this path, with its content or why it cannot be read.
    pub(super) fn new(path: &Path, bytes: Result<Vec<u8>, Fault>, shared: &Files, context: &Context) -> Self {
        let name = source::path_name(path);
        let files =
            bytes.and_then(|bytes| Files::one_with_messages(&name, &bytes, shared, &context.messages));
        Self { name, files }
    }

    /// The evidence in it.
    pub(super) fn parsed(&self) -> Result<RecordedEvidence<'_>, Fault> {
        match &self.files {
            Ok(files) => RecordedEvidence::new(&self.name, files),
            Err(fault) => Err(fault.clone()),
        }
        .map_err(|fault| fault.in_file(&self.name))
    }
}

/// The evidence of one machine and its endorsements.
pub(super) struct RecordedEvidence<'f> {
    name: &'f str,
    evidence: Evidence<'f>,
    endorsements: InputEndorsements<'f>,
}

impl<'f> RecordedEvidence<'f> {
    fn new(name: &'f str, files: &'f Files) -> Result<Self, Fault> {
        Ok(Self { name, evidence: files.evidence()?, endorsements: files.inputs().endorsements() })
    }

    /// The evidence alone.
    pub(super) const fn evidence(&self) -> Evidence<'f> {
        self.evidence
    }

    /// Verifies it.
    pub(super) fn verify<'c: 'r, 'r>(
        &'c self,
        recorded: &'r RecordedRequest<'_>,
    ) -> Result<AttestationResult<'r>, Fault> {
        let request = Request::for_inputs(
            &self.endorsements,
            Technology::ALL,
            Freshness::Waived("recorded evidence"),
            recorded.at,
            &recorded.crypto,
        )
        .revocation(evidence_files::revocation(&self.endorsements.revocation_lists, recorded.lists_required))
        .anchors(Anchors::and(&recorded.anchors))
        .policy(recorded.policy);
        let result = teeproof::verify(&self.evidence, &request).map_err(|error| {
            let hint = match error {
                RequestError::NoTimeInEvidence(_) => {
                    format!(
                        "{}; --at document is for Nitro documents: verify those in a run of their own",
                        hints::of_request(&error)
                    )
                }
                _ => hints::of_request(&error),
            };
            Fault::usage(error.to_string(), hint).in_file(self.name)
        });
        result.map(|mut result| {
            result.rewrite_hints(hints::of_recorded_finding);
            result
        })
    }
}
