//! `teeproof policy suggest`: a policy from evidence that a person trusts.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use teeproof::{AttestationResult, MixedFact, NoProposal, Proposal, ProposalChoices, Unsuitable};

use super::check::print_warning;
use super::recorded_evidence::{Case, Named, Trial, TrialArgs};
use crate::input::policy_file::reason;
use crate::output::exits;
use crate::output::fault::{Fault, WarningJson};
use crate::output::page::{LOUD, Page};
use crate::output::product::Product;
use crate::output::result_lines::{self, CautionCounts, CautionsJson, FileJson};
use crate::settings::context::Context;

/// Propose a policy from evidence that you trust
///
/// Each file is one machine's evidence that needs no other file, such as a bundle. What all of
/// them have in common is pinned; what differs is listed and marked; what belongs to one machine
/// is waived. The product lines are pinned, and each has a TCB floor of its own. PCRs are pinned where the
/// firmware's event log explains them, all but 5, 6, 10, 16 and 23; the others are waived, each with its reason.
///
/// No policy is proposed from evidence that is not authentic, that a host or a debugger controls, or whose claims
/// nothing but an AK certificate ties to Azure. The exit code is then the gravest of the files', as of verify
/// --each.
#[derive(Debug, Args)]
pub(super) struct SuggestArgs {
    /// Bundles, or other evidence that brings its endorsements along
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,

    /// What results are to call the policy
    #[arg(long, value_name = "NAME", default_value = "proposed")]
    name: String,

    /// Pin these PCRs although they vary or no event log explains them: 11 or 11,12
    #[arg(long, value_name = "PCRS", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(0..=31))]
    pin: Vec<u8>,

    /// Propose from claims although nothing but the AK certificate, or nothing at all, ties them to Azure's
    /// paravisor, for this reason, which the proposal's head repeats
    #[arg(long, value_name = "REASON", value_parser = reason)]
    accept_origin_not_shown: Option<String>,

    #[command(flatten)]
    trial: TrialArgs,
}

/// Runs the verb.
pub(super) fn run(args: &SuggestArgs, context: &Context) -> Result<Product, Fault> {
    if args.name.trim().is_empty() {
        return Err(Fault::usage("--name: the name is blank", "results call the policy by it: choose one"));
    }
    if args.name.starts_with("builtin:") {
        return Err(Fault::usage(
            "--name: builtin: is kept for policies that are built in",
            "choose another",
        ));
    }
    let shared = args.trial.shared(context)?;
    let trial = args.trial.of(&shared, None, context);
    let named = Named::read(&args.bundles, &shared, context);
    let named = each_once(named, context);
    let cases: Vec<_> = named.iter().map(Named::case).collect();
    let choices = ProposalChoices::new(&args.name)
        .pin(&args.pin)
        .origin_accepted(args.accept_origin_not_shown.as_deref());
    let results: Vec<_> =
        named.iter().zip(&cases).map(|(one, case)| suitable(&one.name, case, &trial, &choices)).collect();
    let results = all(results, context)?;
    let names: Vec<&str> = named.iter().map(|one| one.name.as_str()).collect();
    let proposal = Proposal::from_results(&results, &choices).map_err(|error| fault(&error, &names))?;
    let learnt: Vec<_> =
        named.iter().zip(&results).map(|(one, result)| Learnt { file: &one.name, result }).collect();
    if context.is_json() {
        return Product::json(&Suggestion::of(&proposal, &learnt, choices.origin_accepted), 0);
    }
    say_summary(&proposal, &learnt, context);
    Ok(Product::text(proposal.toml))
}

/// Each piece of evidence once, whatever the files are called: twice the same is no second machine.
fn each_once(named: Vec<Named>, context: &Context) -> Vec<Named> {
    let cases: Vec<_> = named.iter().map(Named::case).collect();
    let evidence: Vec<_> = cases.iter().map(|case| case.as_ref().ok().map(Case::evidence)).collect();
    let repeated = |index: usize| {
        let one = evidence.get(index).copied().flatten()?;
        evidence.iter().take(index).position(|before| *before == Some(one))
    };
    let repeated: Vec<Option<usize>> = (0..evidence.len()).map(repeated).collect();
    for (one, before) in named.iter().zip(&repeated) {
        if let Some(before) = before.and_then(|before| named.get(before)) {
            context
                .messages
                .say(&format!("{}: the same evidence as {}, counted once", one.name, before.name));
        }
    }
    named.into_iter().zip(repeated).filter(|(_, before)| before.is_none()).map(|(one, _)| one).collect()
}

/// The result of evidence that a policy can be proposed from.
fn suitable<'r>(
    name: &str,
    case: &'r Result<Case<'_>, Fault>,
    trial: &'r Trial<'_>,
    choices: &ProposalChoices<'_>,
) -> Result<AttestationResult<'r>, Fault> {
    let no_policy = |fault: Fault| fault.so("no policy is proposed");
    let case = case.as_ref().map_err(|fault| no_policy(fault.clone()))?;
    let result = case.verify(trial).map_err(no_policy)?;
    match Unsuitable::of(&result, choices.origin_accepted.is_some()) {
        None => Ok(result),
        Some(reason) => Err(Fault::unsuitable(&reason).in_file(name)),
    }
}

