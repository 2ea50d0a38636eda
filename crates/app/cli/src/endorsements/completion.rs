//! Completion of evidence: the endorsements that its files lack, from the cache or from their services.

use std::time::Duration;

use teeproof::{EndorsementSource, FetchedFrom};
use teeproof_core::Time;
use teeproof_endorse::{Endorsement, Error, Fetcher, Question, Reuse, Stale};
use teeproof_evidence::{InputError, InputKind, Inputs, Part};

use crate::endorsements::bounds::{Bounds, Failure, is_absence};
use crate::endorsements::questions::{AmdChains, Necessity, Need, Which, is_among, is_valid, kind, needs};
use crate::output::fault::Fault;
use crate::output::streams::Messages;
use crate::settings::network::Network;

/// What is completed, and from where.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) network: &'a Network,
    pub(crate) demand: Demand,
    /// The time of verification, at which the endorsements are to be valid.
    pub(crate) at: Time,
    /// Whether the user named that time.
    pub(crate) is_at_given: bool,
    /// The present time.
    pub(crate) now: Time,
    pub(crate) chains: AmdChains,
    /// What is fetched anew after a verification; `None` before it.
    pub(crate) anew: Option<&'a Anew>,
}

impl Plan<'_> {
    fn reuse(&self, question: &Question) -> Reuse {
        match self.anew {
            Some(anew) if anew.unfit.contains(question) => Reuse::NEVER,
            // Whoever has forged one object must not undo a revocation with an older list, or with none.
            Some(_) => Reuse::within(Duration::ZERO).stale(Stale::IfError),
            None => self.demand.reuse(question),
        }
    }
}

/// A second completion, after a verification that failed under endorsements of the cache.
#[derive(Debug)]
pub(crate) struct Anew {
    /// Those that are not genuine, or that no chain uses: they are replaced whatever their dates are.
    pub(crate) unfit: Vec<Question>,
    /// Those that this run has fetched already.
    pub(crate) fetched: Vec<Added>,
}

impl Anew {
    /// Everything but what is from the cache stays.
    pub(crate) fn after(completed: &Completed, unfit: Vec<Question>) -> Self {
        let fetched = completed.added.iter().filter(|added| !added.endorsement.from_cache).cloned();
        Self { unfit, fetched: fetched.collect() }
    }
}

/// What the cache and the services must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Nothing: what the cache has is added.
    Cached,
    /// Everything that the evidence lacks; ends at the first that there is not.
    Lacking,
    /// Everything that the evidence lacks, and the reasons for what there is not.
    Listed,
    /// Everything anew, whatever the files and the cache have, and the reasons for what there is not.
    Renewed,
}

impl Demand {
    /// Revocation lists and collateral can be replaced long before they expire; certificates are not.
    pub(crate) const fn reuse(self, question: &Question) -> Reuse {
        let is_certificate =
            matches!(question, Question::Vcek(_) | Question::AmdChain { .. } | Question::Issuer(_));
        match self {
            Self::Renewed => Reuse::NEVER,
            Self::Lacking | Self::Listed if !is_certificate => Reuse::within(DAY).stale(Stale::IfError),
            _ => Reuse::WHILE_VALID,
        }
    }

    const fn which(self) -> Which {
        match self {
            Self::Renewed => Which::All,
            _ => Which::Missing,
        }
    }
}

/// What was completed, and what was not.
#[derive(Debug, Default)]
pub(crate) struct Completed {
    /// The endorsements that were added, in the order of the requests.
    pub(crate) added: Vec<Added>,
    /// Those that there are not.
    pub(crate) missing: Vec<Missing>,
    /// What no service has, with the reason.
    pub(crate) gaps: Vec<String>,
}

/// An endorsement that was added.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    pub(crate) question: Question,
    pub(crate) endorsement: Endorsement,
}

impl Added {
    /// The object as the kind of its question, and the certificates above its signer: endorsements alone, whatever the
    /// bytes look like otherwise.
    pub(crate) fn parts(&self) -> Result<Vec<Part>, Fault> {
        let (answer, kind) = (&self.endorsement.answer, kind(&self.question));
        let bodies = match kind {
            InputKind::Certificate => answer.certificates(),
            _ => vec![answer.body().to_vec()],
        };
        let objects = bodies.into_iter().map(|body| Part::new(kind, body));
        let issuers = answer.issuers().iter().map(|der| Part::new(InputKind::Certificate, der));
        objects.chain(issuers).collect::<Result<_, _>>().map_err(|error| {
            let (url, what) = (self.endorsement.url.clone(), InputError::from(error).to_string());
            Fault::fetch(&Error::Malformed { url, what })
        })
    }

