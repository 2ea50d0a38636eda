//! `teeproof man`: the manual, out of the same source as the command line.

use std::path::Path;

use clap::{Args, Command, ValueHint};
use clap_mangen::Man;

use crate::output::fault::Fault;
use crate::output::files::path::OutputPath;
use crate::output::files::path::Placement;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Print the manual page, or write the pages of all verbs to a directory
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write the page of every verb to this directory; a link in it is refused
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output_dir: Option<OutputPath>,
}

/// Runs the verb.
pub(crate) fn run(args: &ManArgs, command: Command, context: &Context) -> Result<Product, Fault> {
    match &args.output_dir {
        None => page(command),
        Some(directory) => pages(command, &directory.0, context),
    }
}

fn page(command: Command) -> Result<Product, Fault> {
    let roff = rendered(&Man::new(command))?;
    String::from_utf8(roff).map(Product::text).map_err(|_| Fault::internal("the page is not UTF-8 text"))
}

fn rendered(man: &Man) -> Result<Vec<u8>, Fault> {
    let mut roff = Vec::new();
    man.render(&mut roff).map_err(|error| Fault::internal(format!("the page cannot be written: {error}")))?;
    Ok(roff)
}

/// The pages of all verbs. None takes its place before all are written.
fn pages(command: Command, directory: &Path, context: &Context) -> Result<Product, Fault> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut files = Vec::new();
    for man in mans(&command) {
        let path = directory.join(man.get_filename());
        let mut file = context.open_entry(&path, Placement::ReplaceEntry)?;
        file.put(&rendered(&man)?)?;
        files.push(file);
    }
    Ok(Product::none().with_files(files))
}

/// The pages of a verb and of those below it.
fn mans(command: &Command) -> Vec<Man> {
    let below = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    below.flat_map(mans).chain([Man::new(command.clone())]).collect()
}