/// Why there is no proposal although each piece of evidence is suitable.
fn fault(error: &NoProposal, names: &[&str]) -> Fault {
    match error {
        NoProposal::Unsuitable { reason, .. } => Fault::unsuitable(reason),
        NoProposal::NotAPolicy(problems) => Fault::policy(problems.clone()).in_file("the proposal"),
        NoProposal::Mixed(facts) => mixed(facts, names),
        other => Fault::usage(other.to_string(), "teeproof inspect shows which PCRs the evidence has"),
    }
}

/// Some of the evidence has a fact that says what runs, and the files that are named here lack it.
fn mixed(facts: &[MixedFact], names: &[&str]) -> Fault {
    let told = facts.iter().map(|fact| {
        let files: Vec<&str> = fact.lacking.iter().filter_map(|index| names.get(*index).copied()).collect();
        let lacking = files.join(", ");
        format!("{} would be pinned for the others, and not for {lacking}: {}", fact.field, fact.because)
    });
    let told: Vec<String> = told.collect();
    let pcrs: Vec<&str> =
        facts.iter().filter_map(|fact| fact.field.split_once(".pcrs.")).map(|pcr| pcr.1).collect();
    let pin = if pcrs.len() == facts.len() {
        format!(", or pin them all the same: --pin {}", pcrs.join(","))
    } else {
        String::new()
    };
    let hint = format!("propose one policy for each image: one for these files, and one for the others{pin}");
    Fault::refused(format!("no policy is proposed from these files together: {}", told.join("; ")), hint)
}

/// For people: what the proposal comes from, where the files differ, and what to look at before it is used.
fn say_summary(proposal: &Proposal, learnt: &[Learnt<'_>], context: &Context) {
    let mut page = Page::new();
    for one in learnt.iter().filter(|_| !context.quiet) {
        result_lines::print(&mut page, one.file, one.result, context.verbose);
    }
    for field in proposal.differing.iter().filter(|_| !context.quiet) {
        page.line(format_args!("differs between the files: {field}"));
    }
    for caution in &proposal.cautions {
        page.paint(LOUD, caution).end();
    }
    proposal.warnings.iter().for_each(|warning| print_warning(&mut page, "line ", warning));
    if !context.quiet {
        page.line("read it, then try it on evidence that it has to accept or refuse: teeproof policy test POLICY BUNDLE");
    }
    context.messages.insist(&page);
}

/// All of them, or the gravest fault; the others are said.
fn all<T>(results: Vec<Result<T, Fault>>, context: &Context) -> Result<Vec<T>, Fault> {
    let (mut good, mut gravest) = (Vec::new(), None::<Fault>);
    let mut others = Page::new();
    for result in results {
        match (result, gravest.take()) {
            (Ok(one), before) => {
                good.push(one);
                gravest = before;
            }
            (Err(fault), None) => gravest = Some(fault),
            (Err(fault), Some(before)) => {
                let graver = exits::gravest(before.exit, fault.exit) != before.exit;
                let (first, second) = if graver { (fault, before) } else { (before, fault) };
                others.append(&second.to_page());
                gravest = Some(first);
            }
        }
    }
    if !context.is_json() {
        context.messages.insist(&others);
    }
    gravest.map_or(Ok(good), Err)
}

/// For programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Suggestion<'a> {
    /// The form: `teeproof/policy-suggestion/2`.
    schema: &'static str,
    /// How many results each caution holds of.
    cautions: CautionsJson,
    /// The first lines of the file, which people see on standard error too.
    head: &'a [String],
    /// Why claims are accepted whose origin is not shown.
    origin_accepted: Option<&'a str>,
    /// The subjects of the anchors that are not pinned.
    anchors: &'a [String],
    /// What the results warn of.
    evidence_warnings: &'a [String],
    /// The proposal, a policy file.
    toml: &'a str,
    /// The fields in which the files differ.
    differing: &'a [String],
    /// What the proposal demands less than it seems to.
    policy_warnings: Vec<WarningJson>,
    /// The files that the proposal is derived from, with their results.
    files: Vec<FileJson<'a>>,
    /// The exit code.
    exit_code: u8,
}

impl<'a> Suggestion<'a> {
    fn of(proposal: &'a Proposal, files: &[Learnt<'a>], origin_accepted: Option<&'a str>) -> Self {
        let mut cautions = CautionCounts::default();
        files.iter().for_each(|one| cautions.count(one.result));
        Self {
            schema: "teeproof/policy-suggestion/2",
            cautions: cautions.json(),
            head: &proposal.cautions,
            origin_accepted,
            anchors: &proposal.anchors,
            evidence_warnings: &proposal.evidence_warnings,
            toml: &proposal.toml,
            differing: &proposal.differing,
            policy_warnings: proposal.warnings.iter().map(WarningJson::of).collect(),
            files: files.iter().map(|one| FileJson::verified(one.file, one.result)).collect(),
            exit_code: 0,
        }
    }
}

/// What a file that was learnt from came to.
struct Learnt<'a> {
    file: &'a str,
    result: &'a AttestationResult<'a>,
}
