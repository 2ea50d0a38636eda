//! `teeproof policy suggest`: a policy from trusted evidence.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use teeproof::{AttestationResult, MixedFact, NoProposal, Proposal, ProposalChoices, Unsuitable};

use super::check::print_warning;
use super::measured_images::{ImageJson, MeasuredFile};
use super::recorded_evidence::{RecordedArgs, RecordedEvidence, RecordedFile, RecordedRequest};
use crate::input::policy_file::parse_reason;
use crate::output::exits;
use crate::output::fault::{Fault, WarningJson};
use crate::output::hints;
use crate::output::page::{LOUD, Page};
use crate::output::product::Product;
use crate::output::result_lines::{self, CautionCounts, CautionsJson, FileJson};
use crate::settings::context::Context;

/// Propose a policy from trusted evidence, or from measurements of images
///
/// Each file is the whole evidence of one machine, such as a bundle. Values that all files have in common are
/// pinned; values that differ are listed and marked; identifiers of one machine are waived. Product lines are
/// pinned, each with its own minimum TCB. PCRs are pinned if the event log explains them, except 5, 6, 10, 16 and
/// 23; the others are waived, each with the reason.
///
/// Without any evidence, --eif takes an enclave image, and a file can be the measurements of an image, as nitro-cli
/// build-enclave, nitro-cli describe-eif, teeproof eif measure or nitro-tpm-pcr-compute print them in JSON. The policy
/// then accepts what is started from that image.
///
/// No policy is proposed from evidence that is not authentic, that a host or a debugger controls, or of which only
/// the AK certificate shows that it is from Azure. The exit code is then the gravest of the files', as of verify
/// --each.
#[derive(Debug, Args)]
pub(super) struct SuggestArgs {
    /// Bundles, or other files of evidence that contain their endorsements; or measurements of images
    #[arg(required_unless_present = "eif", value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,

    /// An enclave image, whose policy is proposed without any evidence; may be given several times
    #[arg(long, value_name = "IMAGE")]
    eif: Vec<PathBuf>,

    /// The name of the policy, which results repeat
    #[arg(long, value_name = "NAME", default_value = "proposed")]
    name: String,

    /// Also pin these PCRs, which vary or which no event log explains: 11 or 11,12
    #[arg(long, value_name = "PCRS", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(0..=31))]
    pin: Vec<u8>,

    /// Propose a policy although only the AK certificate, or nothing, shows that Azure's paravisor made the claims;
    /// the reason is repeated at the head of the proposal
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    accept_origin_not_shown: Option<String>,

    #[command(flatten)]
    recorded: RecordedArgs,
}

/// Runs the verb.
pub(super) fn run(args: &SuggestArgs, context: &Context) -> Result<Product, Fault> {
    if args.name.trim().is_empty() {
        return Err(Fault::usage("--name: expected a name, got blanks", "give a name: results repeat it"));
    }
    if args.name.starts_with("builtin:") {
        return Err(Fault::usage("--name: the prefix builtin: is reserved", "give a name without it"));
    }
    let shared = args.recorded.shared(context)?;
    let request = args.recorded.request(&shared, None, context);
    let choices = ProposalChoices::new(&args.name)
        .pin(&args.pin)
        .origin_accepted(args.accept_origin_not_shown.as_deref());
    let mut files = Vec::new();
    let mut images: Vec<_> = args.eif.iter().map(|path| MeasuredFile::of_image(path, context)).collect();
    for path in &args.bundles {
        let bytes = context.source.read(path);
        match bytes.as_deref().ok().and_then(|bytes| MeasuredFile::parse(path, bytes)) {
            Some(image) => images.push(image),
            None => files.push(RecordedFile::new(path, bytes, &shared, context)),
        }
    }
    match (images.is_empty(), files.is_empty()) {
        (true, _) => {}
        (false, true) => return of_images(all_or_gravest(images, context)?, &choices, context),
        (false, false) => {
            return Err(Fault::usage(
                "measurements of images together with evidence",
                "propose one policy from the images and one from the evidence: they pin different facts",
            ));
        }
    }
    let files = each_once(files, context);
    let parsed: Vec<_> = files.iter().map(RecordedFile::parsed).collect();
    let results: Vec<_> = files
        .iter()
        .zip(&parsed)
        .map(|(one, evidence)| suitable(&one.name, evidence, &request, &choices))
        .collect();
    let results = all_or_gravest(results, context)?;
    let names: Vec<&str> = files.iter().map(|one| one.name.as_str()).collect();
    let proposal =
        Proposal::from_results(&results, &choices).map_err(|error| proposal_fault(&error, &names))?;
    let sources: Vec<_> =
        files.iter().zip(&results).map(|(one, result)| ProposalSource { file: &one.name, result }).collect();
    if context.is_json() {
        return Product::json(&Suggestion::of(&proposal, &sources, &[], choices.origin_accepted), 0);
    }
    say_summary(&proposal, &sources, context);
    Ok(Product::text(proposal.toml))
}