    /// Its source.
    pub(crate) fn source(&self) -> EndorsementSource {
        let Endorsement { url, fetched_at, from_cache, .. } = &self.endorsement;
        let from = if *from_cache { FetchedFrom::Cache } else { FetchedFrom::Network };
        EndorsementSource::new(
            self.question.title(),
            url.clone(),
            from,
            *fetched_at,
            self.endorsement.valid_until(),
        )
    }
}

/// An endorsement that there is not.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    /// What it is.
    pub(crate) what: String,
    /// Whether a run that demands it ends without it.
    pub(crate) is_fatal: bool,
    /// Whether the one among the files is used in its place.
    stands_in: bool,
    pub(crate) fault: Fault,
}

impl Missing {
    fn new(question: &Question, necessity: Necessity, failure: Failure) -> Self {
        let is_fatal = match necessity {
            Necessity::Required => true,
            Necessity::WhereServed => !failure.is_absence,
            Necessity::Optional => false,
        };
        Self { what: question.title(), is_fatal, stands_in: false, fault: failure.fault }
    }

    /// The same where the files have such an object. It stands in for one of another time than that of --at, which no
    /// sender chooses, and for nothing else.
    fn with_one_given(self, is_of_other_time: bool, plan: &Plan<'_>) -> Self {
        if is_of_other_time && plan.is_at_given {
            return Self { is_fatal: false, stands_in: true, ..self };
        }
        let fault = if self.is_fatal { self.fault.with_further_hint(WITHOUT_FETCH) } else { self.fault };
        Self { fault, ..self }
    }
}

const WITHOUT_FETCH: &str = "verify without --fetch uses the one among the files, and what the cache has";

impl Completed {
    /// The sources of what was added.
    pub(crate) fn sources(&self) -> Vec<EndorsementSource> {
        self.added.iter().map(Added::source).collect()
    }

    /// Whether something is from the cache.
    pub(crate) fn has_cached(&self) -> bool {
        self.added.iter().any(|added| added.endorsement.from_cache)
    }

    /// Whether the answer to this question is from the cache.
    pub(crate) fn is_cached(&self, question: &Question) -> bool {
        self.added.iter().any(|added| added.question == *question && added.endorsement.from_cache)
    }

    /// Removes the answers to these questions.
    pub(crate) fn leave_out(&mut self, questions: &[Question]) {
        self.added.retain(|added| !questions.contains(&added.question));
    }

    /// Says what was added, and where everything must be there, what is not.
    pub(crate) fn say(&self, is_complete: bool, messages: &Messages) {
        for Added { question, endorsement } in &self.added {
            let (from, until) = (&endorsement.url, endorsement.valid_until());
            let from = if endorsement.from_cache { format!("the cache ({from})") } else { from.clone() };
            messages.say(&format!("{}: from {from}, valid until {until}", question.title()));
            if let Some(error) = &endorsement.not_stored {
                messages.say(&format!("note: not cached: {error}"));
            }
        }
        if is_complete {
            for Missing { what, fault, stands_in, .. } in &self.missing {
                let instead = if *stands_in { "the one among the files is used: " } else { "" };
                messages.say(&format!("warning: {what}: {instead}not fetched: {}", fault.message()));
            }
            for gap in &self.gaps {
                messages.say(&format!("warning: not fetched: {gap}"));
            }
        }
    }

    /// The fault of the first endorsement without which a run ends.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let missing = self.missing.iter().find(|missing| missing.is_fatal)?;
        Some(missing.fault.clone().with_consequence(&format!("{}: not fetched", missing.what)))
    }
}

/// Whether it is a warning that an endorsement cannot be had: a revocation list that the service does not have.
pub(crate) fn is_warning(question: &Question, error: &Error) -> bool {
    kind(question) == InputKind::RevocationList && is_absence(error)
}

