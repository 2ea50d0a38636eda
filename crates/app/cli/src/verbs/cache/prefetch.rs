//! `teeproof cache prefetch`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use teeproof_endorse::{AmdKey, CacheLimits, Error, Fetcher, Prefetch, Prefetched, Question};

use super::fleet::Fleet;
use super::opened::{endorsements, open_network};
use crate::endorsements::completion::{Demand, is_warning};
use crate::input::time::now;
use crate::output::exits::gravest;
use crate::output::fault::{Fault, FaultJson};
use crate::output::page::{BAD, LOUD, Page};
use crate::output::product::Product;
use crate::output::progress::Progress;
use crate::settings::context::Context;

/// Fetch what the machines of a fleet need
///
/// FLEET is evidence in any form that verify reads, a directory of it, or a list: a text of lines such as
/// `milan CHIP_ID BL TEE SNP UCODE`, `turin CHIP_ID BL TEE SNP UCODE FMC`, `fmspc 90C06F000000` or a URL, with
/// comments after #. With a chip, the revocation list of its product line is fetched; with a platform of Intel, TCB
/// info, QE identity and revocation lists.
///
/// What the cache has is not fetched again, unless it is a revocation list or collateral that was fetched more than a
/// day ago. A service that refuses requests for now gets them later. What could not be fetched is named, and the exit
/// code is the gravest: 8 if a service fails, 7 if it does not have it, 3 for a malformed file. A revocation list that a
/// service does not have is a warning, as of fetch.
#[derive(Debug, Args)]
pub(super) struct PrefetchArgs {
    /// Evidence, directories of it, and lists
    #[arg(required = true, value_name = "FLEET")]
    fleet: Vec<PathBuf>,
}

/// What was fetched, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CachePrefetch"))]
pub(crate) struct PrefetchJson<'a> {
    /// The form: `teeproof/cache-prefetch/1`.
    schema: &'static str,
    /// The exit code of the command.
    exit_code: u8,
    /// The number of endorsements that were fetched.
    fetched: usize,
    /// The number of those that were in the cache.
    cached: usize,
    /// The endorsements that could not be fetched.
    failed: Vec<FailedJson<'a>>,
    /// The files that could not be read.
    unreadable: Vec<FaultJson<'a>>,
}

/// An endorsement that could not be fetched.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "FailedEndorsement"))]
struct FailedJson<'a> {
    /// What it is, such as `VCEK of a Milan chip`.
    what: String,
    /// Whether the exit code is that of the error; otherwise it is a warning.
    is_fatal: bool,
    /// Why; the message has the URL.
    error: FaultJson<'a>,
}

/// Requests at once. More only bring more refusals: KDS limits the requests of a client.
const WORKERS: usize = 8;
/// The longest wait for a service that wants to be requested later.
const PATIENCE: Duration = Duration::from_secs(120);

/// What became of a fleet.
#[derive(Default)]
struct Outcome {
    fetched: usize,
    cached: usize,
    failed: Vec<Failed>,
}

/// An endorsement that could not be fetched.
struct Failed {
    question: Question,
    is_fatal: bool,
    fault: Fault,
}

/// Runs the verb.
pub(super) fn run(args: &PrefetchArgs, context: &Context) -> Result<Product, Fault> {
    let network = open_network(context)?;
    let fleet = Fleet::read(&args.fleet, network.endpoints(), context)?;
    let most = CacheLimits::DEFAULT.max_entries;
    if fleet.needs.len() > most {
        return Err(Fault::usage(
            format!("the fleet needs {} endorsements, and the cache has room for {most}", fleet.needs.len()),
            "split the fleet, and give each part a cache with --cache-dir",
        ));
    }
    let outcome = fetch(&network.fetcher(), fleet.needs, context);
    product(&outcome, &fleet.unreadable, context)
}