/// The proposal from images.
fn of_images(
    images: Vec<MeasuredFile>,
    choices: &ProposalChoices<'_>,
    context: &Context,
) -> Result<Product, Fault> {
    let names: Vec<&str> = images.iter().map(|image| image.name.as_str()).collect();
    let measurements: Vec<_> = images.iter().map(|image| image.measurements).collect();
    let proposal = Proposal::from_images(&measurements, choices)
        .map_err(|error| image_fault(&error, &images, &names))?;
    if context.is_json() {
        return Product::json(&Suggestion::of(&proposal, &[], &images, choices.origin_accepted), 0);
    }
    for image in images.iter().filter(|_| !context.quiet) {
        context.messages.say(&format!("{}: {}", image.name, image.kind()));
    }
    say_summary(&proposal, &[], context);
    Ok(Product::text(proposal.toml))
}

/// Files with equal evidence once, whatever their names: they are of one machine.
fn each_once(files: Vec<RecordedFile>, context: &Context) -> Vec<RecordedFile> {
    let parsed: Vec<_> = files.iter().map(RecordedFile::parsed).collect();
    let evidence: Vec<_> =
        parsed.iter().map(|one| one.as_ref().ok().map(RecordedEvidence::evidence)).collect();
    let repeated = |index: usize| {
        let one = evidence.get(index).copied().flatten()?;
        evidence.iter().take(index).position(|before| *before == Some(one))
    };
    let repeated: Vec<Option<usize>> = (0..evidence.len()).map(repeated).collect();
    for (one, before) in files.iter().zip(&repeated) {
        if let Some(before) = before.and_then(|before| files.get(before)) {
            context
                .messages
                .say(&format!("{}: the same evidence as {}, counted once", one.name, before.name));
        }
    }
    files.into_iter().zip(repeated).filter(|(_, before)| before.is_none()).map(|(one, _)| one).collect()
}

/// The result of evidence, if a policy can be proposed from it.
fn suitable<'r>(
    name: &str,
    parsed: &'r Result<RecordedEvidence<'_>, Fault>,
    request: &'r RecordedRequest<'_>,
    choices: &ProposalChoices<'_>,
) -> Result<AttestationResult<'r>, Fault> {
    let no_policy = |fault: Fault| fault.with_consequence("no policy is proposed");
    let evidence = parsed.as_ref().map_err(|fault| no_policy(fault.clone()))?;
    let result = evidence.verify(request).map_err(no_policy)?;
    match Unsuitable::of(&result, choices.origin_accepted.is_some()) {
        None => Ok(result),
        Some(reason) => Err(Fault::unsuitable(&reason).in_file(name)),
    }
}

/// The fault of a proposal that fails although each file is suitable.
fn proposal_fault(error: &NoProposal, names: &[&str]) -> Fault {
    match error {
        NoProposal::Unsuitable { reason, .. } => Fault::unsuitable(reason),
        NoProposal::NotAPolicy(problems) => Fault::policy(problems.clone()).in_file("the proposal"),
        NoProposal::Mixed(facts) => mixed(facts, names),
        other => Fault::usage(other.to_string(), "see which PCRs the evidence has with teeproof inspect"),
    }
}

/// The fault of a proposal from images.
fn image_fault(error: &NoProposal, images: &[MeasuredFile], names: &[&str]) -> Fault {
    let NoProposal::PinMissing(pcr) = *error else { return proposal_fault(error, names) };
    let lacking = images.iter().filter(|image| !image.pcrs().iter().any(|(index, _)| *index == pcr));
    let lacking: Vec<&str> = lacking.map(|image| image.name.as_str()).collect();
    let is_of_enclaves = images.iter().all(MeasuredFile::is_of_enclave);
    let hint = match (is_of_enclaves, pcr) {
        (true, 3) => FOR_PCR3.to_owned(),
        (true, 4) => FOR_PCR4.to_owned(),
        (true, 8) => {
            "leave --pin 8 out: PCR8 of an image that is not signed is zero; sign the images to pin it"
                .to_owned()
        }
        _ => format!(
            "leave --pin {pcr} out: measurements of images do not have this PCR; propose the policy from evidence to pin it"
        ),
    };
    Fault::usage(format!("PCR {pcr} cannot be pinned: no value of it in {}", lacking.join(", ")), hint)
}

