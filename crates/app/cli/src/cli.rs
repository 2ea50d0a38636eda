//! The command line: the verbs, and which module runs each.

use std::ffi::OsStr;

use clap::builder::Resettable;
use clap::{ColorChoice, CommandFactory, Parser, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::Globals;
use crate::settings::context::Context;
use crate::verbs::bundle::BundleArgs;
use crate::verbs::cache::CacheArgs;
use crate::verbs::collect::CollectArgs;
use crate::verbs::completions::CompletionsArgs;
use crate::verbs::doctor::DoctorArgs;
use crate::verbs::eif::EifArgs;
use crate::verbs::explain::ExplainArgs;
use crate::verbs::fetch::FetchArgs;
use crate::verbs::inspect::InspectArgs;
use crate::verbs::kms::KmsArgs;
use crate::verbs::man::ManArgs;
use crate::verbs::nsm::NsmArgs;
use crate::verbs::policy::PolicyArgs;
use crate::verbs::seal::SealArgs;
use crate::verbs::verify::VerifyArgs;
use crate::verbs::vtpm::VtpmArgs;
use crate::verbs::{
    bundle, cache, collect, completions, doctor, eif, explain, fetch, inspect, kms, man, nsm, policy, seal,
    verify, vtpm,
};

/// Is this machine the confidential machine it claims to be?
///
/// Verifies attestation evidence of AMD SEV-SNP, Intel TDX, Azure confidential VMs and AWS Nitro Enclaves
/// against pinned roots and appraises it under your policy. Inside an Azure confidential VM or a Nitro enclave,
/// collects that evidence. The network is used by `fetch` and `bundle refresh`, by `verify` and `seal encrypt` only
/// with --fetch, by `collect azure` and `doctor` for Azure's instance metadata, and by `nsm serve`, `nsm fetch` and
/// `collect nitro --from` for documents of enclaves; --offline forbids it, except to serve.
#[derive(Debug, Parser)]
#[command(name = "teeproof", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs. The help of each is the doc comment of its arguments: one here would take its place, long form included.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Verify(Box<VerifyArgs>),
    Inspect(InspectArgs),
    Explain(ExplainArgs),
    Collect(CollectArgs),
    Fetch(FetchArgs),
    Bundle(BundleArgs),
    Cache(CacheArgs),
    Policy(PolicyArgs),
    Vtpm(VtpmArgs),
    Nsm(NsmArgs),
    Seal(SealArgs),
    Eif(EifArgs),
    Kms(KmsArgs),
    Doctor(DoctorArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Command {
    /// The form of the product.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match self {
            Self::Seal(args) => args.product_form(),
            Self::Vtpm(args) => args.product_form(),
            Self::Nsm(args) => args.product_form(),
            Self::Bundle(args) => args.product_form(),
            Self::Cache(args) => args.product_form(),
            Self::Eif(args) => args.product_form(),
            Self::Kms(args) => args.product_form(),
            Self::Collect(_) | Self::Completions(_) | Self::Man(_) => ProductForm::File,
            _ => ProductForm::Answer,
        }
    }

    /// Runs the verb.
    pub(crate) fn run(&self, context: &Context) -> Result<Product, Fault> {
        match self {
            Self::Verify(args) => verify::run(args, context),
            Self::Inspect(args) => inspect::run(args, context),
            Self::Explain(args) => explain::run(args, context),
            Self::Collect(args) => collect::run(args, context),
            Self::Vtpm(args) => vtpm::run(args, context),
            Self::Nsm(args) => nsm::run(args, context),
            Self::Seal(args) => seal::run(args, context),
            Self::Eif(args) => eif::run(args, context),
            Self::Kms(args) => kms::run(args, context),
            Self::Doctor(args) => doctor::run(args, context),
            Self::Fetch(args) => fetch::run(args, context),
            Self::Bundle(args) => bundle::run(args, context),
            Self::Cache(args) => cache::run(args, context),
            Self::Policy(args) => policy::run(args, context),
            Self::Completions(args) => completions::run(args, command(ColorChoice::Never)),
            Self::Man(args) => man::run(args, command(ColorChoice::Never), context),
        }
    }
}

/// The command line as clap sees it.
pub(crate) fn command(color: ColorChoice) -> clap::Command {
    // The name under which the program was started is foreign text.
    without_empty_variables(Cli::command().bin_name("teeproof").color(color))
}

/// A variable that is empty counts as one that is not set.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if is_empty(name) => argument.env(Resettable::Reset),
        _ => argument,
    });
    command.mut_subcommands(without_empty_variables)
}

const EXIT_CODES: &str = "\
Exit codes: 0 accepted, 1 internal error, 2 usage, 3 malformed input, 4 signature or chain refused,
5 freshness or binding refused, 6 refused by policy, 7 endorsement missing, stale or revoked,
8 network or cloud service failed, 9 device missing or no permission, 10 genuine without a policy,
11 genuine at its time, not shown fresh.
`teeproof explain 7` explains exit code 7";

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "sources are files")]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        command(ColorChoice::Never).debug_assert();
    }

    /// A verb and those below it.
    fn verbs(command: &clap::Command) -> Vec<&clap::Command> {
        let below = command.get_subcommands().flat_map(verbs);
        std::iter::once(command).chain(below).collect()
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    /// The words of the second paragraph of each doc comment of a verb's arguments.
    fn described(source: &str) -> Vec<String> {
        let (mut found, mut paragraphs) = (Vec::new(), vec![String::new()]);
        let mut is_of_arguments = false;
        for line in source.lines() {
            match line.strip_prefix("///").map(str::trim) {
                Some("") => paragraphs.push(String::new()),
                Some(text) => {
                    let last = paragraphs.last_mut().unwrap();
                    *last = [last.trim(), text].join(" ");
                }
                None if line.starts_with("#[") => is_of_arguments |= line.contains("Args)"),
                None => {
                    if is_of_arguments && line.contains("struct ") && paragraphs.len() > 1 {
                        found.push(paragraphs.swap_remove(1).trim().to_owned());
                    }
                    (paragraphs, is_of_arguments) = (vec![String::new()], false);
                }
            }
        }
        found
    }

    /// What is written about a verb is in its help: no doc comment of an enum takes the place of it.
    #[test]
    fn long_descriptions_are_in_the_help() {
        let command = command(ColorChoice::Never);
        let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let long = |verb: &&clap::Command| verb.get_long_about().map(|text| words(text.to_string()));
        let help: Vec<String> = verbs(&command).iter().filter_map(long).collect();
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/verbs"), &mut files);
        let mut count = 0;
        for file in files {
            // Verbs that this build does not have.
            let other = cfg!(not(feature = "aws")) && file.ends_with("kms/operation.rs");
            let other = other || (cfg!(not(feature = "direct")) && file.ends_with("nitro_tpm.rs"));
            for text in described(&std::fs::read_to_string(&file).unwrap()).iter().filter(|_| !other) {
                count += 1;
                let text = words(text.trim_end_matches('.').to_owned());
                assert!(help.iter().any(|help| help.contains(&text)), "{}: {text}", file.display());
            }
        }
        assert!(count > 25, "{count}");
        // Every verb has a short one for the list.
        assert!(verbs(&command).iter().all(|verb| verb.get_about().is_some()));
    }

    /// The parser wraps longer lines, without a backslash.
    #[test]
    fn no_example_is_wrapped() {
        let command = command(ColorChoice::Never);
        for verb in verbs(&command) {
            let examples = verb.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            for line in examples.lines() {
                assert!(line.chars().count() <= 100, "{}: {line}", verb.get_name());
            }
        }
    }
}
