//! Verification of files under one request: the arguments of `verify`, the request that they make, and its result.
//! Imports `endorsements`, `settings`, `input` and `output`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use teeproof::{AttestationResult, EndorsementSource, NitroOptions, Policy, Request};
use teeproof_core::{Class, Crypto, Technology};
use teeproof_endorse::Question;
use teeproof_evidence::{InputEndorsements, InputKind, Inputs};
use teeproof_nitro::{DEFAULT_SKEW_SECS, Moment};
use teeproof_x509::Anchors;

use crate::endorsements::completion::{Completed, Demand, Plan, complete, complete_again};
use crate::endorsements::questions::AmdChains;
use crate::input::bytes;
use crate::input::evidence_files::{self, Backing, Files, kind, named};
use crate::input::policy_file::{self, PolicyChoice};
use crate::input::time::{At, now};
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::{hints, result_page};
use crate::settings::CryptoChoice;
use crate::settings::context::Context;
use crate::settings::network::{Network, Reach};

/// The evidence of one verification, and everything that it is verified and appraised by
#[derive(Debug, Args)]
pub(crate) struct VerificationArgs {
    /// Evidence and its endorsements: a report with its VCEK, a document, a bundle; - is stdin
    ///
    /// Files may be raw, PEM, hex or base64, the JSON of other attesters and of Azure's THIM service,
    /// or output of tpm2-tools. The kind of each file is detected from its content and printed. Files of
    /// an Azure VM: the HCL report, the quote with its signature, the PCR values, the event log.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The appraisal policy: a TOML file, or builtin:genuine
    ///
    /// builtin:genuine accepts any production hardware of the pinned vendor, whatever software runs on it.
    /// Without a policy, the claims are printed and the exit code is 10.
    #[arg(long, value_name = "POLICY", env = "TEEPROOF_POLICY", hide_env_values = true)]
    pub(crate) policy: Option<PathBuf>,

    /// The nonce that the evidence must carry: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce")]
    pub(crate) nonce: Option<String>,

    /// Accept evidence without a nonce: it may be old evidence that is sent again
    #[arg(long)]
    pub(crate) no_nonce: bool,

    /// The time of verification: now, document (its own time stamp), or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = At::parse)]
    pub(crate) at: At,

    /// The `user-data` that an Azure VM must have in its report, in the forms of --nonce, up to 64 bytes
    #[arg(long, value_name = "BYTES")]
    pub(crate) user_data: Option<String>,

    #[command(flatten)]
    pub(crate) backing: Backing,

    /// A technology to accept; may be given several times [default: all]
    #[arg(long, value_name = "TECHNOLOGY", value_parser = technology())]
    accept: Vec<Technology>,

    /// The cryptographic library [default: aws-lc]
    #[arg(long, value_enum, value_name = "TABLE", env = "TEEPROOF_CRYPTO", hide_env_values = true)]
    pub(crate) crypto: Option<CryptoChoice>,

    /// The kind of the file, instead of detecting it
    #[arg(long = "as", value_name = "KIND", value_parser = kind())]
    pub(crate) kind: Option<InputKind>,

    /// Fetch what the evidence lacks: VCEK, revocation lists, TDX collateral, CA certificates of attestation keys
    ///
    /// Without it, no socket is opened, and what the evidence lacks is looked up in the cache of --cache-dir alone.
    /// With it, the run ends without a verdict if something cannot be had: with exit code 8 if a service fails, and
    /// with 7 if it does not have it. Under --offline, the cache must have it. Revocation lists and collateral that
    /// were fetched more than a day ago are fetched again, unless the service fails.
    #[arg(long)]
    pub(crate) fetch: bool,

    /// How many seconds a Nitro document may be from the future, for a clock that is behind
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_SKEW_SECS)]
    pub(crate) skew: u32,
}

impl VerificationArgs {
    /// The accepted technologies.
    pub(crate) fn accepted(&self) -> &[Technology] {
        if self.accept.is_empty() { Technology::ALL } else { &self.accept }
    }
}

fn technology() -> impl TypedValueParser<Value = Technology> {
    PossibleValuesParser::new(Technology::ALL.iter().map(|one| one.as_str()))
        .try_map(|name| named(Technology::ALL, &name, |one| one.as_str()))
}

/// Everything of a request that does not come with the evidence: nonce, user data, time, policy, cryptography.
pub(crate) struct RequestOptions<'a> {
    args: &'a VerificationArgs,
    nonce: Option<Vec<u8>>,
    user_data: Option<Vec<u8>>,
    at: Moment,
    choice: Option<PolicyChoice>,
    policy: Option<Policy>,
    crypto: Crypto<'static>,
    network: Network,
}