const FOR_PCR3: &str = "measure the image with the role and propose from that: teeproof eif measure IMAGE --role ARN --format json -o FILE";
const FOR_PCR4: &str = "measure the image with the instance and propose from that: teeproof eif measure IMAGE --instance ID --format json -o FILE";

/// The fault of files that lack a value about software which the others have.
fn mixed(facts: &[MixedFact], names: &[&str]) -> Fault {
    let lacking = facts.iter().map(|fact| {
        let files: Vec<&str> = fact.lacking.iter().filter_map(|index| names.get(*index).copied()).collect();
        let files = files.join(", ");
        format!("{} would be pinned for the others, but not for {files}: {}", fact.field, fact.because)
    });
    let lacking: Vec<String> = lacking.collect();
    // What has no value somewhere cannot be pinned.
    let pcrs: Option<Vec<String>> =
        facts.iter().map(|fact| fact.pinnable_pcr.map(|pcr| pcr.to_string())).collect();
    let pin = pcrs.map(|pcrs| format!(", or pin them anyway with --pin {}", pcrs.join(",")));
    let pin = pin.unwrap_or_default();
    let hint = format!("propose two policies, one from these files and one from the others{pin}");
    Fault::refused(format!("no policy is proposed from these files together: {}", lacking.join("; ")), hint)
}

/// Prints the sources of the proposal, the differences between the files, and the cautions.
fn say_summary(proposal: &Proposal, sources: &[ProposalSource<'_>], context: &Context) {
    let mut page = Page::new();
    for one in sources.iter().filter(|_| !context.quiet) {
        result_lines::print(&mut page, one.file, one.result, context.verbose);
    }
    for field in proposal.differing.iter().filter(|_| !context.quiet) {
        page.line(format_args!("differs between the files: {field}"));
    }
    for caution in &proposal.cautions {
        page.paint(LOUD, caution).end();
    }
    proposal
        .warnings
        .iter()
        .for_each(|warning| print_warning(&mut page, "line ", warning, &hints::of_proposal_warning(warning)));
    if !context.quiet {
        page.line("read the proposal, then test it on evidence that it must accept or refuse: teeproof policy test POLICY BUNDLE");
    }
    context.messages.say_always(&page);
}

/// All results, or the gravest fault; the other faults are printed.
fn all_or_gravest<T>(results: Vec<Result<T, Fault>>, context: &Context) -> Result<Vec<T>, Fault> {
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
        context.messages.say_always(&others);
    }
    gravest.map_or(Ok(good), Err)
}

/// A proposal, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Suggestion<'a> {
    /// The form: `teeproof/policy-suggestion/2`.
    schema: &'static str,
    /// The number of results with each caution.
    cautions: CautionsJson,
    /// The first lines of the file, which are also printed on standard error.
    head: &'a [String],
    /// The reason of --accept-origin-not-shown; null where it was not given.
    origin_accepted: Option<&'a str>,
    /// The subjects of the anchors that are not pinned.
    anchors: &'a [String],
    /// The warnings of the results.
    evidence_warnings: &'a [String],
    /// The proposal, a policy file.
    toml: &'a str,
    /// The fields in which the files differ.
    differing: &'a [String],
    /// Rules of the proposal that are weaker than they seem.
    policy_warnings: Vec<WarningJson>,
    /// The files that the proposal is derived from, with their results; none where it is derived from images.
    files: Vec<FileJson<'a>>,
    /// The images that the proposal is derived from; none where it is derived from evidence.
    images: Vec<ImageJson<'a>>,
    /// The exit code.
    exit_code: u8,
}

impl<'a> Suggestion<'a> {
    fn of(
        proposal: &'a Proposal,
        files: &[ProposalSource<'a>],
        images: &'a [MeasuredFile],
        origin_accepted: Option<&'a str>,
    ) -> Self {
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
            policy_warnings: proposal.warnings.iter().map(WarningJson::of_proposal).collect(),
            files: files.iter().map(|one| FileJson::verified(one.file, one.result)).collect(),
            images: images.iter().map(ImageJson::of).collect(),
            exit_code: 0,
        }
    }
}

/// A file that the proposal is derived from, and its result.
struct ProposalSource<'a> {
    file: &'a str,
    result: &'a AttestationResult<'a>,
}
