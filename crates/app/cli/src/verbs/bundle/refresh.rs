//! `teeproof bundle refresh`.

use clap::Args;
use teeproof::{Evidence, Request};
use teeproof_core::{Class, Freshness, Technology, Time};
use teeproof_endorse::Question;
use teeproof_evidence::bundle::Bundle;
use teeproof_evidence::{Inputs, Part};

use super::file::{BundleFile, BundleForm, bundle_fault};
use crate::endorsements::completion::{Completed, Demand, Plan, complete};
use crate::endorsements::questions::{AmdChains, answers};
use crate::input::time::now;
use crate::output::fault::Fault;
use crate::output::hints;
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::settings::network::Reach;

/// Fetch the endorsements of a bundle anew, and leave its evidence as it is
///
/// The VCEK, revocation lists and TDX collateral of the bundle are replaced by those that the services have now, and what
/// it lacks is added. The evidence stays the same byte for byte, as do certificates that no service has and the time of
/// collection. Without a new revocation list the old one stays. If a service fails, or the evidence is not authentic
/// under what it has, nothing is written.
#[derive(Debug, Args)]
pub(super) struct RefreshArgs {
    #[command(flatten)]
    named: BundleFile,

    #[command(flatten)]
    form: BundleForm,
}

/// Runs the verb.
pub(super) fn run(args: &RefreshArgs, context: &Context) -> Result<Product, Fault> {
    let bundle = args.named.read(context)?;
    if bundle.is_redacted() {
        return Err(Fault::usage(
            "the bundle is redacted: its identifiers were replaced, so that nothing can be fetched for it",
            "refresh the original, and redact it again",
        )
        .in_file(args.named.bundle.display()));
    }
    let network = context.network.open(Reach::Fetch, &context.messages)?;
    let now = now();
    let plan = Plan {
        network: &network,
        demand: Demand::Renewed,
        at: now,
        is_at_given: false,
        now,
        chains: AmdChains::Pinned,
        anew: None,
    };
    let announce = |question: &Question| {
        context.messages.announce(&format!("fetching: {} …", question.title()));
    };
    let mut inputs = inputs_of(bundle.parts())?;
    let completed = complete(&mut inputs, &plan, &announce)?;
    completed.say(true, &context.messages);
    if let Some(fault) = completed.fault() {
        return Err(fault.in_file(args.named.bundle.display()));
    }
    let renewed = renewed(&bundle, &inputs, &completed)?;
    check(&inputs_of(bundle.parts())?, &renewed, now, context)
        .map_err(|fault| fault.in_file(args.named.bundle.display()))?;
    let collection = bundle.collected().clone();
    let renewed =
        renewed.into_bundle(collection).map_err(|error| bundle_fault(&error, &args.named.bundle))?;
    Ok(args.form.product(&renewed))
}

/// Verifies the evidence under the endorsements before and after, without a policy: it must not become unauthentic.
/// Under a root that is not pinned it is not authentic in either case.
fn check(before: &Inputs, after: &Inputs, now: Time, context: &Context) -> Result<(), Fault> {
    let (was, is) = (verify(before, now, context)?, verify(after, now, context)?);
    if !matches!(is.class, Some(Class::NotAuthentic | Class::Malformed | Class::Unsupported))
        || was.class == is.class
    {
        return Ok(());
    }
    let what = is.failure;
    Err(match was.class {
        // Then the services are at fault, and not the evidence.
        None | Some(Class::Unappraised | Class::NotShownFresh) => Fault::unfit_service(format!(
            "the evidence is authentic with the endorsements of the bundle, and not with new ones: {what}"
        )),
        _ => Fault::altered(
            format!("the evidence is not authentic with new endorsements: {what}"),
            hints::UNFIT_SERVICE,
        ),
    })
}

/// A verification.
struct Verified {
    class: Option<Class>,
    /// The first failure.
    failure: String,
}

fn verify(inputs: &Inputs, now: Time, context: &Context) -> Result<Verified, Fault> {
    let evidence = Evidence::from_inputs(inputs).map_err(|error| Fault::input(&error))?;
    let (endorsements, crypto) = (inputs.endorsements(), context.crypto(None));
    let freshness = Freshness::Waived("recorded evidence");
    let request = Request::for_inputs(&endorsements, Technology::ALL, freshness, now, &crypto);
    let result = teeproof::verify(&evidence, &request)
        .map_err(|error| Fault::usage(error.to_string(), hints::of_request(&error)))?;
    let failure = result.failures().next().map(|finding| {
        format!("{}: {}", finding.check.id, finding.because.as_deref().unwrap_or(finding.check.title))
    });
    Ok(Verified { class: result.class(), failure: failure.unwrap_or_default() })
}

fn inputs_of<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Result<Inputs, Fault> {
    let mut inputs = Inputs::new();
    parts
        .into_iter()
        .try_for_each(|part| inputs.add_part(part.clone()))
        .map_err(|error| Fault::input(&error))?;
    Ok(inputs)
}

/// Everything but the parts of the bundle that answer a question which now has a new answer.
fn renewed(bundle: &Bundle, all: &Inputs, completed: &Completed) -> Result<Inputs, Fault> {
    let is_outdated = |part: &&Part| {
        let is_new = || completed.added.iter().any(|added| added.endorsement.answer.body() == part.bytes());
        let is_answer = || completed.added.iter().any(|added| answers(part, &added.question).is_some());
        bundle.parts().contains(part) && is_answer() && !is_new()
    };
    inputs_of(all.parts().iter().filter(|part| !is_outdated(part)))
}
