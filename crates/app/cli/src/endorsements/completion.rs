//! Completion of evidence: the endorsements that its files lack, from the cache or from their services.

use std::time::Duration;

use teeproof::{EndorsementSource, FetchedFrom};
use teeproof_core::Time;
use teeproof_endorse::{Endorsement, Error, Fetcher, Question, Reuse, Stale};
use teeproof_evidence::{InputError, InputKind, Inputs, Part};

use crate::endorsements::bounds::{Bounds, Failure};
use crate::endorsements::questions::{AmdChains, Necessity, Need, Which, is_valid, kind, needs};
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
    /// The present time.
    pub(crate) now: Time,
    pub(crate) chains: AmdChains,
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
    /// Everything that the evidence lacks, from the services whatever the cache has, and the reasons for what there is
    /// not.
    Uncached,
    /// Everything anew, whatever the files and the cache have, and the reasons for what there is not.
    Renewed,
}

impl Demand {
    /// Revocation lists and collateral can be replaced long before they expire; certificates are not.
    pub(crate) const fn reuse(self, question: &Question) -> Reuse {
        let is_certificate =
            matches!(question, Question::Vcek(_) | Question::AmdChain { .. } | Question::Issuer(_));
        match self {
            // Whoever has forged one object must not undo a revocation with an older list.
            Self::Uncached if !is_certificate => Reuse::NEVER.keeping_newer(),
            Self::Renewed | Self::Uncached => Reuse::NEVER,
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
    fn parts(&self) -> Result<Vec<Part>, Fault> {
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
    pub(crate) fault: Fault,
}

impl Missing {
    fn new(question: &Question, necessity: Necessity, is_absence: bool, fault: Fault) -> Self {
        let is_fatal = match necessity {
            Necessity::Required => true,
            Necessity::WhereServed => !is_absence,
            Necessity::Optional => false,
        };
        Self { what: question.title(), is_fatal, fault }
    }
}

impl Completed {
    /// The sources of what was added.
    pub(crate) fn sources(&self) -> Vec<EndorsementSource> {
        self.added.iter().map(Added::source).collect()
    }

    /// Whether something is from the cache.
    pub(crate) fn has_cached(&self) -> bool {
        self.added.iter().any(|added| added.endorsement.from_cache)
    }

    /// Whether everything that was added before was added again.
    fn replaces(&self, before: &Self) -> bool {
        let is_again = |added: &Added| self.added.iter().any(|again| again.question == added.question);
        before.added.iter().all(is_again)
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
            for Missing { what, fault, .. } in &self.missing {
                messages.say(&format!("warning: {what}: not fetched: {}", fault.message()));
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
            match answer(&fetcher, &mut bounds, &need, plan, announce) {
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

/// The inputs as given, with everything anew that was completed before: for evidence that is not authentic under
/// endorsements of the cache, where one can be forged that nothing but a verification notices. `None` if a service
/// fails or lacks one of them, so that a revocation list is not lost.
pub(crate) fn complete_again(
    mut given: Inputs,
    before: &Completed,
    plan: &Plan<'_>,
    announce: &dyn Fn(&Question),
) -> Option<(Inputs, Completed)> {
    let plan = Plan { demand: Demand::Uncached, ..*plan };
    let completed = complete(&mut given, &plan, announce).ok()?;
    completed.replaces(before).then_some((given, completed))
}

/// The answer to one of the questions.
fn answer(
    fetcher: &Fetcher<'_>,
    bounds: &mut Bounds,
    need: &Need,
    plan: &Plan<'_>,
    announce: &dyn Fn(&Question),
) -> Result<Added, Box<Missing>> {
    let mut first: Option<Box<Missing>> = None;
    for question in &need.questions {
        announce(question);
        let reuse = plan.demand.reuse(question);
        let missing = |is_absence, fault| Box::new(Missing::new(question, need.necessity, is_absence, fault));
        match bounds.fetch(fetcher, question, reuse, plan.now) {
            Ok(endorsement) if is_valid(endorsement.answer.validity(), plan.at) => {
                return Ok(Added { question: question.clone(), endorsement });
            }
            // Within the tolerance of the fetcher for clocks alone.
            Ok(endorsement) => {
                first = first.or_else(|| Some(missing(false, not_valid(&endorsement, plan.at))))
            }
            Err(Failure { is_absence, fault }) => {
                let missing = missing(is_absence, fault);
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
        Box::new(Missing { what: "endorsement".to_owned(), is_fatal: true, fault })
    }))
}

fn not_valid(endorsement: &Endorsement, at: Time) -> Fault {
    let (url, validity) = (endorsement.url.clone(), endorsement.answer.validity());
    Fault::fetch(&Error::OtherTime { url, validity, at })
}

/// Adds the object and the certificates above its signer. The evidence stays as it is, because only endorsements are
/// added.
fn add(inputs: &mut Inputs, added: &Added) -> Result<(), Fault> {
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
