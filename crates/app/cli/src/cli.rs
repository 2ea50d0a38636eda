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

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify evidence and appraise it under a policy
    Verify(Box<VerifyArgs>),
    /// Print every field of a structure without verifying it
    Inspect(InspectArgs),
    /// Explain a check, an exit code or a TPM response code, or list the checks and exit codes
    Explain(ExplainArgs),
    /// Collect fresh evidence of this machine
    Collect(CollectArgs),
    /// Fetch the endorsements that evidence needs
    Fetch(FetchArgs),
    /// Create bundles (evidence and its endorsements in one file), show, export, redact and refresh them
    Bundle(BundleArgs),
    /// List, fill, move and mirror the cache of fetched endorsements
    Cache(CacheArgs),
    /// Check appraisal policies, propose them from evidence, and test them
    Policy(PolicyArgs),
    /// Use the virtual TPM directly: report, quote, PCRs, NV indexes, keys, event log
    Vtpm(VtpmArgs),
    /// Use the security module of a Nitro enclave: PCRs, documents, random bytes, and a server of documents
    Nsm(NsmArgs),
    /// Seal secrets to one machine in one state
    Seal(SealArgs),
    /// Build, measure, show and compare enclave images of AWS Nitro Enclaves
    Eif(EifArgs),
    /// Lint key policies of AWS KMS; with the feature aws, have KMS release secrets to this enclave
    Kms(KmsArgs),
    /// Diagnose whether this machine can be attested, and say how to fix what is missing
    Doctor(DoctorArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all verbs to a directory
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
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        command(ColorChoice::Never).debug_assert();
    }
}