/// Fetches the first alternative of each need, the next ones of those that the service does not have, and then the
/// revocation list of each product line of which there is a chip.
fn fetch(fetcher: &Fetcher<'_>, needs: Vec<Vec<Question>>, context: &Context) -> Outcome {
    let (mut outcome, mut fetched) = (Outcome::default(), HashSet::new());
    let mut left = needs;
    while !left.is_empty() {
        let questions: Vec<Question> = left.iter().filter_map(|need| need.first().cloned()).collect();
        let result = prefetch(fetcher, &questions, context);
        outcome.fetched = outcome.fetched.saturating_add(result.fetched);
        outcome.cached = outcome.cached.saturating_add(result.cached);
        let failed: HashSet<usize> = result.failed.iter().map(|(index, _)| *index).collect();
        let mut later = Vec::new();
        for (index, error) in result.failed {
            let Some(mut need) = left.get(index).cloned() else { continue };
            let question = need.remove(0);
            if is_absence(&error) && !need.is_empty() {
                later.push(need);
            } else {
                let (is_fatal, fault) = (!is_warning(&question, &error), Fault::fetch(&error));
                outcome.failed.push(Failed { question, is_fatal, fault });
            }
        }
        let mut lists = Vec::new();
        for (index, question) in (0..).zip(questions) {
            if let (Question::Vcek(_), Some(product), false) =
                (&question, question.product(), failed.contains(&index))
            {
                lists.push(Question::AmdCrl { product, key: AmdKey::Vcek });
            }
            fetched.insert(question);
        }
        for list in lists {
            if fetched.insert(list.clone()) {
                later.push(vec![list]);
            }
        }
        left = later;
    }
    outcome
}

fn prefetch(fetcher: &Fetcher<'_>, questions: &[Question], context: &Context) -> Prefetched {
    let reuse = |question: &Question| Demand::Listed.reuse(question);
    let prefetch = Prefetch { workers: WORKERS, reuse, clock: now, patience: PATIENCE };
    let progress = Progress::new(questions.len(), "endorsements", context.source.announces());
    progress.watched(|| prefetch.run(fetcher, questions, &|| progress.count()))
}

/// Whether an alternative may be had.
const fn is_absence(error: &Error) -> bool {
    matches!(
        error,
        Error::Offline { .. }
            | Error::Status { status: 400 | 404 | 410, .. }
            | Error::Refused { status: 400 | 404 | 410, .. }
            | Error::HostNotAllowed { .. }
            | Error::Address(_)
    )
}

fn product(outcome: &Outcome, unreadable: &[Fault], context: &Context) -> Result<Product, Fault> {
    let Outcome { fetched, cached, failed } = outcome;
    let faults = failed.iter().filter(|failed| failed.is_fatal).map(|failed| &failed.fault).chain(unreadable);
    let exit = faults.fold(0, |exit, fault| gravest(exit, fault.exit));
    if context.is_json() {
        let json = PrefetchJson {
            schema: "teeproof/cache-prefetch/1",
            exit_code: exit,
            fetched: *fetched,
            cached: *cached,
            failed: failed
                .iter()
                .map(|Failed { question, is_fatal, fault }| FailedJson {
                    what: question.title(),
                    is_fatal: *is_fatal,
                    error: fault.json(),
                })
                .collect(),
            unreadable: unreadable.iter().map(Fault::json).collect(),
        };
        return Product::json(&json, exit);
    }
    let mut page = Page::new();
    for fault in unreadable {
        page.append(&fault.to_page());
    }
    for Failed { question, is_fatal, fault } in failed {
        let (style, word) = if *is_fatal { (BAD, "FAILED") } else { (LOUD, "WARNING") };
        page.paint(style, word).line(format_args!(" {}", question.title()));
        fault.print_below(&mut page);
    }
    let (fatal, warnings): (Vec<_>, Vec<_>) = failed.iter().partition(|failed| failed.is_fatal);
    let (named, failed) = (endorsements(*fetched), fatal.len());
    page.add(format_args!("fetched {named}, {cached} were cached, {failed} failed"));
    if !warnings.is_empty() {
        page.add(format_args!(", {} not there", warnings.len()));
    }
    page.line("");
    Ok(Product::ending(page, exit))
}