impl<'a> RequestOptions<'a> {
    /// Reads what the arguments name, and the clock if it is needed.
    pub(crate) fn from_args(args: &'a VerificationArgs, context: &Context) -> Result<Self, Fault> {
        let nonce = required_nonce(args, context)?;
        let choice = match &args.policy {
            Some(policy) => Some(PolicyChoice::parse(policy)?),
            None => context.config.policy.clone(),
        };
        let policy =
            choice.as_ref().map(|choice| policy_file::load_policy(choice, &context.source)).transpose()?;
        let user_data = user_data(args, context)?;
        let crypto = context.crypto(args.crypto);
        let reach = if args.fetch { Reach::Fetch } else { Reach::CacheOnly };
        let network = context.network.open(reach, &context.messages)?;
        Ok(Self { args, nonce, user_data, at: args.at.moment(), choice, policy, crypto, network })
    }

    /// The request for evidence with these endorsements.
    pub(crate) fn request<'r>(
        &'r self,
        endorsements: &'r InputEndorsements<'r>,
        anchors: &'r [&'r [u8]],
        sources: &'r [EndorsementSource],
    ) -> Result<Request<'r>, Fault> {
        let freshness = bytes::freshness(self.nonce.as_deref())?;
        let lists = &endorsements.revocation_lists;
        let request =
            Request::for_inputs(endorsements, self.args.accepted(), freshness, self.at, &self.crypto)
                .revocation(evidence_files::revocation(lists, self.args.backing.require_revocation_lists))
                .anchors(Anchors::and(anchors))
                .user_data(self.user_data.as_deref())
                .nitro(NitroOptions::USUAL.skew_secs(self.args.skew))
                .endorsement_sources(sources)
                .policy(self.policy.as_ref());
        Ok(request)
    }

    /// Adds to the files what their evidence lacks: from the cache, and under --fetch from the services. Evidence that is
    /// not accepted in any case is left as it is.
    ///
    /// # Errors
    /// Something that the evidence needs cannot be had under --fetch.
    pub(crate) fn complete(
        &self,
        files: &mut Files,
        announce: &dyn Fn(&Question),
    ) -> Result<Completion, Fault> {
        let technology = files.evidence()?.technology();
        let plan = self.plan(files).filter(|_| self.args.accepted().contains(&technology));
        let Some(plan) = plan else { return Ok(Completion::default()) };
        let given = self.network.fetches().then(|| files.inputs().clone());
        let completed = complete(files.inputs_mut(), &plan, announce)?;
        match completed.fault().filter(|_| self.args.fetch) {
            Some(fault) => Err(fault.in_file(files.name())),
            None => Ok(Completion { completed, given }),
        }
    }

    /// Completes the files from the services instead of the cache, if they have all of it. There is no third time.
    ///
    /// Returns whether the files are others now.
    pub(crate) fn complete_again(
        &self,
        files: &mut Files,
        completion: &mut Completion,
        announce: &dyn Fn(&Question),
    ) -> bool {
        let (Some(given), Some(plan)) = (completion.given.take(), self.plan(files)) else { return false };
        let again = complete_again(given, &completion.completed, &plan, announce);
        let Some((inputs, completed)) = again else { return false };
        (*files.inputs_mut(), completion.completed) = (inputs, completed);
        true
    }

    /// What is completed; `None` without a cache and --fetch, and for the time of a document.
    fn plan(&self, files: &Files) -> Option<Plan<'_>> {
        let Moment::At(at) = self.at else { return None };
        let demand = if self.args.fetch { Demand::Lacking } else { Demand::Cached };
        let chains = if files.has_anchors() { AmdChains::Needed } else { AmdChains::Pinned };
        let plan = Plan { network: &self.network, demand, at, now: now(), chains };
        self.is_completing().then_some(plan)
    }

    /// Whether there is a cache, or --fetch was given.
    const fn is_completing(&self) -> bool {
        self.args.fetch || self.network.has_cache()
    }

    /// Announces a request.
    fn announce(&self, question: &Question, context: &Context) {
        if self.network.fetches() {
            context.messages.announce(&format!("fetching: {} …", question.title()));
        }
    }

    /// Says what was added, and under --fetch what there is not.
    fn say(&self, completed: &Completed, context: &Context) {
        completed.say(self.args.fetch, &context.messages);
    }

    /// The nonce; none under --no-nonce.
    pub(crate) fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// The cryptography to verify with.
    pub(crate) const fn crypto(&self) -> &Crypto<'static> {
        &self.crypto
    }

    /// The policy's name, if there is one.
    pub(crate) fn policy(&self) -> Option<&str> {
        self.policy.as_ref().map(|policy| policy.name.as_str())
    }

    /// Whether the policy is the built-in one.
    pub(crate) fn is_genuine(&self) -> bool {
        self.choice == Some(PolicyChoice::Genuine)
    }
}

