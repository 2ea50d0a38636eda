//! The `teeproof` command: files and flags in, an attestation result and its exit code out.
//!
//! All verification is done by the `teeproof` library; this crate reads files, calls it, and prints the result.

mod cli;
mod endorsements;
mod input;
mod output;
mod parse_errors;
#[cfg(test)]
mod schemas;
mod settings;
mod verbs;
mod verification;

use std::panic::{catch_unwind, set_hook};
use std::process::ExitCode;

use clap::{ColorChoice, FromArgMatches};

use crate::cli::Cli;
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::parse_errors::Peek;
use crate::settings::context::Context;

fn main() -> ExitCode {
    // The message of a panic can contain foreign text too.
    set_hook(Box::new(|panic| output::streams::write_stderr(&Page::of_line(panic), ColorChoice::Never)));
    let peek = Peek::at_arguments();
    // A panic is a bug, and still ends in the exit code of an internal error.
    let exit = catch_unwind(|| run(&peek)).unwrap_or_else(|_| peek.refuse(&Fault::panicked()));
    ExitCode::from(exit)
}

fn run(peek: &Peek) -> u8 {
    let command = cli::command(peek.color());
    let parsed =
        command.clone().try_get_matches().and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return peek.answer(error),
    };
    let mut context = match Context::new(&cli.globals) {
        Ok(context) => context,
        Err(fault) => return peek.refuse(&fault),
    };
    // Before any input is read and any command is sent to a TPM.
    let opened = context.open_output(&command, &matches, cli.command.product_form());
    match opened.and_then(|()| cli.command.run(&context)) {
        Ok(product) => context.deliver(product),
        Err(fault) => context.refuse(&fault),
    }
}
