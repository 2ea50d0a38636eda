//! `teeproof fetch`: the endorsements that evidence needs, into the cache, a bundle or a directory.

mod list;

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use teeproof_core::Time;
use teeproof_endorse::Question;
use teeproof_evidence::bundle::Collection;
use teeproof_evidence::{InputError, InputKind, Inputs};

use crate::endorsements::completion::{Added, Demand, Plan, complete};
use crate::endorsements::questions::AmdChains;
use crate::input::evidence_files::{Backing, Files};
use crate::input::time::now;
use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::files::path::{OutputPath, Placement};
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::settings::network::Reach;
pub(crate) use list::ListJson;

/// Fetch the endorsements that evidence needs
///
/// Which these are is read from the unverified evidence: the VCEK of the chip at the reported TCB, revocation lists, TDX
/// collateral of the platform, CA certificates of an attestation key. Each is stored in the cache, where verify finds it
/// without a network, and listed with its source and the time until which it is valid. No signature is verified here.
///
/// The file of --output is a bundle of the evidence and everything that it needs; it is not written if something is
/// missing. The list is printed on standard output.
///
/// Certificates among the files are not fetched. Revocation lists and TDX collateral are, whatever the files have,
/// because newer ones can be there.
///
/// The exit code is 0 if the evidence lacks nothing any more, 7 if a service does not have something, and 8 if a
/// service fails. Revocation lists that a service does not have are a warning.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct FetchArgs {
    /// Evidence, in any form that verify reads, with the endorsements that it has already; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Certificates that need not be fetched, and further endorsements for the bundle; if a directory, every file in it
    #[arg(long, value_name = "FILE|DIR")]
    endorsements: Vec<PathBuf>,

    /// Write each endorsement as a file into this directory, which is created; files of the same names are replaced
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<OutputPath>,

    /// Also fetch the certificates above a VCEK or VLEK, which are pinned in teeproof, for other verifiers
    #[arg(long)]
    ca_chains: bool,

    /// Fetch everything anew, whatever the files and the cache have
    #[arg(long)]
    refresh: bool,
}

const EXAMPLES: &str = "\
Examples:
  The VCEK and the revocation list of a report, into the cache:
    teeproof fetch report.bin
  A bundle that can be verified anywhere without a network:
    teeproof fetch report.bin -o report.bundle
  From a mirror on the same machine:
    TEEPROOF_KDS_URL=http://127.0.0.1:8080 teeproof fetch report.bin";

/// Runs the verb.
pub(crate) fn run(args: &FetchArgs, context: &Context) -> Result<Product, Fault> {
    let backing = Backing { endorsements: args.endorsements.clone(), ..Backing::default() };
    let mut files = Files::read(&args.files, None, &backing, &context.source, &context.messages)?;
    if !has_evidence(files.inputs()) {
        return Err(Fault::input(&InputError::NoEvidence));
    }
    let network = context.network.open(Reach::Fetch, &context.messages)?;
    let demand = if args.refresh { Demand::Renewed } else { Demand::Listed };
    let chains = if args.ca_chains { AmdChains::Needed } else { AmdChains::Pinned };
    let now = now();
    let plan = Plan { network: &network, demand, at: now, is_at_given: false, now, chains, anew: None };
    let announce = |question: &Question| {
        context.messages.announce(&format!("fetching: {} …", question.title()));
    };
    let completed = complete(files.inputs_mut(), &plan, &announce)?;
    let list = ListJson::of(&completed);
    let mut outputs = Vec::new();
    if let Some(dir) = &args.dir {
        outputs.extend(write_files(&completed.added, &dir.0, context)?);
    }
    match context.take_output() {
        Some(file) if list.exit_code() == 0 => outputs.push(bundle_file(file, files.into_inputs(), now)?),
        Some(_) => context.messages.say("note: the bundle is not written, because something is missing"),
        None => {}
    }
    let product = if context.is_json() {
        Product::json(&list, list.exit_code())?
    } else {
        Product::ending(list.to_page(context.verbosity()), list.exit_code())
    };
    Ok(product.with_files(outputs))
}

/// Whether there is a report, quote or document among the files.
fn has_evidence(inputs: &Inputs) -> bool {
    let mut parts = inputs.parts().iter();
    parts.any(|part| part.technology().is_some() || part.kind() == InputKind::TdQuote)
}

/// The evidence with everything that was given and fetched.
fn bundle_file(mut file: OutputFile, inputs: Inputs, now: Time) -> Result<OutputFile, Fault> {
    let collection = inputs.collection().cloned().unwrap_or_else(|| Collection::at(now));
    let bundle = inputs.into_bundle(collection).map_err(|error| Fault::bundle(&error))?;
    file.put(&bundle.to_cbor())?;
    Ok(file)
}

/// Each endorsement as a file that `sniff` recognises, and the certificates above its signer as another.
fn write_files(added: &[Added], dir: &Path, context: &Context) -> Result<Vec<OutputFile>, Fault> {
    std::fs::create_dir_all(dir).map_err(|error| {
        let hint = "name a directory in one that can be written";
        Fault::usage(format!("cannot be created: {error}"), hint).in_file(dir.display())
    })?;
    let mut files = Vec::new();
    for one in added {
        let name = file_name(&one.question.title());
        let answer = &one.endorsement.answer;
        let form = match answer.body().trim_ascii_start() {
            [b'{', ..] => "json",
            [b'-', ..] => "pem",
            _ => "der",
        };
        let mut put = |name: String, bytes: &[u8]| {
            let mut file = context.open_entry(&dir.join(name), Placement::ReplaceEntry)?;
            file.put(bytes)?;
            files.push(file);
            Ok::<_, Fault>(())
        };
        put(format!("{name}.{form}"), answer.body())?;
        if let Some(issuers) = answer.issuers_pem() {
            put(format!("{name}-issuers.pem"), issuers.as_bytes())?;
        }
    }
    Ok(files)
}

/// `VCEK of a Milan chip` as `vcek-of-a-milan-chip`.
fn file_name(title: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    title.to_ascii_lowercase().chars().map(plain).collect()
}