/// The endorsements that files lacked, and what is left to do if the evidence is not authentic under them.
#[derive(Debug, Default)]
pub(crate) struct Completion {
    completed: Completed,
    /// The files before, as long as they can be completed again.
    given: Option<Inputs>,
}

impl Completion {
    /// The sources of what was added.
    pub(crate) fn sources(&self) -> Vec<EndorsementSource> {
        self.completed.sources()
    }

    /// Whether the files are to be completed again: the evidence is not authentic under endorsements of the cache. A
    /// forged object can be in it, because no signature is verified by fetching.
    pub(crate) fn is_doubtful(&self, result: &AttestationResult<'_>) -> bool {
        self.given.is_some() && self.can_be_forged(result)
    }

    fn can_be_forged(&self, result: &AttestationResult<'_>) -> bool {
        result.class() == Some(Class::NotAuthentic) && self.completed.has_cached()
    }

    /// Rewrites the hints of a result to name options and verbs, and the cache as a possible source of a forgery.
    pub(crate) fn rewrite_hints(&self, result: &mut AttestationResult<'_>) {
        let hint = if self.can_be_forged(result) { hints::of_cached_finding } else { hints::of_finding };
        result.rewrite_hints(hint);
    }
}

/// The nonce, or none under --no-nonce: there is no default.
fn required_nonce(args: &VerificationArgs, context: &Context) -> Result<Option<Vec<u8>>, Fault> {
    let Some(text) = &args.nonce else {
        return if args.no_nonce {
            Ok(None)
        } else {
            Err(Fault::usage(
                "expected --nonce or --no-nonce, got neither",
                "give the nonce that you sent with --nonce hex:…; or accept evidence without one with --no-nonce",
            ))
        };
    };
    bytes::nonce_bytes(text, "--nonce", &context.source).map(Some)
}

/// The expected user-data, at most 64 bytes.
fn user_data(args: &VerificationArgs, context: &Context) -> Result<Option<Vec<u8>>, Fault> {
    let Some(text) = &args.user_data else { return Ok(None) };
    let bytes = bytes::resolve_bytes(text, "--user-data", &context.source)?;
    if bytes.len() > 64 {
        let message = format!("--user-data: expected at most 64 bytes, got {}", bytes.len());
        return Err(Fault::usage(
            message,
            "give the bytes that the guest wrote, or their hash if it wrote a hash",
        ));
    }
    Ok(Some(bytes))
}

/// Verifies the files of the arguments, and calls `then` with the result, which borrows them.
pub(crate) fn with_result<T>(
    args: &VerificationArgs,
    options: &RequestOptions<'_>,
    context: &Context,
    then: impl FnOnce(&AttestationResult<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut files = Files::read(&args.files, args.kind, &args.backing, &context.source, &context.messages)?;
    let announce = |question: &Question| options.announce(question, context);
    let mut completion = options.complete(&mut files, &announce)?;
    options.say(&completion.completed, context);
    loop {
        {
            let sources = completion.sources();
            let evidence = files.evidence()?;
            let endorsements = files.inputs().endorsements();
            let anchors = files.anchors();
            let request = options.request(&endorsements, &anchors, &sources)?;
            let mut result = teeproof::verify(&evidence, &request).map_err(|error| {
                Fault::usage(error.to_string(), hints::of_request(&error)).in_file(files.name())
            })?;
            if !completion.is_doubtful(&result) {
                completion.rewrite_hints(&mut result);
                return then(&result);
            }
        }
        context.messages.say("note: not authentic with endorsements of the cache, which are fetched anew");
        if options.complete_again(&mut files, &mut completion, &announce) {
            options.say(&completion.completed, context);
        }
    }
}

/// The result as a page.
pub(crate) fn result_page(
    result: &AttestationResult<'_>,
    options: &RequestOptions<'_>,
    context: &Context,
) -> Page {
    result_page::page(result, options.is_genuine(), context.verbosity())
}
