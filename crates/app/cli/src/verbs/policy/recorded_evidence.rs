//! Verifying several machines' evidence one after the other, as `policy suggest` and `policy test`
//! do: without a nonce, because all of it is old.

use std::path::PathBuf;

use clap::Args;
use teeproof::{AttestationResult, Evidence, Policy, Request, RequestError};
use teeproof_core::{Crypto, Freshness, Technology};
use teeproof_evidence::InputWarning;
use teeproof_nitro::Moment;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::Anchors;

use crate::input::evidence_files::{self, Backing, Files};
use crate::input::source;
use crate::input::time::At;
use crate::output::fault::Fault;
use crate::output::hints;
use crate::settings::context::Context;

/// What holds for all of the evidence.
#[derive(Debug, Args)]
pub(super) struct TrialArgs {
    #[command(flatten)]
    backing: Backing,

    /// The time of verification: now, document (its own time stamp), or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = At::parse)]
    at: At,
}

/// One trial of several pieces of evidence: what is the same for all.
pub(super) struct Trial<'a> {
    anchors: Vec<&'a [u8]>,
    at: Moment,
    policy: Option<&'a Policy>,
    lists_required: bool,
    crypto: Crypto<'static>,
}

impl TrialArgs {
    /// Reads what stands behind all of the evidence.
    pub(super) fn shared(&self, context: &Context) -> Result<Files, Fault> {
        Files::shared(&self.backing, &context.source, &context.messages)
    }

    /// The trial with what stands behind it, under this policy if there is one.
    pub(super) fn of<'a>(
        &self,
        shared: &'a Files,
        policy: Option<&'a Policy>,
        context: &Context,
    ) -> Trial<'a> {
        let crypto = context.crypto(None);
        let lists_required = self.backing.require_revocation_lists;
        Trial { anchors: shared.anchors(), at: self.at.moment(), policy, lists_required, crypto }
    }
}

/// A file that was named, and what was read of it. What is wrong with one file ends nothing: the others are
/// looked at all the same.
pub(super) struct Named {
    pub(super) name: String,
    files: Result<Files, Fault>,
}

impl Named {
    /// Reads each file as one machine's evidence.
    pub(super) fn read(paths: &[PathBuf], shared: &Files, context: &Context) -> Vec<Self> {
        let one = |path: &PathBuf| Self {
            name: source::name(path),
            files: Files::one_told(path, shared, &context.source, &context.messages),
        };
        paths.iter().map(one).collect()
    }

    /// The evidence in it.
    pub(super) fn case(&self) -> Result<Case<'_>, Fault> {
        match &self.files {
            Ok(files) => Case::of(&self.name, files),
            Err(fault) => Err(fault.clone()),
        }
        .map_err(|fault| fault.in_file(&self.name))
    }
}

/// One machine's evidence with its endorsements, read.
pub(super) struct Case<'f> {
    name: &'f str,
    evidence: Evidence<'f>,
    certificates: Vec<Certificate<'f>>,
    lists: Vec<RevocationList<'f>>,
    warnings: &'f [InputWarning],
}

impl<'f> Case<'f> {
    fn of(name: &'f str, files: &'f Files) -> Result<Self, Fault> {
        Ok(Self {
            name,
            evidence: files.evidence()?,
            certificates: files.certificates(),
            lists: files.revocation_lists(),
            warnings: files.inputs().warnings(),
        })
    }

    /// The evidence alone.
    pub(super) const fn evidence(&self) -> Evidence<'f> {
        self.evidence
    }

    /// Verifies it.
    pub(super) fn verify<'c: 'r, 'r>(&'c self, trial: &'r Trial<'_>) -> Result<AttestationResult<'r>, Fault> {
        let request = Request::new(
            Technology::ALL,
            Freshness::Waived("old evidence is looked at"),
            trial.at,
            &trial.crypto,
        )
        .endorsements(&self.certificates)
        .revocation(evidence_files::revocation(&self.lists, trial.lists_required))
        .anchors(Anchors::and(&trial.anchors))
        .input_warnings(self.warnings)
        .policy(trial.policy);
        let result = teeproof::verify(&self.evidence, &request).map_err(|error| {
            let hint = match error {
                RequestError::NoTimeInEvidence(_) => {
                    format!(
                        "{}; --at document is for Nitro documents: run those apart from the others",
                        hints::of_request(&error)
                    )
                }
                _ => hints::of_request(&error),
            };
            Fault::usage(error.to_string(), hint).in_file(self.name)
        });
        result.map(|mut result| {
            result.rewrite_hints(hints::with_options);
            result
        })
    }
}