/// Adds to the inputs what their evidence needs. `announce` is called before each question.
///
/// # Errors
/// An endorsement that no file can have, or more than a verification takes.
pub(crate) fn complete(
    inputs: &mut Inputs,
    plan: &Plan<'_>,
    announce: &dyn Fn(&Question),
) -> Result<Completed, Fault> {
    let (fetcher, mut bounds) = (plan.network.fetcher().valid_at(plan.at), Bounds::new());
    let (mut completed, mut requested): (Completed, Vec<Need>) = (Completed::default(), Vec::new());
    // An answer can lead to another question: the VCEK to the product line, a certificate to its issuer.
    for _ in 0..MAX_ROUNDS {
        let needs = needs(inputs, plan.at, plan.chains, plan.demand.which());
        completed.gaps = needs.gaps;
        let is_open = |need: &Need| {
            let mut answered = completed.added.iter().map(|added| &added.question);
            !requested.contains(need) && !answered.any(|question| need.questions.contains(question))
        };
        let open: Vec<_> = needs.needs.into_iter().filter(is_open).collect();
        if open.is_empty() {
            break;
        }
        for need in open {
            match answer(&fetcher, &mut bounds, &need, plan, inputs, announce) {
                Ok(added) => {
                    add(inputs, &added).map_err(|fault| {
                        fault.with_consequence(&format!("{}: not used", added.question.title()))
                    })?;
                    completed.added.push(added);
                }
                Err(missing) => completed.missing.push(*missing),
            }
            requested.push(need);
            if plan.demand == Demand::Lacking && completed.missing.iter().any(|missing| missing.is_fatal) {
                return Ok(completed);
            }
        }
    }
    Ok(completed)
}

/// The answer to one of the questions.
fn answer(
    fetcher: &Fetcher<'_>,
    bounds: &mut Bounds,
    need: &Need,
    plan: &Plan<'_>,
    inputs: &Inputs,
    announce: &dyn Fn(&Question),
) -> Result<Added, Box<Missing>> {
    let fetched = plan.anew.map_or(&[][..], |anew| &anew.fetched);
    if let Some(added) = fetched.iter().find(|added| need.questions.contains(&added.question)) {
        return Ok(added.clone());
    }
    let mut first: Option<Box<Missing>> = None;
    for question in &need.questions {
        announce(question);
        let reuse = plan.reuse(question);
        let missing = |failure: Failure| {
            let is_of_other_time = failure.is_of_other_time;
            let missing = Missing::new(question, need.necessity, failure);
            let is_among = plan.demand != Demand::Renewed && is_among(inputs, question, plan.at);
            Box::new(if is_among { missing.with_one_given(is_of_other_time, plan) } else { missing })
        };
        match bounds.fetch(fetcher, question, reuse, plan.now) {
            Ok(endorsement) if is_valid(endorsement.answer.validity(), plan.at) => {
                return Ok(Added { question: question.clone(), endorsement });
            }
            // Within the tolerance of the fetcher for clocks alone.
            Ok(endorsement) => {
                let failure = Failure { is_absence: false, ..not_valid(&endorsement, plan.at) };
                first = first.or_else(|| Some(missing(failure)));
            }
            Err(failure) => {
                let is_absence = failure.is_absence;
                let missing = missing(failure);
                // A service that fails says nothing about the alternatives.
                if !is_absence && !matches!(question, Question::Issuer(_)) {
                    return Err(missing);
                }
                first = first.or(Some(missing));
            }
        }
    }
    Err(first.unwrap_or_else(|| {
        let fault = Fault::internal("an endorsement without a question");
        Box::new(Missing { what: "endorsement".to_owned(), is_fatal: true, stands_in: false, fault })
    }))
}

fn not_valid(endorsement: &Endorsement, at: Time) -> Failure {
    let (url, validity) = (endorsement.url.clone(), endorsement.answer.validity());
    Failure::of(&Error::OtherTime { url, validity, at })
}

/// Adds the object and the certificates above its signer. The evidence stays as it is, because only endorsements are
/// added.
pub(crate) fn add(inputs: &mut Inputs, added: &Added) -> Result<(), Fault> {
    for part in added.parts()? {
        if !inputs.parts().contains(&part) {
            inputs.add_part(part).map_err(|error| Fault::input(&error))?;
        }
    }
    Ok(())
}

/// The age from which a revocation list or collateral is fetched again.
const DAY: Duration = Duration::from_secs(86_400);
/// A VCEK and its list, or an attestation key's certificate and those above it.
const MAX_ROUNDS: usize = 6;
