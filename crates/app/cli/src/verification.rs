//! Verification of files under one request: the arguments of `verify`, the request that they make, and its result.
//! Imports `endorsements`, `settings`, `input` and `output`.

mod args;

use teeproof::{AttestationResult, EndorsementSource, Evidence, NitroOptions, Policy, Request};
use teeproof_core::{Class, Crypto};
use teeproof_endorse::Question;
use teeproof_evidence::{InputEndorsements, Inputs};
use teeproof_nitro::Moment;
use teeproof_x509::Anchors;

use crate::endorsements::completion::{Anew, Completed, Demand, Plan, add, complete};
use crate::endorsements::judgement::{Judge, Lists, Trial, Unfit, in_words};
use crate::endorsements::questions::AmdChains;
use crate::input::bytes::{self, NonceRule};
use crate::input::evidence_files::{self, Files};
use crate::input::policy_file::{self, PolicyChoice};
use crate::input::time::now;
use crate::output::fault::Fault;
use crate::output::hints::Fetching;
use crate::output::page::Page;
use crate::output::{hints, result_page};
use crate::settings::context::Context;
use crate::settings::network::{Network, Reach};
pub(crate) use args::VerificationArgs;

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
        self.request_with(Lists::AsDemanded, endorsements, anchors, sources)
    }

    fn request_with<'r>(
        &'r self,
        demanded: Lists,
        endorsements: &'r InputEndorsements<'r>,
        anchors: &'r [&'r [u8]],
        sources: &'r [EndorsementSource],
    ) -> Result<Request<'r>, Fault> {
        let freshness = bytes::freshness(self.nonce.as_deref())?;
        let lists = &endorsements.revocation_lists;
        let is_required = self.args.backing.require_revocation_lists && demanded == Lists::AsDemanded;
        let request =
            Request::for_inputs(endorsements, self.args.accepted(), freshness, self.at, &self.crypto)
                .revocation(evidence_files::revocation(lists, is_required))
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
        let given = files.inputs().clone();
        let completed = complete(files.inputs_mut(), &plan, announce)?;
        match completed.fault().filter(|_| self.args.fetch) {
            Some(fault) => Err(fault.in_file(files.name())),
            None => Ok(Completion { completed, given, can_renew: self.network.fetches() }),
        }
    }

    /// What a result under the completion leads to. At most one completion anew follows, and the issuers are left out
    /// at most once.
    pub(crate) fn sequel(
        &self,
        files: &Files,
        completion: &Completion,
        anchors: &[&[u8]],
        result: &AttestationResult<'_>,
    ) -> Sequel {
        let completed = &completion.completed;
        if completed.added.is_empty() {
            return Sequel::Stands;
        }
        let verify = |inputs: &Inputs, lists: Lists| {
            let (evidence, endorsements) = (Evidence::from_inputs(inputs).ok()?, inputs.endorsements());
            let request = self.request_with(lists, &endorsements, anchors, &[]).ok()?;
            teeproof::verify(&evidence, &request).ok().map(|result| Trial::of(&result, completed))
        };
        let judge = Judge { given: &completion.given, completed, verify: &verify };
        let (trial, is_failure) = (Trial::of(result, completed), is_failure(result));
        let issuers = if is_failure { judge.harmful_issuers(&trial) } else { Vec::new() };
        let unfit = if is_failure || result.authentic().is_some() { judge.unfit(&trial) } else { Vec::new() };
        let (cached, fetched): (Vec<_>, Vec<_>) =
            unfit.into_iter().partition(|unfit| completed.is_cached(&unfit.question));
        if self.args.fetch && !fetched.is_empty() {
            return Sequel::Ends(Fault::unfit_service(in_words(&fetched)).in_file(files.name()));
        }
        // It was masked by another object before, and a service that fails must not keep it in use.
        if self.network.fetches() && !completion.can_renew && !cached.is_empty() {
            return Sequel::Ends(Fault::unfit_service(in_words(&cached)).in_file(files.name()));
        }
        let is_doubtful = (is_failure && completed.has_cached()) || !cached.is_empty();
        if completion.can_renew && is_doubtful {
            let unfit = cached.into_iter().chain(issuers).map(|unfit| unfit.question);
            return Sequel::Anew(unfit.collect());
        }
        match (issuers.is_empty(), cached.is_empty() && fetched.is_empty()) {
            (false, _) => Sequel::Without(issuers),
            (true, false) => Sequel::Warns(cached.into_iter().chain(fetched).collect()),
            (true, true) => Sequel::Stands,
        }
    }

    /// Completes the files from the services instead of the cache. What is not genuine is replaced, and of the rest
    /// nothing is lost if a service fails. There is no third time.
    ///
    /// # Errors
    /// Something that is not genuine cannot be replaced.
    pub(crate) fn complete_again(
        &self,
        files: &mut Files,
        completion: &mut Completion,
        unfit: Vec<Question>,
        announce: &dyn Fn(&Question),
    ) -> Result<(), Fault> {
        completion.can_renew = false;
        let Some(plan) = self.plan(files) else { return Ok(()) };
        let (mut inputs, anew) = (completion.given.clone(), Anew::after(&completion.completed, unfit));
        let completed = complete(&mut inputs, &Plan { anew: Some(&anew), ..plan }, announce)?;
        if let Some(fault) = completed.fault() {
            return Err(fault.in_file(files.name()));
        }
        (*files.inputs_mut(), completion.completed) = (inputs, completed);
        Ok(())
    }

    /// Leaves issuers out that do more harm than good.
    ///
    /// # Errors
    /// An endorsement that could be added before cannot be added.
    pub(crate) fn leave_out(
        &self,
        files: &mut Files,
        completion: &mut Completion,
        issuers: &[Unfit],
    ) -> Result<(), Fault> {
        let questions: Vec<_> = issuers.iter().map(|unfit| unfit.question.clone()).collect();
        completion.completed.leave_out(&questions);
        let mut inputs = completion.given.clone();
        completion.completed.added.iter().try_for_each(|added| add(&mut inputs, added))?;
        *files.inputs_mut() = inputs;
        Ok(())
    }

    /// What is completed; `None` without a cache and --fetch, and for the time of a document.
    fn plan(&self, files: &Files) -> Option<Plan<'_>> {
        let Moment::At(at) = self.at else { return None };
        let demand = if self.args.fetch { Demand::Lacking } else { Demand::Cached };
        let chains = if files.has_anchors() { AmdChains::Needed } else { AmdChains::Pinned };
        let (network, is_at_given) = (&self.network, self.args.at.is_given());
        let plan = Plan { network, demand, at, is_at_given, now: now(), chains, anew: None };
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

    /// Rewrites the hints of a result to name options and verbs, --fetch only where it can still help, and the cache as a
    /// possible source of a forgery where it was not fetched anew.
    pub(crate) fn rewrite_hints(&self, completion: &Completion, result: &mut AttestationResult<'_>) {
        let fetching = match (self.args.fetch, self.network.fetches()) {
            (false, _) => Fetching::NotRequested,
            (true, false) => Fetching::Offline,
            (true, true) => Fetching::Done,
        };
        let is_doubtful = is_failure(result) && completion.completed.has_cached();
        result.rewrite_hints(|finding| match fetching {
            Fetching::Done => hints::of_finding(finding, fetching),
            _ if is_doubtful => hints::of_cached_finding(finding, fetching),
            _ => hints::of_finding(finding, fetching),
        });
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

/// What a result leads to.
#[derive(Debug)]
pub(crate) enum Sequel {
    /// It stands.
    Stands,
    /// It stands, and these endorsements of the cache are not genuine, or used by no chain.
    Warns(Vec<Unfit>),
    /// What is from the cache is fetched anew, and these are replaced whatever their dates are.
    Anew(Vec<Question>),
    /// It is verified again without these optional issuers.
    Without(Vec<Unfit>),
    /// The run ends without a result: what the services have is not genuine.
    Ends(Fault),
}

/// The endorsements that files lacked.
#[derive(Debug, Default)]
pub(crate) struct Completion {
    completed: Completed,
    /// The files before.
    given: Inputs,
    /// Whether the files can be completed again.
    can_renew: bool,
}

impl Completion {
    /// The sources of what was added.
    pub(crate) fn sources(&self) -> Vec<EndorsementSource> {
        self.completed.sources()
    }
}

/// Whether the evidence fails in a way that a forged endorsement can cause.
fn is_failure(result: &AttestationResult<'_>) -> bool {
    let class = result.class();
    matches!(class, Some(Class::NotAuthentic | Class::Unsupported | Class::Malformed | Class::Incomplete))
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
    NonceRule::OF_EVIDENCE.read(text, &context.source).map(Some)
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
        let sequel = {
            let sources = completion.sources();
            let evidence = files.evidence()?;
            let endorsements = files.inputs().endorsements();
            let anchors = files.anchors();
            let request = options.request(&endorsements, &anchors, &sources)?;
            let mut result = teeproof::verify(&evidence, &request).map_err(|error| {
                Fault::usage(error.to_string(), hints::of_request(&error)).in_file(files.name())
            })?;
            let sequel = options.sequel(&files, &completion, &anchors, &result);
            if let Sequel::Stands | Sequel::Warns(_) = sequel {
                if let Sequel::Warns(unfit) = sequel {
                    let unfit = in_words(&unfit);
                    context.messages.say(&format!("warning: {unfit}; it is fetched anew with --fetch"));
                }
                options.rewrite_hints(&completion, &mut result);
                return then(&result);
            }
            sequel
        };
        match sequel {
            Sequel::Anew(unfit) => {
                context.messages.say(NOTE_OF_RENEWAL);
                options.complete_again(&mut files, &mut completion, unfit, &announce)?;
                options.say(&completion.completed, context);
            }
            Sequel::Without(issuers) => {
                context.messages.say(&format!("warning: not used: {}", in_words(&issuers)));
                options.leave_out(&mut files, &mut completion, &issuers)?;
            }
            Sequel::Ends(fault) => return Err(fault),
            Sequel::Stands | Sequel::Warns(_) => {}
        }
    }
}

const NOTE_OF_RENEWAL: &str =
    "note: refused, or a list not used, with endorsements of the cache, which are fetched anew";

/// The result as a page.
pub(crate) fn result_page(
    result: &AttestationResult<'_>,
    options: &RequestOptions<'_>,
    context: &Context,
) -> Page {
    result_page::page(result, options.is_genuine(), context.verbosity())
}
